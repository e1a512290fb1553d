"""Table of the documents kept in a patient's file."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class DocumentKind(StrEnum):
    """What a document is, chosen by whoever attaches it."""

    PRESCRIPTION = "prescription"
    DISCHARGE_LETTER = "discharge_letter"
    LABORATORY = "laboratory"
    CARE_PLAN = "care_plan"
    CONSENT = "consent"
    OTHER = "other"


class Document(Base):
    """A file of a patient, as it came. ``content`` is read only by whoever opens it; a list never loads it.

    content_type: what its first bytes say, never what its name says. on_day: the day written on it. digest: SHA-256 of the content.
    removed_*: struck through with a reason; the row and the content stay.
    """

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    on_day: Mapped[date]
    content_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    attached_by: Mapped[str] = mapped_column(String(60))
    attached_by_name: Mapped[str] = mapped_column(String(200))
    attached_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str] = mapped_column(String(60), default="")
    removed_by_name: Mapped[str] = mapped_column(String(200), default="")
    removed_reason: Mapped[str] = mapped_column(Text, default="")
