"""A second net under the lexicon: how alarming the words of a text are together, from weights learnt on written examples.

It only ever raises, and only where the lexicon knows nothing: "ça me serre comme un étau" holds no sign of any list. The weights are
data (`library/words/weights.csv`), made by `tests/support/weigh_words.py` from the tables of examples of the tests; each row is a word, the
beginning of one, or two beginnings side by side, and says by how much it alarms (or, negative, reassures), in thousandths.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

STEM = 5
"""Letters of the beginning of a word: "respirer", "respiration" and "respire" share one."""
BIAS, URGENT, NURSE = "(bias)", "(urgent)", "(nurse)"
"""Rows that are not words: the start of the sum, and the sums from which a person is told now, or today."""
NUMBER = "#"


@dataclass(frozen=True)
class Weights:
    """What each feature weighs. An empty table finds nothing."""

    of: Mapping[str, float]

    def sum_of(self, words: Sequence[str]) -> float:
        """How alarming the words are together: over 0, more like the dangers than like the everyday texts of the examples."""
        known = [self.of[feature] for feature in set(features(words)) if feature in self.of]
        return self.of.get(BIAS, 0.0) + (sum(known) / sqrt(len(known)) if known else 0.0)

    def verdict(self, words: Sequence[str]) -> str:
        """"now", "today", or "" when nothing alarms."""
        if not self.of:
            return ""
        found = self.sum_of(words)
        return "now" if found >= self.of[URGENT] else "today" if found >= self.of[NURSE] else ""


def features(words: Sequence[str]) -> Iterator[str]:
    """Each word, its beginning, and the beginnings of neighbours. Every number is the same one: the lexicon reads what it is worth."""
    plain = [NUMBER if word[0].isdigit() else word for word in words]
    stems = [word[:STEM] for word in plain]
    yield from plain
    yield from (f"{stem}*" for stem in stems)
    yield from (f"{one} {other}" for one, other in zip(stems, stems[1:], strict=False))


def weights_from(text: str) -> Weights:
    """The table as its file holds it: feature,weight in thousandths. Raises ValueError for a row that is not one."""
    rows = csv.reader(line for line in text.splitlines() if line and not line.startswith("#"))
    return Weights({feature: int(weight) / 1000 for feature, weight in rows if feature != "feature"})
