"""How a patient is asked: the questions in the text, a neutral text with a link, or a nurse on the telephone.

Symptoms may be named in a text only to somebody who agreed to it in writing, on a telephone nobody shares.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.messaging import outbox
from app.people import numbers, reading
from app.people.models import Consent, Patient, Respondent

WORDS, LINK, CALL = "words", "link", "call"

NEUTRAL = {
    "confirm": "noted_plain",
    "range_echo": "noted_plain",
    "late": "noted_plain",
    "confirm_g2": "call_promised",
    "confirm_closed": "call_closed",
}
"""What is said instead of an echo that names symptoms: the same promise, at the same hour."""

ASKING = ("q_", "reask_1", "reask_part", "correct", "no_thermometer")


def of(session: Session, patient: Patient) -> tuple[str, str]:
    """How this patient's check-ins open, and why not in words: ("words", ""), ("link", "shared_phone"), ("call", "no_number")..."""
    if by_telephone(patient):
        return CALL, "by_telephone"
    address = outbox.address_of(patient)
    if not address:
        return CALL, "no_number"
    if numbers.on_landline(patient):
        return CALL, "landline"
    if not reading.languages_of(patient, address):
        return CALL, "no_language"
    if patient.service.sms_style == LINK:
        return LINK, "style"
    why = no_words_because(session, patient)
    return (LINK, why) if why else (WORDS, "")


def by_telephone(patient: Patient) -> bool:
    """Is the telephone the first way of the patient's list? Then a nurse asks, and an opt-out of texts does not end the follow-up."""
    return list(patient.channels)[:1] == [CALL]


def no_words_because(session: Session, patient: Patient) -> str:
    """Why a text may not name a symptom to this patient, "" when it may: shared_phone, number_unverified, no_consent_to_words."""
    if patient.shared_phone:
        return "shared_phone"
    if not numbers.is_verified(patient):
        return "number_unverified"  # nobody has proved yet to hold this telephone (HZ-09)
    said = select(Consent.granted).where(Consent.patient_id == patient.id, Consent.kind == "sms_words")
    return "" if session.scalar(said.order_by(Consent.id.desc()).limit(1)) else "no_consent_to_words"


def link_key(session: Session, patient: Patient, *, again: bool = False, figures: bool = False) -> str:
    """The text that leads to a check-in's form. figures: it answers some that no question was asked for.

    The word SMS is offered where it brings the questions, else APPEL. On a shared telephone neither: nobody could say whose it is.
    """
    if patient.shared_phone:
        return "link_shared"
    key = "link_figures" if figures else "reminder_link" if again else "link"
    return f"{key}_call" if no_words_because(session, patient) else key


def names(key: str) -> bool:
    """Does this text name what was asked or said? Where that is not allowed, its neutral form stands for it, else a link to the form."""
    return key in NEUTRAL or asks(key)


def asks(key: str) -> bool:
    """Does this text ask a question of a check-in, for the first time or again?"""
    return key.startswith(ASKING)


def reader(patient: Patient) -> Respondent | None:
    """Whose telephone gets the texts: the relative who answers and has one; None: the patient's."""
    return numbers.writes_to(patient)
