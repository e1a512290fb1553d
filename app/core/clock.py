"""The only reading of the time. Crafts are given ``now``; this file is where it comes from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.db import Base, Database, UtcDateTime
from app.core.errors import Refusal


def wall() -> datetime:
    """The real time, aware UTC. Sign-in and the audit trail use it even when the demonstration's clock is turned."""
    return datetime.now(UTC)


class ClockOffset(Base):
    """How far the demonstration's clock runs from the wall, in seconds. At most one row; absent means not turned.

    Backwards while the ward's past is lived, then only forward: ``turn`` refuses to go back.
    """

    __tablename__ = "clock_offset"

    id: Mapped[int] = mapped_column(primary_key=True)
    seconds: Mapped[int] = mapped_column(BigInteger)
    turned_at: Mapped[datetime] = mapped_column(UtcDateTime)


def turn(session: Session, *, to: datetime) -> datetime:
    """Turn the demonstration's clock forward to ``to`` (aware UTC). Raises Refusal when that would go back."""
    row = session.get(ClockOffset, 1, with_for_update=True)
    current = wall() + timedelta(seconds=row.seconds if row else 0)
    if row is not None and to < current - timedelta(seconds=1):
        raise Refusal("The demonstration's clock only goes forward. Nothing was changed; choose a later time.")
    seconds = round((to - wall()).total_seconds())
    if row is None:
        session.add(ClockOffset(id=1, seconds=seconds, turned_at=wall()))
    else:
        row.seconds, row.turned_at = seconds, wall()
    session.flush()
    return to


@dataclass
class Clock:
    """Gives ``now`` to whoever opens a transaction. With a database it follows the demonstration's offset row."""

    database: Database | None = None
    refresh_seconds: float = 0.5
    _offset: timedelta = timedelta(0)
    _read_at: float = -1e9
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        """Aware UTC. Reads the offset row at most every ``refresh_seconds`` (seconds of the monotonic clock)."""
        if self.database is None:
            return wall()
        with self._lock:
            if time.monotonic() - self._read_at > self.refresh_seconds:
                with self.database.reading() as session:
                    seconds = session.scalar(select(ClockOffset.seconds).where(ClockOffset.id == 1))
                self._offset, self._read_at = timedelta(seconds=seconds or 0), time.monotonic()
            return wall() + self._offset

    def forget(self) -> None:
        """Read the row again at the next call (after a turn, so that the screen that turned it shows it)."""
        self._read_at = -1e9


@dataclass
class HandClock:
    """A clock turned by hand: tests and the demonstration's past."""

    at: datetime

    def now(self) -> datetime:
        """The hour it was set to."""
        return self.at

    def forget(self) -> None:
        """Nothing is remembered."""

    def forward(self, **delta: float) -> datetime:
        """Turn forward by a timedelta given by its parts (days=, hours=, minutes=, seconds=)."""
        self.at = self.at + timedelta(**delta)
        return self.at


Now = Callable[[], datetime]
