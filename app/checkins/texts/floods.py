"""Many texts at once: dangers are heard before the rest is read, and one number cannot make the service write without end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins import turn_taking
from app.checkins.texts import dangers, hearing, keywords, senders
from app.checkins.texts.senders import Sender
from app.core.db import Database
from app.messaging import inbox, pages
from app.messaging.models import In, Message
from app.people.models import Service
from app.protocols import words
from triage import replies
from triage.terms import Asked

log = structlog.get_logger(__name__)

MOST, WITHIN = 30, timedelta(minutes=10)
"""Texts of one number that are read in ten minutes: four whole check-ins. Further ones are kept, scanned, and read by a nurse
(house rule, 2026-11-22)."""
NAMED = 200
"""Texts named one by one in a task of a flood; of the others the number is told."""


# --- Dangers before the rest ---------------------------------------------------------------------------------------------------------


def dangers_first(session: Session, ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """Unread texts in two heaps, each oldest first: those with a sign of danger nobody has been told of, and the others. Only reads."""
    if len(ids) < 2:
        return [], list(ids)
    bodies = select(Message.id, Message.body).where(Message.id.in_(ids), Message.alert_id.is_(None))
    pressing = {number for number, body in session.execute(bodies) if _alarms(number, body)}
    return [number for number in ids if number in pressing], [number for number in ids if number not in pressing]


def _alarms(message_id: int, body: str) -> bool:
    try:
        return bool(replies.scan(body, "", words.words(), Asked()))
    except Exception:
        log.exception("a text could not be scanned ahead of its turn", message_id=message_id)
        return False  # read in its turn, where a failure alarms


def alarm(database: Database, message_id: int, now: datetime) -> None:
    """Raise the alert of an unread text and send its safety text now, whatever waits before it. It stays unread, to be read in its turn.

    Never raises: what fails here is tried again when the text is read.
    """
    try:
        with database.transaction() as session:
            message = session.scalar(select(Message).where(Message.id == message_id, Message.state == In.UNREAD).with_for_update())
            if message is None or message.alert_id is not None:
                return
            sender = senders.recognise(session, message)
            if sender.patient is not None:
                turn_taking.hold(session, sender.patient.id)
                message.patient_id = sender.patient.id
            hear(session, sender, message, hearing.listen(session, sender, message, now).codes, now)
    except Exception:
        log.exception("a danger could not be heard ahead of its turn", message_id=message_id)


def hear(session: Session, sender: Sender, message: Message, codes: Collection[str], now: datetime) -> Message | None:
    """Alert and safety text of a text's dangers, once however often it is read; the safety text, None when there is none."""
    if not codes:
        return None
    if message.alert_id is None:
        return dangers.hear(session, sender, message, codes, now=now)[1]
    return session.scalar(select(Message).where(Message.dedup_key == f"safety:{message.id}"))


# --- One number that does not stop ---------------------------------------------------------------------------------------------------


def is_flood(session: Session, message: Message, service: Service) -> bool:
    """Is this text beyond what one number may write? STOP is always obeyed; a page has its own limits."""
    if message.carrier in pages.CARRIERS:
        return False
    since = message.created_at - WITHIN
    mine = (Message.direction == "in", Message.address == message.address, Message.carrier == message.carrier, Message.id <= message.id)
    count = session.scalar(select(func.count()).select_from(Message).where(*mine, Message.created_at > since)) or 0
    return count > MOST and not keywords.is_stop(message, service)


def set_aside(session: Session, sender: Sender, message: Message, codes: Collection[str], now: datetime) -> None:
    """Kept, its dangers told already; nothing but a safety text answers it. All of them wait for a nurse in one task."""
    reading = {"heard": "flood", "dangers": list(codes), "escalate": "no"}
    patient_id = sender.patient.id if sender.patient else None
    inbox.file(message, patient_id=patient_id, alert_id=message.alert_id, reading=reading, for_a_person=True)
    same = (
        Task.service_id == sender.service.id,
        Task.kind == "flood",
        Task.closed_at.is_(None),
        Task.key.like(f"flood:{message.address}:%"),
    )
    task = session.scalar(select(Task).where(*same).order_by(Task.id).limit(1).with_for_update())
    if task is not None:
        also = list(task.detail.get("also", ()))
        task.detail = {**task.detail, "texts": task.detail["texts"] + 1, "also": [*also, message.id] if len(also) < NAMED else also}
        return
    detail: dict[str, Any] = {"number": message.address, "texts": 1, "most": MOST, "minutes": int(WITHIN.total_seconds() // 60)}
    tasks.make(
        session,
        service_id=sender.service.id,
        patient_id=patient_id,
        kind="flood",
        key=f"flood:{message.address}:{message.id}",
        detail=detail,
        message_id=message.id,
        now=now,
    )
