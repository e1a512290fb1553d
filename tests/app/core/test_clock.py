"""The demonstration's clock: an offset that every process reads, forward only once turned; the wall keeps running beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock as clocks
from app.core.clock import Clock, HandClock
from app.core.db import Database
from app.core.errors import Refusal


def _turned(database: Database, to: datetime) -> None:
    with database.transaction() as session:
        clocks.turn(session, to=to)


def _close(a: datetime, b: datetime) -> bool:
    return abs(a - b) < timedelta(seconds=30)


def test_a_clock_without_database_is_the_wall() -> None:
    assert _close(Clock().now(), clocks.wall())
    assert Clock().now().tzinfo is UTC


def test_not_turned_it_is_the_wall(database: Database) -> None:
    assert _close(Clock(database).now(), clocks.wall())


def test_every_process_follows_the_turned_clock(database: Database) -> None:
    past = clocks.wall() - timedelta(days=70)
    _turned(database, past)
    assert _close(Clock(database).now(), past)
    assert _close(Clock(database).now(), past)


def test_turning_further_is_seen_at_once_by_whoever_forgets(database: Database) -> None:
    here = Clock(database, refresh_seconds=3600)
    _turned(database, clocks.wall() - timedelta(days=70))
    before = here.now()
    _turned(database, before + timedelta(hours=6))
    assert _close(here.now(), before)
    here.forget()
    assert _close(here.now(), before + timedelta(hours=6))


def test_it_only_goes_forward(database: Database) -> None:
    past = clocks.wall() - timedelta(days=70)
    _turned(database, past)
    with pytest.raises(Refusal, match="only goes forward"):
        _turned(database, past - timedelta(minutes=1))
    assert _close(Clock(database).now(), past)


def test_the_wall_is_not_turned(database: Database) -> None:
    """Sign-in and the audit trail keep real time."""
    before = clocks.wall()
    _turned(database, before + timedelta(days=2))
    assert _close(clocks.wall(), before)


def test_a_clock_turned_by_hand_goes_where_it_is_put() -> None:
    clock = HandClock(datetime(2026, 11, 18, 9, 0, tzinfo=UTC))
    assert clock.forward(hours=2, minutes=30) == datetime(2026, 11, 18, 11, 30, tzinfo=UTC)
    assert clock.now() == datetime(2026, 11, 18, 11, 30, tzinfo=UTC)
