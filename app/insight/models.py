"""Tables that only insight writes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class Heartbeat(Base):
    """When a tick of the metronome last ended well. Real time: a turned clock must not hide a dead worker."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


class ListMemory(Base):
    """What the list of one service remembers of one person: when they were last here, since when they had been away, their filter.

    left_at: when they were last here before they came back; None once they have read what happened meanwhile.
    filters: as in the address; {} for the whole list.
    """

    __tablename__ = "list_memory"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    seen_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)


class HandoverState(StrEnum):
    """given: signed by whoever leaves, waits for the next. taken: signed, or read, by the next; nothing of it changes any more."""

    GIVEN = "given"
    TAKEN = "taken"


HANDOVER_MOVES = {HandoverState.GIVEN: {HandoverState.TAKEN}, HandoverState.TAKEN: set[HandoverState]()}


class Part(StrEnum):
    """Which side of a handover somebody signs; nobody signs both."""

    GIVES = "gives"
    TAKES = "takes"


class Handover(Base):
    """What one shift of a service left to the next. body: the text as its giver read and signed it, in ``language``; never written again.

    since: from when on it says what changed, the ``given_at`` of the one before; two of the same instant cannot stand, so of two who sign
    at once the second is told. together: the shifts overlapped, so both sign; else one signs and the next reads. named: the patients it
    names, whose chart whoever opens it reads.
    """

    __tablename__ = "handover"
    __table_args__ = (UniqueConstraint("service_id", "since"), Index("ix_handover_story", "service_id", "given_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    state: Mapped[str] = mapped_column(String(8), default=HandoverState.GIVEN)
    since: Mapped[datetime]
    given_at: Mapped[datetime]
    together: Mapped[bool]
    language: Mapped[str] = mapped_column(String(8))
    body: Mapped[str] = mapped_column(Text)
    named: Mapped[list[Any]]

    signatures: Mapped[list[HandoverSignature]] = relationship(order_by="HandoverSignature.id")


class HandoverSignature(Base):
    """Who signed one side of a handover, when, with which words. One a side, and one a person: the same cannot be both."""

    __tablename__ = "handover_signature"
    __table_args__ = (
        UniqueConstraint("handover_id", "part", name="uq_handover_signature_part"),
        UniqueConstraint("handover_id", "staff_id", name="uq_handover_signature_person"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"))
    part: Mapped[str] = mapped_column(String(8))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Text, default="")


class HandoverNote(Base):
    """What somebody writes for the next: of one patient, or of the whole (patient_id None, key "all"). A draft while handover_id is None.

    key: "patient:12" or "all". A person has one draft of each, so that two who write never overwrite each other.
    """

    __tablename__ = "handover_note"
    __table_args__ = (
        Index(
            "uq_handover_note_draft",
            "service_id",
            "key",
            "by_id",
            unique=True,
            sqlite_where=text("handover_id IS NULL"),
            postgresql_where=text("handover_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    handover_id: Mapped[int | None] = mapped_column(ForeignKey("handover.id"), index=True)
    key: Mapped[str] = mapped_column(String(40))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    by_name: Mapped[str] = mapped_column(String(200))
    written_at: Mapped[datetime]
