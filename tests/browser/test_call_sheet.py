"""The call sheet in a real browser: from the list to closed with the keyboard, kept while typing, axe, 390 px (AMA-3, AMA-4)."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.care import calls, enrolments
from app.care.contact_models import Contact
from app.checkins.rhythm import agenda
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints
from tests.factories import a_course, a_patient

pytestmark = pytest.mark.browser


@pytest.fixture
def rose(ward: Ward) -> Patient:
    """Rose Grondin, third day of capecitabine, in COACH; Claire agreed with her to call this Wednesday at 11:00."""
    ward.clock.at = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    now = ward.clock.now()
    claire = viewer_of(ward.world.claire)
    with ward.database.transaction() as session:
        person = a_patient(session, ward.world, now=now, family_name="Grondin", given_names="Rose", phone="+33639980008")
        course = a_course(session, ward.world, person, now=now, first_intake=date(2026, 11, 23))
        agenda.plan(session, course, now=now)
        row = enrolments.propose(session, person, "coach", by=claire, now=now)
        enrolments.adhesion(
            session,
            row.id,
            nurse_id=ward.world.claire.id,
            stand_in_id=ward.world.luc.id,
            met_at=now - timedelta(days=1),
            by=claire,
            now=now,
        )
        first = calls.open_of(session, person.id)[0]
        calls.move(session, first.id, due_at=now + timedelta(hours=1), why="convenu avec elle", by=claire, now=now)
    return person


def look(page: Page, name: str) -> None:
    if os.environ.get("PICTURES"):
        page.screenshot(path=f"{os.environ['PICTURES']}/{name}.png", full_page=True)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_planned_call_from_the_list_to_closed_with_the_keyboard(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    page = open_page(quiet=False)  # the close is refused once
    page.goto(f"{ward.address}/calls")
    look(page, "calls-1440")
    assert complaints(page) == []
    page.get_by_role("button", name="Appeler GRONDIN Rose").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".care-running")).to_contain_text("Appel sortant · COACH")
    look(page, "sheet-begun-1440")
    assert complaints(page) == []

    page.locator("#f-caregiver").focus()
    page.keyboard.type("sa fille dort mal")
    with page.expect_response("**/call/save"):  # kept by itself
        page.keyboard.type(" depuis lundi")
    page.locator("#v-temperature").focus()
    page.keyboard.type("39,4")
    expect(page.locator("#see-temperature [role=alert]")).to_contain_text("Danger : dites ceci maintenant")
    look(page, "sheet-danger-1440")
    assert complaints(page) == []
    page.locator("#v-temperature").fill("37,2")
    expect(page.locator("#see-temperature [role=alert]")).to_have_count(0)

    page.locator("#f-tests_done").fill("prise de sang")  # not kept yet when the answer leaves the page
    page.locator("#q-diarrhea button").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#q-diarrhea [aria-pressed=true]")).to_have_text("2 Moyen")
    expect(page.locator("#f-tests_done")).to_have_value("prise de sang")
    expect(page.locator("#f-caregiver")).to_have_value("sa fille dort mal depuis lundi")
    page.reload()
    expect(page.locator("#f-caregiver")).to_have_value("sa fille dort mal depuis lundi")
    page.locator("[name=f-identity_checked][value=yes]").check()
    page.locator("[name=f-new_medicines][value=no]").check()
    page.locator("[name=f-autonomy][value=ps1]").check()
    page.locator("[name=f-basic_needs][value=fine]").check()
    page.locator("[name=outcome][value=level_1]").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Clore l'appel et suivant").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#missing")).to_be_focused()  # all that is missing, at once and in sight
    expect(page.locator("#missing li")).to_contain_text(["Poids", "Questions"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the first of them
    expect(page.locator("#q-weight")).to_be_in_viewport()
    look(page, "sheet-refused-1440")
    assert complaints(page) == []
    _close(page, ward, rose)


def _close(page: Page, ward: Ward, rose: Patient) -> None:
    page.locator("#q-intake button").first.click() if page.locator("#q-intake").count() else None
    page.locator("#q-weight + .care-beside summary").click()
    page.locator("#n-weight").fill("pas de balance")
    page.locator("#grade-0").select_option("1")
    page.locator("#protocol_ref").select_option("diarrhoea")
    page.locator("#words").fill("Conseils donnés, rappel demain")
    page.locator("[name=sure]").check()
    page.get_by_role("button", name="Clore l'appel et suivant").press("Enter")
    page.wait_for_url(f"{ward.address}/calls")
    with ward.database.reading() as session:
        contact = session.scalars(select(Contact).where(Contact.patient_id == rose.id)).one()
    assert (contact.state, contact.outcome, contact.protocol_ref) == ("closed", "level_1", "diarrhoea")
    assert contact.form["caregiver"] == "sa fille dort mal depuis lundi"


def test_a_number_typed_and_never_kept_counts_whatever_is_pressed_next(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    """HZ-01: a fever typed while the patient speaks is not lost by the close, nor by the answer to another question."""
    page = open_page(quiet=False)  # the close is refused
    page.goto(f"{ward.address}/calls")
    page.get_by_role("button", name="Appeler GRONDIN Rose").click()
    page.locator("#v-weight").fill("71,5")
    page.locator("#q-diarrhea button").nth(0).click()
    expect(page.locator("#q-weight .given")).to_contain_text("71,5")
    page.locator("#v-temperature").fill("trente-neuf")
    page.locator("[name=outcome][value=none]").check()
    page.get_by_role("button", name="Clore l'appel et suivant").click()
    expect(page.locator("#value-error-temperature")).to_be_visible()  # refused beside its field, as typed, and nothing was closed
    expect(page.locator("#v-temperature")).to_have_value("trente-neuf")
    page.locator("#v-temperature").fill("39,4")
    page.get_by_role("button", name="Clore l'appel et suivant").click()
    expect(page.locator("#q-temperature .given")).to_contain_text("39,4")
    expect(page.locator("#outcome-error")).to_be_visible()  # a fever never ends in nothing
    expect(page.locator("[name=outcome][value=none]")).to_be_checked()
    look(page, "sheet-typed-and-closed-1440")


def test_what_is_typed_and_left_by_a_link_is_kept_and_judged(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    """HZ-01: nothing waits for a button. A fever and words of blood ring though nobody pressed "keep"; a number that cannot stand stays."""
    page = open_page(quiet=False)  # what cannot stand is refused
    page.goto(f"{ward.address}/calls")
    page.get_by_role("button", name="Appeler GRONDIN Rose").click()
    page.locator("#v-weight").fill("715")
    page.locator("#v-temperature").fill("39,4")
    expect(page.locator("#value-error-weight")).to_be_visible()  # left by itself, refused beside it
    page.locator("#told").fill("j'ai du sang dans les selles")
    expect(page.locator("#warned, #say").first).to_contain_text("Danger : dites ceci maintenant")
    expect(page.locator("#level-now")).to_contain_text("Urgent")
    look(page, "sheet-kept-by-itself-1440")
    assert complaints(page) == []
    page.locator("#f-tests_done").fill("prise de sang")
    page.get_by_role("link", name="File", exact=True).press("Enter")  # at once: nothing has been kept of it yet
    page.wait_for_url(f"{ward.address}/")
    expect(page.locator(".row-urgent", has_text="GRONDIN")).to_be_visible()
    page.go_back()
    expect(page.locator("#v-weight")).to_have_value("715")
    expect(page.locator("#value-error-weight")).to_be_visible()
    expect(page.locator("#q-temperature .given")).to_contain_text("39,4")
    expect(page.locator("#heard q")).to_have_text(["j'ai du sang dans les selles"])
    expect(page.locator("#told")).to_have_value("")
    expect(page.locator("#f-tests_done")).to_have_value("prise de sang")
    look(page, "sheet-resumed-1440")
    assert complaints(page) == []
    page.locator("#v-weight").fill("")  # taken away: nothing of it comes back
    page.locator("#told").focus()
    expect(page.locator("#value-error-weight")).to_have_count(0)
    page.reload()
    expect(page.locator("#v-weight")).to_have_value("")


def test_words_typed_as_the_page_closes_are_kept(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    """HZ-01: the tab is left with the keyboard still in the field; no call was begun."""
    page = open_page()
    page.goto(f"{ward.address}/patients/{rose.id}/call")
    page.locator("#told").press_sequentially("elle n'arrive plus à respirer")
    page.goto(f"{ward.address}/")
    expect(page.locator(".row-urgent", has_text="GRONDIN")).to_be_visible()


def test_on_a_telephone_every_page_of_calls_fits_and_has_nothing_to_complain_of(open_page: OpenPage, ward: Ward, rose: Patient) -> None:
    page = open_page(width=390, height=844, quiet=False)
    for name, address in (("calls", "/calls"), ("sheet", f"/patients/{rose.id}/call")):
        page.goto(f"{ward.address}{address}")
        look(page, f"{name}-390")
        assert fits(page), name
        assert complaints(page) == []
    page.locator(".care-begin .primary").click()
    expect(page.locator(".care-running")).to_be_visible()
    look(page, "sheet-begun-390")
    assert fits(page)
    assert complaints(page) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_a_call_received_and_a_closed_call_read_again(open_page: OpenPage, ward: Ward, rose: Patient, width: int) -> None:
    """COA-4: from the page of calls with three fields; a closed one is a page, with its hours."""
    page = open_page(width=width, height=844, quiet=False)
    page.goto(f"{ward.address}/")
    look(page, f"list-head-{width}")
    page.get_by_role("link", name="Noter un appel reçu").click()  # the form stands open: the telephone is at the ear
    page.get_by_label("Nom du patient, ou numéro").fill("grondin")
    page.locator("#incoming-reason").fill("ordonnance perdue")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="1 patient trouvé")).to_be_visible()
    _fine(page, f"incoming-{width}")
    page.get_by_role("button", name="Noter cet appel GRONDIN Rose").click()
    expect(page.locator(".opening")).to_contain_text("Qui est à l'appareil ?")
    _fine(page, f"sheet-incoming-{width}")
    page.locator("[name=outcome][value=none]").check()
    page.get_by_role("button", name="Clore l'appel et suivant").press("Enter")
    page.wait_for_url(f"{ward.address}/")
    with ward.database.reading() as session:
        contact = session.scalars(select(Contact).where(Contact.patient_id == rose.id)).one()
    page.goto(f"{ward.address}/patients/{rose.id}/contacts/{contact.id}")
    _fine(page, f"noted-{width}")
    page.goto(f"{ward.address}/patients/{rose.id}/programmes")
    page.locator("[id^=slots-] summary").first.click()
    _fine(page, f"programmes-{width}")


@pytest.mark.parametrize("width", [390, 1440])
def test_a_danger_told_by_somebody_unknown_fills_the_page_of_calls(open_page: OpenPage, ward: Ward, width: int) -> None:
    """HZ-01: what to say now, the link to the alert, where to ring back; the link that leads to the form shows the names of its fields."""
    page = open_page(width=width, height=844, quiet=False)
    page.goto(f"{ward.address}/calls#incoming-q")
    expect(page.locator("label[for=incoming-q]")).to_be_in_viewport()
    page.locator("#incoming-q").fill("Zitouni, sa fille")
    page.locator("#incoming-reason").fill("son père n'arrive plus à respirer")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("button", name="Personne de la liste").click()
    expect(page.locator(".care-rang")).to_be_focused()
    expect(page.locator(".care-rang")).to_contain_text("Danger : dites ceci maintenant")
    _fine(page, f"unknown-danger-{width}")
    page.locator("#ring-back").fill("06 39 98 77 66")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="06 39 98 77 66")).to_be_visible()
    page.get_by_role("link", name="Voir l'alerte ouverte").click()
    expect(page.locator(".panel h2")).to_have_text("Appelant inconnu")
    expect(page.locator(".contacts")).to_contain_text("06 39 98 77 66")
    _fine(page, f"unknown-panel-{width}")


def _fine(page: Page, name: str) -> None:
    look(page, name)
    assert complaints(page) == [], name
    assert fits(page), name
