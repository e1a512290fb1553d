"""Tables of treatment: courses and their companions, cycle starts, delays, holds, doses, intakes reported, measures."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class CourseState(StrEnum):
    """active: check-ins are planned. stopped: the treatment ended, the reason is kept."""

    ACTIVE = "active"
    STOPPED = "stopped"


class HoldKind(StrEnum):
    """ordered: the team stopped the tablets. hospital: a stay, where the ward gives what is given. Both leave the denominator."""

    ORDERED = "ordered"
    HOSPITAL = "hospital"


class Dosing:
    """A medicine as prescribed: dose in mg of one intake, intakes a day, and the days that hold them (see triage.calendar.Pattern).

    days_on, days_off: of a cycle (days_off 0: continuous); with ``blocks``, [[first, last], ...] within ``cycle_days``, their sums.
    """

    agent: Mapped[str] = mapped_column(String(80))
    dose_mg: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    times_per_day: Mapped[int]
    days_on: Mapped[int]
    days_off: Mapped[int]
    blocks: Mapped[list[Any]] = mapped_column(default=list)
    cycle_days: Mapped[int | None]
    weekday: Mapped[int | None]
    every: Mapped[int] = mapped_column(default=1)
    first_intake_evening: Mapped[bool] = mapped_column(default=False)
    first_intake: Mapped[date]
    stopped_on: Mapped[date | None]


class Course(Dosing, Base):
    """A treatment as prescribed. One runs at a time; a second medicine of the same treatment is its companion.

    ``protocol_slug`` names the protocol; ``pinned_version_id`` keeps one version whatever comes later. ``dose_mg`` is the first dose:
    the one in force is the last of ``doses`` that has begun.
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
    state: Mapped[str] = mapped_column(String(20), default=CourseState.ACTIVE)
    stop_reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(60))

    cycles: Mapped[list[CycleStart]] = relationship(order_by="CycleStart.number")
    holds: Mapped[list[Hold]] = relationship(
        order_by="Hold.from_day", primaryjoin="and_(Hold.course_id == Course.id, Hold.withdrawn_at.is_(None))"
    )
    postponements: Mapped[list[Postponement]] = relationship(order_by="Postponement.id")
    doses: Mapped[list[DoseStep]] = relationship(
        order_by="DoseStep.id", primaryjoin="and_(DoseStep.course_id == Course.id, DoseStep.companion_id.is_(None))"
    )
    companions: Mapped[list[Companion]] = relationship(order_by="Companion.id", back_populates="course")


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


class Companion(Dosing, Base):
    """A second medicine of the same treatment, with its own calendar (lapatinib beside capecitabine).

    With cycles, its cycles begin with the treatment's. A hold of the treatment does not hold it; a hospital stay does.
    """

    __tablename__ = "companion"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(60))

    course: Mapped[Course] = relationship(back_populates="companions")
    doses: Mapped[list[DoseStep]] = relationship(order_by="DoseStep.id")


class Postponement(Base):
    """The team moved the planned start of a cycle to a later day; of several for one cycle, the last counts."""

    __tablename__ = "postponement"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    cycle: Mapped[int]
    to_day: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    ordered_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class DoseStep(Base):
    """From a day on: mg of one intake, and the tablets that make it as [[strength in mg, count], ...]; empty: not known.

    companion_id: of which second medicine; None: the treatment's own.
    """

    __tablename__ = "dose_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    companion_id: Mapped[int | None] = mapped_column(ForeignKey("companion.id"))
    from_day: Mapped[date]
    dose_mg: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    tablets: Mapped[list[Any]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(Text)
    ordered_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class Hold(Base):
    """Days on which the team ordered no intake, or a hospital stay. ``until_day`` is the last held day; None: not known yet.

    withdrawn_at: ordered by a slip and taken back before a day of it had passed; it holds nothing, and a course does not list it.
    """

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    kind: Mapped[str] = mapped_column(String(20), default=HoldKind.ORDERED)
    reason: Mapped[str] = mapped_column(Text)
    ordered_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class IntakeReport(Base):
    """What was said about the tablets of a span of days (inclusive). missed, extra, off_day count intakes; None: not said.

    scheduled: intakes due in the span under the course of that day. Missed and extra never cancel each other.
    cause: why, one word of triage.adherence.CAUSES; '' when nobody asked yet.
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
    cause: Mapped[str] = mapped_column(String(20), default="")
    source: Mapped[str] = mapped_column(String(20))
    said_by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]


class Measure(Base):
    """A measure or laboratory value. kind: a key of the library's measures, or what was written. unit as entered (UCUM where it exists).

    lln, uln: limits of normal of that laboratory, in the same unit; None when they did not come with the value.
    """

    __tablename__ = "measure"
    __table_args__ = (Index("ix_measure_latest", "patient_id", "kind", "taken_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    kind: Mapped[str] = mapped_column(String(60))
    value: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    unit: Mapped[str] = mapped_column(String(20))
    lln: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    uln: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    taken_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(20))
    entered_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class OtherMedicine(Base):
    """Something else the patient takes that a protocol asks about. code: the name a protocol gives it (anticoagulant, coumarin, ...).

    last_on: the last day it was taken; None: still taken.
    """

    __tablename__ = "other_medicine"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    code: Mapped[str] = mapped_column(String(60))
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    said_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class PatientOverride(Base):
    """One patient judged by other numbers than the protocol's, from a day to a day (both included), or until it is ended.

    base_id: the version it changes; version_id: that version with the changes, whole. changes: threshold → number.
    """

    __tablename__ = "patient_override"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    base_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    changes: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    decided_by: Mapped[str] = mapped_column(String(60))
    decided_by_name: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(60), default="")


class ClinicianGrade(Base):
    """A CTCAE grade 0-5 that a clinician gave: term, version, author, instant. Rows only grow: a correction names the row it replaces.

    It is neither what the patient said (a score) nor what is computed from it (a composite); laboratory grades are computed when shown.
    onset_day None: not known. reason: why the row it replaces was wrong, '' when it replaces none.
    """

    __tablename__ = "clinician_grade"
    __table_args__ = (Index("ix_clinician_grade_story", "patient_id", "at"), UniqueConstraint("replaces_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    term: Mapped[str] = mapped_column(String(120))
    ctcae_version: Mapped[str] = mapped_column(String(8))
    grade: Mapped[int]
    onset_day: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("clinician_grade.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    given_by: Mapped[str] = mapped_column(String(60))
    given_by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
