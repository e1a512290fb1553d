"""Corrections: a text that replaces an earlier answer, or asks for the questions again."""

from __future__ import annotations

import re

from triage.replies.answers import MENU, NO, YES, answer
from triage.replies.clauses import Text
from triage.replies.cutting import cut
from triage.replies.fold import NO_BREAK
from triage.replies.numerals import without_asides
from triage.replies.parsed import OPEN, Parsed, floor_of, highest, nurse, said, settled
from triage.replies.placing import DEFAULT_KEYS, place
from triage.replies.scanning import Found
from triage.replies.words import Words
from triage.terms import Asked, Heard, Kind, Reading

_QUESTION_VALUE = re.compile(
    r"\b(?:question|q|quest|la|le|number|no|numero)\s?([1-5abc])\s*"
    r"(?:[:=-]|c ?'?est|is|est|a|->|=>|>|(?:should|devrait|doit|must) (?:be|etre|have been)|was|c'etait|je vou\w+ (?:dire|mettre)|i meant)?"
    r"\s*(\d+(?:[.,]\d+)?)\b"
)
_LETTER_VALUE = re.compile(r"\b([abc])\s*[:=-]?\s*(\d)\b")
_THIS_NOT_THAT = re.compile(
    r"\b(\d+(?:[.,]\d+)?)\s*(?:,\s*)?(?:et )?(?:pas|non|not|and not|au lieu de|plutot que|instead of)\s*(?:un |le )?\d+|"
    r"\bpas \d+(?: mais| c est|,| )\s*(\d+)|\bnot \d+(?: but|,| )\s*(\d+)"
)


def corrected(text: Text, asked: Asked, words: Words, found: Found) -> Reading | None:
    """A correction and its value ("erreur, 2", "question 2 : 3", "pas 2, 1"), "reopen" without one; None when nothing is corrected."""
    swap = _THIS_NOT_THAT.search(text.folded)
    if not said(text, words, "correction") and not swap:
        return _plainly_named(text, asked, words, found)
    if said(text, words, "admin")[:1] == ["wrong_number"]:
        return None
    if found.urgent and not swap and asked.kind is not Kind.TEMPERATURE:
        return None
    which = _QUESTION_VALUE.search(text.folded) or (_LETTER_VALUE.search(text.folded) if asked.kind is Kind.MULTI else None)
    if which:
        place = ord(which[1]) - 96 if which[1].isalpha() else int(which[1])
        return Reading(Heard.CORRECTION, f"q{place}={which[2].replace(',', '.')}", floor_of(found), (), found.now)
    named = _named(text, asked, words, found, swap)
    if named is not None:
        return named
    parsed = None
    if asked.kind is Kind.YES_NO and asked.keys and not (swap and next(g for g in swap.groups() if g) not in MENU):
        parsed = _yes_or_no(text, asked, words)
    elif swap:
        value = next(g for g in swap.groups() if g)
        parsed = Parsed(Heard.ANSWER, value.replace(",", "."))
    elif re.search(r"\d", without_asides(text.folded)) or asked.kind in (Kind.SEVERITY, Kind.YES_NO, Kind.PAIN, Kind.TEMPERATURE):
        parsed = _correcting_value(text, asked, words)
    if parsed is not None and parsed.heard is Heard.ANSWER:
        level = highest(parsed.escalate, floor_of(found))
        return Reading(Heard.CORRECTION, parsed.value, level, parsed.values, (*found.now, *parsed.dangers), parsed.notes)
    if asked.kind is not Kind.YES_NO and (re.search(r"\d", without_asides(text.folded)) or len(text.words) > 9):
        return None
    strong = re.search(
        r"erreur|ereur|trompe|correct|corrig|gourre|error|mistake|wrong|fausse manip|mal (?:ecrit|tape|repondu|note|lu)|annul|modif|chang",
        text.folded,
    )
    unsettled = asked.kind is Kind.YES_NO and asked.keys and _menu_words(text)  # "non pardon, je suis tombée": it does not say to what
    return Reading(Heard.CORRECTION, "reopen", floor_of(found), (), found.now) if (strong or unsettled) and not found.urgent else None


_OLD_VALUE = re.compile(
    r"\s*(?:,\s*)?(?:et )?\b(?:pas|non|not|and not|au lieu de|plutot que|instead of)\s*(?:un |le )?\d+(?:[.,]\d+)?(?: mais| but)?"
)
_IS_NOW = re.compile(r"\bc ?'?est\b|\bc'etait\b|\bis\b|\bwas\b|\bshould (?:be|have been|say|read)\b|=")
PLAIN = 8
"""Words of a text that says no more than a symptom and its value."""


def _named(text: Text, asked: Asked, words: Words, found: Found, swap: re.Match[str] | None) -> Reading | None:
    """ "La fatigue c'est 2 pas 1": the symptom is named, so that the value replaces its own answer, whichever text asked for it."""
    plain = cut(_OLD_VALUE.sub(" ", text.folded), text.grammar) if swap else text
    placed = place(plain, (), words)
    if not placed.told or placed.loose or (found.urgent and "temperature" not in dict(placed.told)):
        return None
    keys = asked.keys or (DEFAULT_KEYS if asked.kind is Kind.MULTI else ())
    if not asked.keys and len(placed.told) == 1 and placed.told[0][0] in keys:
        code, value = placed.told[0]
        return Reading(Heard.CORRECTION, f"q{keys.index(code) + 1}={value}", floor_of(found), (), found.now)
    level = highest(floor_of(found), nurse(any(value == "4" for _, value in placed.told) or placed.strong))
    return Reading(Heard.CORRECTION, "+".join(f"{code}={value}" for code, value in placed.told), level, (), found.now)


def _plainly_named(text: Text, asked: Asked, words: Words, found: Found) -> Reading | None:
    """ "Fatigue c'est 3" when nothing is asked says what the answer should have been."""
    if asked.kind is not Kind.NONE or len(text.words) > PLAIN or found.now or not _IS_NOW.search(text.folded):
        return None
    return _named(text, asked, words, found, None) if re.search(r"\d", without_asides(text.folded)) else None


_REFUSED = frozenset(["pas", "not", "lieu", "instead", "que"])
"""Before a word of the menu: what it should not have been ("oui, pas non", "1 au lieu de 2")."""
_JOINED = frozenset(["de", "of", "un", "le", "a"])
_OPENING = frozenset(["ah", "oh", "euh", "mais", "bah", "ben", "but", "well"])
_GOES_ON = frozenset(
    [
        "je",
        "j",
        "i",
        "pas",
        "not",
        "pardon",
        "desole",
        "desolee",
        "sorry",
        "svp",
        "merci",
        "et",
        "car",
        "parce",
        "because",
        "au",
        "instead",
        "pour",
        "for",
    ]
)
"""After a figure of the menu; any other word makes it a count ("2 oublis")."""


def _yes_or_no(text: Text, asked: Asked, words: Words) -> Parsed | None:
    """The word of our menu that stands: the "non" that opens "non pardon, 1" refuses the answer before, it is none itself.

    A yes that comes last is one. A "non" beside other words, or after a yes, settles nothing: the question is asked again.
    """
    said = _menu_words(text)
    stands = [(place, code) for place, code in said if not _is_refused(text.words[:place])]
    if stands and stands[-1][1] == "yes":
        return settled("yes")
    opens = bool(stands) and all(word in _OPENING for word in text.words[: stands[0][0]]) and len(text.words) > 2
    if stands[1:] if opens else stands:
        return settled("no") if all(code == "no" for _, code in stands) else None
    return None if opens or re.search(r"\d", text.folded) else _correcting_value(text, asked, words)


def _menu_words(text: Text) -> list[tuple[int, str]]:
    return [(place, code) for place, word in enumerate(text.words) if (code := _menu(text, place, word))]


def _menu(text: Text, place: int, word: str) -> str:
    if word in YES or word in NO:
        return "yes" if word in YES else "no"
    after = place + 1
    alone = after == len(text.words) or text.breaks[after] != NO_BREAK or text.words[after] in _GOES_ON
    return MENU.get(word, "") if alone else ""


def _is_refused(before: list[str]) -> bool:
    while before and before[-1] in _JOINED:
        before = before[:-1]
    return bool(before) and before[-1] in _REFUSED


def _correcting_value(text: Text, asked: Asked, words: Words) -> Parsed | None:
    if asked.kind in OPEN:
        alone = re.findall(r"(?<![\d.,])\d+(?:[.,]\d+)?", without_asides(text.folded))
        return Parsed(Heard.ANSWER, alone[0].replace(",", ".")) if len(alone) == 1 else None
    parsed = answer(text, asked, words)
    if parsed is None or parsed.heard is not Heard.ANSWER or not (re.search(r"\d", text.folded) or len(text.words) <= 8):
        return None
    plain = re.search(r"en fait|actually|finalement|plutot|pardon|oups|sorry|desole", text.folded)
    return None if plain and not re.search(r"\d", text.folded) and asked.kind not in (Kind.YES_NO, Kind.SEVERITY) else parsed
