"""FR-07, HZ-28, SEC-40: one alert per patient, one owner at a time, a close that says what was done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.alerts import handling
from app.alerts.models import ALERT_MOVES, Alert, AlertState, Outcome
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict, NotFound, Refusal
from app.people.models import Patient, Role
from app.people.perimeter import Viewer, viewer_of
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]


def _events(database: Database, alert: Alert) -> list[str]:
    with database.reading() as session:
        return [event.kind for event in session.get_one(Alert, alert.id).events]


def _again(database: Database, alert: Alert) -> Alert:
    with database.reading() as session:
        return session.get_one(Alert, alert.id)


@pytest.mark.parametrize("level", [Level.NONE, Level.INFO])
def test_info_stays_on_the_page(database: Database, world: World, marie: Patient, clock: HandClock, level: Level) -> None:
    with database.transaction() as session:
        reason = Reason(kind="assessment", level=level, detail={})
        assert handling.consider(session, service=world.service, patient=marie, reason=reason, now=clock.now()) is None


def test_the_same_patient_has_one_open_alert(database: Database, raise_: Raise) -> None:
    first = raise_(Level.MODERATE, rules=["nausea-2"])
    second = raise_(Level.MODERATE, rules=["diarrhoea-2"])
    third = raise_(Level.MODERATE, rules=["diarrhoea-2"])
    assert first.id == second.id == third.id
    assert _events(database, first) == ["raised", "merged"], "the same words twice add no line"


def test_the_level_only_rises_and_a_rise_restarts_ladder_and_deadline(database: Database, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.MODERATE, rules=["nausea-2"])
    assert alert.respond_by == clock.now() + timedelta(days=1), "10 service hours from Wednesday 10:00 end on Thursday 10:00"
    clock.forward(minutes=20)
    alert = raise_(Level.URGENT, rules=["fever"])
    assert (alert.level, alert.rung, alert.respond_by) == ("urgent", 0, clock.now() + timedelta(minutes=30))
    assert alert.next_step_at == clock.now()
    clock.forward(minutes=1)
    alert = raise_(Level.HIGH, rules=["diarrhoea-3"])
    assert alert.level == "urgent"
    assert _events(database, alert) == ["raised", "risen", "merged"]


def test_risen_to_urgent_it_is_nobodys_again(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.MODERATE)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    alert = raise_(Level.HIGH, rules=["more"])
    assert (alert.state, alert.owner_id) == (AlertState.TAKEN, world.claire.id), "a rise to high stays with its owner"
    alert = raise_(Level.URGENT, rules=["fever"])
    assert (alert.state, alert.owner_id, alert.next_step_at) == (AlertState.NEW, None, clock.now())


def test_two_nurses_the_second_is_told_who_and_since_when(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.HIGH)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.luc), now=clock.now())
    clock.forward(seconds=20)
    with pytest.raises(Conflict) as conflict, database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    assert conflict.value.values == {"name": "Luc Morel", "ago": timedelta(seconds=20)}
    with database.transaction() as session:
        again = handling.take(session, alert.id, by=viewer_of(world.luc), now=clock.now())
    assert again.owner_id == world.luc.id


def test_twenty_parallel_takes_have_one_winner(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.URGENT)
    nurses = [viewer_of(world.claire), viewer_of(world.luc)]

    def attempt(number: int) -> str:
        try:
            with database.transaction() as session:
                handling.take(session, alert.id, by=nurses[number % 2], now=clock.now())
        except Conflict as conflict:
            return str(conflict.values["name"])
        return nurses[number % 2].actor.name

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(attempt, range(20)))
    assert len(answers) == 1, "everybody names the same owner"
    assert _events(database, alert).count("taken") == 1


def test_closing_needs_an_owner_an_outcome_and_sometimes_words(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.HIGH)
    claire = viewer_of(world.claire)

    def close(outcome: str, words: str = "", by: Viewer = claire) -> None:
        with database.transaction() as session:
            handling.close(session, alert.id, by=by, now=clock.now(), outcome=outcome, words=words)

    with pytest.raises(Refusal, match="Take the alert first"):
        close("advice")
    with database.transaction() as session:
        handling.take(session, alert.id, by=claire, now=clock.now())
    with pytest.raises(Refusal, match="Choose what was done"):
        close("cured")
    for outcome in ("other", "nurse_protocol", "doctor_decision"):
        with pytest.raises(Refusal, match="Write what was done"):
            close(outcome, "  ")
    with pytest.raises(Conflict):
        close("advice", by=viewer_of(world.luc))
    close("other", "Le fils est venu la chercher")
    closed = _again(database, alert)
    assert (closed.state, closed.outcome, closed.outcome_note, closed.closed_by_id) == (
        "closed",
        "other",
        "Le fils est venu la chercher",
        world.claire.id,
    )
    with pytest.raises(Conflict, match="closed this alert"):
        close("advice")


def test_not_reached_says_that_somebody_tried(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    """A silence is not put away unheard (HZ-05): one call that nobody answered stands in its story; one that was answered does not do."""
    claire, alert = viewer_of(world.claire), raise_(Level.HIGH, kind="silence")

    def close() -> None:
        with database.transaction() as session:
            handling.close(session, alert.id, by=claire, now=clock.now(), outcome="not_reached")

    with database.transaction() as session:
        handling.take(session, alert.id, by=claire, now=clock.now())
    with pytest.raises(Refusal, match="Note the call that nobody answered first") as refused:
        close()
    assert (refused.value.field, refused.value.status) == ("outcome", 422)
    with database.transaction() as session:
        handling.call_logged(session, alert.id, by=claire, now=clock.now(), reached=True, whom="relative")
    with pytest.raises(Refusal, match="Note the call"):
        close()
    with database.transaction() as session:
        handling.call_logged(session, alert.id, by=claire, now=clock.now(), reached=False, whom="patient")
    close()
    assert _again(database, alert).outcome == "not_reached"


def test_an_urgent_alert_is_never_closed_as_not_reached(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.URGENT)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    with pytest.raises(Refusal, match="sending help"), database.transaction() as session:
        handling.close(session, alert.id, by=viewer_of(world.claire), now=clock.now(), outcome="not_reached", words="3 appels")
    assert _again(database, alert).state == AlertState.TAKEN


def test_an_urgent_alert_does_not_wait_and_others_not_for_long(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    claire = viewer_of(world.claire)
    alert = raise_(Level.MODERATE)
    with database.transaction() as session:
        handling.take(session, alert.id, by=claire, now=clock.now())
        handling.wait(session, alert.id, by=claire, now=clock.now(), until=clock.now() + timedelta(hours=3))
    assert _again(database, alert).next_step_at == clock.now() + timedelta(hours=3)
    with pytest.raises(Refusal, match="next working day"), database.transaction() as session:
        handling.wait(session, alert.id, by=claire, now=clock.now(), until=clock.now() + timedelta(days=5))
    raise_(Level.URGENT, rules=["fever"])
    with database.transaction() as session:
        handling.take(session, alert.id, by=claire, now=clock.now())
    with pytest.raises(Refusal, match="does not wait"), database.transaction() as session:
        handling.wait(session, alert.id, by=claire, now=clock.now(), until=clock.now() + timedelta(hours=1))


def test_reopening_says_why_and_a_new_danger_after_a_close_is_a_new_alert(
    database: Database, world: World, raise_: Raise, clock: HandClock
) -> None:
    claire = viewer_of(world.claire)
    first = raise_(Level.HIGH)
    with database.transaction() as session:
        handling.take(session, first.id, by=claire, now=clock.now())
        handling.close(session, first.id, by=claire, now=clock.now(), outcome="advice")
    with pytest.raises(Refusal, match="why"), database.transaction() as session:
        handling.reopen(session, first.id, by=claire, now=clock.now(), reason=" ")
    second = raise_(Level.URGENT)
    assert second.id != first.id
    with pytest.raises(Refusal, match="already has an open alert"), database.transaction() as session:
        handling.reopen(session, first.id, by=claire, now=clock.now(), reason="Rappelle")


def test_a_secretary_sees_and_does_not_act_and_another_service_does_not_see(
    database: Database, world: World, raise_: Raise, clock: HandClock
) -> None:
    alert = raise_(Level.HIGH)
    paul = viewer_of(world.paul)
    with database.reading() as session:
        assert handling.get(session, alert.id, viewer=paul).id == alert.id
        stranger = Viewer(paul.actor, Role.NURSE, service_id=999)
        with pytest.raises(NotFound):
            handling.get(session, alert.id, viewer=stranger)
        with pytest.raises(NotFound):
            handling.get(session, alert.id, viewer=viewer_of(world.alma))
    with pytest.raises(Refusal) as refused, database.transaction() as session:
        handling.take(session, alert.id, by=paul, now=clock.now())
    assert refused.value.status == 403


def test_every_state_knows_its_moves_and_none_but_closed_ends() -> None:
    assert set(ALERT_MOVES) == set(AlertState)
    assert all(moves for moves in ALERT_MOVES.values())
    assert AlertState.CLOSED not in ALERT_MOVES[AlertState.NEW], "no path from new to closed without an owner"
    assert {str(outcome) for outcome in Outcome} >= {"no_action", "sent_to_emergency", "not_reached", "other"}
