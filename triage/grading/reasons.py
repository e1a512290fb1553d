"""Why there is no grade, or what was supposed: one English sentence each, and its French."""

from __future__ import annotations

import re

FRENCH = {
    "{what} missing, zero or contradictory, and no criterion that does without is crossed": (
        "{what} : absent, nul ou contradictoire, et aucun critère qui s'en passe n'est franchi"
    ),
    "at least this grade: {what} missing, zero or contradictory": "au moins ce grade : {what} absent, nul ou contradictoire",
    "lln is above uln: neither was used": "limite basse au-dessus de la limite haute : aucune des deux n'a servi",
    "the worst is supposed: without symptoms, grade {grade}": "le pire est supposé : sans symptôme, grade {grade}",
    "unit is missing; expected {either}": "unité absente ; attendu {either}",
    "unknown unit {unit}; expected {either}": "unité inconnue {unit} ; attendu {either}",
    "unknown unit {unit}": "unité inconnue {unit}",
    "{unit} measures something else; expected {either}": "{unit} mesure autre chose ; attendu {either}",
    "say which was measured: {either}": "dire ce qui a été mesuré : {either}",
    "{term} is not a term that CTCAE {version} grades by a number": "{term} n'est pas un terme que CTCAE {version} grade par un nombre",
    "no measure recent enough": "aucune mesure assez récente",
}
"""Every sentence of the laboratory grader. Notes of the tables have their French beside them."""

_PLACES = {
    "lln": "limite basse",
    "uln": "limite haute",
    "baseline": "valeur avant traitement",
    "baseline_flag": "état avant traitement",
    "and": "et",
    "or": "ou",
    "systolic": "la systolique",
    "diastolic": "la diastolique",
}
_PATTERNS = {
    re.compile(
        "".join(f"(?P<{part[1:-1]}>.+?)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", english))
    ): (french)
    for english, french in FRENCH.items()
}


def said(english: str, **places: object) -> str:
    """A sentence, its places filled. Raises KeyError for one without French."""
    return (english if FRENCH[english] else "").format(**places)


def in_french(reason: str) -> str:
    """The French of a reason made here; several are joined by "; ". Another text is given back as it is."""
    for begins in ("at least", "lln is above"):
        first, joined, second = reason.partition(f"; {begins}")
        if joined:
            return f"{in_french(first)} ; {in_french(f'{begins}{second}')}"
    for pattern, french in _PATTERNS.items():
        if match := pattern.fullmatch(reason):
            return french.format(**{name: _words(text) for name, text in match.groupdict().items()})
    return reason


def _words(text: str) -> str:
    return " ".join(_PLACES.get(word, word) for word in text.split(" "))
