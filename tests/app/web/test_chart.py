"""The patient's page, the search from any screen, the explanation of one assessment."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling
from app.alerts.models import DoctorRequest
from app.care.contact_models import Contact
from app.checkins import answers, script
from app.checkins.models import AssessmentRow, CheckIn
from app.core.audit import SYSTEM, Actor
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences, respondents
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.people.respondents import NewRespondent
from app.treatment import courses, measures, orders, overrides
from app.web.patient.drawing import History, Judged
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, check_in, text, the_morning
from tests.factories import World, a_patient


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def test_who_which_treatment_which_day_and_how_to_reach_them(claire: TestClient, morning: Morning) -> None:
    page = said(claire.get(f"/patients/{morning.jean.id}"))
    assert "PAYET Jean dossier n° 2 Homme, 71 ans · né le 14/03/1955" in page
    assert "Identité provisoire : déclarée, non vérifiée par l'INS" in page
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
            session,
            morning.jean,
            kind="temperature",
            value="38.2",
            unit="Cel",
            taken_at=clock.now(),
            source="sms",
            by=viewer_of(world.claire).actor,
            now=clock.now(),
        )
    page = claire.get(f"/patients/{morning.jean.id}")
    assert "<svg" in page.text and page.text.count('class="silent"') == 1
    assert "2 relevés jugés, 1 sans réponse" in said(page)
    table = page.text[page.text.index("<table") : page.text.index("</table>")]
    cells = [
        [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>.*?</tr>", table, re.S)
    ]
    head, *rows = cells
    assert head == [
        "Jour",
        "Cycle et jour",
        "Niveau",
        "fatigue",
        "diarrhée",
        "nausées",
        "Température",
        "Dose par prise",
        "Comprimés",
        "Alertes",
        "Qui a répondu",
    ]
    assert [row[0] for row in rows] == ["mer. 18 nov.", "dim. 15 nov.", "mer. 11 nov.", "dim. 8 nov."]
    last, silent, first, began = rows
    assert last == ["mer. 18 nov.", "1.1", "Élevé", "3", "1", "1", "38,2", "1500 mg", "2 prises oubliées", "Élevé", "le patient"]
    assert silent == ["dim. 15 nov.", "", "× sans réponse", "", "", "", "", "1500 mg", "", "", ""]
    assert first == ["mer. 11 nov.", "1.1", first[2], "1", "1", "1", "", "1500 mg", "", "", first[-1]]
    assert began[7] == "1500 mg" and not any(began[1:7]), "the dose begins; nobody was asked that day, and nothing is a zero"


def drawn(page: str, group: str) -> list[str]:
    """What the groups of one class of the picture say, in the order of their days."""
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in re.findall(rf'<g class="{group}.*?</g>', page, re.S)]


def test_doses_weight_calls_visits_and_stays_are_drawn_by_letter_and_number(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Nothing by colour alone: a hold, a reduced dose, a stay, a call each carry a word, a number or a letter; the table says the same."""
    now, by = clock.now(), viewer_of(world.claire).actor
    today = now.date()
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        course = courses.running(session, jean.id)
        assert course is not None
        lebon = viewer_of(world.lebon).actor
        courses.hold(
            session,
            course,
            jean,
            from_day=today - timedelta(days=6),
            until_day=today - timedelta(days=4),
            reason="Diarrhée",
            by=lebon,
            now=now,
        )
        orders.change_dose(
            session, course, jean, from_day=today - timedelta(days=3), dose_mg=Decimal(1000), reason="Grade 2", by=lebon, now=now
        )
        for days, kg in ((12, "70"), (1, "66.5")):
            measures.record(
                session, jean, kind="weight", value=kg, unit="kg", taken_at=now - timedelta(days=days), source="call", by=by, now=now
            )
        absences.record(
            session, jean, absences.HOSPITAL, from_day=today - timedelta(days=6), until_day=today - timedelta(days=5), by=by, now=now
        )
        handling.take(session, morning.tiredness.id, by=viewer_of(world.claire), now=now)
        handling.call_logged(session, morning.tiredness.id, by=viewer_of(world.claire), now=now, reached=True, whom="patient", words="")
        session.add(
            Contact(
                service_id=jean.service_id,
                patient_id=jean.id,
                direction="incoming",
                state="closed",
                started_at=now - timedelta(hours=1),
                seconds=240,
                outcome="level_1",
                words="Hydratation",
                by_id=world.luc.id,
                saved_at=now,
            )
        )
    page = claire.get(f"/patients/{morning.jean.id}")
    assert [one.split(" : ")[1] for one in drawn(page.text, 'dose[ "]')] == ["1500 mg 1500", "pause pause", "1000 mg 1000"]
    assert "66,5 (−5,0 %)" in page.text and "écart depuis 70 kg, ven. 6 nov. 2026" in said(page)
    assert len(drawn(page.text, "away")) == 1 and drawn(page.text, "away")[0].startswith("H ")
    assert drawn(page.text, "call")[0].startswith("2 mer. 18 nov. : 2 appels")
    assert "H Séjour à l'hôpital" in said(page) and "? demandé, pas de réponse claire" in said(page)
    story = said(claire.get(f"/patients/{morning.jean.id}/timeline?kind=calls"))
    assert "Luc Morel a reçu l'appel : le patient (4 min) · acte infirmier selon un protocole écrit Hydratation" in story
    assert "1 1 3" not in story, "one kind is one kind"


def test_scores_of_two_days_in_a_row_do_not_hide_each_other() -> None:
    """A day is eleven units wide and a shape twenty-two: next to each other they are drawn as narrow as their day."""
    start = date(2026, 8, 27)
    judged = [Judged(start + timedelta(days=x), x, 1, 1, "none", x, {"nausea": 1}) for x in (3, 10, 11, 12, 40)]
    assert History(start=start, today=start + timedelta(days=83), judged=judged).dense == {10, 11, 12}


def test_the_oldest_message_is_reached_page_by_page_without_a_script(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Sixteen on the page, forty a sheet, none cut for ever; each kind apart by a plain link."""
    with database.transaction() as session:
        for number in range(90):
            text(session, world, morning.jean, f"mot {number:02}", at=clock.now() - timedelta(days=1, minutes=number))
    where = f"/patients/{morning.jean.id}"
    assert "Toute l'histoire, jusqu'au plus ancien" in said(claire.get(where)) and "mot 89" not in said(claire.get(where))
    seen: list[str] = []
    for sheet in (1, 2, 3):
        page = claire.get(f"{where}/timeline?kind=texts&sheet={sheet}")
        seen += re.findall(r"mot [0-9]{2}", page.text)
        assert ('rel="next"' in page.text) is (sheet < 3)
    assert seen == [f"mot {number:02}" for number in range(90)]
    assert "Début de l'histoire." in said(page)
    assert "Rien de ce genre." in said(claire.get(f"{where}/timeline?kind=requests"))
    assert claire.get(f"{where}/timeline?kind=nonsense&sheet=-3").status_code == 200
    assert claire.get(f"{where}/timeline?sheet=99999999").status_code == 200


def test_what_is_open_has_its_own_link_and_own_limits_their_end(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Alert, planned call late, doctor's answer to tell; the patient's own numbers stand in the head with their last day."""
    clock.forward(days=7)  # the protocols of Monday are in force
    now = clock.now()
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        course = courses.running(session, jean.id)
        assert course is not None
        base = script.followed(session, course, jean, now.date())
        assert base is not None
        overrides.decide(
            session,
            course,
            jean,
            base,
            {"fever": Decimal("37.6")},
            reason="Fragile",
            ends_on=now.date() + timedelta(days=20),
            by=viewer_of(world.lebon).actor,
            now=now,
        )
        request = DoctorRequest(
            service_id=jean.service_id,
            patient_id=jean.id,
            doctor_id=world.lebon.id,
            asked_by_id=world.claire.id,
            asked_at=now,
            level="high",
            question="Réduire la dose ?",
            state="answered",
            answer="continue",
            answered_by_id=world.lebon.id,
            answered_at=now,
            raised_at=now,
            respond_by=now + timedelta(hours=2),
            ladder=[],
            next_step_at=now + timedelta(hours=2),
        )
        session.add(request)
    page = claire.get(f"/patients/{morning.jean.id}")
    assert "seuils propres jusqu'au mar. 15 déc." in said(page)
    answered = "Dr Aurore Lebon : continuer · prévenir le patient Réduire la dose ?"
    assert f'href="/requests/{request.id}"' in page.text and answered in said(page), "what was answered, not only that it was"
    assert answered.removesuffix(" Réduire la dose ?") in said(claire.get(f"/patients/{morning.jean.id}/print"))
    assert f'href="/alerts/{morning.tiredness.id}"' in page.text
    assert "Relevé du mer. 18 nov. (il y a 7 jours), depuis celui d'avant : ▲ plus fort : fatigue 1 puis 3" in said(page)
    assert "Claire Payet a demandé un avis à Dr Aurore Lebon : Réduire la dose ?" in said(page)
    assert "Dr Aurore Lebon a répondu : continuer" in said(page)


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
            session,
            world,
            morning.marie,
            "A nausées, B fatigue",
            at=clock.now(),
            direction="out",
            state="delivered",
            key="q_multi",
            checkin_id=row.checkin_id,
        )
        session.add(
            AssessmentRow(
                patient_id=row.patient_id,
                checkin_id=row.checkin_id,
                version_id=row.version_id,
                fingerprint=row.fingerprint,
                level="moderate",
                at=clock.now(),
                inputs={},
                result=result,
            )
        )
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
            patient_id=morning.jean.id,
            version_id=good.version_id,
            fingerprint=good.fingerprint,
            level="high",
            at=clock.now(),
            inputs={},
            result={"scores": {"nausea": 2}},
        )
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
