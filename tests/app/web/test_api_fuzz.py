"""Whatever is sent, the JSON interface answers with a sentence: never a 5xx, never a body that cannot be read (SEC-38)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode

from app.alerts import handling
from app.alerts.handling import Reason
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.people import services
from app.people.models import Role, Service
from app.protocols import shelf
from tests.factories import World, a_course, a_patient, sign_protocols
from triage.terms import Level

QUIETLY = settings(
    max_examples=8, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the library's protocols are in force."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def token(database: Database, world: World, clock: HandClock) -> str:
    """Marie is treated and has an alert, Jean is not treated yet."""
    with database.transaction() as session:
        shelf.seed(session, clock.now())
        sign_protocols(session, world, now=clock.now())
        service = session.get_one(Service, world.service.id)
        marie = a_patient(session, world, now=clock.now())
        a_course(session, world, marie, now=clock.now())
        a_patient(session, world, now=clock.now(), family_name="Payet", given_names="Jean", phone="+33639980002")
        handling.consider(session, service=service, patient=marie, reason=Reason("silence", Level.HIGH, {}), now=clock.now())
        return services.create_token(session, service, role=Role.SERVICE, name="fuzz", by=SYSTEM, now=clock.now())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["plausible", "wrong"])
def test_whatever_is_sent_is_answered_in_words(app: FastAPI, token: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    answered = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @QUIETLY
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Case) -> None:
            nonlocal answered
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code < 500, (case.method, case.path, case.path_parameters, case.query, case.body)
            body = json.loads(answer.content)
            assert answer.status_code < 400 or body["error"]
            answered += 1

        send()
    assert answered >= 60


def test_a_body_that_is_not_utf_8_is_refused_in_words(app: FastAPI, token: str) -> None:
    with TestClient(app) as client:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = client.post("/api/v1/patients", content=b'{"family_name": "\xff"}', headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "This body is not JSON in UTF-8. Nothing was saved.")
