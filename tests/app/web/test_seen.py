"""What a rule saw is read in the reader's words: names of measures, units, days, one decimal; and the reason bears its value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.care.document import FormField
from app.checkins.judging import assessing
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from app.web.care import noted
from app.web.render import Page
from app.web.ward.seen import Seen
from tests.app.web.conftest import SignIn
from tests.app.web.test_api_measures import COURSE
from tests.app.web.test_nurse import said
from tests.factories import World, a_patient

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
FR = Page(None, None, None, "fr", NOW)  # type: ignore[arg-type]  # a page of nobody
EN = replace(FR, language="en")


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the library's protocols are in force."""
    return HandClock(NOW)


@pytest.mark.parametrize(
    ("page", "kept", "read"),
    [
        (FR, "platelets 18 10*9/L le 2026-11-23", "plaquettes 18 10⁹/L le lun. 23 nov."),
        (EN, "platelets 18 10*9/L on 2026-11-23", "platelets 18 10⁹/L on Mon 23 Nov"),
        (
            FR,
            "tension systolique 172,5 mm[Hg] le 2026-11-23 : trop ancienne",
            "tension systolique 172,5 mmHg le lun. 23 nov. : trop ancienne",
        ),
        (FR, "alt 410 U/L le 2026-11-23, limite normale 40", "ALAT 410 U/L le lun. 23 nov., limite normale 40"),
        (FR, "potassium : aucune mesure ; jour 3 du cycle", "potassium : aucune mesure ; jour 3 du cycle"),
        (FR, "prises correctes sur 28 jours : 47,6190 % (seuil < 90 %)", "prises correctes sur 28 jours : 47,6 % (seuil < 90 %)"),
        (EN, "correct doses over 28 days: 89.98 % (threshold < 90 %)", "correct doses over 28 days: 89.9 % (threshold < 90 %)"),
        (FR, "cyp3a_strong_inhibitor : en cours", "inhibiteur puissant du CYP3A : en cours"),
        (FR, "Hyperkalemia : grade 3, CTCAE 5.0 (seuil ≥ 2)", "Hyperkaliémie (potassium 6,9 mmol/L) : grade 3, CTCAE 5.0 (seuil ≥ 2)"),
        (
            FR,
            "signe de danger écrit : saignement ; saignement : pas demandé ce jour",
            "signe de danger écrit : saignement ; saignement : non, répondu à 8 h 10",
        ),
        (FR, "toux : pas demandé ce jour", "toux : pas demandé ce jour"),
        (FR, "température 38,05 °C (seuil ≥ 38 °C)", "température 38,05 °C (seuil ≥ 38 °C)"),
    ],
)
def test_a_kept_sentence_is_read_in_the_readers_words(page: Page, kept: str, read: str) -> None:
    seen = Seen(page, {"potassium": {"value": "6.9", "unit": "mmol/L", "on": "2026-11-23"}}, {"saignement": "non, répondu à 8 h 10"})
    assert seen.said({page.language: kept}) == read


def test_a_reason_bears_its_value_and_what_is_kept_stays(
    api: TestClient, claire: TestClient, database: Database, world: World, clock: HandClock, signed: None
) -> None:
    """Platelets of 18 and neutrophils of 0.3: the line and the panel say how low, in French; the judgements recompute to themselves."""
    with database.transaction() as session:
        marie: Patient = a_patient(session, world, now=NOW)
    assert api.post(f"/patients/{marie.id}/courses", json=COURSE).status_code == 201
    taken: dict[str, Any] = {"taken_at": "2026-11-25T09:00:00+01:00", "source": "lab", "unit": "10*9/L"}
    for kind, value in (("neutrophils", 0.3), ("platelets", 18)):
        assert api.post(f"/patients/{marie.id}/measures", json={**taken, "kind": kind, "value": value}).status_code == 201
    row, panel = said(claire.get("/list")), said(claire.get(f"/patients/{marie.id}/open"))
    assert "Plaquettes 18 10⁹/L" in row and "(neutrophiles 0,3 10⁹/L)" in row
    for told in ("neutrophiles 0,3 10⁹/L", "plaquettes 18 10⁹/L"):
        assert told in panel
    assert not any(raw in panel for raw in ("10*9/L", "2026-11-25", "neutrophils", "platelets"))
    with database.reading() as session:
        assert list(assessing.mismatches(session)) == []


def test_the_doctor_asked_after_two_values_reads_both(
    api: TestClient, database: Database, sign_in: SignIn, world: World, clock: HandClock, signed: None
) -> None:
    """Two files an hour apart, both urgent: the request about the alert names the first value too."""
    with database.transaction() as session:
        marie = a_patient(session, world, now=NOW)
    api.post(f"/patients/{marie.id}/courses", json=COURSE)
    taken: dict[str, Any] = {"taken_at": "2026-11-25T09:00:00+01:00", "source": "lab", "unit": "10*9/L"}
    for kind, value in (("neutrophils", 0.3), ("platelets", 18)):
        api.post(f"/patients/{marie.id}/measures", json={**taken, "kind": kind, "value": value})
    [alert] = api.get("/alerts").json()
    claire = sign_in(world.claire)
    asked = {
        "question": "Que faire ?",
        "changed": "",
        "proposed": "",
        "level": "urgent",
        "doctor": str(world.lebon.id),
        "alert": alert["id"],
    }
    answer = claire.post(f"/patients/{marie.id}/ask", data=asked)
    assert answer.status_code == 303, answer.text
    fired = said(claire.get(answer.headers["location"])).split("Règles déclenchées")[1]
    assert "(neutrophiles 0,3 10⁹/L)" in fired and "plaquettes 18 10⁹/L" in fired


@pytest.mark.parametrize(
    ("page", "read"), [(FR, "Perte de poids (grade 2) ; Essai (grade 1)"), (EN, "Weight loss (grade 2) ; Essai (grade 1)")]
)
def test_an_effect_of_a_call_that_was_noted_is_named_in_the_readers_language(page: Page, read: str) -> None:
    field = FormField.model_validate({"key": "effects", "title": {"fr": "Effets", "en": "Effects"}, "kind": "symptoms"})
    assert noted.in_words(page, field, [{"term": "Weight loss", "grade": 2}, {"term": "Essai", "grade": 1}]) == read
