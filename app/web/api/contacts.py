"""The JSON interface: calls, out and in, with their form. A person makes them, and is named."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, Field, StrictInt
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import contacts
from app.care.contact_models import Contact
from app.checkins.judging import measured, on_call
from app.checkins.models import CheckIn
from app.checkins.pages import noted
from app.checkins.rhythm import home_again
from app.core.errors import FieldErrors
from app.people import members, patients, respondents
from app.people.models import Patient, Staff
from app.people.perimeter import Viewer
from app.web.api.doors import Caller, Id, person, router
from app.web.api.shapes import LARGEST_ID, Body, By, Moment, Text, storable
from app.web.deps import Now, Writes

__all__ = ["router"]

DEEPEST = 5
"""Levels of a form: question, list, line, value, and one to spare."""


def _kept(value: Any, depth: int = 0) -> Any:
    """A form as a database keeps it. Raises ValueError for what one of the two engines would refuse."""
    if depth > DEEPEST:
        raise ValueError("too deep: see app/care/forms.py for the answers of each kind")
    if isinstance(value, dict):
        return {storable(str(key)): _kept(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_kept(one, depth + 1) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("write a number such as 37.2")
    return storable(value) if isinstance(value, str) else value


Form = Annotated[dict[str, Any], AfterValidator(_kept), Field(description="Key of each question → its answer, or {not_asked: why}.")]
Words = Annotated[Text, Field(max_length=4000)]
Named = Annotated[By, Field(min_length=1)]
Number = Annotated[StrictInt, Field(ge=1, le=LARGEST_ID)]
Stamp = Annotated[StrictInt, Field(ge=0, le=LARGEST_ID, description="Of the contact when it was shown; left out, it is not compared.")]


class ContactIn(Body):
    """A call that begins. planned_call_id: the planned call it makes. enrolment_id: whose follow-up; left out, the one that runs."""

    direction: Literal["outgoing", "incoming"]
    caller: Literal["patient", "relative", "gp", "home_nurse", "pharmacist", "other"] = "patient"
    caller_name: Annotated[Text, Field(max_length=200)] = ""
    reason: Words = ""
    channel: Literal["phone", "video", "visit"] = "phone"
    planned_call_id: Number | None = None
    enrolment_id: Number | None = None
    by: Named


class SaveIn(Body):
    """What is filled so far, as typed."""

    form: Form
    stamp: Stamp | None = None
    by: Named


class EndIn(Body):
    """How the call ended. level_1 cites a protocol of the form's list; level_2 names the doctor (a login) and when they were asked.

    next_contact_at: what was agreed, it becomes a planned call. medicines: codes that protocols ask about, of what the patient takes since.
    """

    outcome: Literal["none", "level_1", "level_2"]
    protocol_ref: Annotated[Text, Field(max_length=80)] = ""
    doctor: Annotated[Text, Field(max_length=120)] = ""
    doctor_at: Moment | None = None
    doctor_order: Words = ""
    next_contact_at: Moment | None = None
    medicines: Annotated[list[Annotated[Text, Field(max_length=60)]], Field(max_length=20, default_factory=list)]
    words: Words = ""
    form: Form
    stamp: Stamp | None = None
    by: Named


class ContactOut(BaseModel):
    """A call. by, doctor: logins. seconds: its length, put right or measured. reached: false when nobody answered."""

    id: int
    patient_id: int
    enrolment_id: int | None
    planned_call_id: int | None
    direction: str
    state: str
    caller: str
    caller_name: str
    channel: str
    reason: str
    reached: bool
    started_at: datetime
    ended_at: datetime | None
    seconds: int | None
    form_of: str
    form: dict[str, Any]
    outcome: str
    protocol_ref: str
    doctor: str | None
    doctor_at: datetime | None
    doctor_order: str
    next_contact_at: datetime | None
    words: str
    seen_by_doctor_at: datetime | None
    by: str
    stamp: int


@router.get("/contacts", summary="Calls of a patient")
def list_contacts(
    who: Caller,
    session: Writes,
    now: Now,
    patient: Annotated[int, Query(ge=1, le=LARGEST_ID)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[ContactOut]:
    """Every closed call of a patient, planned or not, latest first. Opening the file is recorded."""
    row = patients.get(session, patient, viewer=who)
    patients.chart_opened(session, row, by=who.actor, now=now, where="api: contacts")
    return [_shown(session, one) for one in contacts.of_patient(session, row.id)[:limit]]


@router.post("/patients/{patient_id}/contacts", status_code=201, summary="Begin a call")
def open_contact(patient_id: Id, body: ContactIn, who: Caller, session: Writes, now: Now) -> ContactOut:
    """The clock starts. The person's own draft for this patient is resumed as it stands. An incoming call is never refused.

    ``reason`` of an incoming call is searched for danger at once: one raises its alert, whatever becomes of the call.
    """
    by = person(session, who, body.by, "make_calls")
    patient = patients.get(session, patient_id, viewer=who)
    given = body.model_dump(exclude={"by"})
    row = contacts.open_call(session, patient, **given, by=by, now=now)
    noted.hear_reason(session, patient, row, written_in=by.language, by=by, now=now)
    return _shown(session, row)


@router.post("/contacts/{contact_id}/save", summary="Keep a call half-way")
def save_contact(contact_id: Id, body: SaveIn, who: Caller, session: Writes, now: Now) -> ContactOut:
    """Keep what is filled so far, as typed: the close judges it. 409 when it was saved from elsewhere since ``stamp``."""
    by = person(session, who, body.by, "make_calls")
    return _shown(session, contacts.save(session, contact_id, body.form, by=by, now=now, stamp=body.stamp))


@router.post("/contacts/{contact_id}/close", summary="Close a call", response_model=ContactOut)
def close_contact(contact_id: Id, body: EndIn, who: Caller, session: Writes, now: Now) -> ContactOut | JSONResponse:
    """End it with its whole form and one outcome. Measures and medicines are kept and judged at once, and may raise an alert.

    A danger written in the form is told like the patient's own words, even when the close is refused. While what was told or measured is
    high or urgent, or an urgent alert is open, the call ends as level_1 or level_2, with ``words``; the alert stays open.
    """
    by = person(session, who, body.by, "make_calls")
    contacts.get(session, contact_id, viewer=who)
    try:
        row = _close(session, contact_id, body, by, now)
    except FieldErrors as refusal:
        session.rollback()  # nothing of the close stands; a danger in it does not wait for the rest
        _tell_dangers(session, contacts.get(session, contact_id, viewer=who), body, by, now)
        # Answered, not raised: what is raised would take the danger back.
        return JSONResponse({"error": str(refusal), "fields": refusal.fields}, refusal.status)
    return _shown(session, row)


def _close(session: Session, contact_id: int, body: EndIn, by: Viewer, now: datetime) -> Contact:
    doctor_id = _doctor(session, by.service_id, body.doctor)
    row = contacts.get(session, contact_id, viewer=by)
    patient = session.get_one(Patient, row.patient_id)
    checkin = _tell_dangers(session, row, body, by, now)
    missing = on_call.unfit(on_call.level(session, patient, checkin, now=now), body.outcome, body.words or body.doctor_order)
    given = body.model_dump(exclude={"by", "doctor"})
    try:
        closed = contacts.close(session, contact_id, **given, doctor_id=doctor_id, by=by, now=now)
    except FieldErrors as refusal:
        raise FieldErrors(missing | refusal.fields) from None  # everything that is missing is said at once
    if missing:
        raise FieldErrors(missing)
    for measure in closed.measures:
        measured.judge(session, patient, measure, now=now)
    for medicine in closed.medicines:
        measured.judge_medicine(session, patient, medicine, now=now)
    if late := on_call.unfit(on_call.level(session, patient, checkin, now=now), body.outcome, "judged above"):
        raise FieldErrors(late)  # a value of the form is grave: nothing cannot be its end either
    on_call.link(session, patient, closed.contact, by=by, now=now)
    home_again.called(session, closed.contact, by=by.actor, now=now)
    return closed.contact


def _tell_dangers(session: Session, row: Contact, body: EndIn, by: Viewer, now: datetime) -> CheckIn | None:
    """The check-in in which what was told stands, if there is one. The patient's own words come with the form alone: searched too."""
    patient = session.get_one(Patient, row.patient_id)
    checkin = session.get(CheckIn, row.checkin_id) if row.checkin_id else None
    found = noted.alarming(patient, row, body.form, written_in=by.language)
    return noted.tell(session, patient, row, found, body.form, checkin, speaker=respondents.may_speak(patient)[0], by=by, now=now)


def _doctor(session: Session, service_id: int | None, login: str) -> int | None:
    if not login:
        return None
    found = session.scalar(select(Staff.id).where(Staff.login == login.lower(), members.belongs(service_id)))
    if found is None:
        raise FieldErrors({"doctor": "Nobody of this service has this login."})
    return found


def _shown(session: Session, row: Contact) -> ContactOut:
    doctor = session.get(Staff, row.doctor_id) if row.doctor_id else None
    told = {name: getattr(row, name) for name in ContactOut.model_fields if name not in ("by", "doctor")}
    return ContactOut(**told, by=session.get_one(Staff, row.by_id).login, doctor=doctor.login if doctor else None)
