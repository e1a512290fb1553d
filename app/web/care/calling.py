"""The questions by telephone: a nurse asks, each answer is kept as it is given, with who gave it and who asked (FR-32).

Nothing is sent to another page before it is saved: a call cut short, or taken up by a colleague, loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.care.document import Form
from app.checkins import answers
from app.checkins.judging import on_call
from app.checkins.models import CheckIn
from app.checkins.pages import as_typed, calling, filling
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound, Refusal
from app.messaging import pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import patients, respondents
from app.people.models import Patient
from app.people.respondents import NewRespondent
from app.web.care import aloud, lines, missing, outcome, sheet, steps, voices
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.form import asking
from app.web.form.visit import undeclared
from app.web.patient import chart_data
from app.web.patient.chart_data import Contact
from app.web.patient.prescription import whole
from app.web.patient.speakers import Speakers
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Level

router = APIRouter()

ABILITY = "act_on_alerts"
"""Whoever may treat an alert may ask: the answers may raise one while the patient is on the line. A secretary may not."""

MOST_NUMBERS = 3
"""Numbers beside the emergency's in the head of a page that must leave room for the questions (house rule, 2026-11-22)."""

Who = Annotated[str, Query(max_length=40)]
Place = Annotated[str, Query(max_length=60)]


@dataclass(frozen=True)
class Found:
    """What is asked on this page, by which rules, and what is answered already."""

    protocol: Protocol | None
    asked: Sequence[Question]
    said: Mapping[str, Answer]


def questions_on(page: Page, session: Session, patient: Patient, checkin: CheckIn | None, form: Form | None) -> Found:
    """The questions of the check-in, then those that the form of a call asks each time."""
    protocol, asked = calling.questions_of(session, patient, checkin, now=page.now)
    said = filling.said_of(session, checkin) if checkin is not None and checkin.opened_at is not None else {}
    return Found(protocol, sheet.asked_too(asked, protocol, form), said)


@router.get("/patients/{patient_id}/call")
def show(page: StaffPage, session: Reads, patient_id: Id, checkin: int = 0, who: Who = "", at: Place = "") -> Response:
    """The questions of the check-in under way, of today's, or of the day's own; looking opens nothing."""
    page.viewer.require(ABILITY)
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "call")
    begun = sheet.draft(session, page, patient)
    named = checkin or (begun.checkin_id if begun is not None else 0) or 0
    return _page(page, session, patient, calling.chosen(session, patient, named, now=page.now), who, at=at)


@router.post("/patients/{patient_id}/call/{act}")
def change(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """One answer, some words, another person, or the end; or the same page with a sentence beside what cannot stand."""
    page.viewer.require(ABILITY)
    patient = patients.get(session, patient_id, viewer=page.viewer)
    if act not in _ACTS:
        raise NotFound("This page")
    named = whole(values.get("checkin", "")) or 0
    try:
        if act in TYPED and taken_away(session, patient, values):
            where = {"checkin": named, "who": values.get("who", "")}
        else:
            where = _ACTS[act](page, session, patient, calling.chosen(session, patient, named, now=page.now), values)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        if act in TYPED and "who" not in told:
            leave(page, session, patient_id, values)
        return again(page, session, patient_id, values, told)
    return page.go(f"/patients/{patient.id}/call?{urlencode(where)}")


def leave(page: Page, session: Session, patient_id: int, values: Mapping[str, str]) -> None:
    """What cannot be an answer is kept as typed, and stands beside its question when the page is opened again."""
    patient = patients.get(session, patient_id, viewer=page.viewer)
    key, by = values.get("key") or as_typed.TOLD, speaker(patient, values.get("who", ""))
    if typed := lines.fields_of(values):
        as_typed.keep(session, patient, key, typed, by=by, now=page.now)
    else:
        as_typed.forget(session, patient, key, by=by)


def taken_away(session: Session, patient: Patient, values: Mapping[str, str]) -> bool:
    """Was what could not stand taken out of its field, and nothing pressed? Then nothing is left of it, and nothing was answered."""
    if lines.fields_of(values) or values.get("cannot") or values.get("next"):
        return False
    return as_typed.forget(session, patient, values.get("key") or as_typed.TOLD, by=speaker(patient, values.get("who", "")))


def again(page: Page, session: Session, patient_id: int, values: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    """The same page with a sentence beside what cannot stand, and everything typed still there."""
    patient = patients.get(session, patient_id, viewer=page.viewer)
    found = calling.chosen(session, patient, whole(values.get("checkin", "")) or 0, now=page.now)
    return _page(page, session, patient, found, values.get("who", ""), at=values.get("key", ""), values=values, errors=errors)


# --- Acts ---------------------------------------------------------------------------------------------------------------------------


def speaker(patient: Patient, who: str) -> Actor:
    """The patient or one of the people around, declared or not, as the page names them. Raises FieldErrors for anybody else."""
    for actor in (*respondents.may_speak(patient), undeclared(patient)):
        if str(actor) == who:
            return actor
    raise FieldErrors({"who": "Choose who answers: the patient or a relative."})


def _answer(page: Page, session: Session, patient: Patient, checkin: CheckIn | None, values: dict[str, str]) -> dict[str, Any]:
    by, key = speaker(patient, values.get("who", "")), values.get("key", "")
    found = questions_on(page, session, patient, checkin, sheet.form_of(session, page, patient))
    question = next((one for one in found.asked if one.key == key), None)
    if question is None:
        raise NotFound("This question")
    typed = asking.read(page, question, values)
    if typed.errors:
        raise FieldErrors({name: str(said) for name, said in typed.errors.items()})
    begun = calling.begin(session, patient, checkin, by=by, now=page.now)
    sheet.carry(session, page, patient, begun)
    as_typed.forget(session, patient, key, by=by)
    before, _ = calling.told(session, begun)
    if typed.words:
        _keep_words(page, session, patient, begun, by, typed.words)
    else:
        filling.answer(session, begun, key, typed.value, by=by, source=pages.CALL, now=page.now, asked_by=page.viewer.actor)
    return {"checkin": begun.id, "who": str(by), "at": _next(session, begun, before, key)}


def _next(session: Session, checkin: CheckIn, before: Message | None, at: str) -> str:
    """Where the keyboard goes: to a danger that was not told before, else on from ``at``."""
    say, _ = calling.told(session, checkin)
    is_new = say is not None and say.purpose == Purpose.SAFETY and (before is None or before.id != say.id)
    return "say" if is_new else at


def _keep_words(page: Page, session: Session, patient: Patient, checkin: CheckIn, by: Actor, words: str) -> None:
    asker = page.viewer.actor
    filling.words(session, patient, words, by=by, source=pages.CALL, now=page.now, checkin=checkin, asked_by=asker)


def _words(page: Page, session: Session, patient: Patient, checkin: CheckIn | None, values: dict[str, str]) -> dict[str, Any]:
    """What was said besides: kept as it is, scanned for danger, read by the same reader."""
    by, words = speaker(patient, values.get("who", "")), values.get("told", "").strip()
    if not words:
        raise FieldErrors({"told": "Write what was said."})
    if len(words) > asking.LONGEST:
        raise FieldErrors({"told": "This is too long for once. Keep the most important first, then the rest."})
    begun = calling.begin(session, patient, checkin, by=by, now=page.now)
    as_typed.forget(session, patient, as_typed.TOLD, by=by)
    before, _ = calling.told(session, begun)
    _keep_words(page, session, patient, begun, by, words)
    return {"checkin": begun.id, "who": str(by), "at": _next(session, begun, before, "told")}


def _person(page: Page, session: Session, patient: Patient, checkin: CheckIn | None, values: dict[str, str]) -> dict[str, Any]:
    """Somebody else answers: named and on record from now on, so that the answers say who it was."""
    new = NewRespondent(name=values.get("name", ""), relation=values.get("relation", ""))
    fiction = not page.tools.settings.is_production
    row = respondents.declare(session, patient, new, by=page.viewer.actor, now=page.now, allow_fiction=fiction)
    return {"checkin": checkin.id if checkin else 0, "who": f"respondent:{row.id}"}


def _finish(page: Page, session: Session, patient: Patient, checkin: CheckIn | None, values: dict[str, str]) -> dict[str, Any]:
    by = speaker(patient, values.get("who", ""))
    if checkin is None or not answers.current(session, checkin.id):
        raise FieldErrors({"nothing": "No answer is noted yet: there is nothing to finish. Note one answer, or leave: nothing changes."})
    if not values.get("sure") and checkin.closed_at is None and calling.unanswered(session, checkin):
        raise FieldErrors({"finish": "Questions are without an answer: they would be kept as not asked. Ask them, or finish all the same."})
    calling.finish(session, checkin, by=by, asker=page.viewer, now=page.now)
    return {"checkin": checkin.id, "who": str(by), "at": "say"}


TYPED = ("answer", "words")
"""Acts that keep what was typed for one question."""

_ACTS = {"answer": _answer, "words": _words, "person": _person, "finish": _finish}


# --- The page -----------------------------------------------------------------------------------------------------------------------


def _page(
    page: Page,
    session: Session,
    patient: Patient,
    checkin: CheckIn | None,
    who: str,
    *,
    at: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    begun = sheet.draft(session, page, patient)
    people = voices.of(patient, begun)
    by = next((actor for actor in people if str(actor) == who), people[0])
    found = questions_on(page, session, patient, checkin, sheet.form_of(session, page, patient))
    protocol, asked = found.protocol, found.asked
    row = calling.so_far(session, checkin) if checkin else None
    say, advice = calling.told(session, checkin) if checkin else (None, None)
    spoken = aloud.in_language_of(page, patient)
    left = as_typed.of(session, patient, by=by, now=page.now, begun=begun.started_at if begun else None)
    typed = lines.Typed(values or {}, errors or {}, left)
    return page.page(
        "calling.html",
        422 if errors else 200,
        patient=patient,
        p=patient,
        checkin=checkin,
        people=people,
        usual=voices.usual(patient),
        by=by,
        at=at,
        lines=lines.of(page, session, checkin, protocol, asked, by, at, typed),
        typed=typed,
        heard=voices.words(session, patient, begun, checkin),
        warned=aloud.warned(page, patient, begun) if begun else None,
        row=row,
        steps=steps.fired(row.result) if row else (),
        say=say,
        advice=advice,
        opening=aloud.opening(page, patient, by, len(asked), begun),
        spoken=spoken.language,
        to_say=aloud.sentences(spoken, session, patient, say, asked, answers.current(session, checkin.id)) if say and checkin else (),
        left=[asking.name_of(page, question) for question in calling.unanswered(session, checkin)] if checkin else (),
        is_danger=say is not None and say.purpose == Purpose.SAFETY,
        numbers=_numbers(session, patient, page),
        treatment=chart_data.treatment_of(session, patient, page.now),
        waiting=calling.waiting_for(session, checkin) if checkin else (),
        saying=Saying(page, protocol),
        sheet=(call := sheet.of(page, session, patient, asked, found.said, protocol)),
        concluded=outcome.kept(page, patient, call.contact) if call.contact is not None else {},
        grave=(grave := on_call.level(session, patient, checkin, now=page.now)),
        alert=on_call.open_alert(session, patient),
        is_handled=row is not None and grave < Level.HIGH <= Level.of(row.level),
        title_of=sheet.title_of,
        missing=missing.of(page, call, asked, errors) if errors and "contact" in (values or {}) else (),
        speakers=Speakers(page, session, patient),
        values=values or {},
        errors=errors or {},
    )


def _numbers(session: Session, patient: Patient, page: Page) -> list[Contact]:
    """Whom to ring from this page: the first three, and always the emergency number, however many telephones the family has."""
    contacts = chart_data.contacts_of(session, patient, page.now)
    others = [one for one in contacts if one.role != "emergency"]
    return [*others[:MOST_NUMBERS], *(one for one in contacts if one.role == "emergency")]
