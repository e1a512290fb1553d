"""The address follows what is open beside the list, and the menu never makes a page scroll sideways."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.alerts import handling, tasks
from app.people.models import Patient
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
    page.locator("#close-now").click()


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
    page.locator("#close-now").click()
    expect(page.locator("#panel .panel")).to_have_count(0)
    page.reload()
    expect(page.locator(".nothing")).to_contain_text("Rien à traiter.")


WIDTHS = (320, 390, 720, 787, 1024, 1200, 1440)
"""720: the screen of a ward at a zoom of 200 %."""


@pytest.mark.parametrize("login", ["claire", "ines", "lebon"])
def test_no_page_scrolls_sideways_and_the_bar_stays_low(open_page: OpenPage, ward: Ward, login: str) -> None:
    page = open_page(login)
    pages = ("/doctor",) if login == "lebon" else ("/", f"/patients/{ward.morning.jean.id}", "/calls", "/rota", "/handover")
    wide, high = [], []
    for address in pages:
        page.goto(ward.address + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            found = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            wide += [(address, width, found)] if found[0] > found[1] else []
            bar = page.evaluate("document.querySelector('.top').offsetHeight")
            high += [(address, width, bar)] if bar > (120 if width < 700 else 150) else []
    assert (wide, high) == ([], [])


def test_the_search_of_a_telephone_grows_over_its_line(open_page: OpenPage, ward: Ward) -> None:
    page = open_page(width=390, height=844)
    page.locator("#search").focus()
    assert page.locator("#search").evaluate("(field) => field.offsetWidth") > 340
    page.keyboard.type("Payet")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{ward.address}/patients/{ward.morning.jean.id}")


def test_the_words_of_a_tag_stay_in_their_pane(open_page: OpenPage, ward: Ward) -> None:
    with ward.database.transaction() as session:
        jean = session.get_one(Patient, ward.morning.jean.id)
        jean.silence_paused_until = ward.clock.now().date() + timedelta(days=3)
        jean.silence_pause_reason = (
            "chez sa fille à Mayotte sans téléphone ni réseau jusqu'à la fin de la semaine prochaine, elle rappelle d'elle-même"
        )
    page = open_page()
    over = "(pane) => [...pane.querySelectorAll('.tag')].filter((tag) => tag.getBoundingClientRect().right > pane.clientWidth).length"
    expect(page.locator(".row-tags", has_text="Mayotte")).to_be_visible()
    assert page.locator(".list-pane").evaluate(over) == 0
