"""The second net: how alarming the words of a text are together, where each sign of the lists counts and each word counts.

No list foresees every way of saying that somebody is dying: "il met ses lunettes dans le beurrier" holds no sign. So each word, the
signs found and the groups of the lists have points, positive or negative, learnt once from the tables of examples
(`tests/support/weigh_words.py`) and kept as data (`library/words/weights.csv`): a fixed table, read and tested like any other list.
Zero stands half-way between the dangers and the everyday texts of the tables. A sum over `NOW` tells a person at once even without
a sign, over `TODAY` a nurse reads it today. A sign whose sentence and text sum up to less than that ("ce gâteau est à tomber par
terre") is for a nurse today. No sign is ever hidden, and a text without words (an answer in figures) is not weighed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

from triage.replies.clauses import Text
from triage.replies.fold import sound
from triage.replies.lexicon import REMEMBERED, Entry
from triage.replies.negation import half_denied

STEM = 5
"""Letters of the beginning of a word: "respirer", "respiration" and "respire" share one."""
SURE = -20
"""Thousandths of a point under which a sign is put off to today: a little under half-way, so that the doubt goes to the sign."""
START, NOW, TODAY = "(start)", "(now)", "(today)"
"""Rows that are no words: what the sum starts from, and its limits."""
NUMBERS = ((5, "#0-4"), (13, "#5-12"), (34, "#13-33"), (38, "#34-37"), (43, "#38-42"), (100, "#43-99"))
"""Numbers count as what they may be: a score, a count, an hour, a temperature, a fever, a weight. Classes of words, not thresholds."""
NO_WEIGHT = (0, "")


@dataclass(frozen=True, eq=False)
class Weights:
    """What each feature counts and the danger it is met with most often ("" for none). An empty table decides nothing.

    Points are whole (thousandths), so that a sum is the same whatever the order, to the last digit, in every process.
    """

    of: Mapping[str, tuple[int, str]]

    def limit(self, name: str) -> int:
        """The sum from which something is decided."""
        return self.of[name][0]

    def sum_of(self, known: Iterable[str]) -> float:
        """How alarming the features are together: what the sum starts from, and their points over the root of their number."""
        found = [points[0] for points in map(self.of.get, known) if points is not None]
        return self.of[START][0] + (sum(found) / sqrt(len(found)) if found else 0.0)

    def danger(self, known: Iterable[str]) -> str:
        """The danger most of the alarming features are met with; "unwell" when they name none."""
        votes: dict[str, int] = {}
        for points, code in (self.of.get(feature, NO_WEIGHT) for feature in sorted(known)):
            if code and points > 0:
                votes[code] = votes.get(code, 0) + points
        return max(votes, key=lambda code: votes[code]) if votes else "unwell"


class Groups:
    """The groups of the lists (`@chest`) that each word belongs to, by number of part; remembered, since every word of a text is asked."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._known: dict[Entry, tuple[str, ...]] = {}

    def of(self, entry: Entry) -> tuple[str, ...]:
        """The groups a word belongs to by itself."""
        known = self._known.get(entry)
        if known is None:
            names = (f"@{self._names[part]}" for part, rests in entry.begins.items() if part in self._names and () in rests)
            known = self._known[entry] = tuple(names)
        return known


def features(text: Text, groups: Groups, signs: Iterable[str], within: range | None = None) -> set[str]:
    """What is counted: signs, how each word begins and sounds, neighbours, and groups of the lists.

    A word that is denied, or by half ("pas trop mal"), is another feature ("~fievre"), so that a denial reassures instead of alarming.
    `within`: only these words.
    """
    found, before = set(signs), ""
    for i in range(len(text.words)) if within is None else within:
        stem, sounded = _forms(text.words[i])
        groups_of = groups.of(text.entries[i])
        half = text.has(i - 1, "measure") and half_denied(text, (i,))
        if half or (text.negators[i] and any(n != i for n in text.negators[i])):
            stem, sounded, groups_of = f"~{stem}", f"~{sounded}", tuple(f"~{name}" for name in groups_of)
        found.add(f"{stem}*")
        found.add(sounded)
        found.update(groups_of)
        opens_half = text.has(i, "not") and text.has(i + 1, "measure")
        if before and not opens_half:  # "ça va, pas trop mal" is no "ça va pas"
            found.add(f"{before} {stem}")
        before = stem
    return found


@lru_cache(maxsize=REMEMBERED)
def _forms(word: str) -> tuple[str, str]:
    """How a word begins, and how it sounds."""
    kind = _kind(word)
    return (kind if kind[0] == "#" else kind[:STEM]), f"/{sound(kind)}"


def _kind(word: str) -> str:
    if not word[0].isdigit():
        return word
    try:
        value = float(word.replace(",", "."))
    except ValueError:  # "1.2.3"
        return "#date"
    return next((name for below, name in NUMBERS if value < below), "#100+")


def weights_from(rows: Iterable[str]) -> Weights:
    """The table as its file holds it: feature, thousandths of a point, danger. Raises ValueError naming the row that is not one."""
    return Weights(dict(_rows(rows)))


def _rows(lines: Iterable[str]) -> Iterator[tuple[str, tuple[int, str]]]:
    for number, row in enumerate(csv.reader(line for line in lines if not line.startswith("#,")), start=1):
        if not row or row[0] == "feature":
            continue
        try:
            feature, points, code = row
            yield feature, (int(points), code)
        except ValueError as error:
            raise ValueError(f"row {number} of the weights ({','.join(row)}): expected feature, whole number, danger; {error}") from None
