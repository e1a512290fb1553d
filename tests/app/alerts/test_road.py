"""HZ-03, HZ-27, HZ-29, HZ-30, FR-15: routes and stand-ins on the ladder, shifts that end, holes that are tasks, the road that is tested."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.alerts import by_phone, escalation, handling, holes, road, tasks
from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import NotFound, Refusal
from app.insight import watch
from app.messaging.models import Message
from app.messaging.postman import Postman
from app.people import care_team, rota, routes
from app.people.models import Service, Staff
from app.people.perimeter import viewer_of
from app.people.rota import Span
from app.people.rota_models import RoadLeg, RoadState, RoadTest
from notifications.messages import Channel, State
from notifications.transports.simulator import Simulator, ends
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]
LUC, LEBON, INES = "+33639980101", "+33639980102", "+33639980103"


@pytest.fixture
def telephones(database: Database, world: World) -> None:
    with database.transaction() as session:
        for staff, phone in ((world.luc, LUC), (world.lebon, LEBON), (world.ines, INES)):
            session.get_one(Staff, staff.id).phone = phone
        session.get_one(Staff, world.ines.id).email = "ines@baie.example"


def shift(database: Database, staff: Staff, clock: HandClock, *, kind: str = "ward", before: int = 2, after: int = 6) -> None:
    with database.transaction() as session:
        hours = (clock.now() - timedelta(hours=before), clock.now() + timedelta(hours=after))
        care_team.put_on_shift(session, staff, kind=kind, starts_at=hours[0], ends_at=hours[1])


def replaced(database: Database, world: World, clock: HandClock, absent: Staff, by: Staff, hours: int) -> None:
    with database.transaction() as session:
        span = Span(clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=hours))
        rota.stand_in(session, absent_id=absent.id, by_id=by.id, span=span, by=viewer_of(world.ines), now=clock.now())


def tick(database: Database, clock: HandClock) -> None:
    with database.transaction() as session:
        ids = escalation.due(session, clock.now())
    for number in ids:
        with database.transaction() as session:
            escalation.step(session, number, clock.now())


def paged(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.execute(select(Message.channel, Message.address).where(Message.staff_id.is_not(None)).order_by(Message.id))
        return [(str(channel), address) for channel, address in rows]


@pytest.mark.usefixtures("telephones")
def test_each_rung_speaks_by_its_ways_and_the_stand_in_is_meant(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    shift(database, world.claire, clock, kind="on_call")
    replaced(database, world, clock, world.claire, world.luc, hours=6)
    raise_(Level.URGENT)
    seen: dict[int, list[tuple[str, str]]] = {}
    for minute in range(21):
        before = len(paged(database))
        tick(database, clock)
        if new := paged(database)[before:]:
            seen[minute] = new
        clock.forward(minutes=1)
    head = [("sms", INES), ("email", f"staff:{world.ines.id}"), ("voice", INES)]
    assert seen == {5: [("sms", LUC), ("voice", LUC)], 10: [("sms", LEBON)], 15: head, 20: head}


@pytest.mark.usefixtures("telephones")
def test_the_service_s_own_route_is_climbed_and_the_protocol_keeps_its_deadline(
    database: Database, world: World, raise_: Raise, clock: HandClock
) -> None:
    """FR-15: who is there is the service's to say."""
    rungs = [{"after_minutes": 0, "notify": "head", "by": ["voice"]}, {"after_minutes": 3, "notify": "prescriber", "by": ["text"]}]
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        routes.write(session, service, "urgent", rungs, take_minutes=5, act_minutes=20, by=viewer_of(world.ines), now=clock.now())
    alert = raise_(Level.URGENT)
    tick(database, clock)
    clock.forward(minutes=3)
    tick(database, clock)
    assert paged(database) == [("voice", INES), ("sms", LEBON)]
    assert alert.respond_by == alert.raised_at + timedelta(minutes=30)


def test_what_a_stand_in_took_goes_back_when_the_stand_in_ends(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    """HZ-27: the shift is Claire's until 16:00; Luc replaces her until noon."""
    shift(database, world.claire, clock, after=6)
    replaced(database, world, clock, world.claire, world.luc, hours=2)
    alert = raise_(Level.HIGH)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.luc), now=clock.now())
    clock.forward(minutes=119)
    tick(database, clock)
    assert again(database, alert).state == AlertState.TAKEN
    clock.forward(minutes=1)
    tick(database, clock)
    assert (again(database, alert).state, again(database, alert).owner_id) == (AlertState.NEW, None)


def test_what_waits_is_the_team_s_when_the_shift_ends_and_calls_nobody_before_its_hour(
    database: Database, world: World, raise_: Raise, clock: HandClock
) -> None:
    """House, section 7: put aside on Wednesday at 10:00 until Thursday 9:00, by somebody who leaves at 16:00."""
    shift(database, world.claire, clock, after=6)
    alert = raise_(Level.MODERATE)
    until = clock.now() + timedelta(hours=23)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
        handling.wait(session, alert.id, by=viewer_of(world.claire), now=clock.now(), until=until)
    clock.forward(hours=5, minutes=59)
    tick(database, clock)
    assert again(database, alert).state == AlertState.WAITING
    clock.forward(minutes=1)
    tick(database, clock)
    back = again(database, alert)
    assert (back.state, back.owner_id, back.next_step_at) == (AlertState.NEW, None, until)
    with database.reading() as session:
        last = session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id.desc())).first()
    assert last is not None
    assert (last.kind, last.detail["why"]) == ("returned", "shift_over")


@pytest.mark.parametrize(("level", "held"), [(Level.URGENT, timedelta(minutes=30)), (Level.HIGH, timedelta(hours=4))])
def test_taken_without_outcome_it_reopens(
    database: Database, world: World, raise_: Raise, clock: HandClock, level: Level, held: timedelta
) -> None:
    """HZ-27: urgent after 30 minutes, high after 4 hours of service."""
    alert = raise_(level)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    clock.at += held - timedelta(seconds=1)
    tick(database, clock)
    assert again(database, alert).state == AlertState.TAKEN
    clock.forward(seconds=1)
    tick(database, clock)
    assert again(database, alert).state == AlertState.NEW


def again(database: Database, alert: Alert) -> Alert:
    with database.reading() as session:
        return session.get_one(Alert, alert.id)


# --- Holes --------------------------------------------------------------------------------------------------------------------------


def check(database: Database, world: World, clock: HandClock) -> list[Task]:
    with database.transaction() as session:
        holes.check(session, world.service.id, clock.now(), by=viewer_of(world.ines).actor)
    with database.reading() as session:
        return list(session.scalars(select(Task).where(Task.kind.like("rota_%")).order_by(Task.id)))


def test_a_hole_is_one_task_for_the_head_and_whoever_fills_it_ends_it(database: Database, world: World, clock: HandClock) -> None:
    """HZ-29."""
    shift(database, world.luc, clock, kind="on_call", before=24, after=48)
    [hole] = check(database, world, clock)
    assert (hole.kind, hole.owner_id, hole.detail["hours"]) == ("rota_hole", world.ines.id, "both")
    assert hole.detail["from"] == (clock.now() + timedelta(hours=48)).isoformat()
    clock.forward(hours=3)
    assert [task.id for task in check(database, world, clock)] == [hole.id], "the same hole is the same task"
    with database.transaction() as session:
        hours = (clock.now() + timedelta(hours=45), clock.now() + timedelta(days=9))
        filling = care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=hours[0], ends_at=hours[1])
    [filled] = check(database, world, clock)
    assert (filled.closed_by_id, filled.closing_note) == (world.ines.id, holes.FILLED)
    with database.transaction() as session:
        rota.remove_shift(session, filling.id, by=viewer_of(world.ines), now=clock.now())
    [empty] = check(database, world, clock)
    assert empty.closed_at is None, "filled once, and empty again"


def test_a_person_s_word_about_a_hole_stands(database: Database, world: World, clock: HandClock) -> None:
    shift(database, world.luc, clock, kind="on_call", before=24, after=48)
    [hole] = check(database, world, clock)
    with database.transaction() as session:
        tasks.close(session, hole.id, by=viewer_of(world.ines), now=clock.now(), words="le SAMU répond ces heures-là")
    [kept] = check(database, world, clock)
    assert (kept.closing_note, len(check(database, world, clock))) == ("le SAMU répond ces heures-là", 1)


# --- The road -----------------------------------------------------------------------------------------------------------------------


def a_test(database: Database, world: World, clock: HandClock, phones: Simulator) -> int:
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        test_id = road.ask(session, service, by=viewer_of(world.ines), now=clock.now()).id
    Postman(database, dict.fromkeys(Channel, phones), clock.now).round()
    return test_id


def settle(database: Database, clock: HandClock) -> None:
    with database.transaction() as session:
        ids = road.settle_due(session, clock.now())
    for number in ids:
        with database.transaction() as session:
            road.settle(session, number, clock.now())


def found(database: Database, test_id: int) -> tuple[str, dict[tuple[str, str], str]]:
    with database.reading() as session:
        test = session.get_one(RoadTest, test_id)
        legs = {(session.get_one(Staff, leg.staff_id).login, leg.way): leg.confirmed_how for leg in test.legs}
        return test.state, legs


@pytest.mark.usefixtures("telephones")
def test_a_test_goes_down_the_same_road_says_test_and_is_answered(database: Database, world: World, clock: HandClock) -> None:
    shift(database, world.claire, clock)
    shift(database, world.luc, clock, kind="on_call")
    phones = Simulator()
    test_id = a_test(database, world, clock, phones)
    assert phones.texts(LUC) == [
        f"Suivi : TEST, réf. R{test_id}. Personne n'attend. Répondez sur la page Planning.",
        f"Suivi. Ceci est un test. Personne n'attend. Référence R{test_id}. Appuyez sur la touche 1.",
    ]
    with database.transaction() as session:
        rings = select(RoadLeg.message_id, Staff.login).join(Staff, Staff.id == RoadLeg.staff_id).where(RoadLeg.way == "voice")
        for message_id, _ in session.execute(rings):
            assert by_phone.pressed(session, message_id or 0, "1", again=False, now=clock.now()).key == "staff_test_heard"
        road.confirm(session, test_id, by=viewer_of(world.claire), now=clock.now())
    settle(database, clock)
    assert found(database, test_id) == (
        RoadState.HELD,
        {
            ("claire", "browser"): "screen",
            ("luc", "text"): "",
            ("luc", "voice"): "key",
            ("ines", "text"): "",
            ("ines", "email"): "",
            ("ines", "voice"): "key",
        },
    )
    with database.reading() as session:
        assert session.scalars(select(Alert)).all() == []


@pytest.mark.usefixtures("telephones")
def test_a_road_that_does_not_work_is_an_alarm_and_a_task(database: Database, world: World, clock: HandClock) -> None:
    """HZ-29: the on-call telephone is dead."""
    shift(database, world.luc, clock, kind="on_call")
    phones = Simulator(faults={LUC: ends(State.UNDELIVERED, "30003")})
    test_id = a_test(database, world, clock, phones)
    clock.forward(minutes=14)
    settle(database, clock)
    assert found(database, test_id)[0] == RoadState.RUNNING
    clock.forward(minutes=1)
    settle(database, clock)
    assert found(database, test_id)[0] == RoadState.FAILED
    with database.reading() as session:
        [task] = session.scalars(select(Task).where(Task.kind == "road_failed"))
        assert (task.owner_id, task.detail) == (world.ines.id, {"test_id": test_id})
        assert [finding.ids for finding in watch.sweep(session, clock.now()) if finding.kind == "road"] == [(world.service.id,)]
        broken = {(leg.staff_id, leg.way) for leg in road.broken(session, session.get_one(RoadTest, test_id))}
    assert {(world.luc.id, "text"), (world.luc.id, "voice")} <= broken


def test_the_day_s_test_begins_once_at_its_hour(database: Database, world: World, clock: HandClock) -> None:
    clock.at = clock.at.replace(hour=7, minute=59)  # 8:59 in Paris
    with database.transaction() as session:
        assert road.daily_due(session, clock.now()) == []
    clock.forward(minutes=1)
    for _ in range(2):
        with database.transaction() as session:
            for service_id in road.daily_due(session, clock.now()):
                road.begin_daily(session, service_id, clock.now())
    with database.transaction() as session:
        assert len(session.scalars(select(RoadTest)).all()) == 1
        service = session.get_one(Service, world.service.id)
        rota.choose_road_test_hour(session, service, None, by=viewer_of(world.ines), now=clock.now())
        assert road.daily_due(session, clock.now() + timedelta(days=1)) == []


def test_who_may_ask_and_who_may_answer(database: Database, world: World, clock: HandClock) -> None:
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        for staff in (world.paul, world.alma, world.lebon):
            with pytest.raises(Refusal, match="role"):
                road.ask(session, service, by=viewer_of(staff), now=clock.now())
        test = road.ask(session, service, by=viewer_of(world.claire), now=clock.now())
        with pytest.raises(Refusal, match="just left"):
            road.ask(session, service, by=viewer_of(world.ines), now=clock.now())
        with pytest.raises(NotFound):
            road.confirm(session, test.id, by=viewer_of(world.paul), now=clock.now())


def test_a_head_without_any_way_is_a_broken_road(database: Database, world: World, clock: HandClock) -> None:
    """HZ-29: the last rung would repeat for ever to nobody."""
    shift(database, world.claire, clock)
    test_id = a_test(database, world, clock, Simulator())
    with database.transaction() as session:
        road.confirm(session, test_id, by=viewer_of(world.claire), now=clock.now())
    clock.forward(minutes=15)
    settle(database, clock)
    state, legs = found(database, test_id)
    assert (state, ("ines", "none") in legs) == (RoadState.FAILED, True)
