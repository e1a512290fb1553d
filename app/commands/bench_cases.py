"""Seeded inputs for the benchmarks: check-ins as patients answer them, and texts made of the words of the library."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Asked, Context, Escalate, Exposure, Kind, Level, Measured, Past, Value

CheckIn = tuple[dict[str, Answer], Context]

BEGINS = date(2026, 1, 5)
VISITS = 10
"""Check-ins of one patient, the later ones with the earlier ones behind them."""
SCORES = (68, 22, 7, 2, 1)
"""Of a hundred symptoms, how many are usually at 0 to 4: about a third of the check-ins would alert, as in PRO-TECT."""
STEADY = 0.75
"""How often a symptom is as usual for this patient."""
UNANSWERED = 0.04
DOSES = ("all", "missed:1", "missed:2", "extra:1", "off_day", "stopped")
OFTEN = (85, 8, 3, 2, 1, 1)
MEASURES: Mapping[str, tuple[str, int, int, int]] = {
    "systolic": ("mm[Hg]", 105, 165, 1),
    "diastolic": ("mm[Hg]", 60, 105, 1),
    "pulse": ("/min", 55, 110, 1),
    "neutrophils": ("10*9/L", 8, 70, 10),
    "platelets": ("10*9/L", 40, 350, 1),
    "hemoglobin": ("g/L", 85, 150, 1),
    "creatinine": ("umol/L", 55, 140, 1),
}
"""Unit, lowest, highest, and what the whole number is divided by."""
MEASURED_EVERY = 4
"""Check-ins between two visits to the laboratory."""


def check_ins(protocol: Protocol, seed: int, count: int) -> list[CheckIn]:
    """So many check-ins of patients of their own, in the order they were lived: history, baseline, measures, day of the cycle."""
    dice = Random(seed)  # noqa: S311 - a benchmark, not a secret
    found: list[CheckIn] = []
    while len(found) < count:
        found += _lived(protocol, dice)
    return found[:count]


def _lived(protocol: Protocol, dice: Random) -> list[CheckIn]:
    """One patient's check-ins, one after another."""
    usual = {key: _score(dice) for key, question in protocol.questions.items() if question.kind is Kind.SEVERITY}
    beat = dice.choice(protocol.rhythm)
    begins = BEGINS + timedelta(days=dice.randint(0, 200))
    days = sorted(dice.sample(range(1, 90), VISITS))
    length = (protocol.dosing and protocol.dosing.length) or 999
    past: tuple[Past, ...] = ()
    measures: dict[str, Measured] = {}
    lived = []
    for number, day in enumerate(days):
        today = begins + timedelta(days=day)
        if number % MEASURED_EVERY == 0:
            measures = {name: _measure(name, today, dice) for name in MEASURES if dice.random() < 0.6}
        answers = {key: Answer(key, _value(protocol.questions[key], usual, dice)) for key in beat.ask}
        context = Context(
            asked_on=today,
            cycle=(day - 1) // length + 1,
            cycle_day=(day - 1) % length + 1,
            on_day=dice.random() < 0.7,
            past=past,
            baseline=usual,
            measures=measures,
            dangers=("fever",) if dice.random() < 0.01 else (),
            escalate=Escalate.NURSE if dice.random() < 0.02 else Escalate.NO,
            closing=dice.random() < 0.2,
            due=tuple(answers),
            treatment_day=day,
            exposures={agent: Exposure(begins) for agent in protocol.agents},
            adherence=Decimal(dice.randint(70, 100)),
        )
        lived.append((answers, context))
        level = Level(dice.choices(range(5), (60, 10, 15, 12, 3))[0])
        past = (Past(today, {key: answer.value for key, answer in answers.items()}, level), *past)
    return lived


def _measure(name: str, today: date, dice: Random) -> Measured:
    unit, low, high, divisor = MEASURES[name]
    return Measured(Decimal(dice.randint(low, high)) / divisor, unit, today - timedelta(days=dice.randint(0, 5)))


def _score(dice: Random) -> Value:
    return Decimal(dice.choices(range(5), SCORES)[0])


def _value(question: Question, usual: Mapping[str, Value], dice: Random) -> Value | None:
    if dice.random() < UNANSWERED:
        return None
    match question.kind:
        case Kind.SEVERITY:
            return usual[question.key] if dice.random() < STEADY else _score(dice)
        case Kind.COUNT:
            return Decimal(dice.choices(range(9), (50, 14, 12, 9, 6, 4, 2, 2, 1))[0])
        case Kind.TEMPERATURE:
            return Decimal(round(dice.gauss(369, 4))) / 10
        case Kind.WEIGHT:
            return Decimal(dice.randint(450, 950)) / 10
        case Kind.PAIN:
            return Decimal(dice.randint(0, 10))
        case Kind.YES_NO:
            return dice.random() < 0.03
        case Kind.INTAKE:
            return dice.choices(DOSES, OFTEN)[0]
        case _:
            return None


# --- Texts --------------------------------------------------------------------------------------------------------------------------

Text = tuple[str, str, Asked]

ASKED = (
    Asked(Kind.MULTI, ("diarrhea", "mouth_sores", "hand_foot")),
    Asked(Kind.SEVERITY, ("nausea",)),
    Asked(Kind.TEMPERATURE, ("temperature",)),
    Asked(Kind.INTAKE, ("intake",)),
    Asked(Kind.YES_NO, ("chest_pain",)),
    Asked(Kind.COUNT, ("stools",)),
    Asked(),
)
LENGTHS = (1, 1, 2, 3, 3, 5, 8, 12, 20, 28)
"""Words of a text: most are short, one in ten fills an SMS."""


def texts(folder: Path, seed: int, count: int) -> list[Text]:
    """So many (text, language, what was asked): words of the library, numbers and slips of the finger, from one word to a whole SMS."""
    dice = Random(seed)  # noqa: S311 - a benchmark, not a secret
    stock = {lang: sorted(_words(folder, lang)) for lang in ("fr", "en")}
    return [_text(stock, dice) for _ in range(count)]


def _text(stock: Mapping[str, list[str]], dice: Random) -> Text:
    lang = dice.choice(("fr", "fr", "en"))
    words = [_word(stock[lang], dice) for _ in range(dice.choice(LENGTHS))]
    return " ".join(words), lang, dice.choice(ASKED)


def _word(stock: list[str], dice: Random) -> str:
    kind = dice.random()
    if kind < 0.25:
        return dice.choice(("0", "1", "2", "3", "4", "38,2", "37.9", "A2", "B 0", "2-3", "10h"))
    word = dice.choice(stock)
    if kind > 0.9 and len(word) > 3:
        place = dice.randrange(len(word) - 1)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word + dice.choice(("", "", "", ",", ".", " !"))


def _words(folder: Path, lang: str) -> set[str]:
    """Every plain word that stands somewhere in the lists of a language."""
    found: set[str] = set()
    for path in sorted(folder.glob(f"{lang}*.toml")):
        heap: list[object] = [tomllib.loads(path.read_text(encoding="utf-8"))]
        while heap:
            entry = heap.pop()
            if isinstance(entry, dict):
                heap += [*entry.keys(), *entry.values()]
            elif isinstance(entry, list):
                heap += entry
            elif isinstance(entry, str):
                found |= {word for part in entry.split() for word in part.rstrip("*").split("|") if word.isalpha()}
    return found
