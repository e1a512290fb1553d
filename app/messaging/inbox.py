"""Keep what arrives once, before anyone understands it; hand the unread out one reader at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.errors import Refusal
from app.messaging import pages
from app.messaging.models import In, Message
from app.people.models import Service
from notifications.inbound import to_e164
from notifications.messages import Inbound


def keep(session: Session, inbound: Inbound, *, now: datetime) -> tuple[Message, bool]:
    """Store one text, unread. Returns its row and whether it is new: the same (carrier, identifier) counts once, for ever (SEC-14).

    Nothing is looked at but the numbers: whose text this is, and what it means, comes later and may fail without losing it.
    Raises Refusal when no service exists yet, so that the carrier keeps the text and tries again.
    """
    if existing := _kept(session, inbound):
        return existing, False
    service = _service(session, inbound.number)
    row = Message(
        service_id=service.id,
        direction="in",
        state=In.UNREAD,
        address=(to_e164(inbound.address, service.country) or inbound.address)[:32],
        number=inbound.number[:32],
        body=inbound.body,
        carrier=inbound.carrier,
        carrier_id=inbound.carrier_id,
        media=inbound.media,
        reading={"opt_out": inbound.opt_out} if inbound.opt_out else None,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        existing = _kept(session, inbound)  # the same call reached two processes at once
        if existing is None:
            raise
        return existing, False
    return row, True


def unknown(session: Session, texts: Sequence[Inbound]) -> list[Inbound]:
    """Those of ``texts`` that were never kept, in the same order."""
    known: set[tuple[str, str | None]] = set()
    for start in range(0, len(texts), 1000):
        ids = [text.carrier_id for text in texts[start : start + 1000]]
        rows = session.execute(select(Message.carrier, Message.carrier_id).where(Message.carrier_id.in_(ids)))
        known.update((carrier, carrier_id) for carrier, carrier_id in rows)
    return [text for text in texts if (text.carrier, text.carrier_id) not in known]


def _kept(session: Session, inbound: Inbound) -> Message | None:
    same = (Message.carrier == inbound.carrier, Message.carrier_id == inbound.carrier_id)
    return session.scalar(select(Message).where(*same))


def _service(session: Session, number: str) -> Service:
    """The service whose number was written to; a number nobody owns any more still reaches the first service, never nothing."""
    service = session.scalar(select(Service).where(Service.number == number))
    service = service or session.scalar(select(Service).order_by(Service.id).limit(1))
    if service is None:
        raise Refusal("No service exists yet. The text was not taken; the carrier will offer it again.", status=503)
    return service


def unread(session: Session, *, limit: int = 100) -> list[int]:
    """Ids of texts nobody has understood yet, oldest first. Read each in a transaction of its own: one bad text never stops the queue."""
    wanted = select(Message.id).where(Message.direction == "in", Message.state == In.UNREAD)
    return list(session.scalars(wanted.order_by(Message.id).limit(limit)))


def claim(session: Session, message_id: int, *, now: datetime) -> Message | None:
    """Take one unread text to understand it in this transaction; None when another reader has it. Rolled back, it is unread again."""
    taken = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.direction == "in", Message.state == In.UNREAD)
        .values(state=In.READ, read_at=now)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return None
    return session.get_one(Message, message_id, populate_existing=True)


def file(
    message: Message,
    *,
    patient_id: int | None = None,
    checkin_id: int | None = None,
    alert_id: int | None = None,
    reading: dict[str, Any] | None = None,
    for_a_person: bool = False,
) -> None:
    """Write down whose text a claimed one is and what it was taken to mean. for_a_person: it waits in the nurse's queue to be read.

    What the carrier itself did (an opt-out) stays in the reading.
    """
    message.patient_id, message.checkin_id, message.alert_id = patient_id, checkin_id, alert_id
    message.reading = {**(message.reading or {}), **(reading or {})} or None
    message.state = In.QUEUE if for_a_person else In.READ


def seen_by_person(message: Message, *, now: datetime) -> None:
    """A nurse has read a text that waited in the queue."""
    message.state, message.read_at = In.READ, now


def story(session: Session, patient_id: int, *, limit: int = 500) -> list[Message]:
    """Everything said to and heard from a patient, on pages too, newest first."""
    mine = select(Message).where(Message.patient_id == patient_id, pages.worded())
    return list(session.scalars(mine.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit)))
