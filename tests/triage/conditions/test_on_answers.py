"""What a condition on an answer finds, what it waits for, and every word a nurse reads of it, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.triage.conditions.book import Said, said

HOT = {"answer": "temperature", "at_least": "fever"}
COLD = {"answer": "temperature", "below": "cold"}
SICK = {"answer": "nausea", "at_least": "n3"}
STOOLS = {"answer": "stools", "at_least": "n7"}
ANY = {"answer": "any", "at_least": "n3"}
CHEST = {"yes": "chest_pain"}
MISSED = {"intake": "missed", "at_least": "n3"}
EXTRA = {"intake": "extra", "at_least": "n2"}
TWO = {"symptoms_at": "n2", "how_many": "n2"}

ROWS: list[tuple[dict[str, Any], dict[str, Any], str, Said]] = [
    # condition, answers, what was asked, (met, near, French, English, waits)
    (HOT, {"temperature": 38}, "", (True, False, "température 38 °C (seuil ≥ 38)", "temperature 38 °C (threshold ≥ 38)", ())),
    (HOT, {"temperature": 37.7}, "", (False, True, "température 37,7 °C (seuil ≥ 38)", "temperature 37.7 °C (threshold ≥ 38)", ())),
    (HOT, {"temperature": 37.69}, "", (False, False, "température 37,69 °C (seuil ≥ 38)", "temperature 37.69 °C (threshold ≥ 38)", ())),
    (
        HOT,
        {"temperature": "no_fever"},
        "",
        (False, False, "température : pas de fièvre, non mesurée", "temperature: no fever, not measured", ()),
    ),
    (HOT, {"temperature": None}, "", (None, False, "température : réponse inconnue", "temperature: answer unknown", ("temperature",))),
    (HOT, {}, "temperature", (None, False, "température : réponse inconnue", "temperature: answer unknown", ("temperature",))),
    (HOT, {}, "", (None, False, "température : pas demandé ce jour", "temperature: not asked that day", ())),
    (COLD, {"temperature": 35.9}, "", (True, False, "température 35,9 °C (seuil < 36)", "temperature 35.9 °C (threshold < 36)", ())),
    (COLD, {"temperature": 36}, "", (False, True, "température 36 °C (seuil < 36)", "temperature 36 °C (threshold < 36)", ())),
    (COLD, {"temperature": 36.3}, "", (False, True, "température 36,3 °C (seuil < 36)", "temperature 36.3 °C (threshold < 36)", ())),
    (COLD, {"temperature": 36.4}, "", (False, False, "température 36,4 °C (seuil < 36)", "temperature 36.4 °C (threshold < 36)", ())),
    (SICK, {"nausea": 3}, "", (True, False, "nausées 3 sur 4 (seuil ≥ 3)", "nausea 3 of 4 (threshold ≥ 3)", ())),
    (SICK, {"nausea": 2}, "", (False, True, "nausées 2 sur 4 (seuil ≥ 3)", "nausea 2 of 4 (threshold ≥ 3)", ())),
    (SICK, {"nausea": 1}, "", (False, False, "nausées 1 sur 4 (seuil ≥ 3)", "nausea 1 of 4 (threshold ≥ 3)", ())),
    (
        {"answer": "nausea", "at_least": "n1"},
        {"nausea": 0},
        "",
        (False, False, "nausées 0 sur 4 (seuil ≥ 1)", "nausea 0 of 4 (threshold ≥ 1)", ()),
    ),
    (STOOLS, {"stools": 6}, "", (False, True, "selles 6 (seuil ≥ 7)", "stools 6 (threshold ≥ 7)", ())),
    (
        STOOLS,
        {"diarrhea": 0},
        "diarrhea stools",
        (False, False, "selles : pas demandé, symptôme absent", "stools: not asked, symptom absent", ()),
    ),
    (STOOLS, {"diarrhea": 1}, "diarrhea stools", (None, False, "selles : réponse inconnue", "stools: answer unknown", ("stools",))),
    (
        {"answer": "weight", "below": "n80"},
        {"weight": 80.5},
        "",
        (False, True, "poids 80,5 kg (seuil < 80)", "weight 80.5 kg (threshold < 80)", ()),
    ),
    (
        {"answer": "pain", "at_least": "n7"},
        {"pain": 6},
        "",
        (False, True, "douleur 6 (seuil ≥ 7)", "pain 6 (threshold ≥ 7)", ()),
    ),
    (
        ANY,
        {"nausea": 3, "diarrhea": 1},
        "",
        (True, False, "score le plus haut : nausées 3 sur 4 (seuil ≥ 3)", "highest score: nausea 3 of 4 (threshold ≥ 3)", ()),
    ),
    (
        ANY,
        {"nausea": 1, "diarrhea": 2},
        "diarrhea_life",
        (
            None,
            True,
            "score le plus haut : diarrhée 2 sur 4 (seuil ≥ 3)",
            "highest score: diarrhoea 2 of 4 (threshold ≥ 3)",
            ("diarrhea_life",),
        ),
    ),
    (
        ANY,
        {"nausea": 1},
        "",
        (False, False, "score le plus haut : nausées 1 sur 4 (seuil ≥ 3)", "highest score: nausea 1 of 4 (threshold ≥ 3)", ()),
    ),
    (ANY, {"nausea": 0}, "", (False, False, "aucun symptôme (seuil ≥ 3)", "no symptom (threshold ≥ 3)", ())),
    (ANY, {"nausea": 0}, "diarrhea", (None, False, "aucun symptôme (seuil ≥ 3)", "no symptom (threshold ≥ 3)", ("diarrhea",))),
    (ANY, {}, "nausea diarrhea", (None, False, "aucun score connu", "no score known", ("diarrhea", "nausea"))),
    (ANY, {"temperature": 41}, "", (False, False, "aucun score connu", "no score known", ())),
    (
        ANY,
        {"nausea": 4},
        "diarrhea",
        (True, False, "score le plus haut : nausées 4 sur 4 (seuil ≥ 3)", "highest score: nausea 4 of 4 (threshold ≥ 3)", ()),
    ),
    (CHEST, {"chest_pain": True}, "", (True, False, "douleur thoracique : oui", "chest pain: yes", ())),
    (CHEST, {"chest_pain": False}, "", (False, False, "douleur thoracique : non", "chest pain: no", ())),
    (
        CHEST,
        {"chest_pain": None},
        "",
        (None, False, "douleur thoracique : réponse inconnue", "chest pain: answer unknown", ("chest_pain",)),
    ),
    (MISSED, {"intake": "missed:3"}, "", (True, False, "prises oubliées : 3 (seuil ≥ 3)", "missed doses: 3 (threshold ≥ 3)", ())),
    (MISSED, {"intake": "missed:2+extra:5"}, "", (False, True, "prises oubliées : 2 (seuil ≥ 3)", "missed doses: 2 (threshold ≥ 3)", ())),
    (MISSED, {"intake": "missed:1"}, "", (False, False, "prises oubliées : 1 (seuil ≥ 3)", "missed doses: 1 (threshold ≥ 3)", ())),
    (
        {"intake": "missed", "at_least": "n1"},
        {"intake": "all"},
        "",
        (False, False, "prises oubliées : 0 (seuil ≥ 1)", "missed doses: 0 (threshold ≥ 1)", ()),
    ),
    (EXTRA, {"intake": "missed:4+extra:1"}, "", (False, True, "prises en trop : 1 (seuil ≥ 2)", "extra doses: 1 (threshold ≥ 2)", ())),
    (
        {"intake": "off_day"},
        {"intake": "off_day"},
        "",
        (True, False, "prise pendant la pause : 1 (seuil ≥ 1)", "dose on a rest day: 1 (threshold ≥ 1)", ()),
    ),
    (
        {"intake": "stopped"},
        {"intake": "missed:4"},
        "",
        (
            False,
            False,
            "traitement arrêté par le patient : 0 (seuil ≥ 1)",
            "treatment stopped by the patient: 0 (threshold ≥ 1)",
            (),
        ),
    ),
    (MISSED, {}, "intake", (None, False, "prises : réponse inconnue", "doses: answer unknown", ("intake",))),
    (
        TWO,
        {"nausea": 2, "diarrhea": 3},
        "",
        (
            True,
            False,
            "symptômes à 2 ou plus : diarrhée, nausées (seuil ≥ 2)",
            "symptoms at 2 or more: diarrhoea, nausea (threshold ≥ 2)",
            (),
        ),
    ),
    (
        TWO,
        {"nausea": 1, "diarrhea": 3, "diarrhea_life": 2},
        "",
        (
            False,
            True,
            "symptômes à 2 ou plus : diarrhée, gêne de la diarrhée (seuil ≥ 2)",
            "symptoms at 2 or more: diarrhoea, trouble from diarrhoea (threshold ≥ 2)",
            (),
        ),
    ),
    (
        TWO,
        {"nausea": 2},
        "diarrhea",
        (None, True, "symptômes à 2 ou plus : nausées (seuil ≥ 2)", "symptoms at 2 or more: nausea (threshold ≥ 2)", ("diarrhea",)),
    ),
    (
        TWO,
        {"diarrhea": 2},
        "diarrhea_life",
        (False, True, "symptômes à 2 ou plus : diarrhée (seuil ≥ 2)", "symptoms at 2 or more: diarrhoea (threshold ≥ 2)", ()),
    ),
    (
        TWO,
        {"nausea": 1},
        "",
        (False, False, "symptômes à 2 ou plus : aucun (seuil ≥ 2)", "symptoms at 2 or more: none (threshold ≥ 2)", ()),
    ),
]


@pytest.mark.parametrize(("spec", "given", "due", "expected"), ROWS)
def test_what_a_condition_on_an_answer_says(spec: dict[str, Any], given: dict[str, Any], due: str, expected: Said) -> None:
    """HZ-17, HZ-21: unknown is neither yes nor no, and the nurse reads the value beside the number that decided."""
    assert said(spec, given, due) == expected
