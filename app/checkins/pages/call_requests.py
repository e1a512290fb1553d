"""A call asked for on a page: one task with an hour, however often the button is pressed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins import turn_taking
from app.checkins.turns import CALL_WITHIN
from app.core.audit import Actor
from app.people import care_team
from app.people.models import Patient

KIND = "call_back"


def ask(session: Session, patient: Patient, *, by: Actor, key: str, now: datetime) -> Task:
    """The call this patient waits for: the one already asked for, else a new one. key: of the page that asks."""
    turn_taking.hold(session, patient.id)
    waiting = standing(session, patient)
    if waiting is not None:
        return waiting
    made = session.scalar(select(func.count()).select_from(Task).where(Task.key.startswith(f"{KIND}:{key}:")))
    return tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind=KIND,
        key=f"{KIND}:{key}:{made}",
        detail={"said_by": str(by), "why": "asked_on_form"},
        due_at=care_team.add_service_time(patient.service, now, CALL_WITHIN),
        by=by,
        now=now,
    )


def standing(session: Session, patient: Patient) -> Task | None:
    """The call the patient asked for and has not had; one that a nurse owes for another reason is not told."""
    mine = (Task.patient_id == patient.id, Task.kind == KIND, Task.closed_at.is_(None))
    waiting = session.scalars(select(Task).where(*mine).order_by(Task.id))
    return next((task for task in waiting if "advice" not in task.detail), None)
