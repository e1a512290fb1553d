"""The worker's steps, taken one by one as they fall due, so that weeks pass in seconds: the same crafts, without looking for what
cannot be due. The whole metronome still runs once a day, and finds what these steps do not know of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import asked, escalation
from app.alerts.models import Alert, AlertEvent, AlertState, DoctorRequest, Task
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import opening, silences
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import outbox
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from app.messaging.postman import OutboxStore
from notifications import delivery
from notifications.messages import Channel
from notifications.transports.simulator import Simulator

UNANSWERED = (CheckInState.OPEN, CheckInState.PARTIAL)
SEND = "send"

Due = Callable[[Session, datetime], list[int]]
Step = Callable[[Session, int, datetime], Any]

STEPS: Mapping[str, tuple[Due, Step]] = {
    "open": (opening.due, opening.open_one),
    "remind": (silences.remind_due, silences.remind),
    "silent": (silences.silent_due, silences.close_window),
    "escalate": (escalation.due, escalation.step),
    "requests": (asked.due, asked.step),
}

_LOOK = {
    "open": select(func.min(CheckIn.due_at)).where(CheckIn.state == CheckInState.PLANNED),
    "remind": select(func.min(CheckIn.remind_at)).where(CheckIn.state.in_(UNANSWERED), CheckIn.reminded_at.is_(None)),
    "silent": select(func.min(CheckIn.silent_at)).where(CheckIn.state.in_(UNANSWERED), CheckIn.closed_at.is_(None)),
    "escalate": select(func.min(Alert.next_step_at)).where(Alert.state != AlertState.CLOSED),
    "requests": select(func.min(DoctorRequest.next_step_at)),
    SEND: select(func.min(Message.due_at)).where(Message.direction == "out", Message.state.in_((Out.QUEUED, Out.SENDING))),
    "text": select(func.max(Message.id)),
    "event": select(func.max(AlertEvent.id)),
    "task": select(func.max(Task.id)),
}
LOOK = select(*(query.scalar_subquery().label(name) for name, query in _LOOK.items()))


@dataclass(frozen=True)
class Seen:
    """One look at the whole house: when each step is due next, the last row of what the others watch."""

    due: Mapping[str, datetime] = field(default_factory=dict)
    text: int = 0
    event: int = 0
    task: int = 0


def look(session: Session) -> Seen:
    """The look, in one statement."""
    found = session.execute(LOOK).one()._mapping
    due = {name: found[name] for name in (*STEPS, SEND) if found[name] is not None}
    return Seen(due, found["text"] or 0, found["event"] or 0, found["task"] or 0)


class Rounds:
    """Takes what is due at the clock's hour; ``next`` says when that will be."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self._database, self._clock = database, clock
        self._store, self._transports = OutboxStore(database, "demonstration"), dict.fromkeys(Channel, Simulator())
        self._tried: dict[str, Seen] = {}

    def next(self, seen: Seen) -> datetime | None:
        """The next instant at which a step is due. What was tried and changed nothing at all waits for the daily round."""
        return min((at for name, at in seen.due.items() if self._tried.get(name) != seen), default=None)

    def take(self, seen: Seen) -> None:
        """Every step that is due now by this look, then what all this queued leaves."""
        now = self._clock.at
        due = {name for name, at in seen.due.items() if at <= now}
        for name in STEPS:
            if name in due:
                self._step(*STEPS[name], now)
        if SEND in due or outbox.bell.is_set():
            outbox.bell.clear()
            delivery.drain(self._store, self._transports, self._clock.now)
        self._tried = dict.fromkeys(due, seen)

    def told(self, purposes: set[str]) -> None:
        """After safety texts left: their alerts say whether they arrived."""
        if Purpose.SAFETY in purposes:
            with self._database.transaction() as session:
                escalation.follow_deliveries(session, self._clock.at)

    def _step(self, due: Due, step: Step, now: datetime) -> None:
        with self._database.reading() as session:
            ids = due(session, now)
        for number in ids:
            with self._database.transaction() as session:
                step(session, number, now)
