"""Facts put into words, French and English."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from triage.conditions.facts import Absent, Finding
from triage.questions import NUMBERS, Question, intake_of
from triage.terms import Kind, Value


@lru_cache(maxsize=4096)
def number(value: Decimal, lang: str) -> str:
    """38.0 → "38" ; 37.9 → "37,9" in French."""
    text = f"{value.normalize():f}"
    return text.replace(".", ",") if lang == "fr" else text


def quantity(question: Question, value: Value, lang: str) -> str:
    """A value with the name of its question: "température 37,9 °C", "diarrhée 2 sur 4"."""
    name = question.name[lang]
    if isinstance(value, bool):
        return f"{name} : {'oui' if value else 'non'}" if lang == "fr" else f"{name}: {'yes' if value else 'no'}"
    if isinstance(value, Decimal):
        unit = {"fr": " sur 4", "en": " of 4"}[lang] if question.kind is Kind.SEVERITY else question.unit and f" {question.unit}"
        return f"{name} {number(value, lang)}{unit}"
    if question.kind is Kind.INTAKE:
        return f"{name} : {_doses(value, lang)}" if lang == "fr" else f"{name}: {_doses(value, lang)}"
    if question.kind in NUMBERS:
        return f"{name} : pas de fièvre, non mesurée" if lang == "fr" else f"{name}: no fever, not measured"
    return f"{name} : {value}" if lang == "fr" else f"{name}: {value}"


_DOSES = {
    "fr": ("toutes", "{} oubliée", "{} oubliées", "{} en trop", "{} en trop", "pendant la pause", "arrêt par le patient"),
    "en": ("all taken", "{} missed", "{} missed", "{} extra", "{} extra", "on rest days", "stopped by the patient"),
}


def _doses(value: str, lang: str) -> str:
    """The codebook's form in words: "1 oubliée, 2 en trop"."""
    said = intake_of(value)
    every, missed, several_missed, extra, several_extra, off_day, stopped = _DOSES[lang]
    parts = [every] if "all" in value.split("+") else []
    parts += [(missed if said.missed == 1 else several_missed).format(said.missed)] if said.missed else []
    parts += [(extra if said.extra == 1 else several_extra).format(said.extra)] if said.extra else []
    parts += [off_day] if said.off_day else []
    parts += [stopped] if said.stopped else []
    return ", ".join(parts)


def absent(question: Question, why: Absent) -> Finding:
    """The finding for a question without a value."""
    name = question.name
    if why is Absent.SKIPPED:
        return Finding(False, False, lambda: (f"{name['fr']} : pas demandé, symptôme absent", f"{name['en']}: not asked, symptom absent"))
    if why is Absent.NOT_ASKED:
        return Finding(None, False, lambda: (f"{name['fr']} : pas demandé ce jour", f"{name['en']}: not asked that day"))
    return Finding(None, False, lambda: (f"{name['fr']} : réponse inconnue", f"{name['en']}: answer unknown"), (question.key,))
