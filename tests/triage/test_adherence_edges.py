"""Counts where something was left blank, or is less than one: nothing is guessed, nothing after it is lost (FR-31)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_UP, Decimal, localcontext

from triage.adherence import pill_count
from triage.adherence.figures import Figure, plain
from triage.adherence.taking import Taking, day_by_day
from triage.calendar import Expected

FIRST = date(2026, 3, 2)
HALF, ONE, FIVE = Decimal("0.5"), Decimal(1), Decimal(5)


def days(*counts: int | None) -> dict[date, int | None]:
    return {FIRST + timedelta(days=n): count for n, count in enumerate(counts)}


def test_a_blank_day_is_left_out_and_the_days_after_it_are_counted() -> None:
    """Colette's cap said nothing on the second day; on the third she took one of two, on the fourth three."""
    assert day_by_day(days(2, 2, 2, 2), days(2, None, 1, 3)) == Taking(6, 1, 1, off_day=False, off_day_intakes=0)
    assert day_by_day(days(2, None, 2), days(2, 2, 1)) == Taking(4, 1, 0, off_day=False, off_day_intakes=0)


def test_a_strength_that_came_in_one_way_alone_counts_for_what_came() -> None:
    """Daniel had 5 of 1 mg, received 10 of 5 mg and brought back 1 of 0.5 mg that he had from elsewhere."""
    due = Expected(2, Decimal(7), {ONE: 2, FIVE: 1})
    count = pill_count(due, before={ONE: 5}, dispensed={FIVE: 10}, returned={HALF: 1}, counted={ONE: 3, FIVE: 9, HALF: 0})
    assert count.expected_left == {ONE: 3, FIVE: 9, HALF: -1}
    assert count.difference == {ONE: 0, FIVE: 0, HALF: 1}
    assert count.share == Figure(Decimal("6.5"), Decimal(7))


def test_less_than_a_milligram_is_a_dose_too() -> None:
    """Elise, everolimus: half a milligram was due and is gone."""
    due = Expected(1, HALF, {HALF: 1})
    assert pill_count(due, before={HALF: 3}, counted={HALF: 2}).share == Figure(HALF, HALF)
    assert pill_count(Expected(0, Decimal(0), {}), before={HALF: 3}, counted={HALF: 3}).share.reason == "nothing_due"


def test_a_number_is_shown_without_idle_zeros() -> None:
    shown = {"10": "10", "0": "0", "1.50": "1.5", "0.0000005": "0", "0.0000015": "0.000002", "100.000": "100"}
    assert {text: plain(Decimal(text)) for text in shown} == shown


def test_half_goes_to_even_wherever_it_is_asked() -> None:
    """Whoever calls may round otherwise for himself."""
    with localcontext() as mine:
        mine.rounding = ROUND_UP
        assert plain(Decimal("0.1000005")) == "0.1"
        assert Figure(Decimal(1), Decimal(3)).value == Decimal("0.333333")
