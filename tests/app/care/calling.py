"""A call of the tests: who is called, what a whole form says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.care import contacts
from app.care.contact_models import Contact, Direction
from app.people.models import Patient, Staff
from app.people.perimeter import viewer_of

WHOLE: dict[str, Any] = {
    "identity_checked": True,
    "answers": "patient",
    "intakes": "all",
    "new_medicines": "no",
    "weight": "62,5",
    "autonomy": "ps1",
    "basic_needs": ["fine"],
    "symptoms": "none",
}
"""The shortest form that can be closed: nothing to tell."""


def say(**answers: Any) -> dict[str, Any]:
    """A whole form, with these answers instead; None takes one away."""
    return {key: value for key, value in {**WHOLE, **answers}.items() if value is not None}


def call(session: Session, patient: Patient, who: Staff, now: datetime, **more: Any) -> Contact:
    """An outgoing call that begins now, unless told otherwise."""
    return contacts.open_call(session, patient, **{"direction": Direction.OUTGOING, **more}, by=viewer_of(who), now=now)


def close(session: Session, contact: Contact, who: Staff, now: datetime, **more: Any) -> contacts.Closed:
    """Closed with a whole form and no action, unless told otherwise."""
    return contacts.close(session, contact.id, **{"outcome": "none", "form": say(), **more}, by=viewer_of(who), now=now)
