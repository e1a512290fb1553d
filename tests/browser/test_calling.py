"""The questions by telephone and how a patient is reached, in a real browser: keyboard alone, axe, narrow screens (point 12)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Page, expect

from app.checkins.rhythm import agenda
from app.people.models import Patient
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints
from tests.factories import a_course, a_patient

pytestmark = pytest.mark.browser


@pytest.fixture
def rose(ward: Ward) -> Patient:
    """Rose Grondin, third day of capecitabine: her questions are due today. Lucie, her daughter, has a telephone."""
    ward.clock.at = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    now = ward.clock.now()
    with ward.database.transaction() as session:
        person = a_patient(
            session,
            ward.world,
            now=now,
            family_name="Grondin",
            given_names="Rose",
            phone="+33639980008",
            respondent_name="Lucie Grondin",
            respondent_relation="fille",
            respondent_phone="+33639980009",
        )
        course = a_course(session, ward.world, person, now=now, first_intake=date(2026, 11, 23))
        agenda.plan(session, course, now=now)
    return person


def pressed(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('form')?.id ?? ''"))


def test_a_whole_call_with_the_keyboard_alone(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    """After each answer the keyboard stands on the next question; the end asks about what is left, then shows what to say aloud."""
    page = open_page(quiet=False)  # finishing with questions left is refused once
    page.goto(f"{ward.address}/patients/{rose.id}/call")
    page.locator("#q-diarrhea button").first.focus()
    seen = []
    for question in ("diarrhea", "mouth_sores", "hand_foot"):
        assert pressed(page) == f"q-{question}"
        seen.append(question)
        page.keyboard.press("Tab")  # from 0 to 1
        page.keyboard.press("Enter")
        expect(page.locator(f"#q-{question} [aria-pressed=true]")).to_have_text("1 Un peu")
    assert pressed(page) == "q-temperature"
    page.keyboard.type("37,2")
    page.keyboard.press("Enter")
    expect(page.locator("#q-temperature .given")).to_contain_text("37,2")
    assert pressed(page) == "q-chest_pain"
    page.locator("form[action$='/finish'] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#finish-error")).to_be_focused()
    assert complaints(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("diarrhée, un peu")
    assert complaints(page) == []


def test_a_danger_fills_the_screen_and_two_people_stand_side_by_side(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    page = open_page()
    page.goto(f"{ward.address}/patients/{rose.id}/call")
    page.locator("#q-diarrhea button", has_text="1").click()
    page.locator(".speakers a", has_text="Lucie").click()
    page.locator("#q-diarrhea button", has_text="3").click()
    expect(page.locator(".differing")).to_contain_text("Lucie Grondin (fille) : fort (3), la patiente : un peu (1)")
    assert complaints(page) == []
    page.locator("#v-temperature").fill("39,2")
    page.keyboard.press("Enter")
    expect(page.locator(".to-say-now")).to_be_in_viewport()
    assert complaints(page) == []


def test_what_cannot_stand_is_said_beside_its_question(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    page = open_page(quiet=False)
    page.goto(f"{ward.address}/patients/{rose.id}/call")
    page.locator("#v-temperature").fill("385")
    page.keyboard.press("Enter")
    expect(page.locator("#q-temperature .field-error")).to_be_visible()
    expect(page.locator("#v-temperature")).to_have_value("385")
    expect(page.locator("#v-temperature")).to_be_focused()
    assert complaints(page) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_both_pages_at_each_width(open_page: OpenPage, ward: Ward, rose: Patient, width: int) -> None:
    page = open_page(width=width, height=844)
    for part in ("call", "reach"):
        page.goto(f"{ward.address}/patients/{rose.id}/{part}")
        for fold in page.locator("main details > summary").all():
            fold.click()
        assert complaints(page) == [], part
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part


def test_a_relative_is_declared_and_chosen_by_keyboard(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    page = open_page()
    page.goto(f"{ward.address}/patients/{rose.id}/reach")
    page.locator(".adding > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Paul Grondin")
    page.keyboard.press("Tab")
    page.keyboard.type("fils")
    page.keyboard.press("Enter")
    expect(page.locator(".person", has_text="Paul Grondin")).to_be_visible()
    page.locator(".who input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".tag-strong", has_text="répond")).to_be_visible()
