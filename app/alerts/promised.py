"""A call that a text promised beside an alert: its hour, and the task that keeps it when the alert closes without a word with the patient.

Whoever was told "a nurse calls you before 16:06" waits beside the telephone, whatever became of the alert.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import arrival, one_call, reasons, spoken, tasks
from app.alerts.models import Alert, Outcome, Task
from app.core.audit import Actor
from app.messaging.models import Message, Out
from app.people.models import Service
from triage.terms import Level

TEXTS = ("confirm_g2", "call_promised", "urgent")
"""Texts of an alert that promise a call before its hour."""
LEFT = (Out.QUEUED, Out.SENDING, Out.SENT, Out.DELIVERED)
WHY, SINCE = "promised", "since"
"""In the detail of the task: why it is one, and when the promise was made."""


@dataclass(frozen=True)
class Promise:
    """A call promised ``since``, before ``by``, by this text."""

    message_id: int
    since: datetime
    by: datetime


def hour(session: Session, alert: Alert, text: Message) -> datetime:
    """The hour that was promised; to somebody who wrote after the alert's own had passed, the same length from then."""
    if alert.respond_by > text.created_at:
        return alert.respond_by
    level = Level.of(alert.level)
    return reasons.deadline(session.get_one(Service, alert.service_id), level, text.created_at, reasons.DEADLINES[level])


def standing(session: Session, alert: Alert) -> Promise | None:
    """The last promise made beside this alert; None once the patient or somebody with them was spoken to, or where nobody telephones."""
    return of_each(session, [alert]).get(alert.id)


def of_each(session: Session, alerts: Iterable[Alert]) -> dict[int, Promise]:
    """The same of many alerts, by their number."""
    by_id = {alert.id: alert for alert in alerts}
    said = (Message.alert_id.in_(by_id), Message.direction == "out", Message.key.in_(TEXTS), Message.state.in_(LEFT))
    last = {text.alert_id: text for text in session.scalars(select(Message).where(*said).order_by(Message.id))}
    found = {}
    for alert_id, text in last.items():
        alert = by_id[alert_id or 0]
        if not spoken.is_elsewhere(session, alert) and not spoken.anybody(session, alert, after=text.created_at):
            found[alert.id] = Promise(text.id, text.created_at, hour(session, alert, text))
    return found


def keep(session: Session, alert: Alert, *, by: Actor, now: datetime, outcome: Outcome) -> Task | None:
    """The promised call as a task of whoever closes, due at its hour; call it once the calls that this close ends are ended.

    None when the patient was spoken to, when help was sent and is checked, or when another call is to be made no later.
    """
    promise = standing(session, alert)
    if promise is None or alert.patient_id is None or outcome is Outcome.SENT_TO_EMERGENCY or _was_said(session, alert, promise, outcome):
        return None
    sooner = (Task.patient_id == alert.patient_id, Task.kind == one_call.ASKED, Task.closed_at.is_(None), Task.due_at <= promise.by)
    if session.scalar(select(Task.id).where(*sooner).limit(1)) is not None:
        return None
    task = tasks.make(
        session,
        service_id=alert.service_id,
        patient_id=alert.patient_id,
        kind=one_call.ASKED,
        key=_key(promise.message_id),
        detail={"why": WHY, "alert_id": alert.id, SINCE: promise.since.isoformat()},
        due_at=promise.by,
        owner_id=by.id if by.kind == "staff" else None,
        now=now,
        by=by,
    )
    if task.closing_note == arrival.UNDONE:
        tasks.reopen(session, task, by=by, now=now, due_at=promise.by, reason="closed without a call")
    return task if task.closed_at is None else None


def of_close(session: Session, alert: Alert) -> Task | None:
    """The promised call that the close of this alert left to be made."""
    return next(iter(_tasks(session, alert)), None)


def _was_said(session: Session, alert: Alert, promise: Promise, outcome: Outcome) -> bool:
    """Does this outcome say that there was a word, where no call was noted since?"""
    tried = any(one.at >= promise.since and one.detail.get("whom") in spoken.WITH_THEM for one in spoken.calls(session, alert))
    return not tried and outcome in one_call.SPOKE


def take_back(session: Session, alert: Alert, *, by: Actor, now: datetime) -> None:
    """The close was a slip, undone at once: the alert itself is the call again."""
    for task in _tasks(session, alert):
        tasks.end(session, task, by=by, now=now, words=arrival.UNDONE)


def _tasks(session: Session, alert: Alert) -> list[Task]:
    texts = select(Message.id).where(Message.alert_id == alert.id, Message.direction == "out", Message.key.in_(TEXTS))
    keys = [_key(number) for number in session.scalars(texts)]
    return list(session.scalars(select(Task).where(Task.key.in_(keys), Task.closed_at.is_(None)).order_by(Task.id)))


def _key(message_id: int) -> str:
    return f"{WHY}:{message_id}"
