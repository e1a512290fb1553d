"""What the tests of replies share: the library's word lists, compiled once, and the labelled tables beside this file."""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import triage
from triage.replies import Words, words_from

HERE = Path(__file__).parent
FOLDER = Path(triage.__file__).parent / "library" / "words"


def documents() -> dict[str, dict[str, Any]]:
    """The library's word lists as parsed documents."""
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}


def weights() -> list[str]:
    """The lines of the table of weights."""
    return (FOLDER / "weights.csv").read_text(encoding="utf-8").splitlines()


@cache
def words() -> Words:
    """The same, compiled."""
    return words_from(documents(), weights())


def table(name: str) -> list[dict[str, str]]:
    """A labelled table: sentences written for these tests, by name of file."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
