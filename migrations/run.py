"""To head, and whether we are there: one file knows Alembic's own interface."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from app.core.db import Database
from migrations.tables import metadata


class NewerDatabase(Exception):
    """The database is at a revision this program does not know: nothing was changed; start the newer program instead."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(connection: Connection) -> str:
    """The revision the database is at, "" when empty."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(database: Database) -> str:
    """Bring the database to head in one transaction; returns the revision. Raises NewerDatabase rather than touch an unknown one."""
    config = _config()
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            # Two processes that start together would otherwise both create the tables.
            connection.execute(text("SELECT pg_advisory_xact_lock(20261122)"))
        here = current(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if here and here not in known:
            raise NewerDatabase(
                f"the database is at revision {here}, which this version does not know; nothing was changed: run the newer version"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head()


def drift(database: Database) -> list[str]:
    """Differences between the tables as migrated and as the code declares them; empty when none."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, metadata())]


def grant(database: Database, role: str) -> None:
    """PostgreSQL: let the application's role work without owning anything; the audit trail it may only read and extend."""
    quoted = '"' + role.replace('"', '""') + '"'
    with database.engine.begin() as connection:
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"))
        connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}"))
        connection.execute(text(f"REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM {quoted}"))
        connection.execute(
            text(f"REVOKE DELETE, TRUNCATE ON audit_head, message, delivery_event, alert_event, assessment, answer FROM {quoted}")
        )
