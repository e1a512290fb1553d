"""Treatments through the JSON interface: blocks, second medicines, boxes and counts (FR-31, FR-32)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from tests.factories import World, a_patient

pytestmark = pytest.mark.usefixtures("signed")

COURSE: dict[str, Any] = {
    "agent": "capecitabine",
    "protocol": "capecitabine-14-7",
    "dose_mg": 1650,
    "strengths": [500, 150],
    "times_per_day": 2,
    "days_on": 14,
    "days_off": 7,
    "first_intake": "2026-11-25",
    "by": "lebon",
}
BLOCKS: dict[str, Any] = {"blocks": [[1, 5], [8, 12]], "cycle_days": 28, "days_on": None, "days_off": None}
LAPATINIB = {"agent": "lapatinib", "dose_mg": 1250, "times_per_day": 1, "strengths": [250]}
BOX: dict[str, Any] = {"on_day": "2026-11-24", "strength_mg": 500, "tablets": 84, "place": "town", "by": "claire"}
COUNT: dict[str, Any] = {"on_day": "2026-11-25", "tablets": [{"strength_mg": "500", "count": 81}], "source": "photo", "by": "claire"}
OPENED: dict[str, Any] = {"at": "2026-11-25T07:31:00Z", "by": "claire"}


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock) -> Patient:
    with database.transaction() as session:
        return a_patient(session, world, now=clock.now())


def test_blocks_tablets_and_a_second_medicine(api: TestClient, marie: Patient) -> None:
    answer = api.post(f"/patients/{marie.id}/courses", json={**COURSE, **BLOCKS, "companions": [LAPATINIB]})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["blocks"], body["cycle_days"], body["days_on"], body["days_off"]) == ([[1, 5], [8, 12]], 28, 10, 18)
    tablets = [{"strength_mg": "500", "count": 3}, {"strength_mg": "150", "count": 1}]
    assert body["doses"] == [{"from_day": "2026-11-25", "dose_mg": "1650", "tablets": tablets}]
    assert [(one["agent"], one["dose_mg"]) for one in body["companions"]] == [("lapatinib", "1250")]
    five = {"from_day": "2026-11-25", "dose_mg": "1250", "tablets": [{"strength_mg": "250", "count": 5}]}
    assert body["companions"][0]["doses"] == [five]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({**BLOCKS, "blocks": [[1, 5], [3, 12]]}, "blocks"),
        ({**BLOCKS, "blocks": [[1]]}, "blocks.0"),
        ({**BLOCKS, "cycle_days": None}, "cycle_days"),
        ({"days_on": None}, "days_on"),
        ({"strengths": [400]}, "strengths"),
        ({"weekday": 8}, "weekday"),
        ({"every": 0}, "every"),
        ({"companions": [{**LAPATINIB, "times_per_day": 0}]}, "companions"),
        ({"companions": [{**LAPATINIB, "dose_mg": 0}]}, "companions"),
        ({"companions": [{**LAPATINIB, "strengths": [400]}]}, "companions"),
        ({"companions": [{**LAPATINIB, "blocks": [[1, 5]]}]}, "companions"),
    ],
)
def test_days_that_cannot_be_lived_start_nothing(api: TestClient, marie: Patient, changes: dict[str, Any], field: str) -> None:
    answer = api.post(f"/patients/{marie.id}/courses", json={**COURSE, **changes})
    assert (answer.status_code, field in answer.json()["fields"]) == (422, True), answer.text
    assert api.get(f"/patients/{marie.id}").json()["course"] is None


def test_boxes_and_counts_are_kept_as_said(api: TestClient, marie: Patient) -> None:
    assert api.post(f"/patients/{marie.id}/dispensings", json=BOX).status_code == 404, "no treatment yet"
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    box = api.post(f"/patients/{marie.id}/dispensings", json=BOX)
    counted = api.post(f"/patients/{marie.id}/pill-counts", json=COUNT)
    assert (box.status_code, box.json()["tablets"], box.json()["strength_mg"]) == (201, 84, "500")
    assert (counted.status_code, counted.json()["tablets"]) == (201, [{"strength_mg": "500", "count": 81}])


def test_an_opening_of_the_cap_said_twice_counts_once(api: TestClient, marie: Patient) -> None:
    """FR-14: the cap is a source beside the others."""
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    opened = [api.post(f"/patients/{marie.id}/cap-openings", json=OPENED) for _ in range(2)]
    assert [answer.status_code for answer in opened] == [201, 201]
    assert opened[0].json()["id"] == opened[1].json()["id"]


@pytest.mark.parametrize(
    ("door", "body", "field"),
    [
        ("dispensings", {**BOX, "on_day": "2026-11-26"}, "on_day"),
        ("dispensings", {**BOX, "tablets": 0}, "tablets"),
        ("dispensings", {**BOX, "strength_mg": 0}, "strength_mg"),
        ("dispensings", {**BOX, "place": "market"}, "place"),
        ("pill-counts", {**COUNT, "tablets": []}, "tablets"),
        ("pill-counts", {**COUNT, "tablets": COUNT["tablets"] * 2}, "tablets"),
        ("pill-counts", {**COUNT, "source": "dog"}, "source"),
        ("cap-openings", {**OPENED, "at": "2031-01-01T08:00:00Z"}, "at"),
        ("cap-openings", {**OPENED, "at": "yesterday"}, "at"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(api: TestClient, marie: Patient, door: str, body: dict[str, Any], field: str) -> None:
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    answer = api.post(f"/patients/{marie.id}/{door}", json=body)
    assert (answer.status_code, field in answer.json()["fields"]) == (422, True), answer.text
