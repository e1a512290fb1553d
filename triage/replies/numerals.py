"""Numbers as people text them: in digits or words, and which of them are not answers (dates, clock times, telephones, ages, money)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_COUNTED = (
    r"(?:fois|foi|x|prises?|doses?|comprimes?|cachets?|gelules?|cps?|oublis?|selles?|vomissements?|de trop|en trop|de plus|times?|"
    r"pills?|tablets?|tabs?|capsules?|missed|extra|oublie?e?s?|kilos?|kg)"
)
_MOMENTS = r"(?:ce|cette|hier|la nuit|at night|in the (?:morning|evening|night)|this|last night|tonight|today|yesterday)"
_ONE = re.compile(rf"(?<!pas )(?<!not )\b(?:une?|one|in)\b(?= (?:seule? )?{_COUNTED}\b| {_MOMENTS}\b)")
_LINKS = frozenset({"ou", "or", "et", "and", "entre", "between", "a", "to", "puis", "then"})
_GLUED = re.compile(r"\b([a-z]{2,9}?)(fois|foi|times|comprimes?|cachets?)\b")
_OVEN = re.compile(r"\b(au|le|un|du) four\b")
"""The French oven is no English number."""
_NEWS = re.compile(r"\b(rien|quoi) de neuf\b")
"""The French "new" is no nine here."""
_ONE_OH_ONE = re.compile(r"\b(?:one (?:oh|o|zero)|(?:(?:a|one) )?hundred and(?: (?:oh|o|zero))?) (one|two|three|four)\b")
_POINT = re.compile(r"(?<=\d) ?\b(?:virgule|point|vergule|virg) ?(?=\d)|(?:(?<=3\d)|(?<=4[0-3])) ?\b(?:degres?|deg|et) ?(?=\d\b)")
_WORD = re.compile(r"\w+")
_DIGIT = re.compile(r"\d")
_POINT_ONE = re.compile(r"\b(point|virgule) (?:one|une?)\b")
""" "thirty nine point one" keeps its last digit."""
_HALF = re.compile(r"(?<=\d)(?: ?°| degres?)? (?:et )?(?:demie?s?|1/2|and a half)\b")


def digits(folded: str, words: Mapping[str, int]) -> str:
    """The folded text with its number words written in digits: "trente-huit cinq" becomes "38 5". "un peu" keeps its "un"."""
    if not words:
        return folded
    folded = _NEWS.sub(r"\1 de nouveau", _OVEN.sub(r"\1 fours", folded))
    folded = _GLUED.sub(lambda m: f"{m[1]} {m[2]}" if m[1] in words else m[0], folded)
    folded = _ONE.sub("1", folded)
    folded = _ONE_OH_ONE.sub(lambda m: f"10{words.get(m[1], 1)}", folded)
    said = _WORD.findall(folded)
    if not words.keys().isdisjoint(said):
        only_numbers = all(word in words or word in _LINKS or not word.isalpha() for word in said)
        weak = () if only_numbers else ("un", "une", "one", "a", "in", "cent", "dis")
        folded = _pattern(words).sub(lambda m: _written(m[0], words, weak), _POINT_ONE.sub(r"\1 1", folded))
    return _POINT.sub(",", _HALF.sub(",5", folded)) if _DIGIT.search(folded) else folded


_PATTERNS: dict[int, re.Pattern[str]] = {}


def _pattern(words: Mapping[str, int]) -> re.Pattern[str]:
    known = _PATTERNS.get(id(words))
    if known is None:
        one = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
        known = _PATTERNS[id(words)] = re.compile(rf"\b(?:{one})(?:(?:[ -]| et | and )(?:{one}))*\b")
    return known


def _written(run: str, words: Mapping[str, int], weak: tuple[str, ...]) -> str:
    names = re.split(r"[ -]+", run)
    if len(names) == 1 and names[0] in weak:
        return run
    out: list[int] = []
    links: list[str] = []
    link = ""
    for name in names:
        if name not in words:
            link = f" {name} "
            continue
        value = words[name]
        if out and _adds_to(out[-1], value):
            out[-1] += value
        elif out and value == 100 and out[-1] == 1:
            out[-1] = 100
        elif out and (out[-1], value) == (4, 20):
            out[-1] = 80
        else:
            out.append(value)
            links.append(link or " ")
        link = ""
    return "".join(f"{between}{value}" for between, value in zip(links, out, strict=True)).strip()


def _adds_to(left: int, right: int) -> bool:
    if left == 100:
        return right < 100
    return (left % 10 == 0 and 20 <= left <= 90 and 0 < right < 10) or (left in (60, 80) and 10 <= right < 20)


_MONTH = (
    r"janv(?:ier)?|fevr?(?:ier)?|mars|avril|mai|juin|juil(?:let)?|aout|sept(?:embre)?|oct(?:obre)?|nov(?:embre)?|dec(?:embre)?|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|apr|jun|jul|aug|sep"
)
_UNIT = (
    r"(?:\s?(?:jours?|jrs?|semaines?|sem|mois|ans?|annees?|heures?|hrs?|minutes?|mins?|mn|secondes?|days?|weeks?|months?|"
    r"years?|yrs?|hours?|"
    r"nuits?|nights?|euros?|eur|balles|km|cm|mm|metres?|ml|cl|litres?|mg|gr|grammes|bpm|personnes?|etages?|pages?|gouttes|verres?|gorgees?|"
    r"oreillers?|couettes?|steps?|flights?|pillows?|cuilleres?|serviettes?|degres (?:dehors|a l'ombre))|j|h|l|m|g|eme|e|ere?|th|nd|rd|st)"
)
_NOT_ANSWERS = re.compile(
    rf"""
    (?:\b|(?=\+))(?:  # none of them begins inside a word: most places of a text need no second look
    (?P<phone>(?:\+\d{{1,3}}|\b0)[ .-]?\(?\d{{1,3}}\)?(?:[ .-]?\d{{2,3}}){{3,4}}\b|\b\d{{9,15}}\b)
  | (?P<date>\b\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:19|20)?\d\d\b|\b(?:le|du|depuis le|au|on|since|from)\s\d{{1,2}}[/.-]\d{{1,2}}\b
      |\b\d{{1,2}}(?:er|st|nd|rd|th)?\s(?:{_MONTH})\b|\b(?:{_MONTH})\s\d{{1,2}}(?:st|nd|rd|th)?\b
      |\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s\d{{1,2}}\b|\b(?:19|20)\d\d\b)
  | (?P<clock>\b(?:a|vers|at|depuis|since)?\s?[012]?\d\s?h(?:eures?)?\s?(?:[0-5]\d)?\b
      |\b[012]?\d:[0-5]\d\b|\b\d{{1,2}}\s?(?:am|pm)\b|\bo'?clock\b)
  | (?P<quantity>\b\d+(?:[.,]\d+)?{_UNIT}\b|\b\d+(?:[.,]\d+)?\s?[€$£%])
  | (?P<mention>\b(?:le|la|les|question|cycle|jour|day|numero|n°|room|chambre|size|taille|pointure|bus|ligne
      |age|the|step|etape)\s?\d{{1,3}}\b(?![.,°]\d?)
      |\bj\d{{1,3}}\b))
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=16)
def without_asides(text: str) -> str:
    """The text with dates, clock times, telephone numbers, durations, ages and money taken out: their digits are not answers."""
    return _NOT_ANSWERS.sub(" ", text)


@lru_cache(maxsize=16)
def asides(text: str) -> str:
    """The same with blanks in their place, so that every other place of the text stays where it was."""
    return _NOT_ANSWERS.sub(lambda m: " " * len(m[0]), text)


def to_one_decimal(value: Decimal) -> Decimal:
    """Rounded half up to 0.1: a reading is never rounded down across a floor."""
    return value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Warmth:
    """A body temperature found in a text, in °C, and where."""

    celsius: Decimal
    start: int
    end: int
    marked: bool
    fahrenheit: bool = False


_TENTH = r"(?P<tenth>[0-9ol](?![0-9a-z])|[0-9]{2}(?![0-9]))"
_WARMTH = re.compile(
    rf"""(?<![\d.,/:°+-])(?<!\d\s)
    (?: (?P<whole>3[0-9]|4[0-5])(?P<mark>\s?(?:°\s?c?|c\b|[.,;:'/]|degres?\b|deg\b|(?:point|virgule)\b)\s?|-|\s|)(?:{_TENTH})?
      | (?P<f>9[3-9]|10[0-9])(?P<fd>[.,]\d{{1,2}})?(?P<fmark>\s?(?:°|f\b|degrees?|deg\b|fahrenheit))?
    )(?![\d])""",
    re.VERBOSE,
)


@lru_cache(maxsize=16)
def warmths(text: str) -> tuple[Warmth, ...]:
    """Every number that may be a body temperature (30-45.9 °C, 93-109.9 °F), with a forgotten or odd decimal mark read as one."""
    found = []
    for m in _WARMTH.finditer(text):
        if m["f"]:
            value = (Decimal(m["f"] + (m["fd"] or "").replace(",", ".")) - 32) * 5 / 9
            found.append(Warmth(to_one_decimal(value), m.start(), m.end(), bool(m["fd"] or m["fmark"]), True))
            continue
        tenth = {"o": "0", "l": "1"}.get(m["tenth"] or "", m["tenth"] or "0")
        mark = m["mark"]
        glued = not mark and m["tenth"] is not None
        if glued and len(tenth) > 1:  # 3850 is no temperature
            continue
        value = Decimal(f"{m['whole']}.{tenth}")
        sure = bool(m["tenth"] or "°" in mark or "deg" in mark) and not (glued and m["whole"] >= "40")  # "420" may be grams
        found.append(Warmth(to_one_decimal(value), m.start(), m.end(), sure))
    return tuple(found)
