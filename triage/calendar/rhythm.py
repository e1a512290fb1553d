"""On which days a patient is asked, and asked whether a cycle began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from triage.calendar.courses import DAY, Course, day_of, days_of, next_start

REGULAR = "regular"
CYCLE_START = "cycle_start"

START_ASKED_ON = (0, 3, 6, 9)
"""Days after the planned first day on which "was it started?" is asked; later it is a person's task, not another text."""


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
    for on in days_of(first, last):
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
