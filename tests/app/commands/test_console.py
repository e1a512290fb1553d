"""Every command: --help, 0 done, 1 refused, 2 bad usage, one readable line on standard error (contract of the command line)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.commands.conftest import Run

COMMANDS = [
    ("dev",),
    ("serve",),
    ("work",),
    ("migrate",),
    ("init",),
    ("doctor",),
    ("explain",),
    ("read-replies",),
    ("user", "add"),
    ("user", "disable"),
    ("user", "list"),
    ("user", "second-factor"),
    ("token", "create"),
    ("protocols", "list"),
    ("protocols", "show"),
    ("protocols", "adopt"),
    ("verify", "audit"),
    ("verify", "assessments"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(run: Run, command: tuple[str, ...]) -> None:
    said = run(*command, "--help")
    assert said.code == 0
    assert f"vigie {' '.join(command)}" in said.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense",), "nonsense"),
        (("explain",), "Missing argument 'assessment_id'. See: vigie explain --help"),
        (("explain", "abc"), "should be a valid integer"),
        (("explain", "0"), "greater than or equal to 1"),
        (("user", "add", "zoe"), "--role"),
        (("serve", "--port", "99999"), "less than or equal to 65535"),
        (("migrate", "--sideways"), "--sideways"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(run: Run, arguments: tuple[str, ...], told: str) -> None:
    said = run(*arguments)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert told in said.err


def test_a_wrong_setting_stops_the_start_with_one_line(run: Run) -> None:
    said = run("migrate", VIGIE_DATABASE_URL="mysql://nowhere")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "VIGIE_DATABASE_URL" in said.err


def test_a_default_secret_stops_production(run: Run) -> None:
    """SEC-33: start-up fails on default secrets."""
    said = run("serve", VIGIE_ENVIRONMENT="production", VIGIE_ALLOW_SQLITE="1", VIGIE_ALLOW_SIMULATOR="1")
    assert (said.code, "VIGIE_SECRET_KEY" in said.err) == (2, True)


def test_a_database_that_does_not_answer_is_told_without_its_password(run: Run) -> None:
    said = run("migrate", VIGIE_DATABASE_URL="postgresql+psycopg://vigie:hush@127.0.0.1:9/none")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "VIGIE_DATABASE_URL" in said.err
    assert "hush" not in said.err


def test_the_folder_of_a_new_database_is_made(run: Run, tmp_path: Path) -> None:
    assert run("migrate", VIGIE_DATABASE_URL=f"sqlite:///{tmp_path}/var/vigie.db").code == 0
    assert (tmp_path / "var" / "vigie.db").exists()
