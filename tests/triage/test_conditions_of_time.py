"""Conditions on history, the chart, other medicines and windows, as tables written by hand. What is not known is undecided, never no."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.protocols import TODAY, answers, layers, value
from triage.conditions import Book, Case, Composite, ConditionError, Window, build
from triage.conditions.facts import Finding
from triage.conditions.on_history import episodes
from triage.grading import labs
from triage.questions import Question
from triage.terms import Context, Exposure, Kind, Measured, Past

QUESTIONS = {
    key: Question(key, kind, name={"fr": key, "en": key}, unit="kg" if kind is Kind.WEIGHT else "")
    for key, kind in {
        "diarrhea": Kind.SEVERITY,
        "pain_often": Kind.SEVERITY,
        "pain_strong": Kind.SEVERITY,
        "weight": Kind.WEIGHT,
    }.items()
}
LIMITS = {f"n{n}": Decimal(n) for n in (1, 2, 3, 4, 5, 7, 14, 80, 900)}
EARLY = Window("early", (1, 1), (3, 16), None, {"fr": "tôt", "en": "early"})
SIX_MONTHS = Window("six-months", None, None, (1, 180), {"fr": "six mois", "en": "six months"})


def _score(attributes: tuple[int, ...]) -> int:
    """A table made up for these tests: the sum of two attributes, at most 3; 0 when the first is 0."""
    often, strong = attributes
    return min(3, (often + strong) // 2) if often else 0


PAIN = Composite("pain", 99, {"fr": "douleur", "en": "pain"}, ("pain_often", "pain_strong"), _score)
BOOK = Book(QUESTIONS, LIMITS, {"early": EARLY, "six-months": SIX_MONTHS}, {"pain": PAIN}, labs.read(*layers()["ctcae-5.0"].split("\n\n")))


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def past(*scores: tuple[int, float | None], key: str = "diarrhea") -> tuple[Past, ...]:
    """(days ago, score), the most recent first."""
    return tuple(Past(ago(days), {key: value(score)}) for days, score in scores)


def measured(number: str, days: int = 0, unit: str = "kg", **limits: Any) -> Measured:
    return Measured(Decimal(number), unit, ago(days), **limits)


def check(spec: dict[str, Any], given: dict[str, Any], **more: Any) -> Finding:
    due = tuple(given) if given else ()
    return build(spec, BOOK).check(Case.of(QUESTIONS, answers(**given), due, Context(TODAY, **more)))


TWICE = {"consecutive": "diarrhea", "at_least": "n2", "times": "n2"}
SECOND = {"occurrence": "diarrhea", "at_least": "n3", "number": "n2"}
GAIN = {"measure_rise": "weight", "unit": "kg", "at_least": "n2", "over_days": "n7"}
LOSS = {"measure_fall": "weight", "unit": "%", "at_least": "n5", "since": "baseline"}
PLATELETS = {"grade": "Platelet count decreased", "at_least": "n2", "within_days": "n14"}
WORSE = {"grade_rise_since_last": "Platelet count decreased", "at_least": "n2", "within_days": "n14"}
BEFORE = {"grade_rise_since_baseline": "Platelet count decreased", "at_least": "n2", "within_days": "n14"}
BLEEDER = {"exposed_to": "anticoagulant", "within_days": "n7"}
OFTEN_TAKEN = {"adherence_below": "n80"}
COMPOSITE = {"composite": "pain", "at_least": "n2"}
OLD = {"cycle": 3}
KNOWN = {"cycle": 1}


def count(number: str, days: int = 0) -> dict[str, Any]:
    """Platelets beside a lower limit of 150: grade 1 under 150, 2 under 75, 3 under 50, 4 under 25 (CTCAE 5.0)."""
    return {"platelets": measured(number, days, "10*9/L", lln=Decimal(150))}


CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool | None]] = [
    # Two check-ins in a row; one without that answer neither counts nor breaks the row.
    (TWICE, {"diarrhea": 2}, {"past": past((2, 2))}, True),
    (TWICE, {"diarrhea": 2}, {"past": past((2, 1))}, False),
    (TWICE, {"diarrhea": 1}, {"past": past((2, 2))}, False),
    (TWICE, {"diarrhea": 2}, {"past": past((2, None), (4, 3))}, True),
    (TWICE, {"diarrhea": 4}, {}, False),
    (TWICE, {"diarrhea": None}, {"past": past((2, 2))}, None),
    (TWICE, {"diarrhea": None}, {"past": past((2, 1))}, False),
    ({**TWICE, "times": "n3"}, {"diarrhea": 2}, {"past": past((2, 2), (4, 2))}, True),
    ({**TWICE, "times": "n3"}, {"diarrhea": 2}, {"past": past((2, 2), (4, 1), (6, 2))}, False),
    # The second time: after 7 days at 1 or less the episode is over, the next is a new one.
    (SECOND, {"diarrhea": 3}, {**KNOWN, "past": past((8, 0), (10, 3))}, True),
    (SECOND, {"diarrhea": 3}, {**KNOWN, "past": past((7, 1), (10, 3))}, True),
    (SECOND, {"diarrhea": 3}, {**KNOWN, "past": past((6, 1), (10, 3))}, False),
    (SECOND, {"diarrhea": 3}, {**KNOWN, "past": past((8, 2), (10, 3))}, False),
    (SECOND, {"diarrhea": 3}, {**KNOWN, "past": past((2, 2), (8, 0), (10, 3))}, False),
    (SECOND, {"diarrhea": 2}, {**KNOWN, "past": past((8, 0), (10, 3))}, False),
    (SECOND, {"diarrhea": 3}, {**KNOWN}, False),
    (SECOND, {"diarrhea": 3}, {**OLD}, None),
    (SECOND, {"diarrhea": 3}, {**OLD, "past": past((8, 0), (10, 3))}, True),
    (SECOND, {"diarrhea": 3}, {**OLD, "past": past((8, 0)), "treatment_day": 36}, False),
    (SECOND, {"diarrhea": 3}, {**OLD, "past": past((8, 0)), "treatment_day": 37}, None),
    (SECOND, {"diarrhea": None}, {**KNOWN, "past": past((8, 0), (10, 3))}, None),
    # A kilogram more in so many days: of the chart, or just answered.
    (GAIN, {}, {"measures": {"weight": measured("72")}, "measures_before": {"weight": (measured("70", 7),)}}, True),
    (GAIN, {}, {"measures": {"weight": measured("71.9")}, "measures_before": {"weight": (measured("70", 7),)}}, False),
    (GAIN, {}, {"measures": {"weight": measured("72")}, "measures_before": {"weight": (measured("70", 8),)}}, None),
    (GAIN, {}, {"measures": {"weight": measured("72", 8)}, "measures_before": {"weight": (measured("70", 9),)}}, None),
    (GAIN, {}, {"measures": {"weight": measured("72")}}, None),
    (GAIN, {}, {}, None),
    (GAIN, {"weight": 72.0}, {"measures": {"weight": measured("70", 3)}}, True),
    (GAIN, {"weight": 71.9}, {"measures": {"weight": measured("70", 3)}}, False),
    (GAIN, {"weight": 72.0}, {"past": past((3, 70.0), key="weight")}, True),
    (GAIN, {"weight": 72.0}, {"past": past((3, 71.0), (6, 70.0), key="weight")}, True),
    (GAIN, {"weight": 72.0}, {"past": past((3, 71.0), (8, 70.0), key="weight")}, False),
    (GAIN, {"weight": None}, {"measures": {"weight": measured("71")}, "measures_before": {"weight": (measured("70", 7),)}}, None),
    (GAIN, {"weight": None}, {"measures": {"weight": measured("72")}, "measures_before": {"weight": (measured("70", 7),)}}, True),
    (GAIN, {}, {"measures": {"weight": measured("72000", unit="g")}, "measures_before": {"weight": (measured("70", 7),)}}, True),
    (GAIN, {}, {"measures": {"weight": measured("72", unit="Cel")}, "measures_before": {"weight": (measured("70", 7),)}}, None),
    # 5 % of 73 kg is 3.65 kg: at 69.35 it is reached, exactly.
    (LOSS, {"weight": 69.35}, {"measures_baseline": {"weight": measured("73", 90)}}, True),
    (LOSS, {"weight": 69.36}, {"measures_baseline": {"weight": measured("73", 90)}}, False),
    (LOSS, {"weight": 69.35}, {"baseline": {"weight": Decimal(73)}}, True),
    (LOSS, {"weight": 69.35}, {}, None),
    # Grades: not gradable, too old or absent is undecided.
    (PLATELETS, {}, {"measures": count("74.9")}, True),
    (PLATELETS, {}, {"measures": count("75")}, False),
    (PLATELETS, {}, {"measures": count("74.9", 14)}, True),
    (PLATELETS, {}, {"measures": count("74.9", 15)}, None),
    (PLATELETS, {}, {"measures": {"platelets": measured("120", 0, "10*9/L")}}, None),
    (PLATELETS, {}, {"measures": {"platelets": measured("74.9", 0, "g/L")}}, None),
    (PLATELETS, {}, {}, None),
    (WORSE, {}, {"measures": count("74"), "measures_before": {"platelets": (count("200", 9)["platelets"],)}}, True),
    (WORSE, {}, {"measures": count("74"), "measures_before": {"platelets": (count("140", 9)["platelets"],)}}, False),
    (WORSE, {}, {"measures": count("74")}, None),
    (WORSE, {}, {"measures": count("74", 15), "measures_before": {"platelets": (count("200", 20)["platelets"],)}}, None),
    (BEFORE, {}, {"measures": count("74"), "measures_baseline": count("200", 60)}, True),
    (BEFORE, {}, {"measures": count("76"), "measures_baseline": count("200", 60)}, False),
    (BEFORE, {}, {"measures": count("74")}, None),
    # Other medicines, counted from the day they were stopped; what is not recorded is not known.
    (BLEEDER, {}, {"exposures": {"anticoagulant": Exposure(ago(30))}}, True),
    (BLEEDER, {}, {"exposures": {"anticoagulant": Exposure(ago(30), ago(7))}}, True),
    (BLEEDER, {}, {"exposures": {"anticoagulant": Exposure(ago(30), ago(8))}}, False),
    (BLEEDER, {}, {"exposures": {"anticoagulant": Exposure(ago(-1))}}, False),
    (BLEEDER, {}, {"exposures": {"anticoagulant": Exposure(TODAY)}}, True),
    ({"exposed_to": "anticoagulant"}, {}, {"exposures": {"anticoagulant": Exposure(ago(30), TODAY)}}, True),
    ({"exposed_to": "anticoagulant"}, {}, {"exposures": {"anticoagulant": Exposure(ago(30), ago(1))}}, False),
    (BLEEDER, {}, {"exposures": {}}, None),
    (OFTEN_TAKEN, {}, {"adherence": Decimal("79.9")}, True),
    (OFTEN_TAKEN, {}, {"adherence": Decimal(80)}, False),
    (OFTEN_TAKEN, {}, {}, None),
    # Days and windows, both ends included; a day that is not known is undecided, unless another already says no.
    ({"treatment_day": [10, 150]}, {}, {"treatment_day": 10}, True),
    ({"treatment_day": [10, 150]}, {}, {"treatment_day": 9}, False),
    ({"treatment_day": [10, 150]}, {}, {"treatment_day": 150}, True),
    ({"treatment_day": [10, 150]}, {}, {"treatment_day": 151}, False),
    ({"treatment_day": [10, 150]}, {}, {}, None),
    ({"window": "early"}, {}, {"cycle": 1, "cycle_day": 3}, True),
    ({"window": "early"}, {}, {"cycle": 1, "cycle_day": 2}, False),
    ({"window": "early"}, {}, {"cycle": 1, "cycle_day": 16}, True),
    ({"window": "early"}, {}, {"cycle": 1, "cycle_day": 17}, False),
    ({"window": "early"}, {}, {"cycle": 2, "cycle_day": 5}, False),
    ({"window": "early"}, {}, {"cycle": 2}, False),
    ({"window": "early"}, {}, {"cycle": 1}, None),
    ({"window": "early"}, {}, {}, None),
    ({"window": "six-months"}, {}, {"treatment_day": 180}, True),
    ({"window": "six-months"}, {}, {"treatment_day": 181}, False),
    # A composite decides while scores are missing only when every value of theirs would say the same.
    (COMPOSITE, {"pain_often": 2, "pain_strong": 2}, {}, True),
    (COMPOSITE, {"pain_often": 2, "pain_strong": 1}, {}, False),
    (COMPOSITE, {"pain_often": 4, "pain_strong": None}, {}, True),
    (COMPOSITE, {"pain_often": 3, "pain_strong": None}, {}, None),
    (COMPOSITE, {"pain_often": 0, "pain_strong": None}, {}, False),
    (COMPOSITE, {"pain_often": None, "pain_strong": 0}, {}, None),
    (COMPOSITE, {}, {}, None),
]


@pytest.mark.parametrize(("spec", "given", "more", "met"), CASES)
def test_a_condition(spec: dict[str, Any], given: dict[str, Any], more: dict[str, Any], met: bool | None) -> None:
    """Each threshold at and beside it; FR-31, HZ-38: no measure, no history, no baseline gives neither yes nor no."""
    found = check(spec, given, **more)
    assert found.met is met
    assert all(found.say())


@pytest.mark.parametrize(
    ("days_and_scores", "count"),
    [
        (((0, 3),), 1),
        (((0, 3), (2, 3), (9, 3)), 1),
        (((0, 3), (3, 0), (9, 3)), 1),
        (((0, 3), (2, 0), (9, 3)), 2),
        (((0, 3), (2, 1), (5, 0), (9, 3)), 2),
        (((0, 3), (2, 1), (5, 2), (9, 3)), 1),
        (((0, 3), (2, 0), (9, 2), (11, 3)), 2),
        (((0, 3), (2, 0), (9, 3), (12, 0), (19, 4)), 3),
        (((0, 2), (3, 2), (40, 2)), 0),
        ((), 0),
    ],
)
def test_episodes_are_counted_as_the_house_says(days_and_scores: tuple[tuple[int, int], ...], count: int) -> None:
    """House section 7: an episode ends after 7 days at 1 or less; the next time is a new occurrence."""
    begins = date(2026, 1, 1)
    assert episodes([(begins + timedelta(days=day), Decimal(score)) for day, score in days_and_scores], Decimal(3)) == count


def test_the_question_that_may_still_decide_is_waited_for() -> None:
    assert check(GAIN, {"weight": None}).waits == ("weight",)
    assert check(TWICE, {"diarrhea": None}, past=past((2, 2))).waits == ("diarrhea",)
    assert check(TWICE, {"diarrhea": None}, past=past((2, 1))).waits == ()
    assert check(COMPOSITE, {"pain_often": 3, "pain_strong": None}).waits == ("pain_strong",)
    assert check(PLATELETS, {}).waits == ()


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({**TWICE, "at_least": "n5"}, "at_least"),
        ({"consecutive": "diarrhea", "at_least": "n2"}, "times"),
        ({"occurrence": "diarrhea", "at_least": "n2", "number": 2}, "number"),
        ({"measure_rise": "weight", "at_least": "n2", "over_days": "n7"}, "unit"),
        ({"measure_rise": "weight", "unit": "kg", "at_least": "n2"}, "since"),
        ({**GAIN, "since": "baseline"}, "since"),
        ({**GAIN, "within_days": "n7"}, "within_days"),
        ({"measure_fall": "weight", "unit": "kg", "at_least": "n2", "since": "birth"}, "since"),
        ({**PLATELETS, "grade": "Sadness"}, "grade"),
        ({**PLATELETS, "at_least": "n5"}, "at_least"),
        ({"grade": "Platelet count decreased", "at_least": "n2"}, "within_days"),
        ({"composite": "joy", "at_least": "n2"}, "composite"),
        ({"composite": "pain", "at_least": "n4"}, "at_least"),
        ({"window": "late"}, "window"),
        ({"treatment_day": [0, 7]}, "treatment_day"),
        ({"exposed_to": 3}, "exposed_to"),
        ({"adherence_below": "n900"}, "adherence_below"),
    ],
)
def test_a_condition_that_cannot_be_read_names_its_field(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(ConditionError) as refused:
        build(spec, BOOK)
    assert refused.value.field == field


def test_a_grade_without_a_version_is_refused() -> None:
    with pytest.raises(ConditionError, match="write ctcae"):
        build(PLATELETS, Book(QUESTIONS, LIMITS))


HISTORIES = [past(), past((2, 2)), past((2, 3), (4, 4)), past((2, None), (8, 0), (10, 3)), past((3, 1), (9, 0), (12, 4))]
GROWING = [TWICE, SECOND, {"rise_since_last": "diarrhea", "at_least": "n2"}, {"lasting": "diarrhea", "at_least": "n2", "days": "n4"}]
RANK = {False: 0, None: 1, True: 2}


@pytest.mark.parametrize("spec", GROWING, ids=lambda spec: next(iter(spec)))
@pytest.mark.parametrize("history", HISTORIES)
def test_a_worse_answer_only_turns_a_condition_on(spec: dict[str, Any], history: tuple[Past, ...]) -> None:
    """House section 7, with the history held fixed; and an answer that is missing never says no where its worst would say yes."""
    met = [RANK[check(spec, {"diarrhea": score}, past=history, cycle=1).met] for score in range(5)]
    assert met == sorted(met)
    missing = RANK[check(spec, {"diarrhea": None}, past=history, cycle=1).met]
    assert missing >= met[0]
    assert missing > 0 or met[-1] == 0


def test_a_worse_score_only_turns_a_composite_on() -> None:
    values: list[float | None] = [0, 1, 2, 3, 4, None]
    met = {(a, b): RANK[check(COMPOSITE, {"pain_often": a, "pain_strong": b}).met] for a in values for b in values}
    for held in values:
        assert [met[a, held] for a in range(5)] == sorted(met[a, held] for a in range(5))
        assert [met[held, b] for b in range(5)] == sorted(met[held, b] for b in range(5))
        assert met[None, held] >= met[0, held]
        assert met[held, None] >= met[held, 0]
        assert met[None, held] > 0 or met[4, held] == 0
