"""What the carrier says of a text that left, what that says of the number it went to, and which texts did not arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.core.audit import SYSTEM
from app.messaging.models import DeliveryEvent, Message, Out
from app.people import patients
from app.people.models import Patient, Reachability
from notifications import policy
from notifications.messages import DeliveryUpdate, Reason, State, advance

NO_REPORT = timedelta(minutes=15)
"""A text without delivery report after this time counts as not arrived (HZ-07)."""


def apply(session: Session, news: DeliveryUpdate, *, now: datetime) -> Message | None:
    """Keep one callback as it came, then move the message forward, never back. None when it is about no message of ours.

    Found by the carrier's identifier, else by ours: a callback may come before the answer that names the message, or replace one
    that was lost (then the message is known to have left, and is not sent again).
    """
    message = _of(session, news)
    session.add(
        DeliveryEvent(
            message_id=message.id if message else None,
            carrier_id=news.carrier_id[:64],
            status=news.status[:24],
            error_code=news.error_code[:20],
            received_at=now,
        )
    )
    if message is None or news.state is None:
        session.flush()
        return message
    if message.carrier_id is None:
        message.carrier, message.carrier_id = news.carrier, news.carrier_id
    hear(session, message, news.state, now=now, reason=news.reason, code=news.error_code)
    session.flush()
    return message


def _of(session: Session, news: DeliveryUpdate) -> Message | None:
    found = select(Message).where(Message.direction == "out").with_for_update()
    by_carrier = found.where(Message.carrier == news.carrier, Message.carrier_id == news.carrier_id)
    message = session.scalar(by_carrier)
    if message is None and news.our_id is not None and news.our_id < 2**31:
        message = session.scalar(found.where(Message.id == news.our_id))
    return message


def hear(session: Session, message: Message, state: State, *, now: datetime, reason: Reason | None = None, code: str = "") -> None:
    """Move a message forward to ``state`` and draw what it says about the patient's number. A move backwards changes nothing."""
    moved = advance(State(message.state), state)
    if moved == message.state:
        return
    message.state, message.sent_at = moved, message.sent_at or now
    message.error_code = message.error = ""  # of earlier attempts
    if not moved.is_final:
        return
    message.settled_at = now
    if moved is not State.DELIVERED:
        message.error_code = str(reason or Reason.CARRIER)
        message.error = f"the carrier reports {moved.value}" + (f", error {code}" if code else "")
    reachability(session, message, None if moved is State.DELIVERED else reason or Reason.CARRIER, now=now)


def reachability(session: Session, message: Message, reason: Reason | None, *, now: datetime) -> None:
    """What the fate of a text says about the patient's own number: reason None when it arrived. Opt-out ends texts at once (SEC-17)."""
    patient = session.get(Patient, message.patient_id) if message.patient_id else None
    if patient is None or patient.phone != message.address:
        return
    if reason is None:
        if patient.reachability in (Reachability.UNDELIVERED, Reachability.UNREACHABLE):
            patients.reached(session, patient, Reachability.REACHABLE, now=now)
    elif reason is Reason.OPTED_OUT:
        patients.opt_out(session, patient, by=SYSTEM, now=now, reason="the carrier refuses: this number has opted out")
    elif reason in policy.NUMBER_IS_BAD:
        patients.reached(session, patient, Reachability.UNREACHABLE, now=now)
    elif reason in (Reason.UNREACHABLE, Reason.BLOCKED, Reason.CARRIER):
        patients.reached(session, patient, Reachability.UNDELIVERED, now=now)


def unreached(session: Session, now: datetime, *, limit: int = 100) -> list[Message]:
    """Texts that did not arrive and that nobody has been told of, oldest first: failed, undelivered, past their hour, or sent without
    report for ``NO_REPORT``. The caller makes the task or the alert, then sets ``handled``, in one transaction.
    """
    ended = Message.state.in_((Out.FAILED, Out.UNDELIVERED, Out.EXPIRED))
    unreported = and_(Message.state == Out.SENT, Message.sent_at <= now - NO_REPORT)
    wanted = select(Message).where(Message.direction == "out", Message.handled.is_(False), or_(ended, unreported))
    return list(session.scalars(wanted.order_by(Message.id).limit(limit)))
