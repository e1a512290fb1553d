"""The facts of a course, handed to the calendar: which day of which cycle, which intakes were due."""

from __future__ import annotations

from datetime import date, timedelta

from app.treatment.models import Course
from triage import calendar
from triage.calendar import Day, Pattern, Span


def calendar_of(course: Course) -> calendar.Course:
    """The course as the calendar reads it. A patient followed from cycle 4 on has cycles 1 to 3 before the first known start."""
    pattern = Pattern(course.times_per_day, course.days_on, course.days_off or None)
    starts = [row.started_on for row in course.cycles]
    if starts and pattern.length is not None:
        missing = course.cycles[0].number - 1
        starts = [starts[0] - timedelta(days=pattern.length * n) for n in range(missing, 0, -1)] + starts
    holds = tuple(Span(hold.from_day, hold.until_day) for hold in course.holds)
    return calendar.Course(pattern, course.first_intake, tuple(starts), holds)


def day_of(course: Course, on: date) -> Day:
    """What this date is for the patient. Before the first intake no cycle has begun, whatever number it will have."""
    if on < course.first_intake:
        return Day(on, on_day=False, doses=0)
    return calendar.day_of(calendar_of(course), on)


def scheduled(course: Course, first: date, last: date) -> int | None:
    """Intakes due from first to last, both included; None as soon as one day is unknown (a cycle nobody said began)."""
    begins = max(first, course.first_intake)
    ends = min(last, course.stopped_on) if course.stopped_on else last
    return 0 if ends < begins else calendar.doses_between(calendar_of(course), begins, ends)
