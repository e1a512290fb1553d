"""The address follows what is open beside the list, and the menu never makes a page scroll sideways."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.alerts import handling, tasks
from app.people.perimeter import viewer_of
from tests.browser.conftest import OpenPage, Ward

pytestmark = pytest.mark.browser


def leave_only_the_danger(ward: Ward) -> None:
    with ward.database.transaction() as session:
        luc, now = viewer_of(ward.world.luc), ward.clock.now()
        handling.take(session, ward.morning.tiredness.id, by=luc, now=now)
        handling.close(session, ward.morning.tiredness.id, by=luc, now=now, outcome="advice")
        tasks.close(session, ward.morning.unknown.id, by=luc, now=now, words="son fils")


def close_the_one_open(page: Page) -> None:
    page.locator("#take").click()
    page.locator("#do-close input[name=spoke][value=patient]").click()
    page.locator("#do-close input[name=outcome][value=advice]").click()
    page.locator("#do-close .primary").click()


def test_after_close_and_next_the_address_is_that_of_the_next(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.goto(f"{ward.address}/?open=patient:{ward.morning.marie.id}")
    close_the_one_open(page)
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
    assert page.url == f"{ward.address}/?open=patient%3A{ward.morning.jean.id}"
    page.reload()
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")


def test_after_the_last_close_the_address_names_nobody(open_page: OpenPage, ward: Ward) -> None:
    leave_only_the_danger(ward)
    page = open_page()
    page.locator(".row", has_text="HOARAU").click()
    close_the_one_open(page)
    expect(page.locator("#panel .panel")).to_have_count(0)
    expect(page.locator("#toast")).to_contain_text("Alerte close.")
    assert page.url == f"{ward.address}/"
    page.keyboard.press("u")  # taken back: it is open again, and so says the address
    expect(page.locator(".panel h2")).to_have_text("HOARAU Marie")
    assert page.url == f"{ward.address}/?open=patient%3A{ward.morning.marie.id}"
    page.locator("#do-close input[name=outcome][value=advice]").click()
    page.locator("#do-close .primary").click()
    expect(page.locator("#panel .panel")).to_have_count(0)
    page.reload()
    expect(page.locator(".nothing")).to_contain_text("Rien à traiter.")
