"""The week of the rota: a table of people and days, who is there now, the hours nobody covers, and the forms that change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import holes, road
from app.core.errors import NotFound, Refusal
from app.insight import delays
from app.people import care_team, coverage, rota, stand_ins, storms
from app.people.models import Service, Shift, Staff
from app.people.rota import Span
from app.people.rota_models import RoadTest, StandIn
from app.web.coordinator import Id, Typed, service_of
from app.web.deps import Reads, Writes
from app.web.render import Page, StaffPage
from app.web.rota import routing, testing

router = APIRouter()

YEARS = range(2001, 2100)
"""A day of any other year is a slip, and the first or last there is has no hour in another zone."""


@dataclass(frozen=True)
class Piece:
    """One shift in one cell. instead: who replaces whoever is written, "" for nobody."""

    shift: Shift
    starts_at: datetime
    ends_at: datetime
    instead: str
    is_over: bool


@dataclass(frozen=True)
class Week:
    """Everything the page shows of one week. cells: by person and day."""

    monday: date
    days: Sequence[date]
    holidays: frozenset[date]
    people: Sequence[Staff]
    cells: dict[tuple[int, date], Sequence[Piece]]
    stand_ins: Sequence[StandIn]
    names: dict[int, str]


@router.get("/rota")
def show(page: StaffPage, session: Reads, week: str = "", said: str = "") -> Response:
    """The week asked for, else this one."""
    page.viewer.require("see_alerts")
    return _shown(page, session, _day(week) or page.formats.local(page.now).date(), {}, {}, said=said)


@router.post("/rota/shift")
def write_shift(page: StaffPage, session: Writes, values: Typed) -> Response:
    """A new shift."""

    def act(span: Span) -> None:
        rota.write_shift(
            session, staff_id=_number(values, "staff_id"), kind=values.get("kind", ""), span=span, by=page.viewer, now=page.now
        )

    return _acted(page, session, values, act)


@router.get("/rota/shift/{shift_id}")
def one_shift(page: StaffPage, session: Reads, shift_id: Id) -> Response:
    """One shift, to change or to take away."""
    page.viewer.require("manage_service")
    shift = session.get(Shift, shift_id)
    if shift is None or shift.service_id != page.viewer.service_id:
        raise NotFound("This shift")
    return _shift_page(page, session, shift, {}, {})


@router.post("/rota/shift/{shift_id}")
def change_shift(page: StaffPage, session: Writes, shift_id: Id, values: Typed) -> Response:
    """Change it, or the form again with a sentence beside the field."""
    page.viewer.require("manage_service")
    service = service_of(session, page)
    try:
        span = _span(values, service)
        staff_id, kind = _number(values, "staff_id"), values.get("kind", "")
        rota.change_shift(session, shift_id, staff_id=staff_id, kind=kind, span=span, by=page.viewer, now=page.now)
    except Refusal as refusal:
        errors = page.field_errors(refusal)
        shift = session.get(Shift, shift_id)
        if not errors or shift is None:
            raise
        session.rollback()
        return _shift_page(page, session, session.get_one(Shift, shift_id), values, errors)
    holes.check(session, service.id, page.now, by=page.viewer.actor)
    return _back(page, span.starts_at, service)


@router.post("/rota/shift/{shift_id}/remove")
def remove_shift(page: StaffPage, session: Writes, shift_id: Id) -> Response:
    """Take it off the rota; the hours it leaves empty are named at once."""
    page.viewer.require("manage_service")
    service = service_of(session, page)
    shift = session.get(Shift, shift_id)
    starts_at = shift.starts_at if shift else page.now
    rota.remove_shift(session, shift_id, by=page.viewer, now=page.now)
    holes.check(session, service.id, page.now, by=page.viewer.actor)
    return _back(page, starts_at, service)


@router.post("/rota/stand-in")
def write_stand_in(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Somebody replaces a colleague."""

    def act(span: Span) -> None:
        absent, by = _number(values, "absent_id"), _number(values, "by_id")
        rota.stand_in(session, absent_id=absent, by_id=by, span=span, by=page.viewer, now=page.now)

    return _acted(page, session, values, act, prefix="in_")


@router.post("/rota/stand-in/{stand_in_id}/end")
def end_stand_in(page: StaffPage, session: Writes, stand_in_id: Id) -> Response:
    """The absent one is meant again."""
    page.viewer.require("manage_service")
    service = service_of(session, page)
    row = rota.end_stand_in(session, stand_in_id, by=page.viewer, now=page.now)
    holes.check(session, service.id, page.now, by=page.viewer.actor)
    return _back(page, row.starts_at, service)


@router.post("/rota/copy")
def copy_week(page: StaffPage, session: Writes, values: Typed) -> Response:
    """This week once more, the week after."""
    page.viewer.require("manage_service")
    service = service_of(session, page)
    monday = _day(values.get("monday", ""))
    if monday is None:
        raise NotFound("This week")
    following = monday + timedelta(days=7)
    made = rota.copy_week(session, service, monday, to=following, by=page.viewer, now=page.now)
    holes.check(session, service.id, page.now, by=page.viewer.actor)
    return page.go(f"/rota?week={following.isoformat()}&said={'copied' if made else 'nothing_copied'}")


# --- What is shown ------------------------------------------------------------------------------------------------------------------


def _acted(page: Page, session: Session, values: dict[str, str], act: Callable[[Span], None], prefix: str = "") -> Response:
    """The act and the look at the week it leaves; or the page again, every word kept, with the sentence beside its field."""
    page.viewer.require("manage_service")
    service = service_of(session, page)
    try:
        span = _span(values, service, prefix)
        act(span)
    except Refusal as refusal:
        errors = {_named(name, prefix): said for name, said in page.field_errors(refusal).items()}
        if not errors:
            raise
        session.rollback()
        return again(page, session, values, errors)
    holes.check(session, service.id, page.now, by=page.viewer.actor)
    return _back(page, span.starts_at, service)


def again(page: Page, session: Session, values: dict[str, str], errors: dict[str, str]) -> Response:
    """This week once more after a refused form: everything typed, each sentence beside its field."""
    return _shown(page, session, page.formats.local(page.now).date(), values, errors)


def _named(field: str, prefix: str) -> str:
    return prefix + field if field in ("starts_at", "ends_at") else field


def _back(page: Page, at: datetime, service: Service) -> Response:
    return page.go(f"/rota?week={at.astimezone(ZoneInfo(service.timezone)).date().isoformat()}&said=kept")


def _shown(page: Page, session: Session, day: date, values: dict[str, str], errors: dict[str, str], *, said: str = "") -> Response:
    service = service_of(session, page)
    there = {kind: care_team.on_duty(session, service.id, page.now, kind) for kind in rota.KINDS}
    tests = road.latest(session, service.id)
    return page.page(
        "rota/week.html",
        422 if errors else 200,
        service=service,
        week=_week(session, service, day, page.now),
        there=there,
        is_open=care_team.is_open(service, page.now),
        holes=coverage.holes(session, service, page.now),
        leavers=coverage.leavers(session, service, page.now),
        until=coverage.window(service, page.now).ends_at,
        coming_holidays=care_team.next_holidays(service, page.formats.local(page.now).date(), 4),
        colleagues=rota.people(session, service.id),
        tests=[testing.seen(session, test) for test in tests],
        mine=_unanswered(tests, page),
        test_hour=rota.road_test_hour(session, service.id),
        storm_hours=storms.HOURS,
        levels=routing.shown(session, service),
        delays=delays.lines(session, viewer=page.viewer, now=page.now),
        values=values,
        errors=errors,
        said=said,
        a_day=timedelta(days=7),
    )


def _unanswered(tests: Sequence[RoadTest], page: Page) -> int | None:
    """The test that waits for the reader's answer on this screen."""
    for test in tests[:1]:
        mine = [leg for leg in test.legs if leg.staff_id == page.viewer.actor.id and leg.way not in ("voice", "none")]
        if any(leg.confirmed_at is None for leg in mine):
            return test.id
    return None


def _week(session: Session, service: Service, day: date, now: datetime) -> Week:
    zone = ZoneInfo(service.timezone)
    monday = day - timedelta(days=day.weekday())
    days = [monday + timedelta(days=offset) for offset in range(7)]
    span = Span(_midnight(monday, zone), _midnight(monday + timedelta(days=7), zone))
    rows = rota.shifts(session, service.id, span)
    people = {one.id: one for one in rota.people(session, service.id)}
    people |= {shift.staff_id: session.get_one(Staff, shift.staff_id) for shift in rows}
    replaced = rota.stand_ins(session, service.id, span)
    people |= {number: session.get_one(Staff, number) for row in replaced for number in (row.absent_id, row.by_id)}
    cells: dict[tuple[int, date], list[Piece]] = {}
    for shift in rows:
        for one in days:
            begins, ends = max(shift.starts_at, _midnight(one, zone)), min(shift.ends_at, _midnight(one + timedelta(days=1), zone))
            if begins < ends:
                piece = _piece(session, shift, begins, ends, people[shift.staff_id], now)
                cells.setdefault((shift.staff_id, one), []).append(piece)
    names = {number: one.name for number, one in people.items()}
    off = frozenset(one for one in days if care_team.is_holiday(service, one))
    roles = [str(role) for role in rota.ON_THE_ROTA]
    ordered = sorted(people.values(), key=lambda one: (roles.index(one.role) if one.role in roles else len(roles), one.name))
    return Week(monday, days, off, ordered, {key: tuple(found) for key, found in cells.items()}, replaced, names)


def _piece(session: Session, shift: Shift, begins: datetime, ends: datetime, staff: Staff, now: datetime) -> Piece:
    """instead: whoever is meant at the middle of these hours; the list of stand-ins says from when to when."""
    meant = stand_ins.instead_of(session, staff, begins + (ends - begins) / 2, shift.service_id)
    return Piece(shift, begins, ends, meant.name if meant.id != staff.id else "", shift.ends_at <= now)


def _shift_page(page: Page, session: Session, shift: Shift, values: dict[str, str], errors: dict[str, str]) -> Response:
    service = service_of(session, page)
    kept = {
        "staff_id": str(shift.staff_id),
        "kind": shift.kind,
        "starts_at": f"{page.formats.local(shift.starts_at):%Y-%m-%dT%H:%M}",
        "ends_at": f"{page.formats.local(shift.ends_at):%Y-%m-%dT%H:%M}",
    }
    return page.page(
        "rota/shift.html",
        422 if errors else 200,
        shift=shift,
        name=session.get_one(Staff, shift.staff_id).name,
        colleagues=rota.people(session, service.id),
        values={**kept, **values},
        errors=errors,
    )


def _span(values: dict[str, str], service: Service, prefix: str = "") -> Span:
    """Two hours as typed on the service's wall. Raises Refusal beside the one that cannot be read."""
    read = []
    for name in ("starts_at", "ends_at"):
        try:
            local: datetime | None = datetime.fromisoformat(values.get(prefix + name, ""))
        except ValueError:
            local = None
        if local is None or local.year not in YEARS:
            raise Refusal("Give a day and an hour.", field=name, status=422)
        read.append(local.replace(tzinfo=ZoneInfo(service.timezone)).astimezone(UTC))
    return Span(*read)


def _number(values: dict[str, str], name: str) -> int:
    text = values.get(name, "")
    if not text.isdecimal() or len(text) > 9:
        raise Refusal("Choose a colleague.", field=name, status=422)
    return int(text)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
