"""What the engine would conclude of answers that are being typed: the same as when they are kept, and nothing is kept (AMA-3, FR-32)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.checkins.judging import previewing
from app.checkins.judging.previewing import Preview
from app.checkins.models import CheckIn
from app.checkins.pages import calling, filling
from app.core.audit import Actor
from app.core.db import Base
from app.messaging import pages
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.treatment import measures
from tests.support.chain import Chain
from tests.support.filling import WEDNESDAY, me
from triage import explain
from triage.terms import Level

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

TYPED: list[tuple[dict[str, str | None], Level]] = [
    ({"temperature": "36.9"}, Level.NONE),
    ({"temperature": "38.6"}, Level.URGENT),
    ({"diarrhea": "0", "mouth_sores": "0"}, Level.NONE),
    ({"mouth_sores": "2"}, Level.HIGH),
    ({"diarrhea": "2", "stools": "8"}, Level.URGENT),
    ({"chest_pain": "yes"}, Level.URGENT),
    ({"temperature": None, "feels_hot": "yes"}, Level.URGENT),
    ({"temperature": None}, Level.NONE),
]
"""What is typed on day 3 of capecitabine, and how fast somebody must act: from the protocol's file, before any code was asked."""


def looked(chain: Chain, patient: Patient, typed: Mapping[str, str | None], *, by: Actor | None = None, told: str = "") -> Preview:
    """The preview, in a session that cannot write; the tables have as many rows afterwards as before."""
    before = rows(chain)
    with chain.read() as session:
        person = session.get_one(Patient, patient.id)
        checkin = calling.to_ask(session, person, now=chain.clock.now())
        found = previewing.preview(session, person, checkin, typed, by=by or me(patient), now=chain.clock.now(), told=told)
        assert not session.new
        assert not session.dirty
    assert found is not None
    assert rows(chain) == before
    return found


def rows(chain: Chain) -> dict[str, int]:
    with chain.read() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables}


def kept(chain: Chain, patient: Patient, typed: Mapping[str, str | None], *, by: Actor | None = None) -> CheckIn:
    """The same answers, noted one by one by Claire."""
    who = by or me(patient)
    with chain.database.transaction() as session:
        person = session.get_one(Patient, patient.id)
        found = calling.to_ask(session, person, now=chain.clock.now())
        checkin = calling.begin(session, person, found, by=who, now=chain.clock.now())
        for key, value in typed.items():
            asked_by = actor_of(chain.world.claire)
            filling.answer(session, checkin, key, value, by=who, source=pages.CALL, now=chain.clock.now(), asked_by=asked_by)
        return checkin


def same(chain: Chain, preview: Preview, checkin: CheckIn) -> bool:
    row = chain.judgements(checkin)[-1]
    return (row.result, row.fingerprint) == (explain.to_dict(preview.assessment), preview.protocol.fingerprint)


@pytest.mark.parametrize(("typed", "level"), TYPED, ids=lambda value: "" if isinstance(value, Level) else " ".join(value))
def test_what_is_shown_while_typing_is_what_keeping_it_concludes(
    chain: Chain, marie: Patient, typed: dict[str, str | None], level: Level
) -> None:
    chain.until(WEDNESDAY_TEN)
    seen = looked(chain, marie, typed)
    assert seen.assessment.level == level
    assert chain.alerts() == []

    assert same(chain, seen, kept(chain, marie, typed))


def test_beside_what_stands_already_as_one_conversation_goes_on(chain: Chain, marie: Patient) -> None:
    """A correction, a relative who differs, doses, a day nobody planned: each as it comes, on what was kept before."""
    chain.until(WEDNESDAY_TEN)
    with chain.database.transaction() as session:
        now = chain.clock.now()
        measures.record(
            session,
            session.get_one(Patient, marie.id),
            kind="weight",
            value="70",
            unit="kg",
            taken_at=now,
            source="call",
            by=me(marie),
            now=now,
        )
    lucie = Actor("respondent", 1, "Lucie Hoarau")
    for typed, by in (
        ({"diarrhea": "1", "mouth_sores": "2"}, None),
        ({"mouth_sores": "0"}, None),
        ({"mouth_sores": "1"}, lucie),
        ({"temperature": "37.4"}, lucie),
        ({"intake": "missed:4"}, None),
        ({"intake": "all"}, None),
    ):
        given: dict[str, str | None] = dict(typed)
        seen = looked(chain, marie, given, by=by)
        assert same(chain, seen, kept(chain, marie, given, by=by)), typed


def test_with_nothing_planned_it_judges_as_the_days_own_check_in_would(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        for row in session.scalars(select(CheckIn)):
            row.state = "cancelled"
    typed: dict[str, str | None] = {"temperature": "38.6"}
    seen = looked(chain, marie, typed)
    assert seen.assessment.level is Level.URGENT
    checkin = kept(chain, marie, typed)
    assert checkin.kind == "unprompted"
    assert same(chain, seen, checkin)


def test_words_half_typed_already_say_the_danger_in_them(chain: Chain, marie: Patient) -> None:
    """HZ-01: nobody waits for the sentence to be finished."""
    chain.until(WEDNESDAY_TEN)
    assert looked(chain, marie, {}, told="elle a mangé du riz").assessment.level is Level.NONE
    assert looked(chain, marie, {}, told="elle n'arrive plus à respirer").assessment.level is Level.URGENT
    assert chain.checkin(marie, WEDNESDAY).state == "open"


def test_what_cannot_be_is_refused_before_it_is_judged(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    with pytest.raises(ValueError, match="temperature"):
        looked(chain, marie, {"temperature": "377"})
