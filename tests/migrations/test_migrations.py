"""Point 2: from empty to head on both engines, no drift, a newer database refused, and rows that only grow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.exc import DBAPIError

from app.core.db import Base, Database
from migrations.run import NewerDatabase, current, drift, head, upgrade
from migrations.tables import ROOMS, metadata


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.dispose()


def _tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def _revision(database: Database) -> str:
    with database.engine.connect() as connection:
        return current(connection)


def test_from_empty_to_head_and_the_code_finds_its_tables(empty: Database) -> None:
    assert (_tables(empty), _revision(empty)) == (set(), "")
    assert upgrade(empty) == head()
    assert _tables(empty) == {*metadata().tables, "alembic_version"}
    assert _revision(empty) == head()
    assert drift(empty) == []


def test_the_second_time_changes_nothing(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.begin() as connection:
        connection.execute(text("INSERT INTO hospital (name, created_at) VALUES ('Baie', '2026-11-18 09:00:00+00:00')"))
    assert upgrade(empty) == head()
    with empty.engine.connect() as connection:
        assert connection.scalar(text("SELECT name FROM hospital")) == "Baie"


def test_drift_is_told(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.begin() as connection:
        connection.execute(text("ALTER TABLE hospital ADD COLUMN colour VARCHAR(10)"))
    [difference] = drift(empty)
    assert "remove_column" in difference
    assert "colour" in difference


def test_a_newer_database_is_refused_and_left_alone(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="revision 9999, which this version does not know; nothing was changed"):
        upgrade(empty)
    assert _revision(empty) == "9999"


def test_a_failed_step_leaves_nothing_half_done(empty: Database) -> None:
    """A table of the same name is in the way: the whole upgrade is undone, and the next start says the same thing."""
    with empty.engine.begin() as connection:
        connection.execute(text("CREATE TABLE patient (id INTEGER PRIMARY KEY)"))
    with pytest.raises(DBAPIError, match="already exists"):
        upgrade(empty)
    assert _tables(empty) == {"patient"}


def test_every_room_that_has_tables_is_known_to_the_migrations() -> None:
    """A forgotten room would be dropped as drift, or never created."""
    rooms = {mapper.class_.__module__ for mapper in Base.registry.mappers}
    assert rooms == {room.__name__ for room in ROOMS}
    assert isinstance(metadata(), MetaData)


GROWING = (
    "audit",
    "delivery_event",
    "alert_event",
    "assessment",
    "clinician_grade",
    "doctor_request_event",
    "stage_change",
    "recipient_consent",
)


@pytest.mark.parametrize("table", GROWING)
def test_rows_that_only_grow_are_guarded_by_the_database(database: Database, table: str) -> None:
    """SEC-26. The triggers are there on both engines; the audit trail's own tests show one refusing."""
    with database.reading() as session:
        if database.is_sqlite:
            found = session.scalars(text(f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'")).all()
            assert set(found) == {f"{table}_no_update", f"{table}_no_delete"}
        else:
            found = session.scalars(text(f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal")).all()
            assert set(found) == {f"{table}_grows", f"{table}_stays"}
