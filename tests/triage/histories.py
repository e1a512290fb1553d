"""Odette's history, check-in by check-in, under a small protocol; and what the engine is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from unittest import mock

from tests.triage.protocol.small import SYMPTOMS, compiled
from triage import engine, replay
from triage.replay import CheckIn, History, Judged, Said, Taken
from triage.terms import Answer, Context, Escalate, Heard, Measured, Reading

MORE = """
[questions.other]
kind = "free_text"
label = { fr = "autre", en = "other" }
name = { fr = "autre chose", en = "anything else" }

[questions.chest]
kind = "yes_no"
label = { fr = "poitrine", en = "chest" }
name = { fr = "poitrine", en = "chest" }
text = { fr = "mal dans la poitrine", en = "chest pain" }
"""
PROTOCOL = compiled(signs=SYMPTOMS + MORE)
"""Unepilule: 14 days on, 7 off. Diarrhoea from 2 is moderate, 38.0 °C high, 38.3 °C urgent; silence is high in cycle 1, then moderate."""

FIRST = date(2026, 3, 2)


def on(day: int) -> date:
    """A day of treatment; the first intake is day 1."""
    return FIRST + timedelta(days=day - 1)


def said(**given: str) -> tuple[Said, ...]:
    return tuple(Said(key, value) for key, value in given.items())


def check_in(day: int, *more: Said, **given: str) -> CheckIn:
    return CheckIn(f"day {day}", on(day), (*said(**given), *more))


def weighed(day: int, kilos: str) -> Said:
    return Said("weight", kilos, Measured(Decimal(kilos), "kg", on(day)), measure=True)


def odette(*check_ins: CheckIn, baseline: tuple[CheckIn, ...] = (), taken: tuple[Taken, ...] = (Taken("onepill", FIRST),)) -> History:
    return History("Odette", check_ins, baseline, taken)


SIGNS = {
    "je saigne": (("bleeding",), Escalate.URGENT),
    "rappelez-moi": ((), Escalate.NURSE),
    "saigne et tremble": (("bleeding", "chills"), Escalate.NO),
}


def read(text: str) -> Reading:
    """A reader that knows three texts."""
    dangers, escalate = SIGNS.get(text, ((), Escalate.NO))
    return Reading(Heard.ANSWER, text, escalate, dangers=dangers)


def judged(history: History, **more: bool) -> list[Judged]:
    return list(replay.judge(PROTOCOL, history, read, **more))


def told(history: History) -> list[tuple[Mapping[str, Answer], Context]]:
    """Answers and context that the engine was given for each check-in; it judges all the same."""
    with mock.patch.object(engine, "assess", wraps=engine.assess) as assess:
        judged(history)
    return [(call.args[1], call.args[2]) for call in assess.call_args_list]


def contexts(history: History) -> list[Context]:
    """The contexts alone."""
    return [context for _, context in told(history)]
