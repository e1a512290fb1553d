"""Which figure goes to which question. Expected values were written before the reader was asked; nothing slides into another's place."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import triage
from tests.triage.replies.lists import words
from tests.triage.replies.test_unseen import table
from triage.replies import read
from triage.terms import Asked, Heard, Kind

ASKED = {
    "D": Asked(Kind.MULTI, ("diarrhea", "mouth_sores", "hand_foot")),
    "N": Asked(Kind.MULTI, ("nausea", "vomiting", "fatigue")),
    "S:hand_foot": Asked(Kind.SEVERITY, ("hand_foot",)),
    "C": Asked(Kind.COUNT, ("stools",)),
    "T": Asked(Kind.TEMPERATURE, ("temperature",)),
    "I": Asked(Kind.INTAKE, ("intake",)),
    "F": Asked(Kind.FREE_TEXT, ("other",)),
    "Y": Asked(Kind.YES_NO, ("chest_pain",)),
    "0": Asked(),
}
"""The questions of the table: A diarrhoea, B sore mouth, C hands and feet; A nausea, B vomiting, C tiredness; one alone; nothing."""
LIBRARY = Path(triage.__file__).parent / "library"
ROWS = table("figures_in_place")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['question']}: {row['reply_text']}")
def test_each_value_goes_to_its_own_question(row: dict[str, str]) -> None:
    """FR-13, HZ-01: kind, value, who is told, and what was told in passing; `none`: nothing is written down for what was asked."""
    got = read(row["reply_text"], ASKED[row["question"]], row["lang"], words())
    if row["expected"] == "none":
        assert got.heard not in (Heard.ANSWER, Heard.PARTIAL, Heard.CORRECTION)
    else:
        assert f"{got.heard}:{got.value}" == row["expected"]
    assert got.escalate == row["must_escalate"]
    assert sorted(f"{code}={value}" for code, value in got.told) == sorted(row["told"].split())


def labels() -> list[tuple[str, str, str]]:
    """Key, language and label of every severity of the library."""
    documents = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(LIBRARY.glob("symptoms*.toml"))]
    asked = {key: question for document in documents for key, question in document.get("questions", {}).items()}
    scores = {key: question for key, question in asked.items() if question["kind"] == "severity_0_4"}
    return [(key, language, label) for key, question in scores.items() for language, label in question["label"].items()]


@pytest.mark.parametrize(("key", "language", "label"), labels())
def test_a_symptom_is_known_by_its_label(key: str, language: str, label: str) -> None:
    """FR-13: the words our own text offers beside a letter name that question and no other."""
    first = "nausea" if key != "nausea" else "cough"
    got = read(f"{label} 2", Asked(Kind.MULTI, (first, key)), language, words())
    assert got.values == (None, "2")
