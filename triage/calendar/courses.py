"""Which day of which cycle a date is, and what is due on it.

A cycle advances only when its start was confirmed. Past the planned first day of the next cycle, and without a yes, nobody knows whether
tablets are being taken: intakes are unknown there, and the only thing due is the question "was it started?".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from triage.calendar.patterns import Pattern

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Held days, both ends included. ``until_day`` None: the end is not known yet."""

    from_day: date
    until_day: date | None = None

    def covers(self, day: date) -> bool:
        """Is this day held?"""
        return self.from_day <= day and (self.until_day is None or day <= self.until_day)


@dataclass(frozen=True)
class Postponed:
    """The team moved the planned start of a cycle to a later day. Said again for the same cycle, the last counts."""

    cycle: int
    to: date


@dataclass(frozen=True)
class Course:
    """first_intake: the planned first day of cycle 1. starts: the confirmed cycle starts, cycle 1 first, in order."""

    pattern: Pattern
    first_intake: date
    starts: tuple[date, ...] = ()
    holds: tuple[Span, ...] = ()
    postponed: tuple[Postponed, ...] = ()

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
    doses: int | None = 0
    if awaiting:
        doses = None
    elif cycle_day is not None and not held:
        doses = pattern.intakes(cycle_day, on)
    return Day(on, cycle or None, cycle_day, None if doses is None else doses > 0, doses, held, awaiting)


def next_start(course: Course) -> date | None:
    """The planned first day of the next cycle: the pattern's or the later one the team gave, moved behind a hold that covers it.

    None: continuous and begun, or held with unknown end.
    """
    if not course.starts:
        planned = course.first_intake
    elif course.pattern.length is None:
        return None
    else:
        planned = course.starts[-1] + course.pattern.length * DAY
    given = [delay.to for delay in course.postponed if delay.cycle == len(course.starts) + 1]
    if given:
        planned = max(planned, given[-1])  # a delay never brings a start forward: tablets would be asked about on rest days
    while blocking := next((hold for hold in course.holds if hold.covers(planned)), None):
        if blocking.until_day is None:
            return None
        planned = blocking.until_day + DAY
    return planned


def doses_between(course: Course, first: date, last: date) -> int | None:
    """Scheduled intakes from ``first`` to ``last``, both included; None as soon as one of the days is unknown."""
    doses = [day_of(course, on).doses for on in days_of(first, last)]
    return None if any(d is None for d in doses) else sum(d for d in doses if d is not None)


def treatment_day(course: Course, on: date) -> int | None:
    """Days since the first confirmed intake, that day being 1, rest and held days included; None before it."""
    return (on - course.starts[0]).days + 1 if course.starts and on >= course.starts[0] else None


@dataclass(frozen=True)
class Together:
    """A date for somebody who takes several medicines, each with its own calendar."""

    on: date
    days: Mapping[str, Day]

    @property
    def due(self) -> tuple[str, ...]:
        """The medicines that are surely due."""
        return tuple(name for name, day in self.days.items() if day.on_day)

    @property
    def doses(self) -> int | None:
        """Intakes of all of them; None as soon as one is unknown."""
        counts = [day.doses for day in self.days.values()]
        return None if any(count is None for count in counts) else sum(count for count in counts if count is not None)

    @property
    def on_day(self) -> bool | None:
        """True when one is due, False when none is, None when that is not known."""
        return True if self.due else (None if self.doses is None else False)


def together(courses: Mapping[str, Course], on: date) -> Together:
    """The same date in each calendar, by medicine, in the order given."""
    return Together(on, {name: day_of(course, on) for name, course in courses.items()})


def days_of(first: date, last: date) -> Iterator[date]:
    """Every date from first to last, both included; none when they are the wrong way round."""
    return (first + n * DAY for n in range((last - first).days + 1))
