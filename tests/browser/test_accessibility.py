"""axe-core finds nothing to complain of, on every page and in every state (WCAG 2.2 AA)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.alerts import handling
from app.checkins.models import AssessmentRow
from app.checkins.rhythm import freezing
from app.core.audit import SYSTEM
from app.people import members
from app.people.models import Patient
from app.people.perimeter import actor_of, viewer_of
from tests.browser.conftest import OpenPage, Ward
from tests.factories import a_patient
from tests.support.wards import an_alert, haematology
from triage.terms import Level

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


def the_list(page: Page, ward: Ward) -> None:
    page.goto(ward.address)


def an_urgent_alert(page: Page, ward: Ward) -> None:
    page.locator(".row", has_text="HOARAU").click()
    expect(page.locator("#take")).to_be_visible()


def a_taken_alert(page: Page, ward: Ward) -> None:
    page.locator(".row", has_text="PAYET Jean").click()
    page.locator("#take").click()
    expect(page.locator("#do-call")).to_be_visible()


def the_close(page: Page, ward: Ward) -> None:
    a_taken_alert(page, ward)
    expect(page.locator("#do-close input[name=outcome]").first).to_be_visible()
    for part in page.locator(".near > summary").all():
        part.click()


def a_filtered_list_after_an_absence(page: Page, ward: Ward) -> None:
    """The urgent row is outside the filter; colleagues closed something meanwhile; the last act may be taken back."""
    with ward.database.transaction() as session:
        luc = viewer_of(ward.world.luc)
        handling.take(session, ward.morning.tiredness.id, by=luc, now=ward.clock.forward(minutes=20))
        handling.close(session, ward.morning.tiredness.id, by=luc, now=ward.clock.forward(minutes=20), outcome="advice")
    page.goto(f"{ward.address}/?owner=me&programme=")
    page.locator(".since summary").click()
    expect(page.locator(".urgent-outside")).to_contain_text("HOARAU Marie")


def an_urgent_alert_in_her_other_service(page: Page, ward: Ward) -> None:
    """Claire works in haematology too, where Sam's alert is urgent."""
    with ward.database.transaction() as session:
        now = ward.clock.now()
        hema = haematology(session, ward.world, now=now)
        for login in ("claire", "lebon"):
            members.add(session, login, hema, by=SYSTEM, now=now)
        sam = a_patient(session, replace(ward.world, service=hema), now=now, family_name="Técher", given_names="Sam", phone="+33639980044")
        an_alert(session, sam, Level.URGENT, now=now)
    page.goto(f"{ward.address}/")
    page.locator(".filters summary").click()
    expect(page.locator(".wards")).to_contain_text("1 urgente dans Hématologie")


def nobody_reached(page: Page, ward: Ward) -> None:
    with ward.database.transaction() as session:
        claire, now = viewer_of(ward.world.claire), ward.clock.now()
        handling.take(session, ward.morning.danger.id, by=claire, now=now)
        handling.call_logged(session, ward.morning.danger.id, by=claire, now=now, reached=False, whom="patient")
    page.locator(".row", has_text="HOARAU").click()
    expect(page.locator("#do-help")).to_contain_text("Personne joint")


def the_ready_replies(page: Page, ward: Ward) -> None:
    a_taken_alert(page, ward)
    page.locator("#do-reply > summary").click()
    page.locator("#reply-1 > summary").click()
    expect(page.locator("#toast")).to_contain_text("Annuler")


def an_unknown_number(page: Page, ward: Ward) -> None:
    page.locator(".row", has_text="44 55").click()
    expect(page.locator(".task")).to_be_visible()


def a_refusal(page: Page, ward: Ward) -> None:
    page.route("**/live*", lambda route: route.abort())  # this screen has not heard of it yet
    page.goto(f"{ward.address}/alerts/{ward.morning.danger.id}")
    with ward.database.transaction() as session:
        handling.take(session, ward.morning.danger.id, by=viewer_of(ward.world.luc), now=ward.clock.now())
    page.locator("#take").click()
    expect(page.locator("#notice")).to_contain_text("Luc Morel a pris cette alerte")


def lost_contact(page: Page, ward: Ward) -> None:
    page.evaluate("document.body.classList.add('lost')")


def the_keys(page: Page, ward: Ward) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def the_patient(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}")
    page.locator(".as-table > summary").click()


def the_grades(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/grades")
    page.locator("form.act button").click()
    expect(page.locator("#term-error")).to_be_visible()


def the_tablets(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/tablets")
    for part in page.locator(".meaning > summary").all():
        part.click()
    page.fill("#box_strength_mg", "cinq cents")
    page.locator("form[action$='/box'] button").click()
    expect(page.locator("#box_strength_mg-error")).to_be_visible()


def the_documents(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/documents")
    page.set_input_files("#file", {"name": "ordonnance.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    page.select_option("#kind", "prescription")
    page.locator("#attach button").click()
    page.locator(".documents summary").click()
    page.locator(".documents form button").click()
    expect(page.locator(".documents .field-error")).to_be_visible()
    page.locator("#attach button").click()
    expect(page.locator("#file-error")).to_be_visible()


def the_measures(page: Page, ward: Ward) -> None:
    a_file_of_results(page, ward)
    page.locator("form[action$='/write'] button").click()
    expect(page.get_by_text("1 valeur gardée")).to_be_visible()
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/measures")
    expect(page.locator(".trend")).to_be_visible()


def a_file_of_results(page: Page, ward: Ward) -> None:
    rows = b"kind;value;unit;taken_at;source\nneutrophils;1,2;10*9/L;17/11/2026 08:10;labo\nneutrophils;1,2;x;17/11/2026 08:10;labo\n"
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/results")
    page.set_input_files("#file", {"name": "novembre.csv", "mimeType": "text/csv", "buffer": rows})
    page.locator("main form button").click()
    expect(page.get_by_text("Lignes mises de côté")).to_be_visible()


def the_results(page: Page, ward: Ward) -> None:
    a_file_of_results(page, ward)
    page.goto(f"{ward.address}/results")
    page.locator("main form button").click()
    expect(page.locator("#file-error")).to_be_visible()


def the_story(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/timeline?kind=texts")


def the_printed_page(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/print")


def the_particulars(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/particulars")
    for part in page.locator("main details > summary").all():
        part.click()


def a_refused_result(page: Page, ward: Ward) -> None:
    """The page opens at what is wrong, with the whole of it in view; once it is right, what was kept is said back in view."""
    where = f"{ward.address}/patients/{ward.morning.jean.id}"
    page.goto(f"{where}/measures")
    page.locator("a[href$='#value']").click()
    page.select_option("#measure_kind", "systolic")
    page.fill("#measure_value", "190/120")
    page.click("#value button")
    expect(page.locator("#kept")).to_be_focused()
    expect(page.locator("#kept")).to_be_in_viewport(ratio=1)
    page.select_option("#measure_kind", "weight")
    page.fill("#measure_value", "6,15,0")
    page.fill("#measure_hour", "")
    page.click("#value button")
    expect(page.locator("#measure_value")).to_be_focused()
    expect(page.locator("#measure-problem")).to_be_in_viewport(ratio=1)


def the_absences(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}")
    page.locator("#absences details.do > summary").first.click()
    page.select_option("#record_kind", "end")
    page.locator("#absences form[action$='/record'] button").click()
    expect(page.locator("#record_from_day-error")).to_be_visible()


def the_handover(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/handover")
    page.locator(".handover-note > summary").first.click()
    page.locator(".handover-note textarea").first.fill("Sa fille rappelle.")


def a_signed_handover(page: Page, ward: Ward) -> None:
    the_handover(page, ward)
    page.locator(".handover-acts .primary").click()
    expect(page.locator(".handover-text")).to_contain_text("Sa fille rappelle.")


def the_protocols(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/protocols")


def one_protocol(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/protocols/1")
    expect(page.locator(".protocol h1")).to_be_visible()


def the_explanation(page: Page, ward: Ward) -> None:
    with ward.database.reading() as session:
        last = session.scalars(select(AssessmentRow.id).order_by(AssessmentRow.id.desc())).first()
    page.goto(f"{ward.address}/assessments/{last}")
    for part in page.locator("details > summary").all():
        part.click()


def the_search(page: Page, ward: Ward) -> None:
    page.keyboard.press("/")
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    expect(page.locator(".found li")).to_have_count(2)


def a_noted_stay(page: Page, ward: Ward) -> None:
    """The page opens at what was just written, below its title."""
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}")
    page.locator("#absences details.do > summary").first.click()
    page.select_option("#record_kind", "hospital_stay")
    page.fill("#record_from_day", f"{ward.clock.now():%Y-%m-%d}")
    page.locator("#absences form[action$='/record'] button").click()
    expect(page.locator("#noted")).to_be_focused()
    expect(page.locator("#absences-title")).to_be_in_viewport(ratio=1)


def an_absence(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.address}/patients/987654")


STATES: list[Callable[[Page, Ward], None]] = [
    the_list,
    a_filtered_list_after_an_absence,
    an_urgent_alert_in_her_other_service,
    an_urgent_alert,
    a_taken_alert,
    the_close,
    nobody_reached,
    the_ready_replies,
    an_unknown_number,
    a_refusal,
    lost_contact,
    the_keys,
    the_patient,
    the_grades,
    the_documents,
    the_measures,
    a_file_of_results,
    the_results,
    the_story,
    the_printed_page,
    the_handover,
    a_signed_handover,
    the_tablets,
    the_particulars,
    a_refused_result,
    the_absences,
    the_protocols,
    one_protocol,
    the_explanation,
    the_search,
    a_noted_stay,
    an_absence,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_complaint_at_desktop_width(open_page: OpenPage, ward: Ward, state: Callable[[Page, Ward], None]) -> None:
    page = open_page(quiet=False)
    state(page, ward)
    assert complaints(page) == []


@pytest.mark.parametrize("address", ["/", "/patients/2", "/patients/2/print"])
def test_no_complaint_and_no_sideways_scroll_at_phone_width(open_page: OpenPage, ward: Ward, address: str) -> None:
    """A long chip and twelve weeks; every other page at this width: test_everywhere."""
    with ward.database.transaction() as session:
        jean, (first, last) = session.get_one(Patient, 2), (date(2026, 11, 24), date(2026, 12, 24))
        by, now = actor_of(ward.world.claire), ward.clock.now()
        freezing.record(session, jean, "home_hospital", from_day=first, until_day=last, reason="", by=by, now=now)
    page = open_page(width=390, height=844)
    page.goto(f"{ward.address}{address}")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a long chip wraps"
    for today in page.query_selector_all(".history .today"):
        assert today.evaluate("one => one.getBoundingClientRect().right <= innerWidth"), "twelve weeks open at today"


def test_no_complaint_at_the_door(open_page: OpenPage, ward: Ward) -> None:
    page = open_page("", quiet=False)
    page.goto(f"{ward.address}/sign-in")
    assert complaints(page) == []
    page.fill("#login", "claire")
    page.fill("#password", "wrong")
    page.click("main .primary")
    expect(page.locator("#problem")).to_be_visible()
    assert complaints(page) == []


def test_no_complaint_in_english(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.locator(".languages button", has_text="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    an_urgent_alert(page, ward)
    assert complaints(page) == []


def test_nothing_is_lost_at_twice_the_size(open_page: OpenPage, ward: Ward) -> None:
    """WCAG 1.4.4: zoom 200 % of 1280 pixels is 640."""
    page = open_page(width=640, height=450)
    for address in ("/", f"/alerts/{ward.morning.danger.id}", f"/patients/{ward.morning.jean.id}"):
        page.goto(f"{ward.address}{address}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
