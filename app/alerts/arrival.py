"""Help was sent: somebody checks that it arrived. One task of the patient for each opening of the alert, high on the list until done."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import raising, tasks
from app.alerts.models import Alert, AlertEvent, Task
from app.alerts.reasons import Reason
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.models import Patient, Service
from app.people.perimeter import Viewer
from triage.terms import Level

KIND = "help_arrived"
CHECK_WITHIN = timedelta(minutes=30)
"""Of the clock, not of service hours: an ambulance that found nobody is known the same half hour (Vigie's own choice, 2026-11-23; no
published source)."""

RANG, UNCHECKED = "rang", "help_unchecked"
WROTE = "wrote"
"""In its detail: what came by text or on a page since help was sent, oldest first."""

UNDONE = "undone"
"""The note of a task whose close was a slip: said again, it is to be done again. One that somebody did stays done."""


def ask(session: Session, alert: Alert, *, by: Actor, now: datetime) -> Task | None:
    """The task, made once however often the same opening says that help was sent; None of a number that is no patient's."""
    if alert.patient_id is None:
        return None
    due = now + CHECK_WITHIN
    task = tasks.make(
        session,
        service_id=alert.service_id,
        patient_id=alert.patient_id,
        kind=KIND,
        key=_key(session, alert),
        detail={"alert_id": alert.id},
        due_at=due,
        now=now,
        by=by,
    )
    if task.closing_note == UNDONE:
        tasks.reopen(session, task, by=by, now=now, due_at=due, reason="help sent")
    return task


def of_alert(session: Session, alert: Alert) -> Task | None:
    """The task of this opening while it is to be done."""
    return session.scalar(select(Task).where(Task.key == _key(session, alert), Task.closed_at.is_(None)))


def take_back(session: Session, alert: Alert, *, by: Actor, now: datetime) -> None:
    """The close that said so was a slip, undone at once; a decision noted before it stands, and its check with it."""
    task = of_alert(session, alert)
    decided = select(AlertEvent.id).where(AlertEvent.alert_id == alert.id, AlertEvent.kind == "decided")
    if task is not None and session.scalar(decided.where(AlertEvent.id > _opening(session, alert)).limit(1)) is None:
        tasks.end(session, task, by=by, now=now, words=UNDONE)


def answered(session: Session, patient_id: int, *, by: Actor, now: datetime) -> None:
    """A person of the service noted a stay in hospital: help has arrived."""
    if by.kind != "staff":
        return
    waiting = select(Task).where(Task.patient_id == patient_id, Task.kind == KIND, Task.closed_at.is_(None))
    for task in session.scalars(waiting.order_by(Task.id)):
        tasks.end(session, task, by=by, now=now, words="in hospital")


def is_checked(session: Session, patient_id: int) -> bool:
    """Is help on its way to this patient, and nobody has said yet that it is there?"""
    waiting = (Task.patient_id == patient_id, Task.kind == KIND, Task.closed_at.is_(None))
    return session.scalar(select(Task.id).where(*waiting).limit(1)) is not None


def wrote(session: Session, patient_id: int, words: str, *, at: datetime) -> None:
    """Words that come while it is being checked stand with the check, and end nothing: that help is there is said to a person."""
    waiting = select(Task).where(Task.patient_id == patient_id, Task.kind == KIND, Task.closed_at.is_(None), Task.created_at <= at)
    for task in session.scalars(waiting.order_by(Task.id)):
        task.detail = {**task.detail, WROTE: [*task.detail.get(WROTE, ()), {"at": at.isoformat(), "words": words}]}


def unchecked_due(session: Session, now: datetime) -> list[int]:
    """Tasks whose half hour has passed and which have not rung yet."""
    waiting = select(Task).where(Task.kind == KIND, Task.closed_at.is_(None), Task.due_at <= now)
    return [task.id for task in session.scalars(waiting.order_by(Task.id)) if RANG not in task.detail]


def ring(session: Session, task_id: int, now: datetime) -> None:
    """Nobody checked: an urgent alert climbs its ladder until a person takes it. Once for each task."""
    task = session.get_one(Task, task_id, with_for_update=True)
    if task.closed_at is not None or RANG in task.detail or task.patient_id is None:
        return
    task.detail = {**task.detail, RANG: now.isoformat()}
    service, patient = session.get_one(Service, task.service_id), session.get_one(Patient, task.patient_id)
    raising.consider(session, service=service, patient=patient, reason=Reason(UNCHECKED, Level.URGENT, {"task_id": task.id}), now=now)


def answer(session: Session, task_id: int, *, seen: str, words: str, by: Viewer, now: datetime) -> Task:
    """It is there: done. It is not, or nobody could be asked: an urgent alert at once, in these words, and the check again in half an hour.

    seen: "yes" or "no". Raises Refusal without one, or "no" without words; Conflict when somebody answered first.
    """
    if seen not in ("yes", "no"):
        raise Refusal("Say whether help is there.", field="seen", status=422)
    if seen == "no" and not words.strip():
        raise Refusal("Write what was done.", field="note", status=422)
    if seen == "yes":
        return tasks.close(session, task_id, by=by, now=now, words=words.strip() or "there")
    by.require("act_on_alerts")
    task = tasks.get(session, task_id, viewer=by)
    if task.closed_at is not None or task.patient_id is None:
        return tasks.close(session, task_id, by=by, now=now, words=words)  # told who was first
    task.detail, task.due_at = {key: kept for key, kept in task.detail.items() if key != RANG}, now + CHECK_WITHIN
    reason = Reason(UNCHECKED, Level.URGENT, {"task_id": task.id, "said": words.strip()})
    patient = session.get_one(Patient, task.patient_id)
    raising.consider(session, service=patient.service, patient=patient, reason=reason, now=now, by=by.actor)
    return task


def _key(session: Session, alert: Alert) -> str:
    return f"{KIND}:{alert.id}:{_opening(session, alert)}"


def _opening(session: Session, alert: Alert) -> int:
    reopened = select(func.max(AlertEvent.id)).where(AlertEvent.alert_id == alert.id, AlertEvent.kind == "reopened")
    return session.scalar(reopened) or 0
