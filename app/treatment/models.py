"""Tables of treatment: courses, confirmed cycle starts, holds, intakes reported, measures."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class CourseState(StrEnum):
    """active: check-ins are planned. stopped: the treatment ended, the reason is kept."""

    ACTIVE = "active"
    STOPPED = "stopped"


class Course(Base):
    """A treatment as prescribed: agent, dose in mg per intake, intakes a day, days on and off (days_off 0: continuous).

    One runs at a time. ``protocol_slug`` names the protocol; ``pinned_version_id`` keeps one version whatever comes later.
    """

    __tablename__ = "course"
    __table_args__ = (
        Index(
            "uq_course_running",
            "patient_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    protocol_slug: Mapped[str] = mapped_column(String(80))
    pinned_version_id: Mapped[int | None] = mapped_column(ForeignKey("protocol_version.id"))
    agent: Mapped[str] = mapped_column(String(80))
    dose_mg: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    times_per_day: Mapped[int]
    days_on: Mapped[int]
    days_off: Mapped[int]
    first_intake: Mapped[date]
    state: Mapped[str] = mapped_column(String(20), default=CourseState.ACTIVE)
    stopped_on: Mapped[date | None]
    stop_reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(60))

    cycles: Mapped[list[CycleStart]] = relationship(order_by="CycleStart.number")
    holds: Mapped[list[Hold]] = relationship(order_by="Hold.from_day")


class CycleStart(Base):
    """A cycle that was really started. The first is the first intake; the next exist only once the patient or a nurse said yes."""

    __tablename__ = "cycle_start"
    __table_args__ = (UniqueConstraint("course_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    started_on: Mapped[date]
    said_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class Hold(Base):
    """Days on which the team ordered no intake. ``until_day`` is the last held day; None: not known yet."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    ordered_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class IntakeReport(Base):
    """What was said about the tablets of a span of days (inclusive). missed, extra, off_day count intakes; None: not said.

    scheduled: intakes due in the span under the course of that day. Missed and extra never cancel each other.
    """

    __tablename__ = "intake_report"
    __table_args__ = (Index("ix_intake_report_span", "course_id", "to_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    checkin_id: Mapped[int | None] = mapped_column(index=True)
    from_day: Mapped[date]
    to_day: Mapped[date]
    scheduled: Mapped[int | None]
    missed: Mapped[int | None]
    extra: Mapped[int | None]
    off_day: Mapped[bool | None]
    stopped: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(20))
    said_by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]


class Measure(Base):
    """A measure or laboratory value. kind: temperature, weight, pulse, or a laboratory term. unit as entered (UCUM where it exists)."""

    __tablename__ = "measure"
    __table_args__ = (Index("ix_measure_latest", "patient_id", "kind", "taken_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    kind: Mapped[str] = mapped_column(String(60))
    value: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    unit: Mapped[str] = mapped_column(String(20))
    taken_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(20))
    entered_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]
