"""Texts by people who had not seen the reader. Once looked at, a table keeps what was reached; it no longer measures what is unseen.

`unseen_2026_11_a_*`: first read before any change: 43 of 169 dangers missed, 94.5 % of replies right, 21 of 700 ordinary texts taken for
danger. `images_of_danger` and `ordinary_traps` were written for these lists, by class, in images rather than in words of medicine.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.triage.replies.lists import words
from triage.replies import read, scan
from triage.terms import Asked, Escalate, Kind, Reading

TABLES = Path(__file__).parent / "tables"


def table(name: str) -> list[dict[str, str]]:
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def heard(row: dict[str, str]) -> Reading:
    return read(row["reply_text"], Asked(Kind(row["question_kind"])), row["lang"], words())


DANGERS = table("unseen_2026_11_a_danger")
REPLIES = table("unseen_2026_11_a_replies")


@pytest.mark.parametrize("row", [row for row in DANGERS if row["must_escalate"] == "urgent"], ids=lambda row: row["reply_text"])
def test_a_danger_by_another_writer_is_found(row: dict[str, str]) -> None:
    """HZ-01: urgent whatever was asked, in the class of the writer or a neighbouring one."""
    assert heard(row).escalate is Escalate.URGENT


def test_what_is_harmless_by_the_same_writer_is_mostly_left_alone() -> None:
    """Eighty-five texts chosen to look dangerous; of those that still page somebody there must never be more."""
    harmless = [row for row in DANGERS if row["must_escalate"] == "no"]
    assert len(harmless) == 85
    assert sum(heard(row).escalate is Escalate.URGENT for row in harmless) <= 5


def test_replies_by_another_writer_are_read() -> None:
    """FR-13, the bars of unseen replies: 95 % right, every urgent one caught, at most 2 % of the others urgent."""
    right = [row for row in REPLIES if (heard(row).heard.value, heard(row).value) == (row["expected_kind"], row["expected_value"])]
    urgent = [row for row in REPLIES if row["must_escalate"] == "urgent"]
    quiet = [row for row in REPLIES if row["must_escalate"] == "no"]
    assert len(right) >= 0.95 * len(REPLIES)
    assert all(heard(row).escalate is Escalate.URGENT for row in urgent)
    assert sum(heard(row).escalate is Escalate.URGENT for row in quiet) <= 0.02 * len(quiet)


def test_ordinary_texts_by_another_writer_are_left_alone() -> None:
    """Seven hundred private texts: at most 0.5 % taken for danger."""
    texts = table("unseen_2026_11_a_ordinary")
    assert sum(bool(scan(row["reply_text"], "fr", words())) for row in texts) <= 0.005 * len(texts)


IMAGES = table("images_of_danger")


@pytest.mark.parametrize("row", IMAGES, ids=lambda row: row["reply_text"])
def test_a_danger_told_in_an_image_is_found(row: dict[str, str]) -> None:
    """HZ-01: people describe what they feel, not what it is called."""
    assert read(row["reply_text"], Asked(), "fr", words()).escalate is Escalate.URGENT
