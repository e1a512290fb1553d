"""What a condition looks at, what it finds, and the words for it.

A condition is two steps: ``look`` takes the few facts it needs, ``judge`` decides on them alone. The same facts give the same finding, so a
finding can be remembered; an absent answer is *unknown*, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from triage.questions import NUMBERS, Question
from triage.terms import Answer, Context, Kind, Value

ANY = "any"
"""In place of a question: the worst of all severity questions of this check-in."""

Spec = Mapping[str, Any]
"""A condition as written: one table of the file."""


class Absent(Enum):
    """Why there is no value. SKIPPED: a detail of a symptom that the patient said he does not have; only that one is an answer."""

    UNKNOWN = "unknown"
    NOT_ASKED = "not asked"
    SKIPPED = "skipped"


Fact = Value | Absent


class ConditionError(ValueError):
    """A condition cannot be read: which field, what stood there, why it is refused."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field} = {value!r}: {reason}")
        self.field, self.value, self.reason = field, value, reason


@dataclass(frozen=True)
class Finding:
    """met: True, False, or None when undecided. near: not met, but within one step. waits: questions of this check-in still unknown."""

    met: bool | None
    near: bool
    fr: str
    en: str
    waits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One condition, ready to use. keys: the questions it reads ("any": all severities); empty when it reads none."""

    word: str
    keys: frozenset[str]
    look: Callable[[Case], Hashable]
    judge: Callable[[Any], Finding]

    def check(self, case: Case) -> Finding:
        """Both steps."""
        return self.judge(self.look(case))


@dataclass(frozen=True)
class Book:
    """What a condition may refer to: questions by key, thresholds by name."""

    questions: Mapping[str, Question]
    limits: Mapping[str, Decimal]

    def question(self, field: str, key: object, kinds: Collection[Kind]) -> Question:
        """The question of that key. ConditionError when there is none, or when its kind does not suit the condition."""
        if not isinstance(key, str) or key not in self.questions:
            raise ConditionError(field, key, "is not the key of a question")
        question = self.questions[key]
        if question.kind not in kinds:
            raise ConditionError(field, key, f"is a {question.kind} question; expected {' or '.join(sorted(kinds))}")
        return question

    def limit(self, spec: Spec, field: str) -> Decimal:
        """The value of the threshold named there. ConditionError for a bare number: it would have no source."""
        name = spec.get(field)
        if not isinstance(name, str):
            raise ConditionError(field, name, "write the name of a threshold of [thresholds], where its value and source stand")
        if name not in self.limits:
            raise ConditionError(field, name, "is not a threshold of [thresholds]")
        return self.limits[name]


class Case:
    """The answers and context of one assessment, absences told apart. Values are taken as plausible: the engine checks them before."""

    __slots__ = ("context", "scores", "values")

    def __init__(self, questions: Mapping[str, Question], answers: Mapping[str, Answer], due: Collection[str], context: Context) -> None:
        values: dict[str, Fact] = dict.fromkeys(due, Absent.UNKNOWN)
        for key, answer in answers.items():
            values[key] = Absent.UNKNOWN if answer.value is None else answer.value
        for key, question in questions.items():
            if question.detail_of and values.get(key) is Absent.UNKNOWN and values.get(question.detail_of) == 0:
                values[key] = Absent.SKIPPED
        self.values = values
        self.context = context
        self.scores = tuple((key, values[key]) for key in sorted(values) if key in questions and questions[key].kind is Kind.SEVERITY)

    def value(self, key: str) -> Fact:
        """The current value, or why there is none."""
        return self.values.get(key, Absent.NOT_ASKED)

    def previous(self, key: str) -> Value | None:
        """The most recent known earlier value."""
        for past in self.context.past:
            value = past.values.get(key)
            if value is not None:
                return value
        return None

    def run(self, key: str, limit: Decimal) -> int:
        """Days since which every known earlier value reached ``limit``: a check-in without the answer does not break the run."""
        since: date = self.context.asked_on
        for past in self.context.past:
            value = past.values.get(key)
            if isinstance(value, Decimal):
                if value < limit:
                    break
                since = past.asked_on
        return (self.context.asked_on - since).days


# --- Words --------------------------------------------------------------------------------------------------------------------------


def number(value: Decimal, lang: str) -> str:
    """38.0 → "38" ; 37.9 → "37,9" in French."""
    text = f"{value.normalize():f}"
    return text.replace(".", ",") if lang == "fr" else text


def quantity(question: Question, value: Value, lang: str) -> str:
    """A value with the name of its question: "température 37,9 °C", "diarrhée 2 sur 4"."""
    name = question.name[lang]
    if isinstance(value, bool):
        return f"{name} : {'oui' if value else 'non'}" if lang == "fr" else f"{name}: {'yes' if value else 'no'}"
    if isinstance(value, Decimal):
        unit = {"fr": " sur 4", "en": " of 4"}[lang] if question.kind is Kind.SEVERITY else question.unit and f" {question.unit}"
        return f"{name} {number(value, lang)}{unit}"
    if question.kind in NUMBERS:
        return f"{name} : pas de fièvre, non mesurée" if lang == "fr" else f"{name}: no fever, not measured"
    return f"{name} : {value}" if lang == "fr" else f"{name}: {value}"


def absent(question: Question, why: Absent) -> Finding:
    """The finding for a question without a value."""
    name = question.name
    if why is Absent.SKIPPED:
        return Finding(False, False, f"{name['fr']} : pas demandé, symptôme absent", f"{name['en']}: not asked, symptom absent")
    if why is Absent.NOT_ASKED:
        return Finding(None, False, f"{name['fr']} : pas demandé ce jour", f"{name['en']}: not asked that day")
    return Finding(None, False, f"{name['fr']} : réponse inconnue", f"{name['en']}: answer unknown", (question.key,))
