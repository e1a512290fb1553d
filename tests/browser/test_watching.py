"""FR-10, FR-16: the prescription of the watching and the delays of a month in a real browser, wide and narrow, with axe-core."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.checkins.rhythm import watched
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.people.watching import NewWatching
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser


@pytest.fixture
def prescribed(ward: Ward) -> None:
    """Jean's watching ends in twenty days; an earlier prescription was struck through."""
    world, now = ward.world, ward.clock.now()
    with ward.database.transaction() as session:
        jean = session.get_one(Patient, ward.morning.jean.id)
        for days in (200, 20):
            last = now.date() + timedelta(days=days)
            new = NewWatching(world.lebon.id, "outside_list", now.date(), last, Decimal("62.5"), "Vit seul, fille joignable.")
            row = watched.record(session, jean, new, by=actor_of(world.ines), now=now)
            if days == 200:
                watched.strike(session, jean, row.id, reason="mauvaise date", by=actor_of(world.ines), now=now)


@pytest.mark.usefixtures("prescribed")
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_no_complaint_and_no_sideways_scroll(open_page: OpenPage, ward: Ward, width: int, height: int) -> None:
    page = open_page("ines", width=width, height=height)
    for address in (f"/patients/{ward.morning.jean.id}/watching", f"/patients/{ward.morning.marie.id}/watching", "/delays", "/enrol"):
        page.goto(ward.address + address)
        assert complaints(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
