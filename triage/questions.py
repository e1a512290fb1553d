"""The questionnaire: what may be asked, how questions share a text, what is plausible, how an answer is written down.

An answer is never guessed, clamped or dropped: what is not plausible is refused here and asked again by whoever hosts the dialogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from triage.terms import Answer, Asked, Kind, Value

LONGEST_TEXT = 3
"""Severity questions in one SMS at most: the reader supports three, people answer three."""
MOST_TEXTS = 5
MOST_ANSWERS = 9

NO_FEVER = "no_fever"
"""A temperature question answered in words, without a measure: an answer, not a number."""
CYCLE_START = ("started", "not_yet", "told_to_wait")

NUMBERS = frozenset({Kind.SEVERITY, Kind.COUNT, Kind.TEMPERATURE, Kind.WEIGHT, Kind.PAIN})
WHOLE = frozenset({Kind.SEVERITY, Kind.COUNT, Kind.PAIN})
UPWARD = frozenset({Kind.SEVERITY, Kind.COUNT, Kind.PAIN})
"""Kinds where more is always worse. Temperature and weight are dangerous on both sides."""

RANGES: Mapping[Kind, tuple[Decimal, Decimal]] = {
    Kind.SEVERITY: (Decimal(0), Decimal(4)),
    Kind.COUNT: (Decimal(0), Decimal(40)),
    Kind.TEMPERATURE: (Decimal(30), Decimal(45)),
    Kind.WEIGHT: (Decimal(25), Decimal(300)),
    Kind.PAIN: (Decimal(0), Decimal(10)),
}
"""Plausible values, inclusive: score, times in 24 h, °C (SEC-38), kg, 0-10. A protocol may narrow them, never widen them."""

BEST: Mapping[Kind, Value] = {
    Kind.SEVERITY: Decimal(0),
    Kind.COUNT: Decimal(0),
    Kind.PAIN: Decimal(0),
    Kind.TEMPERATURE: Decimal("37.0"),
    Kind.YES_NO: False,
    Kind.INTAKE: "all",
}
WORST: Mapping[Kind, Value] = {Kind.YES_NO: True, Kind.INTAKE: "missed:99+extra:99+off_day+stopped"}

GSM7 = frozenset(
    "@£$¥èéùìòØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡¿§ÄÖÑÜäöñüàABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
"""Letters of an SMS that keep its 160 places. No ç ê â î ô û œ: one of them cuts every part of the text to 70."""

WORDINGS: Mapping[Kind, str] = {
    Kind.SEVERITY: "q_single",
    Kind.MULTI: "q_multi",
    Kind.COUNT: "q_count",
    Kind.TEMPERATURE: "q_temp",
    Kind.WEIGHT: "q_weight",
    Kind.PAIN: "q_pain",
    Kind.INTAKE: "q_intake_extra",
    Kind.YES_NO: "q_yes_no",
    Kind.FREE_TEXT: "q_free_text",
    Kind.CYCLE_START: "q_cycle_start",
}
"""The key of the text that asks each kind."""


@dataclass(frozen=True)
class Question:
    """One thing asked. ``red_flag``: never skipped. ``detail_of``: skipped while that score is a known 0.

    label: at most 15 characters, beside a letter in a text. text: the clause of a yes/no question (at most 95 characters, no question
    mark) or what is counted (at most 25). Both hold GSM-7 letters only. name: the same for screens, fully spelt. unit: of the number.
    """

    key: str
    kind: Kind
    symptom: str = ""
    label: Mapping[str, str] = field(default_factory=dict)
    name: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    red_flag: bool = False
    detail_of: str = ""

    @property
    def wording(self) -> str:
        """Key of the text that asks it alone; two or three severities together go with ``WORDINGS[Kind.MULTI]``."""
        return WORDINGS[self.kind]


@dataclass(frozen=True)
class Intake:
    """Doses of the week, as said. Missed and extra are apart and never cancel each other."""

    missed: int = 0
    extra: int = 0
    off_day: bool = False
    stopped: bool = False


_PART = re.compile(r"(missed|extra):(\d{1,3})")


def intake_of(value: str) -> Intake:
    """The codebook's form, ``all``, ``missed:2``, ``extra:1``, ``off_day``, ``stopped``, joined by ``+``. ValueError for any other."""
    found: dict[str, int] = {}
    for part in value.split("+"):
        match = _PART.fullmatch(part)
        word, count = (match[1], int(match[2])) if match else (part, 1)
        if word not in ("all", "off_day", "stopped") and not match:
            raise ValueError(f"doses of the week {value!r}: {part!r} is none of all, missed:N, extra:N, off_day, stopped")
        if word in found:
            raise ValueError(f"doses of the week {value!r}: {word} is said twice")
        found[word] = count
    if found.get("all") and (found.get("missed") or found.get("stopped")):
        raise ValueError(f"doses of the week {value!r}: all cannot stand beside missed or stopped")
    return Intake(found.get("missed", 0), found.get("extra", 0), "off_day" in found, "stopped" in found)


def plausible(question: Question, value: Value) -> bool:
    """Is this value of the right type and within the question's range?"""
    return not objection(question, value)


def read_value(question: Question, text: str) -> Value:
    """The codebook's normalised form → value. ValueError, with what was expected, when malformed or implausible."""
    value = _parsed(question.kind, text)
    if reason := objection(question, value):
        raise ValueError(f"{question.key}: {reason}")
    return value


def write_value(value: Value) -> str:
    """The exact inverse of ``read_value``: what is stored."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, Decimal) else value


def _parsed(kind: Kind, text: str) -> Value:
    if kind is Kind.YES_NO and text in ("yes", "no"):
        return text == "yes"
    if kind not in NUMBERS:
        return text
    try:
        return Decimal(text) if re.fullmatch(r"-?\d{1,4}(\.\d{1,3})?", text) else text
    except InvalidOperation:  # pragma: no cover - the pattern above only lets numbers through
        return text


def objection(question: Question, value: Value) -> str:
    """Why this value cannot stand as an answer, "" when it can: wrong type, out of range, unknown word."""
    kind = question.kind
    if kind is Kind.TEMPERATURE and value == NO_FEVER:
        return ""
    if kind in NUMBERS:
        return _number_objection(question, value)
    if kind is Kind.YES_NO:
        return "" if isinstance(value, bool) else f"{value!r} is neither yes nor no"
    if not isinstance(value, str) or not value:
        return f"{value!r} is not a word"
    if kind is Kind.INTAKE:
        try:
            intake_of(value)
        except ValueError as error:
            return str(error)
    if kind is Kind.CYCLE_START and value not in CYCLE_START:
        return f"{value!r} is none of {', '.join(CYCLE_START)}"
    return ""


def _number_objection(question: Question, value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, Decimal) or not value.is_finite():
        return f"{value!r} is not a number"
    low, high = limits(question)
    if not low <= value <= high:
        return f"{value} is outside {low} to {high} {question.unit}".rstrip()
    return f"{value} is not a whole number" if question.kind in WHOLE and value != value.to_integral_value() else ""


def limits(question: Question) -> tuple[Decimal, Decimal]:
    """Lowest and highest plausible value of a question that takes a number."""
    low, high = RANGES[question.kind]
    return low if question.low is None else question.low, high if question.high is None else question.high


def best(question: Question) -> Value | None:
    """The most reassuring value; None where nothing is more reassuring than the rest (weight, free text, cycle start)."""
    return BEST.get(question.kind)


def worst(question: Question) -> Value | None:
    """The most alarming plausible value; None as for ``best``. Of the two dangerous ends of a temperature, the hot one."""
    if question.kind in NUMBERS - {Kind.WEIGHT}:
        return limits(question)[1]
    return WORST.get(question.kind)


def graver(question: Question, one: Value, other: Value) -> Value | None:
    """The more alarming of two answers to one question; None where they cannot be ordered (weight, words, doses that differ in kind)."""
    if one == other:
        return one
    if question.kind in UPWARD and isinstance(one, Decimal) and isinstance(other, Decimal):
        return max(one, other)
    if question.kind is Kind.YES_NO:
        return WORST[Kind.YES_NO]
    if question.kind is Kind.TEMPERATURE:
        return _further(one, other)
    return _worse_doses(one, other) if question.kind is Kind.INTAKE else None


def _further(one: Value, other: Value) -> Value | None:
    """The temperature further from the best, when both lie on the same side of it; "no fever" is the best said in words."""
    best = BEST[Kind.TEMPERATURE]
    assert isinstance(best, Decimal)
    here, there = (value - best if isinstance(value, Decimal) else Decimal(0) for value in (one, other))
    if here == there:
        return one if isinstance(one, Decimal) else other
    if here * there < 0:
        return None
    return one if abs(here) > abs(there) else other


def _worse_doses(one: Value, other: Value) -> Value | None:
    """The report that is at least as bad in each of its parts."""
    first, second = (intake_of(str(value)) for value in (one, other))
    parts = [(getattr(first, name), getattr(second, name)) for name in ("missed", "extra", "off_day", "stopped")]
    if all(a >= b for a, b in parts):
        return one
    return other if all(b >= a for a, b in parts) else None


def skipped(question: Question, answers: Mapping[str, Answer]) -> bool:
    """A detail of a symptom that the patient said he does not have. Red-flag questions are never skipped."""
    if not question.detail_of or question.red_flag:
        return False
    parent = answers.get(question.detail_of)
    return parent is not None and parent.value == 0


def groups(questions: Sequence[Question]) -> tuple[Asked, ...]:
    """Every text of a check-in, in order: severities by three at most, each other question alone."""
    scores = [q.key for q in questions if q.kind is Kind.SEVERITY]
    chunks = {chunk[0]: chunk for chunk in (tuple(scores[i : i + LONGEST_TEXT]) for i in range(0, len(scores), LONGEST_TEXT))}
    texts = []
    for question in questions:
        if question.kind is not Kind.SEVERITY:
            texts.append(Asked(question.kind, (question.key,)))
        elif question.key in chunks:
            texts.append(_severities(chunks[question.key]))
    return tuple(texts)


def next_group(questions: Sequence[Question], answers: Mapping[str, Answer]) -> Asked | None:
    """The next text to send, None when all is asked. A key present in ``answers`` is settled, also with value None (given up)."""
    by_key = {q.key: q for q in questions}
    for asked in groups(questions):
        left = tuple(k for k in asked.keys if k not in answers and not skipped(by_key[k], answers))
        if left:
            return asked if left == asked.keys else _severities(left)
    return None


def _severities(keys: tuple[str, ...]) -> Asked:
    return Asked(Kind.SEVERITY if len(keys) == 1 else Kind.MULTI, keys)
