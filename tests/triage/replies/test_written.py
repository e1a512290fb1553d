"""Texts by four writers, which teach the weights too: what is reached on them is counted, and says nothing of unseen texts.

A count may fall and must not rise. `must_escalate` is the writer's word; jaundice alone is for a nurse today by the codebook, so a text of
which the reader says `jaundice` counts as found. The question asked is left out: every text stands alone.
"""

from __future__ import annotations

from tests.triage.replies.lists import words
from tests.triage.replies.test_unseen import table
from triage.replies import read, scan
from triage.terms import Asked, Escalate

MISSED, FALSE_URGENT, FALSE_DANGER = 67, 20, 12


def urgent(text: str) -> bool:
    return read(text, Asked(), "fr", words()).escalate is Escalate.URGENT


def test_of_written_dangers_no_more_are_missed_than_counted() -> None:
    """HZ-01: what is not urgent is counted, not hidden."""
    rows = [row for row in table("written_2026_11_danger") if row["must_escalate"] == "urgent"]
    unheard = [row["reply_text"] for row in rows if not urgent(row["reply_text"])]
    assert sum("jaundice" not in scan(text, "fr", words()) for text in unheard) <= MISSED


def test_of_written_harmless_texts_no_more_are_urgent_than_counted() -> None:
    """The bar is 2 %."""
    rows = table("written_2026_11_harmless")
    assert sum(urgent(row["reply_text"]) for row in rows) <= FALSE_URGENT


def test_of_written_ordinary_texts_no_more_are_taken_for_danger_than_counted() -> None:
    """The bar is 0.5 % of private texts."""
    texts = table("written_2026_11_ordinary")
    assert sum(bool(scan(row["reply_text"], "fr", words())) for row in texts) <= FALSE_DANGER
