"""The small ward, lived once for each engine and looked at by many tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.db import Database
from tests.app.demo.small import live
from tests.support.databases import Postgres, Sqlite


@pytest.fixture(scope="session")
def lived_sqlite(sqlite_server: Sqlite) -> Iterator[Database]:
    yield from _lived(sqlite_server)


@pytest.fixture(scope="session")
def lived_postgresql(postgres: Postgres) -> Iterator[Database]:
    yield from _lived(postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def lived(request: pytest.FixtureRequest) -> Database:
    """Four people, ten days, ready to open. Tests of this room only look at it."""
    database: Database = request.getfixturevalue(f"lived_{request.param}")
    return database


def _lived(server: Sqlite | Postgres) -> Iterator[Database]:
    with server.copy() as url:
        database = Database(url).in_a_hurry()
        live(database)
        yield database
        database.dispose()


@pytest.fixture(scope="session")
def ten_days(sqlite_server: Sqlite, lived_sqlite: Database) -> Path:
    kept = sqlite_server.keep(lived_sqlite)
    assert kept is not None
    return kept


@pytest.fixture
def lived_alone(sqlite_server: Sqlite, ten_days: Path) -> Iterator[Database]:
    """The same ten days for one test, which may go on from there."""
    with sqlite_server.copy() as url:
        database = Database(url).in_a_hurry()
        sqlite_server.put_back(database, ten_days)
        yield database
        database.dispose()
