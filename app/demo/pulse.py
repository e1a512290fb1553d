"""What is new in the house since the last look: texts that arrived, alerts nobody holds, tasks to do."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState, Task
from app.checkins.models import CheckIn
from app.demo.rounds import UNANSWERED, Seen
from app.messaging.models import Message, Out


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

    def look(self, session: Session, seen: Seen) -> tuple[list[Message], list[Alert], list[Task]]:
        """Texts that reached a patient's telephone, alerts that nobody holds if anything happened to any alert, tasks still to do."""
        texts = self._texts(session, seen.text) if seen.text != self._message or self._unsent else []
        alerts = self._free_alerts(session) if seen.event != self._event else []
        tasks = self._fresh_tasks(session) if seen.task != self._task else []
        self._message, self._event, self._task = seen.text, seen.event, seen.task
        return texts, alerts, tasks

    def _texts(self, session: Session, top: int) -> list[Message]:
        wanted = Message.id > self._message
        if self._unsent:
            wanted = wanted | Message.id.in_(self._unsent)
        ours = (Message.service_id == self._service_id, Message.direction == "out", Message.patient_id.is_not(None), Message.id <= top)
        found = list(session.scalars(select(Message).where(wanted, *ours).order_by(Message.id)))
        self._unsent = {text.id for text in found if text.state in (Out.QUEUED, Out.SENDING)}
        return [text for text in found if text.state in (Out.SENT, Out.DELIVERED)]

    def _free_alerts(self, session: Session) -> list[Alert]:
        free = select(Alert).where(Alert.service_id == self._service_id, Alert.state == AlertState.NEW)
        return list(session.scalars(free.order_by(Alert.id)))

    def _fresh_tasks(self, session: Session) -> list[Task]:
        fresh = select(Task).where(Task.service_id == self._service_id, Task.id > self._task, Task.closed_at.is_(None))
        return list(session.scalars(fresh.order_by(Task.id)))
