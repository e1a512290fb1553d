"""A call, out or in: opened, saved half-way, closed into one of three outcomes, its length put right, read by the doctor.

One draft per nurse and patient: opening again resumes it. ``by`` is the person on the telephone. The row itself is in sheets.py, its
answers in forms.py, the close in closing.py, what calls tell in telling.py; all are reached from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.care import enrolments, forms, programmes
from app.care.closing import Closed, close
from app.care.contact_models import Caller, Contact, ContactState, Direction
from app.care.models import OPEN_CALLS, CallState, Enrolment, EnrolmentState, PlannedCall
from app.care.sheets import begun, closed, draft_of, end, form_of, get, is_oral, locked, mine, note
from app.care.telling import drafts, for_doctor, forgotten, of_patient, read_by_doctor, since_previous
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal, Said
from app.people import patients
from app.people.models import Patient
from app.people.perimeter import Viewer

__all__ = [
    "Closed",
    "close",
    "draft_of",
    "drafts",
    "for_doctor",
    "forgotten",
    "form_of",
    "get",
    "is_oral",
    "not_reached",
    "of_patient",
    "open_call",
    "read_by_doctor",
    "retime",
    "save",
    "since_previous",
    "take_over",
    "who_rang",
]

CHANNELS = ("phone", "video", "visit")
LONGEST_CALL = timedelta(hours=4)
"""A call that lasted longer was left open: its length is put right by hand (house rule, 2026-11-23)."""
RUNG_BACK = timedelta(hours=24)
"""How long a number that somebody gave for the line that may drop stands among those to call (house rule, 2026-11-23)."""
LONGEST = {"caller_name": 200, "caller_number": 40, "reason": forms.LONGEST_TEXT, "interpreter": 40, "words": forms.LONGEST_TEXT}


def open_call(
    session: Session,
    patient: Patient,
    *,
    direction: str,
    caller: str = Caller.PATIENT,
    planned_call_id: int | None = None,
    enrolment_id: int | None = None,
    caller_name: str = "",
    caller_number: str = "",
    reason: str = "",
    channel: str = "phone",
    interpreter: str = "",
    checkin_id: int | None = None,
    by: Viewer,
    now: datetime,
) -> Contact:
    """Begin a call; the clock starts. The nurse's own draft for this patient is resumed as it stands, whatever is asked.

    An outgoing one belongs to its planned call's programme, to the one given, or to the one the patient is followed in; it is refused with
    the reason while that programme may not call (COA-1, AMA-1), and Conflict names the colleague who is making the same planned call.
    An incoming one is never refused, and never counts as a planned call (COA-4). caller_number: where they can be rung back, as typed.
    """
    texts = {"caller_name": caller_name, "caller_number": caller_number, "reason": reason, "interpreter": interpreter}
    _check(by, direction, caller, channel, texts)
    patients.get(session, patient.id, viewer=by)
    if (draft := draft_of(session, patient.id, by)) is not None:
        return draft
    incoming = direction == Direction.INCOMING
    call = None if incoming else _planned(session, patient, planned_call_id, now)
    enrolment = _enrolment(session, patient, call.enrolment_id if call else enrolment_id, incoming)
    if enrolment is not None and not incoming:
        enrolments.may_call(session, enrolment)
    row = Contact(
        service_id=patient.service_id,
        patient_id=patient.id,
        enrolment_id=enrolment.id if enrolment else None,
        planned_call_id=call.id if call else None,
        direction=direction,
        caller=caller,
        caller_name=caller_name.strip(),
        caller_number=caller_number.strip(),
        channel=channel,
        reason=reason.strip(),
        language=patient.language,
        interpreter=interpreter.strip() or patient.interpreter,
        checkin_id=checkin_id,
        form_of=f"{enrolment.programme}@{enrolment.version_on}" if enrolment else programmes.shared_form(now.date()),
        started_at=now,
        saved_at=now,
        by_id=by.actor.id,
    )
    return _begun(session, row, by, now)


def _begun(session: Session, row: Contact, by: Viewer, now: datetime) -> Contact:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another screen of the same nurse opened it between our look and our write
        draft = draft_of(session, row.patient_id, by)
        if draft is None:
            raise
        return draft
    note(session, row, "contact.opened", by=by, now=now, after={"direction": row.direction, "planned_call": row.planned_call_id})
    return row


def save(
    session: Session,
    contact_id: int,
    form: Mapping[str, Any],
    *,
    by: Viewer,
    now: datetime,
    stamp: int | None = None,
    words: str | None = None,
) -> Contact:
    """Keep what is filled so far, as typed: it is judged at the close. stamp: of the form when it was shown.

    Raises Conflict when it was saved from another screen since, when a colleague's it is, or when it is closed; FieldErrors when the form
    has no such question.
    """
    row = mine(session, contact_id, by=by, now=now, stamp=stamp)
    forms.fits(form_of(row), form)
    row.form, row.saved_at, row.stamp = dict(form), now, row.stamp + 1
    row.words = row.words if words is None else words
    session.flush()
    return row


def not_reached(session: Session, contact_id: int, *, words: str = "", by: Viewer, now: datetime) -> Contact:
    """Nobody answered: the attempt is kept with its hour, and the planned call stays to be made. Raises Refusal for an incoming call."""
    row = mine(session, contact_id, by=by, now=now)
    if row.direction == Direction.INCOMING:
        raise Refusal("Somebody called: say what it ended in.", field="outcome", status=422)
    end(row, now)
    row.reached, row.words = False, words.strip() or row.words
    session.flush()
    note(session, row, "contact.not_reached", by=by, now=now)
    return row


def take_over(session: Session, contact_id: int, *, by: Viewer, now: datetime) -> Contact:
    """A colleague's draft becomes one's own, as it stands: a shift ended with the form half filled. Raises Conflict, Refusal."""
    by.require("make_calls")
    get(session, contact_id, viewer=by)
    row = locked(session, contact_id)
    if row.state == ContactState.CLOSED:
        raise closed(session, row, now)
    if draft_of(session, row.patient_id, by) is not None and row.by_id != by.actor.id:
        raise Refusal("You already have a call with this patient half filled. Close it first, then take over this one.")
    before, row.by_id = row.by_id, by.actor.id
    row.stamp += 1
    session.flush()
    if before != row.by_id:
        note(session, row, "contact.taken_over", by=by, now=now, before=before, after=row.by_id)
    return row


def retime(session: Session, contact_id: int, *, seconds: int, why: str, by: Viewer, now: datetime) -> Contact:
    """Put the length of a closed call right, with a reason; what the clock said stays beside it (AMA-6). Raises FieldErrors, Refusal."""
    by.require("make_calls")
    get(session, contact_id, viewer=by)
    row = locked(session, contact_id)
    if row.state != ContactState.CLOSED:
        raise Refusal("The call is not closed: its length is known at the end.")
    problems: dict[str, str] = {}
    if not 0 < seconds <= LONGEST_CALL.total_seconds():
        problems["seconds"] = "Write a length above zero and of four hours at most."
    if not why.strip():
        problems["why"] = "Write why the length is changed."
    if problems:
        raise FieldErrors(problems)
    edit = {"at": now.isoformat(), "by": str(by.actor), "name": by.actor.name, "before": row.seconds, "after": seconds, "why": why.strip()}
    row.measured = row.seconds if row.measured is None else row.measured
    before, row.seconds, row.edits, row.stamp = row.seconds, seconds, [*row.edits, edit], row.stamp + 1
    session.flush()
    note(session, row, "contact.retimed", by=by, now=now, before=before, after=seconds, reason=why.strip())
    return row


def who_rang(session: Session, patient_id: int, now: datetime) -> list[tuple[str, str]]:
    """Name and number of whoever telephoned about this patient in the last day and said where they can be rung back; the latest first."""
    rang = (Contact.patient_id == patient_id, Contact.caller_number != "", Contact.started_at > now - RUNG_BACK)
    found = session.scalars(select(Contact).where(*rang).order_by(Contact.started_at.desc()))
    return list({(one.caller_name, one.caller_number.replace(" ", "")): None for one in found})


def _check(by: Viewer, direction: str, caller: str, channel: str, texts: Mapping[str, str]) -> None:
    by.require("make_calls")
    if by.actor.kind != "staff":
        raise Refusal("A call is made by a person: say who.", field="by", status=422)
    problems: dict[str, str] = {}
    if direction not in set(Direction):
        problems["direction"] = "Say who called: we did, or they did."
    if caller not in set(Caller):
        problems["caller"] = "Say who is on the telephone."
    if channel not in CHANNELS:
        problems["channel"] = "Choose telephone, video or visit."
    for name, text in texts.items():
        if len(text.strip()) > LONGEST[name]:
            problems[name] = Said("Write at most {n} characters.", n=LONGEST[name])
    if problems:
        raise FieldErrors(problems)


def _planned(session: Session, patient: Patient, planned_call_id: int | None, now: datetime) -> PlannedCall | None:
    """The planned call that is being made. Raises NotFound; Conflict when it is over, or a colleague is making it.

    Its row is held until the end: of two nurses who begin it at once, the second waits, then is told who has it.
    """
    if planned_call_id is None:
        return None
    call = session.get(PlannedCall, planned_call_id, populate_existing=True, with_for_update=True)
    if call is None or call.patient_id != patient.id:
        raise NotFound("This call")
    if call.state not in (*OPEN_CALLS, CallState.PAUSED):
        raise Conflict("This call is already {state}. Nothing was changed.", state=call.state)
    draft = session.scalar(select(Contact).where(Contact.planned_call_id == call.id, Contact.state == ContactState.DRAFT))
    if draft is not None:
        raise begun(session, draft, now)
    return call


def _enrolment(session: Session, patient: Patient, enrolment_id: int | None, incoming: bool) -> Enrolment | None:
    """The one given; else the one that runs, an open one first. An incoming call is counted with an open one only."""
    if enrolment_id is not None:
        row = session.get(Enrolment, enrolment_id)
        if row is None or row.patient_id != patient.id:
            raise NotFound("This follow-up")
        return row
    states = (EnrolmentState.OPEN,) if incoming else (EnrolmentState.OPEN, EnrolmentState.PROPOSED)
    running = select(Enrolment).where(Enrolment.patient_id == patient.id, Enrolment.state.in_(states)).order_by(Enrolment.id)
    return min(session.scalars(running), key=lambda one: one.state != EnrolmentState.OPEN, default=None)
