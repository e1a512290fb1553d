"""Which day of which cycle a date is, what is due on it, and the instant a local hour falls on.

A cycle advances only when its start was confirmed. Past the planned first day of the next cycle, and without a yes, nobody knows whether
tablets are being taken: intakes are unknown there, and the only thing due is the question "was it started?".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

REGULAR = "regular"
CYCLE_START = "cycle_start"

START_ASKED_ON = (0, 3, 6, 9)
"""Days after the planned first day on which "was it started?" is asked; later it is a person's task, not another text."""

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pattern:
    """Intakes a day, then days on and days off. ``days_off`` 0 or None: continuous, one endless cycle."""

    times_per_day: int
    days_on: int | None = None
    days_off: int | None = None

    def __post_init__(self) -> None:
        """ValueError for a pattern that cannot be lived."""
        if self.times_per_day < 1:
            raise ValueError(f"{self.times_per_day} intakes a day: expected 1 or more")
        if (self.days_off or 0) < 0 or (self.days_on is not None and self.days_on < 1):
            raise ValueError(f"{self.days_on} days on, {self.days_off} days off: expected at least one day on, none negative")
        if self.days_off and self.days_on is None:
            raise ValueError(f"{self.days_off} days off need a number of days on")

    @property
    def length(self) -> int | None:
        """Days of a cycle; None when continuous."""
        return self.days_on + self.days_off if self.days_on and self.days_off else None


@dataclass(frozen=True)
class Span:
    """Held days, both ends included. ``until_day`` None: the end is not known yet."""

    from_day: date
    until_day: date | None = None

    def covers(self, day: date) -> bool:
        """Is this day held?"""
        return self.from_day <= day and (self.until_day is None or day <= self.until_day)


@dataclass(frozen=True)
class Course:
    """first_intake: the planned first day of cycle 1. starts: the confirmed cycle starts, cycle 1 first, in order."""

    pattern: Pattern
    first_intake: date
    starts: tuple[date, ...] = ()
    holds: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        """ValueError when the confirmed starts are not in order."""
        if any(later <= earlier for earlier, later in zip(self.starts, self.starts[1:], strict=False)):
            raise ValueError(f"confirmed cycle starts are not in order: {', '.join(map(str, self.starts))}")


@dataclass(frozen=True)
class Day:
    """A date of a course. cycle, cycle_day: from 1, None before the first confirmed intake.

    on_day, doses: scheduled intakes that day; None when unknown. awaiting_start: a cycle was due and nobody said it began.
    """

    on: date
    cycle: int | None = None
    cycle_day: int | None = None
    on_day: bool | None = None
    doses: int | None = None
    held: bool = False
    awaiting_start: bool = False


def day_of(course: Course, on: date) -> Day:
    """What this date is, as far as it is known."""
    pattern = course.pattern
    held = any(hold.covers(on) for hold in course.holds)
    cycle = sum(start <= on for start in course.starts)
    planned = next_start(course)
    awaiting = not held and planned is not None and on >= planned
    cycle_day = (on - course.starts[cycle - 1]).days + 1 if cycle else None
    if held or (cycle_day is None and not awaiting):
        on_day: bool | None = False
    elif awaiting:
        on_day = None
    else:
        on_day = pattern.length is None or (cycle_day is not None and cycle_day <= (pattern.days_on or 0))
    doses = None if on_day is None else pattern.times_per_day * on_day
    return Day(on, cycle or None, cycle_day, on_day, doses, held, awaiting)


def next_start(course: Course) -> date | None:
    """The planned first day of the next cycle, moved behind a hold. None: continuous and begun, or held with unknown end."""
    if not course.starts:
        planned = course.first_intake
    elif course.pattern.length is None:
        return None
    else:
        planned = course.starts[-1] + course.pattern.length * DAY
    while blocking := next((hold for hold in course.holds if hold.covers(planned)), None):
        if blocking.until_day is None:
            return None
        planned = blocking.until_day + DAY
    return planned


def doses_between(course: Course, first: date, last: date) -> int | None:
    """Scheduled intakes from ``first`` to ``last``, both included; None as soon as one of the days is unknown."""
    doses = [day_of(course, on).doses for on in _days(first, last)]
    return None if any(d is None for d in doses) else sum(d for d in doses if d is not None)


@dataclass(frozen=True)
class Beat:
    """A rhythm of check-ins: on listed cycle days, or every so many days, within a range of cycles. ``last`` None: without end."""

    first_cycle: int = 1
    last_cycle: int | None = None
    days: tuple[int, ...] = ()
    every: int | None = None
    from_day: int = 1
    to_day: int | None = None
    ask: tuple[str, ...] = ()

    def in_cycle(self, cycle: int) -> bool:
        """Does this beat hold in that cycle?"""
        return self.first_cycle <= cycle and (self.last_cycle is None or cycle <= self.last_cycle)

    def falls_on(self, cycle: int, cycle_day: int) -> bool:
        """Is there a check-in on that day of that cycle?"""
        if not self.in_cycle(cycle):
            return False
        if cycle_day in self.days:
            return True
        inside = self.from_day <= cycle_day and (self.to_day is None or cycle_day <= self.to_day)
        return self.every is not None and inside and (cycle_day - self.from_day) % self.every == 0

    def distance(self, cycle_day: int) -> int:
        """Days to its nearest check-in of a cycle: which questions suit a day on which nothing was planned."""
        apart = [abs(day - cycle_day) for day in self.days]
        if self.every is not None:
            upper = cycle_day if self.to_day is None else min(cycle_day, self.to_day)
            apart.append(abs(cycle_day - max(self.from_day, upper)))
        return min(apart, default=10**6)


@dataclass(frozen=True)
class Planned:
    """A check-in to be. kind: regular, or cycle_start, which asks one thing: was this cycle started?"""

    day: date
    cycle: int
    cycle_day: int
    kind: str = REGULAR


def check_ins(rhythm: Sequence[Beat], course: Course, first: date, last: date) -> tuple[Planned, ...]:
    """The check-ins between two dates, both included, as far as confirmed starts allow to know them."""
    asked_on = start_questions(course)
    planned = []
    for on in _days(first, last):
        day = day_of(course, on)
        if on in asked_on:
            planned.append(Planned(on, len(course.starts) + 1, 1, CYCLE_START))
        elif day.cycle is None or day.cycle_day is None or day.awaiting_start:
            continue
        elif any(beat.falls_on(day.cycle, _rhythm_day(course, day.cycle_day)) for beat in rhythm):
            planned.append(Planned(on, day.cycle, day.cycle_day))
    return tuple(planned)


def _rhythm_day(course: Course, cycle_day: int) -> int:
    """A hold may outlast the cycle: the rhythm then starts over, or a patient held for toxicity would be asked nothing at all."""
    length = course.pattern.length
    return cycle_day if length is None else (cycle_day - 1) % length + 1


def start_questions(course: Course) -> tuple[date, ...]:
    """The dates on which "was it started?" is asked for the next cycle; none on held days."""
    planned = next_start(course)
    dates = () if planned is None else tuple(planned + after * DAY for after in START_ASKED_ON)
    return tuple(on for on in dates if not any(hold.covers(on) for hold in course.holds))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * DAY for n in range((last - first).days + 1))


# --- Local hours --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quiet:
    """No automatic question between these local hours; ``start`` is included, ``end`` is not. May pass midnight."""

    start: time = time(20)
    end: time = time(8)

    def holds(self, at: time) -> bool:
        """Is this local time quiet?"""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


def zone_of(name: str) -> ZoneInfo:
    """An IANA time zone. ValueError for any other name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}: expected an IANA name such as Europe/Paris or Indian/Reunion") from None


def instant(day: date, hour: time, zone: str) -> datetime:
    """The UTC instant of a local hour. An hour that the clock skips is moved forward by the gap; one it repeats is its first pass."""
    return datetime.combine(day, hour.replace(fold=0), tzinfo=zone_of(zone)).astimezone(UTC)


def local_day(at: datetime, zone: str) -> date:
    """The patient's date at an instant."""
    return at.astimezone(zone_of(zone)).date()


def is_quiet(at: datetime, zone: str, quiet: Quiet) -> bool:
    """Does this instant fall inside the patient's quiet hours?"""
    return quiet.holds(at.astimezone(zone_of(zone)).time())


def next_allowed(at: datetime, zone: str, quiet: Quiet) -> datetime:
    """``at`` itself outside quiet hours, otherwise the end of them, in UTC."""
    local = at.astimezone(zone_of(zone))
    if not quiet.holds(local.time()):
        return at.astimezone(UTC)
    day = local.date() + DAY if local.time() >= quiet.end else local.date()
    return instant(day, quiet.end, zone)
