"""Enrolment as a form and as a craft: what was typed, read without guessing; the treatment begun and its first text sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins.rhythm import agenda, watched
from app.checkins.texts import verifying
from app.core.audit import Actor
from app.core.errors import FieldErrors
from app.people import enrolling, members, patients, reading, telephones
from app.people.enrolling import NewPatient
from app.people.models import Consent, Patient, Role, Service, Staff
from app.protocols import versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses
from app.treatment.courses import NewCourse
from app.treatment.models import Course
from app.web.patient import prescribed, prescription
from triage.protocol import Protocol

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Defaults:
    """What a blank form already holds: the coordinator corrects instead of typing."""

    values: dict[str, str]
    oncologists: list[Staff]
    protocols: list[ProtocolVersion]


def defaults(session: Session, service: Service, *, today: date, reader: int) -> Defaults:
    """The service's language and zone, its only oncologist, the last sheet given, the first protocol and its usual rhythm."""
    oncologists = list(
        session.scalars(select(Staff).where(members.belongs(service.id), Staff.role == Role.ONCOLOGIST, Staff.active).order_by(Staff.name))
    )
    protocols = versions.enrollable(session, today, service.id, demo=service.is_demo)
    mine = [doctor for doctor in oncologists if doctor.id == reader] or (oncologists if len(oncologists) == 1 else [])
    values = {
        "language": service.language,
        "timezone": service.timezone,
        "answered_by": "patient",
        "check_in_hour": "10",
        "consent_sheet": _last_sheet(session, service.id),
        "oncologist_id": str(mine[0].id) if mine else "",
        "first_intake": today.isoformat(),
        "cycle": "1",
        "first_text": "yes",
        "protocol_slug": protocols[0].slug if protocols else "",
    }
    values |= prescribed.blank(today)
    return Defaults(values | (usual(protocols[0]) if protocols else {}), oncologists, protocols)


def usual(version: ProtocolVersion) -> dict[str, str]:
    """What the label of a protocol version proposes."""
    return prescription.usual(versions.load(version))


def about(version: ProtocolVersion) -> dict[str, object]:
    """What the form says of the chosen protocol: its date, how much of it is not verified in its source, its second medicines."""
    return {
        "effective_from": version.effective_from,
        "unverified": version.unverified,
        "own": version.service_id is not None,
        "companions": versions.load(version).companions,
    }


def opened_for(session: Session, typed: Fields, reader: int, here: int | None) -> Service | None:
    """The service a form left open was opened for, whatever another tab chose since (``here``); None when its reader works there no more.

    A patient enrolled in the service of the tab chosen last would be followed by a team that never heard of them.
    """
    wanted = prescription.whole(typed.get("service", "")) or here
    return session.get(Service, wanted) if wanted and members.works_in(session, session.get_one(Staff, reader), wanted) else None


def is_held(session: Session, service: Service, typed: Fields, *, allow_fiction: bool) -> bool:
    """Does another patient have the number typed? Then the form asks whether they share the telephone (HZ-10)."""
    number = _number(service, typed.get("phone", ""), allow_fiction)
    return bool(number and patients.holders(session, service.id, number))


def is_landline(service: Service, typed: Fields, *, allow_fiction: bool) -> bool:
    """Is the number that is to answer a landline? Then the form offers the nurse's call."""
    relative = typed.get("answered_by") == "respondent" and typed.get("respondent_phone", "").strip()
    return telephones.is_landline(_number(service, relative or typed.get("phone", ""), allow_fiction))


def _number(service: Service, written: str, allow_fiction: bool) -> str:
    try:
        return telephones.to_e164(written, service.country, allow_fiction=allow_fiction)
    except ValueError:
        return ""


def _last_sheet(session: Session, service_id: int) -> str:
    last = select(Consent.sheet_version).join(Patient, Consent.patient_id == Patient.id).where(Patient.service_id == service_id)
    return session.scalar(last.order_by(Consent.id.desc()).limit(1)) or ""


def enrol(session: Session, service: Service, typed: Fields, *, by: Actor, now: datetime, allow_fiction: bool) -> tuple[Patient, Course]:
    """Patient, consent, treatment, check-ins, codes and first text, or FieldErrors with every sentence of the three blocks at once."""
    new, course = _patient(typed), prescription.read(typed, _chosen(session, service, typed, now))
    new.problems |= courses.check(course, today=now.date(), slugs=_slugs(session, service, now))
    if new.answered_by == "respondent" and not new.respondent_phone.strip():
        new.problems["respondent_phone"] = "Write the mobile this person answers with, even when it is the patient's."
    if new.language == reading.NONE and not new.interpreter.strip():
        new.problems["interpreter"] = "Write the language this patient speaks: the nurse calls with an interpreter."
    new.problems |= {name: _UNWRITABLE for name, text in typed.items() if not _writable(text)}
    watch = prescribed.at_enrolment(typed, new.oncologist_id)
    prescribed.check(session, service, new, watch, place=prescribed.PLACE, now=now)
    patient = enrolling.enrol(session, service, new, by=by, now=now, allow_fiction=allow_fiction)
    if watch is not None:
        watched.record(session, patient, watch, by=by, now=now)
    verifying.ask_all(session, patient, by=by, now=now)
    return patient, begin(session, patient, course, by=by, now=now, first_text=_ticked(typed, "first_text"))


def begin(session: Session, patient: Patient, new: NewCourse, *, by: Actor, now: datetime, first_text: bool) -> Course:
    """Start the treatment, plan its check-ins, and send the first text at once when asked. Raises FieldErrors."""
    course = courses.start(session, patient, new, by=by, now=now, slugs=_slugs(session, patient.service, now))
    agenda.plan(session, course, now=now)
    if first_text:
        agenda.first_now(session, course, now=now)
    return course


def _slugs(session: Session, service: Service, now: datetime) -> set[str]:
    return {version.slug for version in versions.enrollable(session, now.date(), service.id, demo=service.is_demo)}


def kept(text: str, field: str) -> str:
    """Free words as typed. Raises FieldErrors when no database could keep them."""
    if not _writable(text):
        raise FieldErrors({field: _UNWRITABLE})
    return text


def _writable(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\r\n\t" for c in text)


_UNWRITABLE = "This holds a character that cannot be kept. Type it again."


def _patient(typed: Fields) -> NewPatient:
    doctor = prescription.whole(typed.get("oncologist_id", ""))
    return NewPatient(
        family_name=typed.get("family_name", ""),
        birth_name=typed.get("birth_name", ""),
        given_names=typed.get("given_names", ""),
        birth_date=prescription.day(typed.get("birth_date", "")),
        sex=typed.get("sex", ""),
        language=typed.get("language", ""),
        timezone=typed.get("timezone", ""),
        phone=typed.get("phone", ""),
        shared_phone=_ticked(typed, "shared_phone"),
        by_call=_ticked(typed, "by_call"),
        interpreter=typed.get("interpreter", ""),
        oncologist_id=doctor if doctor and doctor < 2**31 else None,
        respondent_name=typed.get("respondent_name", ""),
        respondent_relation=typed.get("respondent_relation", ""),
        respondent_phone=typed.get("respondent_phone", ""),
        answered_by=typed.get("answered_by", ""),
        consent_follow_up=_ticked(typed, "consent_follow_up"),
        consent_sms_words=_ticked(typed, "consent_sms_words"),
        consent_sheet=typed.get("consent_sheet", ""),
        parental_authority=_ticked(typed, "parental_authority"),
        check_in_hour=prescription.whole(typed.get("check_in_hour", "")) or 0,
    )


def _chosen(session: Session, service: Service, typed: Fields, now: datetime) -> Protocol | None:
    version = versions.in_force(session, typed.get("protocol_slug", ""), now.date(), service.id)
    return versions.load(version) if version else None


def _ticked(typed: Fields, name: str) -> bool:
    return bool(typed.get(name))
