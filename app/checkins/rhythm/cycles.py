"""Was the new round of tablets started? Only a yes makes the cycle advance; anything else is a person's to settle."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins.models import CheckIn
from app.checkins.rhythm import planning
from app.checkins.turns import Turn
from app.core.errors import Refusal
from app.people.models import Patient
from app.treatment import courses


def heard(turn: Turn, value: str) -> None:
    """started: the cycle begins on the day asked about. Otherwise it does not advance, and a task says why."""
    assert turn.checkin is not None and turn.checkin.cycle is not None
    if value != "started":
        not_started(turn.session, turn.checkin, turn.patient, why=value, now=turn.now)
        return
    course = courses.get(turn.session, turn.checkin.course_id)
    try:
        courses.confirm_cycle(
            turn.session, course, turn.patient, number=turn.checkin.cycle, started_on=turn.checkin.day, by=turn.by, now=turn.now
        )
    except Refusal:
        # A nurse has written another start meanwhile; two people differ, so a person settles it.
        not_started(turn.session, turn.checkin, turn.patient, why="contradicts", now=turn.now)
        return
    planning.plan(turn.session, course, now=turn.now)


def not_started(session: Session, checkin: CheckIn, patient: Patient, *, why: str, now: datetime) -> Task:
    """One open task a cycle, however often it is asked. why: not_yet, told_to_wait, no_answer, contradicts."""
    same = (Task.patient_id == patient.id, Task.kind == "cycle_not_started", Task.closed_at.is_(None))
    for task in session.scalars(select(Task).where(*same)):
        if task.detail.get("cycle") == checkin.cycle:
            return task
    return tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind="cycle_not_started",
        key=f"cycle:{checkin.id}",
        detail={"cycle": checkin.cycle, "planned_on": checkin.day.isoformat(), "why": why, "checkin_id": checkin.id},
        now=now,
    )
