"""What carries the outbox to the carriers: the delivery store on our tables, and the thread each process runs."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from app.core.clock import Now
from app.core.db import Database, UtcDateTime, is_sqlite
from app.messaging import codes, outbox, reports
from app.messaging.models import Message, Out
from app.people.models import Patient, Service, Staff
from notifications import delivery, policy
from notifications.delivery import Claim, Tally
from notifications.messages import Channel, Failure, Outgoing, Receipt, Recipient
from notifications.transports.base import Transport

log = logging.getLogger(__name__)

WAITED_FOR = timedelta(minutes=5)
"""A text in back-off holds back the later ones to the same number if its next try comes within this time, else they overtake it."""
CLAIM_LOCK = 0x76696769
"""One claim at a time on PostgreSQL (milliseconds): two processes would otherwise write to the same person at once."""
UNDER_WAY = (Out.QUEUED, Out.SENDING)


class OutboxStore:
    """notifications.delivery.Store on the message table. ``worker`` names this process in leases. only_safety: sees no other text."""

    def __init__(self, database: Database, worker: str = "", *, only_safety: bool = False) -> None:
        self._database, self._next = database, _NEXT_SAFETY if only_safety else _NEXT
        self.worker = worker or f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid4().hex[:8]}"

    def claim_due(self, now: datetime) -> Claim | None:
        """The next text due, saved as sending under our lease before anything is called. What a freeze stops is set aside on the way."""
        with self._database.transaction() as session:
            if not is_sqlite(session):
                session.execute(select(func.pg_advisory_xact_lock(CLAIM_LOCK)))
            while (message := session.scalar(self._next, {"now": now, "soon": now + WAITED_FOR})) is not None:
                patient = session.get(Patient, message.patient_id) if message.patient_id else None
                staff = session.get(Staff, message.staff_id) if message.staff_id else None
                allowed = patient is None or outbox.may_receive(patient, message.purpose)
                allowed = allowed and (staff is None or outbox.may_page(session, staff, message))
                if allowed or message.state == Out.SENDING:
                    return self._take(session, message, patient, now, allowed=allowed)
                message.state, message.error_code, message.handled, message.settled_at = Out.EXPIRED, "withdrawn", True, now
                message.error = "automatic texts are stopped for this patient" if staff is None else "this is not their telephone any more"
                session.flush()
        return None

    def _take(self, session: Session, message: Message, patient: Patient | None, now: datetime, *, allowed: bool) -> Claim | None:
        before = message.state
        taken = session.execute(
            update(Message)
            .where(Message.id == message.id, Message.state == before, Message.attempts == message.attempts)
            .values(state=Out.SENDING, attempts=Message.attempts + 1, lease_by=self.worker, lease_until=now + policy.ATTEMPT_LEASE)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
            return None
        held = patient is not None and message.purpose in outbox.AUTOMATIC and message.reply_to_id is None
        channel = Channel(message.channel)
        address = outbox.mailbox(session, message) if channel is Channel.EMAIL else message.address
        left = message.expires_at - now if message.expires_at else None
        return Claim(
            message=Outgoing(
                id=message.id,
                to=Recipient(channel, address, patient.timezone if patient and held else ""),
                sender=message.number,
                body=codes.body_of(session, message),
                valid_for=left,
                language=message.language,
            ),
            attempts=message.attempts,
            unsure=before == Out.SENDING,
            since=message.created_at,
            expires_at=message.expires_at if allowed else now,  # in doubt and stopped since: looked up, not sent again
        )

    def sent(self, claim: Claim, carrier: str, receipt: Receipt, now: datetime) -> None:
        """The carrier took it; a callback may already have said more, and is kept."""
        with self._database.transaction() as session:
            if message := self._held(session, claim):
                if message.carrier_id is None:
                    message.carrier, message.carrier_id = carrier, receipt.carrier_id
                reports.hear(session, message, receipt.state, now=now, code=receipt.code)

    def failed(self, claim: Claim, failure: Failure, now: datetime, *, retry_at: datetime | None) -> None:
        """It did not leave: again later, in doubt when the carrier may have it; or for good."""
        with self._database.transaction() as session:
            message = self._held(session, claim)
            if message is None or message.state != Out.SENDING:
                return  # a callback has already told that it left
            message.lease_until, message.error_code, message.error = None, failure.reason.value, failure.sentence
            if retry_at is not None:
                message.due_at = retry_at
                message.state = Out.SENDING if failure.maybe_sent else Out.QUEUED
                return
            message.state, message.settled_at = delivery.final_state(failure).value, now
            reports.reachability(session, message, failure.reason, now=now)

    def postponed(self, claim: Claim, until: datetime) -> None:
        """Not at this hour; it was looked up if there was a doubt, so none is left."""
        with self._database.transaction() as session:
            if message := self._held(session, claim):
                message.state, message.due_at, message.lease_until = Out.QUEUED, until, None

    def known(self, carrier: str, carrier_ids: Collection[str]) -> set[str]:
        """Carrier identifiers that already belong to one of our messages."""
        with self._database.reading() as session:
            ours = select(Message.carrier_id).where(Message.carrier == carrier, Message.carrier_id.in_(list(carrier_ids)))
            return {carrier_id for carrier_id in session.scalars(ours) if carrier_id}

    def _held(self, session: Session, claim: Claim) -> Message | None:
        """The row, if nobody has claimed it since: each claim takes a new number, so a late result undoes nothing."""
        ours = (Message.id == claim.message.id, Message.attempts == claim.attempts)
        return session.scalar(select(Message).where(*ours).with_for_update())


_NOW, _SOON = bindparam("now", type_=UtcDateTime()), bindparam("soon", type_=UtcDateTime())
"""The hour of the question, and ``WAITED_FOR`` after it: the statement is built once, because building it takes longer than running it."""


def _next() -> Select[Message]:
    free = or_(Message.lease_until.is_(None), Message.lease_until <= _NOW)
    due = and_(Message.direction == "out", Message.state.in_(UNDER_WAY), Message.due_at <= _NOW, free)
    return (
        select(Message)
        .join(Service, Service.id == Message.service_id)
        .where(due, _not_stopped(), ~_another_first())
        .order_by(Message.priority, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Message)
    )


def _not_stopped() -> ColumnElement[bool]:
    """The switch holds questions and reminders; once their hour has passed they are taken, to be marked, not sent."""
    return or_(Service.sending_stopped.is_(False), Message.purpose.not_in(list(outbox.STOPPABLE)), Message.expires_at <= _NOW)


def _another_first() -> ColumnElement[bool]:
    other = aliased(Message)
    # A safety text does not wait for a call under way, which may hang or belong to a process that died.
    in_flight = and_(other.lease_until > _NOW, Message.priority > outbox.PRIORITY[outbox.Purpose.SAFETY])
    earlier = tuple_(other.priority, other.id) < tuple_(Message.priority, Message.id)
    waited_for = or_(other.due_at <= _NOW, and_(other.attempts > 0, other.due_at <= _SOON))
    same = and_(other.address == Message.address, other.direction == "out", other.state.in_(UNDER_WAY), other.id != Message.id)
    return exists().where(same, or_(in_flight, and_(earlier, waited_for)))


_NEXT = _next()
_NEXT_SAFETY = _NEXT.where(Message.priority == outbox.PRIORITY[outbox.Purpose.SAFETY])


class Postman:
    """Drains the outbox of this process: at once when the bell rings, and every ``idle`` seconds as the net.

    Safety texts have a thread of their own beside: a carrier that hangs over another text (20 s a call) does not hold them.
    """

    def __init__(self, database: Database, transports: Mapping[Channel, Transport], now: Now, *, idle: float = 5.0) -> None:
        self._store, self._transports, self._now, self._idle = OutboxStore(database), transports, now, idle
        self._safety = OutboxStore(database, only_safety=True)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def round(self) -> Tally:
        """Send what is due now."""
        return delivery.drain(self._store, self._transports, self._now)

    def start(self) -> None:
        """Run in threads of their own until ``stop``."""
        lanes = (("postman", self._store, outbox.bell), ("safety", self._safety, outbox.safety_bell))
        self._threads = [threading.Thread(target=self._run, name=name, args=(store, bell), daemon=True) for name, store, bell in lanes]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Finish the messages in hand, then end."""
        self._stopping.set()
        outbox.bell.set()
        outbox.safety_bell.set()
        for thread in self._threads:
            thread.join(timeout)

    def _run(self, store: OutboxStore, bell: threading.Event) -> None:
        while not self._stopping.is_set():
            bell.wait(self._idle)
            bell.clear()
            try:
                delivery.drain(store, self._transports, self._now)
            except Exception:  # the database is away: the rows are safe, the next round tries again
                log.exception("a round of sending was cut short")
