"""How one patient is reached: who answers, who else is around, languages, interpreter, order of the channels, hour of the questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.checkins.rhythm import agenda
from app.checkins.texts import verifying
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import patients, respondents
from app.people.models import Patient
from app.people.respondents import NewRespondent, Reach
from app.web.coordinator import Id, Typed
from app.web.deps import Reads, Writes
from app.web.patient import prescription
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened

router = APIRouter()

PLACES = ("first", "second", "third")


@router.get("/patients/{patient_id}/reach")
def show(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """What is on record; with the right to enrol, what may be changed."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "reach")
    return _page(page, patient, {}, {})


@router.post("/patients/{patient_id}/reach/{act}")
def change(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """One act, or the same page with a sentence beside each field and everything typed still there."""
    if act not in _ACTS:
        raise NotFound("This page")
    page.viewer.require("enrol")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    try:
        _ACTS[act](session, page, patient, values)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        form = f"{act}_{values['id']}" if act == "change" and values.get("id") else act
        typed = {f"{form}_{name}": text for name, text in values.items()}
        return _page(page, patient, {"form": form, **typed}, {f"{form}_{name}": said for name, said in told.items()})
    return page.go(f"/patients/{patient.id}/reach")


def _new(values: Mapping[str, str]) -> NewRespondent:
    return NewRespondent(
        name=values.get("name", ""),
        relation=values.get("relation", ""),
        phone=values.get("phone", ""),
        told_of_silence=bool(values.get("told_of_silence")),
        language=values.get("language", ""),
    )


def _declare(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    fiction = not page.tools.settings.is_production
    respondents.declare(session, patient, _new(values), by=page.viewer.actor, now=page.now, allow_fiction=fiction)
    verifying.ask_all(session, patient, by=page.viewer.actor, now=page.now)


def _change(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    number, fiction = prescription.whole(values.get("id", "")) or 0, not page.tools.settings.is_production
    left = respondents.get(session, patient, number).phone
    row = respondents.change(session, patient, number, _new(values), by=page.viewer.actor, now=page.now, allow_fiction=fiction)
    if row.phone != left:
        verifying.relative_moved(session, patient, row, left, by=page.viewer.actor, now=page.now)


def _remove(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    respondents.remove(session, patient, prescription.whole(values.get("id", "")) or 0, by=page.viewer.actor, now=page.now)


def _answers(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    """Who gets the questions: the patient, or one of the people around."""
    who = values.get("who", "")
    number = prescription.whole(who)
    if who != "patient" and number is None:
        raise FieldErrors({"who": "Choose who answers: the patient or a relative."})
    respondents.answered_by(session, patient, number, by=page.viewer.actor, now=page.now)
    verifying.ask_all(session, patient, by=page.viewer.actor, now=page.now)


def _way(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    """Languages, interpreter, channels, hour; the plan is made anew when the hour moves."""
    languages = tuple(language for language in patients.LANGUAGES if values.get(f"reads_{language}"))
    channels = tuple(values[place] for place in PLACES if values.get(place))
    new = Reach(
        language=values.get("language", ""),
        also_reads=languages,
        interpreter=values.get("interpreter", ""),
        channels=() if channels == respondents.CHANNELS else channels,
        check_in_hour=prescription.whole(values.get("check_in_hour", "")) or 0,
    )
    if respondents.reach(session, patient, new, by=page.viewer.actor, now=page.now):
        agenda.replan_patient(session, patient, now=page.now)


_ACTS: dict[str, Callable[[Session, Page, Patient, dict[str, str]], None]] = {
    "declare": _declare,
    "change": _change,
    "remove": _remove,
    "answers": _answers,
    "way": _way,
}


def _page(page: Page, patient: Patient, values: dict[str, str], errors: dict[str, str]) -> Response:
    return page.page(
        "reach.html",
        422 if errors else 200,
        patient=patient,
        may_change=page.viewer.may("enrol"),
        texts_in=patients.LANGUAGES,
        reads=patients.READS,
        channels=respondents.CHANNELS,
        places=PLACES,
        order=patient.channels or list(respondents.CHANNELS),
        hours=range(respondents.FIRST_HOUR, respondents.LAST_HOUR + 1),
        values=values,
        errors=errors,
    )
