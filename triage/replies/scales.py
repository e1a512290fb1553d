"""Scales answered in digits or words: severity 0-4, pain 0-10. Several in one text: `placing`."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from triage.replies.clauses import Text
from triage.replies.courtesy import without_courtesy
from triage.replies.matching import matches
from triage.replies.negation import half_denied
from triage.replies.ordering import RANGE
from triage.replies.parsed import TIMES, Parsed, again, nurse, own, said, settled
from triage.replies.placing import names_something, place
from triage.replies.shapes import decimal, numbers
from triage.replies.words import Words
from triage.terms import Asked


def severity(text: Text, asked: Asked, words: Words) -> Parsed | None:
    """One symptom, 0 to 4. A value beside the name of another symptom is never its answer."""
    if not asked.keys or not names_something(text, words):
        return _severity(without_courtesy(text), words)
    placed = place(text, asked.keys, words)
    if placed.slots[0] is not None and placed.named:
        return _on_scale(Decimal(placed.slots[0]), 4, (RANGE,) if placed.ranged else ())
    if placed.foreign and not (len(placed.loose) == 1 and not placed.others):
        return None
    return _severity(without_courtesy(text), words)


def _severity(text: Text, words: Words) -> Parsed | None:
    got = _scale(text, 4)
    if isinstance(got, Parsed):
        return got
    found = _severity_words(text, words)
    if found is not None:
        return replace(settled(found, nurse(found == "4")), worded=True)
    if any(rule.code != "0" and half_denied(text, where) for rule, where in matches(text, words.tables["severity"])):
        return again("ambiguous")
    for code in said(text, words, "unclear"):
        return again(code)
    return None


def _severity_words(text: Text, words: Words) -> str | None:
    """The severity the words say; the longest phrase wins ("pas du tout" over "tout", "très fort" over "fort")."""
    best: tuple[int, int, str] | None = None
    for rule, where in matches(text, words.tables["severity"]):
        if rule.code != "0" and (any(set(text.negators[p]) - set(where) for p in where) or half_denied(text, where)):
            continue
        rank = (len(where), int(rule.code), rule.code)
        best = max(best, rank) if best else rank
    if best is None or (best[2] == "0" and best[0] == 1 and len(text.words) > 4):
        return None
    unclear = [where for rule, where in matches(text, words.tables["unclear"]) if rule.code == "ambiguous"]
    return None if any(len(where) > best[0] for where in unclear) else best[2]


def _scale(text: Text, top: int) -> Parsed | None:
    folded = own(text, TIMES)
    folded = re.sub(rf"(\d+(?:[.,]\d+)?)\s*(?:/|sur|out of)\s*{top}\b", r"\1 ", folded)
    folded = re.sub(r"^\W*(?:le|la|the|number|numero)\s+(?=\d+\W*$)", "", folded)  # "le 2" alone is no date
    got = numbers(folded)
    if not got.all:
        return None
    if got.worst_of is not None:
        return _on_scale(got.worst_of, top, (RANGE,))
    if len(set(got.all)) > 1:
        first = re.match(r"\W*(\d+)(?=\s*(?:[,.;:!?\n(]|$)|\s+[a-z])", folded)
        inside = [n for n in got.all if n <= top]
        if not first or decimal(first[1]) > top or len(set(inside)) > 1:
            return again("two_values")
        return _on_scale(decimal(first[1]), top, ())
    return _on_scale(got.all[0], top, ())


def _on_scale(value: Decimal, top: int, notes: tuple[str, ...]) -> Parsed:
    whole = int(value) if value == int(value) else int(value) + 1
    if whole > top:
        return again("out_of_range")
    kept = notes if value == whole else (RANGE,)
    return settled(str(whole), nurse(whole >= (4 if top == 4 else 9)), kept)


def pain(text: Text, asked: Asked, words: Words) -> Parsed | None:
    got = _scale(text, 10)
    if got is not None:
        return got
    found = _severity_words(text, words)
    if found == "0":
        return settled("0")
    if found is not None:
        return again("missing_value", nurse(found == "4"))
    for code in said(text, words, "unclear"):
        return again(code)
    return None
