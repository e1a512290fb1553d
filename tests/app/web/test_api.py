"""The JSON interface: a token's service is its perimeter, a person's act names the person, nothing is guessed (point 3, SEC-38)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling, tasks
from app.alerts.handling import Reason
from app.alerts.models import Alert, Task
from app.checkins.rhythm import agenda
from app.core.audit import SYSTEM, AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message
from app.people import services
from app.people.access_models import ApiToken
from app.people.models import Hospital, Patient, Role, Service
from tests.app.web.test_api_measures import COURSE, MEASURE
from tests.factories import World, a_course, a_patient
from triage.terms import Level

pytestmark = pytest.mark.usefixtures("signed")

PATIENT: dict[str, Any] = {
    "family_name": "Hoarau",
    "given_names": "Marie",
    "birth_date": "1955-03-14",
    "sex": "female",
    "phone": "0639980001",
    "consent": {"follow_up": True, "sms_words": True, "sheet_version": "2026-09"},
    "oncologist": "lebon",
    "by": "ines",
}


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the library's protocols are in force."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock) -> Patient:
    with database.transaction() as session:
        return a_patient(session, world, now=clock.now())


def raised(database: Database, world: World, patient: Patient, clock: HandClock, level: Level = Level.HIGH) -> int:
    with database.transaction() as session:
        service, marie = session.get_one(Service, world.service.id), session.get_one(Patient, patient.id)
        alert = handling.consider(session, service=service, patient=marie, reason=Reason("silence", level, {}), now=clock.now())
        assert alert is not None
        return alert.id


def test_a_patient_is_enrolled_and_the_trail_names_who_and_through_what(api: TestClient, database: Database, world: World) -> None:
    """FR-12, SEC-27."""
    answer = api.post("/patients", json=PATIENT)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["phone"], body["timezone"], body["oncologist"], body["course"]) == ("+33639980001", "Europe/Paris", "lebon", None)
    assert [(c["kind"], c["granted"], c["sheet_version"]) for c in body["consents"]] == [
        ("follow_up", True, "2026-09"),
        ("sms_words", True, "2026-09"),
    ]
    with database.reading() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "patient.enrolled"))
    assert (row.actor, row.actor_name) == (f"staff:{world.ines.id}", "Inès Caron (dossier)")


def test_without_by_the_program_itself_is_the_author(api: TestClient, database: Database) -> None:
    assert api.post("/patients", json={**PATIENT, "by": ""}).status_code == 201
    with database.reading() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "patient.enrolled"))
    assert (row.actor.partition(":")[0], row.actor_name) == ("service", "dossier")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"family_name": " "}, "family_name"),
        ({"birth_date": "2030-01-01"}, "birth_date"),
        ({"birth_date": 0}, "birth_date"),
        ({"birth_date": "14/03/1955"}, "birth_date"),
        ({"phone": "0612"}, "phone"),
        ({"timezone": "Europe/Lutece"}, "timezone"),
        ({"oncologist": "claire"}, "oncologist_id"),
        ({"by": "nobody"}, "by"),
        ({"shared_phone": 1}, "shared_phone"),
        ({"check_in_hour": 22}, "check_in_hour"),
        ({"consent": {"follow_up": False, "sheet_version": "2026-09"}}, "consent_follow_up"),
        ({"consent": {"follow_up": "yes", "sheet_version": "2026-09"}}, "consent.follow_up"),
        ({"surname": "Hoarau"}, "surname"),
        ({"family_name": "Hoa\x00rau"}, "family_name"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_what_is_missing_or_implausible_has_its_sentence_and_nothing_is_saved(
    api: TestClient, database: Database, changes: dict[str, Any], field: str
) -> None:
    answer = api.post("/patients", json={**PATIENT, **changes})
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"] == "Some fields need attention. Nothing was saved."
    assert answer.json()["fields"][field]
    with database.reading() as session:
        assert session.scalars(select(Patient.id)).all() == []


def test_a_program_that_does_not_know_who_holds_the_number_says_so(api: TestClient, database: Database) -> None:
    """FR-25: otherwise the calling program vouches for it, as before."""
    vouched = api.post("/patients", json=PATIENT)
    assert (vouched.status_code, vouched.json()["phone_verified_at"] is None) == (201, False)
    other = {**PATIENT, "given_names": "Jean", "phone": "+33639980009", "phone_verified": False}
    asked = api.post("/patients", json=other)
    assert (asked.status_code, asked.json()["phone_verified_at"]) == (201, None)
    with database.reading() as session:
        assert [(text.key, text.address) for text in session.scalars(select(Message))] == [("verify_code", "+33639980009")]


def test_half_a_character_is_refused_in_words(api: TestClient) -> None:
    """A lone surrogate is valid JSON and no database keeps it."""
    body = json.dumps({**PATIENT, "family_name": "Hoarau"}).replace("Hoarau", "\\ud800")
    answer = api.post("/patients", content=body.encode(), headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert "family_name" in answer.json()["fields"]


def test_a_number_that_another_patient_has_needs_shared_phone(api: TestClient, marie: Patient, database: Database) -> None:
    """U16, HZ-10: accepted only as shared, and then for both."""
    other = {**PATIENT, "family_name": "Payet", "given_names": "Jean"}
    refused = api.post("/patients", json=other)
    assert (refused.status_code, "Another patient has this number" in refused.json()["fields"]["phone"]) == (422, True)
    assert api.post("/patients", json={**other, "shared_phone": True}).json()["shared_phone"] is True
    assert api.get(f"/patients/{marie.id}").json()["shared_phone"] is True


def test_an_alert_is_taken_and_closed_by_the_person_named(
    api: TestClient, marie: Patient, database: Database, world: World, clock: HandClock
) -> None:
    number = raised(database, world, marie, clock)
    assert api.post(f"/alerts/{number}/take", json={"by": "claire"}).json()["owner"] == "claire"
    conflict = api.post(f"/alerts/{number}/take", json={"by": "luc"})
    assert (conflict.status_code, "Claire Payet took this alert" in conflict.json()["error"]) == (409, True)
    assert api.post(f"/alerts/{number}/close", json={"by": "luc", "outcome": "advice"}).status_code == 409
    assert api.post(f"/alerts/{number}/close", json={"by": "claire", "outcome": "other"}).status_code == 422
    closed = api.post(f"/alerts/{number}/close", json={"by": "claire", "outcome": "other", "note": "Rappelée, tout va bien."}).json()
    assert (closed["state"], closed["outcome"], closed["note"]) == ("closed", "other", "Rappelée, tout va bien.")
    events = api.get(f"/alerts/{number}").json()["events"]
    assert [event["kind"] for event in events] == ["raised", "taken", "closed"]
    assert events[-1]["actor_name"] == "Claire Payet (dossier)"


def test_the_call_asked_for_ends_with_the_alert_and_the_events_say_which(
    api: TestClient, marie: Patient, database: Database, world: World, clock: HandClock
) -> None:
    number = raised(database, world, marie, clock)
    with database.transaction() as session:
        asked = tasks.make(
            session,
            service_id=world.service.id,
            patient_id=marie.id,
            kind="call_back",
            key="call_back:1",
            due_at=clock.now() + timedelta(days=3),
            now=clock.now(),
        )
    assert api.post(f"/alerts/{number}/close", json={"by": "claire", "outcome": "advice"}).status_code == 200
    assert api.get(f"/alerts/{number}").json()["events"][-1]["detail"]["calls"] == [asked.id]
    with database.reading() as session:
        task = session.get_one(Task, asked.id)
    assert (task.closed_at, task.closed_by_id, task.closing_note) == (clock.now(), world.claire.id, "advice")


def test_closing_an_alert_nobody_had_takes_it_first(
    api: TestClient, marie: Patient, database: Database, world: World, clock: HandClock
) -> None:
    number = raised(database, world, marie, clock)
    assert api.post(f"/alerts/{number}/close", json={"by": "claire", "outcome": "advice"}).json()["state"] == "closed"
    assert [event["kind"] for event in api.get(f"/alerts/{number}").json()["events"]] == ["raised", "taken", "closed"]


@pytest.mark.parametrize(("by", "status"), [("paul", 403), ("", 422), ("nobody", 422), ("alma", 422)])
def test_who_acts_must_be_somebody_of_the_service_who_may(
    api: TestClient, marie: Patient, database: Database, world: World, clock: HandClock, by: str, status: int
) -> None:
    """The secretary sees alerts and closes none; the administrator is of no service; nobody is nobody."""
    number = raised(database, world, marie, clock)
    assert api.post(f"/alerts/{number}/take", json={"by": by}).status_code == status
    with database.reading() as session:
        assert session.get_one(Alert, number).state == "new"


def test_alerts_are_filtered_and_empty_filters_are_none(
    api: TestClient, marie: Patient, database: Database, world: World, clock: HandClock
) -> None:
    number = raised(database, world, marie, clock)

    def found(**query: object) -> list[int]:
        return [alert["id"] for alert in api.get("/alerts", params=query).json()]

    assert found(state="", level="", patient="") == [number]
    assert found(state="new", level="high", patient=marie.id) == [number]
    assert found(state="closed") == found(level="urgent") == found(patient=marie.id + 1) == []
    assert api.get("/alerts", params={"level": "grave"}).status_code == 422


def test_another_service_sees_and_touches_nothing(
    api: TestClient, marie: Patient, database: Database, world: World, clock: HandClock
) -> None:
    """SEC-24: whatever is asked, the answer is that it does not exist."""
    number = raised(database, world, marie, clock)
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
            now=clock.now(),
        )
        token = services.create_token(session, other, role=Role.SERVICE, name="hema", by=SYSTEM, now=clock.now())
    api.headers["Authorization"] = f"Bearer {token}"
    for address in (f"/patients/{marie.id}", f"/alerts/{number}", f"/messages?patient={marie.id}"):
        assert api.get(address).status_code == 404
    assert api.get("/alerts").json() == api.get("/checkins").json() == []
    assert api.post(f"/patients/{marie.id}/courses", json={**COURSE, "by": ""}).status_code == 404
    assert api.post(f"/patients/{marie.id}/measures", json=MEASURE).status_code == 404
    assert api.post(f"/alerts/{number}/take", json={"by": "claire"}).status_code == 422


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic Y2xhaXJlOng="])
def test_without_a_living_token_nothing_is_told(api: TestClient, marie: Patient, header: str | None) -> None:
    api.headers.pop("Authorization")
    answer = api.get(f"/patients/{marie.id}", headers={"Authorization": header} if header is not None else {})
    assert (answer.status_code, "Bearer TOKEN" in answer.json()["error"]) == (401, True)


def test_a_revoked_token_is_dead(api: TestClient, marie: Patient, database: Database, clock: HandClock) -> None:
    with database.transaction() as session:
        session.scalars(select(ApiToken)).one().revoked_at = clock.now()
    assert api.get(f"/patients/{marie.id}").status_code == 401


def test_opening_a_file_is_recorded(api: TestClient, marie: Patient, database: Database) -> None:
    """SEC-27."""
    api.get(f"/patients/{marie.id}")
    api.get("/messages", params={"patient": marie.id})
    with database.reading() as session:
        opened = session.scalars(select(AuditRow).where(AuditRow.action == "chart.opened").order_by(AuditRow.id)).all()
    assert [(row.actor_name, row.patient_id, row.reason) for row in opened] == [
        ("dossier", marie.id, "api: patient"),
        ("dossier", marie.id, "api: messages"),
    ]


@pytest.mark.parametrize(
    "address", ["/patients/0", "/patients/99999999999", "/alerts/-1", "/messages", "/messages?patient=x", "/checkins?limit=0"]
)
def test_an_address_that_names_nothing_is_never_a_500(api: TestClient, address: str) -> None:
    assert api.get(address).status_code == 422


def test_every_example_succeeds_on_the_demonstration_as_it_stands(
    api: TestClient, marie: Patient, database: Database, world: World, clock: HandClock
) -> None:
    with database.transaction() as session:
        session.get_one(Service, world.service.id).is_demo = True
        jean = a_patient(session, world, now=clock.now(), family_name="Payet", given_names="Jean", phone="+33639980002")
        course = a_course(session, world, jean, now=clock.now(), first_intake=date(2026, 11, 23))
        agenda.plan(session, course, now=clock.now())
    raised(database, world, marie, clock)
    raised(database, world, jean, clock, Level.URGENT)
    done = []
    for _ in range(2):  # a first reader and the next one: the examples are made from what is there now
        document = api.get("/openapi.json").json()
        for path, operations in document["paths"].items():
            if "post" not in operations:
                continue
            address = path.removeprefix("/api/v1")
            for parameter in operations["post"].get("parameters", ()):
                address = address.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
            example = operations["post"]["requestBody"]["content"]["application/json"]["example"]
            answer = api.post(address, json=example)
            assert answer.status_code in (200, 201), (address, example, answer.text)
            done.append(path)
        clock.forward(minutes=1)
        for patient in (marie, jean):
            with database.transaction() as session:
                session.query(Alert).filter(Alert.patient_id == patient.id, Alert.state != "closed").update({"state": "closed"})
            raised(database, world, patient, clock)
    assert len(done) == 44


def test_the_description_needs_no_token_and_the_browsers_pages_of_it_do_not_exist(api: TestClient, browser: TestClient) -> None:
    """SEC-43: the promise is public, a console to try it is not."""
    assert browser.get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")
    for address in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs", "/api/v1/redoc"):
        assert browser.get(address).status_code == 404


def test_the_hour_of_the_examples_is_the_demonstrations(api: TestClient, clock: HandClock) -> None:
    """A measure "taken in the future" would be refused when the demonstration's clock runs behind the wall."""
    document = api.get("/openapi.json").json()
    example = document["paths"]["/api/v1/patients/{patient_id}/measures"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert datetime.fromisoformat(example["taken_at"]) == clock.now() - timedelta(hours=1)
