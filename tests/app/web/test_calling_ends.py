"""The end of a call with the questions: what waited is closed with it, what was not asked is said, what is said aloud (FR-32)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Alert, Task
from app.core.clock import HandClock
from app.people.models import Patient
from tests.app.web.call import MONDAY_TEN, QUIET, WEDNESDAY, WEDNESDAY_TEN, Call
from tests.app.web.test_nurse import said
from tests.support.chain import Chain


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    """Marie Hoarau and her daughter Lucie; nobody has answered yet. It is Monday."""
    return chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille")


def test_the_end_closes_the_silence_and_the_call_that_waited(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Silent for two days: the alert that says nothing but silence ends with the answers, in the nurse's name."""
    chain.until(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))
    checkin = chain.checkin(marie, WEDNESDAY)
    assert checkin.state == "silent"
    assert [alert.kind for alert in chain.alerts()] == ["silence"]
    with chain.database.transaction() as session:
        session.add(
            Task(
                service_id=marie.service_id,
                patient_id=marie.id,
                kind="overdue_call",
                key="a call that waits",
                detail={"checkin_id": checkin.id},
                created_at=chain.clock.now(),
                due_at=chain.clock.now(),
            )
        )
    call = Call(claire, chain, marie)
    call.checkin = str(checkin.id)
    assert "Terminer clôt aussi" in call.page()
    for key, value in QUIET.items():
        call.answer(key, value)
    assert call.send("finish") == 303

    assert chain.alerts() == []
    with chain.read() as session:
        alert = session.scalars(select(Alert)).one()
        task = session.scalars(select(Task).where(Task.kind == "overdue_call")).one()
    assert (alert.outcome, alert.closed_by_id) == ("no_action", chain.world.claire.id)
    assert (task.closing_note, task.closed_by_id) == ("Questionnaire rempli au téléphone.", chain.world.claire.id)


def test_an_alert_that_says_more_than_silence_stays_open(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))
    call = Call(claire, chain, marie)
    call.checkin = str(chain.checkin(marie, WEDNESDAY).id)
    call.answer("mouth_sores", "3")
    assert call.send("finish", sure="yes") == 303
    (alert,) = chain.alerts()
    assert alert.state == "new"


def test_the_alert_shows_no_empty_message(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    Call(claire, chain, marie).answer("mouth_sores", "3")
    (alert,) = chain.alerts()
    shown = said(claire.get(f"/alerts/{alert.id}"))
    assert "Ses mots (message sans texte)" not in shown
    assert "Réponses données au téléphone" in shown


def test_nothing_answered_is_not_finished(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    assert call.send("finish") == 422
    assert chain.checkin(marie, WEDNESDAY).closed_at is None


def test_before_the_end_the_nurse_hears_what_was_not_asked(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """One answer of nine: finishing asks first, keeps nothing closed, and then says what to say aloud, in words that are said."""
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    call.answer("diarrhea", "1")
    call.answer("nausea", "0")
    answer = claire.post(f"/patients/{marie.id}/call/finish", data={"checkin": call.checkin, "who": call.who})
    assert answer.status_code == 422
    page = said(answer)
    assert "Des questions sont sans réponse : elles seraient gardées comme non posées." in page and "Température" in page
    assert chain.checkin(marie, WEDNESDAY).closed_at is None

    assert call.send("finish", sure="yes") == 303
    page = call.page()
    assert "J'ai noté : diarrhée, un peu. Pas de : nausées. Une infirmière vous rappelle avant 18 h." in page  # the fever is not known
    assert "ERREUR" not in page and "Répondez" not in page
    assert "temperature" in chain.checkin(marie, WEDNESDAY).not_asked
