"""A ward of named people for tests: plain functions with sensible defaults, through the real crafts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import SYSTEM
from app.people import enrolling, services
from app.people.enrolling import NewPatient
from app.people.models import Hospital, Patient, Role, Service, Staff
from app.people.perimeter import actor_of
from app.protocols import signatures
from app.protocols.models import ProtocolVersion, SignatureRole
from app.treatment import courses
from app.treatment.courses import NewCourse
from app.treatment.models import Course

PASSWORD = "a long enough password"


@dataclass
class World:
    """Claire and Luc nurse, Dr Lebon prescribes, Noé is the pharmacist, Inès enrols, Paul answers the door; Alma opens no chart."""

    hospital: Hospital
    service: Service
    claire: Staff
    luc: Staff
    lebon: Staff
    ines: Staff
    paul: Staff
    alma: Staff
    noe: Staff


def a_world(session: Session, *, now: datetime) -> World:
    hospital = services.found_hospital(session, "Hôpital de la Baie", now=now)
    service = services.open_service(
        session,
        hospital,
        name="Oncologie médicale",
        sms_name="Suivi Baie",
        phone="0199001234",
        number="+33199001234",
        timezone="Europe/Paris",
        by=SYSTEM,
        now=now,
    )

    def staff(login: str, name: str, role: Role) -> Staff:
        ward = None if role is Role.ADMINISTRATOR else service
        return services.engage(session, hospital, login=login, name=name, role=role, password=PASSWORD, service=ward, by=SYSTEM, now=now)

    return World(
        hospital,
        service,
        staff("claire", "Claire Payet", Role.NURSE),
        staff("luc", "Luc Morel", Role.NURSE),
        staff("lebon", "Dr Aurore Lebon", Role.ONCOLOGIST),
        staff("ines", "Inès Caron", Role.COORDINATOR),
        staff("paul", "Paul Rivière", Role.SECRETARY),
        staff("alma", "Alma Dubreuil", Role.ADMINISTRATOR),
        staff("noe", "Noé Grondin", Role.PHARMACIST),
    )


def sign_protocols(session: Session, world: World, *, now: datetime) -> None:
    """Dr Lebon and Noé sign every version that may be signed, whatever its date."""
    for version in session.scalars(select(ProtocolVersion).where(ProtocolVersion.depth != signatures.DRAFT)):
        if version.service_id in (None, world.service.id):
            for role, who in ((SignatureRole.DOCTOR, world.lebon), (SignatureRole.PHARMACIST, world.noe)):
                signatures.sign(session, version, service_id=world.service.id, role=role, by=actor_of(who), now=now)


def a_patient(session: Session, world: World, *, now: datetime, **changes: object) -> Patient:
    """Marie Hoarau, 71, answers for herself in French on a number she has confirmed, unless told otherwise."""
    values: dict[str, object] = {
        "family_name": "Hoarau",
        "given_names": "Marie",
        "birth_date": date(1955, 3, 14),
        "sex": "female",
        "phone": "+33639980001",
        "oncologist_id": world.lebon.id,
        "consent_follow_up": True,
        "consent_sms_words": True,
        "consent_sheet": "2026-09",
        "phone_verified": True,
        "parental_authority": True,
    }
    new = NewPatient(**{**values, **changes})  # type: ignore[arg-type]  # fields by name
    return enrolling.enrol(session, world.service, new, by=actor_of(world.ines), now=now, allow_fiction=True)


def a_course(session: Session, world: World, patient: Patient, *, now: datetime, **changes: object) -> Course:
    """Capecitabine 14/7, 1500 mg twice a day, begun today, unless told otherwise."""
    values: dict[str, object] = {
        "agent": "capecitabine",
        "protocol_slug": "capecitabine-14-7",
        "dose_mg": Decimal(1500),
        "times_per_day": 2,
        "days_on": 14,
        "days_off": 7,
        "first_intake": now.date(),
    }
    new = NewCourse(**{**values, **changes})  # type: ignore[arg-type]  # fields by name
    return courses.start(session, patient, new, by=actor_of(world.lebon), now=now, slugs={new.protocol_slug})
