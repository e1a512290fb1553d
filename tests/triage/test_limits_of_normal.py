"""Liver limits as labels write them: multiples of the upper limit of normal of that laboratory, over and not at (issue, point 3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.protocols import TODAY
from triage.conditions import Book, Case, ConditionError, build
from triage.terms import Context, Measured

BOOK = Book({}, {"five": Decimal(5), "days": Decimal(14)})
OVER_FIVE = {"measure": "alt", "unit": "xULN", "above": "five", "within_days": "days"}
FROM_FIVE = {"measure": "alt", "unit": "xULN", "at_least": "five", "within_days": "days"}


def _met(spec: dict[str, Any], **chart: Measured) -> bool | None:
    return build(spec, BOOK).check(Case.of({}, {}, (), Context(TODAY, measures=chart))).met


def _alt(value: str, uln: str | None = "40") -> Measured:
    return Measured(Decimal(value), "U/L", TODAY, uln=None if uln is None else Decimal(uln))


@pytest.mark.parametrize(("value", "over", "reached"), [("199.9", False, False), ("200", False, True), ("200.1", True, True)])
def test_over_is_not_at(value: str, over: bool, reached: bool) -> None:
    """Suzette, ALT five times the limit of her laboratory: a label that says "over 5" holds nothing yet."""
    assert _met(OVER_FIVE, alt=_alt(value)) is over
    assert _met(FROM_FIVE, alt=_alt(value)) is reached


def test_a_limit_that_does_not_divide_stays_exact() -> None:
    """0.35 is a limit no binary number holds: five times it is 1.75, neither more nor less."""
    assert _met(FROM_FIVE, alt=_alt("1.75", "0.35")) is True
    assert _met(OVER_FIVE, alt=_alt("1.75", "0.35")) is False


@pytest.mark.parametrize("uln", [None, "0"])
def test_without_the_limit_of_the_laboratory_nothing_is_known(uln: str | None) -> None:
    assert _met(OVER_FIVE, alt=_alt("4000", uln)) is None


def test_limits_the_wrong_way_round_are_no_limit() -> None:
    """One of 41 and 7 is wrong, and nothing says which: 300 is neither over five times the one nor the other."""
    assert _met(OVER_FIVE, alt=Measured(Decimal(300), "U/L", TODAY, lln=Decimal(41), uln=Decimal(7))) is None
    assert _met(OVER_FIVE, alt=Measured(Decimal(300), "U/L", TODAY, lln=Decimal(7), uln=Decimal(41))) is True


def test_no_measure_and_an_old_one_are_unknown() -> None:
    assert _met(OVER_FIVE) is None
    old = Measured(Decimal(400), "U/L", TODAY.replace(month=10), uln=Decimal(40))
    assert _met(OVER_FIVE, alt=old) is None


def test_the_trace_says_the_limit_in_both_languages() -> None:
    fr, en = build(OVER_FIVE, BOOK).check(Case.of({}, {}, (), Context(TODAY, measures={"alt": _alt("240")}))).say()
    assert "limite normale 40" in fr
    assert "limit of normal 40" in en


def test_two_sides_are_two_conditions() -> None:
    with pytest.raises(ConditionError, match="two conditions"):
        build({**OVER_FIVE, "at_least": "five"}, BOOK)
