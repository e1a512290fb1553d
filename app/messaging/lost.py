"""What the carrier received for us and never managed to tell: looked up in its own list, and kept like any other text (SEC-15)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from app.core.db import Database
from app.messaging import inbox
from app.people.models import Service
from notifications.messages import Inbound
from notifications.transports.base import Transport

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(hours=72)
"""How far back: in this time a check-in must come to its end, and no week-end without a web process is longer (house rule, 2026-11-22)."""

ON_ITS_WAY = timedelta(minutes=2)
"""A text younger than this may still be told by the carrier itself, which tries for 15 seconds (house rule, 2026-11-22)."""


def find(database: Database, transports: Iterable[Transport], now: datetime) -> list[int]:
    """Ask each carrier what reached each service's number, and keep what we never heard: the ids of those texts, unread.

    The carrier is asked outside any transaction. Raises its Failure when it cannot say; what was found before is kept.
    """
    with database.reading() as session:
        numbers = list(session.scalars(select(Service.number).where(Service.number != "").order_by(Service.id)))
    found: list[int] = []
    for transport in transports:
        for number in dict.fromkeys(numbers):
            listed = transport.heard(number, after=now - LOOK_BACK, before=now - ON_ITS_WAY)
            with database.reading() as session:
                missed = inbox.unknown(session, listed)
            found += [kept for text in missed for kept in _keep(database, text, now)]
    if found:
        log.error("texts that the carrier had and had not told us of are kept now; is the webhook's address right?", count=len(found))
    return found


def _keep(database: Database, text: Inbound, now: datetime) -> list[int]:
    with database.transaction() as session:
        message, is_new = inbox.keep(session, text, now=now)
        return [message.id] if is_new else []
