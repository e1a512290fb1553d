"""SEC-26 on PostgreSQL: the application connects with a role that owns nothing; the audit trail it may only read and extend."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from app.core import audit
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from migrations.run import grant
from tests.factories import World

KEPT = ("audit_head", "message", "delivery_event", "alert_event", "assessment", "answer")
"""Besides the trail: what was said, heard, judged and done is never deleted."""


@pytest.fixture
def engine_name() -> str:
    return "postgresql"


@pytest.fixture
def application(database: Database, world: World) -> Iterator[Database]:
    """The same database, seen by a role with no more rights than the application's."""
    role = f'vigie "{uuid.uuid4().hex[:8]}'  # a quotation mark in its name: it must not end the statement
    quoted = role.replace('"', '""')
    with database.engine.begin() as connection:
        connection.execute(text(f'CREATE ROLE "{quoted}" LOGIN'))
    grant(database, role)
    own = Database(make_url(database.url).set(username=role).render_as_string(hide_password=False))
    yield own
    own.dispose()
    with database.engine.begin() as connection:
        connection.execute(text(f'DROP OWNED BY "{quoted}"'))
        connection.execute(text(f'DROP ROLE "{quoted}"'))


def _act(application: Database, world: World, clock: HandClock, reason: str) -> None:
    with application.transaction() as session:
        audit.record(
            session, actor=audit.SYSTEM, action="test.act", subject="patient:1", service_id=world.service.id, reason=reason, now=clock.now()
        )


def test_the_application_reads_and_extends_the_trail(application: Database, world: World, clock: HandClock) -> None:
    _act(application, world, clock, "premier")
    _act(application, world, clock, "deuxième")
    with application.reading() as session:
        assert session.query(AuditRow.reason).filter(AuditRow.action == "test.act").all() == [("premier",), ("deuxième",)]
        assert list(audit.verify(session)) == []


FORBIDDEN = (
    ("UPDATE audit SET reason = 'x'", "permission denied"),
    ("DELETE FROM audit", "permission denied"),
    ("TRUNCATE audit", "permission denied"),
    *((f"DELETE FROM {table}", "permission denied") for table in KEPT),
    ("CREATE TABLE mine (id INTEGER)", "permission denied"),
    ("ALTER TABLE audit DISABLE TRIGGER USER", "must be owner"),
    ("DROP TRIGGER audit_grows ON audit", "must be owner"),
    ("DROP TABLE audit", "must be owner"),
    ("SET session_replication_role = replica", "permission denied"),  # would silence the triggers
)


def test_it_changes_deletes_and_owns_nothing_of_it(application: Database, world: World, clock: HandClock) -> None:
    _act(application, world, clock, "premier")
    for statement, refusal in FORBIDDEN:
        with pytest.raises(DBAPIError, match=refusal), application.engine.begin() as connection:
            connection.execute(text(statement))
