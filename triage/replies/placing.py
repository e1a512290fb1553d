"""Which value belongs to which question, when a text answers several or names what it speaks of.

A value goes to the name it stands beside; without names, in the order asked. Nothing moves up into the place of what was not understood:
what has no sure place is asked again, and a strong word or figure among it is told to a nurse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from triage.replies.clauses import Text
from triage.replies.courtesy import without_courtesy
from triage.replies.ordering import RANGE, TOP, UNPLACED, Placed, as_one, in_order, run_of
from triage.replies.parsed import Parsed, again, nurse
from triage.replies.pieces import REST, Piece, Taken, taken
from triage.replies.words import Words, key_of
from triage.terms import Asked, Heard, Kind

DEFAULT_KEYS = ("nausea", "diarrhea", "fatigue")
"""What A, B, C stand for when the question does not name its keys (the template's own example)."""


def place(text: Text, keys: Sequence[str], words: Words) -> Placed:
    """Every value of the text and where it belongs. Found once for a text and its keys."""
    known = text.placed.get(tuple(keys))
    if known is None:
        plain = without_courtesy(text)
        known = text.placed[tuple(keys)] = _placed(plain, taken(plain, words, keys), tuple(keys))
    assert isinstance(known, Placed)
    return known


def multi(text: Text, asked: Asked, words: Words) -> Parsed | None:
    """The answer to two or three severities in one text."""
    keys = asked.keys or DEFAULT_KEYS
    if _nothing(without_courtesy(text), words):
        return _several(Placed(["0"] * len(keys), figures=True))
    return _several(place(text, keys, words))


def beside(text: Text, asked: Asked, words: Words) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Values told in passing for other questions than the one that is asked: ("fatigue", "2"), ("temperature", "36.8").

    True when something strong was said that has no place, or belongs to none of the questions asked.
    """
    if not _places_values(text, asked, words):
        return (), False
    placed = place(text, asked.keys, words)
    return tuple(pair for pair in placed.told if pair[0] not in asked.keys), placed.strong


def all_foreign(text: Text, asked: Asked, words: Words) -> bool:
    """Does every value of the text belong to something named that is not asked?"""
    if not _places_values(text, asked, words):
        return False
    placed = place(text, asked.keys, words)
    return placed.foreign and bool(placed.others) and not placed.loose and not any(placed.slots)


LONGEST_TOLD = 24
"""Words of a text in which values for other questions are looked for; a longer one is a story, and they are asked in their turn."""
_MAY_BE_WARM = re.compile(r"(?<!\d)(?:3[4-9]|4[0-3]|9\d|10\d)")


def _places_values(text: Text, asked: Asked, words: Words) -> bool:
    """Are several scores asked, or is something named that may have one?"""
    if not asked.keys or asked.kind is Kind.MULTI:
        return bool(asked.keys)
    if asked.kind is Kind.SEVERITY:
        return names_something(text, words) or _MAY_BE_WARM.search(text.folded) is not None
    return len(text.words) <= LONGEST_TOLD and names_something(text, words)


def names_something(text: Text, words: Words) -> bool:
    """May a word of the text be the name of a symptom?"""
    return any(text.rules(words.tables[table]) for table in ("named", "symptom"))


def _nothing(text: Text, words: Words) -> bool:
    key = key_of(text)
    return (key in words.phrases["none"] and "va" not in text.words) or key in _NOTHING


_NOTHING = frozenset({"non", "no", "aucun", "rien", "pas du tout", "non pas du tout"})


def _several(placed: Placed) -> Parsed | None:
    told = nurse(placed.strong)
    if placed.reason:
        return again(placed.reason, told)
    if any(value is not None and int(value) > TOP for value in placed.slots):
        return again("out_of_range", told)
    if not any(value is not None for value in placed.slots):
        unsure = any(piece.value and not piece.worded for piece in placed.loose) or (placed.vague and placed.named)
        return again("ambiguous", told) if unsure else None
    values = tuple(placed.slots)
    lost = placed.strong and any(piece.value for piece in placed.loose)
    notes = (*((RANGE,) if placed.ranged else ()), *((UNPLACED,) if lost else ()))
    heard = Heard.PARTIAL if None in values else Heard.ANSWER
    level = nurse(placed.strong or str(TOP) in values)
    return Parsed(heard, "|".join(value or "?" for value in values), values, level, notes, worded=not placed.figures)


# --- Placing ------------------------------------------------------------------------------------------------------------------------


def _placed(text: Text, found: Taken, keys: tuple[str, ...]) -> Placed:
    pieces = list(found.pieces)
    names = [p for p in pieces if p.named and p.code != REST]
    placed = Placed([None] * len(keys), vague=any(p.vague for p in pieces))
    if not names and not any(p.code == REST for p in pieces):
        if keys:
            in_order(placed, text, found.folded, [p for p in pieces if not p.turns], len(keys))
    else:
        run = run_of(found.folded, pieces, len(keys))
        if run and not _claimed(found.folded, pieces, run, keys):
            pieces = [p for p in pieces if p not in run]
        else:
            run = []
        bound = _by_name(found.folded, pieces, keys, placed)
        _fill(placed, bound, keys, [p.value for p in run])
        if run:
            _doubted(placed, found.folded, pieces, run[-1].end, keys, bound)
    if found.warmth is not None:
        placed.others["temperature"] = str(found.warmth)
    return placed


def _fill(placed: Placed, bound: dict[str, list[Piece]], keys: tuple[str, ...], run: list[str | None]) -> None:
    """Write down what was found. Two different values for one question are none."""
    placed.slots = list(run) if run else placed.slots
    placed.figures = bool(run)
    for code, pieces in bound.items():
        values = {p.value for p in pieces if p.value is not None}
        value = max(values, key=int, default=None)  # "les mains 1, les pieds 3": of two for one question the worse, as in a range
        if code not in keys:
            if value is not None and code != REST:
                placed.others[code] = value
            continue
        i = keys.index(code)
        if run and value is not None and value != run[i]:  # said twice, and not the same
            placed.loose += pieces
            placed.slots[i] = None
        elif not run:
            placed.slots[i] = value
            placed.figures |= any(not p.worded for p in pieces)
        placed.ranged |= len(values) > 1 or any(p.ranged for p in pieces)
    if not run:
        rest = {p.value for p in bound.get(REST, ())}
        if len(rest) == 1 and placed.named:
            value = rest.pop()
            placed.slots = [value if key not in placed.named else slot for key, slot in zip(keys, placed.slots, strict=True)]


_BUT = re.compile(r"\b(?:mais|sauf|par contre|cependant|but|except|although)\b")


def _doubted(placed: Placed, folded: str, pieces: list[Piece], end: int, keys: tuple[str, ...], bound: dict[str, list[Piece]]) -> None:
    """ "0 0 0 mais j'ai mal à la bouche": the zero of what is named after "mais" is not sure."""
    for piece in pieces:
        if piece.code in keys and piece.value is None and piece.code not in bound and _BUT.search(folded, end, max(end, piece.start)):
            i = keys.index(piece.code)
            placed.slots[i] = None if placed.slots[i] == "0" else placed.slots[i]


def _claimed(folded: str, pieces: list[Piece], run: list[Piece], keys: tuple[str, ...]) -> bool:
    """Does a name beside these figures make their order doubtful? "fatigue 1 0 0", "1 0 2 pieds bouche diarrhée"."""
    before = [p for p in pieces if p.named and p.end <= run[0].start]
    if before and before[-1].value is None and not _parted(folded, before[-1], run[0]):
        alone = [p.code for p in before if p.value is None]
        if alone[-1] != keys[0] and alone != list(keys):
            return True
    after = [p.code for p in pieces if p.named and p.code in keys and p.start >= run[-1].end]
    values = [p for p in pieces if not p.named and not p.turns and p not in run]
    return not values and len(after) > 1 and after != [key for key in keys if key in after]


# --- By name ------------------------------------------------------------------------------------------------------------------------

_PARTS = re.compile(r"[,;!?\n/]|\.(?!\d)|(?<![a-z])(?:et|and|mais|but|puis|then|ensuite|par contre|enfin)(?![a-z])")
FAR = 3
"""Words that say something and may stand between a name and its value: "la diarrhée je dirais 1"."""


def _parted(folded: str, left: Piece, right: Piece) -> bool:
    return bool(_PARTS.search(folded, left.end, right.start)) or left.turns or right.turns


def _by_name(folded: str, pieces: list[Piece], keys: tuple[str, ...], placed: Placed) -> dict[str, list[Piece]]:
    """Each name with its values. What stands in no plain order beside names is loose."""
    placed.named = {p.code for p in pieces if p.named and p.code in keys}
    placed.foreign = any(p.named and p.code not in (*keys, REST) for p in pieces)
    bound: dict[str, list[Piece]] = {}
    groups = _groups(folded, pieces)
    for group in _joined(groups):
        pairs = _paired([p for p in group if not p.turns or p.named], folded)
        if pairs is None:
            placed.loose += [p for p in group if not p.named and p.value is not None]
            pairs = []
        for name, value in pairs:
            bound.setdefault(name.code, []).append(value)
    if placed.loose and not placed.foreign:
        whole = _in_their_places(pieces, keys)
        if whole:
            placed.loose = []
            return whole
    _except(groups, pieces, placed, bound)
    return bound


def _groups(folded: str, pieces: list[Piece]) -> list[list[Piece]]:
    """The pieces between commas, ends of sentences, "et" and "mais". A denied name has its value and stands alone."""
    groups: list[list[Piece]] = []
    previous: Piece | None = None
    for piece in pieces:
        own = piece.named and piece.value is not None
        if previous is None or own or (previous.named and previous.value is not None) or _parted(folded, previous, piece):
            groups.append([])
        groups[-1].append(piece)
        previous = piece
    return groups


def _joined(groups: list[list[Piece]]) -> list[list[Piece]]:
    """ "diarrhée, 1, bouche, 3": lone names and lone values that take turns belong together."""
    out: list[list[Piece]] = []
    alone: list[list[Piece]] = []
    for group in [*groups, []]:
        if len(group) == 1 and not (group[0].named and group[0].value) and (group[0].named or not group[0].turns):
            alone.append(group)
            continue
        kinds = [g[0].named for g in alone]
        turns = len(kinds) > 1 and len(kinds) % 2 == 0 and all(a != b for a, b in pairwise(kinds))
        out += [[p for g in alone for p in g]] if turns else alone
        alone = []
        out += [group] if group else []
    return out


def _paired(group: list[Piece], folded: str) -> list[tuple[Piece, Piece]] | None:
    """Names and values of one group: each value just after its name, or each just before. None when neither holds for all."""
    pieces: list[Piece] = []
    for piece in group:
        if pieces and not piece.named and not pieces[-1].named:
            one = as_one(pieces[-1], piece)
            if one is None:
                return None
            pieces[-1] = one
        else:
            pieces.append(piece)
    pairs = [(p, replace(p, code="", worded=True)) for p in pieces if p.named and p.value is not None]
    open_ = [p for p in pieces if not (p.named and p.value is not None)]
    places = [i for i, p in enumerate(open_) if not p.named]
    if not places:
        return pairs
    step = -1 if open_[0].named else 1
    for i in places:
        if not 0 <= i + step < len(open_) or not open_[i + step].named or _far(folded, open_[i], open_[i + step]):
            return None
        pairs.append((open_[i + step], open_[i]))
    return pairs


def _far(folded: str, one: Piece, other: Piece) -> bool:
    left, right = (one, other) if one.start < other.start else (other, one)
    return len(re.findall(r"[a-z]{4,}", folded[left.end : right.start])) > FAR


def _in_their_places(pieces: list[Piece], keys: tuple[str, ...]) -> dict[str, list[Piece]]:
    """ "0, bouche 2, 0": as many values as questions, and every name stands beside the value of its own place."""
    values = [p for p in pieces if not p.named and not p.turns]
    if len(values) != len(keys) or any(p.value is None for p in values) or any(p.value and p.named for p in pieces):
        return {}
    for i, piece in enumerate(pieces):
        if piece.named and (piece.code not in keys or values[keys.index(piece.code)] not in pieces[max(0, i - 1) : i + 2]):
            return {}
    return {key: [value] for key, value in zip(keys, values, strict=True)}


def _except(groups: list[list[Piece]], pieces: list[Piece], placed: Placed, bound: dict[str, list[Piece]]) -> None:
    """ "rien sauf les pieds 2": the one value without a name is that of the rest."""
    if not any(p.turns and not p.named for p in pieces) or REST in bound:
        return
    lone = [g for g in groups if (v := [p for p in g if not p.turns]) and all(not p.named for p in v)]
    values = {p.value for g in lone for p in g if not p.turns}
    if len(values) == 1 and placed.named:
        bound[REST] = [p for g in lone for p in g if not p.turns]
        placed.loose = [p for p in placed.loose if p not in bound[REST]]
