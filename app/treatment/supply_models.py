"""Tables of three sources beside what the patient says: tablets handed out, tablets left, a cap opened."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Supply:
    """A source of what was taken, of one medicine of the treatment: its own, or a companion's."""

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    companion_id: Mapped[int | None] = mapped_column(ForeignKey("companion.id"))
    said_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class Dispensing(Supply, Base):
    """Tablets of one strength handed out on a day, by the town's pharmacy or the hospital's: both routes feed one ledger."""

    __tablename__ = "dispensing"

    on_day: Mapped[date]
    strength_mg: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    tablets: Mapped[int]
    place: Mapped[str] = mapped_column(String(20))


class PillCount(Supply, Base):
    """What was left in the boxes on the evening of a day. tablets, returned (or lost) since the last count: [[strength, count], ...]."""

    __tablename__ = "pill_count"

    on_day: Mapped[date]
    tablets: Mapped[list[Any]]
    returned: Mapped[list[Any]] = mapped_column(default=list)
    source: Mapped[str] = mapped_column(String(20))


class CapOpening(Supply, Base):
    """An electronic cap or smart box was opened at this instant: one intake. The same instant counts once."""

    __tablename__ = "cap_opening"
    __table_args__ = (UniqueConstraint("course_id", "companion_id", "at", postgresql_nulls_not_distinct=True),)

    at: Mapped[datetime]
