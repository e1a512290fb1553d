"""Tablets dispensed against days that need them: days covered, days supplied, counted by hand (FR-32)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.tablets import D
from triage.adherence import (
    Fill,
    Window,
    mpr,
    pdc,
    plain,
)

SUPPLIES = [
    # name, fills, window, PDC, MPR
    ("one fill, half the window", [Fill(0, D(30))], Window(0, 60), "0.5", "0.5"),
    ("two fills on the same day are taken one after the other", [Fill(0, D(30)), Fill(0, D(30))], Window(0, 60), "1", "1"),
    ("an early refill carries over", [Fill(0, D(30)), Fill(20, D(30))], Window(0, 60), "1", "1"),
    ("a gap is not made up by a late refill", [Fill(0, D(30)), Fill(50, D(30))], Window(0, 80), "0.75", "0.75"),
    ("a gap, then an early refill", [Fill(0, D(10)), Fill(20, D(30)), Fill(30, D(30))], Window(0, 90), "0.777778", "0.777778"),
    ("too much supplied passes 1 in MPR only", [Fill(0, D(90)), Fill(10, D(90))], Window(0, 60), "1", "3"),
    ("supply from before carries into the window", [Fill(0, D(60))], Window(30, 60), "0.5", None),
    ("carries over before, then into the window", [Fill(0, D(30)), Fill(10, D(30))], Window(40, 40), "0.5", None),
    ("a fill before and one within", [Fill(0, D(45)), Fill(50, D(30))], Window(30, 60), "0.75", "0.75"),
    ("used up before the window: nothing covered is zero", [Fill(0, D(10))], Window(30, 30), "0", None),
    ("the window begins before the first fill", [Fill(0, D(30))], Window(-30, 60), "0.5", "1"),
    ("the window ends as the first fill comes", [Fill(0, D(30))], Window(-30, 30), None, None),
    ("a fill on the day the window ends is outside it", [Fill(0, D(10)), Fill(30, D(30))], Window(0, 30), "0.333333", "0.333333"),
    ("a fill on the last day", [Fill(0, D(10)), Fill(29, D(30))], Window(20, 10), "0.1", "30"),
    ("no day at all", [Fill(0, D(30))], Window(0, 0), None, None),
    ("no fill at all", [], Window(0, 30), None, None),
    ("a supply of unknown length", [Fill(0, D(30)), Fill(30, None)], Window(0, 60), None, None),
    ("unknown, but after the window", [Fill(0, D(30)), Fill(60, None)], Window(0, 60), "0.5", "0.5"),
    ("unknown, before the window: MPR does not look there", [Fill(0, None), Fill(30, D(30))], Window(30, 60), None, "0.5"),
    ("half a day left", [Fill(0, D("10.5"))], Window(0, 21), "0.5", "0.5"),
    ("nothing supplied", [Fill(0, D(0))], Window(0, 10), "0", "0"),
]


@pytest.mark.parametrize(("fills", "window", "days", "ratio"), [row[1:] for row in SUPPLIES], ids=[row[0] for row in SUPPLIES])
def test_days_covered_and_days_supplied(fills: list[Fill], window: Window, days: str | None, ratio: str | None) -> None:
    """FR-32. Empty means not defined: no day, no fill, or a supply nobody measured."""
    covered, possessed, capped = pdc(fills, window), mpr(fills, window), mpr(fills, window, capped=True)
    assert plain(covered.value) == (days or ""), covered
    assert plain(possessed.value) == (ratio or ""), possessed
    assert plain(capped.value) == ("" if ratio is None else min(ratio, "1", key=Decimal))
    assert bool(covered.reason) is (days is None) and bool(possessed.reason) is (ratio is None)


def fourteen_seven(held: range = range(0)) -> dict[int, Decimal]:
    return {n: D(1) for n in range(210) if n % 21 < 14 and n not in held}


INTAKE_DAYS = [
    ("rest days count for nothing", [Fill(0, D(14))], Window(0, 21), fourteen_seven(), "1"),
    ("supply waits through the rest week", [Fill(0, D(14)), Fill(10, D(14))], Window(0, 42), fourteen_seven(), "1"),
    ("half of the second cycle", [Fill(0, D(21))], Window(21, 21), fourteen_seven(), "0.5"),
    ("a refill that comes on day 4 of cycle 2", [Fill(0, D(14)), Fill(24, D(14))], Window(0, 42), fourteen_seven(), "0.892857"),
    ("a window of rest days alone", [Fill(0, D(14))], Window(14, 7), fourteen_seven(), None),
    ("held days use no tablet and leave the count", [Fill(0, D(7))], Window(0, 21), fourteen_seven(range(7, 14)), "1"),
    ("a hold across the start of the window", [Fill(0, D(10))], Window(10, 11), fourteen_seven(range(5, 12)), "1"),
    ("a hold across the end of the window", [Fill(0, D(5))], Window(0, 10), fourteen_seven(range(8, 30)), "0.625"),
    ("a hold over the whole window", [Fill(0, D(5))], Window(0, 10), fourteen_seven(range(30)), None),
    ("a hold before the window leaves its tablets for it", [Fill(0, D(14))], Window(21, 21), fourteen_seven(range(14)), "1"),
]


@pytest.mark.parametrize(("fills", "window", "needed", "days"), [row[1:] for row in INTAKE_DAYS], ids=[row[0] for row in INTAKE_DAYS])
def test_intake_days_covered(fills: list[Fill], window: Window, needed: dict[int, Decimal], days: str | None) -> None:
    """FR-32. Only days of intake count, and only they use tablets; ordered holds are left out of both."""
    assert plain(pdc(fills, window, needed).value) == (days or "")


def test_a_dose_that_changes_uses_what_it_needs() -> None:
    """In mg: 42000 mg dispensed; seven days of 3300 mg, then 2300 mg a day. 23100 gone by day 7, 8 whole days more and 500 mg."""
    needed = {n: D(3300 if n < 7 else 2300) for n in range(14)} | {n: D(2300) for n in range(21, 35)}
    assert pdc([Fill(0, D(42000))], Window(0, 14), needed).value == 1
    assert pdc([Fill(0, D(42000))], Window(0, 42), needed).value == plain_decimal(D(15) + D(500) / D(2300), D(28))


def plain_decimal(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole).quantize(D("0.000001"))


FILLS = st.lists(st.builds(Fill, st.integers(0, 60), st.integers(0, 40).map(D)), min_size=1, max_size=6)
WINDOWS = st.builds(Window, st.integers(-10, 80), st.integers(1, 60))


@given(FILLS, WINDOWS, st.integers(1, 30))
def test_more_tablets_never_cover_fewer_days(fills: list[Fill], window: Window, more: int) -> None:
    before, after = pdc(fills, window), pdc([*fills, Fill(0, D(more))], window)
    if before.value is not None and after.value is not None:
        assert 0 <= before.value <= after.value <= 1
    ratio, capped = mpr(fills, window), mpr(fills, window, capped=True)
    assert (ratio.value is None) == (capped.value is None)
    if ratio.value is not None and capped.value is not None:
        assert capped.value == min(ratio.value, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (D(1), "1"),
        (D("0.5"), "0.5"),
        (D("0.0000005"), "0"),
        (D("0.0000015"), "0.000002"),
        (D(30), "30"),
        (D("100.10"), "100.1"),
    ],
)
def test_numbers_are_printed_plainly(value: Decimal | None, text: str) -> None:
    assert plain(value) == text
