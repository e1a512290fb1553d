"""What the nurse reads on the list, the panel and the patient's page is true: who said it, what state it is in, who is away or dead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling, tasks
from app.alerts.handling import Reason
from app.alerts.models import Alert, AlertEvent
from app.checkins import answers
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.rhythm import planning
from app.core.audit import SYSTEM, Actor
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences, respondents
from app.people.models import Patient, Service
from app.people.respondents import NewRespondent
from app.protocols import looks
from app.treatment.models import Course
from app.web import words
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, check_in, raised, text, the_morning
from tests.factories import World
from triage.questions import Question
from triage.terms import Kind, Level


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def away(database: Database, who: Patient, kind: str, clock: HandClock, *, until: int | None = None) -> None:
    """``who`` is away from today, until so many days from now."""
    with database.transaction() as session:
        patient, today = session.get_one(Patient, who.id), clock.now().date()
        last = today + timedelta(days=until) if until is not None else None
        absences.record(session, patient, kind, from_day=today, until_day=last, reason="dit par Paul", by=SYSTEM, now=clock.now())


def test_scores_are_said_by_whoever_said_them(claire: TestClient, database: Database, morning: Morning) -> None:
    """FR-32: somebody on the form who is no declared relative is not the patient, nor "?"."""
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Scores 0 à 4 dits par le patient. À confirmer par un professionnel." in page
    with database.transaction() as session:
        last = session.scalars(select(CheckIn).where(CheckIn.patient_id == morning.jean.id).order_by(CheckIn.id.desc())).first()
        assert last is not None
        for row in session.scalars(select(AnswerRow).where(AnswerRow.checkin_id == last.id)):
            row.said_by = f"relative:{morning.jean.id}"
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Scores 0 à 4 dits par un proche, non déclaré. À confirmer par un professionnel." in page
    assert "dits par le patient" not in page


def test_a_text_has_one_state(claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock) -> None:
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        text(session, world, jean, "Suivi Baie : vos questions", at=clock.now(), direction="out", state="expired")
    page = said(claire.get(f"/patients/{morning.jean.id}"))
    assert "Suivi Baie : vos questions périmé" in page
    assert "envoyé, périmé" not in page


def test_no_medicine_of_the_list_is_a_code() -> None:
    for language in words.LANGUAGES:
        assert [code for code in looks.known_medicines() if not words.has(language, f"particulars.code.{code}")] == []


def test_a_silence_alerts_only_when_questions_leave(claire: TestClient, database: Database, morning: Morning, clock: HandClock) -> None:
    page = f"/patients/{morning.jean.id}"
    assert "Un silence alerte." in said(claire.get(page))
    away(database, morning.jean, "hospital_stay", clock)
    assert "Un silence alerte." not in said(claire.get(page))
    assert "Aucune question ne part." in said(claire.get(page))


def test_a_number_that_the_relative_answers_bears_the_relative_s_name(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        anne = respondents.declare(session, jean, NewRespondent("Anne Payet", "mère"), by=SYSTEM, now=clock.now(), allow_fiction=True)
        respondents.answered_by(session, jean, anne.id, by=SYSTEM, now=clock.now())
        told = text(session, world, jean, "Une infirmière vous appelle.", at=clock.now(), direction="out", state="delivered")
        alert = session.get_one(Alert, morning.tiredness.id)
        alert.told, alert.told_message_id = "delivered", told.id
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Anne Payet a reçu, à 10 h 00 : Une infirmière vous appelle." in page and "Le patient a reçu" not in page
    assert "remis · +33 6 39 98 00 02, Anne Payet" in said(claire.get(f"/patients/{morning.jean.id}"))
    assert "+33 6 39 98 00 02 Anne Payet, mère" in page
    assert "+33 6 39 98 00 02 le patient" not in page
    joined = said(claire.get(f"/patients/{morning.jean.id}/reach"))
    assert "répond : Anne Payet (mère) · +33 6 39 98 00 02" in joined
    assert "PAYET Jean, pour son propre compte · +33" not in joined


def test_what_a_form_showed_is_said_beside_the_text_that_did_not_arrive(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-07: the warning in capitals stays, and says what did not arrive; what was seen, and when, is true as well."""
    at = clock.now() - timedelta(minutes=4)
    with database.transaction() as session:
        marie = session.get_one(Patient, morning.marie.id)
        filled = text(session, world, marie, "", at=at, carrier="form")
        text(
            session,
            world,
            marie,
            "Appelez le 15.",
            at=at,
            direction="out",
            state="failed",
            purpose="safety",
            language="fr",
            reply_to_id=filled.id,
            alert_id=morning.danger.id,
        )
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "SMS NON REÇU. TÉLÉPHONEZ MAINTENANT." in page
    assert "Affiché sur le formulaire à 9 h 56 : Appelez le 15." in page
    assert "PATIENT NON PRÉVENU. TÉLÉPHONEZ MAINTENANT." not in page
    assert "vu sur le formulaire à 9 h 56, SMS NON ARRIVÉ" in said(claire.get("/list"))


def test_a_stay_stands_on_the_row_and_in_the_head_of_the_panel(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    away(database, morning.marie, "hospital_stay", clock, until=2)
    stay = "Séjour à l'hôpital, du mer. 18 nov. au ven. 20 nov."
    assert stay in said(claire.get("/list"))
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert stay in page
    assert page.index(stay) < page.index("jarive pa a respirer")
    assert "+33 6 39 98 00 01 le patient" in page


def test_nobody_is_asked_to_call_somebody_noted_dead(claire: TestClient, database: Database, morning: Morning, clock: HandClock) -> None:
    """HZ-35."""
    away(database, morning.marie, "death", clock)
    row = said(claire.get("/list"))
    assert "Décès, le mer. 18 nov." in row
    assert "NON PRÉVENU" not in row
    claire.post(f"/alerts/{morning.danger.id}/take")
    answer = claire.get(f"/alerts/{morning.danger.id}")
    assert "Décès noté par" in said(answer)
    assert "TÉLÉPHONEZ MAINTENANT" not in said(answer)
    assert "+33 6 39 98 00 01 le patient" not in said(answer)
    assert 'name="whom" value="patient"' not in answer.text
    assert 'name="whom" value="relative" checked' in answer.text


def test_a_death_that_only_a_text_says_takes_nobody_for_dead(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """HZ-35: it may be a misreading: whoever is urgent is still called."""
    with database.transaction() as session:
        marie = session.get_one(Patient, morning.marie.id)
        by = Actor("patient", marie.id, marie.full_name)
        absences.record(session, marie, "death", from_day=clock.now().date(), reason="told by text", by=by, now=clock.now())
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "Dit par message, à confirmer." in page
    assert "PATIENT NON PRÉVENU. TÉLÉPHONEZ MAINTENANT." in page


def test_a_text_that_may_answer_the_check_in_before_is_said_so(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-08: nobody but the nurse can tell which day it is about, and the task says that this is what is asked of her."""
    with database.transaction() as session:
        heard = text(session, world, morning.jean, "je sais plus trop", at=clock.now())
        about = {"service_id": world.service.id, "patient_id": morning.jean.id, "message_id": heard.id}
        tasks.make(session, kind="to_read", key="read", detail={"why": "late_answer"}, now=clock.now(), **about)
        call = {"service_id": world.service.id, "patient_id": morning.jean.id, "kind": "call_back", "key": "ask_by_telephone:9"}
        tasks.make(session, detail={"why": "no_language"}, now=clock.now(), **call)
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Répond peut-être au relevé d'avant. Lisez, et notez la réponse au bon jour." in page
    assert "Relevé par téléphone" in page and "Demande d'appel" not in page, "nobody asked for the call by which questions are asked"


def test_a_repeated_danger_changes_its_row(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    assert "à nouveau" not in said(claire.get("/list"))
    with database.transaction() as session:
        marie = session.get_one(Patient, morning.marie.id)
        more = text(session, world, marie, "je respire plus", at=clock.now())
        reason = Reason("danger", Level.URGENT, {"dangers": ["dyspnea"], "message_id": more.id})
        handling.consider(session, service=session.get_one(Service, marie.service_id), patient=marie, reason=reason, now=clock.now())
    row = said(claire.get("/list"))
    assert "à nouveau à 10 h 00" in row
    assert "je respire plus" in row and "aussi :" not in row, "one danger, told twice"
    with database.transaction() as session:
        reason = Reason("danger", Level.URGENT, {"dangers": ["chest_pain"], "said": "elle tient sa poitrine"})
        handling.consider(session, service=session.get_one(Service, marie.service_id), patient=marie, reason=reason, now=clock.now())
    assert "elle tient sa poitrine · aussi : essoufflement" in said(claire.get("/list"))


def test_words_that_alarm_without_a_sign_name_none(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-07: found by the weight of its words together, and told so: nobody said a class of danger."""
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        more = text(session, world, jean, "il ne mange plus, il a mal aux pieds", at=clock.now())
        reason = Reason("danger", Level.URGENT, {"dangers": ["alarming_words"], "message_id": more.id})
        handling.consider(session, service=session.get_one(Service, jean.service_id), patient=jean, reason=reason, now=clock.now())
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Mots qui alarment ensemble, aucun signe nommé : lisez le message." in page
    assert "Signe de danger" not in page


def test_the_same_rung_again_and_again_is_one_line_with_its_count(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """Every five minutes the team, who has no number, and the coordination, who was told: one line each, until somebody acts."""
    rungs: tuple[tuple[str, list[str]], ...] = (("team", []), ("head", ["Inès Caron"]))

    def step(minutes: int, kind: str, detail: dict[str, object]) -> AlertEvent:
        at = clock.now() + timedelta(minutes=minutes)
        return AlertEvent(alert_id=morning.danger.id, at=at, kind=kind, level="urgent", actor="system", actor_name="", detail=detail)

    with database.transaction() as session:
        for minutes in (0, 5, 10):
            session.add_all([step(minutes, "stepped", {"notify": notify, "reached": reached}) for notify, reached in rungs])
            session.flush()
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "10 h 00 Équipe : aucun numéro, personne n'a été prévenu par SMS · 3 fois, la dernière à 10 h 10" in page
    assert "10 h 00 Coordination, prévenue par SMS : Inès Caron · 3 fois, la dernière à 10 h 10" in page
    assert page.count("personne n'a été prévenu") == page.count("prévenue par SMS : Inès Caron") == 1
    with database.transaction() as session:
        session.add(step(12, "returned", {"why": "released"}))
        session.flush()
        session.add(step(15, "stepped", {"notify": "team", "reached": []}))
    assert said(claire.get(f"/alerts/{morning.danger.id}")).count("personne n'a été prévenu") == 2, "after an act it is told anew"


def test_the_heading_says_what_is_shown(claire: TestClient, database: Database, morning: Morning, clock: HandClock) -> None:
    def heading(address: str) -> str:
        return claire.get(address).text.split('<h1 class="out">')[1].split("</h1>")[0]

    assert heading(f"/alerts/{morning.danger.id}") == "Alerte ouverte"
    assert heading(f"/tasks/{morning.unknown.id}") == "Tâche ouverte"
    with database.transaction() as session:
        alert = session.get_one(Alert, morning.tiredness.id)
        alert.state, alert.closed_at, alert.outcome = "closed", clock.now(), "advice"
        ended = {"kind": "closed", "level": "high", "actor": "system", "actor_name": "", "detail": {"outcome": "advice"}}
        session.add(AlertEvent(alert_id=alert.id, at=clock.now(), **ended))
    assert heading(f"/alerts/{morning.tiredness.id}") == "Alerte close"


def test_every_reason_the_file_keeps_in_english_has_its_words() -> None:
    kept = (planning.VISIT_DAY, planning.NO_TEXTS, planning.STOPPED, *(f"{planning.FOLLOW_UP_IS}{one}" for one in ("frozen", "ended")))
    for sentence in (*kept, "no longer in the plan", "past its window", "told by text"):
        assert words.has("fr", f"stored.{sentence.replace(' ', '_')}"), sentence


def test_the_panel_keeps_what_raised_it_and_shows_what_was_corrected(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-27, FR-32: Jean's 3 raised the alert; a 1 since corrects what is shown, is told in the story, and never hides why."""
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        course = session.scalars(select(Course).where(Course.patient_id == jean.id)).one()
        checkin = session.scalars(select(CheckIn).where(CheckIn.patient_id == jean.id).order_by(CheckIn.id.desc())).first()
        assert checkin is not None
        fatigue = Question("fatigue", Kind.SEVERITY)
        answers.put(session, checkin, fatigue, "1", by=Actor("patient", jean.id, "Jean"), now=clock.now(), note="correction")
        checkin.day -= timedelta(days=1)
        session.flush()
        row = check_in(session, jean, course, {"nausea": "1", "diarrhea": "1", "fatigue": "2", "temperature": "36.6"}, at=clock.now())
        assert Level.of(row.level) < Level.HIGH
        raised(session, jean, row, at=clock.now())
        session.get_one(CheckIn, row.checkin_id).day -= timedelta(days=2)
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Réponse corrigée, fatigue : fort (3), puis un peu (1)" in page
    assert "Un symptôme est fort." in page.split("Pourquoi cette alerte")[1]
    assert "fatigue 2 sur 4" in page
    assert "36,6 °C température mer. 18 nov." in page
