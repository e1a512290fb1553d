"""What is said in words: tablets that were stopped, half a denial, a language. Expected values were written before the reader was asked."""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import words
from tests.triage.replies.test_placing import ASKED
from tests.triage.replies.test_unseen import table
from triage.replies import read

TREATMENT = table("stopped_treatment")


@pytest.mark.parametrize("row", TREATMENT, ids=lambda row: f"{row['question']}: {row['reply_text']}")
def test_whoever_stopped_the_tablets_a_nurse_is_told(row: dict[str, str]) -> None:
    """FR-13, HZ-26: never an opt-out, never lost beside an answer; `+stopped`: noted beside it; `other`: nothing was stopped."""
    got = read(row["reply_text"], ASKED[row["question"]], row["lang"], words())
    noted = "stopped" in got.notes
    if row["expected"] == "other":
        assert got.value not in ("stopped", "optout_intent")
        assert not noted
        assert "optout_intent" not in got.notes
    else:
        assert f"{got.heard}:{got.value}{'+stopped' if noted else ''}" == row["expected"]
        assert got.escalate == row["must_escalate"]
        assert "optout_intent" not in got.notes
