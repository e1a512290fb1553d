"""How often somebody may knock: counted in the database, so that the limit holds whatever the number of processes.

Whoever knocks (a number, a token, an address) is kept as a fingerprint. A limit never stands before a danger or an alert.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Index, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import signing
from app.core.db import Base

FORGOTTEN_AFTER = timedelta(days=2)
"""Knocks older than this are deleted: no limit looks further back."""


class Knock(Base):
    """One knock at a door. ``who``: fingerprint of the number, token or address."""

    __tablename__ = "knock"
    __table_args__ = (Index("ix_knock_recent", "door", "who", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    door: Mapped[str] = mapped_column(String(20))
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


def knock(session: Session, door: str, who: str, *, now: datetime, most: int, within: timedelta) -> bool:
    """Count one knock, refused ones too, and say whether it is within ``most`` per ``within``."""
    session.add(Knock(door=door, who=signing.fingerprint(who), at=now))
    session.flush()
    return knocks(session, door, who, now=now, within=within) <= most


def knocks(session: Session, door: str, who: str, *, now: datetime, within: timedelta) -> int:
    """How many in the time before ``now``, this instant included."""
    recent = (Knock.door == door, Knock.who == signing.fingerprint(who), Knock.at > now - within, Knock.at <= now)
    return session.scalar(select(func.count()).select_from(Knock).where(*recent)) or 0


def forget(session: Session, now: datetime) -> int:
    """Old knocks are deleted. How many."""
    gone = session.execute(delete(Knock).where(Knock.at <= now - FORGOTTEN_AFTER))
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE always has one
