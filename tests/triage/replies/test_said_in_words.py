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
    if row["expected"] == "danger":
        assert (got.heard, got.escalate) == ("danger", "urgent")  # a wish to die is not calmed into tablets that were stopped
    elif row["expected"] == "other":
        assert got.value not in ("stopped", "optout_intent")
        assert not noted
        assert "optout_intent" not in got.notes
    else:
        assert f"{got.heard}:{got.value}{'+stopped' if noted else ''}" == row["expected"]
        assert got.escalate == row["must_escalate"]
        assert "optout_intent" not in got.notes


@pytest.mark.parametrize("row", table("half_denied"), ids=lambda row: f"{row['question']}: {row['reply_text']}")
def test_a_half_denied_intensity_is_never_the_intensity_itself(row: dict[str, str]) -> None:
    """FR-13: "pas trop fort" is not 4 and "not too bad" is not 3: asked again (`ask`), and nobody is called at once for it."""
    got = read(row["reply_text"], ASKED[row["question"]], row["lang"], words())
    assert (got.heard.value if row["expected"] == "ask" else f"{got.heard}:{got.value}") == row["expected"].replace("ask", "ask_again")
    assert got.escalate == row["must_escalate"]


@pytest.mark.parametrize("row", table("cold_in_passing"), ids=lambda row: f"{row['question']}: {row['reply_text']}")
def test_a_low_temperature_is_heard_whatever_was_asked(row: dict[str, str]) -> None:
    """HZ-01, codebook rule 7: below 36.0 °C a nurse is told, and the value is kept; `no`: not a cold body."""
    got = read(row["reply_text"], ASKED[row["question"]], row["lang"], words())
    cold = [value for code, value in got.told if code == "temperature" and float(value) < 36]
    assert got.escalate == row["must_escalate"]
    assert bool(cold) == (row["must_escalate"] == "nurse")


@pytest.mark.parametrize("row", table("language_beside"), ids=lambda row: f"{row['question']}: {row['reply_text']}")
def test_a_language_asked_for_beside_an_answer_is_carried(row: dict[str, str]) -> None:
    """FR-13: noted for the dialogue; French that is not good is no symptom."""
    got = read(row["reply_text"], ASKED[row["question"]], row["lang"], words())
    assert f"{got.heard}:{got.value}" == row["expected"]
    assert got.escalate == row["must_escalate"]
    assert [note for note in got.notes if note.startswith("LANG_")] == row["noted"].split()
