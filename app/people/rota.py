"""Writing the rota: shifts, stand-ins, a week copied from another. Every act is audited with who did it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import NotFound, Refusal
from app.people import care_team, members
from app.people.models import Role, Service, Shift, Staff
from app.people.perimeter import Viewer
from app.people.rota_models import RotaRule, StandIn

KINDS = ("ward", "on_call")
ON_THE_ROTA = (Role.NURSE, Role.ONCOLOGIST, Role.COORDINATOR)
"""Who may treat an alert: nobody else covers an hour."""
LONGEST_SHIFT = timedelta(days=8)
"""A week on call, with its hand-over; longer is a slip of the keyboard (house rule, 2026-11-23)."""
ROAD_TEST_HOUR = 9
"""Local hour of the daily test of the road where a service decided nothing: the ward has just opened (house rule, 2026-11-23)."""


class Span(NamedTuple):
    """From, until."""

    starts_at: datetime
    ends_at: datetime


def people(session: Session, service_id: int) -> list[Staff]:
    """Who may be written on the rota of this service, by name."""
    there = (members.belongs(service_id), Staff.active, Staff.role.in_(ON_THE_ROTA))
    return list(session.scalars(select(Staff).where(*there).order_by(Staff.name)))


def shifts(session: Session, service_id: int, span: Span) -> list[Shift]:
    """Every shift that touches these hours, the earliest first."""
    touching = (Shift.service_id == service_id, Shift.starts_at < span.ends_at, Shift.ends_at > span.starts_at)
    return list(session.scalars(select(Shift).where(*touching).order_by(Shift.starts_at, Shift.id)))


def stand_ins(session: Session, service_id: int, span: Span) -> list[StandIn]:
    """Every stand-in that touches these hours and was not taken back."""
    touching = (StandIn.service_id == service_id, StandIn.starts_at < span.ends_at, StandIn.ends_at > span.starts_at)
    return list(session.scalars(select(StandIn).where(*touching, StandIn.removed_at.is_(None)).order_by(StandIn.starts_at, StandIn.id)))


def write_shift(session: Session, *, staff_id: int, kind: str, span: Span, by: Viewer, now: datetime) -> Shift:
    """Put somebody on the rota. Raises Refusal for hours that are past or cross another shift of theirs, NotFound outside the service."""
    staff = _colleague(session, staff_id, by)
    _check(session, _service_id(by), staff, kind, span, now=now)
    shift = care_team.put_on_shift(session, staff, kind=kind, starts_at=span.starts_at, ends_at=span.ends_at, service_id=_service_id(by))
    _record(session, by, "shift.written", shift, now, after=_told(shift))
    return shift


def change_shift(session: Session, shift_id: int, *, staff_id: int, kind: str, span: Span, by: Viewer, now: datetime) -> Shift:
    """Another person, other hours, another kind. A shift that is over stays as it was: the story of an alert may rest on it."""
    shift = _shift(session, shift_id, by, now)
    staff = _colleague(session, staff_id, by)
    _check(session, _service_id(by), staff, kind, span, now=now, but=shift.id)
    before = _told(shift)
    shift.staff_id, shift.kind, shift.starts_at, shift.ends_at = staff.id, kind, span.starts_at, span.ends_at
    session.flush()
    _record(session, by, "shift.changed", shift, now, before=before, after=_told(shift))
    return shift


def remove_shift(session: Session, shift_id: int, *, by: Viewer, now: datetime) -> None:
    """Take a shift off the rota. One that is under way ends now; one that is over stays."""
    shift = _shift(session, shift_id, by, now)
    before = _told(shift)
    if shift.starts_at < now:
        shift.ends_at = now
    else:
        session.delete(shift)
    session.flush()
    _record(session, by, "shift.removed", shift, now, before=before)


def stand_in(session: Session, *, absent_id: int, by_id: int, span: Span, by: Viewer, now: datetime) -> StandIn:
    """Somebody replaces a colleague between two instants. Raises Refusal for oneself, hours that are past, or two stand-ins at once."""
    absent, replacing = _colleague(session, absent_id, by), _colleague(session, by_id, by)
    _in_order(span, now)
    if absent.id == replacing.id:
        raise Refusal("Nobody stands in for themselves. Choose a colleague.", field="by_id", status=422)
    if any(row.absent_id == absent.id for row in stand_ins(session, _service_id(by), span)):
        raise Refusal(
            "{name} is already replaced during these hours. Take that back first.", field="absent_id", status=422, name=absent.name
        )
    if _may_only_prescribe(absent) and replacing.role != absent.role:
        raise Refusal("A doctor is replaced by a doctor: questions and signatures go with the place.", field="by_id", status=422)
    row = StandIn(
        service_id=_service_id(by),
        absent_id=absent.id,
        by_id=replacing.id,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        written_by=str(by.actor),
        written_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, by, "stand_in.written", row, now, after={"absent": absent.id, "by": replacing.id, **_hours(span)})
    return row


def end_stand_in(session: Session, stand_in_id: int, *, by: Viewer, now: datetime) -> StandIn:
    """The absent one is back, or the plan changed: from now on they are meant themselves. The row stays."""
    by.require("manage_service")
    row = session.get(StandIn, stand_in_id, populate_existing=True)
    if row is None or row.service_id != by.service_id or row.removed_at is not None:
        raise NotFound("This stand-in")
    if row.starts_at < now < row.ends_at:
        row.ends_at = now
    else:
        row.removed_at, row.removed_by = now, str(by.actor)
    session.flush()
    _record(session, by, "stand_in.ended", row, now, before={"absent": row.absent_id, "by": row.by_id})
    return row


def copy_week(session: Session, service: Service, monday: date, *, to: date, by: Viewer, now: datetime) -> int:
    """Write the shifts that begin in one week again in another, at the same local hours; returns how many.

    What is already written there stays: a shift that would cross another of the same person, on a day off of the service, or in the past is
    left out, and coverage names the hole.
    """
    by.require("manage_service")
    zone, days = ZoneInfo(service.timezone), to - monday
    if days.days % 7 or not days.days:
        raise Refusal("A week is copied onto another week, Monday onto Monday.", field="to", status=422)
    written = 0
    week = Span(_midnight(monday, zone), _midnight(monday + timedelta(days=7), zone))
    for shift in shifts(session, service.id, week):
        span = Span(_moved(shift.starts_at, days, zone), _moved(shift.ends_at, days, zone))
        staff = session.get_one(Staff, shift.staff_id)
        begins = span.starts_at.astimezone(zone).date()
        closed = shift.kind == "ward" and not care_team.spans_of(service, begins)
        if (
            shift.starts_at < week.starts_at
            or closed
            or span.starts_at < now
            or not (staff.active and members.works_in(session, staff, service.id))
            or _crossed(session, service.id, staff, shift.kind, span)
        ):
            continue
        write_shift(session, staff_id=staff.id, kind=shift.kind, span=span, by=by, now=now)
        written += 1
    return written


def road_test_hour(session: Session, service_id: int) -> int | None:
    """The local hour of the daily test of the road, None when the service wants none."""
    rule = session.get(RotaRule, service_id)
    return rule.road_test_hour if rule else ROAD_TEST_HOUR


def choose_road_test_hour(session: Session, service: Service, hour: int | None, *, by: Viewer, now: datetime) -> None:
    """When the road is tested each day. Raises Refusal for no hour of a day."""
    by.require("manage_service")
    if hour is not None and not 0 <= hour <= 23:
        raise Refusal("Choose an hour from 0 to 23.", field="hour", status=422)
    before = road_test_hour(session, service.id)
    rule = session.get(RotaRule, service.id) or RotaRule(service_id=service.id)
    session.add(rule)
    rule.road_test_hour = hour
    session.flush()
    if hour != before:
        audit.record(
            session,
            actor=by.actor,
            action="rota.test_hour",
            subject=f"service:{service.id}",
            service_id=service.id,
            before=before,
            after=hour,
            now=now,
        )


def _may_only_prescribe(staff: Staff) -> bool:
    return staff.role == Role.ONCOLOGIST


def _service_id(by: Viewer) -> int:
    assert by.service_id is not None  # manage_service belongs to a role of a service
    return by.service_id


def _colleague(session: Session, staff_id: int, by: Viewer) -> Staff:
    by.require("manage_service")
    staff = session.get(Staff, staff_id, populate_existing=True)
    if staff is None or not members.works_in(session, staff, by.service_id) or staff.role not in ON_THE_ROTA:
        raise NotFound("This colleague")
    if not staff.active:
        raise Refusal("The account of {name} is closed: nobody would be there.", field="staff_id", status=422, name=staff.name)
    return staff


def _shift(session: Session, shift_id: int, by: Viewer, now: datetime) -> Shift:
    by.require("manage_service")
    shift = session.scalar(select(Shift).where(Shift.id == shift_id, Shift.service_id == by.service_id).with_for_update())
    if shift is None:
        raise NotFound("This shift")
    if shift.ends_at <= now:
        raise Refusal("This shift is over: it stays as it was worked.", status=422)
    return shift


def _check(session: Session, service_id: int, staff: Staff, kind: str, span: Span, *, now: datetime, but: int = 0) -> None:
    if kind not in KINDS:
        raise Refusal("Choose ward or on call.", field="kind", status=422)
    _in_order(span, now)
    if span.ends_at - span.starts_at > LONGEST_SHIFT:
        raise Refusal("A shift lasts eight days at most. Check the hours.", field="ends_at", status=422)
    if _crossed(session, service_id, staff, kind, span, but=but):
        raise Refusal("{name} already has a shift during these hours.", field="starts_at", status=422, name=staff.name)


def _crossed(session: Session, service_id: int, staff: Staff, kind: str, span: Span, but: int = 0) -> bool:
    """Two shifts of one kind at once are a slip; a doctor on call for the week may well work on the ward by day, or be on call for two
    services."""
    crossing = (
        Shift.service_id == service_id,
        Shift.staff_id == staff.id,
        Shift.kind == kind,
        Shift.starts_at < span.ends_at,
        Shift.ends_at > span.starts_at,
        Shift.id != but,
    )
    return session.scalar(select(Shift.id).where(*crossing).limit(1)) is not None


def _in_order(span: Span, now: datetime) -> None:
    if span.ends_at <= span.starts_at:
        raise Refusal("The shift ends before it begins. Check the hours.", field="ends_at", status=422)
    if span.ends_at <= now:
        raise Refusal("These hours are past. Choose later ones.", field="ends_at", status=422)


def _moved(at: datetime, days: timedelta, zone: ZoneInfo) -> datetime:
    """The same hour on the wall, so many days later: a shift of the week the clocks change keeps its hours."""
    local = at.astimezone(zone)
    return datetime.combine(local.date() + days, local.time(), zone).astimezone(UTC)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def _told(shift: Shift) -> dict[str, object]:
    return {"staff": shift.staff_id, "kind": shift.kind, **_hours(Span(shift.starts_at, shift.ends_at))}


def _hours(span: Span) -> dict[str, object]:
    return {"from": span.starts_at.isoformat(), "until": span.ends_at.isoformat()}


def _record(
    session: Session, by: Viewer, action: str, row: Shift | StandIn, now: datetime, *, before: object = None, after: object = None
) -> None:
    audit.record(
        session,
        actor=by.actor,
        action=action,
        subject=f"{row.__tablename__}:{row.id}",
        service_id=row.service_id,
        before=before,
        after=after,
        now=now,
    )
