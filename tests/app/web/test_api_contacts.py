"""Calls through the JSON interface: the same crafts as the sheet, always in a person's name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.clock import HandClock
from app.people.models import Patient
from tests.support.chain import Chain

WHOLE: dict[str, Any] = {"own_words": "Je tremble depuis ce matin.", "temperature": "38,6", "symptoms": [{"term": "Fatigue", "grade": 2}]}


@pytest.fixture
def clock() -> HandClock:
    """Monday 23 November 2026, 10:00 in Paris."""
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(chain: Chain) -> Patient:
    return chain.follow()


def test_a_call_is_begun_kept_and_closed_and_its_fever_is_judged(api: TestClient, chain: Chain, marie: Patient) -> None:
    """COA-4 through the interface; what is measured on the call rings like any other measure, chills told at its beginning too."""
    begun = api.post(f"/patients/{marie.id}/contacts", json={"direction": "incoming", "reason": "Frissons", "by": "claire"})
    assert (begun.status_code, begun.json()["state"], begun.json()["by"]) == (201, "draft", "claire")
    number, stamp = begun.json()["id"], begun.json()["stamp"]
    kept = api.post(f"/contacts/{number}/save", json={"form": {"temperature": "38,"}, "stamp": stamp, "by": "claire"})
    assert (kept.status_code, kept.json()["form"]) == (200, {"temperature": "38,"})
    late = api.post(f"/contacts/{number}/save", json={"form": {}, "stamp": stamp, "by": "claire"})
    assert late.status_code == 409 and "another screen" in late.json()["error"]
    other = api.post(f"/contacts/{number}/save", json={"form": {}, "by": "luc"})
    assert other.status_code == 409 and "Claire Payet began this call" in other.json()["error"]
    chain.clock.forward(minutes=6)
    ending = {"outcome": "level_2", "doctor": "lebon", "doctor_at": chain.clock.now().isoformat(), "by": "claire"}
    refused = api.post(f"/contacts/{number}/close", json={**ending, "form": {"temperature": "38,"}})
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"temperature", "words"})
    closed = api.post(f"/contacts/{number}/close", json={**ending, "form": WHOLE, "words": "Envoyée aux urgences"})
    assert (closed.status_code, closed.json()["state"], closed.json()["seconds"], closed.json()["doctor"]) == (200, "closed", 360, "lebon")
    [alert] = api.get("/alerts", params={"patient": marie.id, "level": "urgent"}).json()
    assert alert["state"] == "new"
    assert [row["id"] for row in api.get("/contacts", params={"patient": marie.id}).json()] == [number]


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        ({"direction": "incoming"}, 422, {"by"}),
        ({"direction": "incoming", "by": "nobody"}, 422, {"by"}),
        ({"direction": "incoming", "by": "paul"}, 403, set()),
        ({"direction": "sideways", "by": "claire"}, 422, {"direction"}),
        ({"direction": "outgoing", "planned_call_id": 77, "by": "claire"}, 404, set()),
    ],
)
def test_who_may_not_call_and_what_cannot_be(api: TestClient, marie: Patient, body: dict[str, Any], status: int, fields: set[str]) -> None:
    answer = api.post(f"/patients/{marie.id}/contacts", json=body)
    assert (answer.status_code, set(answer.json().get("fields", {}))) == (status, fields)


@pytest.mark.parametrize(
    "wrong", ['{"weight": NaN}', '{"weight": 1e999}', '{"own_words": "\\u0000"}', '{"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}']
)
def test_a_form_that_no_database_keeps_is_refused_in_words(api: TestClient, marie: Patient, wrong: str) -> None:
    number = api.post(f"/patients/{marie.id}/contacts", json={"direction": "incoming", "by": "claire"}).json()["id"]
    answer = api.post(
        f"/contacts/{number}/save", content=f'{{"form": {wrong}, "by": "claire"}}', headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, set(answer.json()["fields"])) == (422, {"form"})


def begin(api: TestClient, marie: Patient, **given: str) -> int:
    body = {"direction": "incoming", "reason": "rendez-vous", "by": "claire", **given}
    return int(api.post(f"/patients/{marie.id}/contacts", json=body).json()["id"])


def close(api: TestClient, number: int, **given: Any) -> Any:
    return api.post(f"/contacts/{number}/close", json={"outcome": "none", "by": "claire", "form": {}, **given})


def test_why_somebody_telephones_is_searched_for_danger_whichever_way_it_comes_in(api: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: the words of a family doctor, sent by a program, ring before anything is asked, and once."""
    begin(api, marie, caller="gp", reason="Elle n'arrive plus à respirer")
    begin(api, marie, caller="gp", reason="Elle n'arrive plus à respirer")
    [alert] = chain.alerts()
    assert (alert.level, alert.kind, alert.state) == ("urgent", "danger", "new")


@pytest.mark.parametrize("field", ["own_words", "caregiver"])
def test_a_danger_in_a_form_sent_by_a_program_rings_even_when_the_close_is_refused(
    api: TestClient, chain: Chain, marie: Patient, field: str
) -> None:
    """HZ-01, AMA-4: told once, and the call never ends in nothing."""
    number = begin(api, marie)
    form = {field: "elle n'arrive plus à respirer"}
    refused = close(api, number, form=form)
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"outcome", "words"})
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    done = close(api, number, form=form, outcome="level_1", protocol_ref="diarrhoea", words="15 appelé")
    assert done.status_code == 200, done.text
    assert len(chain.alerts()) == 1
    chain.send()
    assert len([text for text in chain.texts_to(marie.phone) if text.purpose == "safety"]) == 1


def test_a_grave_value_of_the_form_never_ends_in_nothing(api: TestClient, chain: Chain, marie: Patient) -> None:
    """AMA-4: as on the sheet; nothing of the refused close is kept twice."""
    number = begin(api, marie)
    refused = close(api, number, form={"temperature": "39,2"})
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"outcome"})
    done = close(api, number, form={"temperature": "39,2"}, outcome="level_1", protocol_ref="diarrhoea", words="Envoyée aux urgences")
    assert done.status_code == 200, done.text
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_a_calm_call_sent_by_a_program_ends_in_nothing(api: TestClient, chain: Chain, marie: Patient) -> None:
    done = close(api, begin(api, marie), form={"temperature": "36,9", "own_words": "tout va bien"})
    assert (done.status_code, chain.alerts()) == (200, [])
