"""What a nurse does on the call sheet: begin, keep, take over, close; and what the engine says while she types.

The questions themselves are answered in ../calling.py; this file keeps what stands around them, and ends the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from app.care import closing, contacts
from app.care.contact_models import Contact, Direction
from app.checkins import answers
from app.checkins.judging import measured, on_call
from app.checkins.models import CheckIn
from app.checkins.pages import as_typed, noted
from app.checkins.pages import calling as asking_by_telephone
from app.checkins.rhythm import home_again
from app.core.errors import FieldErrors, NotFound
from app.people import patients
from app.people.models import Patient
from app.web.care import calling, missing, outcome, sheet, voices
from app.web.coordinator import Typed
from app.web.deps import Id, Writes
from app.web.patient.prescription import whole
from app.web.render import Page, StaffPage
from app.web.ward.saying import Saying

router = APIRouter(prefix="/patients/{patient_id}/call")

ABILITY = "make_calls"


async def fields(request: Request) -> FormData:
    """Every field as typed, several of one name included."""
    return await request.form()


Fields = Annotated[FormData, Depends(fields)]


@router.post("/begin")
def begin(page: StaffPage, session: Writes, patient_id: Id, values: Typed) -> Response:
    """The clock starts: a planned call, one that was not planned, or somebody who telephones us."""
    patient = _patient(page, session, patient_id)
    checkin = asking_by_telephone.to_ask(session, patient, now=page.now)
    try:
        contact = contacts.open_call(
            session,
            patient,
            direction=values.get("direction", Direction.OUTGOING),
            caller=values.get("caller") or voices.usual(patient),
            caller_name=values.get("caller_name", ""),
            caller_number=values.get("number", ""),
            reason=values.get("reason", ""),
            planned_call_id=whole(values.get("call", "")),
            checkin_id=checkin.id if checkin else None,
            by=page.viewer,
            now=page.now,
        )
    except FieldErrors as refusal:
        session.rollback()
        return calling.again(page, session, patient_id, values, page.field_errors(refusal))
    noted.hear_reason(session, patient, contact, written_in=page.language, by=page.viewer, now=page.now)
    return page.go(f"/patients/{patient_id}/call")


@router.post("/take-over")
def take_over(page: StaffPage, session: Writes, patient_id: Id, values: Typed) -> Response:
    """A colleague's half-filled sheet becomes one's own, as it stands."""
    _patient(page, session, patient_id)
    contacts.take_over(session, whole(values.get("contact", "")) or 0, by=page.viewer, now=page.now)
    return page.go(f"/patients/{patient_id}/call")


@router.post("/save")
def save(page: StaffPage, session: Writes, patient_id: Id, values: Fields) -> Response:
    """Keep the sheet half-way, by itself while typing or by the button; nothing is judged as missing."""
    patient, contact = _sheet(page, session, patient_id, values)
    form = _read(page, session, patient, contact, values)
    contacts.save(session, contact.id, form, by=page.viewer, now=page.now, stamp=_stamp(values))
    outcome.keep(page, patient, contact, values)
    if not page.is_fragment or values.get("leaving"):  # whoever leaves the page may not come back: a danger in a note rings now
        _tell_dangers(page, session, patient, contact, _checkin(page, session, patient, contact, values), values)
    if page.is_fragment:
        alarming = sheet.alarming(page, patient, contact).values()
        dangers = [code for codes in alarming for code in codes]
        return page.page("care/kept.html", contact=contact, dangers=dangers, saying=Saying(page, None))
    return page.go(f"/patients/{patient_id}/call")


@router.post("/unreached")
def unreached(page: StaffPage, session: Writes, patient_id: Id, values: Fields) -> Response:
    """Nobody answered: the attempt is kept, the planned call stays to be made."""
    _, contact = _sheet(page, session, patient_id, values)
    contacts.not_reached(session, contact.id, by=page.viewer, now=page.now)
    return page.go(_next(contact))


@router.post("/close")
def close(page: StaffPage, session: Writes, patient_id: Id, values: Fields) -> Response:
    """End the call with its outcome; or the same page with a sentence beside each thing, and everything typed kept."""
    patient, contact = _sheet(page, session, patient_id, values)
    form, where = _read(page, session, patient, contact, values), _next(contact)
    try:
        contacts.save(session, contact.id, form, by=page.viewer, now=page.now, stamp=_stamp(values))
        _close(page, session, patient, contact, values, form)
    except FieldErrors as refusal:
        told = page.field_errors(refusal)
        session.rollback()  # nothing of the close stands; what was typed does, and a danger in it does not wait for the rest
        contacts.save(session, contact.id, form, by=page.viewer, now=page.now, stamp=_stamp(values))
        outcome.keep(page, patient, contact, values)
        if "who" not in told:
            _tell_dangers(page, session, patient, contact, _checkin(page, session, patient, contact, values), values)
        return calling.again(page, session, patient_id, _plain(values), told)
    return page.go(where)


# --- Under the doors ----------------------------------------------------------------------------------------------------------------


def _close(page: Page, session: Session, patient: Patient, contact: Contact, values: FormData, form: Mapping[str, Any]) -> None:
    """The answers first, then the call: what a closed sheet tells has been judged. Everything that is wanting is said at once."""
    checkin = _checkin(page, session, patient, contact, values)
    wanting = _left_as_typed(page, session, patient, contact, checkin, values)
    if checkin is not None and checkin.closed_at is None and answers.current(session, checkin.id):
        if not values.get("sure") and asking_by_telephone.unanswered(session, checkin):
            wanting["finish"] = "Questions are without an answer: they would be kept as not asked. Ask them, or finish all the same."
        else:
            by = calling.speaker(patient, _text(values, "who"))
            asking_by_telephone.finish(session, checkin, by=by, asker=page.viewer, now=page.now)
    said, half = outcome.read(page, patient, values)
    checkin = _tell_dangers(page, session, patient, contact, checkin, values)
    wanting |= half | on_call.unfit(
        on_call.level(session, patient, checkin, now=page.now), said["outcome"], said["words"] or said["doctor_order"]
    )
    try:
        closed = closing.close(session, contact.id, form=form, by=page.viewer, now=page.now, **said)
    except FieldErrors as refusal:
        raise FieldErrors(wanting | refusal.fields) from None
    if wanting:
        raise FieldErrors(wanting)
    for measure in closed.measures:
        if measure.kind not in sheet.ASKED_BY or f"f-{measure.kind}" in values:  # an answer was judged when it was given
            measured.judge(session, patient, measure, now=page.now)
    for medicine in closed.medicines:
        measured.judge_medicine(session, patient, medicine, now=page.now)
    if late := on_call.unfit(on_call.level(session, patient, checkin, now=page.now), said["outcome"], "judged above"):
        raise FieldErrors(late)  # a value noted on the sheet is grave: nothing cannot be its end either
    on_call.link(session, patient, contact, by=page.viewer, now=page.now)
    home_again.called(session, contact, by=page.viewer.actor, now=page.now)
    outcome.follow(page, session, patient, contact, checkin, _text(values, "doctor_question"))


def _left_as_typed(
    page: Page, session: Session, patient: Patient, contact: Contact, checkin: CheckIn | None, values: FormData
) -> dict[str, str]:
    """What was typed for a question and cannot be its answer stands in the way of the close until it is put right or taken away."""
    speaker = calling.speaker(patient, _text(values, "who"))
    typed = as_typed.of(session, patient, by=speaker, now=page.now, begun=contact.started_at)
    return missing.left(page, calling.questions_on(page, session, patient, checkin, contacts.form_of(contact)).asked, typed)


def _tell_dangers(
    page: Page, session: Session, patient: Patient, contact: Contact, checkin: CheckIn | None, values: FormData
) -> CheckIn | None:
    """A danger written in a note is told like the patient's own words: alert and safety text, whatever field it stands in."""
    speaker, found = calling.speaker(patient, str(values.get("who", ""))), sheet.alarming(page, patient, contact)
    return noted.tell(session, patient, contact, found, contact.form, checkin, speaker=speaker, by=page.viewer, now=page.now)


def _patient(page: Page, session: Session, patient_id: int) -> Patient:
    page.viewer.require(ABILITY)
    return patients.get(session, patient_id, viewer=page.viewer)


def _sheet(page: Page, session: Session, patient_id: int, values: FormData) -> tuple[Patient, Contact]:
    """The patient, and the sheet the page holds. Raises NotFound for one of another patient."""
    patient = _patient(page, session, patient_id)
    contact = contacts.get(session, whole(_text(values, "contact")) or 0, viewer=page.viewer)
    if contact.patient_id != patient.id:
        raise NotFound("This call")
    return patient, contact


def _read(page: Page, session: Session, patient: Patient, contact: Contact, values: FormData) -> dict[str, Any]:
    checkin = _checkin(page, session, patient, contact, values)
    found = calling.questions_on(page, session, patient, checkin, contacts.form_of(contact))
    return sheet.read(page, session, contact, values, found.asked, found.said)


def _checkin(page: Page, session: Session, patient: Patient, contact: Contact, values: FormData) -> CheckIn | None:
    named = whole(_text(values, "checkin")) or contact.checkin_id or 0
    return asking_by_telephone.chosen(session, patient, named, now=page.now)


def _next(contact: Contact) -> str:
    """Where the next one waits."""
    return "/calls" if contact.planned_call_id is not None else "/"


def _stamp(values: FormData) -> int | None:
    return whole(_text(values, "stamp"))


def _text(values: FormData, name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def _plain(values: FormData) -> dict[str, str]:
    return {name: value for name, value in values.items() if isinstance(value, str)}
