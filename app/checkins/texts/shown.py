"""Which question a telephone has really read: only that one may be answered from it. A link shows none, and a page asks its own."""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.checkins import ways
from app.checkins.models import AnswerRow, CheckIn
from app.messaging import pages
from app.messaging.models import Message, Out

LEFT = (Out.SENDING, Out.SENT, Out.DELIVERED, Out.UNDELIVERED)
"""It is on its way, or further: whoever answers a text has read it, whatever the carrier reports."""


def by_text(session: Session, checkin: CheckIn, address: str = "") -> bool:
    """Did the question that is open leave in words for this telephone, or for any? After an answer on a page, the next one did not."""
    asking = (Message.key.startswith("stop_which"), *(Message.key.startswith(key) for key in ways.ASKING))
    left = select(func.max(Message.id)).where(
        Message.checkin_id == checkin.id,
        Message.direction == "out",
        *((Message.address == address,) if address else ()),
        Message.link_id.is_(None),
        Message.state.in_(LEFT),
        or_(*asking),
    )
    answered = select(func.max(Message.id)).join(AnswerRow, AnswerRow.message_id == Message.id)
    on_page = session.scalar(answered.where(AnswerRow.checkin_id == checkin.id, Message.carrier.in_(pages.CARRIERS)))
    return (session.scalar(left) or 0) > (on_page or 0)
