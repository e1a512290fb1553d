"""Conditions at the ends of their numbers: decimals in two languages, limits of normal, composites that are nearly reached or skipped."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.triage.conditions.book import BOOK, QUESTIONS, TODAY, measured, past, said, value
from triage.conditions import Case, Composite, build
from triage.terms import Answer, Context

LIVER = {"measure": "alt", "unit": "xULN", "above": "n5", "within_days": "n7"}
COUNT = {"measure": "neutrophils", "unit": "10*9/L", "below": "count", "within_days": "n7"}


@pytest.mark.parametrize(
    ("spec", "context", "since"),
    [
        ({"rise_since_last": "nausea", "at_least": "half"}, {"past": (past(2, nausea=1),)}, ("la dernière réponse", "the last answer")),
        ({"rise_since_last": "any", "at_least": "half"}, {"past": (past(2, nausea=1),)}, ("la dernière réponse", "the last answer")),
        (
            {"rise_since_baseline": "nausea", "at_least": "half"},
            {"baseline": {"nausea": Decimal(1)}},
            ("l'état avant traitement", "the state before treatment"),
        ),
    ],
)
def test_a_decimal_threshold_of_a_rise_is_written_as_each_language_does(
    spec: dict[str, Any], context: dict[str, Any], since: tuple[str, str]
) -> None:
    assert said(spec, {"nausea": 4}, **context) == (
        True,
        False,
        f"nausées : de 1 à 4 depuis {since[0]} (seuil + 2,5)",
        f"nausea: from 1 to 4 since {since[1]} (threshold + 2.5)",
        (),
    )


@pytest.mark.parametrize(
    ("spec", "measures", "met", "words"),
    [
        (
            LIVER,
            {"alt": measured("190", "U/L", uln="37.5")},
            True,
            ("190 U/L le 2026-11-23, limite normale 37,5", "190 U/L on 2026-11-23, limit of normal 37.5"),
        ),
        (
            LIVER,
            {"alt": measured("187.5", "U/L", uln="37.5")},
            False,
            ("187,5 U/L le 2026-11-23, limite normale 37,5", "187.5 U/L on 2026-11-23, limit of normal 37.5"),
        ),
        (
            COUNT,
            {"neutrophils": measured("0.9", "10*9/L", lln="1.8", uln="7.5")},
            True,
            ("0,9 10*9/L le 2026-11-23", "0.9 10*9/L on 2026-11-23"),
        ),
        (
            COUNT,
            {"neutrophils": measured("900", "/mm3", lln="1800", uln="7500")},
            True,
            ("900 /mm3 le 2026-11-23", "900 /mm3 on 2026-11-23"),
        ),
    ],
)
def test_a_limit_of_normal_is_told_where_it_decides_and_nowhere_else(
    spec: dict[str, Any], measures: dict[str, Any], met: bool, words: tuple[str, str]
) -> None:
    """More than five times the limit is more, not as much."""
    found = said(spec, {}, measures=measures)
    assert found[:2] == (met, False)
    assert found[2].endswith(words[0])
    assert found[3].endswith(words[1])


def test_a_unit_that_no_table_knows_is_compared_with_itself() -> None:
    score = {"measure": "besa", "unit": "points", "at_least": "n5", "within_days": "n7"}
    assert said(score, {}, measures={"besa": measured("6", "points")})[0] is True
    assert said(score, {}, measures={"besa": measured("4", "points")})[0] is False
    assert said(score, {}, measures={"besa": measured("6", "marks")})[0] is None


@pytest.mark.parametrize(
    ("limit", "given", "met", "near"),
    [
        ("n1", {"nausea": 1, "diarrhea": 0}, True, False),
        ("n1", {"nausea": 0, "diarrhea": 0}, False, False),
        ("n3", {"nausea": 3, "diarrhea": 0}, True, False),
        ("n3", {"nausea": 2, "diarrhea": 1}, False, True),
        ("n3", {"nausea": 1, "diarrhea": 1}, False, False),
    ],
)
def test_a_composite_is_near_within_one_step_and_a_zero_never_is(limit: str, given: dict[str, int], met: bool, near: bool) -> None:
    """From 1 to 3, both ends included, a composite can be a limit."""
    assert said({"composite": "gut", "at_least": limit}, given)[:2] == (met, near)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"diarrhea": 0, "stools": None}, (False, False, "composite 0 sur 3", ())),
        ({"diarrhea": 1, "stools": None}, (None, False, "composite 1-3 sur 3", ("stools",))),
    ],
)
def test_what_was_skipped_counts_for_nothing_in_a_composite(given: dict[str, int | None], expected: tuple[Any, ...]) -> None:
    """A detail of a symptom that is not there is a zero; a detail that is missing may be anything."""
    entry = Composite("gut", 1, {"fr": "ventre", "en": "bowel"}, ("diarrhea", "stools"), lambda scores: min(3, max(scores)))
    condition = build({"composite": "gut", "at_least": "n2"}, replace(BOOK, composites={"gut": entry}))
    answers = {key: Answer(key, value(plain)) for key, plain in given.items()}
    found = condition.check(Case.of(QUESTIONS, answers, (), Context(TODAY)))
    assert (found.met, found.near, found.say()[0].split(" : ")[1].split(" (")[0], found.waits) == expected


def test_the_measure_before_is_graded_beside_the_same_baseline() -> None:
    """Creatinine, 60 µmol/L before treatment: 95 was already over 1.5 times that (grade 2), 200 is over 3 times (grade 3). One step."""
    spec = {"grade_rise_since_last": "Creatinine increased", "at_least": "n2", "within_days": "n7"}
    known: dict[str, Any] = {
        "measures": {"creatinine": measured("200", "umol/L", uln="100")},
        "measures_before": {"creatinine": (measured("95", "umol/L", 3, uln="100"),)},
        "measures_baseline": {"creatinine": measured("60", "umol/L", 90, uln="100")},
    }
    assert said(spec, {}, **known) == (
        False,
        True,
        "Creatinine increased : grade 2, puis 3 depuis la mesure d'avant, CTCAE 5.0 (seuil + 2)",
        "Creatinine increased: grade 2, then 3 since the measure before, CTCAE 5.0 (threshold + 2)",
        (),
    )
