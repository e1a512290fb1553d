"""How a call ends, as typed: kept with the draft, read at the close, and what follows it in town and at the doctor's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from app.alerts import asking
from app.care import letters
from app.care.contact_models import Contact, ContactOutcome
from app.checkins.models import CheckIn
from app.checkins.pages import calling as asking_by_telephone
from app.people.models import Patient
from app.web.patient.prescription import day, whole
from app.web.render import Page
from triage.terms import Level

PART = "concluding"
"""Sent with these fields: a block that is kept by itself says nothing of them, and changes nothing of them."""

ORDER = ("finish", "reason", "outcome", "protocol_ref", "doctor_id", "doctor_at", "next_contact_at", "words")
"""What may be missing of it, as it stands on the page."""


def read(page: Page, patient: Patient, values: FormData) -> tuple[dict[str, Any], dict[str, str]]:
    """For ``closing.close``, and what cannot be read of it. What belongs to another outcome was hidden, and is not sent on."""
    kind = _text(values, "outcome")
    agreed = _agreed(patient, values)
    half = agreed is None and bool(_text(values, "next_day") or _text(values, "next_hour"))
    to_doctor, by_nurse = kind == ContactOutcome.LEVEL_2, kind == ContactOutcome.LEVEL_1
    read = {
        "outcome": kind,
        "protocol_ref": _text(values, "protocol_ref") if by_nurse else "",
        "doctor_id": whole(_text(values, "doctor_id")) if to_doctor else None,
        "doctor_at": _asked_at(page, values) if to_doctor else None,
        "doctor_order": _text(values, "doctor_order") if to_doctor else "",
        "next_contact_at": agreed,
        "words": _text(values, "words"),
    }
    return read, {"next_contact_at": "Write a day and an hour, or leave both empty."} if half else {}


def keep(page: Page, patient: Patient, contact: Contact, values: FormData) -> None:
    """With the draft, as far as it was chosen: an answer given meanwhile must not undo it. It is judged at the close."""
    if not values.get(PART):
        return
    kind = _text(values, "outcome")
    contact.outcome = kind if kind in set(ContactOutcome) else ""
    contact.protocol_ref, contact.doctor_id = _text(values, "protocol_ref")[:80], whole(_text(values, "doctor_id"))
    contact.doctor_order, contact.words = _text(values, "doctor_order"), _text(values, "words")
    contact.next_contact_at = _agreed(patient, values)


def kept(page: Page, patient: Patient, contact: Contact) -> Mapping[str, str]:
    """The same as its fields hold it."""
    at = contact.next_contact_at.astimezone(ZoneInfo(patient.timezone)) if contact.next_contact_at else None
    return {
        "outcome": contact.outcome,
        "protocol_ref": contact.protocol_ref,
        "doctor_id": str(contact.doctor_id or ""),
        "doctor_hour": f"{page.formats.local(page.now):%H:%M}",
        "doctor_order": contact.doctor_order,
        "words": contact.words,
        "next_day": f"{at:%Y-%m-%d}" if at else "",
        "next_hour": f"{at:%H:%M}" if at else "",
    }


def follow(page: Page, session: Session, patient: Patient, contact: Contact, checkin: CheckIn | None, question: str) -> None:
    """Level 2: the note for the family doctor, and the question in the doctor's own list when one was written."""
    if contact.outcome != ContactOutcome.LEVEL_2:
        return
    letters.prepare(session, contact, "level_2", by=page.viewer.actor, now=page.now)
    if not question:
        return
    judged = asking_by_telephone.so_far(session, checkin) if checkin is not None else None
    level = Level.of(judged.level) if judged is not None else Level.NONE
    asking.ask(
        session,
        patient,
        by=page.viewer,
        now=page.now,
        question=question,
        level=max(level, Level.MODERATE).word,
        proposed=" ".join(one[page.language] for one in judged.result.get("proposals", ())) if judged is not None else "",
        doctor_id=contact.doctor_id,
        contact_id=contact.id,
    )


def _agreed(patient: Patient, values: FormData) -> datetime | None:
    return _instant(_text(values, "next_day"), _text(values, "next_hour"), patient.timezone)


def _asked_at(page: Page, values: FormData) -> datetime | None:
    return _instant(page.formats.local(page.now).date().isoformat(), _text(values, "doctor_hour"), page.formats.zone)


def _instant(on: str, hour: str, zone: str) -> datetime | None:
    """A day and an hour on somebody's wall; None when one of them is not."""
    found = day(on)
    try:
        at = time.fromisoformat(hour)
    except ValueError:
        return None
    return datetime.combine(found, at, ZoneInfo(zone)) if found is not None else None


def _text(values: FormData, name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""
