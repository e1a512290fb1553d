"""The patient's page answers before anybody scrolls, and its printed page is one sheet."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.treatment import courses, measures
from tests.app.web.ward import check_in
from tests.browser.conftest import OpenPage, Ward

pytestmark = pytest.mark.browser

FOLLOWED = {"fatigue": "2", "nausea": "1", "diarrhea": "1", "vomiting": "0", "mouth_sores": "1", "hand_foot": "2"}
KINDS = {"neutrophils": "10*9/L", "platelets": "10*9/L", "creatinine": "umol/L", "potassium": "mmol/L", "weight": "kg"}


@pytest.fixture
def jean(ward: Ward) -> Patient:
    """Six symptoms, eight check-ins, five kinds of measures."""
    now, by = ward.clock.now(), viewer_of(ward.world.claire).actor
    with ward.database.transaction() as session:
        patient = session.get_one(Patient, ward.morning.jean.id)
        course = courses.running(session, patient.id)
        assert course is not None
        for days in (9, 8, 6, 5, 4, 3, 2, 1):
            check_in(session, patient, course, FOLLOWED, at=now - timedelta(days=days))
        for kind, unit in KINDS.items():
            value = {"weight": "66", "creatinine": "80", "platelets": "180", "potassium": "4"}.get(kind, "2.1")
            measures.record(session, patient, kind=kind, value=value, unit=unit, taken_at=now, source="labo", by=by, now=now)
    return patient


def bottom(one: Locator) -> float:
    box = one.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_who_which_day_what_is_open_and_the_last_week_before_anybody_scrolls(open_page: OpenPage, ward: Ward, jean: Patient) -> None:
    """Five seconds at 1440 by 900: who, treatment and day, open items with their link, whom to call, better or worse, today's column."""
    page = open_page()
    page.goto(f"{ward.address}/patients/{jean.id}")
    for seen in (".identity h1", ".identity", ".reach-now a[href^='tel:']", ".open-item", ".moved"):
        assert bottom(page.locator(seen).first) < 900, seen
    scores = page.locator(".history svg.score")
    assert scores.count() >= 6
    for at in range(scores.count()):
        assert bottom(scores.nth(at)) < 900, "every score of every symptom"
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_printed_page_is_one_sheet_without_controls(open_page: OpenPage, ward: Ward, jean: Patient, language: str) -> None:
    """A4 lying, measured by Chromium's own printer; what is on it, and what is not."""
    page = open_page()
    page.goto(f"{ward.address}/patients/{jean.id}")
    page.locator(".languages button", has_text=language.upper()).click()
    page.goto(f"{ward.address}/patients/{jean.id}/print")
    sheet = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    width, height = (float(one) for one in re.search(rb"/MediaBox\s*\[0 0 ([0-9.]+) ([0-9.]+)\]", sheet).groups())  # type: ignore[union-attr]  # there is one
    assert (round(width), round(height)) == (842, 595), "A4, lying"
    page.emulate_media(media="print")
    for control in page.locator("button, nav, input, select, .actions").all():
        expect(control).to_be_hidden()
    for shown in ("PAYET Jean", "14/03/1955", "+33 6 39 98 00 02"):
        expect(page.locator(".paper").get_by_text(shown).first).to_be_visible()
    expect(page.locator(".paper svg[role=img]")).to_be_visible()


def test_on_a_phone_what_is_open_comes_before_seven_other_pages(open_page: OpenPage, ward: Ward, jean: Patient) -> None:
    """Wide, every page is one click away; at 390 px they stand behind one word, and one press shows them."""
    page = open_page()
    page.goto(f"{ward.address}/patients/{jean.id}")
    reach = page.locator(".identity-links a[href$='/reach']")
    expect(reach).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(reach).to_be_hidden()
    assert bottom(page.locator(".open-item").first) < 844
    page.locator(".more-pages summary").click()
    expect(reach).to_be_visible()
