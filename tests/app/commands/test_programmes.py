"""`vigie programmes`: what a hospital looks at before it puts its own copy of a programme in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.care import programmes
from app.core.settings import Settings
from tests.app.commands.conftest import Run

COACH = (programmes.HOUSE / "coach.toml").read_text("utf-8")


@pytest.fixture(autouse=True)
def house_files_again() -> Iterator[None]:
    """The folder of the hospital belongs to the process."""
    yield
    programmes.use_settings(Settings(environment="test"))


def test_the_shelf_is_listed_with_the_hospitals_own_copy(run: Run, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "coach.toml").write_text(COACH.replace("2013-01-01", "2027-01-01"), "utf-8")
    environment.setenv("VIGIE_PROGRAMMES_DIR", str(tmp_path))
    said = run("programmes", "list", "--json")
    assert [(one["slug"], one["effective_from"]) for one in json.loads(said.out)] == [
        ("ama", "2006-11-01"),
        ("ama-oral", "2015-01-01"),
        ("coach", "2013-01-01"),
        ("coach", "2027-01-01"),
    ]
    assert "COACH: Solid tumour under chemotherapy" in run("programmes", "list").out
    assert run("programmes", "check").out == "4 versions on the shelf can be used\n"


def test_the_days_of_a_programme_are_shown(run: Run) -> None:
    said = run("programmes", "show", "ama-oral", "--from", "2026-01-05")
    assert said.out.splitlines()[0] == "AMA oral therapy (ama-oral, 2015-01-01)"
    assert said.out.count("every_15_days ") == 12
    assert "  2026-07-04 10:00  every_15_days 12" in said.out.splitlines()
    assert "  2026-04-21 10:00  between_cycles 1, cycle 1" in run("programmes", "show", "ama", "--from", "2026-04-20").out.splitlines()
    assert (run("programmes", "show", "nowhere").code, run("programmes", "show", "nowhere").err) == (
        2,
        "vigie: there is no programme nowhere. See: vigie programmes list\n",
    )


def test_a_copy_is_checked_before_it_holds_and_a_slip_on_the_shelf_stops_the_start(
    run: Run, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "copy.toml"
    file.write_text(COACH.replace("late_after_minutes = 60", "late_after_minutes = 30"), "utf-8")
    assert run("programmes", "check", str(file)).out.startswith("copy.toml: coach from 2013-01-01, ")
    file.write_text(COACH.replace("late_after_minutes = 60", "late_after_minutes = 0"), "utf-8")
    slip = "vigie: copy.toml: late_after_minutes: 0: Input should be greater than or equal to 5\n"
    said = run("programmes", "check", str(file))
    assert (said.code, said.err) == (2, slip)
    environment.setenv("VIGIE_PROGRAMMES_DIR", str(tmp_path))
    said = run("programmes", "list")
    assert (said.code, said.err) == (2, slip)
