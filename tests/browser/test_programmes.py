"""The programmes' pages in a real browser: axe and 390 px, for a patient, a programme, a letter."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from app.care import enrolments
from app.care.contact_models import Letter
from app.people import directory
from app.people.directory import NewProfessional
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser


def follow(ward: Ward) -> None:
    """Marie is met and followed in COACH, proposed in AMA; her family doctor is known, and she was not asked about him yet."""
    claire, now = viewer_of(ward.world.claire), ward.clock.now()
    with ward.database.transaction() as session:
        marie = session.get_one(Patient, ward.morning.marie.id)
        doctor = directory.declare(
            session, NewProfessional("gp", "Dr Anne Rivière", phone="+33639980055"), by=claire, now=now, allow_fiction=True
        )
        directory.add(session, marie, doctor.id, by=claire, now=now)
        enrolments.propose(session, marie, "coach", by=claire, now=now)
        enrolments.propose(session, marie, "ama", by=claire, now=now)


def looked_at(page: Page, name: str) -> None:
    if os.environ.get("PICTURES"):
        page.screenshot(path=f"{os.environ['PICTURES']}/{name}.png", full_page=True)
    assert complaints(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize("width", [1440, 390])
def test_a_patient_a_programme_and_a_letter(open_page: OpenPage, ward: Ward, width: int) -> None:
    follow(ward)
    marie = ward.morning.marie.id
    page = open_page(width=width)
    page.goto(f"{ward.address}/patients/{marie}/programmes")
    looked_at(page, f"proposed-{width}")
    visit = page.locator("form[action$='/adhesion']").last
    visit.locator("[name=met_at]").fill(ward.clock.now().date().isoformat())
    visit.locator("[name=nurse]").select_option(label="Claire Payet")
    visit.locator("[name=stand_in]").select_option(index=2)
    visit.locator("button").click()
    page.wait_for_url(f"{ward.address}/patients/{marie}/programmes")
    for summary in page.locator(".care-follow summary").all():
        summary.click()
    looked_at(page, f"following-{width}")
    page.goto(f"{ward.address}/programmes")
    looked_at(page, f"programmes-{width}")
    page.goto(f"{ward.address}/programmes/coach?sort=rdi")
    looked_at(page, f"programme-{width}")
    with ward.database.reading() as session:
        letter = session.scalar(select(Letter.id).order_by(Letter.id).limit(1))
    if letter is not None:
        page.goto(f"{ward.address}/patients/{marie}/letters/{letter}")
        looked_at(page, f"letter-{width}")
