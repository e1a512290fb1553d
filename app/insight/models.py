"""Tables that only insight writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Heartbeat(Base):
    """When a tick of the metronome last ended well. Real time: a turned clock must not hide a dead worker."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


class ListMemory(Base):
    """What the list remembers of one person: when they were last here, since when they had been away, and how they filter it.

    left_at: when they were last here before they came back; None once they have read what happened meanwhile.
    filters: as in the address; {} for the whole list.
    """

    __tablename__ = "list_memory"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    seen_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)
