"""Golden dialogues: both sides written by hand, played through the real chain on both databases.

A file of transcripts/: "# title" says what it shows; "@ wed 10:30" lets time pass until then, in Paris, the worker ticking;
"+ 25 s" lets seconds pass; "> text" the patient writes; "< text" exactly what the telephone receives next, in order, nothing more;
"= ..." how the day's check-in (or Friday's, "= fri: ..."), its answers, the open alerts and the open tasks stand at the end.
">> text" is delivered twice by the carrier, "&> text" is kept and not read yet, "!> text" is a STOP that the carrier obeyed by itself;
"2> text" and "2< text" are a second telephone. "% ..." tells, before the first day, what is different about the patient.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.checkins.judging import assessing
from app.checkins.models import CheckIn
from app.checkins.texts import conversation
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import inbox
from app.people.models import Service
from tests.factories import World
from tests.support.chain import MARIE, Chain

FOLDER = Path(__file__).parent / "transcripts"
MONDAY = date(2026, 11, 23)
JEANNE = "+33639980002"
"""The second telephone of a transcript."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


DIFFERENT: dict[str, dict[str, object]] = {
    "daughter": {"respondent_name": "Jeanne Hoarau", "respondent_relation": "daughter", "respondent_phone": JEANNE},
    "english": {"language": "en"},
    "lives in Réunion": {"timezone": "Indian/Reunion"},
    "not welcomed": {"told": False},
    "unverified": {"phone_verified": False},
}
IBRUTINIB: dict[str, object] = {
    "protocol_slug": "ibrutinib-continuous",
    "agent": "ibrutinib",
    "times_per_day": 1,
    "days_on": 28,
    "days_off": 0,
    "first_intake": MONDAY - timedelta(days=7),
}
"""Wednesday is then the tenth day, on which a fall is asked about."""
DIFFERENT["ibrutinib"] = DIFFERENT["by link"] = {}
DIFFERENT["daughter answers"] = {**DIFFERENT["daughter"], "answered_by": "respondent"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_dialogue(path: Path, database: Database, clock: HandClock, world: World) -> None:
    """FR-02, HZ-08, HZ-14, HZ-20, HZ-21, HZ-24 to HZ-26, SEC-17: what is said and what comes of it, word for word."""
    chain = Chain(database, clock, world)
    lines = path.read_text(encoding="utf-8").splitlines()
    changes = [DIFFERENT[line.removeprefix("% ")] for line in lines if line.startswith("% ")]
    if "% by link" in lines:
        with database.transaction() as session:
            session.get_one(Service, world.service.id).sms_style = "link"
    course = IBRUTINIB if "% ibrutinib" in lines else None
    chain.follow(course=course, **{name: value for change in changes for name, value in change.items()})  # type: ignore[arg-type]  # fields by name
    heard = {MARIE: 0, JEANNE: 0}
    for number, line in enumerate(lines, 1):
        mark, _, words = line.partition(" ")
        where = f"{path.name}:{number}"
        if mark in ("<", "2<"):
            who = JEANNE if mark == "2<" else MARIE
            assert _received(chain, who)[heard[who] : heard[who] + 1] == [words], where
            heard[who] += 1
        elif mark not in ("#", "%", ""):
            _nothing_more(chain, heard, where)
            _play(chain, mark, words, where)
    _nothing_more(chain, heard, f"{path.name}, at its end")
    with chain.read() as session:
        assert list(assessing.mismatches(session)) == []


def _received(chain: Chain, who: str) -> list[str]:
    """What a telephone received; of the address of a form nobody can write the token beforehand."""
    return [re.sub(r"/q/[A-Za-z0-9_-]{22}", "/q/***", text) for text in chain.received(who)]


def _nothing_more(chain: Chain, heard: dict[str, int], where: str) -> None:
    for who, count in heard.items():
        assert chain.received(who)[count:] == [], f"{where}: something was said that the transcript does not hold"


def _play(chain: Chain, mark: str, words: str, where: str) -> None:
    if mark == "@":
        day, hour = words.split()
        at = time.fromisoformat(hour)
        local = datetime.combine(MONDAY + timedelta(days=DAYS.index(day)), at, ZoneInfo("Europe/Paris"))
        chain.until(local.astimezone(UTC))
    elif mark == "+":
        chain.wait(seconds=int(words.split()[0]))
    elif mark == "=":
        _check(chain, words, where)
    else:
        WRITES[mark](chain, words)


def _twice(chain: Chain, words: str) -> None:
    inbound = chain.phones.reply(MARIE, words, to=chain.world.service.number)
    for _ in range(2):
        with chain.database.transaction() as session:
            message_id = inbox.keep(session, inbound, now=chain.clock.now())[0].id
        conversation.process(chain.database, message_id, now=chain.clock.now())
        chain.send()


def _obeyed(chain: Chain, words: str) -> None:
    inbound = replace(chain.phones.reply(MARIE, words, to=chain.world.service.number), opt_out="STOP")
    with chain.database.transaction() as session:
        message_id = inbox.keep(session, inbound, now=chain.clock.now())[0].id
    conversation.process(chain.database, message_id, now=chain.clock.now())
    chain.send()


WRITES: dict[str, Callable[[Chain, str], object]] = {
    ">": lambda chain, words: chain.says(MARIE, words),
    "2>": lambda chain, words: chain.says(JEANNE, words),
    "&>": lambda chain, words: chain.keep(MARIE, words),
    ">>": _twice,
    "!>": _obeyed,
}


def _check(chain: Chain, words: str, where: str) -> None:
    what, _, expected = words.partition(": ")
    if what == "alerts":
        found = ", ".join(f"{alert.level} {alert.kind}" for alert in chain.alerts())
    elif what == "tasks":
        found = " ".join(chain.tasks())
    else:
        day = MONDAY + timedelta(days=DAYS.index(what)) if what in DAYS else date(2026, 11, 25)
        with chain.read() as session:
            row = session.scalars(select(CheckIn).where(CheckIn.day == day, CheckIn.kind == "regular")).one()
        if what == "answers":
            found = ", ".join(f"{key} {value}" for key, value in chain.answers(row).items())
        else:
            expected = expected if what in DAYS else words
            found = row.state + (f", not asked: {' '.join(row.not_asked) or 'nothing'}" if "not asked" in words else "")
    assert (found or "none") == expected, where
