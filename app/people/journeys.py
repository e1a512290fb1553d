"""Travel: from a day on the patient lives by another zone. The way home is a journey to the home zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.core.errors import FieldErrors
from app.people.models import Journey, Patient
from triage import calendar
from triage.calendar import Stay


def announce(session: Session, patient: Patient, *, from_day: date | None, zone: str, by: Actor, now: datetime) -> Journey:
    """The patient will live by this zone from this day on. Raises FieldErrors for a day already past there, or no zone of the list."""
    problems: dict[str, str] = {}
    if zone not in available_timezones():
        problems["zone"] = "Choose a time zone of the list, such as Europe/Paris."
    elif from_day is None:
        problems["from_day"] = "Write the date."
    elif from_day < calendar.local_day(now, zone):
        problems["from_day"] = "This day is already past there. Choose today or a later day."
    if problems or from_day is None:
        raise FieldErrors(problems)
    row = Journey(from_day=from_day, zone=zone, said_by=str(by), recorded_at=now)
    patient.journeys.append(row)
    session.flush()
    _note(session, patient, "patient.travels", by=by, now=now, after={"from": from_day.isoformat(), "zone": zone})
    return row


def ahead(patient: Patient) -> tuple[Stay, ...]:
    """Journeys that have not begun, in order of date; of two for one day, the last said."""
    found = {row.from_day: Stay(row.from_day, row.zone) for row in patient.journeys if row.begun_at is None}
    return tuple(found[day] for day in sorted(found))


def due(session: Session, now: datetime) -> list[int]:
    """Patients whose next day away has begun, in its own zone."""
    waiting = session.scalars(select(Journey).where(Journey.begun_at.is_(None)).order_by(Journey.from_day, Journey.id))
    return list(dict.fromkeys(row.patient_id for row in waiting if calendar.local_day(now, row.zone) >= row.from_day))


def depart(session: Session, patient: Patient, *, now: datetime) -> None:
    """The patient's zone becomes that of the latest journey begun."""
    begun = [row for row in patient.journeys if row.begun_at is None and calendar.local_day(now, row.zone) >= row.from_day]
    for row in sorted(begun, key=lambda one: (one.from_day, one.id)):
        row.begun_at = now
        before, patient.timezone = patient.timezone, row.zone
        _note(session, patient, "patient.arrived", by=SYSTEM, now=now, before=before, after=row.zone)
    session.flush()


def _note(session: Session, patient: Patient, action: str, *, by: Actor, now: datetime, after: object, before: object = None) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"patient:{patient.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        now=now,
    )
