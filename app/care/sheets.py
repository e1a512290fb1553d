"""The row of a call: found, locked for its owner, its questions, its line in the trail. What is done with it is in contacts.py."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import programmes
from app.care.contact_models import CONTACT_MOVES, Contact, ContactState
from app.care.document import Form
from app.core import audit
from app.core.errors import Conflict, NotFound
from app.people.models import Staff
from app.people.perimeter import Viewer


def get(session: Session, contact_id: int, *, viewer: Viewer) -> Contact:
    """The contact, if it is in the viewer's service. Raises NotFound."""
    mine = viewer.service_id if viewer.may("open_chart") else None
    row = session.scalar(select(Contact).where(Contact.id == contact_id, Contact.service_id == mine))
    if row is None:
        raise NotFound("This call")
    return row


def draft_of(session: Session, patient_id: int, by: Viewer) -> Contact | None:
    """What this nurse began with this patient and has not closed."""
    mine = (Contact.patient_id == patient_id, Contact.by_id == by.actor.id, Contact.state == ContactState.DRAFT)
    return session.scalar(select(Contact).where(*mine))


def form_of(contact: Contact) -> Form:
    """The questions of this call: those of its programme's version, or the shared ones."""
    slug, _, day = contact.form_of.partition("@")
    if contact.enrolment_id is None:
        return programmes.form(contact.form_of)
    return programmes.version(slug, date.fromisoformat(day)).form


def is_oral(contact: Contact) -> bool:
    """Does its programme follow an oral treatment?"""
    slug, _, day = contact.form_of.partition("@")
    return contact.enrolment_id is not None and programmes.version(slug, date.fromisoformat(day)).oral_therapy


def mine(session: Session, contact_id: int, *, by: Viewer, now: datetime, stamp: int | None = None) -> Contact:
    """One's own draft, locked. Raises Conflict for a colleague's, a closed one, or one saved from another screen since ``stamp``."""
    by.require("make_calls")
    get(session, contact_id, viewer=by)
    row = locked(session, contact_id)
    if row.state == ContactState.CLOSED:
        raise closed(session, row, now)
    if row.by_id != by.actor.id:
        raise begun(session, row, now)
    if stamp is not None and stamp != row.stamp:
        raise Conflict(
            "This form was saved from another screen {ago}, and that was kept. What you typed here was not saved: open the call again, and "
            "copy what is missing.",
            ago=now - row.saved_at,
        )
    return row


def end(row: Contact, now: datetime) -> None:
    """Stop the clock: closed at this instant, timed from its start."""
    assert ContactState.CLOSED in CONTACT_MOVES[ContactState(row.state)]
    row.state, row.ended_at, row.saved_at, row.stamp = ContactState.CLOSED, now, now, row.stamp + 1
    row.seconds = round((now - row.started_at).total_seconds())


def note(
    session: Session,
    row: Contact,
    action: str,
    *,
    by: Viewer,
    now: datetime,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    """The act on this contact, in the trail. Never the patient's words: they stand in the form."""
    audit.record(
        session,
        actor=by.actor,
        action=action,
        subject=f"contact:{row.id}",
        service_id=row.service_id,
        patient_id=row.patient_id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )


def locked(session: Session, contact_id: int) -> Contact:
    """The row as it is now, which nobody else changes until the transaction ends."""
    mine = select(Contact).where(Contact.id == contact_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(mine).one()


def closed(session: Session, row: Contact, now: datetime) -> Conflict:
    """It is closed: by whom, when."""
    return Conflict(
        "{name} closed this call {ago}. What you typed since was not saved; open a new call to add to it.",
        name=_name(session, row),
        ago=now - (row.ended_at or now),
    )


def begun(session: Session, row: Contact, now: datetime) -> Conflict:
    """It is a colleague's draft: whose, since when."""
    return Conflict(
        "{name} began this call {ago}. Nothing of yours was saved; take it over first.", name=_name(session, row), ago=now - row.started_at
    )


def _name(session: Session, row: Contact) -> str:
    person = session.get(Staff, row.by_id)
    return person.name if person else "?"
