"""A patient asked for a call, and an alert about them is due no later: one telephone call answers both, and one close ends both.

Only when somebody was reached. The calls noted on the alert say whether; where none is noted, the outcome does, unless help was sent
without a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import spoken, tasks
from app.alerts.models import Alert, AlertEvent, AlertState, Outcome, Task
from app.core.audit import Actor


@dataclass(frozen=True)
class Calls:
    """The calls asked for that one close of an alert ended, and those it left to be made."""

    ended: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


ASKED = "call_back"
MORE_TO_DO = frozenset({"checkin_id", "advice"})
"""In the detail of a call: it has questions to ask, or an advice to give. Having spoken is not having done that."""

SPOKE = frozenset({Outcome.ADVICE, Outcome.NURSE_PROTOCOL, Outcome.SEEN_SAME_DAY, Outcome.SENT_TO_EMERGENCY, Outcome.REFERRED})
"""Outcomes that need a word with the patient. The others may be decided over a file (house rule, 2026-11-22)."""


def is_covered(task: Task, alert: Alert) -> bool:
    """Is this open task the call the patient asked for, due no sooner than this open alert?"""
    asked = task.kind == ASKED and task.patient_id is not None and task.patient_id == alert.patient_id
    both_open = task.closed_at is None and alert.state != AlertState.CLOSED
    return asked and both_open and not MORE_TO_DO & set(task.detail) and alert.respond_by <= task.due_at


def covered(session: Session, alert: Alert) -> list[Task]:
    """The calls asked for that this alert is one with."""
    waiting = select(Task).where(Task.patient_id == alert.patient_id, Task.kind == ASKED, Task.closed_at.is_(None))
    return [task for task in session.scalars(waiting.order_by(Task.id)) if is_covered(task, alert)]


def end(session: Session, alert: Alert, *, by: Actor, now: datetime, outcome: Outcome, words: str) -> Calls:
    """Close the calls this alert is one with, when this outcome ends them; call it while the alert is still open.

    One that a colleague closes at the same moment is neither ended nor left.
    """
    ended, left, calls = [], [], _calls(session, alert)
    unheard = not calls and any(event.kind == "decided" for event in spoken.since_opened(session, alert))
    for task in covered(session, alert):
        if unheard or not _spoke_since(task, calls, outcome):
            left.append(task.id)
        elif tasks.end(session, task, by=by, now=now, words=words or str(outcome), alert_id=alert.id, outcome=str(outcome)):
            ended.append(task.id)
    return Calls(tuple(ended), tuple(left))


def of_close(session: Session, alert: Alert) -> Calls:
    """What the alert's last close did to the calls asked for."""
    closed = [event.detail for event in _events(session, alert) if event.kind == "closed"]
    return Calls(tuple(closed[-1].get("calls", ())), tuple(closed[-1].get("calls_left", ()))) if closed else Calls()


def begin_again(session: Session, alert: Alert, *, by: Actor, now: datetime, reason: str) -> list[int]:
    """The calls that the alert's last close ended are to be made again, at the hour they had."""
    ended = select(Task).where(Task.id.in_(of_close(session, alert).ended), Task.closed_at.is_not(None))
    again = list(session.scalars(ended.order_by(Task.id)))
    for task in again:
        tasks.reopen(session, task, by=by, now=now, due_at=task.due_at, reason=reason)
    return [task.id for task in again]


def _events(session: Session, alert: Alert) -> list[AlertEvent]:
    return list(session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id)))


def _calls(session: Session, alert: Alert) -> list[AlertEvent]:
    """Calls to the patient or to somebody with them since the alert was last opened."""
    events = _events(session, alert)
    last = max((event.id for event in events if event.kind == "reopened"), default=0)
    return [one for one in events if one.id > last and one.kind == "called" and one.detail.get("whom") in spoken.WITH_THEM]


def _spoke_since(task: Task, calls: list[AlertEvent], outcome: Outcome) -> bool:
    if outcome is Outcome.NOT_REACHED:
        return False
    if calls:
        return any(one.detail.get("reached") and one.at >= task.created_at for one in calls)
    return outcome in SPOKE
