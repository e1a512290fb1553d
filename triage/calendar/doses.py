"""Doses in mg, counts in tablets: which dose was in force on which day, and what that makes over a span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from triage.calendar.courses import Course, day_of, days_of

MOST_TABLETS = 30
"""Of one intake. More is a slip in the dose or in the strength (our own limit, 2026-11-22; the labels read stay under 16)."""

Strengths = Mapping[Decimal, int]
"""Tablets by strength in mg."""


class NoExactTablets(ValueError):
    """No whole tablets make this dose; the sentence says why. Nothing is rounded."""


@dataclass(frozen=True)
class Dose:
    """From this day on: mg of one intake, and the tablets that make it as (strength in mg, count). No tablets: not known."""

    from_day: date
    mg: Decimal
    tablets: tuple[tuple[Decimal, int], ...] = ()


@dataclass(frozen=True)
class Expected:
    """Over a span: intakes due, mg in all, tablets by strength (None when they are not known for one of the doses)."""

    intakes: int
    mg: Decimal
    tablets: Strengths | None


def dose_on(doses: Sequence[Dose], on: date) -> Dose | None:
    """The dose in force that day: the latest begun. None before the first."""
    return max((dose for dose in doses if dose.from_day <= on), key=lambda dose: dose.from_day, default=None)


def expected(course: Course, doses: Sequence[Dose], first: date, last: date) -> Expected | None:
    """What was due from first to last, both included. None when a day, or the dose of an intake day, is unknown."""
    intakes, mg, tablets, counted = 0, Decimal(0), dict[Decimal, int](), True
    for on in days_of(first, last):
        due, dose = day_of(course, on).doses, dose_on(doses, on)
        if due is None or (due and dose is None):
            return None
        if due and dose:
            intakes, mg, counted = intakes + due, mg + due * dose.mg, counted and bool(dose.tablets)
            for strength, count in dose.tablets:
                tablets[strength] = tablets.get(strength, 0) + due * count
    return Expected(intakes, mg, tablets if counted else None)


def tablets_for(mg: Decimal, strengths: Sequence[Decimal]) -> dict[Decimal, int]:
    """The fewest whole tablets that make exactly this dose, largest strength first. Raises NoExactTablets."""
    large_first = sorted(set(strengths), reverse=True)
    if not large_first:
        raise NoExactTablets("no tablet strength is given")
    if mg <= 0 or large_first[-1] <= 0:
        what = f"a dose of {mg:f}" if mg <= 0 else f"a tablet of {large_first[-1]:f}"
        raise NoExactTablets(f"{what} mg: expected more than 0")
    reached: dict[Decimal, tuple[int, ...]] = {Decimal(0): (0,) * len(large_first)}
    edge = dict(reached)
    for _ in range(MOST_TABLETS):
        edge = _one_more(edge, large_first, mg + large_first[0])
        edge = {total: counts for total, counts in edge.items() if total not in reached}
        reached |= edge
        if mg in edge:
            return {strength: count for strength, count in zip(large_first, edge[mg], strict=True) if count}
    raise NoExactTablets(_why(mg, large_first, [total for total in reached if total]))


def _one_more(edge: Mapping[Decimal, tuple[int, ...]], strengths: Sequence[Decimal], most: Decimal) -> dict[Decimal, tuple[int, ...]]:
    """Every total one tablet away; of two ways to the same total, the one with more of the larger tablets."""
    found: dict[Decimal, tuple[int, ...]] = {}
    for total, counts in edge.items():
        for at, strength in enumerate(strengths):
            more = (*counts[:at], counts[at] + 1, *counts[at + 1 :])
            if total + strength <= most:
                found[total + strength] = max(more, found.get(total + strength, more))
    return found


def _why(mg: Decimal, strengths: Sequence[Decimal], totals: Sequence[Decimal]) -> str:
    above = min((total for total in totals if total > mg), default=None)
    if above is None:
        return f"{mg:f} mg would be more than {MOST_TABLETS} tablets in one intake"
    below = max((total for total in totals if total < mg), default=None)
    nearest = f"the nearest is {above:f} mg" if below is None else f"the nearest are {below:f} and {above:f} mg"
    return f"{mg:f} mg cannot be made of tablets of {' and '.join(f'{s:f}' for s in strengths)} mg; {nearest}"
