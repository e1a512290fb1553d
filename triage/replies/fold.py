"""Fold what was typed into comparable words: case, accents, apostrophes, repeated letters and spelling by ear do not matter.

Folding never touches digits. It keeps where sentences and clauses break, because a negation stops there.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

NO_BREAK, COMMA, SENTENCE = 0, 1, 2

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "′": "'", "＇": "'"})
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_ENGLISH_TAIL = re.compile(
    r"(?<=[a-z])'(t|m|re|ve|ll|d)(?![a-z'])|(?:(?<=\bhe)|(?<=\bshe)|(?<=\bit)|(?<=that)|(?<=here)|(?<=what)|(?<=thing))'(s)\b"
)
_ACCENT = re.compile("[\u0300-\u036f]+")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_INNER_HYPHEN = re.compile(r"(?<=[a-z])[-‐‑](?=[a-z])")
_CREOLE_TWO = re.compile(r"\bdé(?=\s*(?:fois?\b|fwa|kou\b|z[ée]ro\b|inn?\b|trwa\b|kat\b|$))")
"""Réunion Creole "dé fwa", "mi la oubliyé dé": with its accent it is never the French "de"."""
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2069\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff\ufeff\u00ad]")
TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[a-z]+|[?!]|[.…;:\n]+|[,()/+\"«»–—-]|[^\s\w]")


def fold(text: str) -> str:
    """The text in lower case without accents, one kind of apostrophe, letters repeated more than twice cut to two."""
    plain = text.replace("<NEXT>", "\n").replace("<MMS>", " ").lower()
    if not plain.isascii():
        plain = _CREOLE_TWO.sub("2", _INVISIBLE.sub("", plain.translate(_LIGATURES)))
        plain = _ACCENT.sub("", unicodedata.normalize("NFKD", plain))
    if not plain.isascii():
        plain = _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), plain)
    plain = _REPEATED.sub(r"\1\1", plain)
    plain = _INNER_HYPHEN.sub(" ", plain)
    plain = plain.replace("aujourd'hui", "aujourdhui").replace("aujourd hui", "aujourdhui")
    return _ENGLISH_TAIL.sub(r"\1\2", plain) if "'" in plain else plain


_SOUND: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"(.)\1+", r"\1"),
        (r"sch|ch|sh", "C"),
        (r"ph", "f"),
        (r"h", ""),
        (r"qu(?=[eiao])|q|ck|k", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"gn", "N"),
        (r"gu(?=[eiy])", "g"),
        (r"ge(?=[aou])|g(?=[eiy])|(?<![n])g$", "j"),
        (r"z", "s"),
        (r"eau|au", "o"),
        (r"oi|oy|oua|wa", "W"),
        (r"ou|w", "U"),
        (r"ien(?![aeiouy])", "iI"),
        (r"(?:ain|ein|aim|in|im|yn|ym|un|um)(?![aeiouymn])", "I"),
        (r"(?:an|am|en|em)(?![aeiouymn])", "A"),
        (r"(?:on|om)(?![aeiouymn])", "O"),
        (r"ai|ei|ay|ey", "e"),
        (r"y", "i"),
        (r"(.)\1+", r"\1"),
    )
)
_MUTE_END = re.compile(r"(?:(?<=[AIO])g|(?:e[rz]?)?[sxztdp]*)$")


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """How a folded word sounds, roughly, in French: "fièvre", "fyevr" and "fiévre" are one. Ends are kept (see `heard`)."""
    for pattern, by in _SOUND:
        word = pattern.sub(by, word)
    return word


@lru_cache(maxsize=65536)
def heard(word: str) -> frozenset[str]:
    """The sound of a word with and without its mute ending: "vomi", "vomis", "vomit" share one; so do "vide" and "vid"."""
    full = sound(word)
    short = _MUTE_END.sub("", full)
    return frozenset(form for form in (full, full.removesuffix("e"), short) if len(form) >= 2)


def shortened(word: str) -> set[str]:
    """The word and every form of it with one letter left out: two words one slip apart share one of these."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def one_slip_apart(a: str, b: str) -> bool:
    """True when one letter added, lost, changed or swapped with its neighbour turns a into b."""
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1:
        return False
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    if len(a) == len(b):
        swapped = a[i + 1 : i + 2] + a[i : i + 1]
        return a[i + 1 :] == b[i + 1 :] or (b[i : i + 2] == swapped and a[i + 2 :] == b[i + 2 :])
    long, short = (a, b) if len(a) > len(b) else (b, a)
    return long[i + 1 :] == short[i:]
