"""Each word of the vocabulary as a table: met, not met, undecided, and how near. A vocabulary word without cases fails here."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.protocols import TODAY, answers, value
from tests.triage.test_conditions_of_time import CASES as TIMED
from triage.conditions import VOCABULARY, Book, Case, ConditionError, all_met, any_met, build
from triage.questions import Question
from triage.terms import Context, Escalate, Kind, Level, Measured, Past

NAMED = {"fr": "x", "en": "x"}


def _question(key: str, kind: Kind, **more: Any) -> Question:
    return Question(key, kind, name={"fr": key, "en": key}, **more)


QUESTIONS = {
    q.key: q
    for q in (
        _question("nausea", Kind.SEVERITY),
        _question("diarrhea", Kind.SEVERITY),
        _question("fatigue", Kind.SEVERITY),
        _question("temperature", Kind.TEMPERATURE),
        _question("stools", Kind.COUNT, detail_of="diarrhea"),
        _question("chest_pain", Kind.YES_NO),
        _question("intake", Kind.INTAKE),
    )
}
LIMITS = {f"n{n}": Decimal(n) for n in range(1, 8)} | {"fever": Decimal("38.0"), "cold": Decimal("36.0"), "pressure": Decimal(160)}
BOOK = Book(QUESTIONS, LIMITS)
DUE = tuple(QUESTIONS)

UNKNOWN = None


def past(days_ago: int, level: Level = Level.NONE, **given: Any) -> Past:
    return Past(TODAY - timedelta(days=days_ago), {k: value(v) for k, v in given.items()}, level)


def check(spec: dict[str, Any], given: dict[str, Any], due: tuple[str, ...] = DUE, **more: Any) -> Any:
    return build(spec, BOOK).check(Case.of(QUESTIONS, answers(**given), due, Context(TODAY, **more)))


TEMPERATURE = {"answer": "temperature", "at_least": "fever"}
NAUSEA = {"answer": "nausea", "at_least": "n3"}
ANY = {"answer": "any", "at_least": "n3"}
RISE = {"rise_since_last": "nausea", "at_least": "n2"}
BASE = {"rise_since_baseline": "any", "at_least": "n2"}
LASTING = {"lasting": "nausea", "at_least": "n2", "days": "n4"}
TWO = {"symptoms_at": "n2", "how_many": "n2"}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], bool | None, bool]] = [
    # word, condition, answers, context, met, near
    ("answer", TEMPERATURE, {"temperature": 37.9}, {}, False, True),
    ("answer", TEMPERATURE, {"temperature": 37.7}, {}, False, True),
    ("answer", TEMPERATURE, {"temperature": 37.6}, {}, False, False),
    ("answer", TEMPERATURE, {"temperature": 38.0}, {}, True, False),
    ("answer", TEMPERATURE, {"temperature": "no_fever"}, {}, False, False),
    ("answer", TEMPERATURE, {"temperature": UNKNOWN}, {}, None, False),
    ("answer", {"answer": "temperature", "below": "cold"}, {"temperature": 35.9}, {}, True, False),
    ("answer", {"answer": "temperature", "below": "cold"}, {"temperature": 36.0}, {}, False, True),
    ("answer", NAUSEA, {"nausea": 2}, {}, False, True),
    ("answer", NAUSEA, {"nausea": 1}, {}, False, False),
    ("answer", {"answer": "nausea", "at_least": "n1"}, {"nausea": 0}, {}, False, False),
    ("answer", {"answer": "stools", "at_least": "n7"}, {"stools": 6, "diarrhea": 2}, {}, False, True),
    ("answer", {"answer": "stools", "at_least": "n7"}, {"diarrhea": 0}, {}, False, False),
    ("answer", {"answer": "stools", "at_least": "n7"}, {"diarrhea": 1}, {}, None, False),
    ("answer", {"answer": "stools", "at_least": "n7"}, {"diarrhea": UNKNOWN}, {}, None, False),
    ("answer", {"answer": "stools", "at_least": "n7"}, {"diarrhea": 0, "stools": 8}, {}, True, False),
    ("answer", ANY, {"nausea": 3, "diarrhea": UNKNOWN, "fatigue": 0}, {}, True, False),
    ("answer", ANY, {"nausea": 2, "diarrhea": UNKNOWN, "fatigue": 0}, {}, None, True),
    ("answer", ANY, {"nausea": 2, "diarrhea": 0, "fatigue": 0}, {}, False, True),
    ("yes", {"yes": "chest_pain"}, {"chest_pain": True}, {}, True, False),
    ("yes", {"yes": "chest_pain"}, {"chest_pain": False}, {}, False, False),
    ("yes", {"yes": "chest_pain"}, {}, {}, None, False),
    ("intake", {"intake": "missed", "at_least": "n2"}, {"intake": "missed:2"}, {}, True, False),
    ("intake", {"intake": "missed", "at_least": "n2"}, {"intake": "missed:1+extra:5"}, {}, False, True),
    ("intake", {"intake": "missed", "at_least": "n2"}, {"intake": "all"}, {}, False, False),
    ("intake", {"intake": "extra", "at_least": "n1"}, {"intake": "missed:2+extra:1"}, {}, True, False),
    ("intake", {"intake": "off_day"}, {"intake": "off_day"}, {}, True, False),
    ("intake", {"intake": "off_day"}, {"intake": "extra:3"}, {}, False, False),
    ("intake", {"intake": "stopped"}, {"intake": "missed:3+stopped"}, {}, True, False),
    ("intake", {"intake": "stopped"}, {"intake": UNKNOWN}, {}, None, False),
    ("rise_since_last", RISE, {"nausea": 3}, {"past": (past(2, nausea=1),)}, True, False),
    ("rise_since_last", RISE, {"nausea": 2}, {"past": (past(2, nausea=1),)}, False, True),
    ("rise_since_last", RISE, {"nausea": 1}, {"past": (past(2, nausea=1),)}, False, False),
    ("rise_since_last", RISE, {"nausea": 3}, {}, None, False),
    ("rise_since_last", RISE, {"nausea": 3}, {"past": (past(2, nausea=None), past(4, nausea=1))}, True, False),
    ("rise_since_last", RISE, {"nausea": UNKNOWN}, {"past": (past(2, nausea=1),)}, None, False),
    ("rise_since_baseline", BASE, {"nausea": 0, "diarrhea": 4, "fatigue": 1}, {"baseline": {"diarrhea": Decimal(2)}}, True, False),
    ("rise_since_baseline", BASE, {"nausea": 4, "diarrhea": 3, "fatigue": 1}, {"baseline": {"diarrhea": Decimal(2)}}, False, True),
    ("rise_since_baseline", BASE, {"nausea": 4, "diarrhea": UNKNOWN, "fatigue": 1}, {"baseline": {"diarrhea": Decimal(2)}}, None, False),
    ("rise_since_baseline", BASE, {"nausea": 4, "diarrhea": 4, "fatigue": 4}, {}, False, False),
    ("lasting", LASTING, {"nausea": 2}, {"past": (past(2, nausea=2), past(4, nausea=3))}, True, False),
    ("lasting", LASTING, {"nausea": 2}, {"past": (past(3, nausea=2), past(5, nausea=1))}, False, True),
    ("lasting", LASTING, {"nausea": 2}, {"past": (past(2, nausea=None), past(4, nausea=2))}, True, False),
    ("lasting", LASTING, {"nausea": 2}, {"past": (past(2, nausea=1), past(4, nausea=2))}, False, False),
    ("lasting", LASTING, {"nausea": 1}, {"past": (past(4, nausea=2),)}, False, False),
    ("lasting", LASTING, {"nausea": 2}, {}, False, False),
    ("lasting", LASTING, {"nausea": UNKNOWN}, {"past": (past(4, nausea=2),)}, None, False),
    ("symptoms_at", TWO, {"nausea": 2, "diarrhea": 2, "fatigue": UNKNOWN}, {}, True, False),
    ("symptoms_at", TWO, {"nausea": 2, "diarrhea": UNKNOWN, "fatigue": 0}, {}, None, True),
    ("symptoms_at", TWO, {"nausea": 2, "diarrhea": 1, "fatigue": 0}, {}, False, True),
    ("symptoms_at", TWO, {"nausea": 1, "diarrhea": UNKNOWN, "fatigue": 0}, {}, False, False),
    ("cycle", {"cycle": [1, 2]}, {}, {"cycle": 2}, True, False),
    ("cycle", {"cycle": [1, 2]}, {}, {"cycle": 3}, False, False),
    ("cycle", {"cycle": [1, 2]}, {}, {}, None, False),
    ("cycle_day", {"cycle_day": [14, 28]}, {}, {"cycle_day": 14}, True, False),
    ("cycle_day", {"cycle_day": [14, 28]}, {}, {"cycle_day": 29}, False, False),
    ("cycle_day", {"cycle_day": [14, 28]}, {}, {}, None, False),
    ("on_day", {"on_day": False}, {}, {"on_day": False}, True, False),
    ("on_day", {"on_day": False}, {}, {"on_day": True}, False, False),
    ("on_day", {"on_day": False}, {}, {}, None, False),
    ("silences", {"silences": "n2"}, {}, {"silences": 2}, True, False),
    ("silences", {"silences": "n2"}, {}, {"silences": 1}, False, True),
    ("silences", {"silences": "n2"}, {}, {}, False, False),
    ("last_level", {"last_level": "moderate"}, {}, {"past": (past(2, Level.HIGH),)}, True, False),
    ("last_level", {"last_level": "moderate"}, {}, {"past": (past(2, Level.INFO), past(4, Level.URGENT))}, False, False),
    ("last_level", {"last_level": "moderate"}, {}, {}, False, False),
    ("danger", {"danger": ["syncope", "chest_pain"]}, {}, {"dangers": ("bleeding", "chest_pain")}, True, False),
    ("danger", {"danger": ["syncope"]}, {}, {"dangers": ("bleeding",)}, False, False),
    ("reader", {"reader": "nurse"}, {}, {"escalate": Escalate.URGENT}, True, False),
    ("reader", {"reader": "urgent"}, {}, {"escalate": Escalate.NURSE}, False, False),
    ("reader", {"reader": "nurse"}, {}, {}, False, False),
]


@pytest.mark.parametrize(("word", "spec", "given", "more", "met", "near"), CASES)
def test_a_condition(word: str, spec: dict[str, Any], given: dict[str, Any], more: dict[str, Any], met: bool | None, near: bool) -> None:
    """Missing is unknown, never zero: an unknown answer gives neither yes nor no."""
    found = check(spec, given, **more)
    assert (found.met, found.near) == (met, near)
    assert all(found.say())


PRESSURE = {"measure": "systolic_bp", "unit": "mm[Hg]", "at_least": "pressure", "within_days": "n7"}


@pytest.mark.parametrize(
    ("measured", "met"),
    [
        (None, None),
        (Measured(Decimal(160), "mm[Hg]", TODAY), True),
        (Measured(Decimal(159), "mm[Hg]", TODAY), False),
        (Measured(Decimal(160), "mm[Hg]", TODAY - timedelta(days=7)), True),
        (Measured(Decimal(160), "mm[Hg]", TODAY - timedelta(days=8)), None),
        (Measured(Decimal(160), "kPa", TODAY), None),
    ],
)
def test_a_measure_counts_while_it_is_recent_and_in_its_unit(measured: Measured | None, met: bool | None) -> None:
    """HZ-38: a number of another unit is not compared."""
    assert check(PRESSURE, {}, measures={"systolic_bp": measured} if measured else {}).met is met


def test_every_word_has_its_cases() -> None:
    of_time = {word for case in TIMED for word in case[0]} & set(VOCABULARY)
    assert {case[0] for case in CASES} | {"measure"} | of_time == set(VOCABULARY)


def test_only_questions_of_the_check_in_are_waited_for() -> None:
    assert check(TEMPERATURE, {}).waits == ("temperature",)
    assert check(TEMPERATURE, {}, due=()).waits == ()
    assert check(TEMPERATURE, {}, due=()).met is None
    assert check(TWO, {"nausea": 2}).waits == ("diarrhea", "fatigue")


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "condition"),
        ({"answer": "nausea", "yes": "chest_pain"}, "condition"),
        ({"answer": "nausea", "at_least": 3}, "at_least"),
        ({"answer": "nausea", "at_least": "nobody"}, "at_least"),
        ({"answer": "nausea"}, "at_least"),
        ({"answer": "headache", "at_least": "n3"}, "answer"),
        ({"answer": "chest_pain", "at_least": "n3"}, "answer"),
        ({"answer": "nausea", "below": "n3"}, "below"),
        ({"answer": "nausea", "at_least": "n5"}, "at_least"),
        ({"answer": "temperature", "at_least": "n7"}, "at_least"),
        ({"answer": "temperature", "at_least": "fever", "below": "cold"}, "below"),
        ({"answer": "temperature", "at_least": "fever", "days": "n4"}, "days"),
        ({"yes": "nausea"}, "yes"),
        ({"intake": "missed"}, "at_least"),
        ({"intake": "stopped", "at_least": "n1"}, "at_least"),
        ({"intake": "forgotten"}, "intake"),
        ({"cycle": [2, 1]}, "cycle"),
        ({"cycle": 1}, "cycle"),
        ({"cycle_day": [0, 7]}, "cycle_day"),
        ({"on_day": "yes"}, "on_day"),
        ({"last_level": "orange"}, "last_level"),
        ({"danger": "fever"}, "danger"),
        ({"reader": "no"}, "reader"),
        ({"measure": "systolic_bp", "at_least": "pressure", "within_days": "n7"}, "unit"),
    ],
)
def test_a_condition_that_cannot_be_read_names_its_field(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(ConditionError) as refused:
        build(spec, BOOK)
    assert refused.value.field == field
    assert refused.value.reason


def test_intake_without_a_question_about_doses_is_refused() -> None:
    with pytest.raises(ConditionError, match="doses of the week"):
        build({"intake": "stopped"}, Book({}, LIMITS))


@pytest.mark.parametrize(
    ("values", "every", "some"),
    [
        ([], True, False),
        ([True], True, True),
        ([True, None], None, True),
        ([True, False], False, True),
        ([None, False], False, None),
        ([False], False, False),
        ([None], None, None),
    ],
)
def test_three_valued_logic(values: list[bool | None], every: bool | None, some: bool | None) -> None:
    assert (all_met(values), any_met(values)) == (every, some)
