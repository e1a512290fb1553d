"""vigie wording: a licensed questionnaire from a file, for one service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.commands.conftest import Run
from tests.app.protocols.test_wording import RASH, SORES, a_file, an_item
from tests.factories import World


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "questionnaire.json"
    path.write_text(a_file(*SORES, RASH, an_item("age", "Quel âge ?")), encoding="utf-8")
    return path


def test_loaded_listed_and_what_is_left_out_is_said(on_database: Run, world: World, file: Path) -> None:
    assert "No official wording" in on_database("wording", "list").out
    said = on_database("wording", "load", file, "--service", "Suivi Baie", "--language", "fr")
    assert (said.code, said.out) == (0, "3 questions of 2 terms are in force in Oncologie médicale, language fr.\n")
    assert "item age is no question of PRO-CTCAE (left out)" in said.err
    assert "fr  3 questions  Formulaire inventé 1.0  loaded" in on_database("wording", "list").out
    rows = json.loads(on_database("wording", "list", "--json").out)
    assert rows[0]["text"] == "Les loups de la bouche ont-ils hurlé ?"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--language", "de"), "--language de"), (("--language", "en"), "its language is fr-FR, not en. Nothing was changed")],
)
def test_a_wrong_language_is_refused(on_database: Run, world: World, file: Path, arguments: tuple[str, ...], told: str) -> None:
    said = on_database("wording", "load", file, *arguments)
    assert said.code == 2
    assert told in said.err


def test_a_file_that_is_not_there_is_said(on_database: Run, world: World, tmp_path: Path) -> None:
    said = on_database("wording", "load", tmp_path / "none.json", "--language", "fr")
    assert said.code == 2
    assert "cannot be read" in said.err
