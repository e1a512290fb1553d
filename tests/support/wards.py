"""A second service of the hospital: Rose nurses there, Nour and Dr Lebon work in both, Sam is a patient there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.models import Alert
from app.alerts.reasons import Reason
from app.core.audit import SYSTEM
from app.people import members, services
from app.people.models import Patient, Role, Service, Staff
from tests.factories import PASSWORD, World, a_patient
from triage.terms import Level


@dataclass
class Two:
    """``world``: oncology, Nour's home, with Marie. ``hema``: haematology, where Nour works too, with Sam."""

    world: World
    hema: Service
    nour: Staff
    rose: Staff
    marie: Patient
    sam: Patient


def haematology(session: Session, world: World, *, now: datetime) -> Service:
    return services.open_service(
        session,
        world.hospital,
        name="Hématologie",
        sms_name="Suivi Hema",
        phone="0199005678",
        number="+33199005678",
        timezone="Europe/Paris",
        by=SYSTEM,
        now=now,
    )


def two_services(session: Session, world: World, *, now: datetime) -> Two:
    hema = haematology(session, world, now=now)

    def nurse(login: str, name: str, service: Service) -> Staff:
        return services.engage(
            session, world.hospital, login=login, name=name, role=Role.NURSE, password=PASSWORD, service=service, by=SYSTEM, now=now
        )

    nour, rose = nurse("nour", "Nour Saïd", world.service), nurse("rose", "Rose Lan", hema)
    for login in ("nour", "lebon"):
        members.add(session, login, hema, by=SYSTEM, now=now)
    marie = a_patient(session, world, now=now)
    there = replace(world, service=hema)
    sam = a_patient(session, there, now=now, family_name="Técher", given_names="Sam", phone="+33639980044")
    return Two(world, hema, nour, rose, marie, sam)


def an_alert(session: Session, patient: Patient, level: Level, *, now: datetime) -> Alert:
    reason = Reason(kind="assessment", level=level, detail={"rules": ["a rule"]})
    alert = handling.consider(session, service=session.get_one(Service, patient.service_id), patient=patient, reason=reason, now=now)
    assert alert is not None
    return alert
