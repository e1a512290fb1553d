"""vigie try: a check-in answered at the prompt, with the texts as they would be sent and the level after each reply."""

from __future__ import annotations

from typer.testing import CliRunner

from app.commands.tree import vigie
from tests.support.protocols import LIBRARY

CAPECITABINE = str(LIBRARY / "protocols" / "capecitabine-14-7" / "2026-11-22.toml")


def tried(*replies: str, language: str = "fr") -> str:
    said = CliRunner().invoke(vigie, ["try", CAPECITABINE, "--language", language], input="\n".join(replies) + "\n")
    assert said.exit_code == 0, said.output
    return said.output


def test_calm_answers_end_in_no_level() -> None:
    out = tried("0 0 0", "37,1", "non", "0 0 0", "0")
    assert "A diarrhée, B bouche douloureuse, C mains et pieds" in out
    assert "Niveau : aucun." in out.split("The window closes:")[1]


def test_a_fever_is_urgent_at_once_and_explains_itself() -> None:
    out = tried("0 0 0", "38,6")
    assert "Niveau : urgent." in out
    assert "Fièvre sous capécitabine" in out


def test_no_answer_leaves_red_flags_open_at_the_close() -> None:
    out = tried("0 0 0", "", language="en")
    assert "Level: moderate." in out.split("The window closes:")[1]


def test_a_danger_stays_whatever_comes_after() -> None:
    out = tried("0 0 0 et je crache du sang", "37", "non", "0 0 0")
    assert "Niveau : urgent." in out.split("The window closes:")[1]
