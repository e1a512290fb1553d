"""The word lists of the reply reader, read from the library's files and compiled once per process."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import triage
from triage.replies.words import Words, words_from

FOLDER = Path(triage.__file__).parent / "library" / "words"


@cache
def words(folder: Path = FOLDER) -> Words:
    """Every language's lists, joined. Raises ValueError naming the line that cannot be compiled."""
    lists = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))}
    return words_from(lists, (folder / "weights.csv").read_text(encoding="utf-8").splitlines())
