"""In which language somebody is written to: the languages they read, best first. Nobody gets a text in one they do not read (HZ-36)."""

from __future__ import annotations

from app.people.models import Patient, Respondent
from notifications import wording
from notifications.languages import languages

NONE = "none"
"""The language of a patient who reads none that texts exist in: questions are asked by telephone."""


def languages_of(patient: Patient, address: str = "") -> tuple[str, ...]:
    """Languages that texts exist in and that whoever holds this number reads, best first; () when there is none.

    address: the number written to, "" for the patient's. A relative who answers from their own telephone reads their own language.
    """
    relative = relative_at(patient, address)
    wanted = [relative.language] if relative is not None and relative.language else [patient.language, *patient.also_reads]
    return tuple(dict.fromkeys(language for language in wanted if language in wording.LANGUAGES))


def language_of_text(key: str, patient: Patient, address: str = "") -> str:
    """The first language whoever answers reads in which this text exists; "" when there is none: it cannot be said to them."""
    return next((language for language in languages_of(patient, address) if wording.has(key, language)), "")


def relative_at(patient: Patient, address: str) -> Respondent | None:
    """The relative whose telephone this is; None for the patient's own, and for one that is nobody's."""
    if not address or address == patient.phone:
        return None
    return next((respondent for respondent in patient.respondents if respondent.phone == address), None)


def interpreter_for(patient: Patient) -> str:
    """The language in which this patient must be telephoned with an interpreter; "" when none is needed; "?" when nobody wrote which."""
    if patient.interpreter:
        return patient.interpreter
    if languages_of(patient):
        return ""
    return patient.language if patient.language and patient.language != NONE else "?"


def lists_for(language: str, otherwise: str) -> str:
    """The language whose word lists read a reply of somebody who writes in ``language``."""
    spoken = languages().get(language)
    return spoken.like if spoken else otherwise
