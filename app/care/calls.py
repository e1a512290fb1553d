"""What happens to one planned call: made, late, missed, moved by hand to another day and hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.care import programmes
from app.care.contact_models import Contact, ContactState
from app.care.models import CALL_MOVES, OPEN_CALLS, CallState, Enrolment, PlannedCall
from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.core.errors import Conflict, NotFound, Refusal
from app.people import members
from app.people.models import Patient, Staff
from app.people.perimeter import Viewer, viewer_of
from triage import calendar

SHORTEST_LATE = timedelta(minutes=5)
"""No programme may call a call late sooner: rows younger than this are not looked at."""


def get(session: Session, call_id: int, *, viewer: Viewer) -> PlannedCall:
    """The call, if it is in the viewer's service. Raises NotFound."""
    mine = viewer.service_id if viewer.may("open_chart") else None
    row = session.scalar(select(PlannedCall).where(PlannedCall.id == call_id, PlannedCall.service_id == mine))
    if row is None:
        raise NotFound("This call")
    return row


def open_of(session: Session, patient_id: int) -> list[PlannedCall]:
    """What is still to be made for a patient, soonest first."""
    mine = (PlannedCall.patient_id == patient_id, PlannedCall.state.in_(OPEN_CALLS))
    return list(session.scalars(select(PlannedCall).where(*mine).order_by(PlannedCall.due_at, PlannedCall.id)))


def running(session: Session, *, viewer: Viewer) -> dict[int, tuple[Contact, str]]:
    """Planned calls somebody is making now: number of the call → the sheet begun, and who has it."""
    begun = (Contact.service_id == viewer.service_id, Contact.state == ContactState.DRAFT, Contact.planned_call_id.is_not(None))
    rows = session.execute(select(Contact, Staff.name).join(Staff, Staff.id == Contact.by_id).where(*begun))
    return {contact.planned_call_id: (contact, name) for contact, name in rows if contact.planned_call_id is not None}


def done(session: Session, call_id: int, *, contact_id: int | None, by: Actor, now: datetime) -> PlannedCall:
    """The call was made, and the person reached. Raises Conflict when somebody already made it, or it was cancelled."""
    row = session.scalar(select(PlannedCall).where(PlannedCall.id == call_id).with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound("This call")
    if CallState.DONE not in CALL_MOVES[CallState(row.state)]:
        raise Conflict("This call is already {state}. What you wrote was kept as a call that was not planned.", state=row.state)
    before, row.state = row.state, CallState.DONE
    row.done_at, row.contact_id, row.stamp = now, contact_id, row.stamp + 1
    _note(session, row, "call.done", by=by, now=now, before=before, after=contact_id)
    return row


def move(session: Session, call_id: int, *, due_at: datetime, why: str, by: Viewer, now: datetime) -> PlannedCall:
    """Another day and hour, chosen by a person, who says why; the plan leaves it there. Raises Refusal, Conflict."""
    by.require("make_calls")
    get(session, call_id, viewer=by)
    row = session.scalar(select(PlannedCall).where(PlannedCall.id == call_id).with_for_update().execution_options(populate_existing=True))
    assert row is not None
    if due_at <= now:
        raise Refusal("This hour is past. Choose a later one.", field="due_at", status=422)
    if not why.strip():
        raise Refusal("Write why the call is moved.", field="why", status=422)
    if row.state not in (*OPEN_CALLS, CallState.PAUSED):
        raise Conflict("This call is already {state}. Nothing was changed.", state=row.state)
    before = row.due_at.isoformat()
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    row.state = CallState.PAUSED if row.state == CallState.PAUSED else CallState.PLANNED
    row.due_at, row.moved_why, row.moved_by, row.moved_words = due_at, "hand", str(by.actor), why.strip()
    row.owner_id = row.owner_id or enrolment.nurse_id
    row.late_at = row.missed_at = None
    row.stamp += 1
    _note(session, row, "call.moved", by=by.actor, now=now, before=before, after=due_at.isoformat(), reason=why.strip())
    return row


def give(session: Session, call_id: int, *, to_staff_id: int, by: Viewer, now: datetime) -> PlannedCall:
    """Another nurse makes this one. Raises Refusal for somebody who makes no calls here."""
    by.require("make_calls")
    row = get(session, call_id, viewer=by)
    colleague = session.get(Staff, to_staff_id)
    if (
        colleague is None
        or not colleague.active
        or not members.works_in(session, colleague, row.service_id)
        or not viewer_of(colleague).may("make_calls")
    ):
        raise Refusal("Choose a colleague of this service who makes calls.", field="to", status=422)
    before, row.owner_id, row.stamp = row.owner_id, colleague.id, row.stamp + 1
    _note(session, row, "call.given", by=by.actor, now=now, before=before, after=colleague.id)
    return row


# --- The worker's steps ----------------------------------------------------------------------------------------------------------------


def late_due(session: Session, now: datetime) -> list[int]:
    """Planned calls past their hour by more than their programme allows, without anybody on the telephone with the patient."""
    speaking = select(Contact.id).where(Contact.planned_call_id == PlannedCall.id, Contact.state == ContactState.DRAFT).exists()
    due = (PlannedCall.state == CallState.PLANNED, PlannedCall.due_at <= now - SHORTEST_LATE, ~speaking)
    rows = session.execute(select(PlannedCall, Enrolment).join(Enrolment, Enrolment.id == PlannedCall.enrolment_id).where(*due))
    found = [row.id for row, enrolment in rows if row.due_at + _allowed(enrolment) <= now]
    return sorted(found)


def _allowed(enrolment: Enrolment) -> timedelta:
    programme = programmes.found(enrolment)
    return timedelta(minutes=programme.late_after_minutes) if programme else SHORTEST_LATE


def mark_late(session: Session, call_id: int, now: datetime) -> None:
    """One hour past its slot, or what the programme says: late, and seen by the whole team (COA-2)."""
    if _claimed(session, call_id, CallState.PLANNED, state=CallState.LATE, late_at=now):
        row = session.get_one(PlannedCall, call_id, populate_existing=True)
        _note(session, row, "call.late", by=SYSTEM, now=now)


def missed_due(session: Session, now: datetime) -> list[int]:
    """Calls of a day that is over, on the patient's own wall."""
    past = (PlannedCall.state.in_((CallState.PLANNED, CallState.LATE)), PlannedCall.due_at <= now)
    rows = session.execute(select(PlannedCall, Patient.timezone).join(Patient, Patient.id == PlannedCall.patient_id).where(*past))
    return sorted(row.id for row, zone in rows if calendar.local_day(row.due_at, zone) < calendar.local_day(now, zone))


def mark_missed(session: Session, call_id: int, now: datetime) -> None:
    """The next day: missed, nobody's own any more, the whole team's (COA-2). It stays to be made."""
    row = session.get_one(PlannedCall, call_id)
    before = row.owner_id
    values = {"state": CallState.MISSED, "missed_at": now, "owner_id": None, "late_at": row.late_at or now}
    if row.state in (CallState.PLANNED, CallState.LATE) and _claimed(session, call_id, row.state, **values):
        session.refresh(row)
        _note(session, row, "call.missed", by=SYSTEM, now=now, before=before)


def _claimed(session: Session, call_id: int, expected: str, **values: object) -> bool:
    values["stamp"] = PlannedCall.stamp + 1
    changed = session.execute(update(PlannedCall).where(PlannedCall.id == call_id, PlannedCall.state == expected).values(**values))
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE always has one


def _note(
    session: Session,
    row: PlannedCall,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    session.flush()
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"planned_call:{row.id}",
        service_id=row.service_id,
        patient_id=row.patient_id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )
