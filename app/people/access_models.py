"""Tables of the door: in which other services somebody works, signed-in browsers, attempts to sign in, tokens of programs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base
from app.people.models import Staff


class StaffService(Base):
    """A further service of the same hospital that somebody works in, besides their home. Taken away, the row goes: the trail keeps it."""

    __tablename__ = "staff_service"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, index=True)
    since: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(60))


class StaffSession(Base):
    """A signed-in browser. Only the fingerprint of its token is stored. Real time, not the demonstration's clock.

    service_id: the service chosen among those this person works in; None: the home service.
    """

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship()


class SignInAttempt(Base):
    """One attempt, so that guessing is limited per account and per address whatever the number of processes. Real time."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_recent", "login", "at"), Index("ix_sign_in_attempt_address", "address", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    succeeded: Mapped[bool]


class ApiToken(Base):
    """A program that acts for a service. Only the fingerprint of the token is stored."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120), default="")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
