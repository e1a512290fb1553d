"""Home again after a stay: somebody calls on the next staffed day, unless a call is planned sooner. Leaving is when people are lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.care import pausing
from app.care.contact_models import Contact
from app.care.models import OPEN_CALLS, CallState, Enrolment, EnrolmentState, PlannedCall
from app.core.audit import Actor
from app.people import absences, care_team
from app.people.models import Absence, FollowUp, Patient, Service

KIND = "home_again"
WITHIN = timedelta(hours=48)
"""Of leaving: the delay the oral-therapy follow-up keeps after an admission (care programmes, ATO-2)."""

UNDONE = "undone"
"""The note of a task whose stay was opened again: over once more, it is to be done."""
OTHER_CALLS = ("call_back", "overdue_call")
SPOKE = ("patient", "relative", "home_nurse")


def ask(session: Session, patient: Patient, stay: Absence, *, by: Actor, now: datetime) -> Task | None:
    """The one task of this stay, of the nurse of their programme. None where another stay stands, or a call is to be made by then."""
    staying = any(one.kind in absences.STAYS for one in absences.standing(session, patient.id))
    if stay.kind not in absences.STAYS or stay.ended_at is None or staying or patient.follow_up == FollowUp.ENDED:
        return None
    left = pausing.discharged_at(session, patient, now)
    followed = _followed(session, patient)
    for one in followed:
        if session.scalar(select(PlannedCall.id).where(PlannedCall.enrolment_id == one.id, PlannedCall.state == CallState.PAUSED).limit(1)):
            pausing.step(session, one.id, now)  # the call it plans is the one this task would ask for
    due = due_at(session.get_one(Service, patient.service_id), left, now)
    if now - left > WITHIN or _is_called(session, patient, due):
        return None
    task = tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind=KIND,
        key=_key(stay),
        detail={"absence_id": stay.id},
        due_at=due,
        owner_id=next((one.nurse_id for one in followed if one.nurse_id), None),
        by=by,
        now=now,
    )
    if task.closing_note == UNDONE:
        tasks.reopen(session, task, by=by, now=now, due_at=due, reason="home again")
    return task


def take_back(session: Session, stay: Absence, *, by: Actor, now: datetime) -> None:
    """The stay goes on: nobody is called at home."""
    task = session.scalar(select(Task).where(Task.key == _key(stay), Task.closed_at.is_(None)))
    if task is not None:
        tasks.end(session, task, by=by, now=now, words=UNDONE)


def called(session: Session, contact: Contact, *, by: Actor, now: datetime) -> None:
    """A closed call in which somebody was spoken to is that call: nobody is asked for it twice."""
    if not contact.reached or contact.caller not in SPOKE:
        return
    waiting = select(Task).where(Task.patient_id == contact.patient_id, Task.kind == KIND, Task.closed_at.is_(None))
    for task in session.scalars(waiting.order_by(Task.id)):
        tasks.end(session, task, by=by, now=now, words="called", contact_id=contact.id)


def due_at(service: Service, left: datetime, now: datetime) -> datetime:
    """The end of the next staffed day; where 48 hours end before it, the end of the service's hours within them; over a long week-end, its
    first hours after them."""
    limit, soonest = left + WITHIN, max(left, now) + pausing.NOT_BEFORE
    today = left.astimezone(ZoneInfo(service.timezone)).date()
    days = [today + timedelta(days=offset) for offset in range(4)]
    ends = {
        day: [min(closes, limit) for begins, closes in care_team.spans_of(service, day) if max(begins, soonest) < min(closes, limit)]
        for day in days
    }
    within = [max(ends[day]) for day in (*days[1:], today) if ends[day]]
    return within[0] if within else care_team.add_service_time(service, max(limit, now), tasks.CALL_WITHIN)


def _key(stay: Absence) -> str:
    return f"{KIND}:{stay.id}"


def _followed(session: Session, patient: Patient) -> list[Enrolment]:
    mine = (Enrolment.patient_id == patient.id, Enrolment.state == EnrolmentState.OPEN)
    return list(session.scalars(select(Enrolment).where(*mine).order_by(Enrolment.id)))


def _is_called(session: Session, patient: Patient, by_then: datetime) -> bool:
    planned = (PlannedCall.patient_id == patient.id, PlannedCall.state.in_(OPEN_CALLS), PlannedCall.due_at <= by_then)
    asked = (Task.patient_id == patient.id, Task.kind.in_(OTHER_CALLS), Task.closed_at.is_(None), Task.due_at <= by_then)
    found = select(PlannedCall.id).where(*planned), select(Task.id).where(*asked)
    return any(session.scalar(one.limit(1)) is not None for one in found)
