"""HZ-36: `vigie texts check` measures every text a patient reads, and says no."""

from __future__ import annotations

import json

import pytest

from app.commands import texts
from app.commands.texts import Line, lines
from notifications.readability import EASY, LONGEST, measure
from tests.app.commands.conftest import Run

FOUND = list(lines())


@pytest.mark.parametrize("line", [line for line in FOUND if line.language == "fr"], ids=lambda line: f"{line.where}-{line.name}"[:80])
def test_every_french_text_for_a_patient_is_easy_to_read(line: Line) -> None:
    """Kandel-Moles 60 or more, sentences of 12 words at most: texts, questions, the form, the sheet. The name and its figure are told."""
    assert line.reading is not None
    assert line.reading.score >= EASY, f"{line.where} {line.name}: Kandel-Moles {line.reading.score}"
    assert line.reading.longest <= LONGEST, f"{line.where} {line.name}: {line.reading.longest} words in “{line.reading.sentence}”"


def test_texts_questions_form_and_sheet_are_all_there() -> None:
    named = {(line.where, line.name.split(":")[0], line.language) for line in FOUND}
    for wanted in (
        ("sms", "urgent_15", "rcf"),
        ("sms", "q_multi", "en"),
        ("question", "chills", "fr"),
        ("page", "form.guard", "fr"),
        ("page", "sheet", "fr"),
    ):
        assert wanted in named


def test_what_makes_a_text_hard_is_said() -> None:
    reading = measure(
        "Veuillez immédiatement contacter l'établissement hospitalier "
        "si vos manifestations symptomatiques évoluent défavorablement ou persistent."
    )
    assert texts.hard(reading) == (
        f"Kandel-Moles {reading.score}, at least 60",
        f"13 words, at most 12: {reading.sentence}",
    )
    assert reading.score < 0


def test_the_command_prints_the_table_and_what_nobody_has_read_again(run: Run) -> None:
    said = run("texts", "check")
    assert (said.code, said.err) == (0, "")
    assert any(line.split()[:2] == ["sms", "fr"] and line.endswith(" q_multi") for line in said.out.splitlines())
    assert "Kréol rényoné (rcf): to be checked by a native reader" in said.out
    assert said.out.rstrip().endswith("texts, 0 to mend.")


def test_the_command_exits_1_when_a_text_is_too_hard(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hard = Line("sms", "too_hard", "fr", 10, 160, measure("Immédiatement."), ("Kandel-Moles -160.0, at least 60",))
    monkeypatch.setattr(texts, "lines", lambda: iter([hard]))
    said = run("texts", "check", "--json")
    assert said.code == 1
    (row,) = json.loads(said.out)
    assert (row["name"], row["problems"]) == ("too_hard", ["Kandel-Moles -160.0, at least 60"])
