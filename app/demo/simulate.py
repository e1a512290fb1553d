"""Days lived through the real doors: the clock jumps from one thing due to the next, people and team do what their habits say.

The state of the story is the database and nothing else: a life cut short goes on from its rows, and so does the demonstration when
its clock is turned forward in front of somebody.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.demo.dice import Dice
from app.demo.following import Following
from app.demo.passing_on import PassingOn
from app.demo.patients import Patients
from app.demo.pharmacy import Pharmacy
from app.demo.pulse import Pulse
from app.demo.rounds import Rounds, Seen, look
from app.demo.team import Act, Planned, Team
from app.demo.ward import Person

Metronome = Callable[[HandClock], object]
"""Runs every tick of the worker once, at this clock's hour, sending included. Given by whoever stands above: the worker is out of sight."""

WHOLE = timedelta(days=3)
"""Between two whole rounds; plans reach three weeks ahead at least, so that none runs out in between."""

Tell = Callable[[float, str], None]


def last_act(session: Session, service_id: int) -> datetime | None:
    """The hour the story of a service has reached."""
    return session.scalar(select(func.max(AuditRow.acted_at)).where(AuditRow.chain == service_id))


class Life:
    """One ward living from the hour of ``clock`` on. ``opening``: while its past is lived, with everybody's arrival and the team at work.

    Without it the demonstration is open: alerts wait for the people at the screens. followed: in programmes too.
    """

    def __init__(
        self,
        database: Database,
        service_id: int,
        clock: HandClock,
        metronome: Metronome,
        *,
        seed: int,
        opening: datetime | None = None,
        people: Sequence[Person] | None = None,
        absent: frozenset[str] = frozenset(),
        followed: bool = True,
    ) -> None:
        dice = Dice(seed)
        self._database, self._service_id, self._clock, self._metronome = database, service_id, clock, metronome
        self._opening = opening
        self._patients = Patients(database, service_id, dice, people=people, absent=absent)
        self._team = Team(database, service_id, dice, opening) if opening else None
        self._following = Following(database, service_id, dice, opening) if opening and followed else None
        self._pharmacy = Pharmacy(database, service_id, dice, self._patients.people)
        self._pulse = Pulse(service_id)
        self._rounds, self._seen = Rounds(database, clock), Seen()
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._order = count()

    def live(self, until: datetime, tell: Tell = lambda _done, _words: None) -> None:
        """Everything that happens until this hour, in order."""
        start = self._go_on()
        if self._opening is not None and self._team is not None:
            self._plan(self._patients.arrivals(self._opening))
            self._plan(self._patients.unasked(self._opening, start, until))
            self._plan(self._team.morning(start))
            self._plan(PassingOn(self._database, self._service_id).planned(self._opening, start))
            self._plan(self._pharmacy.planned(self._opening, start, until))
        if self._following is not None:
            self._plan(self._following.planned(start))
        self._plan(self._whole_round(start))
        self._look()
        while (at := self._next(until)) is not None:
            self._clock.at = max(at, self._clock.at)
            tell(min(1.0, (self._clock.at - start) / max(until - start, until.resolution)), f"{self._clock.at:%Y-%m-%d}")
            self._do_what_is_due()
            self._look()
        self._clock.at = max(until, self._clock.at)
        self._metronome(self._clock)
        tell(1.0, f"{until:%Y-%m-%d}")

    def _go_on(self) -> datetime:
        """The hour the story has reached: that of its last act, when there is one."""
        with self._database.reading() as session:
            reached = last_act(session, self._service_id)
            self._pulse.start_after(session)
        self._clock.at = max(self._clock.at, reached or self._clock.at)
        return self._clock.at

    def _plan(self, acts: Iterable[Planned]) -> None:
        for at, act in acts:
            heapq.heappush(self._agenda, (at, next(self._order), act))

    def _next(self, until: datetime) -> datetime | None:
        due = self._rounds.next(self._seen)
        times = [at for at in (due, self._agenda[0][0] if self._agenda else None) if at is not None and at <= until]
        return min(times, default=None)

    def _do_what_is_due(self) -> None:
        """People first, then the worker's steps."""
        while self._agenda and self._agenda[0][0] <= self._clock.at:
            _, _, act = heapq.heappop(self._agenda)
            self._plan(act(self._clock.at))
        self._rounds.take(self._seen)

    def _whole_round(self, now: datetime) -> list[Planned]:
        """Now and then, everything the worker does: longer plans, what was forgotten, what could not be judged."""
        self._metronome(self._clock)
        return [(now + WHOLE, self._whole_round)]

    def _look(self) -> None:
        """Who heard what, and what waits for somebody."""
        with self._database.reading() as session:
            self._seen = look(session)
            texts, alerts, tasks = self._pulse.look(session, self._seen)
            for text in texts:
                self._plan(self._patients.hears(session, text))
            if self._team is not None:
                self._plan(self._team.sees(session, alerts, tasks))
        self._rounds.told({text.purpose for text in texts})
