"""Protocol versions: the same document as the file, its fingerprint, state and dates."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class VersionState(StrEnum):
    """draft → replayed → signed → scheduled → in_force → retired. patient: one patient's exception, held by nobody else."""

    DRAFT = "draft"
    REPLAYED = "replayed"
    SIGNED = "signed"
    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    RETIRED = "retired"
    PATIENT = "patient"


class ProtocolVersion(Base):
    """One dated document. ``service_id`` None: the library's. ``layers`` holds the text of the layers it was composed with.

    ``depth``: "in_depth", or "draft", which is read and compared with, never signed nor followed.

    Never edited once released: its fingerprint is kept by every assessment made under it.
    """

    __tablename__ = "protocol_version"
    __table_args__ = (Index("uq_protocol_version_dated", "service_id", "slug", "effective_from", "fingerprint", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80), index=True)
    effective_from: Mapped[date]
    title: Mapped[dict[str, Any]]
    agents: Mapped[list[Any]]
    # A quarter of a megabyte of text: fetched when it is compiled, not each time somebody asks which version holds.
    document: Mapped[str] = mapped_column(Text, deferred=True)
    layers: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    unverified: Mapped[int] = mapped_column(default=0)
    depth: Mapped[str] = mapped_column(String(20), default="in_depth", server_default="in_depth")
    state: Mapped[str] = mapped_column(String(20), default=VersionState.IN_FORCE)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(60))


class SignatureRole(StrEnum):
    """Who signs a protocol for a service: one of each, two different people."""

    DOCTOR = "doctor"
    PHARMACIST = "pharmacist"


class ProtocolSignature(Base):
    """A doctor or a pharmacist of a service has read exactly this document and takes it for the service. Never changed, never taken back.

    ``fingerprint`` is that of the document read: a row signed for one text says nothing of another.
    """

    __tablename__ = "protocol_signature"
    __table_args__ = (UniqueConstraint("service_id", "fingerprint", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    signed_by: Mapped[str] = mapped_column(String(200))
    unverified: Mapped[int]
    signed_at: Mapped[datetime]


class OfficialWording(Base):
    """The sentence of one PRO-CTCAE question in one language, loaded by a service that holds the licence; never in the repository.

    ``letter``: a, b or c, the attribute of the item. ``options``: its response words in order, empty when the file gave none.
    """

    __tablename__ = "official_wording"
    __table_args__ = (UniqueConstraint("service_id", "language", "item_no", "letter"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    language: Mapped[str] = mapped_column(String(8))
    item_no: Mapped[int]
    letter: Mapped[str] = mapped_column(String(1))
    text: Mapped[str] = mapped_column(Text)
    options: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(String(300))
    loaded_by: Mapped[str] = mapped_column(String(60))
    loaded_at: Mapped[datetime]
