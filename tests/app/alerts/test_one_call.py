"""The call a patient asked for and the alert about them are one call: closed together when somebody was reached, and only then."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app.alerts import handling, one_call, tasks
from app.alerts.models import Alert, Task
from app.core.audit import AuditHead, AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]


@pytest.fixture
def asked(database: Database, world: World, marie: Patient, clock: HandClock) -> Callable[..., Task]:
    """Marie asks for a call: due four hours from now."""

    def ask(number: int = 1, kind: str = "call_back", **detail: object) -> Task:
        with database.transaction() as session:
            return tasks.make(
                session,
                service_id=world.service.id,
                patient_id=marie.id,
                kind=kind,
                key=f"{kind}:{number}",
                detail=detail,
                due_at=clock.now() + timedelta(hours=4),
                now=clock.now(),
            )

    return ask


def call(database: Database, world: World, alert: Alert, clock: HandClock, *, reached: bool, whom: str = "patient") -> None:
    with database.transaction() as session:
        handling.call_logged(session, alert.id, by=viewer_of(world.claire), now=clock.now(), reached=reached, whom=whom)


def close(database: Database, world: World, alert: Alert, clock: HandClock, outcome: str, words: str = "", spoke: str = "") -> None:
    with database.transaction() as session:
        handling.close(session, alert.id, by=viewer_of(world.claire), now=clock.now(), outcome=outcome, words=words, spoke_to=spoke)


def take(database: Database, world: World, alert: Alert, clock: HandClock) -> None:
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())


def again(database: Database, task: Task) -> Task:
    with database.reading() as session:
        return session.get_one(Task, task.id)


def test_a_close_that_says_she_was_reached_ends_her_call_with_the_same_person_hour_and_outcome(
    database: Database, world: World, raise_: Raise, asked: Callable[..., Task], clock: HandClock
) -> None:
    """Urgent, due in 30 minutes; her call in four hours: one call answers both. The trail has a line for each."""
    alert, task = raise_(Level.URGENT), asked()
    with database.reading() as session:
        assert [one.id for one in one_call.covered(session, session.get_one(Alert, alert.id))] == [task.id]
    take(database, world, alert, clock)
    clock.forward(minutes=12)
    close(database, world, alert, clock, "advice", "Boire, rappeler ce soir", spoke="patient")
    ended = again(database, task)
    assert (ended.closed_at, ended.closed_by_id, ended.closing_note) == (clock.now(), world.claire.id, "Boire, rappeler ce soir")
    assert (ended.detail["alert_id"], ended.detail["outcome"]) == (alert.id, "advice")
    with database.reading() as session:
        closed = session.get_one(Alert, alert.id).events[-1]
        assert (closed.kind, closed.detail["calls"], closed.detail["calls_left"]) == ("closed", [task.id], [])
        lines = session.execute(select(AuditRow.subject, AuditRow.action, AuditRow.actor).order_by(AuditRow.id.desc()).limit(2)).all()
    assert {tuple(line) for line in lines} == {
        (f"task:{task.id}", "task.closed", f"staff:{world.claire.id}"),
        (f"alert:{alert.id}", "alert.closed", f"staff:{world.claire.id}"),
    }


@pytest.mark.parametrize(
    ("calls", "outcome", "ends"),
    [
        ((), "advice", True),
        ((), "seen_same_day", True),
        ((), "sent_to_emergency", True),
        ((), "no_action", False),
        ((), "doctor_informed", False),
        ((), "already_managed", False),
        ((), "not_an_event", False),
        ((), "other", False),
        ((True,), "no_action", True),
        ((True,), "other", True),
        ((False, True), "doctor_informed", True),
        ((False,), "not_reached", False),
        ((False,), "sent_to_emergency", False),
        ((True,), "not_reached", None),
    ],
)
def test_the_calls_noted_say_whether_she_was_reached_else_the_outcome(
    database: Database,
    world: World,
    raise_: Raise,
    asked: Callable[..., Task],
    clock: HandClock,
    calls: tuple[bool, ...],
    outcome: str,
    ends: bool | None,
) -> None:
    """Help sent after calls in vain spoke with nobody: her call stays, with its hour. None: the alert itself is not closed so."""
    alert, task = raise_(Level.HIGH), asked()
    with database.transaction() as session:
        session.get_one(Task, task.id).due_at = alert.respond_by
    take(database, world, alert, clock)
    for reached in calls:
        call(database, world, alert, clock, reached=reached)
    if ends is None:
        with pytest.raises(Exception, match="nobody answered"):
            close(database, world, alert, clock, outcome, "vu")
        return
    close(database, world, alert, clock, outcome, "vu")
    left = again(database, task)
    assert ((left.closed_at is not None), left.due_at) == (ends, alert.respond_by)
    with database.reading() as session:
        told = session.get_one(Alert, alert.id).events[-1].detail
    assert (told["calls"], told["calls_left"]) == (([task.id], []) if ends else ([], [task.id]))


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("call_back", {"checkin_id": 7}),
        ("call_back", {"advice": "mouth"}),
        ("overdue_call", {"checkin_id": 7}),
        ("refill", {}),
        ("opted_out", {}),
    ],
)
def test_a_call_with_something_else_to_do_is_not_covered(
    database: Database, world: World, raise_: Raise, asked: Callable[..., Task], clock: HandClock, kind: str, detail: dict[str, object]
) -> None:
    """Questions to ask by telephone, an advice to give, a box to renew: reaching her is not having done it."""
    alert, task = raise_(Level.URGENT), asked(kind=kind, **detail)
    take(database, world, alert, clock)
    close(database, world, alert, clock, "advice", spoke="patient")
    assert again(database, task).closed_at is None


def test_what_she_asks_after_the_call_is_another_call_and_so_is_one_due_before_the_alert(
    database: Database, world: World, raise_: Raise, asked: Callable[..., Task], clock: HandClock
) -> None:
    alert = raise_(Level.URGENT)
    take(database, world, alert, clock)
    call(database, world, alert, clock, reached=True)
    clock.forward(minutes=5)
    later = asked()
    close(database, world, alert, clock, "advice")
    assert again(database, later).closed_at is None
    calm = raise_(Level.MODERATE)
    assert calm.respond_by > again(database, later).due_at
    take(database, world, calm, clock)
    close(database, world, calm, clock, "advice")
    assert again(database, later).closed_at is None, "its own hour comes first: nobody said that they are one"


def test_reopened_the_call_is_to_be_made_again_at_the_hour_it_had(
    database: Database, world: World, raise_: Raise, asked: Callable[..., Task], clock: HandClock
) -> None:
    """What was closed with it comes back with it; a call closed apart does not. The alert is nobody's, and its ladder goes on at once."""
    alert, task, apart = raise_(Level.URGENT), asked(), asked(2)
    luc = viewer_of(world.luc)
    with database.transaction() as session:
        tasks.close(session, apart.id, by=luc, now=clock.now(), words="Appelée, pas d'urgence")
    take(database, world, alert, clock)
    close(database, world, alert, clock, "advice", spoke="patient")
    clock.forward(hours=5)
    with database.transaction() as session:
        opened = handling.reopen(session, alert.id, by=luc, now=clock.now(), reason="Mauvais dossier")
    assert (opened.owner_id, opened.state, opened.next_step_at) == (None, "new", clock.now())
    back = again(database, task)
    assert (back.closed_at, back.closed_by_id, back.closing_note, back.due_at) == (None, None, "", task.due_at)
    assert again(database, apart).closed_at is not None
    with database.reading() as session:
        events = session.get_one(Alert, alert.id).events
        assert (events[-1].kind, events[-1].detail["calls"]) == ("reopened", [task.id])
        trail = select(AuditRow.action).where(AuditRow.subject == f"task:{task.id}").order_by(AuditRow.id)
        assert session.scalars(trail).all() == ["task.made", "task.closed", "task.reopened"]
    take(database, world, alert, clock)
    with database.transaction() as session:
        sent = {"what": "help_sent", "decided_by": "Claire Payet", "why": "ne répond plus"}
        handling.decide(session, alert.id, by=viewer_of(world.claire), now=clock.now(), **sent)
    close(database, world, alert, clock, "sent_to_emergency")
    assert again(database, task).closed_at is None, "the call before it was opened again says nothing of this one"


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_who_closes_an_alert_waits_for_the_call_before_the_trail_is_touched(
    database: Database, world: World, raise_: Raise, asked: Callable[..., Task], clock: HandClock
) -> None:
    """Luc has the row of the call and comes to the trail: Claire, who waits for the row, must not hold the trail meanwhile (SEC-40)."""
    alert, task = raise_(Level.URGENT), asked()
    take(database, world, alert, clock)
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            session.execute(update(Task).where(Task.id == task.id).values(key=task.key))
            claire = pool.submit(close, database, world, alert, clock, "advice", spoke="patient")
            while not session.scalar(waiting):
                assert not claire.done()
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            session.execute(select(AuditHead).with_for_update())
        claire.result()
    assert again(database, task).closed_at is not None


def test_twenty_at_once_one_closes_the_call_and_the_alert_is_closed_whoever_had_the_call(
    database: Database, world: World, raise_: Raise, asked: Callable[..., Task], clock: HandClock
) -> None:
    """Claire closes the alert while Luc closes the call apart: one of the two ends the call, both acts stand or are told."""
    alert, task = raise_(Level.URGENT), asked()
    take(database, world, alert, clock)

    def attempt(number: int) -> str:
        try:
            if number % 2:
                with database.transaction() as session:
                    tasks.close(session, task.id, by=viewer_of(world.luc), now=clock.now(), words="Appelée")
                return "call"
            close(database, world, alert, clock, "advice", spoke="patient")
            return "alert"
        except Conflict:
            return "told"

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(attempt, range(20)))
    with database.reading() as session:
        closed = session.get_one(Alert, alert.id).events[-1].detail
        ends = session.scalars(select(AuditRow.actor).where(AuditRow.subject == f"task:{task.id}", AuditRow.action == "task.closed")).all()
    assert (done.count("alert"), len(ends), again(database, task).closed_at is not None) == (1, 1, True)
    assert (closed["calls"] == [task.id]) is (done.count("call") == 0)
