"""Enrol, consent, opt out, freeze, end, find. Refuses what is missing or implausible with a sentence beside each field."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound, Refusal, Said
from app.people import reading, regions
from app.people.models import FOLLOW_UP_MOVES, Consent, FollowUp, Patient, Reachability, Respondent, Role, Service, Staff
from app.people.perimeter import Viewer, visible_to
from app.people.telephones import to_e164
from notifications import wording

LONGEST = {
    "family_name": 120,
    "birth_name": 120,
    "given_names": 200,
    "respondent_name": 200,
    "respondent_relation": 60,
    "consent_sheet": 40,
}
"""Characters a column keeps: PostgreSQL refuses longer ones, SQLite would not."""

LANGUAGES = wording.LANGUAGES
"""Languages a patient may be written to in: those that texts exist in, found in the files."""
READS = (*LANGUAGES, reading.NONE)
"""What the file may say of the language a patient reads; with the last one nothing is sent, and nurses call."""
SEXES = ("female", "male", "other", "unknown")


MAJORITY = 18


@dataclass
class NewPatient:
    """What enrolment asks. phone in E.164 or national form of the service's country; "" when only nurses call, or when the
    relative who answers has one. A number typed for both is stored as the relative's.

    parental_authority: for a minor, the respondent holds it and agreed.
    phone_verified: whoever enrols vouches for the numbers; otherwise the caller sends codes (app.checkins.verifying).
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
    if doctor is None or doctor.role != Role.ONCOLOGIST or doctor.service_id != service.id or not doctor.active:
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
    if phones["phone"] and not new.shared_phone and holders(session, service.id, phones["phone"]):
        problems.setdefault("phone", "Another patient has this number. If they share the telephone, tick “shared phone”.")
    return phones


def holders(session: Session, service_id: int, number: str) -> list[Patient]:
    """The patients of a service, not ended, who have this number; several when the telephone is shared."""
    mine = Patient.service_id == service_id
    return list(
        session.scalars(select(Patient).where(mine, Patient.phone == number, Patient.follow_up != FollowUp.ENDED).order_by(Patient.id))
    )


def get(session: Session, patient_id: int, *, viewer: Viewer) -> Patient:
    """The patient, if the viewer may see them. Raises NotFound otherwise, so that a guess tells nothing."""
    patient = session.scalar(select(Patient).where(Patient.id == patient_id, visible_to(viewer)))
    if patient is None:
        raise NotFound("This patient")
    return patient


def folded(text: str) -> str:
    """Lower case without accents or punctuation: what names are searched by."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def search(session: Session, words: str, *, viewer: Viewer, limit: int = 20) -> list[Patient]:
    """Patients by parts of their names, by the last digits (three or more) of their number, or by both."""
    digits = re.sub(r"\D", "", words)
    if len(digits) >= 9:
        digits = digits.lstrip("0")  # the national form begins with 0, the number in the file does not
    parts = folded(re.sub(r"\d", " ", words)).split()
    if not parts and len(digits) < 3:
        return []
    found = select(Patient).where(visible_to(viewer)).order_by(Patient.search_name, Patient.id).limit(limit)
    if digits:
        found = found.where(Patient.phone.endswith(digits))
    for part in parts:
        found = found.where(Patient.search_name.contains(part, autoescape=True))
    return list(session.scalars(found))


def opt_out(session: Session, patient: Patient, *, by: Actor, now: datetime, reason: str) -> bool:
    """Texts end at once. Returns True when this is new: the caller then makes the nurse's task, because monitoring ends."""
    if patient.opted_out_at is not None:
        return False
    patient.opted_out_at, patient.reachability = now, Reachability.OPTED_OUT
    _note(session, patient, "patient.opted_out", by=by, now=now, reason=reason)
    return True


def opt_in(session: Session, patient: Patient, *, by: Actor, now: datetime) -> bool:
    """Texts may leave again. Returns True when the patient had opted out."""
    if patient.opted_out_at is None:
        return False
    patient.opted_out_at, patient.reachability = None, _reachable(patient)
    _note(session, patient, "patient.opted_in", by=by, now=now, reason="")
    return True


def reached(session: Session, patient: Patient, reachability: Reachability, *, now: datetime) -> None:
    """Note how the patient can be reached; an opt-out or a freeze is never overwritten by a delivery report."""
    if patient.reachability in (Reachability.OPTED_OUT, Reachability.FROZEN) or patient.reachability == reachability:
        return
    patient.reachability = reachability
    session.flush()


def change_follow_up(
    session: Session, patient: Patient, to: FollowUp, *, by: Actor, now: datetime, reason: str, until: date | None = None, kind: str = ""
) -> None:
    """Freeze, resume or end the automatic messages, with a reason. Raises Refusal for a move that does not exist.

    kind: which rule of app.people.absences does it. An end is taken back with a reason too: somebody was told that follow-up was over.
    """
    if to not in FOLLOW_UP_MOVES[FollowUp(patient.follow_up)]:
        raise Refusal("Follow-up is {state}: this step is not possible from there.", state=patient.follow_up)
    if to is not FollowUp.ACTIVE and not reason.strip():
        raise Refusal("Write the reason: the file must say why messages stopped.", field="reason", status=422)
    if patient.follow_up == FollowUp.ENDED and not reason.strip():
        raise Refusal("Write the reason: the file must say why follow-up begins again.", field="reason", status=422)
    if until is not None and until < now.astimezone(ZoneInfo(patient.timezone)).date():
        raise Refusal("This day is already past. Choose the day messages start again.", field="until", status=422)
    before = patient.follow_up
    patient.follow_up, patient.follow_up_reason, patient.follow_up_until = to, reason, until
    patient.follow_up_kind = "" if to is FollowUp.ACTIVE else kind
    if patient.opted_out_at is None:
        patient.reachability = _reachable(patient)
    _note(session, patient, f"follow_up.{to}", by=by, now=now, reason=reason, before=before, after=str(to))


def _reachable(patient: Patient) -> Reachability:
    return Reachability.REACHABLE if patient.follow_up == FollowUp.ACTIVE else Reachability.FROZEN


def _note(
    session: Session, patient: Patient, action: str, *, by: Actor, now: datetime, reason: str, before: object = None, after: object = None
) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"patient:{patient.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )


def chart_opened(session: Session, patient: Patient, *, by: Actor, now: datetime, where: str) -> None:
    """Opening a chart leaves a trace (SEC-27)."""
    _note(session, patient, "chart.opened", by=by, now=now, reason=where)
