"""Messages of both directions, and every callback a carrier ever made about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Out(StrEnum):
    """Life of a text we send. Delivery states only move forward, whatever the order of callbacks."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"


class In(StrEnum):
    """Life of a text we received. unread: kept, not understood yet. read: understood. queue: waits for a nurse to read it."""

    UNREAD = "unread"
    READ = "read"
    QUEUE = "queue"


class Message(Base):
    """One text, as said. ``body`` is what left or arrived, letter for letter, and is never changed.

    address: the other side's E.164 number. number: ours. key: the template ("" for inbound). purpose: question, reminder,
    confirmation, safety, advice, administrative, staff. priority: lower leaves first (0 safety). dedup_key: the same reason is
    queued once for ever. reply_to_id: the patient's own text this answers (quiet hours do not hold for answers). carrier_id: Twilio's
    MessageSid. lease_*: which process is sending it, until when. error_code: a word of notifications.messages.Reason, or no_number,
    landline, wording, refused_country, withdrawn; error: for the operator. handled: a person, or a task, knows that it did not arrive.
    link_id: the form link in the text; its token stands as asterisks in ``body`` and is put in while the text leaves. carrier "form" or
    "call": said or shown on a page, never sent (pages.py). reading: of what we said, only the values of a safety text.
    check_id: the same for the code of a number check. channel: sms, email, voice; an e-mail's address is "staff:ID" or "professional:ID",
    read when it leaves.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("carrier", "carrier_id"),
        UniqueConstraint("dedup_key"),
        Index(
            "ix_message_due",
            "due_at",
            sqlite_where=text("state in ('queued', 'sending')"),
            postgresql_where=text("state in ('queued', 'sending')"),
        ),
        Index("ix_message_unread", "id", sqlite_where=text("state = 'unread'"), postgresql_where=text("state = 'unread'")),
        Index("ix_message_story", "patient_id", "created_at"),
        Index("ix_message_day", "service_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    checkin_id: Mapped[int | None] = mapped_column(index=True)
    alert_id: Mapped[int | None] = mapped_column(index=True)
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    link_id: Mapped[int | None]
    check_id: Mapped[int | None]
    channel: Mapped[str] = mapped_column(String(8), default="sms")
    direction: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12))
    address: Mapped[str] = mapped_column(String(32), index=True)
    number: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(60), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    purpose: Mapped[str] = mapped_column(String(20), default="")
    priority: Mapped[int] = mapped_column(default=5)
    dedup_key: Mapped[str | None] = mapped_column(String(160))
    carrier: Mapped[str] = mapped_column(String(20), default="")
    carrier_id: Mapped[str | None] = mapped_column(String(64))
    due_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_by: Mapped[str] = mapped_column(String(60), default="")
    lease_until: Mapped[datetime | None]
    error_code: Mapped[str] = mapped_column(String(20), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    handled: Mapped[bool] = mapped_column(default=False)
    reading: Mapped[dict[str, Any] | None]
    media: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class DeliveryEvent(Base):
    """One callback, as it came. The message's state is derived; nothing that a carrier said is thrown away."""

    __tablename__ = "delivery_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    carrier_id: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(24))
    error_code: Mapped[str] = mapped_column(String(20), default="")
    received_at: Mapped[datetime]


class FormLink(Base):
    """The address of a form, for one check-in of one patient (``checkin_id``), or to say that something is wrong (None).

    The token of the address is made from ``seed`` with the installation's secret and is never stored, only its fingerprint: neither this
    table nor the messages give a way in. respondent_id: the relative it was sent to; None: the patient. wrong: wrong birthdays in a row.
    ended_at: after it the page says so and offers a new text. ended_why: sent, window, locked, replaced.
    """

    __tablename__ = "form_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    checkin_id: Mapped[int | None] = mapped_column(ForeignKey("checkin.id"), index=True)
    respondent_id: Mapped[int | None] = mapped_column(ForeignKey("respondent.id"))
    seed: Mapped[str] = mapped_column(String(32))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    wrong: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(String(12), default="")


class FormVisit(Base):
    """A browser that passed the day-and-month question of a link: a short session of its own. Only the cookie's fingerprint is stored.

    said_by: who answers, "patient:3" or "respondent:5". language: chosen on the form, "" for the patient's.
    """

    __tablename__ = "form_visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("form_link.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    said_by: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(8), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
