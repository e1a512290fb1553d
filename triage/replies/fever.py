"""A body temperature told in a text nobody asked for one: which numbers are one, and which are weather, age, money or an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from triage.replies.clauses import Text
from triage.replies.numerals import warmths
from triage.terms import Asked, Kind

FEVER_TOLD = Decimal("38.0")
"""38.0 °C once under treatment counts as fever (danger lexicon, 12); in answer to the question the floor is 38.3 °C (see `measures`)."""
FEVER_HIGHEST = Decimal("42.9")
NEARBY = 30
"""Letters around a number in which "fièvre", "thermomètre", "frissons" make it a temperature."""


def _any(*alternatives: str) -> str:
    return "(?:" + "|".join(alternatives) + ")"


_ABOUT = re.compile(
    r"fievr|fiebr|fyevr|\bfi?evre|lafiev|temperature|\btemp\b|\btempe\b|thermo|\bfront\b|degre|°|feverish|"
    r"\bfever|febrile|tempretur|celsius|grelott|frisson"
)
_PLACES = _any(
    "dehors", "a l ?'?ombre", "l'ombre", "au soleil", "en ville", "outside", "in the shade",
    "dans (?:la|le|ma|mon) (?:chambre|salon|voiture|piece|maison|bureau)",
)  # fmt: skip
_UNITS = _any(
    "ans?\\b", "euros?", "eur\\b", "[€$£%]", "kg", "kilos?", "cm\\b", "mm\\b", "km", "m\\b", "ml\\b", "mg\\b", "g\\b", "l\\b",
    "h\\b", "heures?", "min", "mn\\b", "jours?", "semaines?", "mois", "personnes", "pages", "bpm", "points?", "places?",
    "contre", "rue", "boulevard", "avenue", "years?", "yrs", "old", "days?", "weeks?", "hours", "pounds", "quid", "degrees in",
    "grammes", "litres?", "metres?", "marches", "comprimes", "cachets", "fois", "x\\b", "times", "balles", "invites", "eleves",
    "bougies", "candles", "sms", "messages", "textos", "/\\d",
)  # fmt: skip
_NOT_BODY_AFTER = re.compile(r"\s*(?:°\s?c?\s*|degres?\s*|deg\s*)?" + _any(_PLACES, _UNITS))
_NOT_BODY_BEFORE = re.compile(
    r"\b"  # whole words: "ce matin 39" does not end in "in"
    + _any(
    "il fait", "faisait", "fera", "fait", "chambre", "room", "rue", "taille", "pointure", "size", "bus", "ligne", "page",
    "numero", "n°", "no", "number", "lot", "porte", "bureau", "etage", "du", "four a", "eau a", "piscine a", "jardin indique",
    "jardin", "terrasse", "dehors", "exterieur", "tension", "pouls", "ta", "agence", "agency", "dans", "in", "pese", "poids",
    "weigh", "departement", "dept", "nationale?", "euros?", "plus", "moins", "age", "cycle", "bac", "departementale",
    )
    + r"\s*:?\s*$"
)  # fmt: skip
_BODY_BEFORE = re.compile(
    _any(
    "presque", "pas loin de", "plus de", "proche de", "environ", "autour de", "dans les", ">", "j ?'?ai", "j e", "g", "ge",
    "je", "a", "avait", "ai", "monte?e?", "grimpe", "passe", "eu", "fait", "suis", "affiche", "almost", "nearly", "over", "is",
    "was", "at", "to", "hit", "had", "have", "got", "of", "by",
    )
    + r"\s*(?:a|de|du|jusqu'?a|up to)?\s*(?:presque|pas loin de|plus de|>)?\s*$"
)  # fmt: skip
_TIME_AFTER = re.compile(
    r"\s*"
    + _any(
    "$", r"[,.;!?\n)]", r"et\b", r"mais\b", "ce (?:soir|matin|midi)", "cette (?:nuit|aprem)", "hier", "aujourd", "depuis",
    "maintenant", r"la\b", "passe", "de (?:fievre|temp)", "au (?:thermo|reveil|lever|coucher)", "en me", "sous",
    r"a l'?\s?oreille", r"dans l'?\s?oreille", "aux? ", "avec", "tout a", "this", "tonight", "last", "since", "now", "and",
    "but", "in the ear", "mtn", "dep",
    )
)  # fmt: skip
_OPENS_WITH_TIME = re.compile(r"\s*(?:hier|ce |cette |depuis|de fievre|et |mais |au reveil|au lever|en me )")
_NUMBER_QUESTIONS = (Kind.WEIGHT, Kind.COUNT, Kind.PAIN)


def fevers(text: Text, asked: Asked) -> Iterator[int]:
    """Places of the words that tell a body temperature of 38.0 to 42.9 °C.

    None in answer to the temperature question, which reads and judges its own.
    """
    if asked.kind is Kind.TEMPERATURE:
        return
    folded = text.folded
    for warmth in warmths(folded):
        if FEVER_TOLD <= warmth.celsius <= FEVER_HIGHEST:
            before, after = folded[: warmth.start], folded[warmth.end :]
            about = bool(_ABOUT.search(folded, max(0, warmth.start - NEARBY), warmth.end + NEARBY))
            if not is_not_body(folded, warmth.start, warmth.end) and _is_body(
                before, after, warmth.marked, warmth.fahrenheit, about, asked
            ):
                yield place_of(text, warmth.start)


def place_of(text: Text, start: int) -> int:
    """The word that stands at a place of the folded text."""
    return max((i for i, s in enumerate(text.starts) if s <= start), default=0)


def is_not_body(folded: str, start: int, end: int) -> bool:
    """Is the number said to be something else than a body temperature: weather, age, money, address...?"""
    return bool(_NOT_BODY_AFTER.match(folded[end:]) or _NOT_BODY_BEFORE.search(folded[:start]))


def _is_body(before: str, after: str, marked: bool, fahrenheit: bool, about: bool, asked: Asked) -> bool:
    if not re.search(r"\w", before) and not re.search(r"\w", after.replace("celsius", "")):
        return asked.kind not in _NUMBER_QUESTIONS  # a message that is only a number in range
    if about:
        return True
    if fahrenheit or (asked.kind in _NUMBER_QUESTIONS and not re.search(r"\w", before)):
        return False
    if marked and asked.kind is not Kind.WEIGHT:
        return True
    if _BODY_BEFORE.search(before) and _TIME_AFTER.match(after):
        return True
    return not before.strip() and bool(_OPENS_WITH_TIME.match(after))
