"""Words in step with the code: what can be set, run, said or awaited is in a README, and what a README names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import typer.main

from app.commands.tree import vigie
from app.core.settings import NOT_SETTINGS, PREFIX, Settings
from app.worker import TICKS
from tests.house.tree import ROOT, texts, walk

READMES = {file: text for file, text in texts().items() if file.endswith("README.md")}
QUOTED = {quoted for text in READMES.values() for quoted in re.findall(r"`([^`\n]+)`", text)}
"""Everything that a README writes as code."""


def _named(word: str) -> bool:
    """Is it quoted, alone, with arguments, or by its family (`care_*`)?"""
    return any(word == quoted or quoted.startswith(f"{word} ") or ("*" in quoted and fnmatchcase(word, quoted)) for quoted in QUOTED)


def test_every_setting_is_described() -> None:
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    described = set(re.findall(r"VIGIE_[A-Z_]+", READMES["app/core/README.md"]))
    assert settings - described == set()
    unknown = {name for name in described - settings if name.removesuffix("_FILE") not in settings and not name.startswith(NOT_SETTINGS)}
    assert unknown == set()


def _commands(group: object, prefix: str) -> Iterator[str]:
    for name, command in getattr(group, "commands", {}).items():
        yield from _commands(command, f"{prefix} {name}") if hasattr(command, "commands") else [f"{prefix} {name}"]


@pytest.mark.parametrize("command", sorted(_commands(typer.main.get_command(vigie), "vigie")))
def test_every_command_is_described(command: str) -> None:
    assert _named(command)


@pytest.mark.parametrize("tick", sorted(tick.name for tick in TICKS))
def test_every_tick_of_the_metronome_is_described(tick: str) -> None:
    """Whoever is woken at night must find what runs by itself, and how often."""
    assert _named(tick)


@pytest.mark.parametrize("key", sorted({path.stem for path in (ROOT / "notifications/texts").glob("*/*.txt")}))
def test_every_text_is_described(key: str) -> None:
    assert _named(key)


PATH = re.compile(r"[\w.*<>/-]+/|[\w.*<>/-]+\.(?:py|toml|csv|txt|md|yaml|html|css|js)")
NAMES = {path.name for path in walk()}


def _paths(text: str) -> set[str]:
    linked = {target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target and not target.startswith("#")}
    quoted = {quoted for quoted in re.findall(r"`([^`\n]+)`", text) if PATH.fullmatch(quoted) and not quoted.startswith("/")}
    return {path for path in linked | quoted if path}


def _exists(path: str, beside: Path) -> bool:
    pattern = re.sub(r"<[^>]*>", "*", path).rstrip("/")
    return path in NAMES or any(True for folder in (beside, ROOT) for _ in folder.glob(pattern))


@pytest.mark.parametrize("readme", sorted(READMES))
def test_every_file_that_a_readme_names_exists(readme: str) -> None:
    missing = {path for path in _paths(READMES[readme]) if not _exists(path, (ROOT / readme).parent)}
    assert missing - MADE == set()


MADE = {"var/", "var/vigie.db", ".venv/", ".venv/bin/"}
"""Made by the commands, not kept in the repository."""
