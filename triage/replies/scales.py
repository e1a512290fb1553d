"""Scales answered in digits or words: severity 0-4, pain 0-10, several severities in one text."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from triage.replies.clauses import Text
from triage.replies.fold import NO_BREAK
from triage.replies.matching import matches
from triage.replies.numerals import without_asides
from triage.replies.parsed import TIMES, Parsed, again, nurse, own, said, settled
from triage.replies.scanning import is_own_number
from triage.replies.shapes import decimal, numbers
from triage.replies.words import Words, key_of
from triage.terms import Asked, Heard

DEFAULT_KEYS = ("nausea", "diarrhea", "fatigue")
"""What A, B, C stand for when the question does not name its keys (the template's own example)."""


def severity(text: Text, asked: Asked, words: Words) -> Parsed | None:
    got = _scale(text, 4)
    if isinstance(got, Parsed):
        return got
    found = _severity_words(text, words)
    if found is not None:
        return replace(settled(found, nurse(found == "4")), worded=True)
    for code in said(text, words, "unclear"):
        return again(code)
    return None


def _severity_words(text: Text, words: Words) -> str | None:
    """The severity the words say; the longest phrase wins ("pas du tout" over "tout", "très fort" over "fort")."""
    best: tuple[int, int, str] | None = None
    for rule, where in matches(text, words.tables["severity"]):
        if rule.code != "0" and any(set(text.negators[p]) - set(where) for p in where):
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
        return _on_scale(got.worst_of, top, ("range_kept_higher",))
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
    kept = notes if value == whole else ("range_kept_higher",)
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


_A_FEVER = re.compile(r"\b3[5-9](?:[.,]\d)?\b|\b4[0-2][.,]\d\b")
"""A temperature told beside severities (0 to 4) is none of them."""
_LETTERED = re.compile(r"\b([a-e])\s*[:=.)-]?\s*(\d+)\b|\b(\d+)\s*(?:pour\s*)?(?:le |la |en )?([a-e])\b")


def multi(text: Text, asked: Asked, words: Words) -> Parsed | None:
    keys = asked.keys or DEFAULT_KEYS
    folded = _A_FEVER.sub(" ", without_asides(own(text, TIMES)))
    folded = re.sub(r"(?<![\w'])o(?![\w'])", "0", folded)
    slots = _lettered(folded, len(keys)) or _named(text, folded, keys, words)
    if slots is None:
        run = re.search(rf"(?<![\d.,])[0-9]{{{len(keys)}}}(?![\d.,]*\d)", folded)
        found = list(run[0]) if run and len(re.findall(r"\d", folded)) == len(keys) else re.findall(r"\d+", folded)
        if found and len(set(found)) == 1 and len(found) == 1 and _for_all(text):
            found = found * len(keys)
        slots = [*found, *[None] * (len(keys) - len(found))] if found else _multi_words(text, words, len(keys))
    return None if slots is None else _several(slots, len(keys))


def _several(slots: list[str | None], size: int) -> Parsed:
    if len(slots) > size:
        return again("wrong_count")
    if any(s is not None and int(s) > 4 for s in slots):
        return again("out_of_range")
    value = "|".join("?" if s is None else str(int(s)) for s in slots)
    clean = tuple(None if s is None else str(int(s)) for s in slots)
    heard = Heard.PARTIAL if None in clean else Heard.ANSWER
    return Parsed(heard, value, clean, nurse("4" in clean))


def _for_all(text: Text) -> bool:
    return bool(
        re.search(
            r"\b(?:partout|tous|toutes|tout|chaque|all|each|every|everything|pareil|les (?:3|trois)|for everything)\b|\bacross the board\b",
            text.folded,
        )
    )


def _lettered(folded: str, size: int) -> list[str | None] | None:
    slots: list[str | None] = [None] * size
    pairs = [(m[1] or m[4], m[2] or m[3]) for m in _LETTERED.finditer(folded)]
    pairs = [(letter, number) for letter, number in pairs if ord(letter) - 97 < size]
    if not pairs or (len(pairs) == 1 and (len(re.findall(r"\d+", folded)) > 1 or re.search(r"\ba \d", folded))):
        return None  # "tout à 0" names no letter
    for letter, number in pairs:
        slots[ord(letter) - 97] = number
    return slots


def _named(text: Text, folded: str, keys: tuple[str, ...], words: Words) -> list[str | None] | None:
    """ "fatigue 3 nausées 2": each number, or severity word, belongs to the symptom named just before it (else just after)."""
    places = {rule.code: where[-1] for rule, where in matches(text, words.tables["symptom"]) if rule.code in keys}
    if not places:
        return None
    slots: list[str | None] = [None] * len(keys)
    order = sorted(places.items(), key=lambda item: item[1])
    # "diarrhée 4 fois" is how often, not how strong: a count is no score.
    digits = [
        (i, w)
        for i, w in enumerate(text.words)
        if w.isdigit() and not TIMES.match(text.folded, text.starts[i]) and is_own_number(text, text.starts[i])
    ]
    if len(digits) > len(places):
        return None  # "1 2 4, le 4 c'est la fatigue"
    before = bool(digits) and digits[0][0] < order[0][1]
    for n, (code, place) in enumerate(order):
        start = (order[n - 1][1] + 1 if n else 0) if before else place + 1
        stop = place if before else (order[n + 1][1] if n + 1 < len(order) else len(text.words))
        here = [w for i, w in digits if start <= i < stop]
        slots[keys.index(code)] = here[0] if len(here) == 1 else _worded(text, words, place, start, stop)
    return slots if any(s is not None for s in slots) else None


def _worded(text: Text, words: Words, place: int, start: int, stop: int) -> str | None:
    if text.negators[place]:
        return "0"
    found = [(len(where), rule.code) for rule, where in matches(text, words.tables["severity"]) if all(start <= p < stop for p in where)]
    return max(found)[1] if found else None


def _multi_words(text: Text, words: Words, size: int) -> list[str | None] | None:
    if (key_of(text) in words.phrases["none"] and "va" not in text.words) or key_of(text) in (
        "non",
        "no",
        "aucun",
        "rien",
        "pas du tout",
        "non pas du tout",
    ):
        return ["0"] * size
    found: dict[int, tuple[int, str]] = {}
    for rule, where in matches(text, words.tables["severity"]):
        for p in where:
            if found.get(p, (0, ""))[0] < len(where):
                found[p] = (len(where), rule.code)
    runs: list[str] = []
    previous: tuple[int, str] | None = None
    last = -2
    for p in sorted(found):
        if found[p] != previous or p > last + 1 or found[p][0] == 1 or text.breaks[p] != NO_BREAK:
            runs.append(found[p][1])
        previous, last = found[p], p
    if len(runs) == 1 and _for_all(text):
        return [runs[0]] * size
    return [*runs] if len(runs) == size else None
