"""Point 2: two databases, one code. Times aware UTC on both; what is committed stays; one door, one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from app.core.clock import ClockOffset
from app.core.db import Database, after_commit, is_sqlite
from app.people.models import Hospital, Shift

REUNION = timezone(timedelta(hours=4))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """As the program opens it: the other tests' own does not wait for the disk."""
    database = Database(database_url)
    yield database
    database.dispose()


def _hospital(name: str, at: datetime) -> Hospital:
    return Hospital(name=name, created_at=at)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (datetime(2026, 11, 18, 0, 0, tzinfo=REUNION), datetime(2026, 11, 17, 20, 0, tzinfo=UTC)),
        (datetime(2026, 7, 1, 0, 30, tzinfo=ZoneInfo("Europe/Paris")), datetime(2026, 6, 30, 22, 30, tzinfo=UTC)),
        (datetime(2026, 11, 18, 9, 0, 0, 123456, tzinfo=UTC), datetime(2026, 11, 18, 9, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_times_are_aware_utc_in_rows(database: Database, written: datetime, read: datetime) -> None:
    with database.transaction() as session:
        session.add(_hospital("Saint-Denis", written))
    with database.reading() as session:
        [stored] = session.scalars(select(Hospital.created_at))
        assert session.scalar(select(Hospital.id).where(Hospital.created_at == read)) is not None
    assert stored == read
    assert stored.utcoffset() == timedelta(0)


def test_a_time_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="a time without zone cannot be stored"), database.transaction() as session:
        session.add(_hospital("Saint-Denis", datetime(2026, 11, 18, 9, 0)))


def test_an_error_rolls_everything_back(database: Database) -> None:
    def fail_half_way() -> None:
        with database.transaction() as session:
            session.add(_hospital("Saint-Denis", datetime(2026, 11, 18, tzinfo=UTC)))
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()
    with database.reading() as session:
        assert session.scalars(select(Hospital)).all() == []


def test_what_waits_for_the_commit_runs_after_it_and_sees_it(database: Database) -> None:
    seen: list[int] = []

    def look() -> None:
        with database.transaction() as other:
            seen.append(len(other.scalars(select(Hospital)).all()))

    with database.transaction() as session:
        session.add(_hospital("Saint-Denis", datetime(2026, 11, 18, tzinfo=UTC)))
        after_commit(session, look)
        assert seen == []
    assert seen == [1]


def test_what_waits_for_the_commit_never_runs_after_a_rollback(database: Database) -> None:
    seen: list[str] = []

    def fail() -> None:
        with database.transaction() as session:
            after_commit(session, lambda: seen.append("called"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert seen == []


def test_the_database_refuses_what_a_reading_page_would_write(database: Database) -> None:
    """GET changes nothing: the write would never be committed, so it is an error and not a silence."""
    with pytest.raises(DBAPIError, match=r"read-?only"), database.reading() as session:
        session.add(_hospital("Saint-Denis", datetime(2026, 11, 18, tzinfo=UTC)))
        session.flush()
    with database.transaction() as session:
        session.add(_hospital("Saint-Pierre", datetime(2026, 11, 18, tzinfo=UTC)))
    with database.reading() as session:
        assert [row.name for row in session.scalars(select(Hospital))] == ["Saint-Pierre"]


def test_a_row_that_points_nowhere_is_refused(database: Database) -> None:
    at = datetime(2026, 11, 18, tzinfo=UTC)
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Shift(service_id=999, staff_id=999, kind="ward", starts_at=at, ends_at=at + timedelta(hours=8)))


def test_concurrent_writers_lose_nothing(database: Database) -> None:
    """Eight threads, ten increments each, read and written in one transaction: 80 in the end on both engines."""
    with database.transaction() as session:
        session.add(ClockOffset(id=1, seconds=0, turned_at=datetime(2026, 11, 18, tzinfo=UTC)))
    problems: list[Exception] = []

    def ten_times() -> None:
        try:
            for _ in range(10):
                with database.transaction() as session:
                    row = session.get_one(ClockOffset, 1, with_for_update=True)
                    row.seconds += 1
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=ten_times) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert (problems, session.get_one(ClockOffset, 1).seconds) == ([], 80)


def test_a_transaction_may_end_in_another_thread_than_it_began(database: Database) -> None:
    """The web framework enters and leaves it in threads of its own choice."""
    door = database.transaction()
    entered = threading.Thread(target=door.__enter__)
    entered.start()
    entered.join()
    door.__exit__(None, None, None)
    with database.transaction() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_only_the_demonstration_s_past_does_not_wait_for_the_disk(database: Database) -> None:
    hurried = database.in_a_hurry()
    question, careless, careful = ("PRAGMA synchronous", 0, 2) if database.is_sqlite else ("SHOW synchronous_commit", "off", None)
    with hurried.reading() as session:
        assert session.scalar(text(question)) == careless
    hurried.dispose()
    if careful is not None:
        with database.reading() as session:
            assert session.scalar(text(question)) == careful


class TestSqlite:
    """SQLite alone: what makes it safe for an answered webhook."""

    @pytest.fixture
    def engine_name(self) -> str:
        return "sqlite"

    @pytest.mark.parametrize(
        ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30000)]
    )
    def test_is_set_up_to_lose_nothing_at_power_failure(self, database: Database, pragma: str, value: object) -> None:
        with database.reading() as session:
            assert session.scalar(text(f"PRAGMA {pragma}")) == value
            assert is_sqlite(session)

    def test_a_read_that_turns_into_a_write_does_not_fail(self, database: Database, database_url: str) -> None:
        """Two processes: with a deferred BEGIN the second to write would be refused at once; here it waits for its turn."""
        other = Database(database_url)
        order: list[str] = []
        reading, go_on = threading.Event(), threading.Event()

        def first() -> None:
            with other.transaction() as session:
                session.scalars(select(Hospital)).all()
                reading.set()
                go_on.wait()
                session.add(_hospital("first", datetime(2026, 11, 18, tzinfo=UTC)))
                order.append("first")

        def second() -> None:
            with database.transaction() as session:
                session.scalars(select(Hospital)).all()
                session.add(_hospital("second", datetime(2026, 11, 18, tzinfo=UTC)))
                order.append("second")

        one, two = threading.Thread(target=first), threading.Thread(target=second)
        one.start()
        reading.wait()
        two.start()
        go_on.set()
        one.join()
        two.join()
        other.dispose()
        assert order == ["first", "second"]


class TestPostgres:
    """PostgreSQL alone."""

    @pytest.fixture
    def engine_name(self) -> str:
        return "postgresql"

    def test_is_not_taken_for_sqlite(self, database: Database) -> None:
        with database.reading() as session:
            assert not is_sqlite(session)
