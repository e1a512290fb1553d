"""The planned calls of today and of the week, by hour, for the whole team: who calls, what is late or missed, moved with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.care import calls, planning, programmes
from app.care.contact_models import Contact
from app.care.models import OPEN_CALLS, CallState, Enrolment, PlannedCall
from app.core.errors import FieldErrors, Refusal
from app.insight.gone import Absent, Gone
from app.people import stand_ins
from app.people.models import Patient, Staff
from app.people.perimeter import visible_to
from app.web.care import arranged
from app.web.care import rang as rang_up
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.patient.prescription import day
from app.web.render import Page, StaffPage
from app.web.ward.saying import Saying

router = APIRouter()

WEEK = 7
MOST = 500
"""Calls on one page: a week of a large service (house rule, 2026-11-23)."""


@dataclass(frozen=True)
class Planned:
    """One call of the list. owner: "" once it is the team's; instead_of: the absent nurse it was given to, and until when she is away.

    running: who is making it, since when. at: the hour it is planned at. gone: why the owner of a call of today,
    or behind, does not see to it; a later day has its own team.
    """

    call: PlannedCall
    patient: Patient
    title: str
    owner: str
    at: str
    other_clock: str
    instead_of: tuple[str, datetime] | None
    running: Contact | None
    by: str
    gone: Gone | None


@dataclass(frozen=True)
class Listed:
    """What is behind, then today, then each day of the week; hours are the service's."""

    behind: Sequence[Planned]
    days: Sequence[tuple[date, Sequence[Planned]]]

    @property
    def count(self) -> int:
        """Every call on the page."""
        return len(self.behind) + sum(len(found) for _, found in self.days)


@router.get("/calls")
def show(page: StaffPage, session: Reads, kept: str = "", rang: int = 0) -> Response:
    """Whoever sees the list sees them all: a missed call is the team's (COA-2)."""
    page.viewer.require("see_alerts")
    return _page(page, session, kept=bool(kept), rang=rang)


def show_with(
    page: Page, session: Session, values: Mapping[str, str], *, found: Sequence[Patient], errors: Mapping[str, str] | None = None
) -> Response:
    """The same page with whose call may have been received; everything typed still there."""
    return _page(page, session, values=values, errors=errors, found=found, incoming=True)


@router.post("/calls/{call_id}/move")
def move(page: StaffPage, session: Writes, call_id: Id, values: Typed) -> Response:
    """Another day and hour, with why; the plan leaves it there."""
    call = calls.get(session, call_id, viewer=page.viewer)
    zone = session.get_one(Patient, call.patient_id).timezone
    try:
        calls.move(session, call_id, due_at=_instant(values, zone), why=values.get("why", ""), by=page.viewer, now=page.now)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        return _page(page, session, moving=call_id, values=values, errors=told)
    return page.go("/calls")


def _instant(values: Mapping[str, str], zone: str) -> datetime:
    on = day(values.get("day", ""))
    try:
        at = time.fromisoformat(values.get("hour", "").strip())
    except ValueError:
        at = None
    if on is None or at is None:
        raise FieldErrors({"due_at": "Write a day and an hour."})
    return datetime.combine(on, at, ZoneInfo(zone))


def _page(
    page: Page,
    session: Session,
    *,
    moving: int = 0,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    found: Sequence[Patient] | None = None,
    incoming: bool = False,
    kept: bool = False,
    rang: int = 0,
) -> Response:
    shown = listed(page, session)
    rows = [one.call for one in (*shown.behind, *(one for _, found in shown.days for one in found))]
    told: dict[str, Any] = {
        "listed": shown,
        "holds": planning.holds_of(session, rows),
        "moving": moving,
        "values": values or {},
        "errors": errors or {},
        "saying": Saying(page),
    }
    drafts, left = arranged.waiting(session, page)
    told |= {"found": found, "incoming": incoming, "kept": kept, "letters": drafts, "forgotten": left}
    told["rang"] = rang_up.of(page, session, rang) if rang else None
    return page.page("care/calls.html", 422 if errors else 200, **told)


def listed(page: Page, session: Session) -> Listed:
    """Open and paused calls up to the end of the week, soonest first."""
    today = page.formats.local(page.now).date()
    until = datetime.combine(today + timedelta(days=WEEK + 1), time(0), ZoneInfo(page.formats.zone))
    rows = _rows(page, session, until)
    running = calls.running(session, viewer=page.viewer)
    absent = Absent(session, (call.owner_id for call, *_ in rows), page.viewer.service_id or 0, page.now)
    behind: list[Planned] = []
    days: dict[date, list[Planned]] = {today: []}
    for call, patient, enrolment, owner in rows:
        on = page.formats.local(call.due_at).date()
        meant, away_until = stand_ins.replaced(session, owner, max(call.due_at, page.now), call.service_id) if owner else (None, None)
        contact, by = running.get(call.id, (None, ""))
        sees_to_it = away_until is not None or on > today or call.owner_id == page.viewer.actor.id
        one = Planned(
            call=call,
            patient=patient,
            title=programmes.of(enrolment).title.said(page.language),
            owner=meant.name if meant else "",
            at=page.formats.time(call.due_at),
            other_clock="" if patient.timezone == page.formats.zone else page.formats.in_zone(call.due_at, patient.timezone),
            instead_of=(owner.name, away_until) if owner and away_until else None,
            running=contact,
            by=by,
            gone=None if sees_to_it else absent.of(call.owner_id, call_at=call.due_at),
        )
        if call.state == CallState.MISSED or on < today:
            behind.append(one)
        else:
            days.setdefault(on, []).append(one)
    return Listed(behind, sorted(days.items()))


def _rows(page: Page, session: Session, until: datetime) -> Sequence[Row[PlannedCall, Patient, Enrolment, Staff]]:
    shown = (PlannedCall.state.in_((*OPEN_CALLS, CallState.PAUSED)), PlannedCall.due_at < until, visible_to(page.viewer))
    query = (
        select(PlannedCall, Patient, Enrolment, Staff)
        .join(Patient, Patient.id == PlannedCall.patient_id)
        .join(Enrolment, Enrolment.id == PlannedCall.enrolment_id)
        .outerjoin(Staff, Staff.id == PlannedCall.owner_id)
        .where(*shown)
    )
    return session.execute(query.order_by(PlannedCall.due_at, PlannedCall.id).limit(MOST)).all()
