"""A small ward for tests: four people and ten days, lived as the forty and their ten weeks are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, inspect, text

from app.core.clock import Clock, HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.demo import hospital, ward
from app.demo.ward import Person
from app.worker import Worker
from tests.conftest import WEDNESDAY_TEN
from tests.support import stories

OPENING = WEDNESDAY_TEN
PAST = timedelta(days=10)


def _someone(given: str, began: int, bent: str) -> Person:
    return replace(next(person for person in ward.people() if person.given == given), began=began, bent=bent)


PEOPLE = (
    _someone("Marie", 8, "worsening"),
    _someone("Margaret", 6, "steady"),
    _someone("Odile", 8, "silent"),
    _someone("Claude", 9, "stopping"),
)


def demo_settings(database: Database) -> Settings:
    return Settings(environment="demo", database_url=database.url.render_as_string(hide_password=False))


def metronome(database: Database) -> Callable[[HandClock], None]:
    """What `vigie dev` hands over: every tick of the worker once."""
    settings = demo_settings(database)
    return lambda hand: Worker(settings, database, hand).run_once()


def live(database: Database, progress: hospital.Progress | None = None) -> bool:
    """The small ward, ready to open."""
    return hospital.ensure(
        database,
        demo_settings(database),
        Clock(database),
        progress,
        metronome=metronome(database),
        opening=OPENING,
        past=PAST,
        people=PEOPLE,
    )


NOT_COMPARED = {
    "audit": {"at", "hash", "previous"},
    "audit_head": {"hash"},
    "clock_offset": {"seconds", "turned_at"},
    "message": {"carrier_id", "lease_by"},
    "number_check": {"seed"},
    "staff": {"password_hash"},
}
"""Real time, seals over it, salts, and names a carrier chose: all else must be the same."""
NOT_THE_STORY = {"alembic_version", "heartbeat", "staff_session", "sign_in_attempt"}


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as the story left it."""
    found: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as connection:
        for table in sorted(inspect(engine).get_table_names()):
            if table in NOT_THE_STORY:
                continue
            # The names of tables come from the database itself.
            taken = connection.execute(text(f'SELECT * FROM "{table}" ORDER BY 1')).mappings()
            left_out = NOT_COMPARED.get(table, set())
            found[table] = [{key: value for key, value in row.items() if key not in left_out} for row in taken]
    return found


@dataclass
class Ward:
    """A service founded ten days before the opening, nobody in it yet."""

    database: Database
    clock: HandClock
    service_id: int

    def beat(self, at: datetime) -> None:
        """The worker's round at this hour."""
        self.clock.at = at
        metronome(self.database)(self.clock)


@contextmanager
def a_ward(server: Any) -> Iterator[Ward]:
    with server.copy() as url:
        database = Database(url).in_a_hurry()
        stories.begin(database, server, [])

        def founded() -> int:
            with database.transaction() as session:
                return hospital.found(session, OPENING, timedelta(days=10)).id

        yield Ward(database, HandClock(OPENING - timedelta(days=10)), stories.of(database).live("founded", founded))
        database.dispose()
