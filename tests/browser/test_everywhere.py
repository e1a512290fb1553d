"""Every page a signed-in person can reach by its links: axe-core content, no sideways scroll on a telephone (WCAG 2.2 AA, 1.4.10)."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from app.alerts import asking
from app.care import contacts
from app.checkins.models import AssessmentRow
from app.checkins.rhythm import freezing
from app.people import care_team
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.app.web.test_doors import doors
from tests.browser.conftest import OpenPage, Ward
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser

READERS = ("claire", "lebon", "ines", "paul", "alma")
"""Each walks on where those before had no door: nurse, doctor, coordinator, then the others."""
NO_PAGE = re.compile(r"^/(api|fhir|twilio|static|q|phones|live|list|language|sign-out)\b|^/(healthz|readyz|metrics)$|\.csv$|\.json$")
"""Machines' doors, parts of pages, files; patients' pages and the telephones have tests of their own."""
ELSEWHERE = {
    "/sign-in": "test_accessibility.test_no_complaint_at_the_door",
    "/search": "test_accessibility.the_search",
    "/enrol/treatment": "a part of the enrolment form, fetched while typing",
    "/patients/{patient_id}/enrolled": "tests/browser/test_numbers.py",
    "/handover/{handover_id}": "test_accessibility.a_signed_handover",
    "/results/{file_id}": "test_accessibility.a_file_of_results",
    "/patients/{patient_id}/contacts/{contact_id}": "tests/browser/test_call_sheet.py",
    "/patients/{patient_id}/letters/{letter_id}": "tests/browser/test_call_sheet.py",
    "/patients/{patient_id}/open": "an address that sends on to the patient's panel",
    "/patients/{patient_id}/sheet": "a part of the panel, fetched by itself",
    "/documents/{document_id}": "the file itself",
}
"""Pages no link leads to here, and where they are looked at or why they are none."""


def pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)) + "$")


def pages(ward: Ward) -> dict[str, re.Pattern[str]]:
    """The addresses of pages, the most literal first: /patients/new is none of /patients/{id}."""
    found = [path for method, path in doors(ward.app) if method == "GET" and not NO_PAGE.search(path)]
    return {path: pattern(path) for path in sorted(found, key=lambda path: (path.count("{"), path))}


def links(page: Page, known: dict[str, re.Pattern[str]]) -> dict[str, str]:
    return named(page.eval_on_selector_all("a[href]:not([download])", "all => all.map(one => one.getAttribute('href'))"), known)


def named(hrefs: list[str], known: dict[str, re.Pattern[str]]) -> dict[str, str]:
    """One address of each page among these."""
    found: dict[str, str] = {}
    for href in hrefs:
        path = urlsplit(href).path
        name = next((name for name, shape in known.items() if shape.match(path)), None)
        if name:
            found.setdefault(name, href)
    return found


def a_full_day(ward: Ward) -> list[str]:
    """Jean is in hospital and a doctor is asked about him, Claire calls Marie and is on the rota. Returns addresses no link gives yet."""
    claire, now = viewer_of(ward.world.claire), ward.clock.now()
    with ward.database.transaction() as session:
        jean, marie = session.get_one(Patient, ward.morning.jean.id), session.get_one(Patient, ward.morning.marie.id)
        care_team.put_on_shift(session, ward.world.claire, kind="ward", starts_at=now, ends_at=now + timedelta(hours=7))
        asking.ask(session, jean, by=claire, now=now, question="Fatigue de grade 3 : poursuivre ?", level="high")
        freezing.record(session, jean, "hospital_stay", from_day=now.date(), until_day=None, reason="fièvre", by=claire.actor, now=now)
        contacts.open_call(session, marie, direction="incoming", by=claire, now=now)
        last = session.scalars(select(AssessmentRow.id).order_by(AssessmentRow.id.desc())).first()
        return [f"/assessments/{last}", "/protocols/1", f"/patients/{jean.id}/absences"]


@pytest.mark.timeout(900)  # some fifty pages at two widths: one walk, so that what nobody reaches is found
def test_every_page_is_for_everyone(open_page: OpenPage, ward: Ward) -> None:
    known, further = pages(ward), a_full_day(ward)
    seen: dict[str, list[str]] = {}
    for login in READERS:
        page = open_page(login, quiet=False)
        waiting = {"/": "/", **links(page, known), **named(further, known)}
        walked: set[str] = set()
        while waiting:
            name, address = waiting.popitem()
            walked.add(name)
            page.set_viewport_size({"width": 1440, "height": 900})
            answer = page.goto(f"{ward.address}{address}")
            if answer is None or answer.status != 200 or "text/html" not in answer.headers["content-type"]:
                continue
            waiting |= {new: href for new, href in links(page, known).items() if new not in walked}
            if name in seen:
                continue
            found = complaints(page)
            page.set_viewport_size({"width": 390, "height": 844})
            found += complaints(page)
            if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                found.append("scrolls sideways at 390")
            seen[name] = found
    assert {name: found for name, found in seen.items() if found} == {}
    assert sorted(set(known) - set(seen) - set(ELSEWHERE)) == []
