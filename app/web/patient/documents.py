"""The documents of a patient's file: the list, attaching one, opening one, striking one through."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.core.errors import FieldErrors
from app.people import documents, patients
from app.people.document_models import DocumentKind
from app.people.documents import NewDocument
from app.people.models import Patient
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.patient import letters, prescription
from app.web.patient.uploads import Uploaded, content_of
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened

router = APIRouter(max_body_size=8_000_000)
"""Bytes of the form: what is a little larger than a document may be is read, and told so in a sentence."""

SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "no-store",
}
"""A document never becomes a page of ours: it is saved, guessed at by no browser, and runs nothing (SEC-43)."""


@router.get("/patients/{patient_id}/documents")
def show(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """Every document, those struck through too, and the form."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "documents")
    return _page(page, session, patient, {}, {})


@router.post("/patients/{patient_id}/documents")
def attach(page: StaffPage, session: Writes, patient_id: Id, values: Typed, file: Uploaded = None) -> Response:
    """Keep the file, or the form again with a sentence beside each field. The file itself must be chosen again: no browser keeps it."""
    page.viewer.require("keep_documents")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    content = content_of(file, most=documents.LARGEST)
    name = values.get("name", "").strip() or (file.filename or "" if file else "")
    try:
        on_day = _day(values)
        new = NewDocument(values.get("kind", ""), name, content, on_day)
        documents.attach(session, patient, new, viewer=page.viewer, now=page.now)
    except FieldErrors as refusal:
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        return _page(page, session, patient, values, page.field_errors(refusal))
    return page.go(f"/patients/{patient.id}/documents")


@router.get("/documents/{document_id}")
def download(page: StaffPage, session: Writes, document_id: Id) -> Response:
    """The file as it came, to be saved. Who opened it is written down before it leaves."""
    page.viewer.require("open_chart")
    row = documents.open_it(session, document_id, viewer=page.viewer, now=page.now)
    called = f"attachment; filename*=UTF-8''{quote(documents.file_name(row), safe='')}"
    return Response(row.content, media_type=row.content_type, headers={**SAFE, "content-disposition": called})


@router.post("/documents/{document_id}/strike")
def strike(page: StaffPage, session: Writes, document_id: Id, values: Typed) -> Response:
    """Struck through with a reason; the line and the file stay."""
    page.viewer.require("keep_documents")
    patient, row = documents.get(session, document_id, viewer=page.viewer)
    try:
        documents.strike(session, row.id, reason=values.get("reason", ""), viewer=page.viewer, now=page.now)
    except FieldErrors as refusal:
        session.rollback()
        patient = patients.get(session, patient.id, viewer=page.viewer)
        told = {f"strike_{document_id}": said for said in page.field_errors(refusal).values()}
        return _page(page, session, patient, {}, told)
    return page.go(f"/patients/{patient.id}/documents")


def _day(values: dict[str, str]) -> date | None:
    found = prescription.day(values.get("on_day", ""))
    if found is None and values.get("on_day", "").strip():
        raise FieldErrors({"on_day": "This is not a date."})
    return found


def _page(page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str]) -> Response:
    return page.page(
        "documents.html",
        422 if errors else 200,
        patient=patient,
        documents=documents.of_patient(session, patient.id),
        letters=letters.sent(session, patient.id),
        kinds=[(kind.value, page.say(f"document.kind.{kind}")) for kind in DocumentKind],
        largest=documents.LARGEST // 1_000_000,
        values=values,
        errors=errors,
    )
