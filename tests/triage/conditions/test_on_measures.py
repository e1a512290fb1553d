"""Conditions on measures and on their changes: what they find, and every word a nurse reads of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.triage.conditions.book import Said, measured, past, said

PRESSURE = {"measure": "systolic", "unit": "mm[Hg]", "at_least": "pressure", "within_days": "n7"}
COUNT = {"measure": "neutrophils", "unit": "10*9/L", "below": "count", "within_days": "n7"}
LIVER = {"measure": "alt", "unit": "xULN", "above": "n5", "within_days": "n7"}

MEASURES: list[tuple[dict[str, Any], dict[str, Any], Said]] = [
    # condition, measures, (met, near, French, English, waits)
    (PRESSURE, {}, (None, False, "tension systolique : aucune mesure", "systolic pressure: no measure", ())),
    (
        PRESSURE,
        {"systolic": measured("160", "mm[Hg]")},
        (True, False, "tension systolique 160 mm[Hg] le 2026-11-23", "systolic pressure 160 mm[Hg] on 2026-11-23", ()),
    ),
    (
        PRESSURE,
        {"systolic": measured("159.5", "mm[Hg]", 7)},
        (False, False, "tension systolique 159,5 mm[Hg] le 2026-11-16", "systolic pressure 159.5 mm[Hg] on 2026-11-16", ()),
    ),
    (
        PRESSURE,
        {"systolic": measured("190", "mm[Hg]", 8)},
        (
            None,
            False,
            "tension systolique 190 mm[Hg] le 2026-11-15 : trop ancienne",
            "systolic pressure 190 mm[Hg] on 2026-11-15: too old",
            (),
        ),
    ),
    (
        PRESSURE,
        {"systolic": measured("190", "kg")},
        (
            None,
            False,
            "tension systolique 190 kg le 2026-11-23 : attendu en mm[Hg]",
            "systolic pressure 190 kg on 2026-11-23: expected in mm[Hg]",
            (),
        ),
    ),
    (
        {**PRESSURE, "measure": "systolic_bp"},
        {"systolic": measured("161", "mm[Hg]")},
        (True, False, "tension systolique 161 mm[Hg] le 2026-11-23", "systolic pressure 161 mm[Hg] on 2026-11-23", ()),
    ),
    (
        {**PRESSURE, "measure": "diastolic_bp"},
        {"diastolic": measured("161", "mm[Hg]")},
        (True, False, "tension diastolique 161 mm[Hg] le 2026-11-23", "diastolic pressure 161 mm[Hg] on 2026-11-23", ()),
    ),
    (
        COUNT,
        {"neutrophils": measured("999", "/mm3")},
        (True, False, "neutrophils 999 /mm3 le 2026-11-23", "neutrophils 999 /mm3 on 2026-11-23", ()),
    ),
    (
        COUNT,
        {"neutrophils": measured("1000", "/mm3")},
        (False, False, "neutrophils 1000 /mm3 le 2026-11-23", "neutrophils 1000 /mm3 on 2026-11-23", ()),
    ),
    (
        LIVER,
        {"alt": measured("200.1", "U/L", uln="40")},
        (
            True,
            False,
            "alt 200,1 U/L le 2026-11-23, limite normale 40",
            "alt 200.1 U/L on 2026-11-23, limit of normal 40",
            (),
        ),
    ),
    (
        LIVER,
        {"alt": measured("200", "U/L", uln="40")},
        (
            False,
            False,
            "alt 200 U/L le 2026-11-23, limite normale 40",
            "alt 200 U/L on 2026-11-23, limit of normal 40",
            (),
        ),
    ),
    (
        LIVER,
        {"alt": measured("900", "U/L")},
        (
            None,
            False,
            "alt 900 U/L le 2026-11-23 : limite du laboratoire inconnue",
            "alt 900 U/L on 2026-11-23: limit of the laboratory unknown",
            (),
        ),
    ),
    (
        LIVER,
        {"alt": measured("900", "U/L", uln="0")},
        (
            None,
            False,
            "alt 900 U/L le 2026-11-23 : limite du laboratoire inconnue",
            "alt 900 U/L on 2026-11-23: limit of the laboratory unknown",
            (),
        ),
    ),
]


@pytest.mark.parametrize(("spec", "measures", "expected"), MEASURES)
def test_what_a_condition_on_a_measure_says(spec: dict[str, Any], measures: dict[str, Any], expected: Said) -> None:
    """HZ-38: a number of another unit is not compared; too old, or without the limit it is compared with, is undecided."""
    assert said(spec, {}, measures=measures) == expected


GAIN = {"measure_rise": "weight", "unit": "kg", "at_least": "n2", "over_days": "n7"}
LOSS = {"measure_fall": "weight", "unit": "%", "at_least": "n5", "since": "baseline"}
PLATELETS = {"measure_fall": "platelets", "unit": "%", "at_least": "half", "over_days": "n14"}
NOTHING = ("poids : rien à comparer", "weight: nothing to compare")

CHANGES: list[tuple[dict[str, Any], dict[str, Any], str, dict[str, Any], Said]] = [
    # condition, answers, what was asked, context, (met, near, French, English, waits)
    (
        GAIN,
        {"weight": 72},
        "",
        {"past": (past(3, weight=71), past(7, weight=70), past(8, weight=60))},
        (
            True,
            False,
            "poids : de 70 à 72 kg (seuil + 2 kg)",
            "weight: from 70 to 72 kg (threshold + 2 kg)",
            (),
        ),
    ),
    (
        GAIN,
        {"weight": 71.9},
        "",
        {"past": (past(7, weight=70), past(8, weight=60))},
        (
            False,
            False,
            "poids : de 70 à 71,9 kg (seuil + 2 kg)",
            "weight: from 70 to 71.9 kg (threshold + 2 kg)",
            (),
        ),
    ),
    (GAIN, {"weight": 90}, "", {"past": (past(8, weight=60),)}, (None, False, *NOTHING, ())),
    (GAIN, {}, "weight", {}, (None, False, *NOTHING, ("weight",))),
    (
        GAIN,
        {},
        "weight",
        {"measures": {"weight": measured("71", "kg", 1)}, "measures_before": {"weight": (measured("70", "kg", 2),)}},
        (
            None,
            False,
            "poids : de 70 à 71 kg (seuil + 2 kg)",
            "weight: from 70 to 71 kg (threshold + 2 kg)",
            ("weight",),
        ),
    ),
    (
        GAIN,
        {},
        "weight",
        {"measures": {"weight": measured("73", "kg", 1)}, "measures_before": {"weight": (measured("70", "kg", 2),)}},
        (
            True,
            False,
            "poids : de 70 à 73 kg (seuil + 2 kg)",
            "weight: from 70 to 73 kg (threshold + 2 kg)",
            (),
        ),
    ),
    (
        GAIN,
        {"weight": 72},
        "",
        {"measures": {"weight": measured("69500", "g", 2)}},
        (
            True,
            False,
            "poids : de 69,5 à 72 kg (seuil + 2 kg)",
            "weight: from 69.5 to 72 kg (threshold + 2 kg)",
            (),
        ),
    ),
    (
        LOSS,
        {"weight": 66.5},
        "",
        {"baseline": {"weight": Decimal(70)}},
        (
            True,
            False,
            "poids : de 70 à 66,5 kg (seuil - 5 %)",
            "weight: from 70 to 66.5 kg (threshold - 5 %)",
            (),
        ),
    ),
    (
        LOSS,
        {"weight": 66.6},
        "",
        {"baseline": {"weight": Decimal(70)}, "past": (past(2, weight=90),)},
        (
            False,
            False,
            "poids : de 70 à 66,6 kg (seuil - 5 %)",
            "weight: from 70 to 66.6 kg (threshold - 5 %)",
            (),
        ),
    ),
    (
        LOSS,
        {"weight": 66.5},
        "",
        {"baseline": {"weight": Decimal(60)}, "measures_baseline": {"weight": measured("70", "kg", 90)}},
        (
            True,
            False,
            "poids : de 70 à 66,5 kg (seuil - 5 %)",
            "weight: from 70 to 66.5 kg (threshold - 5 %)",
            (),
        ),
    ),
    (LOSS, {"weight": 66.5}, "", {"past": (past(2, weight=90),)}, (None, False, *NOTHING, ())),
    (
        PLATELETS,
        {},
        "",
        {
            "measures": {"platelets": measured("195", "10*9/L", 1)},
            "measures_before": {"platelets": (measured("150", "10*9/L", 5), measured("200", "10*9/L", 14))},
        },
        (
            True,
            False,
            "platelets : de 200 à 195 10*9/L (seuil - 2,5 %)",
            "platelets: from 200 to 195 10*9/L (threshold - 2.5 %)",
            (),
        ),
    ),
    (
        {**GAIN, "unit": "mm[Hg]"},
        {"weight": 72},
        "",
        {"past": (past(3, weight=60),)},
        (
            None,
            False,
            "poids : de 60 à 72 kg : attendu en mm[Hg]",
            "weight: from 60 to 72 kg: expected in mm[Hg]",
            (),
        ),
    ),
]


@pytest.mark.parametrize(("spec", "given", "due", "context", "expected"), CHANGES)
def test_what_a_condition_on_a_change_says(
    spec: dict[str, Any], given: dict[str, Any], due: str, context: dict[str, Any], expected: Said
) -> None:
    """Against the lowest of those days for a rise, the highest for a fall, or the state before treatment; exact, also in per cent."""
    assert said(spec, given, due, **context) == expected
