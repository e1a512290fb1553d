"""FR-15: the coordinator's week in a real browser: keyboard, 1440 and 390 px, axe-core; a shift added without a mouse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.alerts import handling, road
from app.alerts.reasons import Reason
from app.people import care_team, rota, storms
from app.people.models import Service, Staff
from app.people.perimeter import viewer_of
from app.people.rota import Span
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints
from triage.terms import Level

pytestmark = pytest.mark.browser


@pytest.fixture
def rota_of(ward: Ward) -> None:
    """Claire and Luc on the ward today, Luc for Claire tomorrow, Dr Lebon on call for two days, a test alert, one alert taken."""
    world, now = ward.world, ward.clock.now()
    with ward.database.transaction() as session:
        session.get_one(Staff, world.lebon.id).phone = "+33639989001"
        for day in (0, 1):
            hours = (now + timedelta(days=day, hours=-2), now + timedelta(days=day, hours=7))
            care_team.put_on_shift(session, world.claire, kind="ward", starts_at=hours[0], ends_at=hours[1])
        care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=2))
        span = Span(now + timedelta(hours=18), now + timedelta(hours=36))
        rota.stand_in(session, absent_id=world.claire.id, by_id=world.luc.id, span=span, by=viewer_of(world.ines), now=now)
        road.ask(session, session.get_one(Service, world.service.id), by=viewer_of(world.ines), now=now)
        handling.take(session, ward.morning.danger.id, by=viewer_of(world.claire), now=now)


def open_as_ines(open_page: OpenPage, ward: Ward, **how: object) -> Page:
    page = open_page("ines", **how)
    page.goto(f"{ward.address}/rota")
    return page


@pytest.mark.usefixtures("rota_of")
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_no_complaint_and_no_sideways_scroll(open_page: OpenPage, ward: Ward, width: int, height: int) -> None:
    with ward.database.transaction() as session:
        storms.begin(session, hours=48, reason="Cyclone Ava, alerte rouge", by=viewer_of(ward.world.ines), now=ward.clock.now())
    page = open_as_ines(open_page, ward, width=width, height=height)
    for address in ("/rota", "/rota/storm", "/rota/routes/urgent", "/rota/shift/1"):
        page.goto(ward.address + address)
        assert complaints(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_new_urgent_is_told_without_content_where_nobody_looks(open_page: OpenPage, ward: Ward) -> None:
    """FR-15, SEC-01: once allowed on this screen, in a tab that is not looked at, one notice; words that name nobody."""
    page = open_page("luc")
    page.add_init_script(
        "window.notices = []; document.hasFocus = () => false;"
        "window.Notification = class extends EventTarget { static permission = 'granted';"
        "  constructor(title, how) { super(); window.notices.push([title, how.body]); } };"
    )
    page.goto(ward.address)
    expect(page.locator("#notices")).to_be_hidden()
    with ward.database.transaction() as session:
        service = session.get_one(Service, ward.world.service.id)
        reason = Reason(kind="danger", level=Level.URGENT, detail={"dangers": ["fever"], "message_id": 99})
        handling.consider(session, service=service, patient=None, subject="number:+33639980077", reason=reason, now=ward.clock.now())
    expect(page.locator('.rows > li[data-key="number:+33639980077"]')).to_be_visible()
    page.wait_for_function("window.notices.length > 0")
    assert page.evaluate("window.notices") == [["Vigie", "Nouvelle alerte urgente. Ouvrez la liste."]]


@pytest.mark.usefixtures("rota_of")
def test_a_shift_is_added_with_the_keyboard_alone(open_page: OpenPage, ward: Ward) -> None:
    page = open_as_ines(open_page, ward)
    expect(page.locator("#holes ~ .holes")).to_contain_text("Personne en salle ni d'astreinte")
    page.locator("#staff_id").focus()
    page.keyboard.type("Luc")
    page.keyboard.press("Tab")
    page.keyboard.type("Astreinte")
    page.locator("#starts_at").fill("2026-11-20T08:00")
    page.locator("#ends_at").fill("2026-11-26T08:00")
    page.locator("#ends_at").press("Enter")
    expect(page.locator("[role=status]")).to_have_text("Enregistré.")
    expect(page.locator("#holes ~ p").first).to_contain_text("Chaque heure est couverte")


@pytest.mark.usefixtures("rota_of")
def test_on_a_telephone_the_week_is_one_day_at_a_time(open_page: OpenPage, ward: Ward) -> None:
    page = open_as_ines(open_page, ward, width=390, height=844)
    expect(page.locator(".grid")).to_be_hidden()
    expect(page.locator(".by-day details")).to_have_count(7)
    expect(page.locator(".by-day details[open]")).to_contain_text("Claire Payet")
    assert page.evaluate("document.documentElement.scrollHeight") < 5000
    page.locator(".by-day summary").nth(3).click()
    expect(page.locator(".by-day details").nth(3)).to_contain_text("remplacement : Luc Morel")


@pytest.mark.usefixtures("rota_of")
def test_what_is_refused_is_under_the_eyes(open_page: OpenPage, ward: Ward) -> None:
    """The form stands far down the page: the refused field has the focus and its sentence is in sight."""
    page = open_as_ines(open_page, ward, width=390, height=844, quiet=False)  # a browser says each 422 on its console
    page.locator("form[action='/rota/shift'] .primary").click()
    expect(page.locator("#starts_at")).to_be_focused()
    expect(page.locator("#starts_at-error")).to_be_in_viewport()
    expect(page.locator(".problem[role=alert] a").first).to_have_attribute("href", "#starts_at")
