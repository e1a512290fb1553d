"""SEC-26: the audit trail is append-only and chained; the verifier names the first bad row."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import audit
from app.core.clock import HandClock
from app.core.db import Database
from tests.factories import World


def _three_acts(database: Database, world: World, clock: HandClock) -> None:
    with database.transaction() as session:
        for reason in ("premier", "deuxième", "troisième"):
            audit.record(
                session,
                actor=audit.SYSTEM,
                action="test.act",
                subject="patient:1",
                service_id=world.service.id,
                reason=reason,
                now=clock.now(),
            )


def _tamper(database: Database, statement: str) -> None:
    """Like somebody who owns the database: the triggers are taken away first."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for act in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{act}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def _verdict(database: Database) -> list[str]:
    with database.reading() as session:
        return list(audit.verify(session))


@pytest.mark.parametrize("statement", ["UPDATE audit SET reason = 'x'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_or_delete(database: Database, world: World, clock: HandClock, statement: str) -> None:
    _three_acts(database, world, clock)
    with pytest.raises(DBAPIError, match="never changed or deleted"), database.engine.begin() as connection:
        connection.execute(text(statement))
    assert _verdict(database) == []


def test_names_the_altered_row(database: Database, world: World, clock: HandClock) -> None:
    _three_acts(database, world, clock)
    _tamper(database, "UPDATE audit SET reason = 'rien' WHERE reason = 'deuxième'")
    [verdict] = _verdict(database)
    assert "was altered" in verdict
    with database.reading() as session:
        seq = session.scalar(text("SELECT seq FROM audit WHERE reason = 'rien'"))
    assert f"row {seq} " in verdict


def test_names_the_missing_row(database: Database, world: World, clock: HandClock) -> None:
    _three_acts(database, world, clock)
    with database.reading() as session:
        seq = session.scalar(text("SELECT seq FROM audit WHERE reason = 'deuxième'"))
    _tamper(database, "DELETE FROM audit WHERE reason = 'deuxième'")
    [verdict] = _verdict(database)
    assert f"row {seq} is missing" in verdict


def test_sees_a_cut_tail(database: Database, world: World, clock: HandClock) -> None:
    _three_acts(database, world, clock)
    _tamper(database, "DELETE FROM audit WHERE reason = 'troisième'")
    [verdict] = _verdict(database)
    assert "the head remembers" in verdict


def test_sees_two_rows_exchanged(database: Database, world: World, clock: HandClock) -> None:
    _three_acts(database, world, clock)
    _tamper(
        database,
        "UPDATE audit SET reason = CASE reason WHEN 'premier' THEN 'deuxième' WHEN 'deuxième' THEN 'premier' ELSE reason END "
        "WHERE reason IN ('premier', 'deuxième')",
    )
    [verdict] = _verdict(database)
    assert "was altered" in verdict
