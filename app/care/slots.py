"""When a programme asks for calls: days counted from an anchor, then moved to a day and an hour at which somebody can call. No table."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from app.care.document import WEEKDAYS, Phase, Programme
from app.people import care_team
from app.people.models import Service
from triage import calendar

DAY = timedelta(days=1)
NOT_PLACED = datetime.max.replace(tzinfo=UTC)
FURTHEST = 14
"""Days looked through for one on which the service is open (house rule, 2026-11-23: two weeks of closure are an error to be told)."""
BEFORE_CLOSING = timedelta(minutes=30)
"""The latest call of an opening span begins this long before its end (house rule, 2026-11-23)."""


@dataclass(frozen=True)
class Anchors:
    """What days are counted from. cycles: (number, first day), in order, planned ones after those that really began.

    agreed: [weekday or None, hour] as agreed with the patient; () for the programme's own.
    """

    first_intake: date | None
    opening: date
    cycles: tuple[tuple[int, date], ...]
    stage: str
    level: str
    agreed: tuple[tuple[int | None, str], ...] = ()


@dataclass(frozen=True)
class Slot:
    """A call the programme asks for. day: the programme's own; due_at, moved_why: where it really stands, and why elsewhere.

    first, last: the days between which it may be moved: of its cycle, or of its phase.
    """

    phase: str
    cycle: int
    number: int
    day: date
    hour: time
    first: date
    last: date
    due_at: datetime = NOT_PLACED
    moved_why: str = ""


def asked(programme: Programme, anchors: Anchors, until: date) -> list[Slot]:
    """Every call the programme asks for up to this day, on its own days: the published schedule. One a day at most, in order."""
    found: dict[date, Slot] = {}
    for phase in programme.rhythm:
        if (phase.levels and anchors.level not in phase.levels) or (phase.stages and anchors.stage not in phase.stages):
            continue
        for slot in _of_phase(phase, anchors, until):
            found.setdefault(slot.day, slot)
    return [found[day] for day in sorted(found)]


def _of_phase(phase: Phase, anchors: Anchors, until: date) -> Iterator[Slot]:
    if phase.anchor == "cycle":
        for place, (number, start) in enumerate(anchors.cycles):
            ends = anchors.cycles[place + 1][1] - DAY if place + 1 < len(anchors.cycles) else None
            yield from _from(phase, anchors, start, ends, until, cycle=number)
        return
    begins = anchors.first_intake if phase.anchor == "first_intake" else anchors.opening
    if begins is not None:
        yield from _from(phase, anchors, begins, None, until)


def _from(phase: Phase, anchors: Anchors, start: date, ends: date | None, until: date, cycle: int = 0) -> Iterator[Slot]:
    first = start + phase.from_day * DAY
    last = min(day for day in (ends, start + phase.until_day * DAY if phase.until_day is not None else None, date.max) if day)
    for number, (day, hour) in enumerate(_days(phase, anchors, first, min(last, until)), 1):
        yield Slot(phase.key, cycle, number, day, time.fromisoformat(hour), first, last)


def _days(phase: Phase, anchors: Anchors, first: date, last: date) -> Iterator[tuple[date, str]]:
    hour = anchors.agreed[0][1] if anchors.agreed else phase.hours[0]
    if phase.weekdays:
        hours = _hours_of_week(phase, anchors)
        yield from ((day, hours[day.weekday()]) for day in calendar.days_of(first, last) if day.weekday() in hours)
    elif phase.every_days is not None:
        yield from ((first + n * DAY, hour) for n in range(0, (last - first).days + 1, phase.every_days))
    else:
        assert phase.every_months is not None
        months = phase.every_months
        while (day := _months_later(first, months)) <= last:
            yield day, hour
            months += phase.every_months


def _hours_of_week(phase: Phase, anchors: Anchors) -> dict[int, str]:
    """Weekday → hour: as agreed when as many days were agreed as the programme asks for, otherwise the programme's own."""
    agreed = {weekday: hour for weekday, hour in anchors.agreed if weekday is not None}
    if len(agreed) == len(phase.weekdays):
        return agreed
    return {WEEKDAYS.index(name): hour for name, hour in zip(phase.weekdays, phase.hours, strict=True)}


def _months_later(day: date, months: int) -> date:
    """The same day of the month; the last one of a shorter month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


# --- Where they really stand -----------------------------------------------------------------------------------------------------------


def placed(programme: Programme, slots: Sequence[Slot], service: Service, zone_on: Callable[[date], str], today: date) -> list[Slot]:
    """The same calls at an instant at which the service is open: a closed day or a public holiday moves a call, never drops it (AMA-2).

    To the nearest open day inside its cycle or phase, the later of two as near; to a day without another call if there is one.
    """
    taken = {slot.day for slot in slots if is_open(service, slot.day)}
    found = []
    for slot in slots:
        phase, day, why = programme.phases[slot.phase], slot.day, ""
        if phase.on_closed_day == "move" and not is_open(service, day):
            why = "holiday" if service.hours.get(str(day.weekday())) else "closed"
            day = _open_day(service, slot, taken, today)
            taken.add(day)
        due = calendar.instant(day, slot.hour, zone_on(day))
        inside = _inside_hours(service, due) if phase.on_closed_day == "move" else due
        found.append(replace(slot, due_at=inside, moved_why=why or ("hours" if inside != due else "")))
    return found


def is_open(service: Service, day: date) -> bool:
    """Does the service open at all that day?"""
    return bool(care_team.spans_of(service, day))


def _open_day(service: Service, slot: Slot, taken: set[date], today: date) -> date:
    near = [slot.day + sign * n * DAY for n in range(1, FURTHEST + 1) for sign in (1, -1)]
    near = [day for day in near if day >= today and is_open(service, day)]
    inside = [day for day in near if slot.first <= day <= slot.last]
    return next(iter([day for day in inside if day not in taken] or inside or near), slot.day)


def _inside_hours(service: Service, due: datetime) -> datetime:
    """The hour itself when the service is open then; otherwise the nearest one at which it is, the same day."""
    spans = care_team.spans_of(service, calendar.local_day(due, service.timezone))
    if not spans or any(begins <= due < ends for begins, ends in spans):
        return due
    later = [begins for begins, _ in spans if begins > due]
    return later[0] if later else max(spans[-1][1] - BEFORE_CLOSING, spans[-1][0])
