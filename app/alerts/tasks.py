"""The other things a person must do: one task per reason, for ever; closed by a person with a note."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.alerts.models import Task
from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.core.errors import Conflict, NotFound, Refusal
from app.people import care_team, reading
from app.people.models import Patient, Service, Staff
from app.people.perimeter import Viewer
from triage.terms import Level

DUE_WITHIN = timedelta(hours=4)
"""Service hours a task may wait when its maker says nothing: the same working day (house rule, 2026-11-22)."""

CALL_WITHIN = timedelta(hours=2)
"""Service hours within which an overdue call is made (house rule, 2026-11-22)."""

LEVELS: dict[str, Level] = {
    "watching_over": Level.HIGH,
    "help_arrived": Level.HIGH,
    "was_admitted": Level.HIGH,
    "result_to_read": Level.HIGH,
}
"""What stands among alerts of this level on the list; every other task stands below them."""

NOT_BY_HAND = frozenset({"watching_over"})
"""Ended by the act itself, never by a note: nobody may close the only sign that a patient is not watched any more (FR-10)."""


def make(
    session: Session,
    *,
    service_id: int,
    kind: str,
    key: str,
    now: datetime,
    patient_id: int | None = None,
    detail: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    message_id: int | None = None,
    owner_id: int | None = None,
    by: Actor = SYSTEM,
) -> Task:
    """The task of this reason, made now or long ago: the same ``key`` never makes two."""
    found = session.scalar(select(Task).where(Task.key == key))
    if found is not None:
        return found
    detail = _with_interpreter(session, patient_id, detail or {})
    due = due_at or care_team.add_service_time(session.get_one(Service, service_id), now, DUE_WITHIN)
    task = Task(
        service_id=service_id,
        patient_id=patient_id,
        kind=kind,
        key=key,
        detail=detail,
        message_id=message_id,
        created_at=now,
        due_at=due,
        owner_id=owner_id,
    )
    try:
        with session.begin_nested():
            session.add(task)
            session.flush()
    except IntegrityError:
        return session.scalars(select(Task).where(Task.key == key)).one()
    _record(session, task, "task.made", by=by, now=now, after=kind)
    return task


def _with_interpreter(session: Session, patient_id: int | None, detail: dict[str, Any]) -> dict[str, Any]:
    """Whoever telephones must know before dialling that an interpreter is needed, and for which language (HZ-36)."""
    patient = session.get(Patient, patient_id) if patient_id is not None else None
    need = reading.interpreter_for(patient) if patient is not None else ""
    return {**detail, "interpreter": need} if need else detail


def get(session: Session, task_id: int, *, viewer: Viewer) -> Task:
    """The task, if it is in the viewer's service. Raises NotFound."""
    mine = viewer.service_id if viewer.may("see_alerts") else None
    task = session.scalar(select(Task).where(Task.id == task_id, Task.service_id == mine).execution_options(populate_existing=True))
    if task is None:
        raise NotFound("This task")
    return task


def open_tasks(session: Session, *, viewer: Viewer) -> list[Task]:
    """Every task of the viewer's service still to do, soonest first."""
    mine = viewer.service_id if viewer.may("see_alerts") else None
    return list(session.scalars(select(Task).where(Task.service_id == mine, Task.closed_at.is_(None)).order_by(Task.due_at, Task.id)))


def close(session: Session, task_id: int, *, by: Viewer, now: datetime, words: str) -> Task:
    """Done, with a note of what was done. Raises Refusal without a note, Conflict when somebody closed it first."""
    by.require("act_on_alerts")
    task = get(session, task_id, viewer=by)
    if task.kind in NOT_BY_HAND and task.closed_at is None:
        raise Refusal(
            "Renew the prescription of the watching, or end the follow-up: this task then ends by itself.", field="note", status=422
        )
    if by.actor.kind != "staff":
        raise Refusal("A task is closed by a person: say who acts.", field="by", status=422)
    if not words.strip():
        raise Refusal("Write what was done.", field="note", status=422)
    if not end(session, task, by=by.actor, now=now, words=words.strip()):
        closer = session.get(Staff, task.closed_by_id) if task.closed_by_id else None
        raise Conflict("{name} closed this task {ago}.", name=closer.name if closer else "?", ago=now - (task.closed_at or now))
    return task


def hold(session: Session, patient_id: int | None) -> None:
    """Let nobody close the patient's open tasks until this transaction ends. Call it before the first trace is left.

    A close of one task locks its row, then the end of the trail: whoever holds the end of the trail and then wants the row waits for ever.
    """
    theirs = select(Task.id).where(Task.patient_id == patient_id, Task.closed_at.is_(None))
    session.execute(theirs.order_by(Task.id).with_for_update())


def end(session: Session, task: Task, *, by: Actor, now: datetime, words: str, **detail: object) -> bool:
    """Close it, with what is known of the close beside it in its detail. False when somebody closed it first: nothing was changed."""
    closed = update(Task).values(
        closed_at=now,
        closed_by_id=by.id if by.kind == "staff" else None,
        closing_note=words,
        **({"detail": {**task.detail, **detail}} if detail else {}),
    )
    done = session.execute(closed.where(Task.id == task.id, Task.closed_at.is_(None)))
    session.refresh(task)
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return False
    _record(session, task, "task.closed", by=by, now=now, after=detail or None, reason=words)
    return True


def reopen(session: Session, task: Task, *, by: Actor, now: datetime, due_at: datetime, reason: str) -> None:
    """To be done after all, before ``due_at``; who had closed it, and with which words, stays in the trail."""
    before = {"closed_by": task.closed_by_id, "note": task.closing_note}
    task.closed_at, task.closed_by_id, task.closing_note, task.due_at = None, None, "", due_at
    _record(session, task, "task.reopened", by=by, now=now, before=before, after={"due_at": due_at.isoformat()}, reason=reason)


def put_off(session: Session, task: Task, *, by: Actor, now: datetime, due_at: datetime, words: str) -> None:
    """Asked, and not done yet: to be done before ``due_at``."""
    task.due_at = due_at
    _record(session, task, "task.put_off", by=by, now=now, after={"due_at": due_at.isoformat()}, reason=words)


def _record(
    session: Session, task: Task, action: str, *, by: Actor, now: datetime, before: object = None, after: object = None, reason: str = ""
) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"task:{task.id}",
        service_id=task.service_id,
        patient_id=task.patient_id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )
