"""Enrol a patient: what is asked, and what is refused because it is missing or implausible, with a sentence beside each field."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, Said
from app.people import members, regions
from app.people.models import Consent, Patient, Respondent, Role, Service, Staff
from app.people.patients import READS, folded, holders
from app.people.telephones import LANDLINE, is_landline, to_e164

LONGEST = {
    "family_name": 120,
    "birth_name": 120,
    "given_names": 200,
    "respondent_name": 200,
    "respondent_relation": 60,
    "consent_sheet": 40,
    "interpreter": 40,
}
"""Characters a column keeps: PostgreSQL refuses longer ones, SQLite would not."""

SEXES = ("female", "male", "other", "unknown")
MAJORITY = 18


@dataclass
class NewPatient:
    """What enrolment asks. phone in E.164 or national form of the service's country; "" when only nurses call, or when the
    relative who answers has one. A number typed for both is stored as the relative's.

    parental_authority: for a minor, the respondent holds it and agreed.
    interpreter: the language spoken, when a nurse needs one to call.
    by_call: the number that answers may be a landline; a nurse asks the questions aloud.
    phone_verified: whoever enrols vouches for the numbers; otherwise the caller sends codes (app.checkins.texts.verifying).
    """

    family_name: str
    given_names: str
    birth_date: date | None
    sex: str
    phone: str
    oncologist_id: int | None
    birth_name: str = ""
    language: str = "fr"
    timezone: str = ""
    shared_phone: bool = False
    respondent_name: str = ""
    respondent_relation: str = ""
    respondent_phone: str = ""
    answered_by: str = "patient"
    consent_follow_up: bool = False
    consent_sms_words: bool = False
    consent_sheet: str = ""
    parental_authority: bool = False
    check_in_hour: int = 10
    by_call: bool = False
    interpreter: str = ""
    phone_verified: bool = False
    problems: dict[str, str] = field(default_factory=dict)


def enrol(session: Session, service: Service, new: NewPatient, *, by: Actor, now: datetime, allow_fiction: bool) -> Patient:
    """Create the patient with consent, respondent and audit, or raise FieldErrors with one sentence per field and save nothing."""
    new = _tidied(new)
    phones = _check(session, service, new, now=now, allow_fiction=allow_fiction)
    patient = Patient(
        service_id=service.id,
        family_name=new.family_name,
        birth_name=new.birth_name,
        given_names=new.given_names,
        search_name=folded(f"{new.family_name} {new.birth_name} {new.given_names}")[:400],
        birth_date=new.birth_date,
        sex=new.sex,
        language=new.language,
        interpreter=new.interpreter,
        timezone=new.timezone or service.timezone,
        phone=phones["phone"],
        shared_phone=new.shared_phone,
        answered_by=new.answered_by,
        oncologist_id=new.oncologist_id,
        check_in_hour=new.check_in_hour,
        phone_verified_at=now if new.phone_verified else None,
        created_at=now,
    )
    session.add(patient)
    session.flush()
    if new.respondent_name:
        session.add(
            Respondent(
                patient_id=patient.id,
                name=new.respondent_name,
                relation=new.respondent_relation,
                phone=phones["respondent_phone"],
                answers=new.answered_by == "respondent",
                phone_verified_at=now if new.phone_verified and phones["respondent_phone"] else None,
            )
        )
    agreed = [("follow_up", new.consent_follow_up), ("sms_words", new.consent_sms_words)]
    for kind, granted in agreed + ([("parental", True)] if _is_minor(new.birth_date, service, now) else []):
        session.add(
            Consent(patient_id=patient.id, kind=kind, granted=granted, sheet_version=new.consent_sheet, at=now, recorded_by=str(by))
        )
    if patient.phone:
        # The other holder of a shared number must stop being recognised by it as well.
        others = update(Patient).where(Patient.phone == patient.phone, Patient.id != patient.id, Patient.service_id == service.id)
        if new.shared_phone:
            session.execute(others.values(shared_phone=True))
    audit.record(
        session,
        actor=by,
        action="patient.enrolled",
        subject=f"patient:{patient.id}",
        service_id=service.id,
        patient_id=patient.id,
        after={"consent_sheet": new.consent_sheet, "shared_phone": new.shared_phone, "phone_verified": new.phone_verified},
        now=now,
    )
    session.flush()
    return patient


def _tidied(new: NewPatient) -> NewPatient:
    """Names without stray, double or unbreakable spaces, as pasting brings them."""
    tidy: dict[str, Any] = {name: " ".join(getattr(new, name).split()) for name in LONGEST}
    return replace(new, **tidy)


def _check(session: Session, service: Service, new: NewPatient, *, now: datetime, allow_fiction: bool) -> dict[str, str]:
    problems = dict(new.problems)
    for name, sentence in (("family_name", "Write the family name."), ("given_names", "Write the given names.")):
        if not getattr(new, name):
            problems.setdefault(name, sentence)
    for name, longest in LONGEST.items():
        if len(getattr(new, name)) > longest:
            problems.setdefault(name, Said("Write at most {n} characters.", n=longest))
        elif not getattr(new, name).isprintable():
            problems.setdefault(name, "Type this again: it holds a character that cannot be shown.")
    _check_birth(new.birth_date, now.astimezone(ZoneInfo(service.timezone)).date(), problems)
    if "birth_date" not in problems and _is_minor(new.birth_date, service, now):
        if not new.respondent_name:
            problems.setdefault("respondent_name", "This patient is under 18: name who holds parental authority.")
        if not new.parental_authority:
            problems.setdefault("parental_authority", "This patient is under 18: record the agreement of who holds parental authority.")
    if new.sex not in SEXES:
        problems.setdefault("sex", "Choose the sex recorded in the hospital's file.")
    if new.language not in READS:
        problems.setdefault("language", "Choose a language the texts exist in.")
    if new.timezone and new.timezone not in available_timezones():
        problems.setdefault("timezone", "Choose a time zone of the list, such as Europe/Paris.")
    if not 8 <= new.check_in_hour <= 19:
        problems.setdefault("check_in_hour", "Choose an hour from 8 to 19: no text leaves at night.")
    if not new.consent_follow_up:
        problems.setdefault("consent_follow_up", "Follow-up starts only with the patient's consent. Record it, or do not enrol.")
    if not new.consent_sheet:
        problems.setdefault("consent_sheet", "Write the version of the information sheet given.")
    doctor = session.get(Staff, new.oncologist_id) if new.oncologist_id else None
    if doctor is None or doctor.role != Role.ONCOLOGIST or not members.works_in(session, doctor, service.id) or not doctor.active:
        problems.setdefault("oncologist_id", "Choose the referring oncologist of this service.")
    if new.answered_by not in ("patient", "respondent"):
        problems.setdefault("answered_by", "Choose who answers: the patient or a relative.")
    if new.answered_by == "respondent" and not new.respondent_name:
        problems.setdefault("respondent_name", "Write the name of the person who answers.")
    if new.respondent_name and not new.respondent_relation:
        problems.setdefault("respondent_relation", "Write how this person is related, for instance daughter.")
    phones = _check_phones(session, service, new, problems, allow_fiction=allow_fiction)
    if problems:
        raise FieldErrors(problems)
    return phones


def _check_birth(birth: date | None, today: date, problems: dict[str, str]) -> None:
    if birth is None:
        problems.setdefault("birth_date", "Write the birth date.")
    elif birth > today:
        problems.setdefault("birth_date", "This birth date is in the future.")
    elif today.year - birth.year > 120:
        problems.setdefault("birth_date", "This birth date is more than 120 years ago.")


def _is_minor(birth: date | None, service: Service, now: datetime) -> bool:
    """Under 18 today, where the service is (French civil code, article 414)."""
    today = now.astimezone(ZoneInfo(service.timezone)).date()
    return birth is not None and today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)) < MAJORITY


def _check_phones(session: Session, service: Service, new: NewPatient, problems: dict[str, str], *, allow_fiction: bool) -> dict[str, str]:
    phones = {"phone": "", "respondent_phone": ""}
    for name in phones:
        written = getattr(new, name).strip()
        if written:
            try:
                phones[name] = to_e164(written, service.country, allow_fiction=allow_fiction)
            except ValueError as error:
                problems.setdefault(name, str(error))
            if why := phones[name] and regions.refuses(service, phones[name]):
                problems.setdefault(name, regions.SENTENCES[why])
    if new.answered_by == "respondent" and phones["phone"] == phones["respondent_phone"]:
        phones["phone"] = ""  # one number for both: the relative's, who would otherwise be taken for the patient
    if not new.phone.strip() and not (new.answered_by == "respondent" and new.respondent_phone.strip()):
        problems.setdefault("phone", "Write the mobile number that will answer.")
    answering = "respondent_phone" if new.answered_by == "respondent" and phones["respondent_phone"] else "phone"
    if is_landline(phones[answering]) and not new.by_call:
        problems.setdefault(answering, LANDLINE)
    if phones["phone"] and not new.shared_phone and holders(session, service.id, phones["phone"]):
        problems.setdefault("phone", "Another patient has this number. If they share the telephone, tick “shared phone”.")
    return phones
