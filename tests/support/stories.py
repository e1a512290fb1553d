"""Days that were lived before are not lived again: a test that begins as another one did finds the database as that one left it.

Most tests of the check-ins begin alike: a ward, somebody followed since Monday, the worker ticking until Wednesday. The first two
times those days are lived; then the database is put back as they left it, with what the telephones received. Only where nothing else
can have happened: every step went through the chain, no other commit was made in between by anybody in this process, no test asks
for a patched world or listens to logs. Anything else, and the days are lived as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Engine, event, update

from app.core import audit, clock
from app.core.clock import HandClock
from app.core.db import Database
from app.insight.models import Heartbeat
from app.messaging import links
from notifications.transports.simulator import Simulator
from tests.support.databases import Postgres, Sqlite

Said = TypeVar("Said")

STRANGE = frozenset({"monkeypatch", "caplog", "capsys", "capfd", "recwarn", "house_key"})
"""Fixtures that change the program or look at what it says while it runs: their tests live every day."""
SEEN_BEFORE = 2
"""How often days are lived before they are kept: those of one test alone are not worth a copy."""
WORTH_KEEPING = 2
"""Ticks. One costs what a copy costs."""


class _Commits:
    """Of every engine of this process."""

    count = 0


@event.listens_for(Engine, "commit")
def _count(_connection: Any) -> None:
    _Commits.count += 1


@dataclass(frozen=True)
class Kept:
    """What some days left: a copy in the server, and what the telephones had received."""

    copy: Any
    received: list[Any]
    hour: datetime


@dataclass
class Story:
    """What was lived on one test's database through the chain; ``steps`` is None from the first thing that was not."""

    database: Database | None = None
    server: Sqlite | Postgres | None = None
    steps: tuple[str, ...] | None = ()
    _commits: int = field(default_factory=lambda: _Commits.count)
    _hour: datetime | None = None

    known: ClassVar[dict[tuple[str, ...], Kept]] = {}
    lived: ClassVar[dict[tuple[str, ...], int]] = {}
    current: ClassVar[Story | None] = None

    def live(self, step: str, do: Callable[[], Said]) -> Said:
        """Do it, and write it down with its hour in the step's name."""
        self._notice()
        done = do()
        self._add(step)
        return done

    def ticks(self, hours: list[datetime], turned: HandClock, phones: Simulator, tick: Callable[[], object]) -> None:
        """One tick at each hour; as many of the first ones as were kept are found done."""
        self._notice()
        if turned.now() != self._hour:
            self._add(f"turned to {turned.now()}")
        if phones.faults or phones._unheard or phones.make_id is not Simulator.make_id or type(phones) is not Simulator:
            self.steps = None
        ahead = [f"tick at {hour}" for hour in hours]
        found = self._find(ahead, turned, phones)
        for hour in hours[found:]:
            turned.at = hour
            tick()
        if self.steps is not None:
            self._add(*ahead)
            self._hour = turned.now()
            if len(hours) - found >= WORTH_KEEPING:
                self._keep(turned, phones)

    def _add(self, *steps: str) -> None:
        if self.steps is not None:
            self.steps, self._commits = (*self.steps, *steps), _Commits.count

    def _where(self, ahead: list[str]) -> tuple[str, ...]:
        """What a copy is found by: the database, what seals and links are made with, and all that happened."""
        assert self.database is not None
        return (str(self.database.url), audit._Seal.key.hex(), links._Door.key.hex(), links._Door.public_url, *(self.steps or ()), *ahead)

    def _find(self, ahead: list[str], turned: HandClock, phones: Simulator) -> int:
        """Put back what the most of these ticks left, and say how many they were; 0 when they must all be lived."""
        if self.steps is None:
            return 0
        for count in range(len(ahead), 0, -1):
            if kept := self.known.get(self._where(ahead[:count])):
                self._put_back(kept, turned, phones)
                return count
        return 0

    def _keep(self, turned: HandClock, phones: Simulator) -> None:
        where = self._where([])
        self.lived[where] = self.lived.get(where, 0) + 1
        if self.lived[where] == SEEN_BEFORE and self.database is not None and self.server is not None:
            if copy := self.server.keep(self.database):
                self.known[where] = Kept(copy, list(phones._received), turned.now())
            self._commits = _Commits.count

    def _notice(self) -> None:
        """Somebody else wrote, or is in the middle of it."""
        if _Commits.count != self._commits or self.database is None or self.database.engine.pool.checkedout():  # type: ignore[attr-defined]
            self.steps = None

    def _put_back(self, kept: Kept, turned: HandClock, phones: Simulator) -> None:
        assert self.database is not None
        assert self.server is not None
        self.server.put_back(self.database, kept.copy)
        phones._received[:] = kept.received
        turned.at = kept.hour
        with self.database.transaction() as session:  # on the wall the worker beat just now, as it would have
            session.execute(update(Heartbeat).values(at=clock.wall()))


def begin(database: Database, server: Sqlite | Postgres, fixtures: list[str]) -> None:
    """A test has its database; what follows is its story."""
    Story.current = None if STRANGE.intersection(fixtures) else Story(database, server)


def of(database: Database) -> Story:
    """The story of this database; where nobody began one, one in which everything is lived."""
    return Story.current if Story.current is not None and Story.current.database is database else Story(steps=None)
