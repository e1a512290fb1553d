"""One door for the form and the telephone: the same answers give the same judgement, alert, advice and echo as by text (FR-02, HZ-24)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.checkins import filling
from app.checkins.models import CheckIn
from app.core.audit import Actor
from app.people.models import Patient
from tests.support.chain import MARIE, Chain

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def said_by(patient: Patient) -> Actor:
    return Actor("patient", patient.id, patient.full_name)


def fill(chain: Chain, patient: Patient, checkin: CheckIn, source: str, **values: str | None) -> filling.Filled:
    """Every question the page asks, in its order: as given, else the most reassuring answer; then the end."""
    from triage import questions

    while True:
        with chain.database.transaction() as session:
            row = session.get_one(CheckIn, checkin.id)
            question = filling.next_question(session, row)
            if question is None:
                return filling.finish(session, row, by=said_by(patient), source=source, now=chain.clock.now())
            best = questions.best(question)
            value = values.get(question.key, questions.write_value(best) if best is not None else "non")
            filled = filling.answer(session, row, question.key, value, by=said_by(patient), source=source, now=chain.clock.now())
        if filled.urgent:
            return filled


@pytest.mark.parametrize("source", ["form", "call"])
def test_a_calm_check_in_is_done_and_echoed_on_the_page(chain: Chain, marie: Patient, source: str) -> None:
    chain.until(WEDNESDAY_TEN)
    checkin = chain.checkin(marie, WEDNESDAY_TEN.date())
    filled = fill(chain, marie, checkin, source)
    assert filled.said is not None
    assert filled.said[0] == "confirm"
    assert filled.text
    assert len(chain.received(MARIE)) == 1
    assert chain.checkin(marie, WEDNESDAY_TEN.date()).state == "done"
