"""The tests' own memory: days put back are the days lived, row for row, and are never put back over something else."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.core.clock import HandClock
from app.core.db import Base, Database
from app.people.models import Service
from tests.app.checkins.conftest import MONDAY_TEN
from tests.factories import a_world
from tests.support import stories
from tests.support.chain import Chain
from tests.support.databases import Postgres, Sqlite

EVENING = MONDAY_TEN + timedelta(hours=8, minutes=7)
ASKED = MONDAY_TEN + timedelta(hours=48, minutes=7)
"""Hours at which no other test stops; by the second one Marie was asked."""
OF_THE_WALL_OR_DRAWN = {
    "audit": {"at", "hash", "previous"},
    "audit_head": {"hash"},
    "heartbeat": {"at"},
    "staff": {"password_hash"},
    "form_link": {"seed", "fingerprint"},
    "message": {"carrier_id", "lease_by"},
}


class Counting(Chain):
    """How often the worker ticked."""

    ticked = 0

    def _tick(self) -> None:
        type(self).ticked += 1
        super()._tick()


@pytest.fixture
def server(engine_name: str, request: pytest.FixtureRequest) -> Sqlite | Postgres:
    server: Sqlite | Postgres = request.getfixturevalue("sqlite_server" if engine_name == "sqlite" else "postgres")
    return server


def beginning(database: Database, server: Sqlite | Postgres) -> Counting:
    """A ward with Marie in it, as the fixtures make it."""
    clock = HandClock(MONDAY_TEN)
    stories.begin(database, server, [])

    def found() -> Any:
        with database.transaction() as session:
            return a_world(session, now=clock.now())

    world = stories.of(database).live("world", found)
    chain = Counting(database, clock, world)
    chain.follow()
    return chain


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, without what is of the wall's hour or drawn by lot."""
    with database.reading() as session:
        tables = {table.name: session.execute(select(table)).mappings().all() for table in Base.metadata.sorted_tables}
        kept = {
            name: [{key: value for key, value in row.items() if key not in OF_THE_WALL_OR_DRAWN.get(name, ())} for row in rows]
            for name, rows in tables.items()
        }
        return {name: sorted(rows, key=str) for name, rows in kept.items()}


def test_days_told_again_are_the_days_lived(server: Sqlite | Postgres) -> None:
    """Four tests one after another on an address that comes back: two live the days, two find them, and nobody sees a difference."""
    Counting.ticked, left = 0, []
    for _ in range(4):
        with server.copy() as url:
            database = Database(url)
            chain = beginning(database, server)
            chain.until(ASKED)
            there = everything(database)
            added = chain.follow(family_name="Payet", phone="+33639980002").id  # the counters go on where they were
            left.append((there, chain.received(), chain.clock.now(), added))
            database.dispose()
    assert Counting.ticked == 2 * 9
    assert left[0] == left[1] == left[2] == left[3]
    assert len(left[0][0]["audit"]) > 50
    assert left[0][1]


def test_later_days_begin_where_earlier_ones_were_kept(server: Sqlite | Postgres) -> None:
    """Two tests stop in the evening; the third, which goes on, lives the night alone."""
    for night in (0, 0, 6):
        with server.copy() as url:
            database = Database(url)
            chain = beginning(database, server)
            Counting.ticked = 0
            chain.until(EVENING)
            chain.until(EVENING + timedelta(hours=night))
            database.dispose()
    assert Counting.ticked == 1


@pytest.mark.parametrize("other", ["written", "turned", "fault", "open", "strange"])
def test_after_anything_else_days_are_lived(server: Sqlite | Postgres, other: str) -> None:
    """Something written by hand, another hour, a telephone out of order, a session left open, a patched program."""
    for _ in range(2):
        with server.copy() as url:
            database = Database(url)
            beginning(database, server).until(EVENING)
            database.dispose()
    with server.copy() as url:
        database = Database(url)
        chain = beginning(database, server)
        Counting.ticked = 0
        reader = ExitStack()
        if other == "open":
            reader.enter_context(database.reading()).execute(text("SELECT 1"))
        elif other == "written":
            with database.transaction() as session:
                session.scalars(select(Service)).one().phone = "0199004321"
        elif other == "turned":
            chain.clock.forward(minutes=1)
        elif other == "fault":
            chain.phones.faults["+33639980002"] = lambda message: (_ for _ in ()).throw(AssertionError(message))
        elif other == "strange":
            stories.begin(database, server, ["monkeypatch"])
            chain._story = stories.of(database)
        chain.until(EVENING)
        reader.close()
        assert Counting.ticked == 2
        database.dispose()
