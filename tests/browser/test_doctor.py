"""A doctor in a corridor: a telephone 390 px wide, an answer in two presses or by keyboard, axe on each page (COA-5)."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from app.alerts import asking
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest
from app.checkins.rhythm import ordered
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints

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
    nurse = open_page("claire", width=390, height=844)
    nurse.goto(f"{ward.address}/requests/{asked.id}")
    fine(nurse, "tell-390")
    nurse.fill("#tell-words", "Elle continue, bilan lundi.")
    nurse.get_by_role("button", name="C'est dit").click()
    expect(nurse.get_by_role("status")).to_contain_text("l'a dit au patient")
    nurse.goto(f"{ward.address}/patients/{asked.patient_id}/ask")
    fine(nurse, "ask-390")
