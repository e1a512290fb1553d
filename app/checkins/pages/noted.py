"""Dangers in what a nurse writes of a call: why somebody telephones us, and the notes of its form (HZ-01).

The screen and the JSON interface search the same words, in the patient's language and in that of whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import heard
from app.care import contacts, forms
from app.care.contact_models import Contact, Direction
from app.checkins.models import CheckIn
from app.checkins.pages import calling, filling
from app.core.audit import Actor
from app.core.errors import Refusal
from app.messaging import pages
from app.messaging.models import Message
from app.people.models import Patient
from app.people.perimeter import Viewer

OWN_WORDS = "own_words"
"""Question of a form whose words are the patient's own."""

Alarming = Mapping[str, tuple[str, ...]]
"""Question of the form → the codes of the dangers that its words hold."""


def alarming(patient: Patient, contact: Contact, form: Mapping[str, Any], *, written_in: str) -> Alarming:
    """Notes that hold a danger sign; none of the others. written_in: the nurse's language, beside the patient's."""
    fields = forms.fields_of(contacts.form_of(contact))
    texts = {key: said for key, said in form.items() if key in fields and fields[key].kind == "text" and isinstance(said, str)}
    found = {key: heard.codes(patient, said, written_in) for key, said in texts.items()}
    return {key: codes for key, codes in found.items() if codes}


def hear_reason(session: Session, patient: Patient, contact: Contact, *, written_in: str, by: Viewer, now: datetime) -> None:
    """Why somebody telephones us is searched before anything is asked: the line may be cut, the call closed in haste.

    Nothing is sent to the patient: somebody is on the line. The words stand in the alert's story, in the name of who wrote them.
    """
    if contact.direction != Direction.INCOMING or contact.started_at != now:
        return  # a draft resumed has been heard
    if codes := heard.codes(patient, contact.reason, written_in):
        heard.alarm(session, patient, contact.reason, codes, by=by, now=now, contact_id=contact.id)


def tell(
    session: Session,
    patient: Patient,
    contact: Contact,
    found: Alarming,
    form: Mapping[str, Any],
    checkin: CheckIn | None,
    *,
    speaker: Actor,
    by: Viewer,
    now: datetime,
) -> CheckIn | None:
    """Tell each danger of these notes like the patient's own words: alert and safety text, once for a call. The check-in they stand in."""
    for key, codes in found.items():
        said = str(form[key])
        if _is_told(session, contact, said):
            continue
        try:
            checkin = calling.begin(session, patient, checkin, by=speaker, now=now)
        except Refusal:  # no treatment, no protocol: nothing to ask by, and a danger all the same
            heard.alarm(session, patient, said, codes, by=by, now=now, contact_id=contact.id)
            continue
        filling.words(session, patient, said, by=speaker, source=pages.CALL, now=now, checkin=checkin, asked_by=by.actor)
    return checkin


def _is_told(session: Session, contact: Contact, said: str) -> bool:
    """These words since the call began: a close that was refused has told them already."""
    same = (Message.patient_id == contact.patient_id, Message.carrier == pages.CALL, Message.body == said)
    return session.scalar(select(Message.id).where(*same, Message.created_at >= contact.started_at).limit(1)) is not None
