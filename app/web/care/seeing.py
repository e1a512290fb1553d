"""What the engine says of an answer that is being typed: level, rules, and of a danger what to say at once. Nothing is kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.checkins.judging import previewing
from app.checkins.judging.previewing import Preview
from app.checkins.pages import calling as asking_by_telephone
from app.checkins.texts import dangers
from app.people import patients
from app.people.models import Patient
from app.web.care import aloud, calling, sheet, steps
from app.web.coordinator import Typed
from app.web.deps import Id, Reads
from app.web.form import asking
from app.web.patient.prescription import whole
from app.web.render import Page, StaffPage
from app.web.ward.saying import Saying
from triage.questions import Question
from triage.terms import Level, Step

router = APIRouter(prefix="/patients/{patient_id}/call")

SHOWN = 2
"""Rules shown beside a field: the first say why, the side of the page has all of them once the answer is kept."""


@router.post("/seen")
def seen(page: StaffPage, session: Reads, patient_id: Id, values: Typed) -> Response:
    """One question, as typed so far; or words told."""
    page.viewer.require(calling.ABILITY)
    patient = patients.get(session, patient_id, viewer=page.viewer)
    checkin = asking_by_telephone.chosen(session, patient, whole(values.get("checkin", "")) or 0, now=page.now)
    found = calling.questions_on(page, session, patient, checkin, sheet.form_of(session, page, patient))
    by = calling.speaker(patient, values.get("who", ""))
    question = next((one for one in found.asked if one.key == values.get("key", "")), None)
    told = values.get("told") or values.get("words") or ""
    given: dict[str, str | None] = {}
    if question is not None and not told:
        typed = asking.read(page, question, values)
        if typed.errors or not _is_whole(question, values):
            return page.page("care/seen.html", preview=None, errors=list(typed.errors.values()) if _is_whole(question, values) else ())
        given = {question.key: typed.value}
    preview = previewing.preview(session, patient, checkin, given, by=by, now=page.now, told=told)
    return page.page("care/seen.html", errors=(), **_shown(page, session, patient, question, preview))


def _is_whole(question: Question, values: dict[str, str]) -> bool:
    """An empty field is no answer yet."""
    return any(values.get(name, "").strip() for name in ("value", "missed", "extra", "off_day", "stopped"))


def _shown(page: Page, session: Session, patient: Patient, question: Question | None, preview: Preview | None) -> dict[str, Any]:
    if preview is None:
        return {"preview": None}
    level = preview.assessment.level
    fired = steps.highest(preview.assessment.steps)
    return {
        "preview": preview,
        "level": level.word,
        "steps": fired[:SHOWN],
        "score": preview.assessment.scores.get(question.key) if question is not None else None,
        "waits": _waits(page, preview, fired),
        "say": _aloud(page, patient, preview) if level is Level.URGENT else None,
        "saying": Saying(page, preview.protocol),
    }


def _waits(page: Page, preview: Preview, fired: list[Step]) -> list[str]:
    """Red flags that wait for an answer, by the question's name."""
    keys = dict.fromkeys(key for step in preview.assessment.steps if step not in fired for key in step.waits_for)
    return [asking.name_of(page, preview.protocol.questions[key]) for key in keys if key in preview.protocol.questions]


def _aloud(page: Page, patient: Patient, preview: Preview) -> aloud.Said:
    """The same sentence as once the answer is kept."""
    advice = preview.assessment.advice
    wanted = dangers.text_for(preview.dangers) if preview.dangers else advice if advice in dangers.SAFETY else "urgent"
    return aloud.of_danger(page, patient, wanted, preview.assessment.respond_within)
