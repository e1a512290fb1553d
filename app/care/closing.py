"""The close of a call: its form is whole, one of three outcomes is said, and everything that follows is written in the same transaction.

Contacts are opened and saved in contacts.py. What was measured or taken up on the call still has to be judged by the room above:
``checkins.judging.measured.judge`` for each of ``Closed.measures``, ``judge_medicine`` for each of ``Closed.medicines``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.care import calls, forms, letters, programmes, sheets
from app.care.contact_models import Contact, ContactOutcome, Direction
from app.care.document import Form
from app.care.models import CallState, Enrolment, EnrolmentState, PlannedCall
from app.core.errors import Conflict, FieldErrors, Said
from app.people import members
from app.people.models import Patient, Role, Staff
from app.people.perimeter import Viewer
from app.protocols import looks
from app.treatment import grades, measures
from app.treatment import medicines as taken_beside
from app.treatment.grades import NewGrade
from app.treatment.models import ClinicianGrade, Measure, OtherMedicine
from triage import calendar

SOURCE = "call"
"""Where a measure said on a call comes from."""
TO_DOCTOR = "call_form"
"""The document of a programme that makes each of its calls read by the doctor (AMA-5)."""


@dataclass(frozen=True)
class Outcome:
    """How a call ended, as said by whoever closes it. See ``close``."""

    kind: str
    protocol_ref: str = ""
    doctor_id: int | None = None
    doctor_at: datetime | None = None
    doctor_order: str = ""
    next_contact_at: datetime | None = None
    medicines: Sequence[str] = ()
    words: str = ""


@dataclass(frozen=True)
class Closed:
    """The closed call and what it wrote in the chart. next_call: the planned call made of what was agreed, or the one already there."""

    contact: Contact
    measures: tuple[Measure, ...]
    medicines: tuple[OtherMedicine, ...]
    grades: tuple[ClinicianGrade, ...]
    next_call: PlannedCall | None


def close(
    session: Session,
    contact_id: int,
    *,
    outcome: str,
    protocol_ref: str = "",
    doctor_id: int | None = None,
    doctor_at: datetime | None = None,
    doctor_order: str = "",
    next_contact_at: datetime | None = None,
    medicines: Sequence[str] = (),
    words: str = "",
    form: Mapping[str, Any],
    by: Viewer,
    now: datetime,
    stamp: int | None = None,
) -> Closed:
    """End the call: timed, its planned call done, measures, grades and medicines in the chart, its form before the doctor (AMA-5).

    outcome: none; level_1, which cites a protocol of the form's list; level_2, which names the doctor and when they were asked, and what
    they ordered, if anything. next_contact_at: what was agreed; it becomes a planned call. medicines: codes that protocols ask about
    (``looks.known_medicines``), of what the patient takes since. words: the nurse's own.
    Raises FieldErrors with a sentence beside each answer that is missing (COA-3, ATO-3) or impossible, each symptom without grade (AMA-3)
    and an outcome that is not whole (AMA-4): nothing is written then, so save the form before. Conflict as in ``contacts.save``.
    """
    said = Outcome(outcome, protocol_ref, doctor_id, doctor_at, doctor_order, next_contact_at, medicines, words)
    row = sheets.mine(session, contact_id, by=by, now=now, stamp=stamp)
    asked = sheets.form_of(row)
    forms.fits(asked, form)
    problems = forms.problems(asked, form, demand=row.direction == Direction.OUTGOING, oral=sheets.is_oral(row))
    problems |= _unsaid(session, row, asked, said, now)
    if problems:
        raise FieldErrors(problems)
    patient = session.get_one(Patient, row.patient_id)
    row.form = dict(form)
    _conclude(row, said)
    sheets.end(row, now)
    _make_planned_call(session, row, by, now)
    closed = Closed(
        row,
        tuple(_measures(session, patient, row, asked, by, now)),
        tuple(_medicines(session, patient, said, by, now)),
        tuple(_grades(session, patient, row, asked, by, now)),
        _agree(session, patient, row, said, by, now),
    )
    row.to_doctor = said.kind == ContactOutcome.LEVEL_2 or _is_read_by_doctor(session, row)
    session.flush()
    kept = {"outcome": row.outcome, "protocol": row.protocol_ref, "doctor": row.doctor_id, "seconds": row.seconds}
    if said.kind == ContactOutcome.LEVEL_2:
        letters.prepare(session, row, "level_2", by=by.actor, now=now)
    sheets.note(session, row, "contact.closed", by=by, now=now, after={name: value for name, value in kept.items() if value})
    return closed


# --- What must be said --------------------------------------------------------------------------------------------------------------


def _unsaid(session: Session, row: Contact, asked: Form, outcome: Outcome, now: datetime) -> dict[str, str]:
    """AMA-4: exclusive outcomes, each whole."""
    problems: dict[str, str] = {}
    match outcome.kind:
        case ContactOutcome.NONE:
            own = ""
        case ContactOutcome.LEVEL_1:
            problems, own = _unlisted(asked, outcome), "protocol_ref"
        case ContactOutcome.LEVEL_2:
            problems, own = _undecided(session, row, outcome, now), "doctor_id"
        case _:
            return {"outcome": "Choose how the call ended: no action, nurse under a protocol, or doctor."}
    named = {"protocol_ref": outcome.protocol_ref, "doctor_id": outcome.doctor_id or outcome.doctor_at or outcome.doctor_order.strip()}
    problems |= {
        name: "Only one outcome: take this away, or choose the other one." for name, value in named.items() if value and name != own
    }
    if row.direction == Direction.INCOMING and not row.reason:
        problems["reason"] = "Write why they called."
    if len(outcome.words) > forms.LONGEST_TEXT:
        problems["words"] = Said("Write at most {n} characters.", n=forms.LONGEST_TEXT)
    if not set(outcome.medicines) <= looks.known_medicines():
        problems["medicines"] = "Choose a medicine of the list."
    if outcome.next_contact_at is not None:
        problems |= _unplannable(session, row, outcome.next_contact_at, now)
    return problems


def _unlisted(asked: Form, outcome: Outcome) -> dict[str, str]:
    """A nurse cannot sign what the list does not hold (FR-23)."""
    if outcome.protocol_ref in {protocol.key for protocol in asked.nurse_protocols}:
        return {}
    return {"protocol_ref": "Choose the written protocol you acted under. What none of them allows is the doctor's to decide."}


def _undecided(session: Session, row: Contact, outcome: Outcome, now: datetime) -> dict[str, str]:
    doctor = session.get(Staff, outcome.doctor_id) if outcome.doctor_id is not None else None
    problems: dict[str, str] = {}
    if doctor is None or not doctor.active or not members.works_in(session, doctor, row.service_id) or doctor.role != Role.ONCOLOGIST:
        problems["doctor_id"] = "Name the doctor who was asked."
    if outcome.doctor_at is None or outcome.doctor_at > now:
        problems["doctor_at"] = "Write when the doctor was asked: it cannot be later than now."
    return problems


def _unplannable(session: Session, row: Contact, at: datetime, now: datetime) -> dict[str, str]:
    enrolment = session.get(Enrolment, row.enrolment_id) if row.enrolment_id else None
    if at <= now:
        return {"next_contact_at": "This time is past. Choose a later one."}
    if enrolment is None or enrolment.state != EnrolmentState.OPEN:
        return {
            "next_contact_at": "No follow-up is open: nothing would bring this call back. Leave it empty, and ask for a call on the list."
        }
    return {}


# --- What follows -------------------------------------------------------------------------------------------------------------------


def _conclude(row: Contact, outcome: Outcome) -> None:
    row.outcome, row.protocol_ref, row.words = outcome.kind, outcome.protocol_ref, outcome.words.strip()
    row.doctor_id, row.doctor_at, row.doctor_order = outcome.doctor_id, outcome.doctor_at, outcome.doctor_order.strip()
    row.next_contact_at = outcome.next_contact_at


def _make_planned_call(session: Session, row: Contact, by: Viewer, now: datetime) -> None:
    """Made; or, when somebody else made it meanwhile, kept as a call that was not planned: what was said is never lost."""
    if row.planned_call_id is None:
        return
    try:
        calls.done(session, row.planned_call_id, contact_id=row.id, by=by.actor, now=now)
    except Conflict:
        row.planned_call_id = None


def _measures(session: Session, patient: Patient, row: Contact, asked: Form, by: Viewer, now: datetime) -> list[Measure]:
    """Those that no question of the protocol has put into the chart during this call already: one weight is one row."""
    during = measures.until(session, patient.id, now)
    there = {(one.kind, one.value) for one in during if one.source == SOURCE and one.taken_at >= row.started_at}
    return [
        measures.record(session, patient, kind=kind, value=value, unit=unit, taken_at=row.started_at, source=SOURCE, by=by.actor, now=now)
        for _, kind, value, unit in forms.measured(asked, row.form)
        if (kind, Decimal(value.replace(",", "."))) not in there
    ]


def _medicines(session: Session, patient: Patient, outcome: Outcome, by: Viewer, now: datetime) -> list[OtherMedicine]:
    """Those not yet in the chart, from today on. What no protocol asks about stays in the form, in words."""
    today = calendar.local_day(now, patient.timezone)
    taken = {one.code for one in taken_beside.of_patient(session, patient.id) if one.last_on is None or one.last_on >= today}
    return [
        taken_beside.record(session, patient, code=code, first_on=today, known=looks.known_medicines(), by=by.actor, now=now)
        for code in dict.fromkeys(outcome.medicines)
        if code not in taken
    ]


def _grades(session: Session, patient: Patient, row: Contact, asked: Form, by: Viewer, now: datetime) -> list[ClinicianGrade]:
    """Each grade above zero, and a zero that says that an effect is over: the chart shows who graded what, with which version."""
    last: dict[str, int] = {}
    for one in grades.standing(session, patient.id):
        last.setdefault(one.term, one.grade)
    return [
        grades.record(session, patient, NewGrade(told.term, told.version, told.grade, told.since, told.note), by=by.actor, now=now)
        for told in forms.symptoms(asked, row.form)
        if told.grade is not None and (told.grade > 0 or last.get(told.term, 0) > 0)
    ]


def _agree(session: Session, patient: Patient, row: Contact, outcome: Outcome, by: Viewer, now: datetime) -> PlannedCall | None:
    """What was agreed is a row with an hour, not a line in a note. The call already planned that day serves, moved to the agreed hour."""
    at = outcome.next_contact_at
    if at is None or row.enrolment_id is None:
        return None
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    day = calendar.local_day(at, patient.timezone)
    planned = [one for one in calls.open_of(session, patient.id) if one.enrolment_id == enrolment.id]
    same_day = next((one for one in planned if calendar.local_day(one.due_at, patient.timezone) == day), None)
    agreed = same_day or PlannedCall(
        service_id=enrolment.service_id,
        patient_id=patient.id,
        enrolment_id=enrolment.id,
        programme=enrolment.programme,
        phase=programmes.of(enrolment).rhythm[0].key,
        number=0,
        original_day=day,
        owner_id=enrolment.nurse_id,
        planned_at=now,
        stamp=0,
    )
    agreed.state, agreed.late_at = CallState.PLANNED, None
    agreed.due_at, agreed.moved_why, agreed.moved_by = at, "hand", str(by.actor)
    agreed.stamp += 1
    session.add(agreed)
    session.flush()
    return agreed


def _is_read_by_doctor(session: Session, row: Contact) -> bool:
    """Does the programme send each of its calls to the doctor?"""
    if row.enrolment_id is None:
        return False
    return any(one.kind == TO_DOCTOR for one in programmes.of(session.get_one(Enrolment, row.enrolment_id)).documents)
