"""One door for every text that arrives: danger first, then whose it is, then what it means. Nothing a patient writes is dropped.

``process`` owns its transactions; everything below works in the one it is given.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.handling import Reason
from app.alerts.models import Task
from app.checkins import turn_taking
from app.checkins.texts import floods, hearing, keywords, late_codes, linking, opting_out, senders, understanding, verifying
from app.checkins.texts.senders import Sender
from app.checkins.turns import Turn, also_in
from app.core.db import Database
from app.messaging import inbox, outbox
from app.messaging.models import In, Message
from app.messaging.outbox import Purpose
from app.people.models import Service
from triage import calendar
from triage.terms import Level

log = structlog.get_logger(__name__)

PATIENCE = timedelta(minutes=5)
"""A text that cannot be read for this long becomes an alert of its own (house, walk a)."""


def process(database: Database, message_id: int, *, now: datetime) -> bool:
    """Understand one kept text, after any earlier one of the same telephone. True when this call understood it.

    A text that makes the reading fail never raises here: it stays unread, is tried again, and alarms after five minutes.
    """
    waiting = _in_order(database, message_id)
    if len(waiting) > 1:
        floods.alarm(database, message_id, now)
    for earlier in waiting:
        understood = _one(database, earlier, now)
        if earlier == message_id:
            return understood
    return False


def _in_order(database: Database, message_id: int) -> list[int]:
    """This text and the unread ones before it from the same telephone: an answer is never read before the one it followed."""
    with database.reading() as session:
        message = session.get(Message, message_id)
        if message is None or message.direction != "in":
            return []
        same = (Message.direction == "in", Message.state == In.UNREAD, Message.address == message.address, Message.number == message.number)
        return list(session.scalars(select(Message.id).where(*same, Message.id <= message_id).order_by(Message.id)))


def _one(database: Database, message_id: int, now: datetime) -> bool:
    try:
        with database.transaction() as session:
            message = inbox.claim(session, message_id, now=now)
            return message is not None and receive(session, message, now)
    except Exception:
        log.exception("a text could not be read; it will be tried again", message_id=message_id)
    with database.transaction() as session:
        _note_failure(session, message_id, now)
    return False


def receive(session: Session, message: Message, now: datetime) -> bool:
    """Understand one claimed text in the caller's transaction. False: only its danger could be dealt with, the rest stays unread."""
    return hear_out(session, message, now)[0]


def hear_out(session: Session, message: Message, now: datetime) -> tuple[bool, Turn | None]:
    """The same, with the turn it took: None for somebody unknown, or when the reading failed.

    What a danger needs (alert, safety text) is kept even when the reading of the rest fails.
    """
    sender = senders.recognise(session, message)
    if sender.patient is not None:
        turn_taking.hold(session, sender.patient.id)
    message.patient_id = sender.patient.id if sender.patient else None
    if sender.is_shared:  # who had this telephone on that day: kept with the text, numbers change
        message.reading = {**(message.reading or {}), "among": list(sender.among)}
    heard = hearing.listen(session, sender, message, now)
    told = floods.hear(session, sender, message, heard.codes, now)
    if floods.is_flood(session, message, sender.service):
        floods.set_aside(session, sender, message, heard.codes, now)
        return True, None
    try:
        with session.begin_nested():
            return True, _understand(session, sender, message, heard, told, now)
    except Exception as error:
        log.exception("a text could not be understood; its danger signs were dealt with", message_id=message.id)
        _failed(session, message, type(error).__name__, now)
        return False, None


def _understand(
    session: Session, sender: Sender, message: Message, heard: hearing.Listened, told: Message | None, now: datetime
) -> Turn | None:
    if not heard.codes and (
        verifying.sent_back(session, sender.service, message, now=now) or late_codes.sent_back(session, message, now=now)
    ):
        return None
    if sender.patient is None:
        _to_quarantine(session, sender, message, heard, told, now)
        return None
    return understanding.understand(session, sender, message, heard, told, now=now)


def _to_quarantine(
    session: Session, sender: Sender, message: Message, heard: hearing.Listened, told: Message | None, now: datetime
) -> None:
    """Nobody, or several people, have this number: attached to no file, read by a nurse (SEC-16)."""
    kind = "shared_number" if sender.is_shared else "unknown_number"
    inbox.file(message, alert_id=message.alert_id, reading={"dangers": list(heard.codes)}, for_a_person=True)
    mine = (Task.service_id == sender.service.id, Task.kind == kind, Task.closed_at.is_(None), Task.patient_id.is_(None))
    if not also_in(session, message, *mine, Task.key.like(f"{kind}:{message.address}:%")):
        tasks.make(
            session,
            service_id=sender.service.id,
            kind=kind,
            key=f"{kind}:{message.address}:{message.id}",
            detail={"number": message.address, "among": list(sender.among)},
            message_id=message.id,
            now=now,
        )
    if keywords.is_stop(message, sender.service):
        opting_out.of_shared(session, sender, message, now)  # and nothing is written to somebody who wants nothing
    elif told is None:
        _answer_nobody(session, sender, message, now)


def _answer_nobody(session: Session, sender: Sender, message: Message, now: datetime) -> None:
    """A link to each who shares the telephone, or once a day that nobody knows who writes; further texts of a shared one: they are read."""
    links = linking.to_each(session, sender, message, now) if sender.is_shared else linking.NONE
    if links == linking.SENT:
        return
    if links == linking.NONE:
        day = calendar.local_day(now, sender.service.timezone)
        text = outbox.queue(
            session,
            key="unknown_number",
            purpose=Purpose.ADMINISTRATIVE,
            dedup_key=f"unknown:{sender.service.id}:{message.address}:{day}",
            service=sender.service,
            reply_to=message,
            now=now,
        )
        if text.reply_to_id == message.id or not sender.is_shared:
            return
    linking.say_read(session, sender, message, now)


# --- What could not be read ---------------------------------------------------------------------------------------------------------


def _note_failure(session: Session, message_id: int, now: datetime) -> None:
    message = session.scalar(select(Message).where(Message.id == message_id, Message.state == In.UNREAD).with_for_update())
    if message is not None:
        _failed(session, message, "reading failed", now)


def _failed(session: Session, message: Message, error: str, now: datetime) -> None:
    """Unread again, to be tried again; after five minutes an alert, and a person reads it."""
    message.state, message.read_at, message.error = In.UNREAD, None, error
    message.attempts += 1
    session.flush()
    if now - message.created_at >= PATIENCE:
        _give_to_a_person(session, message, now)


def _give_to_a_person(session: Session, message: Message, now: datetime) -> None:
    service = session.get_one(Service, message.service_id)
    patient = senders.recognise(session, message).patient
    detail: dict[str, Any] = {"message_id": message.id, "error": message.error}
    reason = Reason(kind="unread", level=Level.HIGH, detail=detail)
    alert = handling.consider(
        session, service=service, patient=patient, reason=reason, subject="" if patient else f"number:{message.address}", now=now
    )
    message.state, message.alert_id = In.QUEUE, alert.id if alert else None
