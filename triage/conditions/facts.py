"""What a condition looks at, what it finds, and the words for it.

A condition is two steps: ``look`` takes the few facts it needs, ``judge`` decides on them alone. The same facts give the same finding, so a
finding can be remembered; an absent answer is *unknown*, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from triage.grading.labs import LabTable
from triage.questions import Question
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


Say = Callable[[], tuple[str, str]]
"""The words, French and English, made only when somebody reads the trace."""


class Finding(NamedTuple):
    """met: True, False, or None when undecided. near: not met, but within one step. waits: questions of this check-in still unknown."""

    met: bool | None
    near: bool
    say: Say
    waits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One condition, ready to use. keys: the questions it reads ("any": all severities); empty when it reads none.

    source: what is looked at; conditions of one source see the same facts, so that each is looked at once.
    """

    word: str
    keys: frozenset[str]
    source: Hashable
    look: Callable[[Case], Hashable]
    judge: Callable[[Any], Finding]

    def check(self, case: Case) -> Finding:
        """Both steps."""
        return self.judge(self.look(case))


@dataclass(frozen=True)
class Window:
    """Days of high risk: every range given must hold, both ends included."""

    id: str
    cycles: tuple[int, int] | None
    cycle_days: tuple[int, int] | None
    treatment_days: tuple[int, int] | None
    why: Mapping[str, str]


@dataclass(frozen=True)
class Composite:
    """A PRO-CTCAE item: the questions of its attributes in the order of the instrument, and the published table of its pattern.

    score: the attributes 0-4, all known → composite 0-3.
    """

    id: str
    item: int
    name: Mapping[str, str]
    keys: tuple[str, ...]
    score: Callable[[tuple[int, ...]], int]


@dataclass(frozen=True)
class Book:
    """What a condition may refer to: questions, windows, composites by key, thresholds by name. labs: of the protocol's version."""

    questions: Mapping[str, Question]
    limits: Mapping[str, Decimal]
    windows: Mapping[str, Window] = field(default_factory=dict)
    composites: Mapping[str, Composite] = field(default_factory=dict)
    labs: LabTable | None = None

    def question(self, where: str, key: object, kinds: Collection[Kind]) -> Question:
        """The question of that key. ConditionError when there is none, or when its kind does not suit the condition."""
        if not isinstance(key, str) or key not in self.questions:
            raise ConditionError(where, key, "is not the key of a question")
        question = self.questions[key]
        if question.kind not in kinds:
            raise ConditionError(where, key, f"is a {question.kind} question; expected {' or '.join(sorted(kinds))}")
        return question

    def limit(self, spec: Spec, where: str) -> Decimal:
        """The value of the threshold named there. ConditionError for a bare number: it would have no source."""
        name = spec.get(where)
        if not isinstance(name, str):
            raise ConditionError(where, name, "write the name of a threshold of [thresholds], where its value and source stand")
        if name not in self.limits:
            raise ConditionError(where, name, "is not a threshold of [thresholds]")
        return self.limits[name]


def of_value(word: str, question: Question, judge: Callable[[Fact], Finding]) -> Condition:
    """A condition on the current answer to one question alone."""
    key = question.key
    return Condition(word, frozenset({key}), (VALUE, key), lambda case: case.values.get(key, Absent.NOT_ASKED), judge)


ZERO = Decimal(0)
Worst = tuple[Fact, str, tuple[str, ...]]

VALUE = "value"
"""First word of the source of a condition that reads one current answer and nothing else."""


class Case:
    """The answers and context of one assessment, absences told apart. Values are taken as plausible: the engine checks them before.

    scores: how many severity questions this check-in has. felt: those answered over 0, value first. unknown: those without an answer.
    """

    __slots__ = ("_worst", "context", "felt", "scores", "unknown", "values")

    def __init__(
        self, values: Mapping[str, Fact], scores: int, felt: list[tuple[Decimal, str]], unknown: tuple[str, ...], context: Context
    ) -> None:
        self.values = values
        self.scores = scores
        self.felt = felt
        self.unknown = unknown
        self.context = context
        self._worst: Worst | None = None

    @classmethod
    def of(cls, questions: Mapping[str, Question], answers: Mapping[str, Answer], due: Collection[str], context: Context) -> Case:
        """A case from answers as given, each of them plausible."""
        values: dict[str, Fact] = dict.fromkeys(due, Absent.UNKNOWN)
        for key, answer in answers.items():
            values[key] = Absent.UNKNOWN if answer.value is None else answer.value
        for key, question in questions.items():
            if question.detail_of and values.get(key) is Absent.UNKNOWN and values.get(question.detail_of) == 0:
                values[key] = Absent.SKIPPED
        scores = {key: values[key] for key in sorted(values) if key in questions and questions[key].kind is Kind.SEVERITY}
        felt = [(value, key) for key, value in scores.items() if isinstance(value, Decimal) and value]
        return cls(values, len(scores), felt, tuple(key for key, value in scores.items() if value is Absent.UNKNOWN), context)

    def value(self, key: str) -> Fact:
        """The current value, or why there is none."""
        return self.values.get(key, Absent.NOT_ASKED)

    @property
    def worst(self) -> Worst:
        """The highest known score, its question ("" at 0), and the scores still unknown. NOT_ASKED when no score is known."""
        if self._worst is None:
            if self.felt:
                self._worst = (*max(self.felt), self.unknown)
            else:
                self._worst = (ZERO if self.scores > len(self.unknown) else Absent.NOT_ASKED, "", self.unknown)
        return self._worst

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
