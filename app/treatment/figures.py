"""Every figure of adherence for one treatment, from its own rows: taken, supplies, dose intensity, four sources side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.treatment import days, intakes, supplies
from app.treatment.intakes import Adherence
from app.treatment.models import Course, Dispensing, PillCount
from triage import calendar
from triage.adherence import (
    Figure,
    Fill,
    Persistence,
    Reconciled,
    Taking,
    Window,
    day_by_day,
    mpr,
    pdc,
    persistence,
    pill_count,
    rdi,
    reconcile,
)

NOTHING = Figure(reason="nothing_due")


@dataclass(frozen=True)
class Figures:
    """first, last: the 28 days of what was said. Supplies and intensity run from the first intake to the last day that is known.

    rdi: intakes nobody reported counted as missed, then as taken. counted_on: the last pill count, whatever its date.
    """

    first: date
    last: date
    said: Adherence
    pdc: Figure
    pdc_intake_days: Figure
    mpr: Figure
    rdi: tuple[Figure, Figure]
    silent_intakes: int
    persistence: Persistence
    sources: Reconciled
    counted_on: date | None


def of(session: Session, course: Course, *, zone: str, today: date) -> Figures:
    """The figures as known today (the patient's date)."""
    first = today - intakes.MONTH
    said = intakes.adherence(session, course, first=first, last=today)
    until = _known_until(course, today)
    handed = supplies.dispensings(session, course.id, until=today)
    fills, needs = _fills(course, handed), _needs(course, until)
    whole = Window(course.first_intake.toordinal(), max((until - course.first_intake).days + 1, 0))
    low, high, silent = _intensity(session, course, until)
    counts = supplies.counts(session, course.id, until=today)
    recent = Window(max(first, course.first_intake).toordinal(), max((until - max(first, course.first_intake)).days + 1, 0))
    found = {
        "report": said.taking.gone.value,
        "pill_count": _counted(course, counts, handed).value if counts and counts[-1].on_day >= first else None,
        "refill": pdc(_in_mg(course, handed), recent, needs).value,
        "cap": _cap(course, supplies.openings(session, course.id), first, today, zone).gone.value,
    }
    return Figures(
        first=first,
        last=today,
        said=said,
        pdc=pdc(fills, whole),
        pdc_intake_days=pdc(_in_mg(course, handed), whole, needs),
        mpr=mpr(fills, whole),
        rdi=(low, high),
        silent_intakes=silent,
        persistence=persistence(course.first_intake, course.stopped_on, today),
        sources=reconcile(found),
        counted_on=counts[-1].on_day if counts else None,
    )


def _known_until(course: Course, today: date) -> date:
    """The last day whose intakes are known: a cycle that nobody confirmed ends what can be counted."""
    _, last = days.lived(course, course.first_intake, today)
    facts = days.calendar_of(course)
    unknown = (on for on in calendar.days_of(course.first_intake, last) if calendar.day_of(facts, on).doses is None)
    return next(unknown, last + calendar.DAY) - calendar.DAY


def _lived(course: Course, first: date, last: date) -> Iterator[tuple[date, int | None]]:
    """Each day of the treatment between two dates, and its intakes."""
    facts = days.calendar_of(course)
    begins, ends = days.lived(course, first, last)
    return ((on, calendar.day_of(facts, on).doses) for on in calendar.days_of(begins, ends))


def _received(course: Course, row: Dispensing) -> int:
    """The day a box can first be used: one fetched before the treatment waits for it."""
    return max(row.on_day, course.first_intake).toordinal()


def _fills(course: Course, handed: Sequence[Dispensing]) -> list[Fill]:
    """In days of full dose, at the dose in force when the box came."""
    found = []
    for row in handed:
        a_day = days.dose_on(course, max(row.on_day, course.first_intake)).mg * course.times_per_day
        found.append(Fill(_received(course, row), row.strength_mg * row.tablets / a_day))
    return found


def _in_mg(course: Course, handed: Sequence[Dispensing]) -> list[Fill]:
    return [Fill(_received(course, row), row.strength_mg * row.tablets) for row in handed]


def _needs(course: Course, until: date) -> dict[int, Decimal]:
    """mg due on each day of intake, at the dose of that day."""
    return {on.toordinal(): due * days.dose_on(course, on).mg for on, due in _lived(course, course.first_intake, until) if due}


def _intensity(session: Session, course: Course, until: date) -> tuple[Figure, Figure, int]:
    """Relative dose intensity from the first intake on, lowest and highest, and the intakes nobody reported between the two.

    Planned: the first dose on the pattern, without hold, delay or reduction, over the same days. A report's missed intakes count at
    the dose of its last day.
    """
    if until < course.first_intake:
        return NOTHING, NOTHING, 0
    told = intakes.adherence(session, course, first=course.first_intake, last=until).told
    ordered = days.expected(course, course.first_intake, until)
    planned = calendar.expected(_ideal(course, until), days.doses_of(course)[:1], course.first_intake, until)
    if ordered is None or planned is None:
        return NOTHING, NOTHING, 0
    received, silent, silent_mg = ordered.mg, 0, Decimal(0)
    for row in told:
        received += ((row.extra or 0) - (row.missed or 0)) * days.dose_on(course, row.to_day).mg
    heard = [row for row in told if row.missed is not None]
    for on, due in _lived(course, course.first_intake, until):
        if due and not any(row.from_day <= on <= row.to_day for row in heard):
            silent, silent_mg = silent + due, silent_mg + due * days.dose_on(course, on).mg
    length = (until - course.first_intake).days + 1
    low, high = (rdi(max(mg, Decimal(0)), length, planned.mg, length) for mg in (received - silent_mg, received))
    return low, high, silent


def _ideal(course: Course, until: date) -> calendar.Course:
    """The prescription as it would have run with nothing held, delayed or reduced."""
    pattern = days.pattern_of(course)
    step = pattern.length or (until - course.first_intake).days + 1
    starts = [course.first_intake + timedelta(days=n) for n in range(0, (until - course.first_intake).days + 1, step)]
    return calendar.Course(pattern, course.first_intake, tuple(starts))


def _counted(course: Course, counts: Sequence[PillCount], handed: Sequence[Dispensing]) -> Figure:
    """The last count against the one before it, or against everything handed out when it is the first."""
    last, before = counts[-1], counts[-2] if len(counts) > 1 else None
    since = before.on_day if before else date.min
    arrived: Counter[Decimal] = Counter()
    for row in handed:
        if since < row.on_day <= last.on_day:
            arrived[row.strength_mg.normalize()] += row.tablets
    begins = max(course.first_intake, since + calendar.DAY) if before else course.first_intake
    found = pill_count(
        days.expected(course, begins, last.on_day),
        before=_tablets(before.tablets) if before else None,
        dispensed=arrived,
        returned=_tablets(last.returned),
        counted=_tablets(last.tablets),
    )
    return found.share if before or arrived else Figure(reason="unknown_supply")


def _tablets(kept: list[list[str | int]]) -> dict[Decimal, int]:
    return {strength.normalize(): count for strength, count in days.tablets_of(kept)}


def _cap(course: Course, openings: Sequence[datetime], first: date, today: date, zone: str) -> Taking:
    """Openings by day of intake, from the first ever to yesterday: today is not over."""
    taken = Counter(calendar.intake_day(at, zone) for at in openings)
    if not taken:
        return Taking(0, 0, 0, off_day=False)
    due = dict(_lived(course, max(first, min(taken)), today - calendar.DAY))
    return day_by_day(due, {on: taken.get(on, 0) for on in due})
