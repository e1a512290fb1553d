"""Absences and reasons of a silence through the JSON interface: the same crafts, in a person's name or a program's (HZ-35, FR-32)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.people import services
from app.people.models import Hospital, Patient, Role
from tests.factories import World
from tests.support.chain import Chain


@pytest.fixture
def clock() -> HandClock:
    """Monday 23 November 2026, 10:00 in Paris."""
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(chain: Chain) -> Patient:
    return chain.follow()


def test_a_stay_freezes_and_its_end_begins_again(api: TestClient, chain: Chain, marie: Patient) -> None:
    """The hospital's own record says that Marie was admitted on Monday: nothing is asked on Wednesday, and again once she is home."""
    stay = api.post(f"/patients/{marie.id}/absences", json={"kind": "hospital_stay", "from_day": "2026-11-23"})
    assert (stay.status_code, stay.json()["begun_at"], stay.json()["ended_at"]) == (201, "2026-11-23T09:00:00Z", None)
    chain.until(datetime(2026, 11, 25, 11, 0, tzinfo=UTC))
    assert chain.phones.texts(marie.phone) == []

    undo = f"/patients/{marie.id}/absences/{stay.json()['id']}/undo"
    assert api.post(undo, json={"by": "claire"}).status_code == 422, "a stay ends with its reason, like on the screen"
    assert [row["ended_at"] for row in api.get(f"/patients/{marie.id}/absences").json()] == [None]
    home = api.post(undo, json={"by": "claire", "reason": "sortie ce matin", "said_by": "le service"})
    assert (home.status_code, home.json()["ended_at"]) == (200, "2026-11-25T11:00:00Z")
    chain.wait(days=6)
    assert chain.phones.texts(marie.phone) != []
    assert [row["kind"] for row in api.get(f"/patients/{marie.id}/absences").json()] == ["hospital_stay"]


def test_a_program_takes_back_no_death_and_sees_no_other_service(
    api: TestClient, chain: Chain, world: World, marie: Patient, database: Database
) -> None:
    """SEC-20: what a person must answer for needs a person; a patient of another service is absent."""
    death = api.post(f"/patients/{marie.id}/absences", json={"kind": "death", "from_day": "2026-11-22", "by": "claire"}).json()
    undo = f"/patients/{marie.id}/absences/{death['id']}/undo"
    assert api.post(undo, json={"reason": "erreur de dossier"}).status_code == 403
    assert api.post(undo, json={"by": "claire"}).status_code == 422, "without a reason"
    assert api.post(undo, json={"reason": "erreur de dossier", "by": "claire"}).status_code == 200
    assert api.post(f"/patients/{marie.id}/absences", json={"kind": "holiday", "from_day": "2026-11-23"}).status_code == 422
    with database.transaction() as session:
        hospital = session.get_one(Hospital, world.hospital.id)
        other = services.open_service(
            session,
            hospital,
            name="Hématologie",
            sms_name="Suivi Hema",
            phone="0199005678",
            number="+33199005678",
            timezone="Europe/Paris",
            by=SYSTEM,
            now=chain.clock.now(),
        )
        token = services.create_token(session, other, role=Role.SERVICE, name="hema", by=SYSTEM, now=chain.clock.now())
    api.headers["Authorization"] = f"Bearer {token}"
    mine = f"/patients/{marie.id}"
    assert api.get(f"{mine}/absences").status_code == 404
    assert api.post(f"{mine}/absences", json={"kind": "visit", "from_day": "2026-11-24"}).status_code == 404
    assert api.post(f"{mine}/silence-reason", json={"reason": "forgot"}).status_code == 404


def test_why_nobody_answered_is_kept_on_each_silence(api: TestClient, chain: Chain, marie: Patient) -> None:
    """FR-32: Marie was silent on Wednesday; on Saturday a program of the hospital says, in Claire's name, that she was too ill."""
    chain.until(datetime(2026, 11, 28, 12, 0, tzinfo=UTC))
    asked = chain.checkin(marie, date(2026, 11, 25))
    vague = api.post(f"/patients/{marie.id}/silence-reason", json={"reason": "other", "by": "claire"})
    assert vague.status_code == 422
    said = api.post(f"/patients/{marie.id}/silence-reason", json={"reason": "too_ill", "by": "claire"})
    assert (said.status_code, asked.id in said.json()["checkins"]) == (200, True)
    assert chain.checkin(marie, date(2026, 11, 25)).silence_reason == "too_ill"
    assert api.post(f"/patients/{marie.id}/silence-reason", json={"reason": "forgot", "by": "claire"}).json() == {"checkins": []}
    assert chain.clock.now() - timedelta(hours=72) > datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
