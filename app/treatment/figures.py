"""Every figure of adherence for one medicine, from its own rows: taken, supplies, dose intensity, four sources side by side.

Patients are asked about the tablets of their treatment together: a second medicine has no report of its own, its three other sources do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.treatment import days, intakes, supplies
from app.treatment.days import Medicine
from app.treatment.intakes import Adherence
from app.treatment.models import Course
from app.treatment.supply_models import Dispensing, PillCount
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
    taking,
)

NOTHING = Figure(reason="nothing_due")
TOO_EARLY = Figure(reason="too_early")
WEEK, BOX = 7, 28
"""Days of treatment before which an intensity says nothing (no week was told of yet), and before which a supply of more than whole
only says that the first box still lasts (house rule, 2026-11-22)."""


@dataclass(frozen=True)
class Figures:
    """first, last: the 28 days of what was said, none before the first intake. Supplies and intensity run from there to the last day known.

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


def of(session: Session, medicine: Medicine, *, zone: str, today: date) -> Figures:
    """The figures as known today (the patient's date)."""
    first = min(max(today - intakes.MONTH, medicine.first_intake), today)
    said = _reported(session, medicine, first, today)
    until = _known_until(medicine, today)
    handed = supplies.dispensings(session, medicine, until=today)
    fills, needs = _fills(medicine, handed), _needs(medicine, until)
    whole = Window(medicine.first_intake.toordinal(), max((until - medicine.first_intake).days + 1, 0))
    low, high, silent = _intensity(session, medicine, until) if whole.days >= WEEK else (TOO_EARLY, TOO_EARLY, 0)
    supplied = mpr(fills, whole)
    if supplied.value is not None and supplied.value > 1 and whole.days < BOX:
        supplied = TOO_EARLY
    counts = supplies.counts(session, medicine, until=today)
    recent = Window(max(first, medicine.first_intake).toordinal(), max((until - max(first, medicine.first_intake)).days + 1, 0))
    found = {
        "report": said.taking.gone.value,
        "pill_count": _counted(medicine, counts, handed).value if counts and counts[-1].on_day >= first else None,
        "refill": pdc(_in_mg(medicine, handed), recent, needs).value,
        "cap": _cap(medicine, supplies.openings(session, medicine), first, today, zone).gone.value,
    }
    return Figures(
        first=first,
        last=today,
        said=said,
        pdc=pdc(fills, whole),
        pdc_intake_days=pdc(_in_mg(medicine, handed), whole, needs),
        mpr=supplied,
        rdi=(low, high),
        silent_intakes=silent,
        persistence=persistence(medicine.first_intake, days.stopped_on(medicine), today),
        sources=reconcile(found),
        counted_on=counts[-1].on_day if counts else None,
    )


def _reported(session: Session, medicine: Medicine, first: date, last: date) -> Adherence:
    if isinstance(medicine, Course):
        return intakes.adherence(session, medicine, first=first, last=last)
    return Adherence(taking(()), stopped=False, silent_days=(last - first).days + 1)


def _known_until(medicine: Medicine, today: date) -> date:
    """The last day whose intakes are known: a cycle that nobody confirmed ends what can be counted."""
    _, last = days.lived(medicine, medicine.first_intake, today)
    facts = days.calendar_of(medicine)
    unknown = (on for on in calendar.days_of(medicine.first_intake, last) if calendar.day_of(facts, on).doses is None)
    return next(unknown, last + calendar.DAY) - calendar.DAY


def _lived(medicine: Medicine, first: date, last: date) -> Iterator[tuple[date, int | None]]:
    """Each day of the treatment between two dates, and its intakes."""
    facts = days.calendar_of(medicine)
    begins, ends = days.lived(medicine, first, last)
    return ((on, calendar.day_of(facts, on).doses) for on in calendar.days_of(begins, ends))


def _received(medicine: Medicine, row: Dispensing) -> int:
    """The day a box can first be used: one fetched before the treatment waits for it."""
    return max(row.on_day, medicine.first_intake).toordinal()


def _fills(medicine: Medicine, handed: Sequence[Dispensing]) -> list[Fill]:
    """In days of full dose, at the dose in force when the box came."""
    found = []
    for row in handed:
        a_day = days.dose_on(medicine, max(row.on_day, medicine.first_intake)).mg * medicine.times_per_day
        found.append(Fill(_received(medicine, row), row.strength_mg * row.tablets / a_day))
    return found


def _in_mg(medicine: Medicine, handed: Sequence[Dispensing]) -> list[Fill]:
    return [Fill(_received(medicine, row), row.strength_mg * row.tablets) for row in handed]


def _needs(medicine: Medicine, until: date) -> dict[int, Decimal]:
    """mg due on each day of intake, at the dose of that day."""
    return {on.toordinal(): due * days.dose_on(medicine, on).mg for on, due in _lived(medicine, medicine.first_intake, until) if due}


def _intensity(session: Session, medicine: Medicine, until: date) -> tuple[Figure, Figure, int]:
    """Relative dose intensity from the first intake on, lowest and highest, and the intakes nobody reported between the two.

    Planned: the first dose on the pattern, without hold, delay or reduction, over the same days. A report's missed intakes count at
    the dose of its last day.
    """
    if until < medicine.first_intake:
        return NOTHING, NOTHING, 0
    told = _reported(session, medicine, medicine.first_intake, until).told
    ordered = days.expected(medicine, medicine.first_intake, until)
    planned = calendar.expected(_ideal(medicine, until), days.doses_of(medicine)[:1], medicine.first_intake, until)
    if ordered is None or planned is None:
        return NOTHING, NOTHING, 0
    received, silent, silent_mg = ordered.mg, 0, Decimal(0)
    for row in told:
        received += ((row.extra or 0) - (row.missed or 0)) * days.dose_on(medicine, row.to_day).mg
    heard = [row for row in told if row.missed is not None]
    for on, due in _lived(medicine, medicine.first_intake, until):
        if due and not any(row.from_day <= on <= row.to_day for row in heard):
            silent, silent_mg = silent + due, silent_mg + due * days.dose_on(medicine, on).mg
    length = (until - medicine.first_intake).days + 1
    low, high = (rdi(max(mg, Decimal(0)), length, planned.mg, length) for mg in (received - silent_mg, received))
    return low, high, silent


def _ideal(medicine: Medicine, until: date) -> calendar.Course:
    """The prescription as it would have run with nothing held, delayed or reduced."""
    pattern = days.pattern_of(medicine)
    step = pattern.length or (until - medicine.first_intake).days + 1
    starts = [medicine.first_intake + timedelta(days=n) for n in range(0, (until - medicine.first_intake).days + 1, step)]
    return calendar.Course(pattern, medicine.first_intake, tuple(starts))


def _counted(medicine: Medicine, counts: Sequence[PillCount], handed: Sequence[Dispensing]) -> Figure:
    """The last count against the one before it, or against everything handed out when it is the first."""
    last, before = counts[-1], counts[-2] if len(counts) > 1 else None
    since = before.on_day if before else date.min
    arrived: Counter[Decimal] = Counter()
    for row in handed:
        if since < row.on_day <= last.on_day:
            arrived[row.strength_mg.normalize()] += row.tablets
    begins = max(medicine.first_intake, since + calendar.DAY) if before else medicine.first_intake
    found = pill_count(
        days.expected(medicine, begins, last.on_day),
        before=_tablets(before.tablets) if before else None,
        dispensed=arrived,
        returned=_tablets(last.returned),
        counted=_tablets(last.tablets),
    )
    return found.share if before or arrived else Figure(reason="unknown_supply")


def _tablets(kept: list[list[str | int]]) -> dict[Decimal, int]:
    return {strength.normalize(): count for strength, count in days.tablets_of(kept)}


def _cap(medicine: Medicine, openings: Sequence[datetime], first: date, today: date, zone: str) -> Taking:
    """Openings by day of intake, from the first ever to yesterday: today is not over."""
    taken = Counter(calendar.intake_day(at, zone) for at in openings)
    if not taken:
        return Taking(0, 0, 0, off_day=False)
    due = dict(_lived(medicine, max(first, min(taken)), today - calendar.DAY))
    return day_by_day(due, {on: taken.get(on, 0) for on in due})
