"""What was dispensed, against the days it had to last: PDC, MPR.

Days are whole numbers on any one scale (from the first supply, or ordinals of dates). Supplies of the same day, and early ones, are
used one after the other, whatever their medicine: nothing is thrown away, and no gap is repaired afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from triage.adherence.figures import Figure

ONE = Decimal(1)


@dataclass(frozen=True)
class Fill:
    """A supply received on a day. amount: how long it lasts, in days, or in the unit of the needs it is set against; None: not known."""

    day: int
    amount: Decimal | None


@dataclass(frozen=True)
class Window:
    """From a day, for so many days; ``end`` is the first day outside."""

    start: int
    days: int

    @property
    def end(self) -> int:
        """The first day after it."""
        return self.start + self.days


def pdc(fills: Sequence[Fill], window: Window, needs: Mapping[int, Decimal] | None = None) -> Figure:
    """Days covered over days of the window; a supply from before carries over into it.

    needs: what each day of intake uses, every other day being left out of both (PDC over intake days). None: every day uses one
    day of supply. Not defined without a day, or before the first supply. A day half supplied counts half.
    """
    before_end = [fill for fill in fills if fill.day < window.end]
    if window.days < 1:
        return Figure(reason="empty_window")
    if not before_end:
        return Figure(reason="before_first_fill")
    if any(fill.amount is None for fill in before_end):
        return Figure(reason="unknown_supply")
    arriving: dict[int, Decimal] = {}
    for fill in before_end:
        arriving[fill.day] = arriving.get(fill.day, Decimal(0)) + (fill.amount or Decimal(0))
    covered = whole = stock = Decimal(0)
    for day in range(min(*arriving, window.start), window.end):
        stock += arriving.get(day, Decimal(0))
        need = ONE if needs is None else needs.get(day)
        if not need:
            continue
        used = min(need, stock)
        stock -= used
        if day >= window.start:
            covered, whole = covered + used / need, whole + 1
    return Figure(covered, whole) if whole else Figure(reason="no_intake_day")


def mpr(fills: Sequence[Fill], window: Window, *, capped: bool = False) -> Figure:
    """Days supplied by the fills of the window over the days from the first of them to its end. May pass 1, unless capped.

    Every fill counts whole, also what outlasts the window. Not defined when none falls in it.
    """
    inside = [fill for fill in fills if window.start <= fill.day < window.end]
    if not inside:
        return Figure(reason="no_fill_in_window")
    if any(fill.amount is None for fill in inside):
        return Figure(reason="unknown_supply")
    supplied = sum((fill.amount or Decimal(0) for fill in inside), Decimal(0))
    whole = Decimal(window.end - min(fill.day for fill in inside))
    return Figure(min(supplied, whole) if capped else supplied, whole)
