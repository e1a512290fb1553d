"""An ambulance was sent and somebody checks that it arrived: what the patient writes meanwhile stands with that check (HZ-02)."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling
from app.alerts.models import Task
from app.core.clock import HandClock
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.app.web.call import MONDAY_TEN, WEDNESDAY, WEDNESDAY_TEN
from tests.app.web.test_nurse import said
from tests.support.chain import MARIE, Chain


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    """She cannot breathe; Claire sent her to the emergency room, and checks that help arrived."""
    patient = chain.follow()
    chain.says(MARIE, "j'arrive plus à respirer")
    (alert,) = chain.alerts()
    with chain.database.transaction() as session:
        claire, now = viewer_of(chain.world.claire), chain.clock.now()
        handling.take(session, alert.id, by=claire, now=now)
        handling.close(session, alert.id, by=claire, now=now, outcome="sent_to_emergency", spoke_to="patient")
    return patient


def check(chain: Chain) -> Task:
    with chain.read() as session:
        return session.scalars(select(Task).where(Task.kind == "help_arrived")).one()


def test_what_is_written_while_help_is_checked_stands_with_the_check_and_ends_nothing(
    claire: TestClient, chain: Chain, marie: Patient
) -> None:
    chain.clock.forward(minutes=10)
    assert chain.says(MARIE, "ok merci ca va mieux") == []
    when = chain.clock.now().isoformat()
    assert (check(chain).detail["wrote"], check(chain).closed_at) == ([{"at": when, "words": "ok merci ca va mieux"}], None)
    row = said(claire.get("/list"))
    assert "Vérifier que l'aide est arrivée" in row and "« ok merci ca va mieux »" in row and "A écrit à 10 h 10" in row
    panel = said(claire.get(f"/tasks/{check(chain).id}"))
    assert "A écrit à 10 h 10 : « ok merci ca va mieux »" in panel
    assert (
        "Trop grave pour une réponse prête : de l'aide a été envoyée à ce patient." in panel and "Nous appelons dans l'heure" not in panel
    )


def test_an_ok_while_a_question_is_open_is_not_for_the_check(chain: Chain, marie: Patient) -> None:
    """Nobody has said in two days whether help arrived; on Wednesday her check-in asks, and she answers it."""
    chain.until(WEDNESDAY_TEN)
    assert chain.checkin(marie, WEDNESDAY).asking != []
    chain.says(MARIE, "ok")
    chain.says(MARIE, "0 0 0")
    assert (check(chain).detail.get("wrote"), check(chain).closed_at) == (None, None)
