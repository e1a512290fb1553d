"""Who is on the ward, who was there before and who comes next: the two teams that a handover stands between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people import care_team, stand_ins
from app.people.models import Service, Shift, Staff
from triage import calendar

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Presence:
    """until: when their work ends, None of somebody who is not there. comes: when it begins next, None where the rota does not say."""

    who: Staff
    until: datetime | None = None
    comes: datetime | None = None


@dataclass(frozen=True)
class Teams:
    """Stand-ins in the place of whom they replace. before, ended: of the last local day on which a ward shift ended, and its last end;
    after, begins: of the next local day or hours on which one begins, and its first start. None where the rota knows none.
    """

    there: tuple[Staff, ...]
    before: tuple[Staff, ...] = ()
    ended: datetime | None = None
    after: tuple[Staff, ...] = ()
    begins: datetime | None = None


def around(session: Session, service: Service, now: datetime) -> Teams:
    """The teams around this instant, by the ward shifts of the rota; nobody stands in two of them at once except who comes again."""
    there = tuple(care_team.on_duty(session, service.id, now, "ward"))
    ward = (Shift.service_id == service.id, Shift.kind == "ward")
    ended = session.scalar(select(Shift.ends_at).where(*ward, Shift.ends_at <= now).order_by(Shift.ends_at.desc()).limit(1))
    begins = session.scalar(select(Shift.starts_at).where(*ward, Shift.starts_at > now).order_by(Shift.starts_at).limit(1))
    near = Shift.ends_at > (ended or now) - A_DAY, Shift.starts_at < (begins or now) + A_DAY
    shifts = session.scalars(select(Shift).where(*ward, *near).order_by(Shift.starts_at, Shift.id)).all()
    left = [one for one in shifts if ended and one.ends_at <= now and _same_day(service, one.ends_at, ended)]
    coming = [one for one in shifts if begins and one.starts_at > now and _same_day(service, one.starts_at, begins)]
    return Teams(there, _meant(session, left, but=there), ended, _meant(session, coming), begins)


def presence(session: Session, people: Iterable[Staff], now: datetime) -> list[Presence]:
    """Who of them is there now, by name; then who is not, by when they come. Somebody replaced does not come to that shift."""
    found = []
    for who in people:
        until = stand_ins.shift_ends(session, who.id, now)
        found.append(Presence(who, until, None if until else stand_ins.comes(session, who.id, now)))
    never = now + 2 * stand_ins.LOOKS_AHEAD
    return sorted(found, key=lambda one: (one.until is None, one.comes or (now if one.until else never), one.who.name))


def _same_day(service: Service, one: datetime, other: datetime) -> bool:
    return calendar.local_day(one, service.timezone) == calendar.local_day(other, service.timezone)


def _meant(session: Session, shifts: Iterable[Shift], but: tuple[Staff, ...] = ()) -> tuple[Staff, ...]:
    found: dict[int, Staff] = {}
    for shift in shifts:
        meant = stand_ins.instead_of(session, session.get_one(Staff, shift.staff_id), shift.starts_at, shift.service_id)
        if meant.active and meant.id not in {one.id for one in but}:
            found[meant.id] = meant
    return tuple(found.values())
