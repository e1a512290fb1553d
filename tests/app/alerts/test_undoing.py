"""Ten seconds to take an act back: whose, until when, and what comes back with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.alerts import handling, tasks
from app.alerts.models import Alert, AlertEvent, Task
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.people.models import Patient
from app.people.perimeter import Viewer, viewer_of
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]


def _again(database: Database, alert: Alert) -> Alert:
    with database.reading() as session:
        return session.get_one(Alert, alert.id)


def _act(database: Database, what: str, alert: Alert, **how: object) -> None:
    with database.transaction() as session:
        getattr(handling, what)(session, alert.id, **how)


def _looks(alert: Alert) -> tuple[object, ...]:
    return (alert.state, alert.owner_id, alert.owned_since, alert.next_step_at, alert.rung, alert.outcome, alert.closed_at)


def test_each_of_the_four_acts_is_taken_back_whole(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    """Taken, put aside, handed over, closed: each time everything is as it was, ladder and hours included, and the story keeps both."""
    alert, claire = raise_(Level.HIGH), viewer_of(world.claire)
    steps: list[tuple[str, dict[str, object]]] = [
        ("take", {}),
        ("wait", {"until": clock.now() + timedelta(hours=2)}),
        ("hand_over", {"to_staff_id": world.luc.id}),
        ("close", {"outcome": "advice"}),
    ]
    for what, how in steps:
        before = _looks(_again(database, alert))
        _act(database, what, alert, by=claire, now=clock.now(), **how)
        assert _looks(_again(database, alert)) != before
        _act(database, "undo", alert, by=claire, now=clock.forward(seconds=10))
        assert _looks(_again(database, alert)) == before, what
        _act(database, "take", alert, by=claire, now=clock.forward(seconds=1))
    with database.reading() as session:
        kinds = [event.kind for event in session.get_one(Alert, alert.id).events]
    assert kinds.count("undone") == 4


def test_too_late_somebody_else_or_something_since_changes_nothing(
    database: Database, world: World, raise_: Raise, clock: HandClock
) -> None:
    alert, claire, luc = raise_(Level.HIGH), viewer_of(world.claire), viewer_of(world.luc)

    def refused(by: Viewer) -> None:
        before = _looks(_again(database, alert))
        with pytest.raises(Refusal, match="Too late to undo"):
            _act(database, "undo", alert, by=by, now=clock.now())
        assert _looks(_again(database, alert)) == before

    refused(claire)  # nothing was done yet
    _act(database, "take", alert, by=claire, now=clock.now())
    refused(luc)
    clock.forward(seconds=11)
    refused(claire)
    _act(database, "hand_over", alert, by=claire, now=clock.now(), to_staff_id=world.luc.id)
    _act(database, "call_logged", alert, by=luc, now=clock.now(), reached=True, whom="patient")
    refused(claire)
    _act(database, "close", alert, by=luc, now=clock.now(), outcome="advice")
    raise_(Level.URGENT, rules=["fever"])
    with pytest.raises(Refusal, match="already has an open alert"):
        _act(database, "undo", alert, by=luc, now=clock.now())


def test_a_risen_danger_is_never_put_away_by_an_undo(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    """Claire takes it, it rises to urgent and pages: taking back her "take" must not restore the quiet ladder of before."""
    alert, claire = raise_(Level.MODERATE), viewer_of(world.claire)
    _act(database, "take", alert, by=claire, now=clock.now())
    raise_(Level.URGENT, rules=["fever"])
    with pytest.raises(Refusal, match="Too late to undo"):
        _act(database, "undo", alert, by=claire, now=clock.now())
    assert _again(database, alert).next_step_at == clock.now()


def test_an_undone_close_brings_back_the_call_it_had_ended(
    database: Database, world: World, marie: Patient, raise_: Raise, clock: HandClock
) -> None:
    alert, claire = raise_(Level.HIGH), viewer_of(world.claire)
    hour = clock.now() + timedelta(hours=5)
    with database.transaction() as session:
        asked = tasks.make(
            session, service_id=world.service.id, patient_id=marie.id, kind="call_back", key="call_back:1", due_at=hour, now=clock.now()
        )
    _act(database, "take", alert, by=claire, now=clock.now())
    _act(database, "close", alert, by=claire, now=clock.now(), outcome="advice")
    with database.reading() as session:
        assert session.get_one(Task, asked.id).closed_at is not None
    _act(database, "undo", alert, by=claire, now=clock.forward(seconds=3))
    with database.reading() as session:
        task = session.get_one(Task, asked.id)
        last = session.query(AlertEvent).filter_by(alert_id=alert.id).order_by(AlertEvent.id.desc()).first()
    assert (task.closed_at, task.due_at) == (None, hour)
    assert last is not None and last.detail["act"] == "closed"
