"""Documents of a patient's file: attached as they came, opened with a trace, struck through with a reason, never deleted.

They are kept in the database: one backup holds the file whole, and no folder can be forgotten.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, undefer

from app.core import audit
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal, Said
from app.people.document_models import Document, DocumentKind
from app.people.models import Patient
from app.people.perimeter import Viewer, visible_to

LARGEST = 5_000_000
"""Bytes: twenty scanned pages (house rule, 2026-11-23). What is larger would slow the backup that holds it."""

LONGEST_NAME, LONGEST_REASON = 120, 2000

PDF, PNG, JPEG, TEXT = "application/pdf", "image/png", "image/jpeg", "text/plain"
ENDINGS = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg", TEXT: ".txt"}


@dataclass(frozen=True)
class NewDocument:
    """A file and what is said of it. on_day None: not written, the day it came."""

    kind: str
    name: str
    content: bytes
    on_day: date | None = None


def attach(session: Session, patient: Patient, new: NewDocument, *, viewer: Viewer, now: datetime) -> Document:
    """Keep a document. Raises FieldErrors for what is missing, too large, or not one of the four kinds of file we can show safely."""
    today = now.astimezone(ZoneInfo(patient.timezone)).date()
    name, content_type = " ".join(new.name.split()), type_of(new.content)
    problems = _problems(new, name, content_type, today)
    if problems:
        raise FieldErrors(problems)
    row = Document(
        patient_id=patient.id,
        kind=new.kind,
        name=name,
        on_day=new.on_day or today,
        content_type=content_type,
        size=len(new.content),
        digest=hashlib.sha256(new.content).hexdigest(),
        content=new.content,
        attached_by=str(viewer.actor),
        attached_by_name=viewer.actor.name,
        attached_at=now,
    )
    session.add(row)
    session.flush()
    _note(session, patient, row, "document.attached", viewer, now, after={"kind": row.kind, "size": row.size, "sha256": row.digest})
    return row


def _problems(new: NewDocument, name: str, content_type: str, today: date) -> dict[str, str]:
    problems: dict[str, str] = {}
    if new.kind not in list(DocumentKind):
        problems["kind"] = "Choose what this document is."
    if not name:
        problems["name"] = "Write a name for this document."
    elif len(name) > LONGEST_NAME:
        problems["name"] = Said("Write at most {n} characters.", n=LONGEST_NAME)
    if not new.content:
        problems["file"] = "Choose a file."
    elif len(new.content) > LARGEST:
        problems["file"] = Said(
            "This file is larger than {n} MB. Nothing was kept; scan it in grey or in two parts.", n=LARGEST // 1_000_000
        )
    elif not content_type:
        problems["file"] = "This file is not a PDF, a PNG, a JPEG or plain text, whatever its name says. Nothing was kept."
    if new.on_day is not None and new.on_day > today:
        problems["on_day"] = "This day is in the future."
    return problems


def type_of(content: bytes) -> str:
    """What the bytes are: a PDF, a PNG, a JPEG or plain text; "" for anything else. The name of a file is not asked."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    return TEXT if _is_plain(content) else ""


def _is_plain(content: bytes) -> bool:
    """Words and line ends only, and nothing that a browser could take for a page."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\r\n\f" for sign in text):
        return False
    return bool(text.strip()) and not text.lstrip().startswith("<")


def file_name(row: Document) -> str:
    """What the file is called once saved: its name, and the ending of what it really is."""
    plain = "".join(sign if sign.isalnum() or sign in " -_." else "_" for sign in row.name).strip(" .") or "document"
    ending = ENDINGS[row.content_type]
    return plain if plain.lower().endswith(ending) else f"{plain}{ending}"


def of_patient(session: Session, patient_id: int) -> list[Document]:
    """Every document, the latest day first, those struck through too. Their content is not read."""
    mine = select(Document).where(Document.patient_id == patient_id)
    return list(session.scalars(mine.order_by(Document.on_day.desc(), Document.id.desc())))


def get(session: Session, document_id: int, *, viewer: Viewer) -> tuple[Patient, Document]:
    """A document with its patient. Raises NotFound outside the perimeter: a number that is guessed tells nothing (SEC-24)."""
    mine = select(Patient, Document).join(Document, Document.patient_id == Patient.id)
    found = session.execute(mine.where(Document.id == document_id, visible_to(viewer))).first()
    if found is None:
        raise NotFound("This document")
    return found[0], found[1]


def open_it(session: Session, document_id: int, *, viewer: Viewer, now: datetime) -> Document:
    """The document with its content; who opened it is written down (SEC-27). Raises NotFound, Refusal when it was struck through."""
    patient, row = get(session, document_id, viewer=viewer)
    if row.removed_at is not None:
        raise Refusal(
            "This document was struck through: {why}. It is kept, and no longer opened from here.", why=row.removed_reason, status=410
        )
    whole = session.scalars(
        select(Document).where(Document.id == row.id).options(undefer(Document.content)).execution_options(populate_existing=True)
    ).one()
    _note(session, patient, whole, "document.opened", viewer, now)
    return whole


def strike(session: Session, document_id: int, *, reason: str, viewer: Viewer, now: datetime) -> Document:
    """Strike a document through. The row, its content and who attached it stay. Raises Conflict when somebody was faster."""
    patient, row = get(session, document_id, viewer=viewer)
    why = reason.strip()[:LONGEST_REASON]
    if not why:
        raise FieldErrors({"reason": "Write why this document is struck through."})
    mine = update(Document).where(Document.id == row.id, Document.removed_at.is_(None))
    done = session.execute(mine.values(removed_at=now, removed_by=str(viewer.actor), removed_by_name=viewer.actor.name, removed_reason=why))
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        raise Conflict("This document was struck through by somebody else. Nothing was changed.")
    session.refresh(row)
    _note(session, patient, row, "document.struck", viewer, now, reason=why)
    return row


def _note(
    session: Session, patient: Patient, row: Document, action: str, viewer: Viewer, now: datetime, *, after: object = None, reason: str = ""
) -> None:
    audit.record(
        session,
        actor=viewer.actor,
        action=action,
        subject=f"document:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after=after,
        reason=reason,
        now=now,
    )
