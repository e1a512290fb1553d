"""Golden dialogues: both sides written by hand, played through the real chain on both databases.

A file of transcripts/: "# title" says what it shows; "@ wed 10:30" lets time pass until then, in Paris, the worker ticking;
"+ 25 s" lets seconds pass; "> text" the patient writes; "< text" exactly what the telephone receives next, in order, nothing more;
"= ..." how the day's check-in, the open alerts and the open tasks stand at the end.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.checkins import assessing
from app.checkins.models import CheckIn
from app.core.clock import HandClock
from app.core.db import Database
from tests.factories import World
from tests.support.chain import MARIE, Chain

FOLDER = Path(__file__).parent / "transcripts"
MONDAY = date(2026, 11, 23)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_dialogue(path: Path, database: Database, clock: HandClock, world: World) -> None:
    """FR-02, HZ-08, HZ-14, HZ-20, HZ-21, HZ-24 to HZ-26, SEC-17: what is said and what comes of it, word for word."""
    chain = Chain(database, clock, world)
    chain.follow()
    heard = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark, _, words = line.partition(" ")
        where = f"{path.name}:{number}"
        if mark == "<":
            assert chain.received()[heard : heard + 1] == [words], where
            heard += 1
        elif mark in ("@", "+", ">", "="):
            assert chain.received()[heard:] == [], f"{where}: something was said that the transcript does not hold"
            _play(chain, mark, words, where)
    with chain.read() as session:
        assert list(assessing.mismatches(session)) == []


def _play(chain: Chain, mark: str, words: str, where: str) -> None:
    if mark == "@":
        day, hour = words.split()
        at = time.fromisoformat(hour)
        local = datetime.combine(MONDAY + timedelta(days=DAYS.index(day)), at, ZoneInfo("Europe/Paris"))
        chain.until(local.astimezone(UTC))
    elif mark == "+":
        chain.wait(seconds=int(words.split()[0]))
    elif mark == ">":
        chain.says(MARIE, words)
    else:
        _check(chain, words, where)


def _check(chain: Chain, words: str, where: str) -> None:
    what, _, expected = words.partition(": ")
    if what == "alerts":
        found = ", ".join(f"{alert.level} {alert.kind}" for alert in chain.alerts())
    elif what == "tasks":
        found = " ".join(chain.tasks())
    else:
        what, expected = "", words
        with chain.read() as session:
            row = session.scalars(select(CheckIn).where(CheckIn.day == date(2026, 11, 25), CheckIn.kind == "regular")).one()
        found = row.state + (f", not asked: {' '.join(row.not_asked) or 'nothing'}" if "not asked" in words else "")
    assert (found or "none") == expected, where
