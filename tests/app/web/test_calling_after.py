"""A sheet filled after an alert was closed: what was handled does not ring twice, what nobody saw is never swallowed (HZ-01, HZ-23)."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from app.alerts import handling
from app.alerts.models import Alert
from app.core.clock import HandClock
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.app.web.call import MONDAY_TEN, QUIET, WEDNESDAY, WEDNESDAY_TEN, Call
from tests.support.chain import MARIE, Chain

BREATHLESS = "je n'arrive plus à respirer"


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    return chain.follow()


def spoken_to(chain: Chain, alert: Alert) -> None:
    """Claire takes it, telephones, and closes it with what was done."""
    with chain.database.transaction() as session:
        claire, now = viewer_of(chain.world.claire), chain.clock.now()
        handling.take(session, alert.id, by=claire, now=now)
        handling.call_logged(session, alert.id, by=claire, now=now, reached=True, whom="patient", words="va mieux, assise")
        handling.close(session, alert.id, by=claire, now=now, outcome="advice", words="conseils donnés")


def safety_texts(chain: Chain) -> list[str]:
    return [text.key for text in chain.texts_to(MARIE) if text.purpose == "safety"]


def filled(call: Call, **other: str) -> None:
    for key, value in {**QUIET, **other}.items():
        call.answer(key, value)


def call_about(claire: TestClient, chain: Chain, marie: Patient) -> Call:
    call = Call(claire, chain, marie)
    call.checkin = str(chain.checkin(marie, WEDNESDAY).id)
    return call


def test_a_danger_handled_this_morning_does_not_ring_again_when_the_sheet_is_filled(
    claire: TestClient, chain: Chain, marie: Patient
) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, BREATHLESS)
    (alert,) = chain.alerts()
    chain.wait(minutes=10)
    spoken_to(chain, alert)
    before = safety_texts(chain)
    chain.wait(minutes=30)
    filled(call_about(claire, chain, marie))
    chain.send()
    assert chain.alerts() == []
    assert safety_texts(chain) == before != []


def test_the_same_danger_said_again_on_the_sheet_rings(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, BREATHLESS)
    chain.wait(minutes=10)
    spoken_to(chain, chain.alerts()[0])
    chain.wait(minutes=30)
    call = call_about(claire, chain, marie)
    filled(call)
    assert call.send("words", told=BREATHLESS) == 303
    (alert,) = chain.alerts()
    assert (alert.level, alert.state) == ("urgent", "new")


def test_a_worse_answer_on_the_sheet_rings_at_once(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, BREATHLESS)
    chain.wait(minutes=10)
    spoken_to(chain, chain.alerts()[0])
    chain.wait(minutes=30)
    call_about(claire, chain, marie).answer("temperature", "39,1")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_a_danger_whose_alert_is_open_is_not_swallowed_by_a_sheet_of_zeros(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, BREATHLESS)
    (alert,) = chain.alerts()
    chain.wait(minutes=10)
    call = call_about(claire, chain, marie)
    filled(call)
    assert [(one.id, one.level) for one in chain.alerts()] == [(alert.id, "urgent")]
    assert "Urgent" in call.page()


def test_words_that_came_while_the_alert_was_being_closed_ring_again(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """They merged into the alert a few seconds before its close: nobody may have read them."""
    chain.until(WEDNESDAY_TEN)
    call_about(claire, chain, marie).answer("mouth_sores", "3")
    (alert,) = chain.alerts()
    chain.wait(minutes=10)
    chain.says(MARIE, BREATHLESS)
    chain.wait(seconds=5)
    spoken_to(chain, alert)
    chain.wait(minutes=30)
    filled(call_about(claire, chain, marie))
    (again,) = chain.alerts()
    assert again.level == "urgent"


def test_an_alert_opened_again_brings_its_words_back(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, BREATHLESS)
    (alert,) = chain.alerts()
    chain.wait(minutes=10)
    spoken_to(chain, alert)
    with chain.database.transaction() as session:
        handling.reopen(session, alert.id, by=viewer_of(chain.world.claire), now=chain.clock.now(), reason="rappelle")
    chain.wait(minutes=1)
    call = call_about(claire, chain, marie)
    filled(call)
    assert "Urgent" in call.page()


def test_a_fever_answered_and_handled_rings_again_only_when_it_is_said_again(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    call_about(claire, chain, marie).answer("temperature", "39,1")
    chain.wait(minutes=10)
    spoken_to(chain, chain.alerts()[0])
    chain.wait(minutes=30)
    call = call_about(claire, chain, marie)
    for key in QUIET:
        if key != "temperature":
            call.answer(key, QUIET[key])
    assert chain.alerts() == []
    call.answer("temperature", "39,2")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_two_symptoms_one_handled_the_other_new(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """A rule on the worst of all answers: what made it fire was handled, and a zero beside it is no news; another symptom is."""
    chain.until(WEDNESDAY_TEN)
    call = call_about(claire, chain, marie)
    call.answer("mouth_sores", "4")
    chain.wait(minutes=10)
    spoken_to(chain, chain.alerts()[0])
    chain.wait(minutes=30)
    call.answer("nausea", "0")
    assert chain.alerts() == []
    call.answer("diarrhea", "4")
    assert len(chain.alerts()) == 1
