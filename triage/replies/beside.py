"""Words that may stand beside a number, written as plain phrases and compared with the folded text around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from triage.replies.fold import fold

LISTS = ("about", "place", "unit", "not_body", "body", "link", "time", "opening")


def beside(lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """One regular expression by list; a list nobody wrote matches nothing."""
    unknown = set(lists) - set(LISTS)
    if unknown:
        raise ValueError(f"word lists: unknown lists beside a number {sorted(unknown)}")
    return {name: "(?:" + ("|".join(map(_expression, lists.get(name, []))) or "(?!)") + ")" for name in LISTS}


def _expression(phrase: str) -> str:
    return " ".join("(?:" + "|".join(map(_word, slot.split("|"))) + ")" for slot in phrase.split())


def _word(word: str) -> str:
    """A word, whole unless it ends with *; an apostrophe may be a blank or nothing."""
    stem, plain = word.endswith("*"), fold(word.removesuffix("*"))
    before = "(?<![a-z0-9])" if plain[0].isalpha() else ""
    after = "" if stem or not plain[-1].isalpha() else "(?![a-z])"
    return before + re.escape(plain).replace("'", " ?'? ?") + after
