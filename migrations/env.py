"""Alembic's entry: runs on the connection handed over by ``migrations.run``, or generates against the settings' database."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

from app.core.db import Database, UtcDateTime
from app.core.settings import load
from migrations.tables import metadata


def _render(kind: str, value: Any, _context: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_as_batch=True,
        compare_type=True,
        render_item=_render,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    _run(connection)
else:
    settings = load()
    database = Database(settings.migration_database_url or settings.database_url)
    with database.engine.connect() as own:
        _run(own)
        own.commit()
    database.dispose()
