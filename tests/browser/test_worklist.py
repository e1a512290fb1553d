"""The list alive in a real browser: arrivals, the pointer, lost contact, keys, two nurses, nothing written lost."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from app.alerts import handling
from app.alerts.handling import Reason
from app.alerts.models import Alert
from app.messaging.models import Message
from app.people.models import Service
from app.people.perimeter import viewer_of
from tests.browser.conftest import OpenPage, Ward
from tests.factories import PASSWORD, a_patient
from triage.terms import Level

pytestmark = pytest.mark.browser

LOOK = "(row) => row.getBoundingClientRect().top"


def arrive(ward: Ward, name: str = "Attoumani", level: Level = Level.URGENT, phone: str = "+33639980555") -> int:
    """An alert raised by another process: only the database knows."""
    with ward.database.transaction() as session:
        who = a_patient(
            session, ward.world, now=ward.clock.now(), family_name=name, given_names="Soifia", phone=phone, birth_date=date(1978, 2, 3)
        )
        service = session.get_one(Service, ward.world.service.id)
        raised = handling.consider(session, service=service, patient=who, reason=Reason("silence", level, {}), now=ward.clock.now())
        assert raised is not None
        return raised.id


def state_of(ward: Ward, alert_id: int) -> tuple[str, str]:
    with ward.database.reading() as session:
        alert = session.get_one(Alert, alert_id)
        return alert.state, alert.outcome


def names(page: Page) -> list[str]:
    return [re.sub(r"\s+", " ", text).strip() for text in page.locator(".rows .row-who b").all_inner_texts()]


def test_a_new_alert_is_on_screen_within_two_seconds_without_reload(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.evaluate("window.same = true")
    expect(page.locator(".rows .row")).to_have_count(3)
    page.wait_for_function("document.querySelector('#live').dataset.htmxPowered !== undefined")
    page.wait_for_timeout(1500)  # the stream is open; what it says first has been heard
    arrive(ward)
    expect(page.locator(".rows", has_text="ATTOUMANI Soifia")).to_be_visible(timeout=2000)
    expect(page.locator(".counts")).to_contain_text("2 urgents")
    expect(page.locator("#arrivals")).to_contain_text("Nouveau : Urgent : ATTOUMANI Soifia")
    expect(page).to_have_title("(2 !!!) File · Vigie")
    assert page.evaluate("window.same") is True


def test_the_row_under_the_pointer_never_moves(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    row = page.locator(".row", has_text="PAYET Jean")
    row.hover()
    before = row.evaluate(LOOK)
    arrive(ward)
    strip = page.locator("#arrivals button")
    expect(strip).to_contain_text("ATTOUMANI Soifia")
    assert row.evaluate(LOOK) == before
    assert "ATTOUMANI Soifia" not in names(page)
    with ward.database.transaction() as session:
        handling.take(session, ward.morning.danger.id, by=viewer_of(ward.world.luc), now=ward.clock.now())
        handling.close(
            session, ward.morning.danger.id, by=viewer_of(ward.world.luc), now=ward.clock.now(), outcome="advice", spoke_to="patient"
        )
    expect(page.locator(".rows li.gone")).to_contain_text("HOARAU Marie")
    assert row.evaluate(LOOK) == before
    page.mouse.move(1200, 800)
    expect(page.locator(".rows .row-who b").first).to_have_text("ATTOUMANI Soifia")
    assert names(page) == ["ATTOUMANI Soifia", "PAYET Jean", "+33 6 39 98 44 55"]


def test_the_page_greys_and_says_so_when_contact_is_lost_and_comes_back(open_page: OpenPage, ward: Ward) -> None:
    """HZ-37: an old list must look old."""
    page = open_page(quiet=False)
    expect(page.locator("#contact")).to_contain_text("À jour à")
    page.wait_for_timeout(1500)
    ward.shut()
    expect(page.locator("body")).to_have_class(re.compile("lost"), timeout=25_000)
    expect(page.locator("#contact")).to_contain_text("Contact perdu. Liste figée à")
    arrive(ward)
    ward.open()
    expect(page.locator("body")).not_to_have_class(re.compile("lost"), timeout=25_000)
    expect(page.locator(".rows", has_text="ATTOUMANI Soifia")).to_be_visible()
    expect(page.locator("#contact")).to_contain_text("À jour à")


def test_from_the_list_to_documented_with_keys_alone(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.keyboard.press("j")
    expect(page.locator(".row").first).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".row", has_text="PAYET Jean")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("HOARAU Marie")
    page.keyboard.press("p")
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    page.keyboard.press("a")
    expect(page.locator("#do-call input[name=whom]").first).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("#do-close input[name=spoke]").first).to_be_focused()
    page.keyboard.press("Space")
    page.locator("#do-close label", has_text="Vu ce jour").locator("input").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("SAMU prévenu, part a l'hopital j k p")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
    assert state_of(ward, ward.morning.danger.id) == ("closed", "seen_same_day")
    expect(page.locator(".rows .row")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".row[aria-current]")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("4455")
    expect(page.locator("#search")).to_have_value("4455")


def called(ward: Ward, alert_id: int) -> list[tuple[str, object]]:
    with ward.database.reading() as session:
        events = session.get_one(Alert, alert_id).events
        return [(event.kind, event.detail.get("reached")) for event in events if event.kind in ("taken", "called", "closed")]


WHOLE = [("taken", None), ("called", True), ("closed", None)]
"""See, understand, take, call, document, close: what the story of the alert holds after the main job."""


COUNTED = "window.count = 0; document.addEventListener('{event}', (event) => {{ if (event.isTrusted) window.count += 1; }}, true)"
"""Counted by the browser, not by these tests."""


@pytest.mark.parametrize(("outcome", "stays"), [("advice", False), ("sent_to_emergency", True)])
def test_the_main_job_takes_five_clicks_from_nothing_open_to_the_next_item_open(
    open_page: OpenPage, ward: Ward, outcome: str, stays: bool
) -> None:
    """Point by point: open, take, who was reached, what was done, close and next. Help sent is followed: its row stays, with its clock."""
    page = open_page()
    page.evaluate(COUNTED.format(event="click"))
    page.locator(".row", has_text="HOARAU").click()
    page.locator("#take").click()
    expect(page.locator("#close-now")).to_be_in_viewport(ratio=1)  # 1440 by 900: nobody scrolls to close
    page.locator("#do-close input[name=spoke][value=patient]").click()
    page.locator(f"#do-close input[name=outcome][value={outcome}]").click()
    page.locator("#close-now").click()
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
    assert page.evaluate("window.count") == 5
    assert state_of(ward, ward.morning.danger.id) == ("closed", outcome)
    assert called(ward, ward.morning.danger.id) == WHOLE
    row = page.locator(".row", has_text="HOARAU")
    expect(row).to_have_count(1 if stays else 0)
    if stays:
        expect(row).to_contain_text("Vérifier que l'aide est arrivée")
        expect(row).to_contain_text("reste 30")
        expect(page.locator("#toast")).to_contain_text("Vérifiez que l'aide est arrivée, avant")


@pytest.mark.parametrize(("outcome", "choose"), [("advice", "ArrowDown"), ("sent_to_emergency", "Space")])
def test_the_main_job_takes_eight_keys(open_page: OpenPage, ward: Ward, outcome: str, choose: str) -> None:
    """J, Enter, P, N, Space (the patient was reached), Tab, Space (to the emergency room) or arrow down (advice), Enter."""
    page = open_page()
    page.evaluate(COUNTED.format(event="keydown"))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("HOARAU Marie")
    page.keyboard.press("p")
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    for key in ("n", "Space", "Tab", choose, "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
    assert page.evaluate("window.count") == 8
    assert state_of(ward, ward.morning.danger.id) == ("closed", outcome)
    assert called(ward, ward.morning.danger.id) == WHOLE


def test_u_takes_the_last_act_back_and_the_offer_leaves_by_itself(open_page: OpenPage, ward: Ward) -> None:
    """HZ-28: ten seconds after a close the row and its panel are there again, with whoever had them."""
    page = open_page()
    page.locator(".row", has_text="HOARAU").click()
    page.locator("#take").click()
    expect(page.locator("#toast")).to_contain_text("Alerte prise.")
    page.locator("#do-close input[name=spoke][value=patient]").check()
    page.locator("#do-close input[name=outcome][value=advice]").check()
    page.locator("#close-now").click()
    expect(page.locator("#toast")).to_contain_text("Alerte close.")
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
    page.keyboard.press("u")
    expect(page.locator(".panel h2")).to_have_text("HOARAU Marie")
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    expect(page.locator("#toast")).to_be_empty()
    expect(page.locator(".rows", has_text="HOARAU Marie")).to_be_visible()
    assert state_of(ward, ward.morning.danger.id) == ("in_progress", ""), "the call that was made stays made"


def test_a_digit_shows_a_ready_reply_and_enter_sends_it(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.locator(".row", has_text="PAYET Jean").click()
    page.locator("#take").click()
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    page.locator("h1").click()
    page.keyboard.press("1")
    expect(page.locator("#reply-1 blockquote")).to_contain_text("Elle vous appelle avant 11 h")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("Réponse prête à partir.")
    with ward.database.reading() as session:
        assert session.query(Message).filter_by(key="ready_call", state="queued").count() == 1


def test_a_filtered_list_stays_filtered_and_names_the_red_outside_it(open_page: OpenPage, ward: Ward) -> None:
    """HZ-23: an urgent alert that comes while the list is filtered is announced over it."""
    with ward.database.transaction() as session:
        handling.take(session, ward.morning.tiredness.id, by=viewer_of(ward.world.claire), now=ward.clock.now())
        handling.take(session, ward.morning.danger.id, by=viewer_of(ward.world.claire), now=ward.clock.now())
    page = open_page()
    page.locator(".filters summary").click()
    page.locator("#filter-owner").select_option("me")
    page.locator(".filters button").click()
    expect(page.locator(".filtered")).to_contain_text("Filtrée : 2 sur 3 affichées.")
    expect(page.locator(".urgent-outside")).to_have_count(0)
    arrive(ward)
    expect(page.locator(".urgent-outside")).to_contain_text("ATTOUMANI Soifia")
    assert names(page) == ["HOARAU Marie", "PAYET Jean"]
    page.goto(f"{ward.address}/")
    expect(page.locator(".filtered")).to_contain_text("Filtrée : 2 sur 4 affichées.")


def test_the_sound_is_off_until_it_is_allowed_and_rings_each_minute_for_an_untaken_urgent(open_page: OpenPage, ward: Ward) -> None:
    page = open_page(login="", quiet=False)  # the browser's turned clock makes requests look late
    page.clock.install()
    page.goto(f"{ward.address}/sign-in")
    page.fill("#login", "claire")
    page.fill("#password", PASSWORD)
    page.click("main .primary")
    page.wait_for_url(f"{ward.address}/")
    page.clock.run_for(130_000)
    assert page.evaluate("document.body.dataset.rang") is None
    page.locator("#sound").click()
    assert page.evaluate("document.body.dataset.rang") == "1"
    page.clock.run_for(61_000)
    assert page.evaluate("document.body.dataset.rang") == "2"
    page.locator(".row", has_text="HOARAU").click()
    page.locator("#take").click()
    expect(page.locator(".row", has_text="HOARAU")).to_have_class(re.compile("held"))
    page.clock.run_for(130_000)
    assert page.evaluate("document.body.dataset.rang") == "2"


def test_the_keys_are_explained_and_can_be_switched_off(open_page: OpenPage, ward: Ward) -> None:
    """WCAG 2.1.4."""
    page = open_page()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.locator("#keys-off").check()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator(".row").first).not_to_be_focused()
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("#search")).not_to_be_focused()
    page.locator("#keys-button").click()
    page.locator("#keys-off").uncheck()
    page.locator("#keys .primary").click()
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator(".row").first).to_be_focused()


def test_two_nurses_one_alert_the_second_is_told(open_page: OpenPage, ward: Ward) -> None:
    """HZ-28."""
    claire, luc = open_page("claire", quiet=False), open_page("luc", quiet=False)
    for page in (claire, luc):
        page.locator(".row", has_text="HOARAU").click()
        expect(page.locator("#take")).to_be_visible()
    luc.route("**/list", lambda route: route.abort())  # Luc's screen has not heard of it yet
    luc.route("**/live*", lambda route: route.abort())
    claire.locator("#take").click()
    expect(claire.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    ward.clock.forward(seconds=20)
    luc.locator("#take").dispatch_event("click")
    expect(luc.locator("#notice, .who-has").filter(has_text="Claire Payet").first).to_be_visible()


def test_what_a_nurse_is_writing_is_never_wiped_by_news(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.locator(".row", has_text="PAYET Jean").click()
    page.locator("#take").click()
    page.locator("#close-note").fill("Elle boit peu depuis hier")
    with ward.database.transaction() as session:
        later = ward.clock.forward(minutes=1)
        handling.hand_over(session, ward.morning.tiredness.id, to_staff_id=ward.world.luc.id, by=viewer_of(ward.world.luc), now=later)
    expect(page.locator(".stale")).to_be_visible()
    expect(page.locator("#close-note")).to_have_value("Elle boit peu depuis hier")
    page.locator(".stale button").click()
    expect(page.locator(".who-has")).to_contain_text("Luc Morel l'a depuis")


def test_a_panel_nobody_writes_in_follows_by_itself(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.locator(".row", has_text="HOARAU").click()
    expect(page.locator("#take")).to_be_visible()
    page.locator("h1").click()
    with ward.database.transaction() as session:
        handling.take(session, ward.morning.danger.id, by=viewer_of(ward.world.luc), now=ward.clock.now() + timedelta(seconds=5))
    expect(page.locator(".who-has")).to_contain_text("Luc Morel l'a depuis")


def test_a_link_opens_the_list_with_its_alert_beside_it(open_page: OpenPage, ward: Ward) -> None:
    page = open_page()
    page.locator(".row", has_text="PAYET Jean").click()
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
    page.reload()
    expect(page.locator(".panel h2")).to_have_text("PAYET Jean")
    expect(page.locator(".row[aria-current]")).to_contain_text("PAYET Jean")


def test_an_alert_on_a_page_of_its_own_is_live_too(open_page: OpenPage, ward: Ward) -> None:
    page = open_page(width=390, height=844)
    page.goto(f"{ward.address}/alerts/{ward.morning.danger.id}")
    expect(page.locator("#take")).to_be_visible()
    with ward.database.transaction() as session:
        handling.take(session, ward.morning.danger.id, by=viewer_of(ward.world.luc), now=ward.clock.now())
    expect(page.locator(".who-has")).to_contain_text("Luc Morel l'a depuis")


@pytest.mark.parametrize("width", [390, 1100])
def test_on_a_narrow_screen_the_alert_is_a_page(open_page: OpenPage, ward: Ward, width: int) -> None:
    page = open_page(width=width, height=844)
    expect(page.locator("#panel")).to_be_hidden()
    page.locator(".row", has_text="HOARAU").click()
    page.wait_for_url(f"{ward.address}/alerts/{ward.morning.danger.id}")
    page.locator("#take").click()
    expect(page.locator(".who-has")).to_contain_text("Vous l'avez depuis")
    page.locator("#do-close label", has_text="Proche").click()
    page.locator("#do-close label", has_text="Conseil donné").click()
    page.locator("#close-now").click()
    page.wait_for_url(f"{ward.address}/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
