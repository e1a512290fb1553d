"""What the answer part of a text says, and the helpers all kinds share."""

from __future__ import annotations

import re
from dataclasses import dataclass

from triage.replies.clauses import Text
from triage.replies.matching import matches
from triage.replies.scanning import Found, is_own_number
from triage.replies.words import Words
from triage.terms import Escalate, Heard, Kind


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the answer part of a text says: an answer, a part of one, or the reason to ask again."""

    heard: Heard
    value: str
    values: tuple[str | None, ...] = ()
    escalate: Escalate = Escalate.NO
    notes: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()
    worded: bool = False
    """Read from words of intensity alone ("beaucoup"): beside a danger they speak of the danger, not of the question."""


OPEN = frozenset({Kind.FREE_TEXT, Kind.NONE})
"""Questions to which anything may be said."""
COUNTED = ("diarrhea", "vomiting", "constipation")
"""Symptoms that are told by a number of times, or of days."""
_RANK = {Escalate.NO: 0, Escalate.NURSE: 1, Escalate.URGENT: 2}


def highest(*levels: Escalate) -> Escalate:
    """The level that tells a person soonest."""
    return max(levels, key=lambda level: _RANK[level])


def floor_of(found: Found) -> Escalate:
    """The least that dangers found in the text ask for, whatever else it says."""
    if found.urgent:
        return Escalate.URGENT
    return Escalate.NURSE if found.now or found.today else Escalate.NO


def again(reason: str, escalate: Escalate = Escalate.NO) -> Parsed:
    """Ask again, with the reason."""
    return Parsed(Heard.ASK_AGAIN, reason, (), escalate)


def settled(value: str, escalate: Escalate = Escalate.NO, notes: tuple[str, ...] = (), dangers: tuple[str, ...] = ()) -> Parsed:
    """One value, answered."""
    return Parsed(Heard.ANSWER, value, (value,), escalate, notes, dangers)


def nurse(when: bool) -> Escalate:
    """A nurse is told when a floor is reached."""
    return Escalate.NURSE if when else Escalate.NO


def said(text: Text, words: Words, table: str) -> list[str]:
    """Codes of a word table found in the text, in the order of the text."""
    hits = sorted((where[0], -len(where), rule.code) for rule, where in matches(text, words.tables[table]))
    return list(dict.fromkeys(code for _, _, code in hits))


def own(text: Text, drop: re.Pattern[str] | None = None) -> str:
    """The folded text without numbers that belong to somebody else, to the past or to a condition."""
    out = text.folded
    for m in reversed(list(re.finditer(r"\d+(?:[.,]\d+)?", out))):
        if not is_own_number(text, m.start()):
            out = out[: m.start()] + " " * (m.end() - m.start()) + out[m.end() :]
    return drop.sub(" ", out) if drop else out


TIMES = re.compile(
    r"\b\d+(?:[.,]\d+)?\s?(?:fois|foi|x|times|selles?|vomissements?|comprimes?|cachets?|kilos?|kg|doses?|"
    r"prises?|pills?|tablets?|stools?)\b|\bx\s?\d+"
)
