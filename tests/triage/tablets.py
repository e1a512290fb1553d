"""Capecitabine from a Monday in March, as courses and days that need tablets, for what is counted by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from triage.calendar import Course, Pattern, Span, day_of

MONDAY = date(2026, 3, 2)
CAPECITABINE = Pattern(2, 14, 7)
D = Decimal


def march(day: int) -> date:
    return date(2026, 3, day)


def cycles(pattern: Pattern, count: int, holds: tuple[Span, ...] = ()) -> Course:
    return Course(pattern, MONDAY, tuple(MONDAY + timedelta(days=(pattern.length or 0) * n) for n in range(count)), holds)


def needs(course: Course) -> dict[int, Decimal]:
    """One day's tablets on each intake day, by day number from the first intake."""
    return {n: D(1) for n in range(120) if day_of(course, MONDAY + timedelta(days=n)).on_day}
