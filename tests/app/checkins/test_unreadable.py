"""A reply nobody can read is asked again once; the second in a row goes to a person, the telephone is left in peace (codebook 9)."""

from __future__ import annotations

from datetime import UTC, date, datetime

from app.checkins.models import CheckInState
from app.people.models import Patient
from tests.support.chain import MARIE, Chain

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_a_second_unreadable_reply_in_a_row_goes_to_a_person(chain: Chain, marie: Patient) -> None:
    """FR-13: Marie's telephone types in her pocket, twice. A nurse reads both; no third question leaves."""
    chain.until(WEDNESDAY_TEN)

    first, second, third = (chain.says(MARIE, typed) for typed in ("gfhjk", "gfhjk gf", "gfhjkl"))

    assert len(first) == 1
    assert chain.checkin(marie, WEDNESDAY).state != CheckInState.OPEN
    assert len(second) == 1
    assert "?" not in second[0]
    assert "to_read" in chain.tasks()
    assert not any("?" in words for words in third)


def test_an_answer_in_between_starts_the_count_again(chain: Chain, marie: Patient) -> None:
    """One slip, an answer, another slip: the question is asked again, nobody is called."""
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "gfhjk")
    chain.says(MARIE, "1 1 0")
    before = chain.tasks()

    again = chain.says(MARIE, "gfhjk")

    assert len(again) == 1
    assert chain.tasks() == before
