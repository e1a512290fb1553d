"""The closed vocabulary of conditions: no expression, no code, one small function each, one plain dict.

Each gives True, False or None (undecided). ``all_of``, ``any_of`` and ``none_of`` combine them by three-valued logic, one level deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from triage.conditions import on_answers, on_composites, on_context, on_grades, on_history, on_measures
from triage.conditions.facts import ANY, Absent, Book, Case, Composite, Condition, ConditionError, Fact, Finding, Spec, Window

__all__ = [
    "ANY",
    "GRADED",
    "STRICTER",
    "THRESHOLD_FIELDS",
    "VOCABULARY",
    "Absent",
    "Book",
    "Case",
    "Composite",
    "Condition",
    "ConditionError",
    "Fact",
    "Finding",
    "Spec",
    "Window",
    "all_met",
    "any_met",
    "build",
]

Builder = Callable[[Spec, Book], Condition]

VOCABULARY: Mapping[str, tuple[Builder, frozenset[str]]] = {
    "answer": (on_answers.answer, frozenset({"at_least", "below"})),
    "yes": (on_answers.yes, frozenset()),
    "intake": (on_answers.intake, frozenset({"at_least"})),
    "rise_since_last": (on_history.rise_since_last, frozenset({"at_least"})),
    "rise_since_baseline": (on_history.rise_since_baseline, frozenset({"at_least"})),
    "lasting": (on_history.lasting, frozenset({"at_least", "days"})),
    "consecutive": (on_history.consecutive, frozenset({"at_least", "times"})),
    "occurrence": (on_history.occurrence, frozenset({"at_least", "number"})),
    "symptoms_at": (on_answers.symptoms_at, frozenset({"how_many"})),
    "composite": (on_composites.composite, frozenset({"at_least"})),
    "cycle": (on_context.cycle, frozenset()),
    "cycle_day": (on_context.cycle_day, frozenset()),
    "treatment_day": (on_context.treatment_day, frozenset()),
    "window": (on_context.window, frozenset()),
    "on_day": (on_context.on_day, frozenset()),
    "measure": (on_measures.measure, frozenset({"unit", *on_measures.SIDES, "within_days"})),
    "measure_rise": (on_measures.measure_rise, frozenset({"unit", "at_least", "since", "over_days", "within_days"})),
    "measure_fall": (on_measures.measure_fall, frozenset({"unit", "at_least", "since", "over_days", "within_days"})),
    "grade": (on_grades.grade, frozenset({"at_least", "within_days"})),
    "grade_rise_since_last": (on_grades.grade_rise_since_last, frozenset({"at_least", "within_days"})),
    "grade_rise_since_baseline": (on_grades.grade_rise_since_baseline, frozenset({"at_least", "within_days"})),
    "exposed_to": (on_context.exposed_to, frozenset({"within_days"})),
    "adherence_below": (on_context.adherence_below, frozenset()),
    "silences": (on_context.silences, frozenset()),
    "last_level": (on_context.last_level, frozenset()),
    "danger": (on_context.danger, frozenset()),
    "reader": (on_context.reader, frozenset()),
}
"""word → (its function, the other fields it takes)."""

GRADED = frozenset({"grade", "grade_rise_since_last", "grade_rise_since_baseline"})
"""Words that read the grade table of the protocol's version of CTCAE."""

STRICTER: Mapping[str, int] = {
    "at_least": -1,
    "above": -1,
    "below": 1,
    "days": -1,
    "how_many": -1,
    "symptoms_at": -1,
    "times": -1,
    "number": -1,
    "silences": -1,
    "within_days": 1,
    "over_days": 1,
    "adherence_below": 1,
}
"""Fields that name a threshold, and the way in which it gets stricter: -1 when a lower number fires more, 1 when a higher one does."""

THRESHOLD_FIELDS = frozenset(STRICTER)
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
    if len(sides := [side for side in on_measures.SIDES if side in spec]) > 1:
        raise ConditionError(sides[-1], spec[sides[-1]], f"{' and '.join(sides)} are two conditions")
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
