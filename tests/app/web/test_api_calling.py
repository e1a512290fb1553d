"""Answers given by telephone through the JSON interface: named, judged at once, all or nothing (FR-32)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.models import AnswerRow
from app.core.clock import HandClock
from app.people.models import Patient
from tests.factories import World
from tests.support.chain import Chain

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(chain: Chain) -> Patient:
    person = chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille")
    chain.until(WEDNESDAY_TEN)
    return person


def post(api: TestClient, chain: Chain, marie: Patient, **body: Any) -> Any:
    checkin = chain.checkin(marie, WEDNESDAY)
    return api.post(f"/checkins/{checkin.id}/answers", json={"asked_by": "claire", **body})


def kept(chain: Chain) -> list[tuple[str, str | None, str, str, str]]:
    with chain.read() as session:
        found = session.scalars(select(AnswerRow).order_by(AnswerRow.id))
        return [(row.key, row.value, row.said_by, row.asked_by, row.source) for row in found]


def test_answers_carry_who_gave_them_and_who_asked(api: TestClient, chain: Chain, marie: Patient, world: World) -> None:
    with chain.read() as session:
        lucie = session.get_one(Patient, marie.id).respondents[0].id
    answers = [{"key": "mouth_sores", "value": "2"}, {"key": "fatigue", "value": None}]
    answer = post(api, chain, marie, said_by=lucie, answers=answers)

    assert answer.status_code == 200, answer.text
    assert (answer.json()["level"], answer.json()["urgent"], answer.json()["checkin"]["status"]) == ("high", False, "partial")
    asker = f"staff:{world.claire.id}"
    assert kept(chain) == [
        ("mouth_sores", "2", f"respondent:{lucie}", asker, "call"),
        ("fatigue", None, f"respondent:{lucie}", asker, "call"),
    ]


def test_the_same_again_changes_nothing(api: TestClient, chain: Chain, marie: Patient) -> None:
    body = {"answers": [{"key": "fatigue", "value": "1"}]}
    first = post(api, chain, marie, **body)
    assert (first.status_code, first.json()["say"]) == (200, "")  # nothing is over, nothing is wrong
    assert post(api, chain, marie, **body).status_code == 200
    assert len(kept(chain)) == 1


def test_a_danger_is_said_and_alarms(api: TestClient, chain: Chain, marie: Patient) -> None:
    answer = post(api, chain, marie, answers=[{"key": "temperature", "value": "39.1"}], finish=True).json()
    (alert,) = chain.alerts()
    assert (answer["level"], answer["urgent"], answer["alert_id"]) == ("urgent", True, alert.id)
    said = "Cette température demande un avis sans attendre. Je préviens l'équipe maintenant. Si personne ne vous rappelle dans 30 minutes"
    assert answer["say"].replace("\u00a0", " ").startswith(said)  # a nurse's words, never those of the text that left


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"answers": [{"key": "fatigue", "value": "1"}, {"key": "diarrhea", "value": "7"}]}, 422, "diarrhea"),
        ({"answers": [{"key": "nothing", "value": "1"}]}, 422, "nothing"),
        ({"said_by": 4711, "answers": [{"key": "fatigue", "value": "1"}]}, 422, "said_by"),
        ({"said_by": "neighbour", "answers": []}, 422, "said_by"),
        ({"asked_by": "", "answers": []}, 422, "asked_by"),
        ({"asked_by": "nobody", "answers": []}, 422, "by"),
        ({"finish": True}, 422, ""),
        ({"asked_by": "paul", "answers": [{"key": "fatigue", "value": "1"}]}, 403, ""),
    ],
)
def test_what_cannot_stand_keeps_nothing(
    api: TestClient, chain: Chain, marie: Patient, body: dict[str, Any], status: int, named: str
) -> None:
    answer = post(api, chain, marie, **body)
    assert answer.status_code == status, answer.text
    assert named in answer.text
    assert kept(chain) == []


def test_a_check_in_of_tomorrow_takes_no_answer_and_one_elsewhere_does_not_exist(api: TestClient, chain: Chain, marie: Patient) -> None:
    friday = chain.checkin(marie, date(2026, 11, 27))
    body = {"asked_by": "claire", "answers": [{"key": "fatigue", "value": "1"}]}
    assert api.post(f"/checkins/{friday.id}/answers", json=body).status_code == 409
    assert api.post("/checkins/987654/answers", json=body).status_code == 404
    assert kept(chain) == []
