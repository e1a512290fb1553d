"""Is somebody there at every hour of the coming week? While the service is open somebody on the ward, else somebody on call (HZ-29)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people import care_team, members, rota, stand_ins
from app.people.models import Service, Shift, Staff
from app.people.rota import Span
from app.people.rota_models import StandIn

AHEAD = 7
"""Whole days looked at beyond today."""


@dataclass(frozen=True)
class Hole:
    """Hours at which an alert would find nobody. kind: "ward" (the service is open), "on_call" (it is closed), "both" (some of each)."""

    starts_at: datetime
    ends_at: datetime
    kind: str


@dataclass(frozen=True)
class Leaver:
    """Somebody still written on the rota whose account is closed, and the first hour that rests on them. shift_id or stand_in_id."""

    staff: Staff
    starts_at: datetime
    shift_id: int | None = None
    stand_in_id: int | None = None


def window(service: Service, now: datetime) -> Span:
    """From this morning's midnight to the end of the seventh day: its edges stand still all day, so that a hole keeps its name."""
    zone = ZoneInfo(service.timezone)
    today = now.astimezone(zone).date()
    return Span(_midnight(today, zone), _midnight(today + timedelta(days=AHEAD + 1), zone))


def holes(session: Session, service: Service, now: datetime) -> list[Hole]:
    """Every hour of the coming week, today's included, that nobody covers and that is not over, the earliest first."""
    return [hole for hole in uncovered(session, service, window(service, now)) if hole.ends_at > now]


def uncovered(session: Session, service: Service, span: Span) -> list[Hole]:
    """The holes of these hours. Somebody on call covers an open hour too; a stand-in covers for whom they replace."""
    opening = _opening(service, span)
    replaced = rota.stand_ins(session, service.id, span)
    there: dict[str, list[Span]] = {kind: [] for kind in rota.KINDS}
    for shift in rota.shifts(session, service.id, span):
        there[shift.kind] += _present(session, shift, replaced)
    edges = {span.starts_at, span.ends_at}
    edges |= {edge for one in (*opening, *there["ward"], *there["on_call"]) for edge in one if span.starts_at < edge < span.ends_at}
    found: list[Hole] = []
    ordered = sorted(edges)
    for begins, ends in pairwise(ordered):
        is_open = _within(opening, begins)
        if _within(there["on_call"], begins) or (is_open and _within(there["ward"], begins)):
            continue
        kind = "ward" if is_open else "on_call"
        if found and found[-1].ends_at == begins:
            last = found.pop()
            found.append(Hole(last.starts_at, ends, kind if last.kind == kind else "both"))
        else:
            found.append(Hole(begins, ends, kind))
    return found


def leavers(session: Session, service: Service, now: datetime) -> list[Leaver]:
    """Closed accounts still on the rota, from now on: the names on it are not all there."""
    gone = ~(Staff.active & members.belongs(service.id))
    shifts = select(Shift, Staff).join(Staff, Staff.id == Shift.staff_id).where(Shift.service_id == service.id, Shift.ends_at > now, gone)
    found = [Leaver(staff, shift.starts_at, shift_id=shift.id) for shift, staff in session.execute(shifts)]
    rows = select(StandIn, Staff).join(Staff, Staff.id == StandIn.by_id)
    rows = rows.where(StandIn.service_id == service.id, StandIn.ends_at > now, StandIn.removed_at.is_(None), gone)
    found += [Leaver(staff, row.starts_at, stand_in_id=row.id) for row, staff in session.execute(rows)]
    first: dict[int, Leaver] = {}
    for one in sorted(found, key=lambda leaver: leaver.starts_at, reverse=True):
        first[one.staff.id] = one
    return sorted(first.values(), key=lambda leaver: (leaver.starts_at, leaver.staff.id))


def _present(session: Session, shift: Shift, replaced: Iterable[StandIn]) -> list[Span]:
    """The hours of a shift at which whoever is meant has an account that is open."""
    staff = session.get_one(Staff, shift.staff_id)
    cuts = {edge for row in replaced for edge in (row.starts_at, row.ends_at) if shift.starts_at < edge < shift.ends_at}
    edges = sorted({shift.starts_at, shift.ends_at, *cuts})
    pieces = [Span(begins, ends) for begins, ends in pairwise(edges)]
    return [piece for piece in pieces if _is_there(session, staff, shift.service_id, piece.starts_at, _at(replaced, piece.starts_at))]


def _is_there(session: Session, staff: Staff, service_id: int, at: datetime, replaced: dict[int, int]) -> bool:
    meant = stand_ins.instead_of(session, staff, at, service_id, replaced)
    return meant.active and members.works_in(session, meant, service_id)


def _at(replaced: Iterable[StandIn], at: datetime) -> dict[int, int]:
    return {row.absent_id: row.by_id for row in replaced if row.starts_at <= at < row.ends_at}


def _opening(service: Service, span: Span) -> list[Span]:
    zone = ZoneInfo(service.timezone)
    first = span.starts_at.astimezone(zone).date()
    days = (span.ends_at - span.starts_at).days + 2
    return [Span(*hours) for offset in range(days) for hours in care_team.spans_of(service, first + timedelta(days=offset))]


def _within(spans: Iterable[Span], at: datetime) -> bool:
    return any(span.starts_at <= at < span.ends_at for span in spans)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
