"""The metronome: a visible table of how often, and what. It holds no state: whatever must happen is a row with a due time.

Any number of workers may tick on one PostgreSQL: each step claims its row by condition.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.orm import Session

from app.alerts import arrival, asked, escalation, holes, road, spending
from app.care import calls, city, pausing, programmes
from app.care import endings as follow_up_ends
from app.care import planning as call_plans
from app.checkins.judging import assessing
from app.checkins.rhythm import endings, freezing, late_calls, opening, planning, reaching, silences, watched
from app.checkins.texts import conversation, floods, verifying
from app.core import clock
from app.core.clock import Clock, HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.insight import watch
from app.messaging import carriers, inbox, links, lost
from app.messaging.postman import Postman
from app.people import absences, journeys
from notifications.messages import Channel
from notifications.transports.base import Transport

log = structlog.get_logger(__name__)

Due = Callable[[Session, datetime], list[int]]
Step = Callable[[Session, int, datetime], Any]


@dataclass
class Round:
    """One run of one tick: what it stands on, and how it went."""

    database: Database
    postman: Postman
    transports: Mapping[Channel, Transport]
    settings: Settings
    now: datetime
    done: int = 0
    failed: int = 0
    crashed: bool = False
    found: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tick:
    """Every so many seconds of the wall, this function. ``run`` never raises for one row."""

    seconds: float
    name: str
    run: Callable[[Round], None]


def each(due: Due, step: Step) -> Callable[[Round], None]:
    """Ask what is due, then take one row per transaction: a bad row is logged, and the others go on."""

    def run(round_: Round) -> None:
        with round_.database.reading() as session:
            ids = due(session, round_.now)
        for number in ids:
            try:
                with round_.database.transaction() as session:
                    step(session, number, round_.now)
                round_.done += 1
            except Exception:
                round_.failed += 1
                log.exception("a row could not be stepped; the others go on", where=f"{step.__module__}.{step.__name__}")

    return run


MOST_UNREAD, READ_AT_ONCE = 2000, 200
"""Texts looked through for danger, and texts read, in one round of five seconds: a flood is read in several, its dangers in the first."""


def read(round_: Round) -> None:
    """Texts whose reading did not end: the web process died, or the reading failed."""
    with round_.database.reading() as session:
        pressing, others = floods.dangers_first(session, inbox.unread(session, limit=MOST_UNREAD))
    for message_id in pressing:
        floods.alarm(round_.database, message_id, round_.now)
    for message_id in [*pressing, *others][:READ_AT_ONCE]:
        round_.done += conversation.process(round_.database, message_id, now=round_.now)


def deliver(round_: Round) -> None:
    """The net under the postman's own thread."""
    tally = round_.postman.round()
    round_.done += tally.touched


def find_lost(round_: Round) -> None:
    """Texts the carrier could not tell us of; ``read_unread`` reads them, and whoever watches the worker is told."""
    found = lost.find(round_.database, round_.transports.values(), round_.now)
    round_.done += len(found)
    round_.found += ["lost_texts"] if found else []


def follow(round_: Round) -> None:
    """Was the patient told? Written on the alert whose safety text it was."""
    with round_.database.transaction() as session:
        round_.done += escalation.follow_deliveries(session, round_.now)


def note_answered(round_: Round) -> None:
    """Check-ins that were answered have come to their end."""
    with round_.database.transaction() as session:
        round_.done += endings.note_answered(session, round_.now)


def sweep(round_: Round) -> None:
    """What should have moved and has not: told to the operator, and shown by /readyz."""
    with round_.database.reading() as session:
        findings = watch.sweep(session, round_.now)
    for finding in findings:
        log.error(finding.sentence, kind=finding.kind, count=finding.count)
        round_.found.append(finding.kind)


TICKS: tuple[Tick, ...] = (
    Tick(600, "find_lost", find_lost),
    Tick(5, "read_unread", read),
    Tick(60, "judge_again", each(lambda session, now: assessing.unjudged_due(session), assessing.rejudge)),
    Tick(300, "absences", each(absences.begin_due, freezing.begin)),
    Tick(300, "thaw", each(freezing.thaw_due, freezing.thaw)),
    Tick(300, "still_frozen", each(freezing.unknown_end_due, freezing.tell_unknown_end)),
    Tick(300, "watching", each(watched.due, watched.step)),
    Tick(3600, "watching_missing", each(watched.missing_due, watched.tell_missing)),
    Tick(300, "travel", each(journeys.due, planning.depart)),
    Tick(300, "codes", each(verifying.unanswered_due, verifying.tell_unanswered)),
    Tick(900, "renew_numbers", each(verifying.renewal_due, verifying.renew)),
    Tick(900, "plan", each(planning.to_plan, planning.plan_one)),
    Tick(43200, "plan_all", each(planning.followed, planning.plan_one)),
    Tick(20, "open_due", each(opening.due, opening.open_one)),
    Tick(20, "remind", each(silences.remind_due, silences.remind)),
    Tick(20, "relative", each(reaching.relative_due, reaching.tell_relative)),
    Tick(20, "silent", each(silences.silent_due, silences.close_window)),
    Tick(60, "answered", note_answered),
    Tick(60, "endings", each(endings.due, endings.settle)),
    Tick(60, "plan_calls", each(call_plans.to_plan, call_plans.plan_one)),
    Tick(60, "calls_stays", each(pausing.due, pausing.step)),
    Tick(60, "calls_missed", each(calls.missed_due, calls.mark_missed)),
    Tick(60, "calls_late", each(calls.late_due, calls.mark_late)),
    Tick(60, "city_overdue", each(city.overdue_due, city.mark_overdue)),
    Tick(300, "programmes_end", each(follow_up_ends.due, follow_up_ends.step)),
    Tick(60, "help_unchecked", each(arrival.unchecked_due, arrival.ring)),
    Tick(5, "escalate", each(escalation.due, escalation.step)),
    Tick(5, "requests", each(asked.due, asked.step)),
    Tick(60, "late_calls", each(late_calls.due, late_calls.tell)),
    Tick(20, "deliver", deliver),
    Tick(5, "follow_deliveries", follow),
    Tick(20, "unreached", each(silences.unreached_due, silences.tell_unreached)),
    Tick(60, "budget", each(spending.due, spending.tell)),
    Tick(20, "road_settle", each(road.settle_due, road.settle)),
    Tick(300, "road_test", each(road.daily_due, road.begin_daily)),
    Tick(3600, "coverage", each(lambda session, now: holes.services(session), holes.check)),
    Tick(60, "sweep", sweep),
)
"""How often (seconds) and what, in the order ``run_once`` takes them."""

ONLY_SCHEDULED = frozenset({"plan_all", "road_test", "coverage", "watching_missing"})
"""Not part of ``run_once``: the screens replan, and look at the rota again, after every change, and this is the net under a forgotten
call; a past lived fast is not the place for tests of the road, nor for asking after papers."""

STUCK = timedelta(minutes=3)
"""A quick tick that has not ended well for this long keeps the watchdog outside from being told that all is well (REL-06)."""

BEAT_SECONDS = 15
"""A tick's heartbeat is written this often at most."""


class Worker:
    """One metronome and one postman. Threads only between ``start`` and ``stop``."""

    def __init__(
        self, settings: Settings, database: Database, clock_: Clock | HandClock, transports: Mapping[Channel, Transport] | None = None
    ) -> None:
        self._settings, self._database, self._clock = settings, database, clock_
        links.use_settings(settings)
        programmes.use_settings(settings)
        self._transports = transports or carriers.transports(settings)
        self.postman = Postman(database, self._transports, clock_.now, idle=settings.worker_tick_seconds)
        self._scheduler: BackgroundScheduler | None = None
        self._stopped = threading.Event()
        self._beaten: dict[str, datetime] = {}
        self._started = clock.wall()

    def run_once(self, now: datetime | None = None) -> None:
        """Every tick once, in order, at the clock's hour or at ``now``: tests, and the demonstration's past."""
        results = {tick.name: self._run(tick, now) for tick in TICKS if tick.name not in ONLY_SCHEDULED}
        failed = {name: round_.failed for name, round_ in results.items() if round_.failed}
        with self._database.transaction() as session:
            watch.beat(session, "worker", clock.wall(), {"failed": failed, "found": results["sweep"].found + results["find_lost"].found})

    def start(self) -> None:
        """Tick in threads of their own until ``stop``. Times live in memory; a missed run is made up for once, never dropped."""
        self._started = clock.wall()
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for tick in TICKS:
            seconds = min(tick.seconds, self._settings.worker_tick_seconds) if tick.seconds <= 5 else tick.seconds
            first = clock.wall()  # at once: whatever was missed while no worker ran is due now
            self._scheduler.add_job(self._tick, "interval", seconds=seconds, args=[tick], id=tick.name, next_run_time=first)
        self._scheduler.add_job(self._pulse, "interval", seconds=30, id="pulse", next_run_time=clock.wall())
        self._scheduler.start()
        self.postman.start()

    def stop(self) -> None:
        """Finish what is in hand, then end."""
        self._stopped.set()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None
            self.postman.stop()

    def run(self) -> None:
        """Tick until SIGTERM, Ctrl-C or ``stop``. Only in the main thread."""
        before = {number: signal.signal(number, lambda *_: self._stopped.set()) for number in (signal.SIGTERM, signal.SIGINT)}
        self.start()
        try:
            self._stopped.wait()
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self, tick: Tick, now: datetime | None = None) -> Round:
        round_ = Round(self._database, self.postman, self._transports, self._settings, now or self._clock.now())
        try:
            tick.run(round_)
        except Exception:
            round_.failed, round_.crashed = round_.failed + 1, True
            log.exception("a tick failed; it is tried again at its next turn", tick=tick.name)
        return round_

    def _tick(self, tick: Tick) -> None:
        round_ = self._run(tick)
        wall = clock.wall()
        last = self._beaten.get(tick.name)
        if round_.crashed or (last is not None and (wall - last).total_seconds() < BEAT_SECONDS):
            return
        self._beaten[tick.name] = wall
        try:
            with self._database.transaction() as session:
                watch.beat(session, tick.name, wall, {"done": round_.done, "failed": round_.failed, "found": round_.found})
        except Exception:
            log.exception("a heartbeat could not be written", tick=tick.name)

    def _pulse(self) -> None:
        """Tell the watchdog outside that the database answers and every quick tick ends well; silence there calls a person (HZ-04)."""
        wall = clock.wall()
        stuck = [tick.name for tick in TICKS if tick.seconds <= 60 and wall - self._beaten.get(tick.name, self._started) > STUCK]
        if stuck:
            log.error("ticks have not ended well for minutes; the watchdog outside is not told that all is well", tick=", ".join(stuck))
            return
        try:
            with self._database.transaction() as session:
                watch.beat(session, "worker", wall)
            if self._settings.heartbeat_url:
                httpx2.get(self._settings.heartbeat_url, timeout=5, follow_redirects=False)
        except Exception:
            log.exception("the heartbeat did not reach its address")
