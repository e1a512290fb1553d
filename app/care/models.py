"""Tables of the programmes: enrolments, the dated history of their stages, the calls that are planned."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class EnrolmentState(StrEnum):
    """proposed → open → ended_continuing | ended; proposed → declined.

    ended_continuing: the follow-up is over, the treatment goes on. ended: both are, or the follow-up stopped before its time.
    """

    PROPOSED = "proposed"
    OPEN = "open"
    ENDED_CONTINUING = "ended_continuing"
    ENDED = "ended"
    DECLINED = "declined"


ENROLMENT_MOVES = {
    EnrolmentState.PROPOSED: {EnrolmentState.OPEN, EnrolmentState.DECLINED, EnrolmentState.ENDED},
    EnrolmentState.OPEN: {EnrolmentState.ENDED_CONTINUING, EnrolmentState.ENDED},
    EnrolmentState.ENDED_CONTINUING: {EnrolmentState.OPEN},
    EnrolmentState.ENDED: {EnrolmentState.PROPOSED, EnrolmentState.OPEN},
    EnrolmentState.DECLINED: {EnrolmentState.PROPOSED},
}
"""An end written by mistake is taken back, with a reason."""


class CallState(StrEnum):
    """planned → (late → missed) → done; paused during a stay; cancelled only when it no longer has an object, with why."""

    PLANNED = "planned"
    LATE = "late"
    MISSED = "missed"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


CALL_MOVES = {
    CallState.PLANNED: {CallState.LATE, CallState.MISSED, CallState.PAUSED, CallState.DONE, CallState.CANCELLED},
    CallState.LATE: {CallState.PLANNED, CallState.MISSED, CallState.PAUSED, CallState.DONE, CallState.CANCELLED},
    CallState.MISSED: {CallState.PLANNED, CallState.PAUSED, CallState.DONE, CallState.CANCELLED},
    CallState.PAUSED: {CallState.PLANNED, CallState.DONE, CallState.CANCELLED},
    CallState.DONE: set[CallState](),
    CallState.CANCELLED: set[CallState](),
}
"""planned again: moved to another day by hand, or the stay is over."""

OPEN_CALLS = (CallState.PLANNED, CallState.LATE, CallState.MISSED)
"""What a nurse still has to do."""


class Opinion(StrEnum):
    """The questionnaire of the end: a refusal is an answer too."""

    NOT_OFFERED = ""
    OFFERED = "offered"
    GIVEN = "given"
    REFUSED = "refused"


class Enrolment(Base):
    """A patient followed in a programme, under the version (slug, its date) it began with. One of a programme runs at a time.

    course_id: the treatment its days are counted in; anchor_day: the day they are counted from when no treatment is known here.
    slots: what was agreed with the patient, [[weekday or null, "HH:MM"], ...], [] for the programme's own.
    adhesion_*: the face-to-face visit that opened it. validated_*: the doctor who validated the file, with the version of the protocol.
    planned_until: the day up to which its calls are planned. opinion_answers: key → answer.
    stamp: grows with each change, so that two screens cannot overwrite each other.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        Index(
            "uq_enrolment_running",
            "patient_id",
            "programme",
            unique=True,
            sqlite_where=text("state IN ('proposed', 'open')"),
            postgresql_where=text("state IN ('proposed', 'open')"),
        ),
        Index("ix_enrolment_programme", "service_id", "programme", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    programme: Mapped[str] = mapped_column(String(60))
    version_on: Mapped[date]
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"))
    anchor_day: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(20), default=EnrolmentState.PROPOSED)
    stage: Mapped[str] = mapped_column(String(40), default="")
    level: Mapped[str] = mapped_column(String(40), default="")
    nurse_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    slots: Mapped[list[Any]] = mapped_column(default=list)
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str] = mapped_column(String(60))
    adhesion_at: Mapped[datetime | None]
    adhesion_by: Mapped[str] = mapped_column(String(60), default="")
    validated_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    validated_at: Mapped[datetime | None]
    validated_version_id: Mapped[int | None] = mapped_column(ForeignKey("protocol_version.id"))
    opened_at: Mapped[datetime | None]
    planned_until: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(60), default="")
    end_reason: Mapped[str] = mapped_column(String(24), default="")
    end_note: Mapped[str] = mapped_column(Text, default="")
    opinion: Mapped[str] = mapped_column(String(12), default=Opinion.NOT_OFFERED)
    opinion_at: Mapped[datetime | None]
    opinion_answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    stamp: Mapped[int] = mapped_column(default=1)

    changes: Mapped[list[StageChange]] = relationship(order_by="StageChange.id")


class StageChange(Base):
    """From a day on, another stage, level, nurse or stand-in. kind: stage, level, nurse, stand_in. Rows only grow, and are never edited."""

    __tablename__ = "stage_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    before: Mapped[str] = mapped_column(String(40))
    after: Mapped[str] = mapped_column(String(40))
    on_day: Mapped[date]
    why: Mapped[str] = mapped_column(Text)
    said_by: Mapped[str] = mapped_column(String(60))
    said_by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class PlannedCall(Base):
    """A call to make, with a day and an hour. On the list from its local day on; late and missed ones stay on it, for the whole team.

    phase, cycle, number: its place in the programme ("3rd of every two weeks"); cycle 0 when the phase has none. label: "" or "hold".
    original_day: the day the programme asked for; another ``due_at`` day has its reason in moved_why (holiday, closed, start, hold,
    discharge, or by hand: then moved_by says who and moved_words why). owner_id: the named nurse; None once missed: the team's.
    why: the reason of a cancellation (replanned, in_hospital, ended).
    """

    __tablename__ = "planned_call"
    __table_args__ = (Index("ix_planned_call_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    programme: Mapped[str] = mapped_column(String(60))
    phase: Mapped[str] = mapped_column(String(40))
    cycle: Mapped[int] = mapped_column(default=0)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=CallState.PLANNED)
    due_at: Mapped[datetime]
    original_day: Mapped[date]
    moved_why: Mapped[str] = mapped_column(String(16), default="")
    moved_by: Mapped[str] = mapped_column(String(60), default="")
    moved_words: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    label: Mapped[str] = mapped_column(String(12), default="")
    late_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    contact_id: Mapped[int | None]
    why: Mapped[str] = mapped_column(String(20), default="")
    planned_at: Mapped[datetime]
    stamp: Mapped[int] = mapped_column(default=1)
