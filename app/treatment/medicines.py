"""What else the patient takes, as far as a protocol asks about it: a code, from when to when, who said so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound
from app.people.models import Patient
from app.treatment.models import OtherMedicine

IMPLIES: Mapping[str, tuple[str, ...]] = {"coumarin": ("anticoagulant",)}
"""A medicine of the first kind is one of the others too: a rule on anticoagulants must not miss a coumarin."""


def record(
    session: Session,
    patient: Patient,
    *,
    code: str,
    first_on: date | None,
    last_on: date | None = None,
    known: Collection[str],
    by: Actor,
    now: datetime,
) -> OtherMedicine:
    """Keep a medicine taken beside the treatment. known: the codes that protocols ask about.

    Raises FieldErrors for another code, no first day, a day to come, or an end before the beginning.
    """
    today = now.astimezone(ZoneInfo(patient.timezone)).date()
    problems: dict[str, str] = {}
    if code not in known:
        problems["code"] = "Choose a medicine of the list."
    if first_on is None:
        problems["first_on"] = "Write the first day, as far as it is known."
    elif first_on < patient.birth_date or first_on > today:
        problems["first_on"] = "This day is in the future, or before the patient's birth."
    elif problem := _end_problem(first_on, last_on, today):
        problems["last_on"] = problem
    if problems or first_on is None:
        raise FieldErrors(problems)
    row = OtherMedicine(patient_id=patient.id, code=code, first_on=first_on, last_on=last_on, said_by=str(by), recorded_at=now)
    session.add(row)
    session.flush()
    _note(session, patient, row, "medicine.recorded", by=by, now=now)
    return row


def stopped(session: Session, patient: Patient, medicine_id: int, *, last_on: date | None, by: Actor, now: datetime) -> OtherMedicine:
    """The last day it was taken. Raises NotFound for another patient's, FieldErrors for a day that cannot be."""
    row = session.get(OtherMedicine, medicine_id)
    if row is None or row.patient_id != patient.id:
        raise NotFound("This medicine")
    today = now.astimezone(ZoneInfo(patient.timezone)).date()
    problem = "Write the date." if last_on is None else _end_problem(row.first_on, last_on, today)
    if problem:
        raise FieldErrors({"last_on": problem})
    before = _told(row)
    row.last_on = last_on
    session.flush()
    _note(session, patient, row, "medicine.stopped", by=by, now=now, before=before)
    return row


def _end_problem(first_on: date, last_on: date | None, today: date) -> str:
    if last_on is None or first_on <= last_on <= today:
        return ""
    return "This day is in the future, or before the first day."


def _told(row: OtherMedicine) -> dict[str, str | None]:
    return {"code": row.code, "first_on": row.first_on.isoformat(), "last_on": row.last_on.isoformat() if row.last_on else None}


def _note(session: Session, patient: Patient, row: OtherMedicine, action: str, *, by: Actor, now: datetime, before: object = None) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"other_medicine:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=_told(row),
        now=now,
    )


def of_patient(session: Session, patient_id: int) -> list[OtherMedicine]:
    """Everything recorded, the latest begun first."""
    mine = select(OtherMedicine).where(OtherMedicine.patient_id == patient_id)
    return list(session.scalars(mine.order_by(OtherMedicine.first_on.desc(), OtherMedicine.id.desc())))
