"""The trace in words, and kept without loss."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.support.protocols import SLUGS, judge, shipped
from triage import explain
from triage.terms import Assessment, Escalate

CAPECITABINE = shipped("capecitabine-14-7@2026-11-22")


def test_a_fever_is_explained_to_a_nurse() -> None:
    lines = explain.sentences(judge(CAPECITABINE, {"temperature": 38.0, "nausea": 1}, cycle=3), "fr")
    assert lines[0] == "Niveau : urgent. Une personne doit agir en 30 min."
    assert lines[1].startswith("Réponses : diarrhée 0 sur 4")
    assert "température 38 °C" in lines[1]
    assert (
        "Règle déclenchée (urgent) : Fièvre sous capécitabine : la notice demande l'arrêt et l'appel. "
        "Vu : température 38 °C (seuil ≥ 38). Source : Notice de Xeloda / package leaflet (§ 2-4, EU). "
        "Couche : capecitabine-14-7@2026-11-22."
    ) in lines
    assert "Presque déclenchée (urgent) : Fièvre : urgence quel que soit le traitement. Vu : température 38 °C (seuil ≥ 38,3)." in lines
    assert any(line.startswith("Pour le prescripteur : La notice demande") for line in lines)
    assert lines[-1] == f"Protocole capecitabine-14-7@2026-11-22, empreinte {CAPECITABINE.fingerprint}."


def test_the_same_in_english() -> None:
    lines = explain.sentences(judge(CAPECITABINE, {"hand_foot": 2}, cycle=3), "en")
    assert lines[0] == "Level: high. A person must act within 4 h of service time."
    assert any(line.endswith("Threshold or source still to be verified.") for line in lines)
    assert not any("Réponse" in line or "Vu :" in line for line in lines)


def test_what_waits_and_what_could_not_be_judged_are_said() -> None:
    waiting = explain.sentences(judge(CAPECITABINE, {"temperature": None}), "fr")
    assert any(line.startswith("En attente d'une réponse (urgent) : Fièvre") for line in waiting)
    odd = explain.sentences(judge(CAPECITABINE, {"temperature": 385}), "fr")
    assert "Non jugé, à lire par une personne : réponse impossible, température = 385." in odd


def test_nothing_fired_is_said_too() -> None:
    assert "Aucune règle ne s'est déclenchée." in explain.sentences(judge(CAPECITABINE, {}), "fr")


def test_another_language_is_refused() -> None:
    with pytest.raises(KeyError):
        explain.sentences(judge(CAPECITABINE, {}), "de")


def _assessments() -> list[Assessment]:
    made = []
    for slug in SLUGS:
        protocol = shipped(slug)
        made += [judge(protocol, {}), judge(protocol, {"temperature": 39}), judge(protocol, {"temperature": None}, closing=True)]
        made += [judge(protocol, {"temperature": 385}), judge(protocol, {"fatigue": 2}, dangers=("bleeding",), escalate=Escalate.URGENT)]
    return made


@pytest.mark.parametrize("assessment", _assessments())
def test_a_stored_assessment_comes_back_equal(assessment: Assessment) -> None:
    """FR-08: what was judged is kept whole; read back from JSON text it is the same value."""
    stored = json.dumps(explain.to_dict(assessment), sort_keys=True)
    assert explain.from_dict(json.loads(stored)) == assessment
    assert json.dumps(explain.to_dict(explain.from_dict(json.loads(stored))), sort_keys=True) == stored


@pytest.mark.parametrize(
    ("within", "fr", "en"),
    [(timedelta(minutes=30), "30 min", "30 min"), (timedelta(hours=4), "4 h", "4 h"), (timedelta(days=2), "2 j", "2 d")],
)
def test_delays_are_said_as_people_say_them(within: timedelta, fr: str, en: str) -> None:
    assert (explain.delay(within, "fr"), explain.delay(within, "en")) == (fr, en)
