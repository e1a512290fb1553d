"""Tab alone through the quieter pages: every control reached, in their order, seen (WCAG 2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page

from app.care import closing, contacts
from app.checkins.rhythm import freezing, watched
from app.core.audit import SYSTEM
from app.people import members
from app.people.models import Patient
from app.people.perimeter import actor_of, viewer_of
from app.people.watching import NewWatching
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints
from tests.support.wards import haematology

pytestmark = pytest.mark.browser

CONTROLS = """() => {
    document.querySelectorAll("main details").forEach(one => { one.open = true; });
    const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
    const native = "a, button, input, select, textarea, summary";
    const off = one => one.disabled || one.type === "hidden" || (one.tabIndex < 0 && !one.matches(native));
    const mute = one => off(one) || !one.checkVisibility({visibilityProperty: true});
    const named = one => all.filter(two => two.type === "radio" && two.name === one.name && two.form === one.form);
    const stop = one => named(one).find(two => two.checked) || named(one)[0];
    window.controls = all.filter(one => !mute(one) && (one.type !== "radio" || one === stop(one)));
    return window.controls.map(one => one.outerHTML.match(/^<[^>]*>/)[0]);
}"""
"""What Tab should reach, in the order of the document; of radio buttons the chosen one, or the first of its name."""

FOCUSED = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    if (one === document.body) return null;
    const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const over = document.elementFromPoint(box.x + Math.min(box.width, innerWidth) / 2, box.y + Math.min(box.height, innerHeight) / 2);
    return {at: window.controls.indexOf(one), drawn, seen: !!over && (one.contains(over) || over.contains(one)),
        top: box.top + scrollY, bottom: box.bottom + scrollY, left: box.left};
}"""
"""What has the focus: its number, whether an outline is drawn around it, whether its middle is on the screen with nothing above it."""


def walk(page: Page) -> list[str]:
    """Press Tab from the top until the page is left: what is wrong on the way. A day or an hour has several stops of its own."""
    controls: list[str] = page.evaluate(CONTROLS)
    assert len(controls) > 5, page.url
    wrong: list[str] = []
    met = [{"at": -1, "top": 0, "left": 0}]
    for _ in range(2 * len(controls) + 20):
        page.keyboard.press("Tab")
        one = page.evaluate(FOCUSED)
        if one is None or one["at"] < met[-1]["at"]:  # past the last one, Chromium begins again
            break
        if one["at"] == met[-1]["at"]:
            continue
        name = controls[one["at"]]
        wrong += [f"no outline: {name}"] * (not one["drawn"]) + [f"not on the screen: {name}"] * (not one["seen"])
        wrong += [f"back up the page: {name}"] * (one["bottom"] <= met[-1]["top"] and one["left"] <= met[-1]["left"])
        met.append(one)
    else:
        wrong.append(f"a trap: {controls[met[-1]['at']]}")
    reached = {one["at"] for one in met}
    return [*wrong, *(f"never reached in its place: {name}" for at, name in enumerate(controls) if at not in reached)]


@pytest.fixture
def addresses(ward: Ward) -> dict[str, tuple[str, ...]]:
    """By reader: Jean is watched and in hospital, a call of his was closed, Claire works in haematology too."""
    world, now, claire = ward.world, ward.clock.now(), viewer_of(ward.world.claire)
    with ward.database.transaction() as session:
        jean = session.get_one(Patient, ward.morning.jean.id)
        new = NewWatching(world.lebon.id, "outside_list", now.date(), now.date() + timedelta(days=20), Decimal("62.5"), "Vit seul.")
        watched.record(session, jean, new, by=actor_of(world.ines), now=now)
        call = contacts.open_call(session, jean, direction="incoming", reason="ordonnance perdue", by=claire, now=now)
        closing.close(session, call.id, outcome="none", form={}, by=claire, now=now + timedelta(minutes=4))
        stay = freezing.record(
            session, jean, "hospital_stay", from_day=now.date(), until_day=None, reason="fièvre", by=claire.actor, now=now
        )
        members.add(session, "claire", haematology(session, world, now=now), by=SYSTEM, now=now)
    chart = f"/patients/{jean.id}"
    return {
        "ines": (f"{chart}/watching", "/delays"),
        "claire": (f"{chart}/stays/{stay.id}", f"{chart}/contacts/{call.id}"),
        "alma": ("/staff",),
    }


def test_tab_reaches_everything_in_the_order_of_the_page_and_is_seen(
    open_page: OpenPage, ward: Ward, addresses: dict[str, tuple[str, ...]]
) -> None:
    found = {}
    for login, some in addresses.items():
        page = open_page(login)
        for address in some:
            page.goto(ward.address + address)
            found[address] = walk(page)
    assert found == {address: [] for address in found}


@pytest.mark.usefixtures("addresses")
def test_the_page_of_accounts_has_nothing_to_complain_of_at_either_width(open_page: OpenPage, ward: Ward) -> None:
    """Whoever works in two services can be taken out of the second one; on a telephone the whole page fits."""
    for width, height in ((1440, 900), (390, 844)):
        page = open_page("alma", width=width, height=height)
        page.goto(f"{ward.address}/staff")
        assert complaints(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        box = page.get_by_role("button", name="Retirer Hématologie à Claire Payet").bounding_box()
        assert box is not None and box["x"] + box["width"] <= width, "on the screen without scrolling sideways"
