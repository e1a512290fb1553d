"""The patient's page, the search from any screen, the explanation of one assessment."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling
from app.checkins import answers, script
from app.checkins.models import AssessmentRow, CheckIn
from app.core.audit import SYSTEM, Actor
from app.core.clock import HandClock
from app.core.db import Database
from app.people import respondents
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.people.respondents import NewRespondent
from app.treatment import courses, measures
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, a_morning, check_in, text
from tests.factories import World, a_patient


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    with database.transaction() as session:
        return a_morning(session, world, now=clock.now())


def test_who_which_treatment_which_day_and_how_to_reach_them(claire: TestClient, morning: Morning) -> None:
    page = said(claire.get(f"/patients/{morning.jean.id}"))
    assert "PAYET Jean Homme, 71 ans · né le 14/03/1955" in page
    assert "Identité déclarée, non vérifiée par l'INS" in page
    assert "Capécitabine 1500 mg × 2 par jour · cycle 1, jour 11 · jour de prise" in page
    assert "Suivi actif · joignable · parle français" in page
    assert "+33 6 39 98 00 02 le patient" in page
    assert "Suivi accepté" in page and "fiche 2026-09" in page
    assert "Élevé Un symptôme est fort." in page and "à prendre" in page


def test_twelve_weeks_are_drawn_and_readable_as_a_table(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Scores with shape and digit; what was not asked is not a zero; a silent check-in is drawn as silent."""
    with database.transaction() as session:
        course = courses.running(session, morning.jean.id)
        assert course is not None
        day = clock.now() - timedelta(days=3)
        session.add(
            CheckIn(
                service_id=morning.jean.service_id,
                patient_id=morning.jean.id,
                course_id=course.id,
                state="silent",
                day=day.date(),
                due_at=day,
                asking=[],
                not_asked=[],
            )
        )
        measures.record(
            session, morning.jean, kind="temperature", value="38.2", unit="Cel", taken_at=clock.now(), source="sms",
            by=viewer_of(world.claire).actor, now=clock.now(),
        )  # fmt: skip
    page = claire.get(f"/patients/{morning.jean.id}")
    assert "<svg" in page.text and page.text.count('class="silent"') == 1
    assert "2 relevés jugés, 1 sans réponse" in said(page)
    table = page.text[page.text.index("<table") : page.text.index("</table>")]
    cells = [
        [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>.*?</tr>", table, re.S)
    ]
    head, last, first = cells
    assert head == ["Jour", "Cycle et jour", "Niveau", "fatigue", "diarrhée", "nausées", "Température", "Comprimés", "Qui a répondu"]
    assert last == ["mer. 18 nov.", "1.1", "Élevé", "3", "1", "1", "38,2", "2 prises oubliées", "le patient"]
    assert first[:6] == ["mer. 11 nov.", "1.1", first[2], "1", "1", "1"] and first[7] == ""


def test_an_unknown_score_is_written_unknown(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Asked and not answered; what was never asked has another sign (test_unasked.py)."""
    with database.transaction() as session:
        course = courses.running(session, morning.marie.id)
        assert course is not None
        row = check_in(session, morning.marie, course, {"fatigue": "2"}, at=clock.now())
        result = {**row.result, "scores": {"fatigue": 2, "nausea": None}}
        text(
            session, world, morning.marie, "A nausées, B fatigue", at=clock.now(), direction="out", state="delivered", key="q_multi",
            checkin_id=row.checkin_id,
        )  # fmt: skip
        session.add(
            AssessmentRow(
                patient_id=row.patient_id, checkin_id=row.checkin_id, version_id=row.version_id, fingerprint=row.fingerprint,
                level="moderate", at=clock.now(), inputs={}, result=result,
            )
        )  # fmt: skip
    page = claire.get(f"/patients/{morning.marie.id}").text
    assert "score-unknown" in page and "nausées inconnu" in page
    assert "score-0" not in page


def test_messages_and_what_people_did_stand_in_one_timeline(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    with database.transaction() as session:
        handling.take(session, morning.tiredness.id, by=viewer_of(world.claire), now=clock.now())
        handling.call_logged(
            session, morning.tiredness.id, by=viewer_of(world.claire), now=clock.now(), reached=False, whom="patient", words="Messagerie"
        )
        text(session, world, morning.jean, "Suivi Baie : appelez-nous", at=clock.now(), direction="out", state="undelivered")
    page = said(claire.get(f"/patients/{morning.jean.id}"))
    assert "Claire Payet a appelé sans réponse : Patient Messagerie" in page
    assert "1 1 3 reçu" in page and "Suivi Baie : appelez-nous non remis" in page


def test_no_name_ever_stands_in_an_address(claire: TestClient, morning: Morning) -> None:
    """SEC-29: addresses end in logs."""
    assert 'action="/search" method="post"' in claire.get("/").text
    assert "HOARAU" not in claire.get("/search?q=hoarau").text


def test_search_by_parts_of_the_name_or_the_last_digits(claire: TestClient, database: Database, world: World, morning: Morning) -> None:
    with database.transaction() as session:
        a_patient(session, world, now=morning.danger.opened_at, family_name="Hoareau", given_names="Zoé", phone="+33639980777")
    assert claire.post("/search", data={"q": "payet jean"}).headers["location"] == f"/patients/{morning.jean.id}"
    assert claire.post("/search", data={"q": "0002"}).headers["location"] == f"/patients/{morning.jean.id}"
    both = said(claire.post("/search", data={"q": "HOÂR"}))
    assert "2 patients trouvés" in both and "HOARAU Marie" in both and "HOAREAU Zoé" in both and "Urgent" in both
    assert "Aucun patient trouvé pour « dupont »." in said(claire.post("/search", data={"q": "dupont"}))
    assert claire.post("/search", data={"q": ""}).status_code == 200
    assert "<b>x" not in claire.post("/search", data={"q": "<b>x"}).text


def test_the_explanation_names_inputs_rules_sources_and_version(claire: TestClient, database: Database, morning: Morning) -> None:
    """Point 8 of the chain: inputs, rules fired, rules nearly fired, sources, in words."""
    with database.reading() as session:
        row = session.scalars(select(AssessmentRow).order_by(AssessmentRow.id.desc())).first()
    assert row is not None
    page = said(claire.get(f"/assessments/{row.id}"))
    assert "Règles déclenchées" in page and "score le plus haut : fatigue 3 sur 4 (seuil ≥ 3)" in page
    assert "Règles presque déclenchées" in page and "Règles non déclenchées" in page
    assert "floor-severe" in page and "Basch et al." in page and "? à vérifier" in page
    assert f"Empreinte {row.fingerprint}" in page
    assert claire.get("/assessments/987654").status_code == 404


def test_a_conclusion_that_cannot_be_read_any_more_says_so(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    with database.transaction() as session:
        good = session.scalars(select(AssessmentRow)).first()
        assert good is not None
        bad = AssessmentRow(
            patient_id=morning.jean.id, version_id=good.version_id, fingerprint=good.fingerprint, level="high", at=clock.now(),
            inputs={}, result={"scores": {"nausea": 2}},
        )  # fmt: skip
        session.add(bad)
        session.flush()
        number = bad.id
    assert "Cette conclusion ne peut plus être lue." in said(claire.get(f"/assessments/{number}"))
    assert claire.get(f"/patients/{morning.jean.id}").status_code == 200
    assert claire.get("/").status_code == 200


def test_two_people_who_differ_are_both_shown(
    claire: TestClient, database: Database, morning: Morning, world: World, clock: HandClock
) -> None:
    """FR-32, HZ-10: on the patient's page, in the table and in the alert panel, with who asked when it was by telephone."""
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        anne = respondents.declare(session, jean, NewRespondent("Anne Payet", "épouse"), by=SYSTEM, now=clock.now(), allow_fiction=True)
        checkin = session.scalars(select(CheckIn).where(CheckIn.patient_id == jean.id).order_by(CheckIn.id.desc()).limit(1)).one()
        question = script.protocol_of(session, checkin).questions["nausea"]
        who, asker = Actor("respondent", anne.id, anne.name), viewer_of(world.claire).actor
        answers.put(session, checkin, question, "3", by=who, now=clock.now(), source="call", asked_by=asker)
    differing = "nausées · Anne Payet (épouse) : fort (3), le patient : un peu (1)"
    for address in (f"/patients/{jean.id}", f"/alerts/{morning.tiredness.id}"):
        page = said(claire.get(address))
        assert "Réponses différentes" in page
        assert differing in page
        assert "Anne Payet (épouse), au téléphone avec Claire Payet" in page
    assert "Deux réponses différentes" in said(claire.get("/list"))
