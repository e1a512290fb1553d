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
    handed_over, closed, reopened, rang. detail: what is needed to say it in words (never glued sentences)."""

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
    sms_budget, rota_hole, rota_leaver, road_failed, watching_missing, watching_soon, watching_near, watching_over,
    help_arrived, result_to_read, was_seen, was_admitted, home_again. key: the same reason makes one task. Closed apart from alerts, with a
    note.
    owner_id: whoever must do it; always set on an overdue_call (nothing came of a check-in in 72 h).
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


class RequestState(StrEnum):
    """asked → seen → answered → told; withdrawn while the doctor has not answered. Corrected: told → answered, to be told again.

    replaced: a later answer about the same tablets took its place before the patient was told.
    """

    ASKED = "asked"
    SEEN = "seen"
    ANSWERED = "answered"
    TOLD = "told"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


REQUEST_MOVES = {
    RequestState.ASKED: {RequestState.SEEN, RequestState.ANSWERED, RequestState.WITHDRAWN},
    RequestState.SEEN: {RequestState.ANSWERED, RequestState.WITHDRAWN},
    RequestState.ANSWERED: {RequestState.TOLD, RequestState.REPLACED},
    RequestState.TOLD: set[RequestState](),
    RequestState.WITHDRAWN: set[RequestState](),
    RequestState.REPLACED: set[RequestState](),
}
"""A doctor who corrects an answer (correcting.py) makes it ``answered`` again from ``answered`` or ``told``, by the row's stamp, and what
it had replaced (replacing.py) with it: nothing else goes back, so that of two answers given at once one is refused."""

FOR_THE_DOCTOR = (RequestState.ASKED, RequestState.SEEN)
"""Somebody waits for the doctor. What is ``answered`` waits for a nurse who tells the patient."""


class DoctorAnswer(StrEnum):
    """What a doctor decides; the words are promised."""

    CONTINUE = "continue"
    HOLD_UNTIL = "hold_until"
    REDUCE_TO = "reduce_to"
    STOP = "stop"
    SEE_TODAY = "see_today"
    ADMIT = "admit"


class DoctorRequest(Base):
    """What a nurse asks a doctor about one patient, and the answer.

    level: how soon, a word of triage. doctor_id: who is asked; any doctor of the service may answer. changed: what changed; proposed: what
    the label proposes, with its source; both as the nurse sent them. answer_detail: what belongs to the answer (until, dose_mg, tablets,
    reason, ...), worded by the screens. answered_by_id: the doctor who decided, also by telephone: then spoken_to_id is the nurse who wrote
    it down, and confirmed_at when the doctor confirmed it on their page. spoken: an order of tablets told by telephone that its doctor has
    not confirmed: nothing of it holds yet. respond_by: when the doctor must have answered; once answered, when the patient must be told.
    ladder, rung, raised_at, next_step_at, stamp: as in Alert; next_step_at is never None while a person must act.
    """

    __tablename__ = "doctor_request"
    __table_args__ = (Index("ix_doctor_request_open", "service_id", "state"), Index("ix_doctor_request_step", "next_step_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), index=True)
    contact_id: Mapped[int | None]
    doctor_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    level: Mapped[str] = mapped_column(String(10))
    question: Mapped[str] = mapped_column(Text)
    changed: Mapped[str] = mapped_column(Text, default="")
    proposed: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(12), default=RequestState.ASKED)
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    answer: Mapped[str] = mapped_column(String(12), default="")
    answer_detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    answer_words: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    answered_at: Mapped[datetime | None]
    spoken: Mapped[dict[str, Any]] = mapped_column(default=dict)
    spoken_to_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime | None]
    told_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    told_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")
    raised_at: Mapped[datetime]
    respond_by: Mapped[datetime]
    ladder: Mapped[list[Any]]
    rung: Mapped[int] = mapped_column(default=0)
    next_step_at: Mapped[datetime | None]
    stamp: Mapped[int] = mapped_column(default=1)

    events: Mapped[list[RequestEvent]] = relationship(order_by="RequestEvent.id")


class RequestEvent(Base):
    """One thing that happened to a request; rows only grow. kind: asked, stepped, seen, spoken, answered, corrected, confirmed, tried,
    told, withdrawn, danger, replaced, replaces, brought_back. detail: what is needed to say it in words."""

    __tablename__ = "doctor_request_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("doctor_request.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(60))
    actor_name: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]]
