"""What every test stands on: a clock turned by hand, both databases, and a ward of named people."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session
from structlog.testing import capture_logs
from structlog.types import EventDict

from app.core import audit, signing
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.messaging import links
from tests.factories import World, a_world
from tests.support import chromium, stories
from tests.support.databases import Postgres, Sqlite, postgres_server

WEDNESDAY_TEN = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
"""Wednesday 18 November 2026, 10:00 in Paris: the service is open."""

audit.use_key(b"key of the tests")
links.use_settings(Settings(environment="test"))
signing.use_hasher(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a Chromium, browser tests are left out and said so at the end; in CI they stay, and fail."""
    if chromium.find() or chromium.missing_is_an_error():
        return
    items[:] = [item for item in items if not item.get_closest_marker("browser")]


def pytest_collection_finish() -> None:
    """Sixteen thousand tests stay in memory for the whole run: a collector of garbage that walks them again and again is a tenth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if chromium.find() is None:
        terminalreporter.section("browser tests", sep="!", red=True)
        terminalreporter.line(chromium.NOT_RUN)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser to drive: `playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])`."""
    found = chromium.find()
    assert found, chromium.NOT_RUN
    return found


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as url:
        server = Postgres(url)
        yield server
        server.admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Every test that touches a database runs on both."""
    return str(request.param)


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    server = request.getfixturevalue("sqlite_server" if engine_name == "sqlite" else "postgres")
    with server.copy() as url:
        yield url


@pytest.fixture
def empty_database_url(engine_name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    server = request.getfixturevalue("sqlite_server" if engine_name == "sqlite" else "postgres")
    with server.copy(empty=True) as url:
        yield url


@pytest.fixture(scope="session")
def opened() -> dict[str, Database]:
    """Addresses come back from test to test, and an engine that does too has its statements compiled once: a tenth of the run."""
    return {}


@pytest.fixture
def database(database_url: str, engine_name: str, opened: dict[str, Database], request: pytest.FixtureRequest) -> Iterator[Database]:
    """No commit waits for the disk, on either engine: no test cuts the power (a hospital's own does wait: core/test_db.py)."""
    if database_url not in opened:
        careful = Database(database_url)
        opened[database_url] = careful.in_a_hurry() if careful.is_sqlite else careful
    database = opened[database_url]
    stories.begin(database, request.getfixturevalue("sqlite_server" if engine_name == "sqlite" else "postgres"), request.fixturenames)
    yield database
    database.dispose()


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    """Every line of the log while the test runs, whatever level another test left behind."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))
    with capture_logs() as lines:
        yield lines
    structlog.configure(wrapper_class=before)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(WEDNESDAY_TEN)


@pytest.fixture
def session(database: Database, world: World) -> Iterator[Session]:
    """One open transaction for tests of a single craft; the ward exists before it begins, or the two would wait for each other."""
    with database.transaction() as session:
        yield session


@pytest.fixture
def world(database: Database, clock: HandClock) -> World:
    """A hospital, its ward, and the people who work there; no patient yet."""
    return a_founded_world(database, clock)


def a_founded_world(database: Database, clock: HandClock) -> World:
    def found() -> World:
        with database.transaction() as session:
            return a_world(session, now=clock.now())

    return stories.of(database).live(f"world at {clock.now()}", found)
