"""A doctor in a corridor: a telephone 390 px wide, an answer in two presses or by keyboard, axe on each page (COA-5)."""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from app.alerts import asking, handling
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest
from app.alerts.reasons import Reason
from app.checkins.rhythm import ordered
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.treatment import courses
from app.treatment.models import Companion
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints
from triage.terms import Level

pytestmark = pytest.mark.browser


@pytest.fixture
def asked(ward: Ward) -> DoctorRequest:
    """Claire asks about Jean, whose tiredness rose; of another question Dr Lebon told her the answer by telephone."""
    claire, now = viewer_of(ward.world.claire), ward.clock.now()
    with ward.database.transaction() as session:
        jean, marie = session.get_one(Patient, ward.morning.jean.id), session.get_one(Patient, ward.morning.marie.id)
        request = asking.ask(
            session,
            jean,
            by=claire,
            now=now,
            question="Fatigue de grade 3 : poursuivre ?",
            level="high",
            changed="Fatigue : 3, +2 depuis la dernière fois",
            proposed="Suspendre jusqu'au grade 1 (RCP, 4.2).",
        )
        spoken = asking.ask(session, marie, by=claire, now=now, question="Essoufflée : la voir ?", level="urgent")
        decision = Decision(DoctorAnswer.SEE_TODAY, "Box 4 à midi.")
        ordered.answer_by_telephone(session, spoken.id, decision, doctor_id=ward.world.lebon.id, said_at=now, by=claire, now=now)
    return request


def look(page: Page, name: str) -> None:
    if os.environ.get("PICTURES"):
        page.screenshot(path=f"{os.environ['PICTURES']}/{name}.png", full_page=True)


def fine(page: Page, name: str) -> None:
    look(page, name)
    assert complaints(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_in_a_corridor_two_presses_answer(open_page: OpenPage, ward: Ward, asked: DoctorRequest) -> None:
    page = open_page("lebon", width=390, height=844)
    expect(page).to_have_url(f"{ward.address}/doctor")
    fine(page, "doctor-390")
    page.get_by_role("link", name="Fatigue de grade 3").click()
    fine(page, "request-390")
    page.locator(".answers summary").get_by_text("Suspendre", exact=True).click()
    fine(page, "request-hold-390")
    for target in page.locator(".answers summary:visible, .answers button:visible").all():
        box = target.bounding_box()
        assert box is not None and box["height"] >= 44, "a thumb"
    page.get_by_role("button", name="3 jours").click()
    expect(page.get_by_role("status")).to_contain_text("Réponse envoyée")
    fine(page, "doctor-after-390")
    with ward.database.reading() as session:
        assert session.get_one(DoctorRequest, asked.id).answer == "hold_until"


def test_what_belongs_to_an_answer_fits_a_telephone(open_page: OpenPage, ward: Ward, asked: DoctorRequest) -> None:
    """Two medicines, each with its tablets; hour and place; admit with the tablets held; an answer that replaces one nobody told."""
    claire, lebon, now = viewer_of(ward.world.claire), viewer_of(ward.world.lebon), ward.clock.now()
    with ward.database.transaction() as session:
        jean = session.get_one(Patient, asked.patient_id)
        course = courses.running(session, jean.id)
        assert course is not None
        days_of = {"times_per_day": 1, "days_on": 1, "days_off": 0, "first_intake": course.first_intake}
        beside = Companion(agent="lapatinib", dose_mg=Decimal(1250), created_at=now, created_by=str(lebon.actor), **days_of)
        course.companions.append(beside)
        hold = Decision(DoctorAnswer.HOLD_UNTIL, "Hydratation.", until_day=now.date() + timedelta(days=2))
        ordered.answer(session, asked.id, hold, by=lebon, now=now)
        again = asking.ask(session, jean, by=claire, now=now, question="Toujours grade 3 ?", level="high").id
    page = open_page("lebon", width=390, height=844)
    page.goto(f"{ward.address}/requests/{again}")
    expect(page.locator(".notice")).to_contain_text("Pas encore dit au patient")
    for answer, name in (("Réduire la dose", "reduce"), ("Voir aujourd'hui", "see"), ("Hospitaliser", "admit"), ("Continuer", "resume")):
        page.locator(".answers summary").get_by_text(answer, exact=True).click()
        fine(page, f"request-{name}-390")
    page.locator(".answers summary").get_by_text("Suspendre", exact=True).click()
    page.get_by_role("button", name="Jusqu'à nouvel avis").click()
    expect(page.get_by_role("status")).to_contain_text("À la place de")
    fine(page, "doctor-replaced-390")
    page.goto(f"{ward.address}/requests/{again}")
    page.locator("#correct > summary").click()
    for answer, name in (("Continuer", "resume"), ("Suspendre", "leave")):
        page.locator("#correct .answers summary").get_by_text(answer, exact=True).click()
        fine(page, f"correct-{name}-390")
    expect(page.get_by_role("button", name="Laisser la suspension")).to_be_visible()
    nurse = open_page("claire", width=390, height=844)
    for number, name in ((asked.id, "replaced"), (again, "tell-one")):
        nurse.goto(f"{ward.address}/requests/{number}")
        fine(nurse, f"{name}-390")
    with ward.database.transaction() as session:
        last = asking.ask(session, session.get_one(Patient, asked.patient_id), by=claire, now=now, question="Réduire ?", level="high").id
    nurse.goto(f"{ward.address}/requests/{last}")
    nurse.locator("summary").get_by_text("Le médecin l'a dit au téléphone").click()
    fine(nurse, "telephone-390")


def test_by_keyboard_and_what_the_nurse_sees(open_page: OpenPage, ward: Ward, asked: DoctorRequest) -> None:
    """Enter opens the first answer, Tab and Enter send it; Claire tells from the page of the request."""
    page = open_page("lebon")
    page.goto(f"{ward.address}/requests/{asked.id}")
    fine(page, "request-1440")
    page.locator(".answers summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("La revoir au bilan.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("continuer")
    with ward.database.transaction() as session:
        jean, later = session.get_one(Patient, asked.patient_id), ward.clock.now() + timedelta(minutes=1)
        danger = Reason("danger", Level.URGENT, {"dangers": ["chest_pain"]})
        handling.consider(session, service=jean.service, patient=jean, reason=danger, now=later)
    nurse = open_page("claire", width=390, height=844, quiet=False)
    nurse.goto(f"{ward.address}/requests/{asked.id}")
    expect(nurse.get_by_role("status").first).to_contain_text("Depuis cette réponse")
    fine(nurse, "tell-390")
    nurse.fill("#tell-words", "Elle continue, bilan lundi.")
    nurse.get_by_role("button", name="C'est dit").click()
    expect(nurse.locator("p[role=alert]")).to_contain_text("cochez la ligne")
    nurse.get_by_label("Je dis cette réponse quand même").check()
    nurse.get_by_role("button", name="C'est dit").click()
    expect(nurse.get_by_role("status")).to_contain_text("l'a dit au patient")
    nurse.goto(f"{ward.address}/patients/{asked.patient_id}/ask")
    fine(nurse, "ask-390")
