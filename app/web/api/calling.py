"""The JSON interface: answers to a check-in's questions, given by telephone and entered by a program in a person's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import answers
from app.checkins.models import CheckIn
from app.checkins.pages import calling, filling
from app.core.audit import Actor
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal
from app.messaging import pages
from app.people import patients, respondents
from app.people.models import Patient
from app.people.perimeter import Viewer
from app.web.api import views
from app.web.api.doors import Caller, Id, person, router
from app.web.api.shapes import LARGEST_ID, Body, By, CheckInOut, Text
from app.web.care import aloud
from app.web.deps import Now, Writes
from app.web.render import AnyPage, Page

__all__ = ["router"]


class AnswerIn(Body):
    """One answer, as the reply codebook writes it; null: asked, and not known. Keys: `vigie protocols show SLUG --json`."""

    key: Annotated[Text, Field(min_length=1, max_length=60)]
    value: Annotated[Text, Field(min_length=1, max_length=120)] | None


class AnswersIn(Body):
    """What was said. said_by: "patient", or the number of one of its respondents. asked_by: the login of whoever asked.

    words: what was said besides, kept as it is and searched for danger. finish: close the check-in.
    """

    said_by: Annotated[int, Field(ge=1, le=LARGEST_ID)] | Annotated[Text, Field(pattern="^patient$")] = "patient"
    asked_by: Annotated[By, Field(min_length=1)]
    answers: list[AnswerIn] = Field(default_factory=list, max_length=60)
    words: Annotated[Text, Field(max_length=4000)] = ""
    finish: bool = False


class AnsweredOut(BaseModel):
    """Where the check-in stands. level: of the last judgement. say: what must be said aloud now, as a nurse says it. urgent: a danger."""

    checkin: CheckInOut
    level: str
    urgent: bool
    say: str
    alert_id: int | None


@router.post("/checkins/{checkin_id}/answers", summary="Record answers given by telephone")
def record_answers(checkin_id: Id, body: AnswersIn, who: Caller, page: AnyPage, session: Writes, now: Now) -> AnsweredOut:
    """Each answer is stored and judged in its turn, like a text; a danger raises its alert and sends the safety text at once.

    All or nothing: when one cannot stand, none is kept. The same answers again change nothing.
    """
    asker = person(session, who, body.asked_by, "act_on_alerts")
    patient, checkin = _checkin(session, checkin_id, who)
    by = _speaker(patient, body.said_by)
    if not calling.may_fill(checkin, patient, now=now):
        raise Conflict("This check-in is {state}: it takes no more answers.", state=checkin.state)
    checkin = calling.begin(session, patient, checkin, by=by, now=now)
    if body.words:
        filling.words(session, patient, body.words, by=by, source=pages.CALL, now=now, checkin=checkin, asked_by=asker.actor)
    for one in body.answers:
        try:
            filling.answer(session, checkin, one.key, one.value, by=by, source=pages.CALL, now=now, asked_by=asker.actor)
        except Refusal as refusal:  # named by its question: a caller sends many at once
            raise FieldErrors({f"answers.{one.key}": str(refusal)}) from refusal
    if body.finish:
        calling.finish(session, checkin, by=by, asker=asker, now=now)
    return _answered(page, session, patient, checkin)


def _checkin(session: Session, checkin_id: int, who: Viewer) -> tuple[Patient, CheckIn]:
    """The check-in and its patient, in the caller's perimeter. Raises NotFound."""
    checkin = session.scalar(select(CheckIn).where(CheckIn.id == checkin_id))
    if checkin is None:
        raise NotFound("This check-in")
    return patients.get(session, checkin.patient_id, viewer=who), checkin


def _speaker(patient: Patient, said_by: int | str) -> Actor:
    named = f"patient:{patient.id}" if said_by == "patient" else f"respondent:{said_by}"
    for actor in respondents.may_speak(patient):
        if str(actor) == named:
            return actor
    raise FieldErrors({"said_by": "Nobody around this patient has this number."})


def _answered(page: Page, session: Session, patient: Patient, checkin: CheckIn) -> AnsweredOut:
    row = calling.so_far(session, checkin)
    say, _ = calling.told(session, checkin)
    spoken = aloud.in_language_of(replace(page, language=patient.service.language), patient)
    _, asked = calling.questions_of(session, patient, checkin, now=page.now)
    aloud_now = aloud.sentences(spoken, session, patient, say, asked, answers.current(session, checkin.id)) if say else []
    return AnsweredOut(
        checkin=views.checkin(checkin),
        level=row.level if row else "none",
        urgent=say is not None and say.purpose == "safety",
        say=" ".join(aloud_now),
        alert_id=say.alert_id if say else None,
    )
