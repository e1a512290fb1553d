"""A figure and what it is made of. Not defined is a reason, never a zero."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

SIX = Decimal("0.000001")


@dataclass(frozen=True)
class Figure:
    """part over whole. reason: why it is not defined, '' when it is; see REASONS."""

    part: Decimal = Decimal(0)
    whole: Decimal = Decimal(0)
    reason: str = ""

    @property
    def value(self) -> Decimal | None:
        """Six decimals, half to even; None when not defined."""
        return None if self.reason else (self.part / self.whole).quantize(SIX, ROUND_HALF_EVEN)


REASONS = {
    "empty_window": "the window has no day",
    "before_first_fill": "no supply before the end of the window",
    "no_fill_in_window": "no supply in the window",
    "unknown_supply": "a supply of unknown length",
    "no_intake_day": "no intake day in the window",
    "nothing_due": "nothing was due",
    "more_missed_than_due": "more missed than due",
    "unknown_schedule": "what was due is not known",
    "not_counted": "a strength was not counted",
    "nothing_planned": "nothing was planned",
}
"""Every reason a figure can give, in English; screens have their own words for them."""


def plain(value: Decimal | None) -> str:
    """A number as files show it: six decimals at most, half to even, no trailing zeros, no exponent; '' for None."""
    if value is None:
        return ""
    return f"{value.quantize(SIX, ROUND_HALF_EVEN):f}".rstrip("0").rstrip(".")
