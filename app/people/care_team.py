"""Opening hours, holidays, shifts: who is there at an instant, and when the service is staffed next."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Refusal
from app.people import members, stand_ins
from app.people.models import Service, Shift, Staff

HORIZON_DAYS = 15
"""How far opening hours are looked for: two weeks of closure are already an error to be told."""


@lru_cache(maxsize=64)
def _holidays(country: str, region: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))


def has_calendar(country: str, region: str) -> bool:
    """Are the public holidays of this country (two letters; RE for La Réunion) and region known?"""
    try:
        return bool(_holidays(country, region, 2026))
    except NotImplementedError:
        return False


def next_holidays(service: Service, after: date, count: int) -> list[date]:
    """The public holidays to come, from that day on, on which the service would otherwise be open; within a year."""
    found = [
        *_holidays(service.country, service.holidays_region, after.year),
        *_holidays(service.country, service.holidays_region, after.year + 1),
    ]
    return sorted(day for day in found if day >= after and service.hours.get(str(day.weekday())))[:count]


def is_holiday(service: Service, day: date) -> bool:
    """Is this a public holiday where the service is?"""
    return day in _holidays(service.country, service.holidays_region, day.year)


def spans_of(service: Service, day: date) -> list[tuple[datetime, datetime]]:
    """The opening spans of one local day, in UTC so that their lengths are true on the days the clocks change.

    Empty on a holiday or a closed weekday.
    """
    if is_holiday(service, day):
        return []
    zone = ZoneInfo(service.timezone)
    spans = service.hours.get(str(day.weekday()), [])
    return [(_instant(day, opens, zone), _instant(day, closes, zone)) for opens, closes in spans]


def _instant(day: date, local: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(local), zone).astimezone(UTC)


def is_open(service: Service, at: datetime) -> bool:
    """Is the service staffed at this instant by its own hours?"""
    local = at.astimezone(ZoneInfo(service.timezone)).date()
    return any(start <= at < end for start, end in spans_of(service, local))


def next_opening(service: Service, at: datetime) -> datetime:
    """The next instant the service is open (``at`` itself when open). Falls back to one day later when nothing opens in two weeks."""
    if is_open(service, at):
        return at
    first = at.astimezone(ZoneInfo(service.timezone)).date()
    for offset in range(HORIZON_DAYS):
        for start, _ in spans_of(service, first + timedelta(days=offset)):
            if start >= at:
                return start
    return at + timedelta(days=1)


def add_service_time(service: Service, start: datetime, length: timedelta) -> datetime:
    """The instant at which ``length`` of opening time has passed since ``start``: deadlines that are not urgent run in service hours.

    When the service does not open that long within two weeks, clock time is counted: too early rather than never.
    """
    first = start.astimezone(ZoneInfo(service.timezone)).date()
    left = length
    for offset in range(HORIZON_DAYS):
        for begins, ends in spans_of(service, first + timedelta(days=offset)):
            counted_from = max(begins, start)
            if ends <= counted_from:
                continue
            if ends - counted_from >= left:
                return counted_from + left
            left -= ends - counted_from
    return start + length


def on_duty(session: Session, service_id: int, at: datetime, kind: str) -> list[Staff]:
    """Who is there by the shifts of this kind ("ward" or "on_call") at the instant, each once, stand-ins in the place of whom they replace.

    Disabled accounts never, nor whoever no longer works in the service.
    """
    inside = (Shift.service_id == service_id, Shift.kind == kind, Shift.starts_at <= at, Shift.ends_at > at)
    written = session.scalars(select(Staff).join(Shift, Shift.staff_id == Staff.id).where(*inside)).unique()
    replaced = stand_ins.in_force(session, service_id, at)
    meant = {person.id: person for person in (stand_ins.instead_of(session, one, at, service_id, replaced) for one in written)}
    return [one for _, one in sorted(meant.items()) if one.active and members.works_in(session, one, service_id)]


def covered(session: Session, service: Service, at: datetime, span: timedelta = timedelta(hours=4)) -> bool:
    """May a question leave now? At every instant of the span the service is open or somebody is on call: nobody asks what nobody reads."""
    until = at + span
    first = at.astimezone(ZoneInfo(service.timezone)).date()
    there = [hours for offset in range(span.days + 2) for hours in spans_of(service, first + timedelta(days=offset))]
    on_call = (Shift.service_id == service.id, Shift.kind == "on_call", Shift.starts_at < until, Shift.ends_at > at)
    shifts = session.execute(
        select(Shift.starts_at, Shift.ends_at)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(*on_call, Staff.active, members.belongs(service.id))
    )
    reached = at
    for begins, ends in sorted([*there, *((begins, ends) for begins, ends in shifts)]):
        if begins <= reached < ends:
            reached = ends
    return reached >= until


def put_on_shift(
    session: Session, staff: Staff, *, kind: str, starts_at: datetime, ends_at: datetime, service_id: int | None = None
) -> Shift:
    """Write a shift on the rota of this service, else of their home. Raises Refusal when it ends before it begins, or for nobody of it."""
    there = service_id or staff.service_id
    if there is None or not members.works_in(session, staff, there):
        raise Refusal("{name} works in no service: nobody would be there.", status=422, name=staff.name)
    if ends_at <= starts_at:
        raise Refusal("The shift ends before it begins. Check the hours.", field="ends_at", status=422)
    shift = Shift(service_id=there, staff_id=staff.id, kind=kind, starts_at=starts_at, ends_at=ends_at)
    session.add(shift)
    session.flush()
    return shift
