"""Documents are kept as they came, judged by their bytes, opened with a trace, struck through and never deleted."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal
from app.people import documents, services
from app.people.document_models import Document
from app.people.documents import NewDocument
from app.people.models import Patient, Role
from app.people.perimeter import Viewer, viewer_of
from tests.factories import PASSWORD, World, a_patient

PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n\x00"


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


@pytest.fixture
def claire(world: World) -> Viewer:
    return viewer_of(world.claire)


def done(session: Session, patient: Patient) -> list[tuple[str, str]]:
    rows = session.scalars(
        select(AuditRow).where(AuditRow.patient_id == patient.id, AuditRow.action.like("document.%")).order_by(AuditRow.id)
    )
    return [(row.action, row.actor_name) for row in rows]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        ("Compte rendu : œdème.\r\n".encode(), "text/plain"),
        (b"<html><script>1</script>", ""),
        (b"\n <svg xmlns=''/>", ""),
        (b"MZ\x90\x00", ""),
        (b"PK\x03\x04", ""),
        (b"\xe9t\xe9", ""),
        (b"GIF89a", "text/plain"),
        (b"   ", ""),
        (b"", ""),
    ],
)
def test_a_file_is_what_its_bytes_say(content: bytes, found: str) -> None:
    assert documents.type_of(content) == found


def test_attached_opened_struck_through(session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer) -> None:
    """SEC-27: who attached, who opened, who struck it through; the bytes stay."""
    now, named = clock.now(), "Ordonnance / novembre.exe"
    row = documents.attach(session, marie, NewDocument("prescription", named, PDF, date(2026, 11, 3)), viewer=claire, now=now)
    assert (row.name, row.content_type, row.size, row.on_day) == (named, "application/pdf", len(PDF), date(2026, 11, 3))
    assert row.digest == hashlib.sha256(PDF).hexdigest()
    assert documents.file_name(row) == "Ordonnance _ novembre.exe.pdf", "saved as what it is"
    session.expire_all()
    listed = documents.of_patient(session, marie.id)
    assert [one.id for one in listed] == [row.id]
    assert "content" in inspect(listed[0]).unloaded, "a list reads no file"
    assert documents.open_it(session, row.id, viewer=viewer_of(world.lebon), now=now).content == PDF
    with pytest.raises(FieldErrors):
        documents.strike(session, row.id, reason="  ", viewer=claire, now=now)
    documents.strike(session, row.id, reason="Autre patiente", viewer=claire, now=now)
    with pytest.raises(Conflict):
        documents.strike(session, row.id, reason="Encore", viewer=claire, now=now)
    with pytest.raises(Refusal, match="Autre patiente"):
        documents.open_it(session, row.id, viewer=claire, now=now)
    assert session.scalars(select(Document.content).where(Document.id == row.id)).one() == PDF
    assert done(session, marie) == [
        ("document.attached", "Claire Payet"),
        ("document.opened", "Dr Aurore Lebon"),
        ("document.struck", "Claire Payet"),
    ]


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewDocument("x-ray", "a", PDF), "kind"),
        (NewDocument("other", "  ", PDF), "name"),
        (NewDocument("other", "a" * 121, PDF), "name"),
        (NewDocument("other", "a", b""), "file"),
        (NewDocument("other", "a.pdf", b"<html>"), "file"),
        (NewDocument("other", "a", PDF + b"0" * documents.LARGEST), "file"),
        (NewDocument("other", "a", PDF, date(2026, 11, 19)), "on_day"),
    ],
)
def test_what_cannot_stand_is_refused_beside_its_field(
    session: Session, clock: HandClock, marie: Patient, claire: Viewer, new: NewDocument, field: str
) -> None:
    with pytest.raises(FieldErrors) as refusal:
        documents.attach(session, marie, new, viewer=claire, now=clock.now())
    assert list(refusal.value.fields) == [field]
    assert session.scalars(select(Document.id)).all() == []


def test_a_document_of_another_service_is_not_found(
    session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer
) -> None:
    """SEC-24: neither opened, nor struck through, nor told apart from one that does not exist."""
    row = documents.attach(session, marie, NewDocument("consent", "Accord", PDF), viewer=claire, now=clock.now())
    elsewhere = services.open_service(
        session,
        world.hospital,
        name="Pneumologie",
        sms_name="Suivi Pneumo",
        phone="0199005678",
        number="+33199005678",
        timezone="Europe/Paris",
        by=claire.actor,
        now=clock.now(),
    )
    far = viewer_of(
        services.engage(
            session,
            world.hospital,
            login="far",
            name="Far",
            role=Role.NURSE,
            password=PASSWORD,
            service=elsewhere,
            by=claire.actor,
            now=clock.now(),
        )
    )
    for act in (
        lambda: documents.get(session, row.id, viewer=far),
        lambda: documents.open_it(session, row.id, viewer=far, now=clock.now()),
        lambda: documents.strike(session, row.id, reason="x", viewer=far, now=clock.now()),
    ):
        with pytest.raises(NotFound, match="This document does not exist"):
            act()
    assert done(session, marie) == [("document.attached", "Claire Payet")]
