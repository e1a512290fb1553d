"""A web process on the test's database and hand-turned clock, and browsers signed in as the people of the ward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from http.cookiejar import Cookie

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from app.people import services
from app.people.models import Patient, Role, Service, Staff
from app.protocols import shelf
from tests.app.web.form import Browser, Ward, a_ward
from tests.factories import PASSWORD, World, a_course, a_patient, sign_protocols
from tests.support import stories
from tests.support.chain import Chain

SignIn = Callable[[Staff], TestClient]
TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
"""A Wednesday, the third day of Marie's first cycle."""


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(environment="test", database_url=database_url, second_factor=False)


@pytest.fixture
def app(settings: Settings, database: Database, clock: HandClock) -> FastAPI:
    return create_app(settings, database, clock)


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock, signed: None) -> Patient:
    """In her first cycle, as the tests of the doctor's answers find her; a file with another Marie has its own."""
    clock.at = TEN
    with database.transaction() as session:
        marie = a_patient(session, world, now=TEN)
        a_course(session, world, marie, now=TEN, first_intake=date(2026, 11, 23), strengths=(Decimal(500),))
        return marie


@pytest.fixture
def browser(app: FastAPI, world: World) -> Iterator[TestClient]:
    """A browser where nobody is signed in; it does not follow redirections, so that a test sees them."""
    with TestClient(app, follow_redirects=False) as client:
        yield client


@pytest.fixture
def sign_in(app: FastAPI, database: Database, clock: HandClock, world: World) -> Iterator[SignIn]:
    opened: list[TestClient] = []

    def enter(staff: Staff) -> TestClient:
        client = TestClient(app, follow_redirects=False).__enter__()
        opened.append(client)

        def signed() -> list[Cookie]:
            answer = client.post("/sign-in", data={"login": staff.login, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            return list(client.cookies.jar)

        step = f"{staff.login} signs in at {clock.now()} with {app.state.tools.settings!r}"
        for cookie in stories.of(database).live(step, signed):
            client.cookies.jar.set_cookie(cookie)
        return client

    yield enter
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def api(app: FastAPI, database: Database, world: World, clock: HandClock) -> Iterator[TestClient]:
    """The hospital's own program, with a token of the ward."""
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        token = services.create_token(session, service, role=Role.SERVICE, name="dossier", by=SYSTEM, now=clock.now())
    with TestClient(app, base_url="http://testserver/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture
def signed(database: Database, world: World, clock: HandClock) -> None:
    """The service's protocols, ready for treatments to start on."""

    def sign() -> None:
        with database.transaction() as session:
            shelf.seed(session, clock.now())
            sign_protocols(session, world, now=clock.now())

    stories.of(database).live(f"signed at {clock.now()}", sign)


@pytest.fixture
def chain(database: Database, clock: HandClock, world: World) -> Chain:
    return Chain(database, clock, world)


@pytest.fixture
def claire(sign_in: SignIn, world: World) -> TestClient:
    """Claire Payet, nurse, at her screen."""
    return sign_in(world.claire)


@pytest.fixture
def ward(database: Database, clock: HandClock, world: World) -> Ward:
    """Wednesday 10:00, cycle day 3: Marie's nine questions are open."""
    return a_ward(database, clock, world)


@pytest.fixture
def phone(app: FastAPI, ward: Ward) -> Browser:
    """A patient's telephone, opened on nothing yet."""
    return Browser.on(app)
