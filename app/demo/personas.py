"""How each fictional person answers: whether, when, and in which words. Habits, not medicine.

The words are what such people write: bare digits, sentences, missing accents, somebody else speaking for the patient. Most are
understood; some are not, on purpose, so that asking again and handing over to a person are part of the ward's life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.demo.dice import Dice
from app.demo.ward import Person
from triage.terms import Kind

MINUTE = timedelta(minutes=1)
WITHDRAWS_AT = 0.62
"""Share of their stay after which those whose bent it is write STOP."""
FADES = 10
"""Days before the opening from which a fading person answers nothing."""


@dataclass(frozen=True)
class Wanted:
    """What a text asks and what is true: kind of question, one normalised value and one label per key."""

    kind: Kind
    values: tuple[str, ...]
    labels: tuple[str, ...]


def answers(person: Person, dice: Dice, day: int, *, reminded: bool) -> bool:
    """Does this person answer the check-in of this day (from the first intake), before or after the reminder?"""
    if person.bent == "fading" and day > person.began - FADES:
        return False
    if person.bent == "stopping" and day > person.began * WITHDRAWS_AT:
        return False
    at_once = {"silent": 0.35, "forgetting": 0.5, "fading": 0.85}.get(person.bent, 0.95)
    if not reminded:
        return dice.happens(at_once, person.key, "answers", day)
    return dice.happens(0.25 if person.bent == "silent" else 0.7, person.key, "answers after all", day)


def withdraws(person: Person, day: int) -> bool:
    """Is it today that this person writes STOP instead?"""
    return person.bent == "stopping" and day > person.began * WITHDRAWS_AT


def delay(person: Person, dice: Dice, *names: object, first: bool) -> timedelta:
    """Time before the reply. To the first text of a check-in: minutes for six people in ten, else hours (median 6 min and 3 h).

    To the next ones: a minute or so, the telephone is in the hand.
    """
    if not first:
        return MINUTE * dice.around(1.3, 0.6, person.key, "thumbs", *names)
    if dice.happens(0.7, person.key, "quick", *names):
        return MINUTE * dice.around(7, 0.9, person.key, "sees", *names)
    return MINUTE * dice.around(160, 0.7, person.key, "later", *names)


def words(person: Person, dice: Dice, wanted: Wanted, *names: object, again: bool = False) -> str:
    """The text they send. ``again``: they were told that the first was not understood, and take more care."""
    luck = dice.chance(person.key, "words", *names)
    if again:
        return _plain(wanted, luck, person.language)
    write = STYLES.get(person.style, _plain)
    return write(wanted, luck, person.language)


def _comma(value: str, language: str) -> str:
    return value.replace(".", ",") if language == "fr" else value


def _two_numbers(value: str) -> str:
    counts = {"missed": "0", "extra": "0", "off_day": "0"}
    for part in value.split("+"):
        word, _, number = part.partition(":")
        counts[word] = number or "1"
    return f"{counts['missed']} {counts['extra'] if counts['extra'] != '0' else counts['off_day']}"


def _plain(wanted: Wanted, luck: float, language: str) -> str:
    value = wanted.values[0]
    if wanted.kind is Kind.MULTI:
        return " ".join(wanted.values)
    if wanted.kind is Kind.INTAKE:
        return _two_numbers(value)
    if wanted.kind in (Kind.YES_NO, Kind.CYCLE_START, Kind.STOP_WHICH):
        return {"yes": "1", "no": "2", "started": "1", "not_yet": "2", "told_to_wait": "3"}.get(value, value)
    if wanted.kind is Kind.FREE_TEXT:
        return ("NON", "RAS", "non")[int(luck * 3)] if language == "fr" else ("NO", "nothing")[int(luck * 2)]
    return _comma(value, language)


def _terse(wanted: Wanted, luck: float, language: str) -> str:
    return "".join(wanted.values) if wanted.kind is Kind.MULTI else _plain(wanted, luck, language)


def _chatty(wanted: Wanted, luck: float, language: str) -> str:
    hello = "Bonjour, " if luck < 0.5 else ""
    if wanted.kind is Kind.MULTI:
        told = ", ".join(f"{label} {value}" for label, value in zip(wanted.labels, wanted.values, strict=True))
        return f"{hello}{told}. Bonne journée"
    if wanted.kind is Kind.TEMPERATURE:
        return f"{hello}{_comma(wanted.values[0], language)} ce matin"
    if wanted.kind is Kind.INTAKE and wanted.values[0] == "all":
        return "0 0 je n'ai rien oublié"
    if wanted.kind is Kind.FREE_TEXT:
        return "non ca va merci"
    return f"{hello}{_plain(wanted, luck, language)}" if wanted.kind in (Kind.SEVERITY, Kind.COUNT) else _plain(wanted, luck, language)


_BY_WORDS = {"0": "pas du tout", "1": "un peu", "2": "moyen", "3": "beaucoup", "4": "insupportable"}


def _misspelling(wanted: Wanted, luck: float, language: str) -> str:
    value = wanted.values[0]
    if luck < 0.09:
        return ("sa va", "jsp", "bof pas terible", "ok")[int(luck * 44) % 4]
    if wanted.kind is Kind.SEVERITY and luck < 0.6:
        return {"2": "moderer"}.get(value, _BY_WORDS[value])
    if wanted.kind is Kind.MULTI and luck < 0.3:
        return " ".join(f"{letter}{value}" for letter, value in zip("ABC", wanted.values, strict=False))
    if wanted.kind is Kind.MULTI and luck < 0.4:
        return "\n".join(wanted.values)
    if wanted.kind is Kind.TEMPERATURE and luck < 0.5:
        return value.replace(".", "°")
    if wanted.kind is Kind.COUNT and luck < 0.6:
        return f"{value} foi" if value != "0" else "pa une seule foi"
    if wanted.kind is Kind.FREE_TEXT:
        return "non sa va"
    if wanted.kind is Kind.YES_NO:
        return {"yes": "ouais", "no": "nn"}[value]
    return _plain(wanted, luck, language)


def _creole(wanted: Wanted, luck: float, language: str) -> str:
    if wanted.kind is Kind.FREE_TEXT:
        return "mi lé bien"
    if wanted.kind is Kind.MULTI and set(wanted.values) == {"0"}:
        return "0 partout"
    if wanted.kind is Kind.COUNT and wanted.values[0] != "0" and luck < 0.5:
        return f"{wanted.values[0]} foi"
    return _plain(wanted, luck, language)


def _relative(wanted: Wanted, luck: float, language: str) -> str:
    if wanted.kind is Kind.MULTI and luck < 0.4:
        return " ".join(f"{letter}{value}" for letter, value in zip("ABC", wanted.values, strict=False))
    if wanted.kind is Kind.TEMPERATURE and luck < 0.6:
        return f"il a {_comma(wanted.values[0], language)}"
    if wanted.kind is Kind.FREE_TEXT:
        return "non rien, merci"
    return _plain(wanted, luck, language)


def _english(wanted: Wanted, luck: float, language: str) -> str:
    value = wanted.values[0]
    if wanted.kind is Kind.SEVERITY and luck < 0.4:
        return {"0": "not at all", "1": "a little", "2": "moderate", "3": "quite a bit", "4": "4"}[value]
    if wanted.kind is Kind.MULTI and luck < 0.3:
        return "-".join(wanted.values)
    if wanted.kind is Kind.COUNT and value == "2":
        return "twice"
    if wanted.kind is Kind.YES_NO:
        return {"yes": "yes", "no": "nope"}[value]
    if wanted.kind is Kind.FREE_TEXT:
        return ("no", "nothing else thanks")[int(luck * 2)]
    return _plain(wanted, luck, language)


STYLES = {
    "plain": _plain,
    "terse": _terse,
    "chatty": _chatty,
    "misspelling": _misspelling,
    "creole": _creole,
    "relative": _relative,
    "english": _english,
}

UNASKED: dict[str, Sequence[str]] = {
    "fr": (
        "merci bonne journee",
        "je n'ai plus de comprimés",
        "rappelez moi svp",
        "j'ai vomi 2 fois cette nuit",
        "mains rouges et qui pelent",
    ),
    "en": ("thanks a lot", "call me please", "i have no tablets left"),
}
"""Texts nobody asked for, one in a while."""
