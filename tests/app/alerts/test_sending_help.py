"""Nobody answers and it is urgent: what must be tried, who decides, and how it may close then (HZ-03, FR-07)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.alerts import handling, sending_help
from app.alerts.models import Alert, AlertState, Outcome
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.people.models import Patient, Respondent
from app.people.perimeter import viewer_of
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]


@pytest.fixture
def urgent(database: Database, world: World, marie: Patient, raise_: Raise, clock: HandClock) -> Alert:
    """Marie has a daughter with a telephone; Claire took the alert and called twice in vain."""
    alert = raise_(Level.URGENT, rules=["fever"])
    with database.transaction() as session:
        session.add(Respondent(patient_id=marie.id, name="Lise Hoarau", relation="fille", phone="+33639980700"))
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    for _ in range(2):
        called(database, world, alert, clock, "patient", reached=False)
    return alert


def called(database: Database, world: World, alert: Alert, clock: HandClock, whom: str, *, reached: bool) -> None:
    with database.transaction() as session:
        handling.call_logged(session, alert.id, by=viewer_of(world.claire), now=clock.now(), reached=reached, whom=whom)


def decide(
    database: Database, world: World, alert: Alert, clock: HandClock, what: str, by: str = "Dr Lebon", why: str = "vue hier"
) -> None:
    with database.transaction() as session:
        handling.decide(session, alert.id, by=viewer_of(world.claire), now=clock.now(), what=what, decided_by=by, why=why)


def close(database: Database, world: World, alert: Alert, clock: HandClock, outcome: str, words: str = "dit par le Dr Lebon") -> None:
    with database.transaction() as session:
        handling.close(session, alert.id, by=viewer_of(world.claire), now=clock.now(), outcome=outcome, words=words)


def test_with_nobody_reached_no_outcome_closes_it_before_a_decision(
    database: Database, world: World, urgent: Alert, clock: HandClock
) -> None:
    for outcome in Outcome:
        with pytest.raises(Refusal, match="sending help"):
            close(database, world, urgent, clock, outcome)
    with database.reading() as session:
        assert session.get_one(Alert, urgent.id).state == AlertState.IN_PROGRESS


def test_help_is_sent_without_waiting_for_the_other_steps(database: Database, world: World, urgent: Alert, clock: HandClock) -> None:
    decide(database, world, urgent, clock, "help_sent", by="Claire Payet", why="vit seule, a dit ne plus respirer")
    with pytest.raises(Refusal, match="says what was decided"):
        close(database, world, urgent, clock, "advice")
    with pytest.raises(Refusal, match="not closed as not reached"):
        close(database, world, urgent, clock, "not_reached")
    close(database, world, urgent, clock, "sent_to_emergency")
    with database.reading() as session:
        alert = session.get_one(Alert, urgent.id)
        (told,) = [event.detail for event in alert.events if event.kind == "decided"]
    assert (alert.state, alert.outcome) == ("closed", "sent_to_emergency")
    assert told == {"what": "help_sent", "decided_by": "Claire Payet", "note": "vit seule, a dit ne plus respirer"}


def test_sending_nobody_needs_two_calls_a_relative_and_a_doctor_spoken_to(
    database: Database, world: World, urgent: Alert, clock: HandClock
) -> None:
    def left() -> list[str]:
        with database.reading() as session:
            return sending_help.left_to_try(session, session.get_one(Alert, urgent.id))

    assert left() == ["relative", "doctor"]
    called(database, world, urgent, clock, "relative", reached=False)
    called(database, world, urgent, clock, "doctor", reached=False)
    assert left() == ["doctor"]
    with pytest.raises(Refusal, match="Before nobody is sent"):
        decide(database, world, urgent, clock, "nobody_sent")
    called(database, world, urgent, clock, "doctor", reached=True)
    decide(database, world, urgent, clock, "nobody_sent")
    with pytest.raises(Refusal, match="says what was decided"):
        close(database, world, urgent, clock, "sent_to_emergency")
    close(database, world, urgent, clock, "doctor_decision")


@pytest.mark.parametrize(
    ("what", "by", "why", "sentence"),
    [
        ("maybe", "Dr Lebon", "vue hier", "Choose what was decided"),
        ("help_sent", " ", "vue hier", "Write who decided"),
        ("help_sent", "Dr Lebon", "", "Write why"),
    ],
)
def test_a_decision_says_what_who_and_why(
    database: Database, world: World, urgent: Alert, clock: HandClock, what: str, by: str, why: str, sentence: str
) -> None:
    with pytest.raises(Refusal, match=sentence):
        decide(database, world, urgent, clock, what, by, why)


def test_somebody_reached_closes_as_usual_and_a_reopened_one_begins_again(
    database: Database, world: World, urgent: Alert, clock: HandClock
) -> None:
    called(database, world, urgent, clock, "relative", reached=True)
    with pytest.raises(Refusal, match="while nobody could be spoken to"):
        decide(database, world, urgent, clock, "help_sent")
    close(database, world, urgent, clock, "advice")
    claire = viewer_of(world.claire)
    with database.transaction() as session:
        handling.reopen(session, urgent.id, by=claire, now=clock.now(), reason="la fille rappelle")
        handling.take(session, urgent.id, by=claire, now=clock.now())
        assert not sending_help.nobody_reached(session, session.get_one(Alert, urgent.id)), "calls of before are over"
    with pytest.raises(Refusal, match="Say to whom you spoke"):
        close(database, world, urgent, clock, "advice")
    called(database, world, urgent, clock, "patient", reached=False)
    with pytest.raises(Refusal, match="record who decided"):
        close(database, world, urgent, clock, "advice")
