"""Days that were lived before are not lived again: a test that begins as another one did finds the database as that one left it.

Most tests of the check-ins begin alike: a ward, somebody followed since Monday, the worker ticking until Wednesday. The first two
times those days are lived; then the database is put back as they left it, with what the telephones received. Only where nothing else
can have happened: every step went through the chain, no other commit was made in between by anybody in this process, no test asks
for a patched world or listens to logs. Anything else, and the days are lived as ever.
"""

from __future__ import annotations

import pickle
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
from app.people.access_models import StaffSession
from notifications.transports.simulator import Simulator
from tests.support.databases import Postgres, Sqlite

Said = TypeVar("Said")

STRANGE = frozenset({"monkeypatch", "caplog", "capsys", "capfd", "recwarn", "house_key"})
"""Fixtures that change the program or look at what it says while it runs: their tests live every day."""
SEEN_BEFORE = 2
"""How often days are lived before they are kept: those of one test alone are not worth a copy."""
WORTH_KEEPING = 2
"""Ticks. One costs what a copy costs."""
MOST_KEPT = 60
"""In one process, on both engines; then the one not asked for the longest is forgotten: a server full of them is slow for everybody."""


class _Commits:
    """Of every engine of this process."""

    count = 0


@event.listens_for(Engine, "commit")
def _count(_connection: Any) -> None:
    _Commits.count += 1


@dataclass(frozen=True)
class Kept:
    """What some days left: a copy in the server, what was given back, and what the telephones had received."""

    server: Any
    copy: Any
    said: bytes
    received: list[Any]


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

    def live(self, step: str, do: Callable[[], Said], phones: Simulator | None = None) -> Said:
        """Do it, or find it done; ``step`` names it, with its hour and all it was told. What is given back is the test's own copy."""
        self._notice(phones)
        kept = self._found([step])
        done: Said = pickle.loads(kept.said) if kept else do()  # noqa: S301  # written by this very process
        self._add(step)
        if kept and phones:
            phones._received[:] = kept.received
        elif self.steps is not None and not kept:
            self._keep(pickle.dumps(done), list(phones._received) if phones else None)
        return done

    def ticks(self, hours: list[datetime], turned: HandClock, phones: Simulator, tick: Callable[[], object]) -> None:
        """One tick at each hour; as many of the first ones as were kept are found done."""
        self._notice(phones)
        if turned.now() != self._hour:
            self._add(f"turned to {turned.now()}")
        ahead = [f"tick at {hour}" for hour in hours]
        found = self._find(ahead, hours, turned, phones)
        for hour in hours[found:]:
            turned.at = hour
            tick()
        if self.steps is not None:
            self._add(*ahead)
            self._hour = turned.now()
            if len(hours) - found >= WORTH_KEEPING:
                self._keep(received=list(phones._received))

    def _add(self, *steps: str) -> None:
        if self.steps is not None:
            self.steps, self._commits = (*self.steps, *steps), _Commits.count

    def _where(self, ahead: list[str]) -> tuple[str, ...]:
        """What a copy is found by: the database, what seals and links are made with, and all that happened."""
        assert self.database is not None
        return (str(self.database.url), audit._Seal.key.hex(), links._Door.key.hex(), links._Door.public_url, *(self.steps or ()), *ahead)

    def _find(self, ahead: list[str], hours: list[datetime], turned: HandClock, phones: Simulator) -> int:
        """Put back what the most of these ticks left, and say how many they were; 0 when they must all be lived."""
        for count in range(len(ahead), 0, -1):
            if kept := self._found(ahead[:count]):
                phones._received[:], turned.at = kept.received, hours[count - 1]
                return count
        return 0

    def _keep(self, said: bytes = b"", received: list[Any] | None = None) -> None:
        where = self._where([])
        self.lived[where] = self.lived.get(where, 0) + 1
        if self.lived[where] == SEEN_BEFORE and self.database is not None and self.server is not None:
            if copy := self.server.keep(self.database):
                self.known[where] = Kept(self.server, copy, said, received or [])
            if len(self.known) > MOST_KEPT:
                oldest = self.known.pop(next(iter(self.known)))
                oldest.server.forget(oldest.copy)
            self._commits = _Commits.count

    def _notice(self, phones: Simulator | None = None) -> None:
        """Somebody else wrote, or is in the middle of it; or the telephones are not as they come."""
        if phones and (phones.faults or phones._unheard or phones.make_id is not Simulator.make_id or type(phones) is not Simulator):
            self.steps = None
        if _Commits.count != self._commits or self.database is None or self.database.engine.pool.checkedout():  # type: ignore[attr-defined]  # every pool here counts
            self.steps = None

    def _found(self, ahead: list[str]) -> Kept | None:
        """Put back what these steps left, if it is known."""
        if self.steps is None or self.database is None or self.server is None:
            return None
        where = self._where(ahead)
        kept = self.known.pop(where, None)
        if kept is None:
            return None
        self.known[where] = kept  # the last asked for stands last
        self.server.put_back(self.database, kept.copy)
        with self.database.transaction() as session:  # on the wall the worker beat and people signed in just now, as they would have
            session.execute(update(Heartbeat).values(at=clock.wall()))
            session.execute(update(StaffSession).values(created_at=clock.wall(), seen_at=clock.wall()))
        return kept


def begin(database: Database, server: Sqlite | Postgres, fixtures: list[str]) -> None:
    """A test has its database; what follows is its story."""
    Story.current = None if STRANGE.intersection(fixtures) else Story(database, server)


def of(database: Database) -> Story:
    """The story of this database; where nobody began one, one in which everything is lived."""
    return Story.current if Story.current is not None and Story.current.database is database else Story(steps=None)
