"""Tables of what was said and asked: contacts and their form, tasks to professionals of the city, letters."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Direction(StrEnum):
    """outgoing: we call. incoming: they do; it never counts as a planned call (COA-4)."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class Caller(StrEnum):
    """Whom we speak with."""

    PATIENT = "patient"
    RELATIVE = "relative"
    GP = "gp"
    HOME_NURSE = "home_nurse"
    PHARMACIST = "pharmacist"
    OTHER = "other"


class ContactState(StrEnum):
    """draft: saved half-way, resumed by whoever began it. closed: the words stay; only its duration can be put right, with a trace."""

    DRAFT = "draft"
    CLOSED = "closed"


CONTACT_MOVES = {ContactState.DRAFT: {ContactState.CLOSED}, ContactState.CLOSED: set[ContactState]()}


class ContactOutcome(StrEnum):
    """Exclusive (AMA-4): nothing; a nurse's act that a written protocol lists; a doctor's decision, with who and when."""

    NONE = "none"
    LEVEL_1 = "level_1"
    LEVEL_2 = "level_2"


class Contact(Base):
    """One call, out or in. ``by_id``: the nurse who makes it; a nurse has one draft for a patient.

    reached: False when nobody answered: the planned call then stays to be made. form_of: whose questions ("coach@2026-11-23"); form: key
    of the question → its answer, or {"not_asked": why}. seconds: how long it took; measured: what the clock said, when it was put right
    by hand, with who and why in ``edits``. checkin_id: the check-in whose answers it carries. to_doctor: a doctor has
    to read it; seen_*: who did.
    """

    __tablename__ = "contact"
    __table_args__ = (
        Index(
            "uq_contact_draft",
            "patient_id",
            "by_id",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
        Index("ix_contact_story", "patient_id", "started_at"),
        Index("ix_contact_unread", "service_id", "state", "seen_by_doctor_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    planned_call_id: Mapped[int | None] = mapped_column(ForeignKey("planned_call.id"), index=True)
    direction: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default=ContactState.DRAFT)
    caller: Mapped[str] = mapped_column(String(12), default=Caller.PATIENT)
    caller_name: Mapped[str] = mapped_column(String(200), default="")
    caller_number: Mapped[str] = mapped_column(String(40), default="")
    channel: Mapped[str] = mapped_column(String(12), default="phone")
    reason: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    interpreter: Mapped[str] = mapped_column(String(40), default="")
    reached: Mapped[bool] = mapped_column(default=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seconds: Mapped[int | None]
    measured: Mapped[int | None]
    edits: Mapped[list[Any]] = mapped_column(default=list)
    form_of: Mapped[str] = mapped_column(String(80), default="")
    form: Mapped[dict[str, Any]] = mapped_column(default=dict)
    checkin_id: Mapped[int | None] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(String(10), default="")
    protocol_ref: Mapped[str] = mapped_column(String(80), default="")
    doctor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    doctor_at: Mapped[datetime | None]
    doctor_order: Mapped[str] = mapped_column(Text, default="")
    next_contact_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    saved_at: Mapped[datetime]
    to_doctor: Mapped[bool] = mapped_column(default=False)
    seen_by_doctor_at: Mapped[datetime | None]
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    stamp: Mapped[int] = mapped_column(default=1)


class TaskState(StrEnum):
    """asked → accepted → done; declined; lost: nobody there will answer; overdue: the delay passed without an end (COA-6)."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    OVERDUE = "overdue"
    DONE = "done"
    DECLINED = "declined"
    LOST = "lost"


TASK_MOVES = {
    TaskState.ASKED: {TaskState.ACCEPTED, TaskState.OVERDUE, TaskState.DONE, TaskState.DECLINED, TaskState.LOST},
    TaskState.ACCEPTED: {TaskState.OVERDUE, TaskState.DONE, TaskState.DECLINED, TaskState.LOST},
    TaskState.OVERDUE: {TaskState.ACCEPTED, TaskState.DONE, TaskState.DECLINED, TaskState.LOST},
    TaskState.DONE: set[TaskState](),
    TaskState.DECLINED: set[TaskState](),
    TaskState.LOST: set[TaskState](),
}
"""Declined or lost, the need remains: it is asked of somebody else, as another task."""

OPEN_TASKS = (TaskState.ASKED, TaskState.ACCEPTED, TaskState.OVERDUE)


class CityTask(Base):
    """Something asked of a professional around a patient, with a delay. way: sms, email, letter, phone. answer: what they said, in words.

    message_id: the content-free text that said there is something to do; what it is stays here.
    """

    __tablename__ = "city_task"
    __table_args__ = (Index("ix_city_task_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"), index=True)
    what: Mapped[str] = mapped_column(Text)
    way: Mapped[str] = mapped_column(String(10))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    state: Mapped[str] = mapped_column(String(10), default=TaskState.ASKED)
    due_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    overdue_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(60), default="")
    stamp: Mapped[int] = mapped_column(default=1)


class LetterState(StrEnum):
    """draft: to be read again. sent: printed or handed over, kept as it was. withheld: it does not leave, and why."""

    DRAFT = "draft"
    SENT = "sent"
    WITHHELD = "withheld"


LETTER_MOVES = {
    LetterState.DRAFT: {LetterState.SENT, LetterState.WITHHELD},
    LetterState.WITHHELD: {LetterState.DRAFT},
    LetterState.SENT: set[LetterState](),
}
"""Withheld for want of consent, it is a draft again once the patient agrees, with the facts of that day."""


class Letter(Base):
    """A letter to one professional around one patient. kind: opening, handover, alert_note. body: as sent, never rendered again.

    withheld_why: no_consent, refused, or removed. way: how it left (printed, handed, ...).
    """

    __tablename__ = "letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    to_name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=LetterState.DRAFT)
    withheld_why: Mapped[str] = mapped_column(String(20), default="")
    way: Mapped[str] = mapped_column(String(12), default="")
    written_by: Mapped[str] = mapped_column(String(60))
    written_at: Mapped[datetime]
    at: Mapped[datetime | None]
    sent_by: Mapped[str] = mapped_column(String(60), default="")
    sent_by_name: Mapped[str] = mapped_column(String(200), default="")
