"""Signs of life: alive, ready or not and why, and what is counted without a name (SEC-43)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core import clock as wall_clock
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.insight import watch
from app.messaging import inbox
from app.people import services
from app.people.models import Role, Service
from notifications.messages import Inbound
from tests.factories import World, a_patient


def beat(database: Database, ago: timedelta = timedelta(0)) -> None:
    with database.transaction() as session:
        watch.beat(session, "worker", wall_clock.wall() - ago, {})


def test_alive_without_a_database(app: FastAPI) -> None:
    with TestClient(app) as client:
        assert client.get("/healthz").json() == {"alive": True}


def test_ready_when_the_worker_beats(browser: TestClient, database: Database) -> None:
    beat(database)
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})


def test_not_ready_without_a_worker(browser: TestClient, database: Database) -> None:
    assert browser.get("/readyz").status_code == 503
    beat(database, timedelta(minutes=10))
    answer = browser.get("/readyz")
    assert (answer.status_code, "the worker has been silent" in answer.json()["reasons"][0]) == (503, True)


def test_not_ready_while_a_text_waits_to_be_read(browser: TestClient, database: Database, world: World, clock: HandClock) -> None:
    beat(database)
    with database.transaction() as session:
        inbox.keep(
            session, Inbound(carrier="twilio", carrier_id="SM1", address="+33639980001", number="+33199001234", body="1"), now=clock.now()
        )
    clock.forward(minutes=10)
    answer = browser.get("/readyz")
    assert (answer.status_code, "not understood yet" in answer.json()["reasons"][0]) == (503, True)


def test_not_ready_on_a_database_of_another_revision(browser: TestClient, database: Database) -> None:
    beat(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2001_long_ago'"))
    answer = browser.get("/readyz")
    assert (answer.status_code, "vigie migrate" in answer.json()["reasons"][0]) == (503, True)


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (("127.0.0.1", 5000), {}, 200),
        (("::1", 5000), {}, 200),
        (("203.0.113.7", 5000), {}, 404),
        (("127.0.0.1", 5000), {"X-Forwarded-For": "203.0.113.7"}, 404),
        (("127.0.0.1", 5000), {"X-Forwarded-For": "127.0.0.1"}, 404),
        (("203.0.113.7", 5000), {"Authorization": "Bearer guess"}, 404),
    ],
)
def test_metrics_are_for_this_machine(app: FastAPI, world: World, client: tuple[str, int], headers: dict[str, str], status: int) -> None:
    with TestClient(app, client=client) as caller:
        assert caller.get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize(("role", "status"), [(Role.ADMINISTRATOR, 200), (Role.SERVICE, 404), (Role.NURSE, 404)])
def test_from_elsewhere_metrics_need_an_administrators_token(
    app: FastAPI, database: Database, world: World, clock: HandClock, role: Role, status: int
) -> None:
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        token = services.create_token(session, service, role=role, name="prometheus", by=SYSTEM, now=clock.now())
    with TestClient(app, client=("203.0.113.7", 5000)) as caller:
        assert caller.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == status


def test_metrics_count_and_name_nobody(app: FastAPI, database: Database, world: World, clock: HandClock) -> None:
    beat(database)
    with database.transaction() as session:
        a_patient(session, world, now=clock.now())
        inbox.keep(
            session,
            Inbound(carrier="twilio", carrier_id="SM1", address="+33639980001", number="+33199001234", body="38,9"),
            now=clock.now(),
        )
    clock.forward(seconds=90)
    with TestClient(app, client=("127.0.0.1", 5000)) as caller:
        said = caller.get("/metrics").text
    assert 'vigie_messages{direction="in",state="unread"} 1.0' in said
    assert "vigie_oldest_unread_seconds 90.0" in said
    for secret in ("Hoarau", "+33639980001", "38,9"):
        assert secret not in said
