"""A small protocol's worth of questions, thresholds, windows and tables, and one way to ask a condition what it says."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.protocols.scales import lab_table
from triage.conditions import Book, Case, Composite, Window, build
from triage.questions import Question
from triage.terms import Answer, Context, Kind, Level, Measured, Past, Value

TODAY = date(2026, 11, 23)

_QUESTIONS = (
    Question("nausea", Kind.SEVERITY, name={"fr": "nausées", "en": "nausea"}),
    Question("diarrhea", Kind.SEVERITY, name={"fr": "diarrhée", "en": "diarrhoea"}),
    Question("diarrhea_life", Kind.SEVERITY, symptom="diarrhea", name={"fr": "gêne de la diarrhée", "en": "trouble from diarrhoea"}),
    Question("stools", Kind.COUNT, detail_of="diarrhea", name={"fr": "selles", "en": "stools"}),
    Question("temperature", Kind.TEMPERATURE, unit="°C", name={"fr": "température", "en": "temperature"}),
    Question("weight", Kind.WEIGHT, unit="kg", name={"fr": "poids", "en": "weight"}),
    Question("pain", Kind.PAIN, name={"fr": "douleur", "en": "pain"}),
    Question("chest_pain", Kind.YES_NO, name={"fr": "douleur thoracique", "en": "chest pain"}),
    Question("intake", Kind.INTAKE, name={"fr": "prises", "en": "doses"}),
)
QUESTIONS = {question.key: question for question in _QUESTIONS}
LIMITS = {f"n{n}": Decimal(n) for n in (0, 1, 2, 3, 4, 5, 6, 7, 14, 80, 101)} | {
    "fever": Decimal("38.0"),
    "cold": Decimal("36.0"),
    "typo": Decimal("83.5"),
    "half": Decimal("2.5"),
    "pressure": Decimal(160),
    "count": Decimal("1.0"),
}
WINDOWS = {
    "early": Window("early", (1, 1), (3, 16), None, {}),
    "months": Window("months", None, None, (10, 150), {}),
}
COMPOSITES = {"gut": Composite("gut", 1, {"fr": "ventre", "en": "bowel"}, ("nausea", "diarrhea"), lambda scores: min(3, max(scores)))}
BOOK = Book(QUESTIONS, LIMITS, WINDOWS, COMPOSITES, lab_table("5.0"))


def day(ago: int) -> date:
    return TODAY - timedelta(days=ago)


def past(ago: int, level: Level = Level.NONE, **given: Any) -> Past:
    """An earlier check-in, so many days ago."""
    return Past(day(ago), {key: value(plain) for key, plain in given.items()}, level)


def measured(number: str, unit: str, ago: int = 0, **limits: str) -> Measured:
    return Measured(Decimal(number), unit, day(ago), **{name: Decimal(limit) for name, limit in limits.items()})


def value(plain: Any) -> Value | None:
    return Decimal(str(plain)) if isinstance(plain, int | float) and not isinstance(plain, bool) else plain


Said = tuple[bool | None, bool, str, str, tuple[str, ...]]


def said(spec: dict[str, Any], given: dict[str, Any], due: str = "", **more: Any) -> Said:
    """(met, near, French, English, questions waited for) of a condition. due: what was asked; None in ``given``: asked, unknown."""
    answers = {key: Answer(key, value(plain)) for key, plain in given.items()}
    condition = build(spec, BOOK)
    assert condition.word == next(iter(spec))
    found = condition.check(Case.of(QUESTIONS, answers, due.split(), Context(TODAY, **more)))
    return found.met, found.near, *found.say(), found.waits
