"""Texts from countries none leaves for: read for danger like any other, answered by a safety text only."""

from __future__ import annotations

import pytest

from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from tests.factories import World
from tests.support.abroad import example, nowhere
from tests.support.chain import Chain

MONTREAL, AT_SEA = example("CA"), nowhere(870)


@pytest.fixture
def chain(database: Database, clock: HandClock, world: World) -> Chain:
    return Chain(database, clock, world)


@pytest.mark.parametrize("number", [MONTREAL, AT_SEA])
def test_a_stranger_is_read_and_not_answered(chain: Chain, number: str) -> None:
    """SEC-16."""
    assert chain.says(number, "Bonjour, c'est pour un rendez-vous") == []
    chain.wait(minutes=20)
    assert (chain.tasks(), chain.alerts()) == (["unknown_number"], [])


@pytest.mark.parametrize("number", [MONTREAL, AT_SEA])
def test_a_danger_is_an_alert_and_the_safety_text_leaves(chain: Chain, number: str) -> None:
    """HZ-09: danger outranks every sender state."""
    answer = chain.says(number, "je crache du sang")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    assert len(answer) == 1
    assert "15" in answer[0]


def test_a_question_that_may_not_leave_any_more_is_told(chain: Chain) -> None:
    """A list made shorter behind the screens' back (they refuse it): monitoring does not happen, which a person is told."""
    marie = chain.follow()
    with chain.database.transaction() as session:
        session.get_one(Patient, marie.id).phone = MONTREAL
    day = chain.clock.now()
    for _ in range(8):
        chain.wait(days=1)
        if "undeliverable" in chain.tasks():
            break
    assert "undeliverable" in chain.tasks()
    assert "undelivered" in [alert.kind for alert in chain.alerts()]
    assert chain.received(MONTREAL) == []
    assert chain.clock.now() > day
