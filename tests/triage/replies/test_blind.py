"""Texts by writers who had seen neither the lists nor the code; no table named `blind_*` teaches the weights.

They were asked for the difficulty of the examples the reader is judged by. Once counted, e and f were not blind any more: the limits and
some lines were chosen on e, and lines were written after the missed replies and dangers of f. Of g only figures were seen. First looks:
triage/README-replies.md. A count may fall and must not rise.
"""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import words
from tests.triage.replies.test_unseen import heard, table
from triage.replies import read
from triage.terms import Asked, Escalate

SETS = {"e": (18, 3, 11, 35, 0), "f": (10, 2, 10, 5, 0), "g": (16, 6, 8, 9, 0)}
"""By set: dangers not urgent, dangers nobody reads today, near misses urgent, everyday texts urgent, urgent replies missed."""


@pytest.mark.parametrize("name", SETS)
def test_dangers_are_found_or_read_by_a_nurse_the_same_day(name: str) -> None:
    """HZ-01: the bar is 1 % missed, and is not reached: what is not urgent, and what no nurse is asked to read today, is counted."""
    rows = [row for row in table(f"blind_2026_11_{name}_danger") if row["must_escalate"] == "urgent"]
    levels = [heard(row).escalate for row in rows]
    assert sum(level is not Escalate.URGENT for level in levels) <= SETS[name][0]
    assert levels.count(Escalate.NO) <= SETS[name][1]


@pytest.mark.parametrize("name", SETS)
def test_what_needs_nobody_is_mostly_left_alone(name: str) -> None:
    """HZ-07: alert fatigue."""
    near = [row for row in table(f"blind_2026_11_{name}_danger") if row["must_escalate"] == "no"]
    everyday = [row["reply_text"] for row in table(f"blind_2026_11_{name}_ordinary")]
    assert sum(heard(row).escalate is Escalate.URGENT for row in near) <= SETS[name][2]
    assert sum(read(text, Asked(), "fr", words()).escalate is Escalate.URGENT for text in everyday) <= SETS[name][3]


@pytest.mark.parametrize("name", SETS)
def test_replies_by_blind_writers_are_read(name: str) -> None:
    """FR-13: 95 % right, every urgent one caught, at most 2 % of the others urgent."""
    rows = table(f"blind_2026_11_{name}_replies")
    right = [row for row in rows if (heard(row).heard.value, heard(row).value) == (row["expected_kind"], row["expected_value"])]
    missed = [row for row in rows if row["must_escalate"] == "urgent" and heard(row).escalate is not Escalate.URGENT]
    false = [row for row in rows if row["must_escalate"] == "no" and heard(row).escalate is Escalate.URGENT]
    assert len(right) >= 0.95 * len(rows)
    assert len(missed) <= SETS[name][4]
    assert len(false) <= 0.02 * len(rows)
