"""Treatments started and measures written by a program: nothing is guessed, and a temperature is judged at once (FR-32, SEC-38)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.judging import assessing
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message
from app.people.models import Patient
from app.treatment.models import Measure
from tests.factories import World, a_patient

pytestmark = pytest.mark.usefixtures("signed")

COURSE: dict[str, Any] = {
    "agent": "capecitabine",
    "protocol": "capecitabine-14-7",
    "dose_mg": "1500.5",
    "times_per_day": 2,
    "days_on": 14,
    "days_off": 7,
    "first_intake": "2026-11-25",
    "by": "lebon",
}
MEASURE: dict[str, Any] = {"kind": "weight", "value": 61.5, "unit": "kg", "taken_at": "2026-11-25T09:00:00+01:00", "source": "home"}


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the library's protocols are in force."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock) -> Patient:
    with database.transaction() as session:
        return a_patient(session, world, now=clock.now())


def test_a_treatment_starts_its_check_ins_are_planned_and_the_first_text_leaves(
    api: TestClient, marie: Patient, database: Database
) -> None:
    answer = api.post(f"/patients/{marie.id}/courses", json={**COURSE, "send_first_text": True})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["dose_mg"], answer.json()["cycles"]) == ("1500.5", [{"number": 1, "started_on": "2026-11-25"}])
    planned = api.get("/checkins", params={"patient": marie.id, "status": "planned"}).json()
    assert planned[-1]["day"] == "2026-11-27"  # day 3 of cycle 1, the first of the protocol's rhythm
    with database.reading() as session:
        texts = session.scalars(select(Message).where(Message.patient_id == marie.id).order_by(Message.id)).all()
    assert [(text.key, text.state) for text in texts] == [("welcome_1", "queued"), ("welcome_2", "queued")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dose_mg": False}, "dose_mg"),
        ({"dose_mg": 0}, "dose_mg"),
        ({"dose_mg": "0.12345"}, "dose_mg"),
        ({"times_per_day": "2"}, "times_per_day"),
        ({"times_per_day": True}, "times_per_day"),
        ({"days_on": 2.0}, "days_on"),
        ({"protocol": "unheard-of"}, "protocol"),
        ({"first_intake": "2020-01-01"}, "first_intake"),
        ({"agent": ""}, "agent"),
    ],
)
def test_a_treatment_is_not_guessed(api: TestClient, marie: Patient, changes: dict[str, Any], field: str) -> None:
    answer = api.post(f"/patients/{marie.id}/courses", json={**COURSE, **changes})
    assert (answer.status_code, field in answer.json()["fields"]) == (422, True), answer.text


def test_a_second_treatment_is_refused_while_one_runs(api: TestClient, marie: Patient) -> None:
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    answer = api.post(f"/patients/{marie.id}/courses", json=COURSE)
    assert (answer.status_code, "already has a running treatment" in answer.json()["error"]) == (409, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": False}, "value"),
        ({"value": -1}, "value"),
        ({"value": "61.5 kg"}, "value"),
        ({"value": 1e30}, "value"),
        ({"unit": "lb"}, "unit"),
        ({"kind": "temperature", "unit": "Cel", "value": 61.5}, "value"),
        ({"taken_at": "2026-11-25T09:00:00"}, "taken_at"),
        ({"taken_at": "2026-11-26T09:00:00Z"}, "taken_at"),
        ({"taken_at": "0001-01-01T00:00:00+14:00"}, "taken_at"),
        ({"taken_at": 1764061200}, "taken_at"),
    ],
)
def test_a_measure_is_kept_as_it_is_or_not_at_all(
    api: TestClient, marie: Patient, database: Database, changes: dict[str, Any], field: str
) -> None:
    """SEC-38: type, range and combination; a value out of range is never rounded nor turned into "no symptom"."""
    answer = api.post(f"/patients/{marie.id}/measures", json={**MEASURE, **changes})
    assert (answer.status_code, field in answer.json()["fields"]) == (422, True), answer.text
    with database.reading() as session:
        assert session.scalars(select(Measure.id)).all() == []


def test_a_measure_comes_back_letter_for_letter(api: TestClient, marie: Patient) -> None:
    answer = api.post(f"/patients/{marie.id}/measures", json=MEASURE)
    assert answer.status_code == 201
    assert (answer.json()["value"], answer.json()["unit"], answer.json()["taken_at"]) == ("61.5", "kg", "2026-11-25T08:00:00Z")


@pytest.mark.parametrize(("value", "levels"), [("37.9", []), ("38.0", ["urgent"]), ("38", ["urgent"]), ("35.9", ["urgent"]), ("36.0", [])])
def test_a_temperature_written_by_a_program_is_judged_at_once(api: TestClient, marie: Patient, value: str, levels: list[str]) -> None:
    """Capecitabine is marrow-toxic: from 38.0 °C and below 36.0 °C a person must act now (house, section 7)."""
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    fever = {**MEASURE, "kind": "temperature", "unit": "Cel", "value": value}
    assert api.post(f"/patients/{marie.id}/measures", json=fever).status_code == 201
    alerts = api.get("/alerts").json()
    assert [alert["level"] for alert in alerts] == levels
    for alert in alerts:
        whole = api.get(f"/alerts/{alert['id']}").json()
        assert whole["assessment"]["level"] == "urgent"
        assert any("°C" in sentence for sentence in whole["assessment"]["words"]["fr"])


def test_the_nurse_sees_why_and_the_judgement_can_be_made_again(
    api: TestClient, marie: Patient, claire: TestClient, database: Database
) -> None:
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    api.post(f"/patients/{marie.id}/measures", json={**MEASURE, "kind": "temperature", "unit": "Cel", "value": 39.1})
    [alert] = api.get("/alerts").json()
    page = claire.get(f"/alerts/{alert['id']}")
    assert (page.status_code, "39,1" in page.text) == (200, True)
    with database.reading() as session:
        assert list(assessing.mismatches(session)) == []


def test_an_old_temperature_calls_nobody(api: TestClient, marie: Patient) -> None:
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    old = {**MEASURE, "kind": "temperature", "unit": "Cel", "value": 39.5, "taken_at": "2026-11-23T09:00:00+01:00"}
    assert api.post(f"/patients/{marie.id}/measures", json=old).status_code == 201
    assert api.get("/alerts").json() == []
