"""A stay that ends by a person's word, or stands again: the plan of the questions follows at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.alerts import admission, undoing
from app.checkins import turn_taking
from app.checkins.rhythm import home_again, planning, resuming
from app.core.audit import Actor
from app.people import stays
from app.people.models import Absence, Patient


def end(session: Session, patient: Patient, absence_id: int, *, how: str, reason: str, said_by: str, by: Actor, now: datetime) -> Absence:
    """Questions begin again, unless something else still freezes them, and who is home is called. A stay that never was leaves no urgent
    alert closed because of it. Raises as stays.end."""
    turn_taking.hold(session, patient.id)
    row = stays.end(session, patient, absence_id, how=how, reason=reason, said_by=said_by, by=by, now=now)
    admission.settle(session, patient.id, by=by, now=now)
    planning.replan_patient(session, patient, now=now)
    resuming.come_back(session, patient, now=now)
    if how == stays.How.HOME:
        home_again.ask(session, patient, row, by=by, now=now)
    else:
        undoing.never_there(session, patient.id, since=row.recorded_at, by=by, now=now, reason=reason.strip())
    return row


def reopen(session: Session, patient: Patient, absence_id: int, *, reason: str, by: Actor, now: datetime) -> Absence:
    """Nothing is asked again from now on. Raises as stays.reopen."""
    turn_taking.hold(session, patient.id)
    row = stays.reopen(session, patient, absence_id, reason=reason, by=by, now=now)
    home_again.take_back(session, row, by=by, now=now)
    admission.settle(session, patient.id, by=by, now=now)
    planning.replan_patient(session, patient, now=now)
    return row
