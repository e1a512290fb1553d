"""The grade tables, handed in as text beside the layers, made ready for conditions.

Each text is one or several CSV tables, a blank line between two: ``ctcae-5.0``, ``ctcae-6.0`` (laboratory, vital signs) and ``pro-ctcae``
(composites, items).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product

from triage.conditions import Composite
from triage.grading import composite, labs
from triage.grading.composite import ATTRIBUTES, Instrument
from triage.grading.labs import LabTable
from triage.protocol.documents import CompositeShape
from triage.protocol.problems import Problem
from triage.questions import Question
from triage.terms import Kind

LETTERS = {attribute: letter for letter, attribute in ATTRIBUTES.items()}


@lru_cache(maxsize=8)
def lab_table(text: str) -> LabTable:
    """The laboratory and vital-sign criteria of one version of CTCAE."""
    return labs.read(*text.split("\n\n"))


@lru_cache(maxsize=8)
def instrument(text: str) -> Instrument:
    """The PRO-CTCAE items and their composites."""
    return composite.read(*text.split("\n\n"))


def scored(name: str, shape: CompositeShape, text: str, questions: Mapping[str, Question], problems: list[Problem]) -> Composite | None:
    """A declared composite over its published table; None, and the reasons, when it cannot be scored.

    A table in which a worse score gives a lower composite is refused: the level could fall while the patient gets worse.
    """
    published = instrument(text)
    item = published.items.get(shape.item)
    expected = item.pattern if item else ""
    keys = tuple(shape.attributes.values())
    pattern = "".join(LETTERS[attribute] for attribute in shape.attributes)
    found = len(problems)
    for key in keys:
        if key not in questions or questions[key].kind is not Kind.SEVERITY:
            problems.append(Problem(f"composites.{name}", key, "is not the key of a 0-4 question"))
    if not pattern or expected != pattern:
        reason = f"has the attributes {pattern or 'none'}; this item of PRO-CTCAE is scored on {expected or 'nothing'}"
        problems.append(Problem(f"composites.{name}.item", shape.item, reason))
    elif not _monotone(published.table[pattern], len(pattern)):
        problems.append(Problem(f"composites.{name}", None, f"the table of {pattern} falls while a score rises"))
    if len(problems) > found:
        return None
    words = shape.name.texts if shape.name else questions[keys[0]].name
    return Composite(name, shape.item, words, keys, published.table[pattern].__getitem__)


def _monotone(table: Mapping[tuple[int, ...], int], size: int) -> bool:
    for scores in product(range(5), repeat=size):
        higher = [(*scores[:i], scores[i] + 1, *scores[i + 1 :]) for i in range(size) if scores[i] < 4]
        if any(table[worse] < table[scores] for worse in higher):
            return False
    return True
