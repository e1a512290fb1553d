"""What is new in the house, and when something is due next: a few cheap looks, so that the clock jumps instead of ticking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.checkins.models import CheckIn, CheckInState
from app.messaging.models import Message, Out

UNANSWERED = (CheckInState.OPEN, CheckInState.PARTIAL)


class Pulse:
    """Remembers what was seen; each look returns only what came since."""

    def __init__(self, service_id: int) -> None:
        self._service_id = service_id
        self._message = self._event = self._task = 0
        self._unsent: set[int] = set()

    def start_after(self, session: Session) -> None:
        """Texts sent until now were heard, except the last one of each conversation still open. Alerts and tasks are seen again."""
        last = select(func.max(Message.id)).join(CheckIn, CheckIn.id == Message.checkin_id)
        still = last.where(CheckIn.state.in_(UNANSWERED), Message.direction == "out").group_by(CheckIn.id)
        self._unsent = set(session.scalars(still))
        self._message = session.scalar(select(func.max(Message.id))) or 0

    def texts(self, session: Session) -> list[Message]:
        """Texts that reached a patient's telephone since the last look."""
        top = session.scalar(select(func.max(Message.id))) or 0
        wanted = Message.id > self._message
        if top == self._message and not self._unsent:
            return []
        if self._unsent:
            wanted = wanted | Message.id.in_(self._unsent)
        ours = (Message.service_id == self._service_id, Message.direction == "out", Message.patient_id.is_not(None))
        found = list(session.scalars(select(Message).where(wanted, *ours).order_by(Message.id)))
        self._message = top
        self._unsent = {m.id for m in found if m.state in (Out.QUEUED, Out.SENDING)}
        return [m for m in found if m.state in (Out.SENT, Out.DELIVERED)]

    def alerts(self, session: Session) -> Sequence[Alert]:
        """Alerts that nobody holds, when anything happened to any alert since the last look."""
        top = session.scalar(select(func.max(AlertEvent.id))) or 0
        if top == self._event:
            return ()
        self._event = top
        free = select(Alert).where(Alert.service_id == self._service_id, Alert.state == AlertState.NEW)
        return list(session.scalars(free.order_by(Alert.id)))

    def tasks(self, session: Session) -> Sequence[Task]:
        """Tasks made since the last look and still to do."""
        fresh = select(Task).where(Task.service_id == self._service_id, Task.id > self._task, Task.closed_at.is_(None))
        found = list(session.scalars(fresh.order_by(Task.id)))
        self._task = found[-1].id if found else self._task
        return found

    def next_due(self, session: Session, after: datetime | None) -> datetime | None:
        """The next instant at which the worker has something to do; ``after`` None: also what is due already."""
        instants = (
            (CheckIn.due_at, CheckIn.state == CheckInState.PLANNED),
            (CheckIn.remind_at, CheckIn.state.in_(UNANSWERED) & CheckIn.reminded_at.is_(None)),
            (CheckIn.silent_at, CheckIn.state.in_(UNANSWERED)),
            (Alert.next_step_at, Alert.state != AlertState.CLOSED),
            (Message.due_at, (Message.direction == "out") & Message.state.in_((Out.QUEUED, Out.SENDING))),
        )
        looks = [select(func.min(at).label("at")).where(state, *([at > after] if after else ())) for at, state in instants]
        found = [at for at in session.scalars(union_all(*looks)) if at is not None]
        return min(found, default=None)
