"""What calls tell: what changed since the one before, to the doctor who has not read it yet; which ones a nurse left half-way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.care import forms, sheets
from app.care.contact_models import Contact, ContactOutcome, ContactState
from app.care.forms import Line
from app.core.errors import Refusal
from app.people.models import Patient, Role
from app.people.perimeter import Viewer, visible_to

FORGOTTEN = timedelta(hours=12)
"""A form untouched for longer than a shift is anybody's to take over (house rule, 2026-11-23)."""


@dataclass(frozen=True)
class ToRead:
    """A closed call before the doctor, with what changed since the one before, changes first; previous None: it was the first."""

    contact: Contact
    patient: Patient
    previous: Contact | None
    lines: list[Line]


def of_patient(session: Session, patient_id: int) -> list[Contact]:
    """Every closed call of a patient, latest first, attempts that reached nobody too."""
    mine = (Contact.patient_id == patient_id, Contact.state == ContactState.CLOSED)
    return list(session.scalars(select(Contact).where(*mine).order_by(Contact.ended_at.desc(), Contact.id.desc())))


def previous(session: Session, contact: Contact) -> Contact | None:
    """The last call before this one on which somebody was reached and questions were answered."""
    earlier = (Contact.patient_id == contact.patient_id, Contact.state == ContactState.CLOSED, Contact.reached, Contact.id != contact.id)
    rows = select(Contact).where(*earlier, Contact.started_at <= contact.started_at)
    return next((row for row in session.scalars(rows.order_by(Contact.started_at.desc(), Contact.id.desc())) if row.form), None)


def since_previous(session: Session, contact: Contact) -> list[Line]:
    """What changed since the previous call, changes first (AMA-5); every answer is new on a first call. Works on a draft too."""
    before = previous(session, contact)
    return forms.changes(sheets.form_of(contact), before.form if before else {}, contact.form)


def for_doctor(session: Session, doctor_id: int, *, viewer: Viewer) -> list[ToRead]:
    """Closed calls this doctor has to read and has not: those of their patients, and those that name them; level 2 first, oldest first.

    A call is there from the very transaction that closed it. Which calls go to the doctor is the programme's to say, and every level 2.
    """
    found = _unread(doctor_id, viewer)
    rows = session.execute(
        select(Contact, Patient).join(Patient, Patient.id == Contact.patient_id).where(*found).order_by(Contact.ended_at)
    )
    ordered = sorted(rows, key=lambda row: row[0].outcome != ContactOutcome.LEVEL_2)
    return [ToRead(contact, patient, previous(session, contact), since_previous(session, contact)) for contact, patient in ordered]


def read_by_doctor(session: Session, contact_id: int, *, by: Viewer, now: datetime) -> Contact:
    """The doctor has read it: it leaves the list, with who and when. Read twice, the first time counts. Raises Refusal for anybody else."""
    row = sheets.get(session, contact_id, viewer=by)
    if by.role != Role.ONCOLOGIST:
        raise Refusal("A doctor reads this form. Nothing was changed.", status=403)
    unread = (Contact.id == row.id, Contact.state == ContactState.CLOSED, Contact.seen_by_doctor_at.is_(None))
    changed = session.execute(update(Contact).where(*unread).values(seen_by_doctor_at=now, seen_by_id=by.actor.id))
    session.refresh(row)
    if changed.rowcount == 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        sheets.note(session, row, "contact.read", by=by, now=now)
    return row


def _unread(doctor_id: int, viewer: Viewer) -> tuple[ColumnElement[bool], ...]:
    theirs = or_(Patient.oncologist_id == doctor_id, Contact.doctor_id == doctor_id)
    return (
        visible_to(viewer),
        theirs,
        Contact.state == ContactState.CLOSED,
        Contact.to_doctor.is_(True),
        Contact.seen_by_doctor_at.is_(None),
    )


def drafts(session: Session, *, viewer: Viewer) -> list[tuple[Contact, Patient]]:
    """What this nurse left half-way, oldest first: for the top bar, on every screen."""
    mine = (Contact.by_id == viewer.actor.id, Contact.state == ContactState.DRAFT, visible_to(viewer))
    rows = select(Contact, Patient).join(Patient, Patient.id == Contact.patient_id).where(*mine)
    return [(contact, patient) for contact, patient in session.execute(rows.order_by(Contact.started_at, Contact.id))]


def forgotten(session: Session, *, viewer: Viewer, now: datetime) -> list[tuple[Contact, Patient]]:
    """Forms of the service that nobody touched for longer than a shift, whoever began them, oldest first: somebody takes them over."""
    left = (Contact.state == ContactState.DRAFT, Contact.saved_at <= now - FORGOTTEN, visible_to(viewer))
    rows = select(Contact, Patient).join(Patient, Patient.id == Contact.patient_id).where(*left)
    return [(contact, patient) for contact, patient in session.execute(rows.order_by(Contact.saved_at, Contact.id))]
