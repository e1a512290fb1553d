"""Issue: outside the demonstration, nobody begins on a protocol that a doctor and a pharmacist of the service have not both signed."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.people.models import Staff
from app.people.perimeter import actor_of
from app.protocols import shelf, signatures, versions
from app.protocols.models import ProtocolVersion, SignatureRole
from tests.factories import World
from tests.support.protocols import LIBRARY

DAY = date(2026, 11, 22)
SLUG = "capecitabine-14-7"
DOCTOR, PHARMACIST = SignatureRole.DOCTOR, SignatureRole.PHARMACIST


@pytest.fixture
def ward(database: Database, world: World, clock: HandClock) -> World:
    with database.transaction() as session:
        shelf.seed(session, clock.now())
    return world


@pytest.fixture
def now(clock: HandClock) -> datetime:
    return clock.now()


def cape(session: Session) -> ProtocolVersion:
    return session.scalars(select(ProtocolVersion).where(ProtocolVersion.slug == SLUG, ProtocolVersion.effective_from == DAY)).one()


def sign(session: Session, world: World, who: Staff, role: SignatureRole, now: datetime) -> None:
    signatures.sign(session, cape(session), service_id=world.service.id, role=role, by=actor_of(who), now=now)


def slugs(session: Session, world: World, *, demo: bool = False) -> list[str]:
    return [row.slug for row in versions.enrollable(session, DAY, world.service.id, demo=demo)]


def test_nobody_begins_on_what_nobody_signed(ward: World, session: Session) -> None:
    assert slugs(session, ward) == []


def test_one_signature_is_not_two(ward: World, session: Session, now: datetime) -> None:
    sign(session, ward, ward.lebon, DOCTOR, now)
    assert slugs(session, ward) == []


def test_a_doctor_and_a_pharmacist_open_it(ward: World, session: Session, now: datetime) -> None:
    sign(session, ward, ward.lebon, DOCTOR, now)
    sign(session, ward, ward.noe, PHARMACIST, now)
    assert slugs(session, ward) == [SLUG]
    acts = session.scalars(select(AuditRow).where(AuditRow.action == "protocol.signed").order_by(AuditRow.id)).all()
    assert [(row.actor_name, row.change["after"]["role"]) for row in acts] == [("Dr Aurore Lebon", "doctor"), ("Noé Grondin", "pharmacist")]


def test_nobody_signs_twice(ward: World, session: Session, now: datetime) -> None:
    sign(session, ward, ward.lebon, DOCTOR, now)
    with pytest.raises(Refusal, match="another person's"):
        sign(session, ward, ward.lebon, PHARMACIST, now)
    with pytest.raises(Refusal, match="already signed"):
        sign(session, ward, ward.claire, DOCTOR, now)
    assert len(signatures.of(session, cape(session), ward.service.id)) == 1


def test_a_signature_is_the_services_own(ward: World, session: Session, now: datetime) -> None:
    sign(session, ward, ward.lebon, DOCTOR, now)
    assert signatures.of(session, cape(session), ward.service.id + 1) == []


def test_another_services_copy_cannot_be_signed(ward: World, session: Session, now: datetime) -> None:
    text = (LIBRARY / "protocols" / SLUG / "2026-11-22.toml").read_text(encoding="utf-8").replace("at = 38.0", "at = 37.9", 1)
    own = versions.adopt(session, text, service_id=ward.service.id, by=actor_of(ward.lebon), now=now)
    with pytest.raises(Refusal, match="another service"):
        signatures.sign(session, own, service_id=ward.service.id + 1, role=DOCTOR, by=actor_of(ward.lebon), now=now)


def test_a_draft_is_for_reading(ward: World, session: Session, now: datetime) -> None:
    row = cape(session)
    row.depth = "draft"
    with pytest.raises(Refusal, match="draft"):
        sign(session, ward, ward.lebon, DOCTOR, now)
    assert SLUG not in slugs(session, ward, demo=True)


def test_a_demonstration_needs_no_signature(ward: World, session: Session) -> None:
    assert SLUG in slugs(session, ward, demo=True)


def test_a_new_date_waits_for_its_signatures(ward: World, session: Session, now: datetime) -> None:
    """The library moves on; who was signed for stays in force, until the new text is signed too."""
    sign(session, ward, ward.lebon, DOCTOR, now)
    sign(session, ward, ward.noe, PHARMACIST, now)
    first = cape(session)
    later = ProtocolVersion(
        slug=SLUG,
        effective_from=DAY,
        title=first.title,
        agents=first.agents,
        document=first.document + "\n# later",
        layers=first.layers,
        fingerprint="f" * 64,
        created_at=now,
        created_by="system:0",
    )
    session.add(later)
    session.flush()
    held = versions.in_force(session, SLUG, DAY, ward.service.id)
    assert held is not None
    assert held.id == first.id
    for who, role in ((ward.lebon, DOCTOR), (ward.noe, PHARMACIST)):
        signatures.sign(session, later, service_id=ward.service.id, role=role, by=actor_of(who), now=now)
    held = versions.in_force(session, SLUG, DAY, ward.service.id)
    assert held is not None
    assert held.id == later.id
