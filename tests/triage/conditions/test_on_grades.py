"""Conditions on CTCAE grades and PRO-CTCAE composites: what they find, and every word a nurse reads of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.triage.conditions.book import Said, measured, said

TERM = "Platelet count decreased"
GRADE = {"grade": TERM, "at_least": "n3", "within_days": "n7"}
SINCE_LAST = {"grade_rise_since_last": TERM, "at_least": "n2", "within_days": "n7"}
SINCE_BASE = {"grade_rise_since_baseline": TERM, "at_least": "n2", "within_days": "n7"}


def platelets(number: str, ago: int = 0) -> Any:
    return measured(number, "10*9/L", ago, lln="150")


def now(number: str, ago: int = 0) -> dict[str, Any]:
    return {"measures": {"platelets": platelets(number, ago)}}


GRADES: list[tuple[dict[str, Any], dict[str, Any], Said]] = [
    # condition, context, (met, near, French, English, waits). CTCAE 5.0: 1 under normal, 2 under 75, 3 under 50, 4 under 25
    (GRADE, now("49"), (True, False, f"{TERM} : grade 3, CTCAE 5.0 (seuil ≥ 3)", f"{TERM}: grade 3, CTCAE 5.0 (threshold ≥ 3)", ())),
    (GRADE, now("50", 7), (False, True, f"{TERM} : grade 2, CTCAE 5.0 (seuil ≥ 3)", f"{TERM}: grade 2, CTCAE 5.0 (threshold ≥ 3)", ())),
    (GRADE, now("75"), (False, False, f"{TERM} : grade 1, CTCAE 5.0 (seuil ≥ 3)", f"{TERM}: grade 1, CTCAE 5.0 (threshold ≥ 3)", ())),
    (
        {**GRADE, "at_least": "n1"},
        now("150"),
        (False, False, f"{TERM} : grade 0, CTCAE 5.0 (seuil ≥ 1)", f"{TERM}: grade 0, CTCAE 5.0 (threshold ≥ 1)", ()),
    ),
    (
        GRADE,
        now("10", 8),
        (
            None,
            False,
            f"{TERM} : non gradable (aucune mesure assez récente)",
            f"{TERM}: not gradable (no measure recent enough)",
            (),
        ),
    ),
    (
        SINCE_LAST,
        now("49") | {"measures_before": {"platelets": (platelets("100", 9), platelets("10", 12))}},
        (
            True,
            False,
            f"{TERM} : grade 1, puis 3 depuis la mesure d'avant, CTCAE 5.0 (seuil + 2)",
            f"{TERM}: grade 1, then 3 since the measure before, CTCAE 5.0 (threshold + 2)",
            (),
        ),
    ),
    (
        SINCE_LAST,
        now("74") | {"measures_before": {"platelets": (platelets("100", 9),)}},
        (
            False,
            True,
            f"{TERM} : grade 1, puis 2 depuis la mesure d'avant, CTCAE 5.0 (seuil + 2)",
            f"{TERM}: grade 1, then 2 since the measure before, CTCAE 5.0 (threshold + 2)",
            (),
        ),
    ),
    (
        SINCE_LAST,
        now("100") | {"measures_before": {"platelets": (platelets("60", 9),)}},
        (
            False,
            False,
            f"{TERM} : grade 2, puis 1 depuis la mesure d'avant, CTCAE 5.0 (seuil + 2)",
            f"{TERM}: grade 2, then 1 since the measure before, CTCAE 5.0 (threshold + 2)",
            (),
        ),
    ),
    (
        SINCE_LAST,
        now("49"),
        (
            None,
            False,
            f"{TERM} : rien à comparer (aucune mesure assez récente)",
            f"{TERM}: nothing to compare (no measure recent enough)",
            (),
        ),
    ),
    (
        SINCE_BASE,
        now("49") | {"measures_baseline": {"platelets": platelets("100", 90)}},
        (
            True,
            False,
            f"{TERM} : grade 1, puis 3 depuis l'état avant traitement, CTCAE 5.0 (seuil + 2)",
            f"{TERM}: grade 1, then 3 since the state before treatment, CTCAE 5.0 (threshold + 2)",
            (),
        ),
    ),
    (
        SINCE_BASE,
        {"measures": {"platelets": measured("49", "kg")}, "measures_baseline": {"platelets": platelets("100", 90)}},
        (
            None,
            False,
            f"{TERM} : rien à comparer (kg mesure autre chose ; attendu 10*9/L ou /uL)",
            f"{TERM}: nothing to compare (kg measures something else; expected 10*9/L or /uL)",
            (),
        ),
    ),
]


@pytest.mark.parametrize(("spec", "context", "expected"), GRADES)
def test_what_a_condition_on_a_grade_says(spec: dict[str, Any], context: dict[str, Any], expected: Said) -> None:
    """A grade names its version; not gradable is undecided, and says why in both languages."""
    assert said(spec, {}, **context) == expected


GUT = {"composite": "gut", "at_least": "n2"}

COMPOSITES: list[tuple[dict[str, Any], str, Said]] = [
    # answers, what was asked, (met, near, French, English, waits); of this table the composite is the higher score, at most 3
    (
        {"nausea": 1, "diarrhea": 2},
        "",
        (True, False, "ventre : composite 2 sur 3 (seuil ≥ 2)", "bowel: composite 2 of 3 (threshold ≥ 2)", ()),
    ),
    (
        {"nausea": 1, "diarrhea": 0},
        "",
        (False, True, "ventre : composite 1 sur 3 (seuil ≥ 2)", "bowel: composite 1 of 3 (threshold ≥ 2)", ()),
    ),
    (
        {"nausea": 0, "diarrhea": 0},
        "",
        (False, False, "ventre : composite 0 sur 3 (seuil ≥ 2)", "bowel: composite 0 of 3 (threshold ≥ 2)", ()),
    ),
    (
        {"nausea": 2},
        "diarrhea",
        (True, False, "ventre : composite 2-3 sur 3 (seuil ≥ 2)", "bowel: composite 2-3 of 3 (threshold ≥ 2)", ()),
    ),
    (
        {"nausea": 1},
        "diarrhea",
        (None, False, "ventre : composite 1-3 sur 3 (seuil ≥ 2)", "bowel: composite 1-3 of 3 (threshold ≥ 2)", ("diarrhea",)),
    ),
    ({"nausea": 0}, "", (None, False, "ventre : composite 0-3 sur 3 (seuil ≥ 2)", "bowel: composite 0-3 of 3 (threshold ≥ 2)", ())),
]


@pytest.mark.parametrize(("given", "due", "expected"), COMPOSITES)
def test_what_a_condition_on_a_composite_says(given: dict[str, Any], due: str, expected: Said) -> None:
    """A missing score may be anything from 0 to 4: nothing is imputed."""
    assert said(GUT, given, due) == expected
