"""Check-ins, the answers given in them, and the assessments made of them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class CheckInState(StrEnum):
    """planned → open → (partial) → done | silent | expired | cancelled; the words are promised."""

    PLANNED = "planned"
    OPEN = "open"
    PARTIAL = "partial"
    DONE = "done"
    SILENT = "silent"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


CHECKIN_MOVES = {
    CheckInState.PLANNED: {CheckInState.OPEN, CheckInState.EXPIRED, CheckInState.CANCELLED},
    CheckInState.OPEN: {CheckInState.PARTIAL, CheckInState.DONE, CheckInState.SILENT, CheckInState.CANCELLED},
    CheckInState.PARTIAL: {CheckInState.DONE, CheckInState.SILENT, CheckInState.CANCELLED},
    CheckInState.SILENT: {CheckInState.PARTIAL, CheckInState.DONE, CheckInState.CANCELLED},
    CheckInState.DONE: {CheckInState.DONE},
    CheckInState.EXPIRED: set[CheckInState](),
    CheckInState.CANCELLED: {CheckInState.PLANNED, CheckInState.OPEN, CheckInState.PARTIAL},
}
"""A late answer may still fill a silent check-in; a correction amends a done one; a row cancelled before it opened may be planned again,
and one cut short by STOP goes on when the patient comes back the same day.
partial with ``closed_at`` set: the conversation ended with something unanswered."""


class CheckIn(Base):
    """One conversation, planned or not. ``day`` is the patient's local day asked about; ``due_at`` the instant the first text leaves.

    kind: regular, cycle_start, unprompted. version_id: the protocol version it began with (set when it opens). asking: keys of the
    group now open, [] when nothing is. misread: unreadable replies in a row. remind_at, silent_at: the next steps of its life.
    ended_as: how it came to its end for those who count silences: answered, reached (a person spoke with the patient), reason (written
    down), overdue_call (owned by somebody); "" while none of them. silence_reason: a word of rhythm.endings, when it was asked.
    """

    __tablename__ = "checkin"
    __table_args__ = (
        Index("uq_checkin_day", "course_id", "day", "kind", unique=True),
        Index("ix_checkin_due", "state", "due_at"),
        Index("ix_checkin_unended", "day", sqlite_where=text("ended_as = ''"), postgresql_where=text("ended_as = ''")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("protocol_version.id"))
    kind: Mapped[str] = mapped_column(String(12), default="regular")
    state: Mapped[str] = mapped_column(String(12), default=CheckInState.PLANNED)
    day: Mapped[date]
    cycle: Mapped[int | None]
    cycle_day: Mapped[int | None]
    due_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    silent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    asking: Mapped[list[Any]]
    not_asked: Mapped[list[Any]]
    misread: Mapped[int] = mapped_column(default=0)
    texts_sent: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(Text, default="")
    ended_as: Mapped[str] = mapped_column(String(16), default="")
    ended_as_by: Mapped[str] = mapped_column(String(60), default="")
    ended_as_at: Mapped[datetime | None]
    silence_reason: Mapped[str] = mapped_column(String(24), default="")
    silence_note: Mapped[str] = mapped_column(Text, default="")
    relative_told_at: Mapped[datetime | None]

    answers: Mapped[list[AnswerRow]] = relationship(order_by="AnswerRow.id")


class AnswerRow(Base):
    """One answer. ``value`` None: asked, not understood. A correction adds a row and marks the old one; nothing is overwritten.

    source: sms, form, call, nurse... said_by: who answered. asked_by: who asked by telephone, "" when nobody did. beside: another person
    answered differently and graver: this row stands, is shown, and is not the one that is judged.
    """

    __tablename__ = "answer"
    __table_args__ = (Index("ix_answer_current", "checkin_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    checkin_id: Mapped[int] = mapped_column(ForeignKey("checkin.id"))
    key: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(24))
    value: Mapped[str | None] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(60), default="")
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    source: Mapped[str] = mapped_column(String(12))
    said_by: Mapped[str] = mapped_column(String(60))
    asked_by: Mapped[str] = mapped_column(String(60), default="")
    beside: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class AssessmentRow(Base):
    """One judgement, kept whole: inputs, trace, level, protocol version and fingerprint. Never changed; its alert names it.

    scores: those of ``result``, apart from its long trace, so that a list of hundreds is ordered without reading traces; None on rows
    made before 2026-11-23.
    """

    __tablename__ = "assessment"
    __table_args__ = (Index("ix_assessment_story", "patient_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    checkin_id: Mapped[int | None] = mapped_column(ForeignKey("checkin.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    inputs: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    scores: Mapped[dict[str, Any] | None] = mapped_column(
        default=lambda made: dict(made.get_current_parameters()["result"].get("scores") or {})
    )
