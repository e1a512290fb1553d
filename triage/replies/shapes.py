"""Numbers in an answer: one, a range, several; with what stands beside them left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from triage.replies.numerals import without_asides

_LONE_O = re.compile(r"(?<![\w'])o(?![\w'])")
_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)?(?!\d)")
_RANGE = re.compile(
    r"(?:entre |between )?(?<![\d.,/])(\d+(?:[.,]\d+)?)\s*"
    r"(?:fois |x )?(?:ou|or|a|to|-|–|/|et|and|voire|peut etre)\s*(?:meme )?(\d+(?:[.,]\d+)?)(?![\d.,/])"
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a text says in numbers. `worst_of`: the worse end when it is a range of two; `all`: every number that may be an answer."""

    all: tuple[Decimal, ...]
    worst_of: Decimal | None = None
    at_least: bool = False


def decimal(text: str) -> Decimal:
    """A number written with either decimal mark."""
    return Decimal(text.replace(",", "."))


def numbers(folded: str, *, ignore: re.Pattern[str] | None = None) -> Numbers:
    """Numbers of an answer, asides left out; `ignore` removes more (for instance "5 fois" in answer to a severity)."""
    text = _LONE_O.sub("0", without_asides(folded))
    if ignore is not None:
        text = ignore.sub(" ", text)
    found = tuple(decimal(m[0]) for m in _NUMBER.finditer(text))
    at_least = bool(
        re.search(
            r"(?:au moins|plus de|\bplus que|minimum|at least|more than|over|>)\s*\d|"
            r"\d\s*(?:fois |times )?(?:\+|et plus|ou plus|or more|at least|minimum)",
            text,
        )
    )
    two = _RANGE.search(text)
    if two and len(found) == 2 and _is_range(text, two):
        return Numbers(found, max(found), at_least)
    return Numbers(found, None, at_least)


def _is_range(text: str, two: re.Match[str]) -> bool:
    """ "2 et 3" is two answers unless "entre" says otherwise; "3/4" and "2-3" are ranges, "4-2" is none."""
    low, high = decimal(two[1]), decimal(two[2])
    link = two[0][two.end(1) - two.start() : two.start(2) - two.start()].strip()
    if re.search(r"\bet\b|\band\b", link):
        return bool(re.search(r"entre|between", text))
    return low < high or "ou" in link or "or" in link
