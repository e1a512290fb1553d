"""A dosing pattern: how many intakes each day of a cycle holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""As protocols write them; ISO numbers 1 to 7."""

Block = tuple[int, int]


def weekday_of(name: str) -> int:
    """The ISO number of a weekday written in English, 1 to 7. ValueError for any other word."""
    if name not in WEEKDAYS:
        raise ValueError(f"unknown weekday {name!r}: expected one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(name) + 1


@dataclass(frozen=True)
class Pattern:
    """Intakes a day, and the days of a cycle that hold them. Everything unsaid: every day, without cycle or end.

    Days of intake: ``days_on`` then ``days_off`` (0 or None: continuous), or ``blocks`` of first and last day within ``cycle_days``.
    Within them, ``weekday`` (ISO, 1 Monday to 7 Sunday) keeps that day alone, ``every`` one day in so many, the first included.
    ``first_intake_evening``: each block begins with its last intake of the day, and ends with what is left on the morning after it.
    """

    times_per_day: int
    days_on: int | None = None
    days_off: int | None = None
    blocks: tuple[Block, ...] = ()
    cycle_days: int | None = None
    weekday: int | None = None
    every: int = 1
    first_intake_evening: bool = False

    def __post_init__(self) -> None:
        """ValueError for a pattern that cannot be lived."""
        for problem in (_counts(self), _days(self), _blocks(self), _evening(self)):
            if problem:
                raise ValueError(problem)

    @property
    def length(self) -> int | None:
        """Days of a cycle; None when there is none to confirm."""
        if self.blocks:
            return self.cycle_days
        return self.days_on + self.days_off if self.days_on and self.days_off else None

    @property
    def on_blocks(self) -> tuple[Block, ...]:
        """First and last intake day of each block of a cycle; empty when every day may hold one."""
        return self.blocks or (((1, self.days_on),) if self.days_on and self.days_off else ())

    def intakes(self, cycle_day: int, on: date) -> int:
        """Intakes due on a day of the cycle, whose date is ``on``. A cycle that outlasts its length rests."""
        if self.weekday is not None and on.isoweekday() != self.weekday:
            return 0
        if self.every > 1 and (cycle_day - 1) % self.every:
            return 0
        blocks = self.on_blocks
        if self.first_intake_evening:
            if cycle_day in {first for first, _ in blocks or ((1, 0),)}:
                return 1
            if cycle_day in {last + 1 for _, last in blocks}:
                return self.times_per_day - 1
        return self.times_per_day if not blocks or any(first <= cycle_day <= last for first, last in blocks) else 0


def _counts(pattern: Pattern) -> str:
    if pattern.times_per_day < 1:
        return f"{pattern.times_per_day} intakes a day: expected 1 or more"
    if pattern.every < 1:
        return f"every {pattern.every} days: expected 1 or more"
    if pattern.weekday is not None and not 1 <= pattern.weekday <= 7:
        return f"weekday {pattern.weekday}: expected 1 (Monday) to 7 (Sunday)"
    return "a weekday and one day in so many exclude each other" if pattern.weekday and pattern.every > 1 else ""


def _days(pattern: Pattern) -> str:
    on, off = pattern.days_on, pattern.days_off
    if (off or 0) < 0 or (on is not None and on < 1):
        return f"{on} days on, {off} days off: expected at least one day on, none negative"
    return f"{off} days off need a number of days on" if off and on is None else ""


def _blocks(pattern: Pattern) -> str:
    if not pattern.blocks:
        return "" if pattern.cycle_days is None else "cycle_days goes with blocks"
    if pattern.cycle_days is None:
        return "blocks need cycle_days, the length of the cycle"
    if pattern.days_on is not None or pattern.days_off is not None:
        return "blocks or days on and off, not both"
    earlier_ends = (0, *(last for _, last in pattern.blocks))
    in_order = all(
        before < first <= last <= pattern.cycle_days for before, (first, last) in zip(earlier_ends, pattern.blocks, strict=False)
    )
    return "" if in_order else f"blocks {pattern.blocks} of {pattern.cycle_days} days: expected in order, apart, inside the cycle"


def _evening(pattern: Pattern) -> str:
    if not pattern.first_intake_evening:
        return ""
    if pattern.times_per_day < 2 or pattern.weekday is not None or pattern.every > 1:
        return "a first intake in the evening needs two or more a day, day after day"
    blocks, length = pattern.on_blocks, pattern.length
    taken = {first for first, _ in blocks}
    free = all(last + 1 not in taken and last + 1 <= (length or 0) for _, last in blocks)
    return "" if free else "a first intake in the evening needs the morning after each block"
