"""Which version holds on which day, and a service's own copy with one number changed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.people.perimeter import actor_of
from app.protocols import shelf, versions
from app.protocols.models import ProtocolVersion, VersionState
from tests.factories import World
from tests.support.protocols import edited, judge
from triage.terms import Level

SLUG = "capecitabine-14-7"
FEVER = "fever             = { at = 38.0"
RELEASED = f"{SLUG}@2026-11-22"
STRICTER = edited(RELEASED, FEVER, FEVER.replace("38.0", "37.5"))
DAY = date(2026, 11, 23)


@pytest.fixture
def ward(database: Database, world: World, clock: HandClock) -> World:
    with database.transaction() as session:
        shelf.seed(session, clock.now())
    return world


@pytest.fixture
def now(clock: HandClock) -> datetime:
    return clock.now()


def held(session: Session, on: date, service_id: int | None = None) -> ProtocolVersion:
    row = versions.in_force(session, SLUG, on, service_id)
    assert row is not None
    return row


def test_nothing_holds_before_its_date_or_under_another_name(ward: World, session: Session) -> None:
    assert versions.in_force(session, SLUG, date(2026, 11, 21)) is None
    assert versions.in_force(session, "nobody", DAY) is None
    assert held(session, date(2026, 11, 22)).slug == SLUG


def test_an_edited_threshold_decides_in_the_service_that_adopted_it(ward: World, session: Session, now: datetime) -> None:
    """The issue, point 13: a copy with one threshold edited, and the edited threshold is what decides."""
    own = versions.adopt(session, STRICTER, service_id=ward.service.id, by=actor_of(ward.lebon), now=now)
    assert held(session, DAY, ward.service.id).id == own.id
    assert judge(versions.load(own), {"temperature": 37.5}).level is Level.URGENT
    elsewhere = held(session, DAY)
    assert elsewhere.service_id is None
    assert judge(versions.load(elsewhere), {"temperature": 37.5}).level is Level.NONE
    assert own.created_by == f"staff:{ward.lebon.id}"


def test_the_same_copy_adopted_twice_is_one_version(ward: World, session: Session, now: datetime) -> None:
    first, second = (versions.adopt(session, STRICTER, service_id=ward.service.id, by=actor_of(ward.lebon), now=now) for _ in range(2))
    assert first.id == second.id


def test_a_copy_that_cannot_be_used_says_why_and_changes_nothing(ward: World, session: Session, now: datetime) -> None:
    wrong = edited(RELEASED, FEVER, FEVER.replace("38.0", "83.5"))
    with pytest.raises(Refusal, match=r"fever = 83\.5: expected over 30 and at most 45") as refused:
        versions.adopt(session, wrong, service_id=ward.service.id, by=actor_of(ward.lebon), now=now)
    assert (refused.value.status, refused.value.field) == (422, "document")
    assert held(session, DAY, ward.service.id).service_id is None
    assert session.scalar(select(func.count(ProtocolVersion.id))) == len(shelf.stock().documents)


def test_the_latest_own_copy_wins_and_only_once_it_has_begun(ward: World, session: Session, now: datetime) -> None:
    by = actor_of(ward.lebon)
    versions.adopt(session, STRICTER, service_id=ward.service.id, by=by, now=now)
    later = STRICTER.replace("effective_from = 2026-11-22", "effective_from = 2026-12-01").replace("at = 37.5", "at = 37.8")
    versions.adopt(session, later, service_id=ward.service.id, by=by, now=now)
    limits = [versions.load(held(session, day, ward.service.id)).fever_limit for day in (date(2026, 11, 30), date(2026, 12, 1))]
    assert limits == [Decimal("37.5"), Decimal("37.8")]


def test_what_enrolment_may_choose_from(ward: World, session: Session, now: datetime) -> None:
    own = versions.adopt(session, STRICTER, service_id=ward.service.id, by=actor_of(ward.lebon), now=now)
    held(session, DAY).state = VersionState.DRAFT
    session.flush()
    found = versions.available(session, DAY, ward.service.id)
    slugs = sorted({path.parent.name for path in shelf.stock().documents})
    assert [row.slug for row in found] == slugs
    assert found[slugs.index(SLUG)].id == own.id
    assert held(session, DAY).effective_from == date(2026, 11, 22), "the version of the day before, when the latest is put aside"


def test_an_altered_stored_document_judges_nobody(ward: World, session: Session, now: datetime) -> None:
    own = versions.adopt(
        session, edited(RELEASED, FEVER, FEVER.replace("38.0", "37.4")), service_id=ward.service.id, by=actor_of(ward.lebon), now=now
    )
    own.document = own.document.replace("at = 37.4", "at = 39.4")
    with pytest.raises(Refusal, match="altered"):
        versions.load(own)
