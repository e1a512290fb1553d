"""FR-15, HZ-29: shifts, stand-ins, copied weeks, routes; every hour of the coming week is somebody's, or is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import SYSTEM, AuditRow
from app.core.clock import HandClock
from app.core.errors import NotFound, Refusal
from app.people import care_team, coverage, rota, routes, services, stand_ins
from app.people.models import Service, Shift, Staff
from app.people.perimeter import Viewer, viewer_of
from app.people.rota import Span
from tests.factories import World

LUC_AWAY = Span(datetime(2026, 11, 19, 7, tzinfo=UTC), datetime(2026, 11, 19, 16, tzinfo=UTC))


def paris(day: int, hour: int) -> datetime:
    """November 2026, on the ward's wall: an hour ahead of UTC."""
    return datetime(2026, 11, day, hour - 1, tzinfo=UTC) if hour else datetime(2026, 11, day - 1, 23, tzinfo=UTC)


@pytest.fixture
def ines(world: World) -> Viewer:
    return viewer_of(world.ines)


@pytest.fixture
def full(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    """From Wednesday 18 November to the end of the next: Claire on the ward by day, Dr Lebon on call at all other hours."""
    for day in (18, 19, 20, 23, 24, 25):
        care_team.put_on_shift(session, world.claire, kind="ward", starts_at=paris(day, 8), ends_at=paris(day, 18))
        care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=paris(day, 18), ends_at=paris(day + 1, 8))
    care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=paris(18, 0), ends_at=paris(18, 8))
    care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=paris(21, 8), ends_at=paris(23, 8))


def holes_of(session: Session, world: World, clock: HandClock) -> list[tuple[datetime, datetime, str]]:
    service = session.get_one(Service, world.service.id)
    return [(hole.starts_at, hole.ends_at, hole.kind) for hole in coverage.holes(session, service, clock.now())]


@pytest.mark.usefixtures("full")
def test_a_full_week_has_no_hole_and_an_hour_taken_away_is_named(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    assert holes_of(session, world, clock) == []
    friday = session.scalars(select(Shift).where(Shift.starts_at == paris(20, 8))).one()
    rota.change_shift(
        session, friday.id, staff_id=world.claire.id, kind="ward", span=Span(paris(20, 8), paris(20, 13)), by=ines, now=clock.now()
    )
    assert holes_of(session, world, clock) == [(paris(20, 13), paris(20, 18), "ward")]
    night = session.scalars(select(Shift).where(Shift.starts_at == paris(20, 18))).one()
    rota.remove_shift(session, night.id, by=ines, now=clock.now())
    assert holes_of(session, world, clock) == [(paris(20, 13), paris(21, 8), "both")]


@pytest.mark.usefixtures("full")
def test_on_a_public_holiday_the_ward_is_closed_and_somebody_must_be_on_call(session: Session, world: World, clock: HandClock) -> None:
    """20 December is a holiday at La Réunion alone (a Sunday in 2026, a Monday in 2027); 1 May is one everywhere."""
    mainland, reunion = Service(**FRANCE, country="FR"), Service(**FRANCE, country="RE")
    assert care_team.spans_of(mainland, date(2027, 12, 20)) != []
    assert care_team.spans_of(reunion, date(2027, 12, 20)) == []
    assert care_team.spans_of(mainland, date(2026, 5, 1)) == care_team.spans_of(reunion, date(2026, 5, 1)) == []
    service = session.get_one(Service, world.service.id)
    armistice = coverage.uncovered(session, service, Span(paris(11, 0), paris(12, 0)))
    assert [hole.kind for hole in armistice] == ["on_call"], "11 November: no hour of the ward"


FRANCE = {"timezone": "Europe/Paris", "hours": services.WEEKDAYS_8_TO_18, "holidays_region": ""}


@pytest.mark.usefixtures("full")
def test_a_stand_in_is_meant_everywhere_the_absent_one_was(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    """HZ-29."""
    service = world.service.id
    rota.stand_in(session, absent_id=world.claire.id, by_id=world.luc.id, span=LUC_AWAY, by=ines, now=clock.now())
    ten = paris(19, 10)
    assert [one.name for one in care_team.on_duty(session, service, ten, "ward")] == ["Luc Morel"]
    assert [one.name for one in care_team.on_duty(session, service, paris(20, 10), "ward")] == ["Claire Payet"]
    assert stand_ins.instead_of(session, world.claire, ten, world.service.id).id == world.luc.id, "an absent nurse's patients too"
    assert holes_of(session, world, clock) == []
    assert stand_ins.shift_ends(session, world.luc.id, ten) == LUC_AWAY.ends_at, "as long as the stand-in, though the shift is longer"
    assert stand_ins.shift_ends(session, world.claire.id, ten) is None
    with pytest.raises(Refusal, match="already replaced"):
        rota.stand_in(session, absent_id=world.claire.id, by_id=world.ines.id, span=LUC_AWAY, by=ines, now=clock.now())


@pytest.mark.usefixtures("full")
def test_a_stand_in_who_left_is_nobody_and_is_told(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    rota.stand_in(session, absent_id=world.claire.id, by_id=world.luc.id, span=LUC_AWAY, by=ines, now=clock.now())
    services.disable(session, "luc", by=SYSTEM, now=clock.now())
    assert [one.name for one in care_team.on_duty(session, world.service.id, paris(19, 10), "ward")] == ["Claire Payet"]
    service = session.get_one(Service, world.service.id)
    assert [one.staff.name for one in coverage.leavers(session, service, clock.now())] == ["Luc Morel"]


@pytest.mark.usefixtures("full")
def test_a_closed_account_covers_nothing(session: Session, world: World, clock: HandClock) -> None:
    """HZ-29: a leaver still on the rota."""
    services.disable(session, "lebon", by=SYSTEM, now=clock.now())
    assert holes_of(session, world, clock)[0] == (paris(18, 18), paris(19, 8), "on_call")
    service = session.get_one(Service, world.service.id)
    [leaver] = coverage.leavers(session, service, clock.now())
    assert (leaver.staff.name, leaver.starts_at) == ("Dr Aurore Lebon", paris(18, 18))


@pytest.mark.usefixtures("full")
def test_a_week_is_copied_at_the_same_hours_of_the_wall(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    """Onto the week the clocks change (29 March 2027), nothing written twice, no ward shift on a holiday."""
    service = session.get_one(Service, world.service.id)
    spring = date(2027, 3, 29)  # Easter Monday: its ward shift is left out
    made = rota.copy_week(session, service, date(2026, 11, 23), to=spring, by=ines, now=clock.now())
    begun = rota.shifts(session, service.id, Span(datetime(2027, 3, 28, 22, tzinfo=UTC), datetime(2027, 4, 4, 22, tzinfo=UTC)))
    assert [(shift.kind, shift.starts_at) for shift in begun][:2] == [
        ("on_call", datetime(2027, 3, 29, 16, tzinfo=UTC)),
        ("ward", datetime(2027, 3, 30, 6, tzinfo=UTC)),
    ]
    assert made == len(begun) == 5
    assert rota.copy_week(session, service, date(2026, 11, 23), to=spring, by=ines, now=clock.now()) == 0


def test_every_act_is_audited_and_only_the_coordinator_may(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    span = Span(paris(19, 8), paris(19, 16))
    for staff in (world.claire, world.lebon, world.paul):
        with pytest.raises(Refusal, match="role"):
            rota.write_shift(session, staff_id=world.luc.id, kind="ward", span=span, by=viewer_of(staff), now=clock.now())
    shift = rota.write_shift(session, staff_id=world.luc.id, kind="ward", span=span, by=ines, now=clock.now())
    rota.remove_shift(session, shift.id, by=ines, now=clock.now())
    acts = session.scalars(select(AuditRow.action).where(AuditRow.action.like("shift.%")).order_by(AuditRow.id))
    assert list(acts) == ["shift.written", "shift.removed"]


@pytest.mark.parametrize(
    ("kind", "span", "sentence"),
    [
        ("ward", Span(paris(19, 16), paris(19, 8)), "ends before"),
        ("ward", Span(paris(17, 8), paris(17, 16)), "past"),
        ("night", Span(paris(19, 8), paris(19, 16)), "ward or on call"),
        ("on_call", Span(paris(19, 8), paris(29, 8)), "eight days"),
        ("ward", Span(paris(20, 12), paris(20, 20)), "already has a shift"),
    ],
)
@pytest.mark.usefixtures("full")
def test_a_slip_is_refused(session: Session, world: World, ines: Viewer, clock: HandClock, kind: str, span: Span, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        rota.write_shift(session, staff_id=world.claire.id, kind=kind, span=span, by=ines, now=clock.now())


def test_nobody_of_another_service_or_role_stands_on_the_rota(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    """HZ-30."""
    for staff in (world.alma, world.paul, world.noe):
        with pytest.raises(NotFound):
            rota.write_shift(session, staff_id=staff.id, kind="ward", span=LUC_AWAY, by=ines, now=clock.now())
    elsewhere = Viewer(ines.actor, ines.role, 999)
    with pytest.raises(NotFound):
        rota.write_shift(session, staff_id=world.claire.id, kind="ward", span=LUC_AWAY, by=elsewhere, now=clock.now())
    with pytest.raises(Refusal, match="doctor"):
        rota.stand_in(session, absent_id=world.lebon.id, by_id=world.claire.id, span=LUC_AWAY, by=ines, now=clock.now())


RUNGS = [
    {"after_minutes": 0, "notify": "team", "by": ["browser", "text"]},
    {"after_minutes": 5, "notify": "on_call", "by": ["text", "voice"]},
]


@pytest.mark.parametrize(
    ("rungs", "sentence"),
    [
        ([], "at least one rung"),
        ([{**RUNGS[0], "after_minutes": 5}], "first rung is at 0"),
        ([RUNGS[0], {**RUNGS[1], "after_minutes": 0}], "comes later"),
        ([RUNGS[0], {**RUNGS[1], "after_minutes": 45}], "within 30 minutes"),
        ([{**RUNGS[0], "by": []}], "by which way"),
        ([{**RUNGS[0], "notify": "everybody"}], "whom it means"),
        ([{**RUNGS[0], "by": ["browser"]}], "needs a text or a call"),
        ([{**RUNGS[0], "by": ["email"]}], "needs a text or a call"),
    ],
)
def test_a_route_that_reaches_nobody_in_time_is_refused(
    session: Session, world: World, ines: Viewer, clock: HandClock, rungs: list[dict[str, object]], sentence: str
) -> None:
    """HZ-03."""
    service = session.get_one(Service, world.service.id)
    with pytest.raises(Refusal, match=sentence):
        routes.write(session, service, "urgent", rungs, take_minutes=10, act_minutes=30, by=ines, now=clock.now())
    assert routes.of(session, service.id, "urgent") is None


def test_a_route_and_its_targets_are_kept_and_audited(session: Session, world: World, ines: Viewer, clock: HandClock) -> None:
    """FR-16."""
    service = session.get_one(Service, world.service.id)
    assert routes.targets(session, service.id, "urgent") == (15, 30)
    routes.write(session, service, "urgent", RUNGS, take_minutes=5, act_minutes=20, by=ines, now=clock.now())
    found = routes.of(session, service.id, "urgent")
    assert found is not None
    assert (found.rungs, routes.targets(session, service.id, "urgent")) == (RUNGS, (5, 20))
    row = session.scalars(select(AuditRow).where(AuditRow.action == "route.written")).one()
    assert (row.change["after"]["take"], row.actor) == (5, f"staff:{world.ines.id}")
    assert session.get_one(Staff, world.ines.id).name == "Inès Caron"
    assert clock.now() + timedelta(0) == found.written_at
