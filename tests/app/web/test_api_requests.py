"""Requests to a doctor through the JSON interface: the same crafts, always in a person's name; a nurse decides no dose."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from app.alerts import handling
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.people.models import Patient
from tests.support.chain import Chain
from triage.terms import Level


@pytest.fixture
def clock() -> HandClock:
    """Monday 23 November 2026, 10:00 in Paris."""
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(chain: Chain) -> Patient:
    return chain.follow()


def test_asked_answered_and_told(api: TestClient, marie: Patient) -> None:
    """Claire asks, Dr Lebon holds until Friday, Claire tells; the treatment shows the hold."""
    asked = api.post(f"/patients/{marie.id}/requests", json={"question": "Diarrhée de grade 3 ?", "level": "high", "by": "claire"})
    assert (asked.status_code, asked.json()["doctor"], asked.json()["state"]) == (201, "lebon", "asked")
    number = asked.json()["id"]
    held = {"answer": "hold_until", "until_day": "2026-11-27", "words": "Réhydrater.", "by": "lebon"}
    answered = api.post(f"/requests/{number}/answer", json=held)
    assert (answered.status_code, answered.json()["answered_by"], answered.json()["state"]) == (200, "lebon", "answered")
    [hold] = api.get(f"/patients/{marie.id}").json()["course"]["holds"]
    assert (hold["from_day"], hold["until_day"]) == ("2026-11-23", "2026-11-27")
    again = api.post(f"/requests/{number}/answer", json={"answer": "continue", "by": "lebon"})
    assert again.status_code == 409 and "Dr Aurore Lebon answered this request" in again.json()["error"]
    told = api.post(f"/requests/{number}/tell", json={"reached": True, "words": "Plus de comprimés jusqu'à vendredi.", "by": "claire"})
    assert (told.json()["state"], told.json()["told_by"]) == ("told", "claire")
    assert [row["id"] for row in api.get("/requests", params={"state": "told", "patient": marie.id}).json()] == [number]
    other = api.post(f"/patients/{marie.id}/requests", json={"question": "Et la fatigue ?", "by": "claire"}).json()["id"]
    plain = api.post(f"/requests/{other}/answer", json={"answer": "continue", "by": "lebon"})
    assert plain.status_code == 422 and "to continue is to resume it" in plain.text, "held until Friday"


def test_a_nurse_and_a_program_decide_nothing(api: TestClient, marie: Patient) -> None:
    """The oncologist alone decides doses, whoever speaks for whom."""
    number = api.post(f"/patients/{marie.id}/requests", json={"question": "Réduire ?", "by": "claire"}).json()["id"]
    dose = {"answer": "reduce_to", "dose_mg": 1000, "strengths": [500]}
    assert api.post(f"/requests/{number}/answer", json={**dose, "by": "claire"}).status_code == 403
    assert api.post(f"/requests/{number}/answer", json=dose).status_code == 422
    assert api.get("/requests").json()[0]["state"] == "asked"
    assert api.get(f"/patients/{marie.id}").json()["course"]["doses"] == []


def test_a_program_says_that_what_came_since_the_answer_was_read(api: TestClient, chain: Chain, marie: Patient, clock: HandClock) -> None:
    """Answered to continue; a danger by text a minute later: 422 on "sure", then told with it."""
    number = api.post(f"/patients/{marie.id}/requests", json={"question": "Continuer ?", "by": "claire"}).json()["id"]
    api.post(f"/requests/{number}/answer", json={"answer": "continue", "by": "lebon"})
    clock.forward(minutes=1)
    with chain.database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        reason = Reason("danger", Level.URGENT, {"dangers": ["dyspnea"]})
        handling.consider(session, service=patient.service, patient=patient, reason=reason, now=clock.at)
    said = {"reached": True, "words": "On continue.", "by": "claire"}
    refused = api.post(f"/requests/{number}/tell", json=said)
    assert refused.status_code == 422 and "stands against this answer" in refused.text
    assert api.post(f"/requests/{number}/tell", json={**said, "sure": True}).json()["state"] == "told"
