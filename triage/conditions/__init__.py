"""The closed vocabulary of conditions: no expression, no code, one small function each, one plain dict.

Each gives True, False or None (undecided). ``all_of``, ``any_of`` and ``none_of`` combine them by three-valued logic, one level deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from triage.conditions import on_answers, on_context
from triage.conditions.facts import ANY, Absent, Book, Case, Condition, ConditionError, Finding, Spec

__all__ = [
    "ANY",
    "THRESHOLD_FIELDS",
    "VOCABULARY",
    "Absent",
    "Book",
    "Case",
    "Condition",
    "ConditionError",
    "Finding",
    "Spec",
    "all_met",
    "any_met",
    "build",
]

Builder = Callable[[Spec, Book], Condition]

VOCABULARY: Mapping[str, tuple[Builder, frozenset[str]]] = {
    "answer": (on_answers.answer, frozenset({"at_least", "below"})),
    "yes": (on_answers.yes, frozenset()),
    "intake": (on_answers.intake, frozenset({"at_least"})),
    "rise_since_last": (on_answers.rise_since_last, frozenset({"at_least"})),
    "rise_since_baseline": (on_answers.rise_since_baseline, frozenset({"at_least"})),
    "lasting": (on_answers.lasting, frozenset({"at_least", "days"})),
    "symptoms_at": (on_answers.symptoms_at, frozenset({"how_many"})),
    "cycle": (on_context.cycle, frozenset()),
    "cycle_day": (on_context.cycle_day, frozenset()),
    "on_day": (on_context.on_day, frozenset()),
    "measure": (on_context.measure, frozenset({"unit", "at_least", "below", "within_days"})),
    "silences": (on_context.silences, frozenset()),
    "last_level": (on_context.last_level, frozenset()),
    "danger": (on_context.danger, frozenset()),
    "reader": (on_context.reader, frozenset()),
}
"""word → (its function, the other fields it takes)."""

THRESHOLD_FIELDS = frozenset({"at_least", "below", "days", "how_many", "symptoms_at", "silences", "within_days"})
"""The fields that name a threshold: a number never stands in a rule itself, since it would have no source there."""


def build(spec: Spec, book: Book) -> Condition:
    """A table of the file → condition. ConditionError names the field, the value and the reason."""
    words = [word for word in spec if word in VOCABULARY]
    if len(words) != 1:
        raise ConditionError("condition", dict(spec), f"expected exactly one of {', '.join(VOCABULARY)}")
    builder, fields = VOCABULARY[words[0]]
    if strange := spec.keys() - fields - {words[0]}:
        raise ConditionError(
            min(strange), spec[min(strange)], f"is not a field of {words[0]}; it takes {', '.join(sorted(fields)) or 'none'}"
        )
    if "at_least" in spec and "below" in spec:
        raise ConditionError("below", spec["below"], "at_least and below are two conditions")
    return builder(spec, book)


def all_met(findings: Iterable[bool | None]) -> bool | None:
    """False as soon as one is False, else None as soon as one is undecided. True of none at all."""
    result: bool | None = True
    for met in findings:
        if met is False:
            return False
        if met is None:
            result = None
    return result


def any_met(findings: Iterable[bool | None]) -> bool | None:
    """True as soon as one is True, else None as soon as one is undecided. False of none at all."""
    result: bool | None = False
    for met in findings:
        if met:
            return True
        if met is None:
            result = None
    return result
