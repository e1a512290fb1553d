"""Who speaks on a call, as its page offers them, and the words they said besides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.contact_models import Caller, Contact, Direction
from app.checkins.models import CheckIn
from app.core.audit import Actor
from app.messaging import pages
from app.messaging.models import Message
from app.people import respondents
from app.people.models import Patient
from app.web.form.visit import undeclared


def usual(patient: Patient) -> str:
    """Who telephones when nobody has said it yet: the relative who answers for the patient, or the patient."""
    return Caller.RELATIVE if patient.answered_by == "respondent" else Caller.PATIENT


def of(patient: Patient, begun: Contact | None) -> Sequence[Actor]:
    """Who may answer, first whoever is on the line: a daughter's words are never kept as her father's (HZ-10).

    A relative who telephones and is not on the file, or who cannot be told from the others, is offered as such.
    """
    people = respondents.may_speak(patient)
    if begun is None or begun.direction != Direction.INCOMING:
        return people
    if begun.caller == Caller.PATIENT:
        return sorted(people, key=lambda one: one.kind != "patient")
    if begun.caller != Caller.RELATIVE:
        return people
    caller = _relative(patient, people, begun.caller_name) or undeclared(patient)
    return [caller, *(one for one in people if one != caller)]


def _relative(patient: Patient, people: Sequence[Actor], name: str) -> Actor | None:
    relatives = [one for one in people if one.kind == "respondent"]
    if wanted := set(name.casefold().split()):
        return next((one for one in relatives if wanted <= set(one.name.casefold().split())), None)
    return relatives[0] if relatives and patient.answered_by == "respondent" else None


def words(session: Session, patient: Patient, begun: Contact | None, checkin: CheckIn | None) -> Sequence[Message]:
    """What was said in words on this call, oldest first; without a call begun, of this check-in."""
    if begun is not None:
        return _said(session, patient.id, begun.started_at)
    opened = checkin.opened_at if checkin is not None else None
    return [one for one in _said(session, patient.id, opened) if checkin and one.checkin_id == checkin.id] if opened else ()


def told(session: Session, contact: Contact) -> str:
    """The same as the form keeps it."""
    return "\n".join(one.body for one in _said(session, contact.patient_id, contact.started_at))


def _said(session: Session, patient_id: int, since: datetime) -> Sequence[Message]:
    mine = (Message.patient_id == patient_id, Message.direction == "in", Message.carrier == pages.CALL, Message.body != "")
    return session.scalars(select(Message).where(*mine, Message.created_at >= since).order_by(Message.id)).all()
