"""The facts of a course, handed to the calendar: which day of which cycle, which intakes were due, at which dose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from app.treatment.models import Companion, Course, Hold, HoldKind
from triage import calendar
from triage.calendar import Day, Dose, Expected, Pattern, Postponed, Span, Together


def pattern_of(row: Medicine) -> Pattern:
    """The days of intake as the calendar reads them."""
    shared = {"weekday": row.weekday, "every": row.every or 1, "first_intake_evening": bool(row.first_intake_evening)}
    if row.blocks:
        blocks = tuple((first, last) for first, last in row.blocks)
        return Pattern(row.times_per_day, blocks=blocks, cycle_days=row.cycle_days, **shared)  # type: ignore[arg-type]  # days by name, each of its own type
    return Pattern(row.times_per_day, row.days_on, row.days_off or None, **shared)  # type: ignore[arg-type]  # days by name, each of its own type


LOOKED_AHEAD = timedelta(days=120)
"""Longer than the rest of any cycle: a day of intake that is not found by then is not known."""

Medicine = Course | Companion
"""One medicine of a treatment: the treatment's own, or one beside it."""


def course_of(medicine: Medicine) -> Course:
    """The treatment a medicine belongs to."""
    return medicine if isinstance(medicine, Course) else medicine.course


def medicines_of(course: Course) -> list[Medicine]:
    """The treatment's own medicine, then those beside it."""
    return [course, *course.companions]


def holds_of(medicine: Medicine) -> list[Hold]:
    """The days without tablets of one medicine: beside the treatment's own, only a hospital stay takes them away."""
    holds = course_of(medicine).holds
    return list(holds) if isinstance(medicine, Course) else [hold for hold in holds if hold.kind == HoldKind.HOSPITAL]


def calendar_of(medicine: Medicine) -> calendar.Course:
    """A medicine as the calendar reads it. A patient followed from cycle 4 on has cycles 1 to 3 before the first known start."""
    if isinstance(medicine, Companion):
        return companion_calendar(medicine.course, medicine)
    course, pattern = medicine, pattern_of(medicine)
    holds = tuple(Span(hold.from_day, hold.until_day) for hold in course.holds)
    postponed = tuple(Postponed(row.cycle, row.to_day) for row in course.postponements)
    return calendar.Course(pattern, course.first_intake, _starts(course, pattern), holds, postponed)


def _starts(course: Course, pattern: Pattern) -> tuple[date, ...]:
    starts = [row.started_on for row in course.cycles]
    if starts and pattern.length is not None:
        missing = course.cycles[0].number - 1
        starts = [starts[0] - timedelta(days=pattern.length * n) for n in range(missing, 0, -1)] + starts
    return tuple(starts)


def companion_calendar(course: Course, companion: Companion) -> calendar.Course:
    """A companion's own calendar: its cycles begin with the treatment's, continuous ones on its first intake; hospital stays hold it."""
    pattern = pattern_of(companion)
    own = [start for start in _starts(course, pattern_of(course)) if start >= companion.first_intake]
    starts = tuple(own) if pattern.length is not None else (companion.first_intake,)
    stays = [Span(hold.from_day, hold.until_day) for hold in holds_of(companion)]
    if companion.stopped_on is not None:
        stays.append(Span(companion.stopped_on))
    return calendar.Course(pattern, companion.first_intake, starts, tuple(stays))


def day_of(course: Course, on: date) -> Day:
    """What this date is for the patient. Before the first intake no cycle has begun, whatever number it will have."""
    if on < course.first_intake:
        return Day(on, on_day=False, doses=0)
    return calendar.day_of(calendar_of(course), on)


def together(course: Course, on: date) -> Together:
    """The date in the calendar of each medicine: the treatment's own first, then its companions."""
    own = {course.agent: day_of(course, on)}
    return Together(on, own | {one.agent: calendar.day_of(companion_calendar(course, one), on) for one in course.companions})


def next_intake(medicine: Medicine, first: date) -> date | None:
    """The first day of intake from this one on, the planned start of a cycle included; None while nobody knows it.

    So it is of a hold without an end, and of a cycle whose start is past and not confirmed.
    """
    facts = calendar_of(medicine)
    for day in calendar.days_of(first, first + LOOKED_AHEAD):
        found = calendar.day_of(facts, day)
        if found.awaiting_start:
            return day if day == calendar.next_start(facts) else None
        if found.doses:
            return day
    return None


def taken_doses(medicine: Medicine) -> list[tuple[date | None, Dose]]:
    """Each dose with the first day on which it is taken, None while nobody knows it; one replaced before any intake is left out."""
    return list({next_intake(medicine, dose.from_day): dose for dose in doses_of(medicine)}.items())


def treatment_day(course: Course, on: date) -> int | None:
    """Days since the first confirmed intake, that day being 1; None before it. Earlier cycles not followed here count their full length."""
    return None if on < course.first_intake else calendar.treatment_day(calendar_of(course), on)


def scheduled(course: Course, first: date, last: date) -> int | None:
    """Intakes due from first to last, both included; None as soon as one day is unknown (a cycle nobody said began)."""
    begins, ends = lived(course, first, last)
    return 0 if ends < begins else calendar.doses_between(calendar_of(course), begins, ends)


def lived(medicine: Medicine, first: date, last: date) -> tuple[date, date]:
    """The part of a span in which the medicine was prescribed; the second day is before the first when there is none."""
    ended = stopped_on(medicine)
    return max(first, medicine.first_intake), min(last, ended) if ended else last


def stopped_on(medicine: Medicine) -> date | None:
    """The day a medicine stopped, with its treatment or before it."""
    return min((day for day in (medicine.stopped_on, course_of(medicine).stopped_on) if day), default=None)


def standing_hold(holds: Iterable[Hold], on: date) -> Hold | None:
    """The hold to name on this day: of those that cover it, or follow one another without a day of intake, the one that ends last.

    An open end is the furthest: a short hold before it, read alone, would have tablets restarted that a doctor forbade.
    """
    furthest: Hold | None = None
    for hold in sorted(holds, key=lambda one: one.from_day):
        reach = on if furthest is None else furthest.until_day
        if reach is None:
            break
        within = hold.from_day <= (on if furthest is None else reach + timedelta(days=1))
        if within and (hold.until_day is None or hold.until_day >= reach):
            furthest = hold
    return furthest


def doses_of(medicine: Medicine) -> tuple[Dose, ...]:
    """The first dose and each change, in order; of two for the same day, the last said."""
    steps = {medicine.first_intake: Dose(medicine.first_intake, medicine.dose_mg)}
    steps |= {row.from_day: Dose(row.from_day, row.dose_mg, tablets_of(row.tablets)) for row in medicine.doses}
    return tuple(steps[day] for day in sorted(steps))


def dose_on(medicine: Medicine, on: date) -> Dose:
    """The dose in force that day; the first one before the medicine begins."""
    doses = doses_of(medicine)
    return calendar.dose_on(doses, on) or doses[0]


def expected(medicine: Medicine, first: date, last: date) -> Expected | None:
    """Intakes, mg and tablets by strength due from first to last; None as soon as one day is unknown."""
    begins, ends = lived(medicine, first, last)
    return calendar.expected(calendar_of(medicine), doses_of(medicine), begins, ends)


def tablets_of(kept: list[list[str | int]]) -> tuple[tuple[Decimal, int], ...]:
    """Strengths and counts as a row keeps them."""
    return tuple((Decimal(str(strength)), int(count)) for strength, count in kept)
