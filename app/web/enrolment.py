"""Enrolment as a form and as a craft: what was typed, read without guessing; the treatment begun and its first text sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import agenda
from app.core.audit import Actor
from app.people import patients
from app.people.models import Consent, Patient, Role, Service, Staff
from app.people.patients import NewPatient
from app.protocols import versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses
from app.treatment.courses import NewCourse
from app.treatment.models import Course

LONGEST = {
    "family_name": 120, "birth_name": 120, "given_names": 200, "timezone": 64, "phone": 30, "respondent_name": 200, "respondent_relation": 60,
    "respondent_phone": 30, "consent_sheet": 40, "agent": 80, "protocol_slug": 80,
}  # fmt: skip
"""Characters each column holds; PostgreSQL refuses more, and nothing is cut in silence."""

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Defaults:
    """What a blank form already holds: the coordinator corrects instead of typing."""

    values: dict[str, str]
    oncologists: list[Staff]
    protocols: list[ProtocolVersion]


def defaults(session: Session, service: Service, *, today: date, reader: str) -> Defaults:
    """The service's language and zone, its only oncologist, the last sheet given, the first protocol and its usual rhythm."""
    oncologists = list(
        session.scalars(
            select(Staff).where(Staff.service_id == service.id, Staff.role == Role.ONCOLOGIST, Staff.active).order_by(Staff.name)
        )
    )
    protocols = versions.available(session, today, service.id)
    mine = [doctor for doctor in oncologists if doctor.login == reader] or (oncologists if len(oncologists) == 1 else [])
    values = {
        "language": service.language,
        "timezone": service.timezone,
        "answered_by": "patient",
        "check_in_hour": "10",
        "consent_sheet": _last_sheet(session, service.id),
        "oncologist_id": str(mine[0].id) if mine else "",
        "first_intake": today.isoformat(),
        "cycle": "1",
        "first_text": "on",
        "protocol_slug": protocols[0].slug if protocols else "",
    }
    return Defaults(values | (usual(protocols[0]) if protocols else {}), oncologists, protocols)


def usual(version: ProtocolVersion) -> dict[str, str]:
    """Medicine and dosing that a protocol's label proposes; empty where it follows from the patient. The prescription decides."""
    protocol = versions.load(version)
    found = {"agent": protocol.agents[0] if len(protocol.agents) == 1 else ""}
    if protocol.dose_mg is not None:
        found["dose_mg"] = f"{protocol.dose_mg:f}"
    if protocol.dosing is not None:
        # A continuous pattern has no cycle: 28 days on and none off is one, and the check-ins follow the protocol's own rhythm.
        found |= {
            "times_per_day": str(protocol.dosing.times_per_day),
            "days_on": str(protocol.dosing.days_on or 28),
            "days_off": str(protocol.dosing.days_off or 0),
        }
    return found


def _last_sheet(session: Session, service_id: int) -> str:
    last = select(Consent.sheet_version).join(Patient, Consent.patient_id == Patient.id).where(Patient.service_id == service_id)
    return session.scalar(last.order_by(Consent.id.desc()).limit(1)) or ""


def enrol(session: Session, service: Service, typed: Fields, *, by: Actor, now: datetime, allow_fiction: bool) -> tuple[Patient, Course]:
    """Patient, consent, treatment, check-ins and first text, or FieldErrors with every sentence of the three blocks at once."""
    new, course = _patient(typed), _course(typed)
    new.problems |= courses.check(course, today=now.date(), slugs=_slugs(session, service.id, now))
    new.problems |= {name: _TOO_LONG for name, most in LONGEST.items() if len(typed.get(name, "")) > most}
    new.problems |= {name: _UNWRITABLE for name, text in typed.items() if any(unicodedata.category(c) in ("Cc", "Cs") for c in text)}
    patient = patients.enrol(session, service, new, by=by, now=now, allow_fiction=allow_fiction)
    return patient, begin(session, patient, course, by=by, now=now, first_text=_ticked(typed, "first_text"))


def begin(session: Session, patient: Patient, new: NewCourse, *, by: Actor, now: datetime, first_text: bool) -> Course:
    """Start the treatment, plan its check-ins, and send the first text at once when asked. Raises FieldErrors."""
    course = courses.start(session, patient, new, by=by, now=now, slugs=_slugs(session, patient.service_id, now))
    agenda.plan(session, course, now=now)
    if first_text:
        agenda.first_now(session, course, now=now)
    return course


def _slugs(session: Session, service_id: int, now: datetime) -> set[str]:
    return {version.slug for version in versions.available(session, now.date(), service_id)}


_TOO_LONG = "This is too long. Shorten it."
_UNWRITABLE = "This holds a character that cannot be kept. Type it again."


def _patient(typed: Fields) -> NewPatient:
    doctor = _whole(typed.get("oncologist_id", ""))
    return NewPatient(
        family_name=typed.get("family_name", ""),
        birth_name=typed.get("birth_name", ""),
        given_names=typed.get("given_names", ""),
        birth_date=_day(typed.get("birth_date", "")),
        sex=typed.get("sex", ""),
        language=typed.get("language", ""),
        timezone=typed.get("timezone", ""),
        phone=typed.get("phone", ""),
        shared_phone=_ticked(typed, "shared_phone"),
        oncologist_id=doctor if doctor and doctor < 2**31 else None,
        respondent_name=typed.get("respondent_name", ""),
        respondent_relation=typed.get("respondent_relation", ""),
        respondent_phone=typed.get("respondent_phone", ""),
        answered_by=typed.get("answered_by", ""),
        consent_follow_up=_ticked(typed, "consent_follow_up"),
        consent_sms_words=_ticked(typed, "consent_sms_words"),
        consent_sheet=typed.get("consent_sheet", ""),
        check_in_hour=_whole(typed.get("check_in_hour", "")) or 0,
    )


def _course(typed: Fields) -> NewCourse:
    return NewCourse(
        agent=typed.get("agent", ""),
        protocol_slug=typed.get("protocol_slug", ""),
        dose_mg=_decimal(typed.get("dose_mg", "")),
        times_per_day=_whole(typed.get("times_per_day", "")),
        days_on=_whole(typed.get("days_on", "")),
        days_off=_whole(typed.get("days_off", "")),
        first_intake=_day(typed.get("first_intake", "")),
        cycle=_whole(typed.get("cycle", "")) or 0,
    )


def _ticked(typed: Fields, name: str) -> bool:
    return typed.get(name, "") == "on"


def _whole(text: str) -> int | None:
    """Digits only: "2,5" is not 2 and "" is not 0."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip().replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
    # A fourth decimal would be rounded by the column: refused like any other number that is not a dose.
    return number if number.is_finite() and number == round(number, 3) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
