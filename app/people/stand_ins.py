"""Who replaces whom at an instant: the shifts, the rungs and the patients of somebody absent mean their stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people import members
from app.people.models import Shift, Staff
from app.people.rota_models import StandIn

LOOKS_AHEAD = timedelta(days=14)
"""How far the next shift of somebody who is off is looked for: the rota is written about so far ahead (house rule, 2026-11-23)."""


def in_force(session: Session, service_id: int, at: datetime) -> dict[int, int]:
    """Absent → stand-in, of one service at this instant. Of two written for the same person, the later one counts."""
    inside = (StandIn.service_id == service_id, StandIn.starts_at <= at, StandIn.ends_at > at, StandIn.removed_at.is_(None))
    rows = session.execute(select(StandIn.absent_id, StandIn.by_id).where(*inside).order_by(StandIn.id))
    return dict(list(rows))


def instead_of(session: Session, staff: Staff, at: datetime, service_id: int, replaced: dict[int, int] | None = None) -> Staff:
    """Whoever is meant by this person in this service at this instant: themselves, or their stand-in, or the stand-in's own.

    A stand-in whose account is closed, or who left the service, is nobody: the absent one is meant again, and coverage says so.
    """
    known = in_force(session, service_id, at) if replaced is None else replaced
    meant, seen = staff, {staff.id}
    while (following := known.get(meant.id)) is not None and following not in seen:
        other = session.get(Staff, following)
        if other is None or not other.active or not members.works_in(session, other, service_id):
            break
        seen.add(following)
        meant = other
    return meant


def replaced(session: Session, staff: Staff, at: datetime, service_id: int) -> tuple[Staff, datetime | None]:
    """Whoever is meant by this person at this instant, and until when they are away; None: they are there, or nobody stands in."""
    meant = instead_of(session, staff, at, service_id)
    inside = (
        StandIn.service_id == service_id,
        StandIn.absent_id == staff.id,
        StandIn.starts_at <= at,
        StandIn.ends_at > at,
        StandIn.removed_at.is_(None),
    )
    away = session.scalar(select(StandIn.ends_at).where(*inside).order_by(StandIn.id.desc()).limit(1))
    return meant, away if meant is not staff else None


def shift_ends(session: Session, staff_id: int, at: datetime) -> datetime | None:
    """When the work of this person ends: their own shift, or that of whom they replace, as long as they do. None off duty."""
    inside = (StandIn.starts_at <= at, StandIn.ends_at > at, StandIn.removed_at.is_(None))
    until = dict(list(session.execute(select(StandIn.absent_id, StandIn.ends_at).where(StandIn.by_id == staff_id, *inside))))
    away = session.scalar(select(StandIn.id).where(StandIn.absent_id == staff_id, *inside).limit(1)) is not None
    whose = [*until, *(() if away else (staff_id,))]
    running = select(Shift).where(Shift.staff_id.in_(whose), Shift.starts_at <= at, Shift.ends_at > at)
    return max((min(shift.ends_at, until.get(shift.staff_id, shift.ends_at)) for shift in session.scalars(running)), default=None)


def comes(session: Session, staff_id: int, now: datetime) -> datetime | None:
    """When the next shift of somebody who is off begins; None where the rota does not say. Somebody replaced does not come to that one."""
    ahead = (Shift.staff_id == staff_id, Shift.starts_at > now, Shift.starts_at <= now + LOOKS_AHEAD)
    begins = session.scalars(select(Shift.starts_at).where(*ahead).order_by(Shift.starts_at))
    return next((at for at in begins if shift_ends(session, staff_id, at) is not None), None)


def is_off(session: Session, staff_id: int, service_id: int, at: datetime) -> bool:
    """Is this person not at work now, in a service that keeps a rota? Where none is written for these weeks nobody is known to be off."""
    near = (Shift.service_id == service_id, Shift.starts_at <= at + LOOKS_AHEAD, Shift.ends_at > at - LOOKS_AHEAD)
    return shift_ends(session, staff_id, at) is None and session.scalar(select(Shift.id).where(*near).limit(1)) is not None


def meant(session: Session, service_id: int, at: datetime) -> Mapping[int, int]:
    """Absent → whoever is meant in their place at this instant, stand-ins of stand-ins followed: ``instead_of`` for a whole list at once.

    A stand-in whose account is closed, or who left the service, is nobody: the absent one is meant again.
    """
    known = in_force(session, service_id, at)
    there = set(session.scalars(select(Staff.id).where(Staff.id.in_(known.values()), Staff.active, members.belongs(service_id))))
    found: dict[int, int] = {}
    for absent in known:
        one, seen = absent, {absent}
        while (following := known.get(one)) in there and following is not None and following not in seen:
            seen.add(following)
            one = following
        found[absent] = one
    return found
