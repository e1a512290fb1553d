"""Who answers for a patient, and how each is reached: declared, changed, removed, always with who did it (FR-32, HZ-10, HZ-36)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound, Said
from app.people import patients, regions
from app.people.models import Patient, Respondent, Service, Staff
from app.people.telephones import is_landline, to_e164

CHANNELS = ("sms", "relative", "call")
"""Ways to reach a patient, in the house's order (house rule, 2026-11-22)."""

FIRST_HOUR, LAST_HOUR = 8, 19
LONGEST_NAME, LONGEST_RELATION, LONGEST_INTERPRETER = 200, 60, 40


@dataclass(frozen=True)
class NewRespondent:
    """What is asked about somebody around the patient. phone: E.164 or national form, "" for none. language: "" when not known."""

    name: str
    relation: str
    phone: str = ""
    told_of_silence: bool = False
    language: str = ""


@dataclass(frozen=True)
class Reach:
    """How a patient is written to. also_reads: best first. interpreter: the language one is needed for, "". hour: 8 to 19, local."""

    language: str
    also_reads: tuple[str, ...] = ()
    interpreter: str = ""
    channels: tuple[str, ...] = ()
    check_in_hour: int = 10


def get(session: Session, patient: Patient, respondent_id: int) -> Respondent:
    """One of the people around this patient, not a removed one. Raises NotFound."""
    mine = (Respondent.id == respondent_id, Respondent.patient_id == patient.id, Respondent.removed_at.is_(None))
    found = session.scalar(select(Respondent).where(*mine))
    if found is None:
        raise NotFound("This person")
    return found


def declare(session: Session, patient: Patient, new: NewRespondent, *, by: Actor, now: datetime, allow_fiction: bool) -> Respondent:
    """Add somebody around the patient. Raises FieldErrors with a sentence per field, and saves nothing."""
    row = Respondent(patient_id=patient.id, **_checked(session, patient, new, allow_fiction=allow_fiction))
    session.add(row)
    session.flush()
    session.expire(patient, ["respondents"])
    _note(session, patient, row, "respondent.declared", by=by, now=now, after=_plain(row))
    return row


def change(
    session: Session, patient: Patient, respondent_id: int, new: NewRespondent, *, by: Actor, now: datetime, allow_fiction: bool
) -> Respondent:
    """Write down what is true now. A new number has not been verified. Raises FieldErrors and NotFound, and saves nothing."""
    row = get(session, patient, respondent_id)
    before, values = _plain(row), _checked(session, patient, new, allow_fiction=allow_fiction)
    if values["phone"] != row.phone:
        row.phone_verified_at = None
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    if before != _plain(row):
        _note(session, patient, row, "respondent.changed", by=by, now=now, before=before, after=_plain(row))
    return row


def remove(session: Session, patient: Patient, respondent_id: int, *, by: Actor, now: datetime) -> None:
    """No longer around the patient: no text, no call, not recognised by the number. The row stays, because answers name it."""
    row = get(session, patient, respondent_id)
    if row.answers:
        answered_by(session, patient, None, by=by, now=now)
    row.removed_at, row.told_of_silence = now, False
    session.flush()
    session.expire(patient, ["respondents"])
    _note(session, patient, row, "respondent.removed", by=by, now=now, before=_plain(row))


def answered_by(session: Session, patient: Patient, respondent_id: int | None, *, by: Actor, now: datetime) -> None:
    """Who gets the questions from now on: the patient (None), or this relative. Raises NotFound for somebody else."""
    chosen = get(session, patient, respondent_id) if respondent_id is not None else None
    before = [patient.answered_by, *(one.id for one in patient.respondents if one.answers)]
    for one in patient.respondents:
        one.answers = chosen is not None and one.id == chosen.id
    patient.answered_by = "respondent" if chosen else "patient"
    after = [patient.answered_by, *([chosen.id] if chosen else [])]
    session.flush()
    if before != after:
        _about(session, patient, "patient.answered_by", by=by, now=now, before=before, after=after)


def reach(session: Session, patient: Patient, new: Reach, *, by: Actor, now: datetime) -> bool:
    """Languages read, interpreter, order of the channels, hour of the questions. Raises FieldErrors. True when the hour changed:
    the caller then makes the plan anew."""
    languages = tuple(dict.fromkeys(one for one in new.also_reads if one != new.language))
    new = Reach(new.language, languages, " ".join(new.interpreter.split()), new.channels, new.check_in_hour)
    _check_reach(new)
    before, after = _reached(patient), asdict(new)
    moved = patient.check_in_hour != new.check_in_hour
    patient.language, patient.interpreter, patient.check_in_hour = new.language, new.interpreter, new.check_in_hour
    patient.also_reads, patient.channels = list(new.also_reads), list(new.channels)
    session.flush()
    if before != {**after, "also_reads": list(new.also_reads), "channels": list(new.channels)}:
        _about(session, patient, "patient.reach", by=by, now=now, before=before, after=_reached(patient))
    return moved


def _check_reach(new: Reach) -> None:
    problems: dict[str, str] = {}
    if new.language not in patients.READS:
        problems["language"] = "Choose a language the texts exist in."
    if not set(new.also_reads) <= set(patients.LANGUAGES):
        problems["also_reads"] = "Choose a language the texts exist in."
    if len(new.interpreter) > LONGEST_INTERPRETER:
        problems["interpreter"] = Said("Write at most {n} characters.", n=LONGEST_INTERPRETER)
    if new.channels and sorted(new.channels) != sorted(CHANNELS):
        problems["channels"] = "Give each way its own place."
    if not FIRST_HOUR <= new.check_in_hour <= LAST_HOUR:
        problems["check_in_hour"] = "Choose an hour from 8 to 19: no text leaves at night."
    if problems:
        raise FieldErrors(problems)


def _reached(patient: Patient) -> dict[str, object]:
    return {
        "language": patient.language,
        "also_reads": list(patient.also_reads),
        "interpreter": patient.interpreter,
        "channels": list(patient.channels),
        "check_in_hour": patient.check_in_hour,
    }


# --- Who speaks ---------------------------------------------------------------------------------------------------------------------


def speaker(session: Session, said_by: str) -> Actor:
    """Who ``said_by`` names, as it is kept on an answer: "patient:12", "respondent:3", "staff:5". A removed relative is still named."""
    kind, _, number = said_by.partition(":")
    row_id = int(number) if number.isdigit() else 0
    return Actor(kind, row_id, _name(session, kind, row_id))


def _name(session: Session, kind: str, row_id: int) -> str:
    if kind == "patient":
        patient = session.get(Patient, row_id)
        return patient.full_name if patient else "?"
    person = session.get(Respondent, row_id) if kind == "respondent" else session.get(Staff, row_id) if kind == "staff" else None
    return person.name if person else "?"


def may_speak(patient: Patient) -> Sequence[Actor]:
    """Who may answer for this patient, whoever gets the questions first."""
    own = Actor("patient", patient.id, patient.full_name)
    relatives = [Actor("respondent", one.id, one.name) for one in patient.respondents]
    first = [actor for actor, one in zip(relatives, patient.respondents, strict=True) if one.answers]
    return list(dict.fromkeys([*first, own, *relatives])) if patient.answered_by == "respondent" else [own, *relatives]


# --- Checks -------------------------------------------------------------------------------------------------------------------------


def _checked(session: Session, patient: Patient, new: NewRespondent, *, allow_fiction: bool) -> dict[str, object]:
    name, relation = " ".join(new.name.split()), " ".join(new.relation.split())
    problems: dict[str, str] = {}
    if not name:
        problems["name"] = "Write the name of this person."
    if not relation:
        problems["relation"] = "Write how this person is related, for instance daughter."
    for where, text, longest in (("name", name, LONGEST_NAME), ("relation", relation, LONGEST_RELATION)):
        if len(text) > longest:
            problems[where] = Said("Write at most {n} characters.", n=longest)
        elif not text.isprintable():
            problems[where] = "Type this again: it holds a character that cannot be shown."
    if new.language and new.language not in patients.LANGUAGES:
        problems["language"] = "Choose a language the texts exist in."
    phone = ""
    if new.phone.strip():
        try:
            country = session.get_one(Service, patient.service_id).country
            phone = to_e164(new.phone.strip(), country, allow_fiction=allow_fiction)
        except ValueError as error:
            problems["phone"] = str(error)
        if phone and (why := regions.refuses(patient.service, phone)):
            problems["phone"] = regions.SENTENCES[why]
        elif new.told_of_silence and is_landline(phone):
            problems["phone"] = "This is a landline: it gets no text. Write a mobile number, or leave “told of a silence” unticked."
    elif new.told_of_silence:
        problems["phone"] = "Write a number: this person is to be told when no answer comes."
    if problems:
        raise FieldErrors(problems)
    return {"name": name, "relation": relation, "phone": phone, "told_of_silence": new.told_of_silence, "language": new.language}


def _plain(row: Respondent) -> dict[str, object]:
    return {
        "name": row.name,
        "relation": row.relation,
        "phone": row.phone,
        "told_of_silence": row.told_of_silence,
        "language": row.language,
    }


def _note(
    session: Session,
    patient: Patient,
    row: Respondent,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: object = None,
    after: object = None,
) -> None:
    _about(session, patient, action, by=by, now=now, before=before, after=after, subject=f"respondent:{row.id}")


def _about(
    session: Session, patient: Patient, action: str, *, by: Actor, now: datetime, before: object, after: object, subject: str = ""
) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=subject or f"patient:{patient.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        now=now,
    )
