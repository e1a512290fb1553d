"""Conditions that look back: risen, lasting, several times in a row, come back. What they find, and every word a nurse reads of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.triage.conditions.book import Said, past, said

LAST = {"rise_since_last": "nausea", "at_least": "n2"}
LAST_ANY = {"rise_since_last": "any", "at_least": "n2"}
BASE = {"rise_since_baseline": "nausea", "at_least": "n2"}
LASTING = {"lasting": "nausea", "at_least": "n2", "days": "n3"}
ROW = {"consecutive": "nausea", "at_least": "n2", "times": "n3"}
SECOND = {"occurrence": "diarrhea", "at_least": "n3", "number": "n2"}
THIRD = {"occurrence": "diarrhea", "at_least": "n3", "number": "n3"}
FIRST_CYCLE = {"cycle": 1}

NO_LAST = ("rien à comparer avec la dernière réponse", "nothing to compare with the last answer")
NO_BASE = ("rien à comparer avec l'état avant traitement", "nothing to compare with the state before treatment")
UNKNOWN = ("nausées : réponse inconnue", "nausea: answer unknown")

ROWS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], Said]] = [
    # condition, answers, context, (met, near, French, English, waits)
    (
        LAST,
        {"nausea": 3},
        {"past": (past(2, nausea=1),)},
        (
            True,
            False,
            "nausées : de 1 à 3 depuis la dernière réponse (seuil + 2)",
            "nausea: from 1 to 3 since the last answer (threshold + 2)",
            (),
        ),
    ),
    (
        LAST,
        {"nausea": 2},
        {"past": (past(2, nausea=1), past(4, nausea=0))},
        (
            False,
            True,
            "nausées : de 1 à 2 depuis la dernière réponse (seuil + 2)",
            "nausea: from 1 to 2 since the last answer (threshold + 2)",
            (),
        ),
    ),
    (
        LAST,
        {"nausea": 2},
        {"past": (past(2, nausea=2),)},
        (
            False,
            False,
            "nausées : de 2 à 2 depuis la dernière réponse (seuil + 2)",
            "nausea: from 2 to 2 since the last answer (threshold + 2)",
            (),
        ),
    ),
    (
        LAST,
        {"nausea": 3},
        {"past": (past(2, nausea=None), past(4, nausea=1))},
        (
            True,
            False,
            "nausées : de 1 à 3 depuis la dernière réponse (seuil + 2)",
            "nausea: from 1 to 3 since the last answer (threshold + 2)",
            (),
        ),
    ),
    (LAST, {"nausea": 3}, {}, (None, False, *NO_LAST, ())),
    (LAST, {"nausea": None}, {"past": (past(2, nausea=1),)}, (None, False, *NO_LAST, ("nausea",))),
    (LAST, {"nausea": None}, {}, (None, False, *NO_LAST, ())),
    (LAST, {}, {"past": (past(2, nausea=1),)}, (None, False, *NO_LAST, ())),
    (
        BASE,
        {"nausea": 4},
        {"baseline": {"nausea": Decimal(1)}, "past": (past(2, nausea=4),)},
        (
            True,
            False,
            "nausées : de 1 à 4 depuis l'état avant traitement (seuil + 2)",
            "nausea: from 1 to 4 since the state before treatment (threshold + 2)",
            (),
        ),
    ),
    (BASE, {"nausea": 4}, {"past": (past(2, nausea=0),)}, (None, False, *NO_BASE, ())),
    (
        LAST_ANY,
        {"nausea": 2, "diarrhea": 3},
        {"past": (past(2, nausea=1, diarrhea=0),)},
        (
            True,
            False,
            "diarrhée : de 0 à 3 depuis la dernière réponse (seuil + 2)",
            "diarrhoea: from 0 to 3 since the last answer (threshold + 2)",
            (),
        ),
    ),
    (
        LAST_ANY,
        {"nausea": 2, "diarrhea": None},
        {"past": (past(2, nausea=1, diarrhea=0),)},
        (
            None,
            True,
            "nausées : de 1 à 2 depuis la dernière réponse (seuil + 2)",
            "nausea: from 1 to 2 since the last answer (threshold + 2)",
            ("diarrhea",),
        ),
    ),
    (
        LAST_ANY,
        {"nausea": 4, "diarrhea": None},
        {"past": (past(2, nausea=1, diarrhea=0),)},
        (
            True,
            False,
            "nausées : de 1 à 4 depuis la dernière réponse (seuil + 2)",
            "nausea: from 1 to 4 since the last answer (threshold + 2)",
            (),
        ),
    ),
    (
        LAST_ANY,
        {"nausea": 1},
        {"past": (past(2, nausea=2),)},
        (False, False, "aucune hausse connue depuis la dernière réponse", "no known rise since the last answer", ()),
    ),
    (
        LAST_ANY,
        {"nausea": 3, "diarrhea": None},
        {"past": (past(2, nausea=3, diarrhea=1),)},
        (None, False, "aucune hausse connue depuis la dernière réponse", "no known rise since the last answer", ("diarrhea",)),
    ),
    (
        LAST_ANY,
        {"nausea": None},
        {},
        (False, False, "aucune hausse connue depuis la dernière réponse", "no known rise since the last answer", ()),
    ),
    (
        LASTING,
        {"nausea": 2},
        {"past": (past(3, nausea=2), past(4, nausea=1))},
        (
            True,
            False,
            "nausées 2 sur 4, à 2 ou plus depuis 3 j (seuil ≥ 3 j)",
            "nausea 2 of 4, at 2 or more for 3 d (threshold ≥ 3 d)",
            (),
        ),
    ),
    (
        LASTING,
        {"nausea": 3},
        {"past": (past(2, nausea=2),)},
        (
            False,
            True,
            "nausées 3 sur 4, à 2 ou plus depuis 2 j (seuil ≥ 3 j)",
            "nausea 3 of 4, at 2 or more for 2 d (threshold ≥ 3 d)",
            (),
        ),
    ),
    (
        LASTING,
        {"nausea": 2},
        {"past": (past(1, nausea=2),)},
        (
            False,
            False,
            "nausées 2 sur 4, à 2 ou plus depuis 1 j (seuil ≥ 3 j)",
            "nausea 2 of 4, at 2 or more for 1 d (threshold ≥ 3 d)",
            (),
        ),
    ),
    (
        LASTING,
        {"nausea": 1},
        {"past": (past(5, nausea=4),)},
        (
            False,
            False,
            "nausées 1 sur 4, à 2 ou plus depuis 0 j (seuil ≥ 3 j)",
            "nausea 1 of 4, at 2 or more for 0 d (threshold ≥ 3 d)",
            (),
        ),
    ),
    (LASTING, {"nausea": None}, {"past": (past(5, nausea=4),)}, (None, False, *UNKNOWN, ("nausea",))),
    (
        ROW,
        {"nausea": 2},
        {"past": (past(2, nausea=3), past(4, nausea=None), past(6, nausea=2))},
        (
            True,
            False,
            "nausées 2 sur 4, à 2 ou plus 3 fois de suite (seuil ≥ 3)",
            "nausea 2 of 4, at 2 or more 3 times in a row (threshold ≥ 3)",
            (),
        ),
    ),
    (
        ROW,
        {"nausea": 2},
        {"past": (past(2, nausea=3), past(4, nausea=1), past(6, nausea=2))},
        (
            False,
            True,
            "nausées 2 sur 4, à 2 ou plus 2 fois de suite (seuil ≥ 3)",
            "nausea 2 of 4, at 2 or more 2 times in a row (threshold ≥ 3)",
            (),
        ),
    ),
    (
        ROW,
        {"nausea": 2},
        {},
        (
            False,
            False,
            "nausées 2 sur 4, à 2 ou plus 1 fois de suite (seuil ≥ 3)",
            "nausea 2 of 4, at 2 or more 1 times in a row (threshold ≥ 3)",
            (),
        ),
    ),
    (ROW, {"nausea": None}, {"past": (past(2, nausea=3), past(4, nausea=2))}, (None, False, *UNKNOWN, ("nausea",))),
    (ROW, {"nausea": None}, {"past": (past(2, nausea=3),)}, (False, False, *UNKNOWN, ())),  # a third in a row is out of reach
    (
        SECOND,
        {"diarrhea": 3},
        {"past": (past(7, diarrhea=0), past(14, diarrhea=1), past(16, diarrhea=3)), **FIRST_CYCLE},
        (True, False, "diarrhée 3 sur 4, épisode n° 2 (seuil ≥ 2)", "diarrhoea 3 of 4, episode no. 2 (threshold ≥ 2)", ()),
    ),
    (
        SECOND,
        {"diarrhea": 3},
        {"past": (past(2, diarrhea=2), past(4, diarrhea=3)), **FIRST_CYCLE},
        (False, True, "diarrhée 3 sur 4, épisode n° 1 (seuil ≥ 2)", "diarrhoea 3 of 4, episode no. 1 (threshold ≥ 2)", ()),
    ),
    (
        THIRD,
        {"diarrhea": 4},
        FIRST_CYCLE,
        (False, False, "diarrhée 4 sur 4, épisode n° 1 (seuil ≥ 3)", "diarrhoea 4 of 4, episode no. 1 (threshold ≥ 3)", ()),
    ),
    (
        SECOND,
        {"diarrhea": 3},
        {"cycle": 2},
        (
            None,
            False,
            "diarrhée 3 sur 4, épisode n° 1, historique incomplet (seuil ≥ 2)",
            "diarrhoea 3 of 4, episode no. 1, history incomplete (threshold ≥ 2)",
            (),
        ),
    ),
    (
        SECOND,
        {"diarrhea": 2},
        {"cycle": 2},
        (False, False, "diarrhée 2 sur 4 (seuil ≥ 3)", "diarrhoea 2 of 4 (threshold ≥ 3)", ()),
    ),
    (
        SECOND,
        {"diarrhea": None},
        FIRST_CYCLE,
        (None, False, "diarrhée : réponse inconnue", "diarrhoea: answer unknown", ("diarrhea",)),
    ),
]


@pytest.mark.parametrize(("spec", "given", "context", "expected"), ROWS)
def test_what_a_condition_on_the_past_says(spec: dict[str, Any], given: dict[str, Any], context: dict[str, Any], expected: Said) -> None:
    """Unknown earlier answers neither count nor break a row; too short a history is undecided, never "the first time"."""
    assert said(spec, given, **context) == expected
