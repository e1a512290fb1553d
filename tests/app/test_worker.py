"""The metronome: its table, its threads, and what happens when a tick or a row throws."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select
from structlog.types import EventDict

from app import worker
from app.checkins.models import CheckIn
from app.checkins.rhythm import opening
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.insight.models import Heartbeat
from app.worker import TICKS, Worker
from notifications.messages import Channel
from tests.factories import World
from tests.support.chain import MARIE, Chain

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def chain(database: Database, clock: HandClock, world: World) -> Chain:
    return Chain(database, clock, world)


SLOW = (
    "find_lost",
    "plan",
    "plan_all",
    "absences",
    "thaw",
    "still_frozen",
    "watching",
    "watching_missing",
    "travel",
    "codes",
    "renew_numbers",
    "road_test",
    "coverage",
    "programmes_end",
)
"""Ticks whose rows have days or minutes, not seconds."""


def test_the_table_names_each_tick_once() -> None:
    names = [tick.name for tick in TICKS]

    assert len(names) == len(set(names))
    assert {"read_unread", "open_due", "remind", "silent", "unreached", "escalate", "follow_deliveries", "deliver", "sweep"} <= set(names)
    assert all(tick.seconds <= 60 for tick in TICKS if tick.name not in SLOW)


def test_a_row_that_throws_leaves_the_others_alone(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row per transaction: a bad row never stops the queue."""
    people = [chain.follow(family_name=f"Patient {n}", phone=f"+336399803{n:02d}") for n in range(3)]
    poisoned = chain.checkin(people[1], datetime(2026, 11, 25, tzinfo=UTC).date())
    real = opening.ask

    def ask(session, checkin, *rest, **more):  # type: ignore[no-untyped-def]  # a stand-in, as short as can be
        if checkin.id == poisoned.id:
            raise RuntimeError("bad row")
        real(session, checkin, *rest, **more)

    monkeypatch.setattr(opening, "ask", ask)
    chain.until(WEDNESDAY_TEN)
    assert [len(chain.received(person.phone)) for person in people] == [1, 0, 1]
    assert chain.checkin(people[1], WEDNESDAY_TEN.date()).state == "planned"

    monkeypatch.undo()
    chain.wait(minutes=1)
    assert [len(chain.received(person.phone)) for person in people] == [1, 1, 1]


def test_a_tick_that_throws_leaves_the_others_alone(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> list[int]:
        raise RuntimeError("broken tick")

    chain.follow()
    tick = next(tick for tick in TICKS if tick.name == "remind")
    monkeypatch.setattr(worker, "TICKS", tuple(t if t is not tick else worker.Tick(20, "remind", broken) for t in TICKS))  # type: ignore[arg-type]  # a tick that breaks
    chain.until(WEDNESDAY_TEN)

    assert len(chain.received()) == 1
    with chain.read() as session:
        assert session.get_one(Heartbeat, "worker").detail["failed"] == {"remind": 1}


def test_it_ticks_in_threads_of_its_own_and_stops(chain: Chain) -> None:
    """Whatever was due while no worker ran leaves as soon as one starts; a stop ends every thread."""
    chain.follow()
    chain.clock.at = WEDNESDAY_TEN
    before = set(threading.enumerate())
    metronome = Worker(Settings(environment="test"), chain.database, chain.clock, {Channel.SMS: chain.phones})
    arrived = threading.Event()
    send = chain.phones.send

    def heard(message):  # type: ignore[no-untyped-def]  # a stand-in, as short as can be
        receipt = send(message)
        arrived.set()
        return receipt

    chain.phones.send = heard  # type: ignore[method-assign]  # replaced for this test
    metronome.start()
    try:
        assert arrived.wait(30)
    finally:
        metronome.stop()

    assert len(chain.received()) == 1
    left = [thread.name for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert [name for name in left if "AnyIO" not in name] == []
    with chain.read() as session:
        assert "worker" in list(session.scalars(select(Heartbeat.name)))


def test_the_hour_may_be_given(chain: Chain) -> None:
    """The demonstration turns its clock; the worker follows whatever hour it is given."""
    chain.follow()
    chain.worker.run_once(WEDNESDAY_TEN)

    with chain.read() as session:
        assert list(session.scalars(select(CheckIn.state).where(CheckIn.opened_at == WEDNESDAY_TEN))) == ["open"]


def test_what_the_worker_says_of_a_failure_holds_no_health_data(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, logged: list[EventDict]
) -> None:
    """SEC-29: the log names rows and kinds, never words or numbers."""

    def broken(*_: object, **__: object) -> object:
        raise RuntimeError(f"{MARIE} a dit : je saigne")

    chain.follow()
    monkeypatch.setattr("triage.replies.read", broken)
    chain.says(MARIE, "je saigne")

    (line,) = [line for line in logged if line["log_level"] == "error"]
    assert set(line) <= {"event", "log_level", "message_id", "exc_info"}
    assert MARIE not in line["event"]


class Watchdog:
    """Somebody outside who counts the calls."""

    def __init__(self) -> None:
        calls = self.calls = []  # type: ignore[var-annotated]  # counted, not read

        class Ear(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                calls.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/ping/vigie"


def test_the_watchdog_outside_hears_only_a_worker_that_is_well(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """HZ-04, REL-06: a call while all is well; silence when a tick has not ended well for three minutes."""
    watchdog = Watchdog()
    metronome = Worker(Settings(environment="test", heartbeat_url=watchdog.url), chain.database, chain.clock, {Channel.SMS: chain.phones})
    try:
        metronome._pulse()
        assert watchdog.calls == ["/ping/vigie"]
        monkeypatch.setattr(metronome, "_started", metronome._started - timedelta(minutes=4))
        metronome._pulse()
        assert watchdog.calls == ["/ping/vigie"]
        for tick in TICKS:
            metronome._tick(tick)
        metronome._pulse()
        assert watchdog.calls == ["/ping/vigie"] * 2
    finally:
        watchdog.server.shutdown()
        watchdog.server.server_close()
