"""Long texts where they are read: a protocol on a telephone breaks no word, the printed page has its chart before its rules."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.alerts import handling
from app.alerts.handling import Reason
from app.people.models import Patient, Service
from app.protocols import versions
from app.protocols.models import ProtocolVersion
from tests.browser.conftest import OpenPage, Ward
from triage.terms import Level

BROKEN = """() => {
  const broken = [];
  const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (node.parentElement.closest('thead')) continue;  // read aloud, out of sight on a telephone
    for (const found of node.data.matchAll(/[\\p{L}\\d]+/gu)) {
      const range = document.createRange();
      range.setStart(node, found.index); range.setEnd(node, found.index + found[0].length);
      if (new Set([...range.getClientRects()].map(one => Math.round(one.top))).size > 1) broken.push(found[0]);
    }
  }
  return broken;
}"""
"""Words that stand on two lines."""


def test_a_protocol_on_a_telephone_breaks_no_word(open_page: OpenPage, ward: Ward) -> None:
    with ward.database.reading() as session:
        number = session.scalar(select(ProtocolVersion.id).where(ProtocolVersion.slug == "ibrutinib-continuous").limit(1))
    page = open_page("lebon", width=390, height=844)
    page.goto(f"{ward.address}/protocols/{number}")
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert min(box["width"] for cell in page.locator("tbody tr >> nth=0").locator("th, td").all() if (box := cell.bounding_box())) > 250


def test_signing_without_its_tick_says_so_beside_it(open_page: OpenPage, ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form stands far below on a telephone: the page comes back where the tick is, with what is missing."""
    with ward.database.transaction() as session:
        version = session.scalars(select(ProtocolVersion).where(ProtocolVersion.slug == "ibrutinib-continuous").limit(1)).one()
        monkeypatch.setitem(versions._compiled, "a new text", versions.load(version))
        version.fingerprint, number = "a new text", version.id
    page = open_page("lebon", width=390, height=844, quiet=False)
    page.goto(f"{ward.address}/protocols/{number}")
    page.locator("#sign button").click()
    expect(page.locator("#sign [role=alert]")).to_be_in_viewport()
    expect(page.get_by_role("checkbox")).to_be_focused()


def test_the_printed_page_has_its_chart_before_its_rules(open_page: OpenPage, ward: Ward) -> None:
    """Eight rules fired at once: the gravest stands before the chart with how many more, all of them after it."""
    rules = [
        {"fr": f"Règle numéro {n} : un symptôme au-dessus de son seuil, à voir par une infirmière.", "en": f"Rule {n}."}
        for n in range(1, 9)
    ]
    with ward.database.transaction() as session:
        jean = session.get_one(Patient, ward.morning.jean.id)
        reason = Reason("assessment", Level.HIGH, {"why": rules, "rules": [str(n) for n in range(8)]})
        handling.consider(session, service=session.get_one(Service, jean.service_id), patient=jean, reason=reason, now=ward.clock.now())
    page = open_page()
    page.goto(f"{ward.address}/patients/{ward.morning.jean.id}/print")
    before, after = page.inner_text("main").split("Règles, en entier")
    assert before.count("Règle numéro") == 2, "in what is open, and once in what happened lately"
    assert "et 7 autres règles, sous le graphique" in before
    assert after.count("Règle numéro") == 8
    chart, whole = page.locator("#chart-title").bounding_box(), page.locator("#rules-title").bounding_box()
    assert chart and whole and chart["y"] < whole["y"]
