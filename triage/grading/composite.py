"""PRO-CTCAE: responses become scores, the attributes of a term become a composite grade, 0 to 3.

Source: Basch E. et al., Clinical Trials 2021;18:104, and its published table: 179 combinations, the others by "first attribute 0 gives 0".
Only item numbers, terms and single response words are here; the sentences of the items are licensed and are not in the repository.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

_SCORE = re.compile(r"\+?0*([0-4])(?:\.0*)?")
LETTERS = ("a", "b", "c")
ATTRIBUTES = {"F": "frequency", "S": "severity", "I": "interference"}
"""Letters of a pattern. In the two single items of pattern I the attribute is an amount."""


@dataclass(frozen=True)
class Part:
    """One question of an item. responses: word, lower case, → score. unscored: words that leave it missing, as published."""

    attribute: str
    responses: Mapping[str, int]
    unscored: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """A numbered term of the instrument. pattern '' : presence only, no composite exists. parts: by letter."""

    number: int
    term: str
    ctcae_term: str
    pattern: str
    parts: Mapping[str, Part]


@dataclass(frozen=True)
class Composite:
    """scores: as recoded, by letter (None: missing; a published zero where it was imputed). value None: not gradable, reason says why.

    contradiction: the first attribute is 0 and a later one is not. Published scoring gives 0; a person should ask again.
    """

    scores: Mapping[str, int | None]
    value: int | None
    reason: str = ""
    contradiction: bool = False


@dataclass(frozen=True)
class Instrument:
    """The items, and the composite of every combination of every pattern."""

    items: Mapping[int, Item]
    table: Mapping[str, Mapping[tuple[int, ...], int]]


def read(table: str, items: str) -> Instrument:
    """The instrument from the text of its two CSV files. ValueError when a combination is missing."""
    graded: dict[str, dict[tuple[int, ...], int]] = {}
    for row in csv.DictReader(table.splitlines()):
        scores = tuple(int(row[letter]) for letter in LETTERS if row[letter])
        graded.setdefault(row["pattern"], {})[scores] = int(row["composite"])
    for pattern, known in graded.items():
        if len(known) != 5 ** len(pattern):
            raise ValueError(f"pattern {pattern}: {len(known)} combinations, expected {5 ** len(pattern)}")
    found: dict[int, Item] = {}
    for row in csv.DictReader(items.splitlines()):
        number = int(row["item_no"])
        codes = dict(code.split("=") for code in row["responses"].split(";"))
        unscored = tuple(word.casefold() for word in row["not_scored"].split(";") if word)
        part = Part(row["attribute"], {word.casefold(): int(code) for code, word in codes.items()}, unscored)
        earlier = found[number].parts if number in found else {}
        found[number] = Item(number, row["term"], row["ctcae_term"], row["pattern"], {**earlier, row["letter"].casefold(): part})
    return Instrument(found, graded)


def score(part: Part, response: str) -> int | None:
    """A response word (case-blind) or a numeric score → the score. None: missing, not scored as published, or unknown here."""
    said = " ".join(response.split()).casefold()
    if said in part.responses:
        return part.responses[said]
    number = _SCORE.fullmatch(said)
    return int(number[1]) if number and int(number[1]) in part.responses.values() else None


def score_item(instrument: Instrument, item: Item, responses: Mapping[str, str], *, zero_impute: bool = False) -> Composite:
    """What was answered to an item, by letter → its scores and composite."""
    scores = {letter: score(part, responses.get(letter, "")) for letter, part in item.parts.items()}
    if not item.pattern:
        return Composite(scores, None, "presence item: the instrument gives it no composite")
    graded = composite_of(instrument, item.pattern, *scores.values(), zero_impute=zero_impute)
    if graded.value is not None:
        return graded
    absent = [letter for letter, value in graded.scores.items() if value is None]
    said = [f"{letter} {_why(item.parts[letter], responses.get(letter, ''))}" for letter in absent]
    return Composite(graded.scores, None, "; ".join(said), graded.contradiction)


def _why(part: Part, response: str) -> str:
    said = " ".join(response.split())
    if not said:
        return "is missing"
    if said.casefold() in part.unscored:
        return f"is not scored: {said}"
    return f"is not a response of this question ({', '.join(part.responses)}): {said}"


def composite_of(
    instrument: Instrument, pattern: str, a: int | None, b: int | None = None, c: int | None = None, *, zero_impute: bool = False
) -> Composite:
    """The composite of a pattern (S, F, I, FS, FI, SI, FSI) from its attributes in order, 0 to 4 each.

    zero_impute, off as published: a missing later attribute becomes 0 when the first is 0. ValueError for another pattern or score.
    """
    known = instrument.table.get(pattern)
    given = (a, b, c)[: len(pattern)]
    if known is None or any(value is not None and value not in range(5) for value in given):
        raise ValueError(f"pattern {pattern!r} with scores {given}: expected one of {', '.join(instrument.table)} and scores 0 to 4")
    contradiction = given[0] == 0 and any(value for value in given[1:])
    if zero_impute and given[0] == 0:
        given = tuple(value or 0 for value in given)
    scores = dict(zip(LETTERS, given, strict=False))
    complete = tuple(value for value in given if value is not None)
    if len(complete) < len(given):
        absent = [letter for letter, value in scores.items() if value is None]
        return Composite(scores, None, f"{' and '.join(absent)} missing", contradiction)
    return Composite(scores, known[complete], "", contradiction)
