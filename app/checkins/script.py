"""What a check-in asks: the rules it follows, its questions, the group that is open, and the text that asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy.orm import Session

from app.checkins.models import CheckIn
from app.people import reading
from app.people.models import Patient
from app.protocols import said, versions
from app.protocols.models import ProtocolVersion
from app.treatment import overrides
from app.treatment.models import Course
from notifications.messages import Label
from triage import questions
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Asked, Kind

CYCLE_START = "cycle_start"
STOP_WHICH = "stop_which"
"""Opened when a word may end the texts or the tablets; kept in ``asking``, never stored as an answer."""
FEELS_HOT = "feels_hot"
"""Opened when there is no thermometer: the sign that can be felt."""

WORDS = "free_text"
"""What was said in words where no question of the protocol asks for them."""

KINDS = {STOP_WHICH: Kind.STOP_WHICH, FEELS_HOT: Kind.YES_NO, CYCLE_START: Kind.CYCLE_START, WORDS: Kind.FREE_TEXT}
"""Questions that belong to the dialogue, whatever the protocol."""
STARTED = Question(CYCLE_START, Kind.CYCLE_START)

Said = tuple[str, dict[str, object]]
"""Key of a text and its values."""


def version_for(session: Session, course: Course, patient: Patient, on: date) -> ProtocolVersion | None:
    """The version this course follows on a day: the patient's exception, else the one it is pinned to, else the one in force.

    None: nobody knows what to ask.
    """
    exception = overrides.standing(session, course.id, on)
    if exception is not None:
        return session.get(ProtocolVersion, exception.version_id)
    return followed(session, course, patient, on)


def followed(session: Session, course: Course, patient: Patient, on: date) -> ProtocolVersion | None:
    """The same without the patient's exception."""
    if course.pinned_version_id is not None:
        return session.get(ProtocolVersion, course.pinned_version_id)
    return versions.in_force(session, course.protocol_slug, on, patient.service_id)


def protocol_of(session: Session, checkin: CheckIn) -> Protocol:
    """The version the check-in began with; a running conversation never changes its questions. ValueError when it has none yet."""
    if checkin.version_id is None:
        raise ValueError(f"check-in {checkin.id} was never opened: it has no protocol version")
    return versions.load(session.get_one(ProtocolVersion, checkin.version_id))


def all_questions(checkin: CheckIn, protocol: Protocol) -> tuple[Question, ...]:
    """Everything this check-in asks, in order."""
    if checkin.kind == CYCLE_START:
        return (STARTED,)
    return protocol.asks(checkin.cycle, checkin.cycle_day) if checkin.kind == "regular" else ()


def question_of(key: str, protocol: Protocol) -> Question | None:
    """The question of a key, of the protocol or of the dialogue."""
    return protocol.questions.get(key) or (Question(key, KINDS[key]) if key in KINDS else None)


def in_words(protocol: Protocol) -> Asked:
    """The question that is answered in words: the protocol's own, else the dialogue's."""
    return Asked(Kind.FREE_TEXT, (next((q.key for q in protocol.questions.values() if q.kind is Kind.FREE_TEXT), WORDS),))


def open_group(checkin: CheckIn, protocol: Protocol) -> Asked:
    """What a reply arriving now answers. ``Kind.NONE`` when nothing is open."""
    keys = tuple(str(key) for key in checkin.asking)
    if not keys:
        return Asked()
    question = question_of(keys[0], protocol)
    if question is None:
        return Asked()
    return Asked(Kind.MULTI if len(keys) > 1 else question.kind, keys)


def next_group(checkin: CheckIn, protocol: Protocol, answers: Mapping[str, Answer]) -> Asked | None:
    """The next text to send; None when all is asked."""
    return questions.next_group(all_questions(checkin, protocol), answers)


def left(checkin: CheckIn, protocol: Protocol, answers: Mapping[str, Answer]) -> list[str]:
    """Keys without an answer: what will be drawn as not asked if the conversation ends here."""
    return [q.key for q in all_questions(checkin, protocol) if q.key not in answers]


# --- The texts ----------------------------------------------------------------------------------------------------------------------


def question_text(asked: Asked, protocol: Protocol, language: str) -> Said:
    """The text that asks a group."""
    key = asked.keys[0]
    if key == STOP_WHICH:
        return "stop_which", {}
    if key == FEELS_HOT:
        return "no_thermometer", {}
    if asked.kind is Kind.MULTI:
        return "q_multi", {"labels": labels(asked, protocol, language)}
    question = question_of(key, protocol)
    assert question is not None
    return question.wording, _values(question, protocol, language)


def again_text(asked: Asked, protocol: Protocol, language: str, *, heard: str = "unclear") -> Said:
    """The text that asks once more. heard: "unclear", or "noted" when something else was told and kept."""
    if asked.kind is Kind.FREE_TEXT:
        return question_text(asked, protocol, language)
    values: dict[str, object] = {"heard": heard}
    if asked.kind is Kind.MULTI:
        values["labels"] = labels(asked, protocol, language)
    if asked.kind is Kind.TEMPERATURE:
        values["limit"] = protocol.fever_limit
    return f"reask_1_{asked.kind.value}", values


def correction_text(asked: Asked, protocol: Protocol, language: str) -> Said:
    """The text that asks again what the patient wants to correct."""
    if asked.kind is Kind.MULTI:
        return "correct", {"labels": labels(asked, protocol, language)}
    return question_text(asked, protocol, language)


def labels(asked: Asked, protocol: Protocol, language: str) -> tuple[Label, ...]:
    """The names beside the letters A, B, C."""
    return tuple(label(protocol.questions[key], language) for key in asked.keys)


def label(question: Question, language: str) -> Label:
    """The short name of a question; an empty one, which no text takes, where this language has no word for it."""
    return Label(said.label(question, language) or "")


def language_for(patient: Patient, asked: Iterable[Question] = (), address: str = "") -> str:
    """The first language that whoever answers reads and all of this can be asked in; "" for none: then a person calls."""
    asked = tuple(asked)
    return next((language for language in reading.languages_of(patient, address) if said.can_ask(asked, language)), "")


def _values(question: Question, protocol: Protocol, language: str) -> dict[str, object]:
    if question.kind is Kind.SEVERITY:
        return {"symptom": label(question, language)}
    if question.kind is Kind.COUNT:
        return {"symptom": Label(said.clause(question, language) or "")}
    if question.kind is Kind.TEMPERATURE:
        return {"limit": protocol.fever_limit}
    if question.kind is Kind.YES_NO:
        return {"question": Label(said.clause(question, language) or "")}
    return {}
