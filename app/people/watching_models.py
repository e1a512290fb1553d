"""Table of the prescriptions of the watching itself: who prescribed it, for which activity, from when until when (FR-10)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base
from app.people.models import Staff


class Watching(Base):
    """A doctor prescribes that this patient is watched at home, both days included. A renewal is another row.

    activity: a key of activities.toml. age_years: on the first day. weight_kg: as written then. removed_*: struck through with a reason,
    because it was written by mistake; the row stays, and counts for nothing.
    """

    __tablename__ = "watching"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    prescriber_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    activity: Mapped[str] = mapped_column(String(40))
    from_day: Mapped[date]
    until_day: Mapped[date]
    age_years: Mapped[int]
    weight_kg: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    conditions: Mapped[str] = mapped_column(Text, default="")
    recorded_by: Mapped[str] = mapped_column(String(60))
    recorded_by_name: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by_name: Mapped[str] = mapped_column(String(200), default="")
    removed_reason: Mapped[str] = mapped_column(Text, default="")

    prescriber: Mapped[Staff] = relationship()
