"""Tables of the professionals of the city: who they are, around which patients, and what each patient agreed that they are told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class Trade(StrEnum):
    """What a professional of the city does for a patient."""

    GP = "gp"
    PHARMACIST = "pharmacist"
    HOME_NURSE = "home_nurse"
    SUPPLIER = "supplier"
    OTHER = "other"


class Professional(Base):
    """Somebody of the city, known once to a service whatever the number of patients. language: of letters; rpps: eleven digits, or ""."""

    __tablename__ = "professional"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    trade: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    practice: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    rpps: Mapped[str] = mapped_column(String(11), default="")
    language: Mapped[str] = mapped_column(String(8), default="fr")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(60))


class CircleMember(Base):
    """This professional is around this patient. removed_at: no longer; the row stays, because letters and tasks name it."""

    __tablename__ = "circle_member"
    __table_args__ = (
        Index(
            "uq_circle_member_standing",
            "patient_id",
            "professional_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"), index=True)
    added_by: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime]
    removed_by: Mapped[str] = mapped_column(String(60), default="")
    removed_at: Mapped[datetime | None]

    professional: Mapped[Professional] = relationship()
    consents: Mapped[list[RecipientConsent]] = relationship(order_by="RecipientConsent.id")


class RecipientConsent(Base):
    """The patient agreed, or refused, that this professional is told. The last one holds; none is no. Rows only grow."""

    __tablename__ = "recipient_consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("circle_member.id"), index=True)
    granted: Mapped[bool]
    recorded_by: Mapped[str] = mapped_column(String(60))
    recorded_by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
