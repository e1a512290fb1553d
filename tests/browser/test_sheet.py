"""FR-14: the sheet goes home on one page of paper, whatever its language; nothing of the screen around it is printed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.people.models import Patient
from app.protocols import shelf
from tests.browser.conftest import OpenPage, Ward


def pages_of(paper: bytes) -> int:
    """Pages of a PDF, as its own page objects count them."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", paper))


@pytest.mark.parametrize("language", ["fr", "en", "rcf"])
def test_one_page_of_paper(open_page: OpenPage, ward: Ward, tmp_path: Path, language: str) -> None:
    """HZ-36, FR-14: A4, ordinary margins."""
    ward.clock.at = datetime(2026, 11, 25, 9, tzinfo=UTC)  # the library's protocols are in force: their symptoms are named
    with ward.database.transaction() as session:
        patient = session.query(Patient).order_by(Patient.id).first()
        assert patient is not None
        patient.language = language
        number = patient.id
        shelf.seed(session, ward.clock.now())
    page = open_page("ines", 1000, 1400)
    page.goto(f"{ward.address}/patients/{number}/sheet")
    paper = page.pdf(
        format="A4", path=tmp_path / f"{language}.pdf", margin={"top": "12mm", "bottom": "12mm", "left": "15mm", "right": "15mm"}
    )
    assert pages_of(paper) == 1
    page.emulate_media(media="print")
    page.screenshot(path=tmp_path / f"{language}.png", full_page=True)
    assert page.locator(".followed").count() == 1
    assert not page.locator(".printing").first.is_visible()
    assert page.locator("article.takeaway").get_attribute("lang") == language
