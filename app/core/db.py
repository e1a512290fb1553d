"""Engine, base class, constraint names, and transaction(): the only place that commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import JSON, TypeDecorator

AFTER_COMMIT = "after_commit"
READ_ONLY = "vigie_read_only"
LONGEST_WAIT = 60
"""Seconds a writer waits for its turn on SQLite before it says that something is stuck."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware UTC out, on both engines: SQLite would otherwise drop the offset without converting."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone cannot be stored: {value!r}; give it a zone first")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table; constraints named by convention so that migrations can name them on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}


class Database:
    """One engine and, on SQLite, one writer lock for the process: without it concurrent writers wait a second at the tail."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # Not re-entrant on purpose: the screens open and end a transaction in different threads.
        self._writer = threading.Lock()
        # hide_parameters: an error of the database must not carry a name or a message into a log.
        if self.is_sqlite:
            self.engine = create_engine(self.url, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": 30})
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", _sqlite_begin)
        else:
            # More connections than the web's 40 threads: a thread never waits for a connection held by a request without thread.
            self.engine = create_engine(self.url, hide_parameters=True, pool_size=10, max_overflow=40, pool_pre_ping=True)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: commits at the end, rolls everything back on any error, then runs what waited for the commit."""
        self._enter()
        session = Session(self.engine, expire_on_commit=False)
        try:
            yield session
            session.commit()
        finally:
            self._leave(session)
        for call in session.info.get(AFTER_COMMIT, ()):
            call()

    def _enter(self) -> None:
        if self.is_sqlite and not self._writer.acquire(timeout=LONGEST_WAIT):
            raise RuntimeError(f"no turn to write within {LONGEST_WAIT} s: a transaction is stuck, or was opened inside another one")

    def _leave(self, session: Session) -> None:
        try:
            session.close()
        finally:
            if self.is_sqlite:
                self._writer.release()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only looks: the database refuses a write, which would never be committed. Does not wait for the writer."""
        with Session(self.engine.execution_options(**{READ_ONLY: True, "postgresql_readonly": True}), expire_on_commit=False) as session:
            yield session

    def in_a_hurry(self) -> Database:
        """The same database through connections that do not wait for the disk at each commit: a power failure loses the last ones.

        For the demonstration's past alone, which `make reset` makes again. Every other connection keeps its promise.
        """
        other = Database(self.url.render_as_string(hide_password=False))
        statement = "PRAGMA synchronous=OFF" if self.is_sqlite else "SET synchronous_commit TO off"

        def hurry(connection: Any, _record: object) -> None:
            connection.execute(statement)
            connection.commit()

        event.listen(other.engine, "connect", hurry)
        return other

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Run ``call`` once the transaction that ``session`` belongs to has committed; never when it is rolled back."""
    session.info.setdefault(AFTER_COMMIT, []).append(call)


def _sqlite_connect(connection: Any, _record: object) -> None:
    # The driver's own BEGIN is deferred: a read that turns into a write would fail at once. We emit BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
    cursor.close()
    if synchronous != 2:
        raise RuntimeError(f"SQLite refuses synchronous=FULL (reads {synchronous}): an answered webhook could be lost at power failure")


def _sqlite_begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    # Straight to the driver: through the expression language these two would cost as much as a query, at every transaction.
    driver = connection.connection.cursor()
    driver.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
    driver.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")
    driver.close()


def is_sqlite(session: Session) -> bool:
    """Does this session speak to SQLite?"""
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    return engine.dialect.name == "sqlite"
