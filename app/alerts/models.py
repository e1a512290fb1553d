"""Alerts with their copied ladder, every event of their life, and tasks: the other things a person must do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class AlertState(StrEnum):
    """new → taken → in_progress ⇄ waiting → closed; closed → new when reopened."""

    NEW = "new"
    TAKEN = "taken"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    CLOSED = "closed"


ALERT_MOVES = {
    AlertState.NEW: {AlertState.TAKEN},
    AlertState.TAKEN: {AlertState.IN_PROGRESS, AlertState.WAITING, AlertState.CLOSED, AlertState.NEW, AlertState.TAKEN},
    AlertState.IN_PROGRESS: {AlertState.WAITING, AlertState.CLOSED, AlertState.NEW, AlertState.TAKEN},
    AlertState.WAITING: {AlertState.IN_PROGRESS, AlertState.CLOSED, AlertState.NEW, AlertState.TAKEN},
    AlertState.CLOSED: {AlertState.NEW},
}
"""Who takes owns; handing over is taken → taken; back to the team, or risen to urgent, is → new."""


class Outcome(StrEnum):
    """What was done, chosen at the close; the words are promised."""

    NO_ACTION = "no_action"
    ADVICE = "advice"
    NURSE_PROTOCOL = "nurse_protocol"
    DOCTOR_INFORMED = "doctor_informed"
    DOCTOR_DECISION = "doctor_decision"
    SEEN_SAME_DAY = "seen_same_day"
    SENT_TO_EMERGENCY = "sent_to_emergency"
    REFERRED = "referred"
    ALREADY_MANAGED = "already_managed"
    NOT_AN_EVENT = "not_an_event"
    NOT_REACHED = "not_reached"
    OTHER = "other"


class Alert(Base):
    """Something a person must act on, by a time. At most one open per patient and service (or per unknown number).

    level: word of triage. respond_by: when an owner must have acted. ladder: rungs copied from the protocol at birth and at each
    rise, [{"after_minutes": 0, "notify": "team"}, ...]; rung: the next to step; next_step_at: when (never None while open and new).
    told: what the patient was told (none, queued, sent, delivered, not_told, unreadable: left in a language they do not read); the last two
    are written in capitals on the screen.
    stamp: grows with each change, so that two screens cannot overwrite each other.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            "uq_alert_open",
            "service_id",
            "subject",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index("ix_alert_step", "next_step_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    subject: Mapped[str] = mapped_column(String(80))
    level: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), default=AlertState.NEW)
    kind: Mapped[str] = mapped_column(String(24))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    owned_since: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    raised_at: Mapped[datetime]
    respond_by: Mapped[datetime]
    ladder: Mapped[list[Any]]
    rung: Mapped[int] = mapped_column(default=0)
    next_step_at: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(String(12), default="none")
    told_message_id: Mapped[int | None]
    assessment_id: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(24), default="")
    outcome_note: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    stamp: Mapped[int] = mapped_column(default=1)

    events: Mapped[list[AlertEvent]] = relationship(order_by="AlertEvent.id")


class AlertEvent(Base):
    """One thing that happened to an alert. kind: raised, merged, risen, told, stepped, taken, called, note, waiting, returned,
    handed_over, closed, reopened. detail: what is needed to say it in words (never glued sentences)."""

    __tablename__ = "alert_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(60))
    actor_name: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]]


class Task(Base):
    """Another thing a person must do: read a message from an unknown number, call after an opt-out, check an unstarted cycle.

    kind: unknown_number, shared_number, to_read, cycle_not_started, undeliverable, opted_out, call_back, wrong_number, deceased,
    hospitalised, refill, media, link_locked, past_window, absence_open, overdue_call, flood,
    sms_budget. key: the same reason makes one task. Closed apart from alerts,
    with a note. owner_id: whoever must do it; always set on an overdue_call (nothing came of a check-in in 72 h).
    """

    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("key"), Index("ix_task_open", "service_id", "closed_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    key: Mapped[str] = mapped_column(String(160))
    detail: Mapped[dict[str, Any]]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closing_note: Mapped[str] = mapped_column(Text, default="")
