"""The numbers of a patient, by keyboard alone and under axe-core: the code at the enrolment, another number, whose number writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.checkins.texts import verifying
from app.messaging import codes
from app.people.models import NumberCheck, Patient, Service
from app.people.perimeter import actor_of
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("VIGIE_PICTURES", "")
"""A folder to keep what the pages look like; nothing is kept without it."""


def kept(page: Page, name: str) -> None:
    """A picture of the whole page, for people."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def asked(ward: Ward) -> Patient:
    """Marie's number is not confirmed yet: her code is on its way."""
    with ward.database.transaction() as session:
        marie = session.get_one(Patient, ward.morning.marie.id)
        marie.phone_verified_at = None
        verifying.ask_all(session, marie, by=actor_of(ward.world.ines), now=ward.clock.now())
    return marie


def code(ward: Ward) -> str:
    with ward.database.reading() as session:
        return codes.code_of(session.scalars(select(NumberCheck).order_by(NumberCheck.id.desc()).limit(1)).one())


def enrolled(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{asked(ward).id}/enrolled")
    expect(page.locator("#code_")).to_be_visible()


def a_wrong_code(page: Page, ward: Ward) -> None:
    enrolled(page, ward)
    page.locator("#code_").fill("000000" if code(ward) != "000000" else "000001")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_be_visible()


def the_number(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/number")


def a_refused_number(page: Page, ward: Ward) -> None:
    the_number(page, ward)
    page.locator("#number").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator("#number-error")).to_be_visible()
    expect(page.locator("#reason-error")).to_be_visible()


def a_number_to_come(page: Page, ward: Ward) -> None:
    the_number(page, ward)
    page.locator("#number").fill("06 39 98 00 77")
    page.locator("#reason").fill("nouveau forfait, dit par sa femme au téléphone")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_be_visible()


def whose(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/tasks/{ward.morning.unknown.id}/whose")
    page.locator("form[action$='/whose'] input[name=q]").fill("payet")
    page.keyboard.press("Enter")
    expect(page.locator("a[href*='/number?task=']").first).to_be_visible()


STATES = (enrolled, a_wrong_code, the_number, a_refused_number, a_number_to_come, whose)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_nothing_to_complain_of(open_page: OpenPage, ward: Ward, state: Callable[[Page, Ward], None], width: int) -> None:
    """WCAG 2.2 AA, wide and narrow; nothing is wider than the window."""
    page = open_page(width=width, quiet=state is not a_refused_number)  # a browser tells of a 422 as of an error
    state(page, ward)
    kept(page, f"{state.__name__}-{width}")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_countries(open_page: OpenPage, ward: Ward, width: int) -> None:
    page = open_page(login="ines", width=width, quiet=False)
    page.goto(f"{ward.address}/service")
    page.locator("#regions").fill("FR, ZZ")
    page.keyboard.press("Enter")
    expect(page.locator("#regions-error")).to_be_visible()
    page.locator("details summary", has_text="maison").click()
    kept(page, f"countries-{width}")
    assert complaints(page) == []


def test_the_code_is_typed_without_a_mouse(open_page: OpenPage, ward: Ward) -> None:
    """FR-25."""
    page = open_page(width=1440)
    enrolled(page, ward)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "code_":
            break
    page.keyboard.type(code(ward))
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Le numéro est vérifié.")
    with ward.database.reading() as session:
        assert session.get_one(Patient, ward.morning.marie.id).phone_verified_at is not None
        assert session.get_one(Service, ward.world.service.id).regions == []
