"""Which day of which cycle a date is, what is due on it, and the instant a local hour falls on. Every date is decided here."""

from triage.calendar.courses import DAY, Course, Day, Span, day_of, doses_between, next_start
from triage.calendar.hours import Quiet, instant, is_quiet, local_day, next_allowed, zone_of
from triage.calendar.patterns import WEEKDAYS, Block, Pattern, weekday_of
from triage.calendar.rhythm import CYCLE_START, REGULAR, START_ASKED_ON, Beat, Planned, check_ins, start_questions

__all__ = [
    "CYCLE_START",
    "DAY",
    "REGULAR",
    "START_ASKED_ON",
    "WEEKDAYS",
    "Beat",
    "Block",
    "Course",
    "Day",
    "Pattern",
    "Planned",
    "Quiet",
    "Span",
    "check_ins",
    "day_of",
    "doses_between",
    "instant",
    "is_quiet",
    "local_day",
    "next_allowed",
    "next_start",
    "start_questions",
    "weekday_of",
    "zone_of",
]
