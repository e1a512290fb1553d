"""What a nurse says on the telephone: the opening, what was noted, what comes next, a danger. Said aloud, so never the words of a text.

In the patient's language where these words exist in it, else in the nurse's, who then reads them with an interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from app.alerts import heard
from app.care.contact_models import Contact, Direction
from app.checkins.models import AnswerRow
from app.checkins.texts import dangers
from app.core.audit import Actor
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import reading
from app.people.models import Patient, Service
from app.web import words
from app.web.form import asking, telling
from app.web.form.frame import frame
from app.web.render import Page
from triage.questions import Question
from triage.terms import Kind, Level

ABSENT = frozenset({(Kind.SEVERITY, "0"), (Kind.YES_NO, "no"), (Kind.COUNT, "0")})


@dataclass(frozen=True)
class Opening:
    """How the call begins, one sentence after the other, and what the nurse checks. language: what it is written in."""

    language: str
    hello: str
    otherwise: str
    service: str
    born: str
    moment: str
    later: str


@dataclass(frozen=True)
class Said:
    """What to say aloud at once, in the language that is spoken on the line. what: the danger classes it answers."""

    language: str
    text: str
    what: tuple[str, ...] = ()


PROFESSIONALS = ("gp", "home_nurse", "pharmacist", "other")
"""Who speaks of somebody else: who they are is checked before anything is told."""


def in_language_of(page: Page, patient: Patient) -> Page:
    """The page in the language that is spoken on the line."""
    return replace(page, language=words.for_patient("aloud", reading.languages_of(patient), page.language))


def opening(page: Page, patient: Patient, by: Actor, questions: int, begun: Contact | None = None) -> Opening:
    """Who calls, whether this is the right person before the service is named, and whether it is a good moment. page: the nurse's.

    begun: the call that runs; one that somebody made to us begins otherwise.
    """
    if begun is not None and begun.direction == Direction.INCOMING:
        return answering(page, patient, begun.caller)
    spoken = in_language_of(page, patient)
    whom = "patient" if by.kind == "patient" else "relative"
    called = f"{patient.given_names} {patient.family_name}"
    name = called if by.kind == "patient" else by.name
    return Opening(
        language=spoken.language,
        hello=spoken.say(f"aloud.open.{whom}", me=page.viewer.actor.name, name=name),
        otherwise=page.say("aloud.open.other"),
        service=spoken.say(f"aloud.open.from_{whom}", service=patient.service.name, patient=called),
        born=page.say("aloud.open.born", born=page.formats.birth(patient.birth_date)),
        moment=spoken.say("aloud.open.moment", questions),
        later=page.say("aloud.open.later"),
    )


def answering(page: Page, patient: Patient, caller: str) -> Opening:
    """How a call that somebody made to us begins: who speaks, about whom, then what is the matter. page: the nurse's."""
    city = caller in PROFESSIONALS
    spoken = page if city else in_language_of(page, patient)
    whom = "city" if city else "relative" if caller == "relative" else "patient"
    return Opening(
        language=spoken.language,
        hello=spoken.say("aloud.answer.hello", me=page.viewer.actor.name, service=patient.service.name),
        otherwise=page.say(f"aloud.answer.check_{whom}"),
        service=spoken.say(f"aloud.answer.born_{whom}"),
        born=page.say("aloud.open.born", born=page.formats.birth(patient.birth_date)),
        moment=spoken.say("aloud.answer.why"),
        later=page.say("aloud.answer.later"),
    )


def sentences(
    page: Page, session: Session, patient: Patient, message: Message, asked: Sequence[Question], rows: Mapping[str, AnswerRow]
) -> list[str]:
    """What to say now. page: ``in_language_of``. A danger says nothing but what to do; an unknown one the emergency number alone."""
    values: dict[str, object] = {**telling.promised_in(page, session, patient, message)}
    if message.purpose == Purpose.SAFETY:
        key = message.key if page.has(f"aloud.danger.{message.key}") else "urgent_15"
        return [page.say(f"aloud.danger.{key}", minutes=telling.minutes_of(session, message), **values)]
    key = message.key if page.has(f"aloud.said.{message.key}") else "other"
    return [*_noted(page, asked, rows), page.say(f"aloud.said.{key}", **values)]


def warned(page: Page, patient: Patient, begun: Contact) -> Said | None:
    """What to say of a danger in the reason of a call that came in: nobody hangs up unadvised (HZ-01). None: no danger."""
    codes = heard.codes(patient, begun.reason, page.language) if begun.direction == Direction.INCOMING else ()
    if not codes or heard.level_of(codes) is not Level.URGENT:
        return None
    return of_danger(page, patient, dangers.text_for(codes), None, codes)


def of_danger(page: Page, patient: Patient, key: str, within: timedelta | None, what: Sequence[str] = ()) -> Said:
    """The words of a safety text, said aloud: an unknown danger says the emergency number alone. within: until somebody answers."""
    return in_danger(in_language_of(page, patient), patient.service, key, within, what)


def in_danger(spoken: Page, service: Service, key: str, within: timedelta | None, what: Sequence[str] = ()) -> Said:
    """The same to whoever is on the line. spoken: the page in the language that is spoken there."""
    key, values = dangers.in_hours(service, key, within, spoken.now)
    around = frame(spoken, service)
    known = key if spoken.has(f"aloud.danger.{key}") else "urgent_15"
    minutes = values.get("minutes") or (max(1, int(within.total_seconds() // 60)) if within else 1)
    text = spoken.say(f"aloud.danger.{known}", minutes=minutes, sos=around["sos_words"], tel=around["phone"])
    return Said(spoken.language, text, tuple(what))


def _noted(page: Page, asked: Sequence[Question], rows: Mapping[str, AnswerRow]) -> list[str]:
    """What was understood, so that a slip is heard: what is there with its strength, what is not, what is not known."""
    there, absent, unknown = [], [], []
    for question in asked:
        row = rows.get(question.key)
        if row is None or question.kind is Kind.FREE_TEXT:
            continue
        name = _small(asking.name_of(page, question))
        if row.value is None:
            unknown.append(name)
        elif (question.kind, row.value) in ABSENT:
            absent.append(name)
        else:
            there.append(f"{name}, {_small(asking.in_words(page, question, row.value).split(' · ')[-1])}")
    found = (("there", " ; ".join(there)), ("absent", ", ".join(absent)), ("unknown", ", ".join(unknown)))
    return [page.say(f"aloud.noted.{key}", what=what) for key, what in found if what]


def _small(words: str) -> str:
    """Inside a sentence."""
    return words[:1].lower() + words[1:]
