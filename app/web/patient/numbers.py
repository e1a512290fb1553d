"""The telephone numbers of one patient: how each stands, the code that comes back, another number; who writes from an unknown one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins.texts import verifying
from app.core.errors import FieldErrors, NotFound, Refusal
from app.messaging.models import Message
from app.people import numbers, patients, respondents
from app.people.models import Patient, Respondent
from app.people.telephones import is_landline
from app.web.coordinator import Id, Typed
from app.web.deps import Reads, Writes
from app.web.patient import enrolment, prescription
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened

router = APIRouter()

SENT, ENOUGH, DROPPED, UNREAD, TAKEN = "sent", "enough", "dropped", "unread", "taken"
LANDLINE = "landline"
SAID = (
    verifying.CONFIRMED,
    verifying.WRONG,
    verifying.USED_UP,
    verifying.LATE,
    verifying.NONE,
    verifying.OLD,
    SENT,
    ENOUGH,
    DROPPED,
    UNREAD,
    TAKEN,
    LANDLINE,
)
"""What a page may say of the act before it; the word stands in the address, the code never."""

TaskQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/patients/{patient_id}/number")
def show(page: StaffPage, session: Reads, patient_id: Id, said: str = "", task: TaskQuery = None) -> Response:
    """Each number with how it stands; with the right to enrol, the code to type and the number to change.

    task: a text from an unknown number, which may be this patient's new one.
    """
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "number")
    written = _writer(session, tasks.get(session, task, viewer=page.viewer)) if task else ""
    return _page(page, session, patient, {"number": written}, {}, said=said)


@router.post("/patients/{patient_id}/number/change")
def change(page: StaffPage, session: Writes, patient_id: Id, values: Typed) -> Response:
    """A code leaves for the new number, or the same page with a sentence beside each field."""
    page.viewer.require("enrol")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    try:
        reason = enrolment.kept(values.get("reason", ""), "reason")
        check = verifying.change(
            session,
            patient,
            values.get("number", ""),
            reason=reason,
            shared=bool(values.get("shared")),
            by_call=bool(values.get("by_call")),
            by=page.viewer.actor,
            now=page.now,
            allow_fiction=not page.tools.settings.is_production,
        )
    except FieldErrors as refusal:
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        return _page(page, session, patient, values, page.field_errors(refusal))
    taken = LANDLINE if is_landline(check.number) else TAKEN
    return page.go(f"/patients/{patient.id}/number?said={taken if check.confirmed_at else SENT}")


@router.post("/patients/{patient_id}/number/{act}")
def act(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """A code typed, a new one asked for, a change given up; then back to the page it was done on, which says what became of it."""
    if act not in _ACTS:
        raise NotFound("This page")
    page.viewer.require("enrol")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    number = prescription.whole(values.get("respondent", ""))
    respondent = respondents.get(session, patient, number) if number else None
    said = _ACTS[act](session, page, patient, respondent, values)
    back = "enrolled" if values.get("back") == "enrolled" else "number"
    return page.go(f"/patients/{patient.id}/{back}?said={said}")


def _code(session: Session, page: Page, patient: Patient, respondent: Respondent | None, values: dict[str, str]) -> str:
    return verifying.confirm(session, patient, values.get("code", ""), by=page.viewer.actor, now=page.now, respondent=respondent)


def _again(session: Session, page: Page, patient: Patient, respondent: Respondent | None, _values: dict[str, str]) -> str:
    """A new code for the number whose code is out, else for the one of the file."""
    out = numbers.live(session, patient, respondent, now=page.now)
    to = out.number if out else (respondent or patient).phone
    if not numbers.takes_a_code(patient, to):
        return LANDLINE if is_landline(to) else UNREAD
    purpose, number, reason = (numbers.Purpose(out.purpose), out.number, out.reason) if out else (numbers.Purpose.ENROLMENT, "", "")
    if purpose is numbers.Purpose.RENEWAL:
        purpose = numbers.Purpose.ENROLMENT  # asked for by a person, who waits for it: it leaves at once
    try:
        verifying.ask(
            session, patient, by=page.viewer.actor, now=page.now, respondent=respondent, purpose=purpose, number=number, reason=reason
        )
    except Refusal:
        session.rollback()
        return ENOUGH
    return SENT


def _drop(session: Session, page: Page, patient: Patient, respondent: Respondent | None, _values: dict[str, str]) -> str:
    out = numbers.live(session, patient, respondent, now=page.now)
    if out is None or out.purpose != numbers.Purpose.CHANGE:
        return verifying.NONE
    numbers.drop(session, patient, respondent, now=page.now)
    numbers.note(session, patient, out, "number.change_dropped", by=page.viewer.actor, now=page.now)
    return DROPPED


_ACTS: dict[str, Callable[[Session, Page, Patient, Respondent | None, dict[str, str]], str]] = {
    "code": _code,
    "again": _again,
    "drop": _drop,
}


def _page(page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str], *, said: str = "") -> Response:
    fiction = not page.tools.settings.is_production
    return page.page(
        "number.html",
        422 if errors else 200,
        patient=patient,
        held=numbers.held(session, patient, now=page.now),
        said=said if said in SAID else "",
        may_change=page.viewer.may("enrol"),
        taken=enrolment.is_held(session, patient.service, {"phone": values.get("number", "")}, allow_fiction=fiction),
        landline=enrolment.is_landline(patient.service, {"phone": values.get("number", "")}, allow_fiction=fiction),
        values=values,
        errors=errors,
    )


# --- A text from an unknown number --------------------------------------------------------------------------------------------------


@router.get("/tasks/{task_id}/whose")
def whose(page: StaffPage, session: Reads, task_id: Id) -> Response:
    """Somebody writes from a number nobody has: a patient with a new telephone? The search keeps the number out of the address."""
    return _whose(page, session, task_id, "")


@router.post("/tasks/{task_id}/whose")
def search(page: StaffPage, session: Reads, task_id: Id, q: Annotated[str, Form(max_length=200)] = "") -> Response:
    """The patients found, each with the way to their number."""
    return _whose(page, session, task_id, q)


def _writer(session: Session, task: Task) -> str:
    """The number that wrote the text of a task; "" when the task is about no text."""
    message = session.get(Message, task.message_id) if task.message_id else None
    return message.address if message else ""


def _whose(page: Page, session: Session, task_id: int, q: str) -> Response:
    page.viewer.require("enrol")
    task = tasks.get(session, task_id, viewer=page.viewer)
    if task.kind != "unknown_number":
        raise NotFound("This page")
    words = q.strip()
    found = patients.search(session, words, viewer=page.viewer) if words else []
    return page.page("whose.html", task=task, number=_writer(session, task), words=words, found=found)
