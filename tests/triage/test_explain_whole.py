"""A whole trace, line by line, in both languages: each number under its own name, each proposal with its occurrence (FR-08)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from triage import explain
from triage.terms import Assessment, Graded, Level, Step


def step(rule: str, level: Level = Level.HIGH, **more: Any) -> Step:
    """A step that says its own name; not met unless told otherwise."""
    told = {"fired": False, "met": False, "near": False} | more
    words: dict[str, Any] = {"inputs": {"fr": f"{rule} vu", "en": f"{rule} seen"}, "why": {"fr": f"Pour {rule}.", "en": f"For {rule}."}}
    return Step(rule=rule, level=level, source="Book", **(words | told))


def both(fr: str, en: str) -> dict[str, str]:
    return {"fr": fr, "en": en}


WHOLE = Assessment(
    level=Level.MODERATE,
    respond_within=timedelta(days=2),
    notify="team",
    steps=(
        step("patient-exception", Level.NONE),
        step("quiet"),
        step("close", near=True, waits_for=("temperature",)),
        step("open", Level.URGENT, met=None, waits_for=("temperature",)),
        step("sure", fired=True, met=True, layer="floor@2026-01-02"),
        step("unsure", Level.INFO, fired=True, met=True, verified=False),
        step("odd", fired=True, met=None, error="ValueError"),
    ),
    scores={"nausea": 2},
    advice="confirm_g2",
    undecided=("open",),
    protocol="onepill@2026-02-01",
    fingerprint="abc",
    self_care="nausea",
    inputs=(both("nausées 2 sur 4", "nausea 2 of 4"), both("selles 3", "stools 3")),
    proposals=(both("Suspendre.", "Hold."), both("Arrêter.", "Stop.")),
    composites={"gut": 2, "mouth": None},
    grades=(Graded("Platelet count decreased", "5.0", 3), Graded("Anemia", "6.0", None, "no unit")),
    advice_source="MASCC",
)


def test_a_whole_trace_in_french() -> None:
    assert explain.sentences(WHOLE, "fr", {"Arrêter.": 2}) == [
        "Niveau : modéré. Une personne doit agir en 2 j de service.",
        "Réponses : nausées 2 sur 4; selles 3.",
        "Composites PRO-CTCAE, de 0 à 3 : gut 2, mouth inconnu.",
        "Grades CTCAE : Platelet count decreased 3 (v5.0), Anemia non gradable (v6.0).",
        "Pour patient-exception. (patient-exception vu).",
        "Règle déclenchée (élevé) : Pour sure. Vu : sure vu. Source : Book. Couche : floor@2026-01-02.",
        "Règle déclenchée (information) : Pour unsure. Vu : unsure vu. Source : Book. Seuil ou source à vérifier.",
        "Non jugé, à lire par une personne : odd vu.",
        "Presque déclenchée (élevé) : Pour close. Vu : close vu.",
        "En attente d'une réponse (urgent) : Pour open. Vu : open vu.",
        "Pour le prescripteur : Suspendre.",
        "Pour le prescripteur, épisode n° 2 : Arrêter.",
        "Texte choisi pour le patient : confirm_g2, nausea. Recommandation : MASCC.",
        "Protocole onepill@2026-02-01, empreinte abc.",
    ]


def test_a_whole_trace_in_english() -> None:
    assert explain.sentences(WHOLE, "en", {"Stop.": 2}) == [
        "Level: moderate. A person must act within 2 d of service time.",
        "Answers: nausea 2 of 4; stools 3.",
        "PRO-CTCAE composites, 0 to 3: gut 2, mouth unknown.",
        "CTCAE grades: Platelet count decreased 3 (v5.0), Anemia not gradable (v6.0).",
        "For patient-exception. (patient-exception seen).",
        "Rule fired (high): For sure. Seen: sure seen. Source: Book. Layer: floor@2026-01-02.",
        "Rule fired (info): For unsure. Seen: unsure seen. Source: Book. Threshold or source still to be verified.",
        "Not judged, to be read by a person: odd seen.",
        "Nearly fired (high): For close. Seen: close seen.",
        "Waiting for an answer (urgent): For open. Seen: open seen.",
        "For the prescriber: Hold.",
        "For the prescriber, episode no. 2: Stop.",
        "Text chosen for the patient: confirm_g2, nausea. Guideline: MASCC.",
        "Protocol onepill@2026-02-01, fingerprint abc.",
    ]


def test_what_is_not_there_is_not_told() -> None:
    bare = Assessment(Level.NONE, None, "", (step("quiet"),), {}, "", (), "onepill@2026-02-01", "abc")
    last = "Protocol onepill@2026-02-01, fingerprint abc."
    assert explain.sentences(bare, "en") == ["Level: none.", "No rule fired.", last]
    assert explain.sentences(replace(bare, advice="urgent"), "en")[2:] == ["Text chosen for the patient: urgent.", last]


def test_an_urgency_runs_in_clock_time() -> None:
    urgent = replace(WHOLE, level=Level.URGENT, respond_within=timedelta(minutes=30))
    assert explain.sentences(urgent, "en")[0] == "Level: urgent. A person must act within 30 min."


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ((step("odd", fired=True, met=None, error="ValueError"),), False),
        ((step("sure", fired=True, met=True),), False),
        ((step("close", near=True),), True),
    ],
)
def test_only_where_nothing_fired_is_it_said_so(steps: tuple[Step, ...], told: bool) -> None:
    assert ("No rule fired." in explain.sentences(replace(WHOLE, steps=steps), "en")) is told


def test_every_number_is_kept_under_its_name() -> None:
    stored = json.loads(json.dumps(explain.to_dict(WHOLE)))
    assert (stored["composites"], stored["advice_source"]) == ({"gut": 2, "mouth": None}, "MASCC")
    assert stored["grades"] == [
        {"term": "Platelet count decreased", "version": "5.0", "grade": 3, "reason": ""},
        {"term": "Anemia", "version": "6.0", "grade": None, "reason": "no unit"},
    ]
    assert (stored["level"], stored["respond_within"], stored["undecided"]) == ("moderate", 172800, ["open"])
    assert explain.from_dict(stored) == WHOLE


def test_younger_fields_are_left_out_while_they_are_empty() -> None:
    """An assessment stored before they were there must recompute to itself; one that says nothing of them is read as empty."""
    before = replace(WHOLE, composites={}, grades=(), advice_source="")
    stored = explain.to_dict(before)
    assert stored.keys().isdisjoint({"composites", "grades", "advice_source"})
    assert explain.from_dict(stored) == before
