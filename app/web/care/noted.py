"""A closed call, to be read again: what was planned, said, noted and decided; and its length put right (AMA-5, AMA-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.care import contacts, forms
from app.care.contact_models import Contact, ContactState
from app.care.document import FormField
from app.care.models import Enrolment, PlannedCall
from app.core.errors import NotFound, Refusal
from app.people import patients
from app.people.models import Staff
from app.protocols import scales
from app.web.care import sheet
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.patient.prescription import whole
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying

router = APIRouter(prefix="/patients/{patient_id}/contacts/{contact_id}")

Block = tuple[str, Sequence[tuple[str, str]]]
"""Its title, then each question with its answer."""


@dataclass(frozen=True)
class Noted:
    """One closed call. names: of the people it names, by number. protocol: the written protocol that was cited, as it is called."""

    contact: Contact
    planned: PlannedCall | None
    programme: str
    blocks: Sequence[Block]
    names: Mapping[int, str]
    protocol: str


@router.get("")
def show(page: StaffPage, session: Reads, patient_id: Id, contact_id: Id) -> Response:
    """Whoever opens the chart reads its calls; opening it is recorded."""
    return _page(page, session, patient_id, contact_id)


@router.post("/retime")
def retime(page: StaffPage, session: Writes, patient_id: Id, contact_id: Id, values: Typed) -> Response:
    """Another length, with why; what the clock said stays beside it."""
    _closed(page, session, patient_id, contact_id)
    try:
        contacts.retime(
            session,
            contact_id,
            seconds=60 * (whole(values.get("minutes", "")) or 0),
            why=values.get("why", ""),
            by=page.viewer,
            now=page.now,
        )
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        return _page(page, session, patient_id, contact_id, values=values, errors=told)
    return page.go(f"/patients/{patient_id}/contacts/{contact_id}")


def _closed(page: Page, session: Session, patient_id: int, contact_id: int) -> Contact:
    page.viewer.require("open_chart")
    contact = contacts.get(session, contact_id, viewer=page.viewer)
    if contact.patient_id != patient_id or contact.state != ContactState.CLOSED:
        raise NotFound("This call")
    return contact


def _page(
    page: Page,
    session: Session,
    patient_id: int,
    contact_id: int,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    contact = _closed(page, session, patient_id, contact_id)
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "contact")
    given: dict[str, Any] = {"values": values or {}, "errors": errors or {}}
    return page.page(
        "care/noted.html", 422 if errors else 200, patient=patient, noted=_noted(page, session, contact), saying=Saying(page, None), **given
    )


def _noted(page: Page, session: Session, contact: Contact) -> Noted:
    form = contacts.form_of(contact)
    enrolment = session.get(Enrolment, contact.enrolment_id) if contact.enrolment_id else None
    people = {number for number in (contact.by_id, contact.doctor_id, contact.seen_by_id) if number}
    blocks = [
        (block.title.said(page.language), [(one.title.said(page.language), in_words(page, one, contact.form[one.key])) for one in asked])
        for block in form.blocks
        if (asked := [one for one in block.fields if contact.form.get(one.key) not in forms.EMPTY])
    ]
    return Noted(
        contact=contact,
        planned=session.get(PlannedCall, contact.planned_call_id) if contact.planned_call_id else None,
        programme=sheet.title_of(page, enrolment) if enrolment else "",
        blocks=blocks,
        names={number: session.get_one(Staff, number).name for number in people},
        protocol=next((one.title.said(page.language) for one in form.nurse_protocols if one.key == contact.protocol_ref), ""),
    )


def in_words(page: Page, field: FormField, value: Any) -> str:
    """One answer of a form, as its reader reads it."""
    if forms.is_not_asked(value):
        return page.say("care_noted.not_asked", why=str(value[forms.NOT_ASKED]))
    titles = {one.key: one.title.said(page.language) for one in field.choices}
    if field.kind == "yes_no":
        return page.say("form.answer.yes" if value is True else "form.answer.no")
    if field.kind == "symptoms":
        return _effects(page, value)
    if isinstance(value, Mapping):
        saying = Saying(page, None)
        return ", ".join(f"{saying.measure(kind)} {one}" for kind, one in value.items() if one)
    if isinstance(value, list):
        return ", ".join(titles.get(str(one), str(one)) for one in value)
    unit = page.unit(field.unit or "")
    return titles.get(str(value), f"{_number(page, value) if field.kind == 'number' else value} {unit}".strip())


def _number(page: Page, value: Any) -> str:
    """As the reader writes it; what is no number stays as it was typed."""
    try:
        return page.formats.number(Decimal(str(value).replace(",", ".")))
    except InvalidOperation:
        return str(value)


def _effects(page: Page, value: Any) -> str:
    if not isinstance(value, list):
        return page.say("care_noted.no_effect")
    told = [one for one in value if isinstance(one, Mapping)]
    return " ; ".join(_effect(page, one) for one in told)


def _effect(page: Page, one: Mapping[str, Any]) -> str:
    grade = one.get("grade")
    graded = page.say("care_noted.grade", grade=grade) if str(grade).isdigit() else page.say("care_sheet.not_gradable")
    return f"{scales.term_in(str(one.get('term')), page.language)} ({graded})"
