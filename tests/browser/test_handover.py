"""One nurse signs on a telephone, the next signs too at a desk; on paper stands what was said and nothing that is pressed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Ward

pytestmark = pytest.mark.browser


def test_two_nurses_and_a_sheet_of_paper(open_page: OpenPage, ward: Ward) -> None:
    """FR-23."""
    claire = open_page(width=390, height=844)
    claire.goto(f"{ward.address}/handover")
    claire.locator(".handover-levels a[href='#open-high']").click()
    expect(claire.locator("#open-high")).to_be_in_viewport()
    claire.locator(".handover-note > summary").first.click()
    claire.locator(".handover-note textarea").first.fill("Sa voisine a les clés.")
    claire.emulate_media(media="print")
    expect(claire.locator(".handover-paper")).to_be_visible()  # nobody takes a printed draft for a signed one
    for pressed in (".handover-acts", ".handover-note", ".top"):
        expect(claire.locator(pressed).first).to_be_hidden()
    claire.emulate_media(media="screen")
    claire.locator(".handover-acts .primary").click()
    expect(claire.locator(".handover-text")).to_contain_text("HOARAU Marie · Claire Payet")
    expect(claire.locator(".handover-sign")).to_have_count(0)
    assert claire.evaluate("document.documentElement.scrollWidth <= innerWidth")

    luc = open_page("luc")
    luc.goto(f"{ward.address}/handover")
    luc.get_by_role("link", name="Lire et signer").click()
    luc.locator(".handover-sign .primary").click()
    expect(luc.locator("header p", has_text="Luc Morel").first).to_be_visible()
    luc.emulate_media(media="print")
    expect(luc.locator(".handover-text")).to_contain_text("Sa voisine a les clés.")
    for pressed in (".top", ".handover-sign"):
        assert not luc.locator(pressed).first.is_visible()
