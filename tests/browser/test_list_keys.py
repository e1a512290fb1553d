"""Keys that cannot work say why, reach every row, and the printer has every row too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.alerts import handling, tasks
from app.alerts.reasons import Reason
from app.people.models import Patient, Service
from app.people.perimeter import viewer_of
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_worklist import arrive
from triage.terms import Level

pytestmark = pytest.mark.browser

MORE = 70


def fill(ward: Ward) -> None:
    with ward.database.transaction() as session:
        for number in range(MORE):
            tasks.make(session, service_id=ward.world.service.id, kind="unknown_number", key=f"more{number}", now=ward.clock.now())


def test_a_key_that_cannot_work_says_why(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    says = page.locator("#keys-say")
    page.keyboard.press("s")
    expect(says).to_have_text("Ouvrez d'abord une ligne : J, puis Entrée.")
    page.locator(".row", has_text="PAYET Jean").click()
    expect(page.locator("#take")).to_be_visible()
    page.keyboard.press("s")
    expect(says).to_have_text("Prenez d'abord l'alerte : touche P.")
    page.keyboard.press("p")
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    page.keyboard.press("s")
    expect(page.locator("#do-wait input").first).to_be_focused()
    page.locator(".row", has_text="HOARAU").click()
    page.locator("#take").click()
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    page.keyboard.press("s")
    expect(says).to_contain_text("Une alerte urgente n'attend pas.")
    page.locator(".row", has_text="44 55").click()
    expect(page.locator(".panel .task")).to_be_visible()
    page.keyboard.press("a")
    expect(says).to_contain_text("Aucune alerte n'est ouverte ici")
    with ward.database.transaction() as session:
        handling.hand_over(
            session, ward.morning.danger.id, to_staff_id=ward.world.luc.id, by=viewer_of(ward.world.claire), now=ward.clock.now()
        )
    page.locator(".row", has_text="HOARAU").click()
    expect(page.locator(".who-has")).to_contain_text("Luc Morel l'a")
    page.keyboard.press("n")
    expect(says).to_contain_text("Un collègue a cette alerte.")


def test_j_goes_past_the_first_screenful_and_the_printer_has_every_row(open_page: OpenPage, ward: Ward) -> None:
    """Rows after the sixtieth come later and are drawn when looked at: keys and paper must reach them all the same."""
    fill(ward)
    page = open_page()
    rows = page.locator(".rows > li > .row")
    expect(rows).to_have_count(MORE + 3)
    for _ in range(66):
        page.keyboard.press("j")
    expect(rows.nth(65)).to_be_focused()
    expect(rows.nth(65)).to_be_in_viewport()
    for _ in range(20):
        page.keyboard.press("j")
    expect(rows.last).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(MORE + 1)).to_be_focused()
    page.emulate_media(media="print")
    expect(rows.last).to_be_visible()
    drawn = "(row) => getComputedStyle(row.parentElement).contentVisibility"
    assert rows.last.evaluate(drawn) == "visible"
    assert page.locator(".list-pane").evaluate("(pane) => pane.scrollHeight <= pane.clientHeight + 1")
    assert page.evaluate("document.documentElement.scrollHeight") > 60 * MORE


def test_the_next_one_is_the_first_that_no_colleague_has(open_page: OpenPage, ward: Ward) -> None:
    """Taken, Marie's row slides below the urgent ones that nobody has: after her close the first of those opens, not what stands below."""
    numbers = [arrive(ward, name, phone=phone) for name, phone in (("Attoumani", "+33639980555"), ("Boyer", "+33639980556"))]
    with ward.database.transaction() as session:
        handling.take(session, numbers[0], by=viewer_of(ward.world.luc), now=ward.clock.now())
    page = open_page()
    page.locator(".row", has_text="HOARAU").click()
    page.locator("#take").click()
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    page.reload()
    expect(page.locator(".row").first).to_contain_text("BOYER")
    page.locator("#do-close input[name=spoke][value=patient]").click()
    page.locator("#do-close input[name=outcome][value=advice]").click()
    page.locator("#close-now").click()
    expect(page.locator(".panel h2")).to_contain_text("BOYER")


def test_what_comes_while_a_close_is_written_is_read_before_it_ends(open_page: OpenPage, ward: Ward) -> None:
    """HZ-01: her daughter's new danger joins the alert that is being closed: nothing is closed, it is read on top, the note stays."""
    page = open_page()
    page.locator(".row", has_text="HOARAU").click()
    page.locator("#take").click()
    page.locator("#do-close input[name=spoke][value=patient]").click()
    page.locator("#do-close input[name=outcome][value=advice]").click()
    page.locator("#close-note").fill("Elle va mieux.")
    with ward.database.transaction() as session:
        service, marie = session.get_one(Service, ward.world.service.id), session.get_one(Patient, ward.morning.marie.id)
        reason = Reason("danger", Level.URGENT, {"dangers": ["chest_pain"]})
        handling.consider(session, service=service, patient=marie, reason=reason, now=ward.clock.now())
    page.locator("#close-now").click()
    came = page.locator(".came")
    expect(came).to_be_in_viewport()
    expect(came).to_contain_text("douleur dans la poitrine")
    expect(page.locator("#close-note")).to_have_value("Elle va mieux.")
    page.locator("#do-close input[name=spoke][value=patient]").click()
    page.locator("#do-close input[name=outcome][value=advice]").click()
    page.locator("#close-now").click()
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
