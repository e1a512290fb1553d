"""A doctor asks to see a patient today. That they came is said by a person: until then the day goes on as planned."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import DoctorRequest, Task
from app.checkins.rhythm import freezing
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people import absences, care_team
from app.people.models import Patient, Service
from app.people.perimeter import Viewer
from triage import calendar

KIND = "was_seen"
UNDONE = "undone"
"""The note of a task whose answer was corrected."""
REPLACED = "replaced"
"""The note of a task whose visit a later answer gave another hour: one patient is not looked for twice. Its detail names the later task."""


def ask(session: Session, request: DoctorRequest, patient: Patient, *, at: time | None = None, by: Actor, now: datetime) -> Task:
    """One task for this order: "was the patient seen?", at the end of the service's day; where it is over, of its next hours.

    at: when they are to come, on their own wall. Raises Refusal when that hour has passed.
    """
    check_hour(patient, at, now)
    due = _end_of_day(session.get_one(Service, patient.service_id), now)
    detail = {"request_id": request.id, "day": calendar.local_day(now, patient.timezone).isoformat()}
    key, kept = f"{KIND}:{request.id}", {"patient_id": patient.id, "service_id": patient.service_id}
    task = tasks.make(session, kind="was_seen", key=key, detail=detail, due_at=due, now=now, by=by, **kept)
    if task.closing_note == UNDONE:
        tasks.reopen(session, task, by=by, now=now, due_at=due, reason="to be seen today after all")
    for older in _of(session, patient.id):
        if older.id != task.id and older.closed_at is None and older.detail["day"] == detail["day"]:
            tasks.end(session, older, by=by, now=now, words=REPLACED, replaced_by=task.id)
    return task


def check_hour(patient: Patient, at: time | None, now: datetime) -> None:
    """When they are to come today, on their own wall. Raises Refusal when that hour has passed."""
    if at is not None and at < now.astimezone(ZoneInfo(patient.timezone)).time().replace(second=0, microsecond=0):
        raise Refusal("This hour has passed today. Write an hour to come, or leave it empty.", field="at", status=422)


def take_back(session: Session, task_id: int, *, by: Actor, now: datetime) -> None:
    """The order was a slip: nobody is asked any more, but for the visit whose hour it had changed. What somebody answered stays."""
    task = session.get_one(Task, task_id)
    if not tasks.end(session, task, by=by, now=now, words=UNDONE):
        return
    for older in _of(session, task.patient_id):
        if older.closing_note == REPLACED and older.detail.get("replaced_by") == task.id:
            tasks.reopen(session, older, by=by, now=now, due_at=max(older.due_at, now), reason="the later hour was a slip")


def answer(session: Session, task_id: int, *, seen: str, words: str, by: Viewer, now: datetime) -> Task:
    """Yes: the visit is written on the day it was asked for, and only then. No: why, or what is done instead.

    seen: "yes" or "no". Raises Refusal without one, or "no" without words; Conflict when somebody answered first.
    """
    if seen not in ("yes", "no"):
        raise Refusal("Say whether the patient was seen.", field="seen", status=422)
    if seen == "no" and not words.strip():
        raise Refusal("Write what was done.", field="note", status=422)
    task = tasks.close(session, task_id, by=by, now=now, words=words.strip() or seen)
    task.detail = {**task.detail, "seen": seen}
    patient = session.get_one(Patient, task.patient_id)
    today = calendar.local_day(now, patient.timezone)
    if seen == "yes" and task.detail["day"] == today.isoformat() and today not in absences.visit_days(session, patient.id):
        freezing.record(session, patient, absences.VISIT, from_day=today, reason=words.strip(), by=by.actor, now=now)
    return task


def _of(session: Session, patient_id: int | None) -> list[Task]:
    return list(session.scalars(select(Task).where(Task.patient_id == patient_id, Task.kind == KIND).order_by(Task.id)))


def _end_of_day(service: Service, now: datetime) -> datetime:
    today = now.astimezone(ZoneInfo(service.timezone)).date()
    ends = [closes for _, closes in care_team.spans_of(service, today) if closes > now]
    return max(ends) if ends else care_team.add_service_time(service, now, tasks.DUE_WITHIN)
