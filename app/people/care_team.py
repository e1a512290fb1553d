"""Opening hours, holidays, shifts: who is there at an instant, and when the service is staffed next."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.models import Service, Shift, Staff

HORIZON_DAYS = 15
"""How far opening hours are looked for: two weeks of closure are already an error to be told."""


@lru_cache(maxsize=64)
def _holidays(country: str, region: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))


def spans_of(service: Service, day: date) -> list[tuple[datetime, datetime]]:
    """The opening spans of one local day, aware in the service's zone; empty on a holiday or a closed weekday."""
    if day in _holidays(service.country, service.holidays_region, day.year):
        return []
    zone = ZoneInfo(service.timezone)
    spans = service.hours.get(str(day.weekday()), [])
    return [(datetime.combine(day, time.fromisoformat(a), zone), datetime.combine(day, time.fromisoformat(b), zone)) for a, b in spans]


def is_open(service: Service, at: datetime) -> bool:
    """Is the service staffed at this instant by its own hours?"""
    local = at.astimezone(ZoneInfo(service.timezone)).date()
    return any(start <= at < end for start, end in spans_of(service, local))


def open_for(service: Service, at: datetime, span: timedelta) -> bool:
    """Does a staffed span of this length follow without a gap?"""
    local = at.astimezone(ZoneInfo(service.timezone)).date()
    return any(start <= at and at + span <= end for start, end in spans_of(service, local))


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
    """The instant at which ``length`` of opening time has passed since ``start``: deadlines that are not urgent run in service hours."""
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
    """Staff whose shift of this kind ("ward" or "on_call") covers the instant; disabled accounts never."""
    inside = (Shift.service_id == service_id, Shift.kind == kind, Shift.starts_at <= at, Shift.ends_at > at)
    return list(session.scalars(select(Staff).join(Shift, Shift.staff_id == Staff.id).where(*inside, Staff.active).order_by(Staff.id)))


def covered(session: Session, service: Service, at: datetime, span: timedelta = timedelta(hours=4)) -> bool:
    """May a question leave now? Four staffed hours follow, or somebody is on call over them (SEC order: nobody asks what nobody reads)."""
    if open_for(service, at, span):
        return True
    return bool(on_duty(session, service.id, at, "on_call")) and bool(on_duty(session, service.id, at + span, "on_call"))


def put_on_shift(session: Session, staff: Staff, *, kind: str, starts_at: datetime, ends_at: datetime) -> Shift:
    """Write a shift on the rota."""
    shift = Shift(service_id=staff.service_id, staff_id=staff.id, kind=kind, starts_at=starts_at, ends_at=ends_at)
    session.add(shift)
    session.flush()
    return shift
