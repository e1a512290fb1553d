"""A doctor's answer admits somebody: asked, told, arrived. Until a person says that they arrived, they are at home.

One task for each such answer, made when the patient was told, high on the list until done.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import arrival, since_answer, tasks
from app.alerts.models import DoctorAnswer, DoctorRequest, Task
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people import absences
from app.people.models import Absence, Patient
from app.people.perimeter import Viewer

KIND = "was_admitted"
CHECK_WITHIN = timedelta(hours=4)
"""Of the clock, from when the patient was told, where the doctor gave no hour (Vigie's own choice, 2026-11-23; no published source)."""

UNDONE = "undone"
"""The note of a task whose answer was corrected, or whose stay ended before anybody arrived: told again, it is to be done."""

NOT_YET = "not_yet"
"""In its detail: who said that they had not come, when and in which words, oldest first."""


def ask(session: Session, request: DoctorRequest, *, by: Actor, now: datetime) -> Task | None:
    """Told to come: whoever told it checks that they arrived. None of another answer, or where a person noted that they are there."""
    absence_id = request.answer_detail.get("did", {}).get("absence")
    if request.answer != DoctorAnswer.ADMIT or in_hospital(session, request.patient_id, besides=absence_id):
        return None
    due, detail = _due(session, request, now), {"request_id": request.id, "absence_id": absence_id}
    kept = {"patient_id": request.patient_id, "service_id": request.service_id, "owner_id": by.id}
    task = tasks.make(session, kind=KIND, key=_key(request), detail=detail, due_at=due, now=now, by=by, **kept)
    if task.closing_note == UNDONE:
        task.detail, task.owner_id = {**task.detail, **detail}, by.id
        tasks.reopen(session, task, by=by, now=now, due_at=due, reason="told again")
    return task


def answer(session: Session, task_id: int, *, seen: str, words: str, by: Viewer, now: datetime) -> Task:
    """They arrived: done. They did not: these words stay with the task, which is asked again: nobody leaves the list by not coming.

    seen: "yes" or "no". Raises Refusal without one, or "no" without words; Conflict when somebody answered first.
    """
    if seen not in ("yes", "no"):
        raise Refusal("Say whether the patient arrived at the hospital.", field="seen", status=422)
    if seen == "no" and not words.strip():
        raise Refusal("Write what was done.", field="note", status=422)
    by.require("act_on_alerts")
    task = tasks.get(session, task_id, viewer=by)
    if seen == "yes" or task.closed_at is not None:
        task = tasks.close(session, task_id, by=by, now=now, words=words.strip() or "arrived")
        arrived(session, task.patient_id or 0, by=by.actor, now=now)
        return task
    said = {"at": now.isoformat(), "who": by.actor.name, "words": words.strip()}
    task.detail = {**task.detail, NOT_YET: [*task.detail.get(NOT_YET, ()), said]}
    tasks.put_off(session, task, by=by.actor, now=now, due_at=now + CHECK_WITHIN, words=words.strip())
    return task


def arrived(session: Session, patient_id: int, *, by: Actor, now: datetime) -> None:
    """A person of the service says that they are in hospital: nobody asks any more, neither after them nor after the help that was sent."""
    if by.kind != "staff":
        return
    arrival.answered(session, patient_id, by=by, now=now)
    for task in _waiting(session, patient_id):
        tasks.end(session, task, by=by, now=now, words="in hospital")


def take_back(session: Session, request: DoctorRequest, *, by: Actor, now: datetime) -> None:
    """The answer was a slip: nobody is to arrive. What somebody answered stays."""
    for task in _waiting(session, request.patient_id):
        if task.key == _key(request):
            tasks.end(session, task, by=by, now=now, words=UNDONE)


def settle(session: Session, patient_id: int, *, by: Actor, now: datetime) -> None:
    """The check follows its stay: over, or never was, or they have died, nobody asks any more; standing again, it is asked again."""
    rows = absences.standing(session, patient_id)
    stand = {row.id for row in rows} if absences.death(rows) is None else set()
    for task in session.scalars(select(Task).where(Task.patient_id == patient_id, Task.kind == KIND).order_by(Task.id)):
        stay = task.detail.get("absence_id")
        if task.closed_at is None and stay is not None and stay not in stand:
            tasks.end(session, task, by=by, now=now, words=UNDONE)
        elif task.closing_note == UNDONE and stay in stand:
            tasks.reopen(session, task, by=by, now=now, due_at=max(task.due_at, now), reason="the stay stands again")


def waits(checks: Iterable[Task], absence_id: int) -> bool:
    """Is one of these tasks the question whether they arrived for this stay?"""
    return any(task.kind == KIND and task.closed_at is None and task.detail.get("absence_id") == absence_id for task in checks)


def stage(session: Session, stay: Absence) -> str:
    """How far a stay is: "asked" by a doctor and not told yet, "told" to the patient, "arrived"; a stay that somebody noted is the last."""
    admitting = (DoctorRequest.patient_id == stay.patient_id, DoctorRequest.answer == DoctorAnswer.ADMIT)
    if since_answer.waits_to_be_admitted(session.scalars(select(DoctorRequest).where(*admitting)), stay.id):
        return "asked"
    return "told" if waits(_waiting(session, stay.patient_id), stay.id) else "arrived"


def in_hospital(session: Session, patient_id: int, *, besides: int | None = None) -> bool:
    """Did a person of the service note that they are in hospital? An order to come is no such word until they arrived.

    besides: a stay that is left out.
    """
    noted = [row for row in absences.standing(session, patient_id) if row.kind == absences.HOSPITAL and row.said_by.startswith("staff:")]
    return any(row.id != besides and stage(session, row) == "arrived" for row in noted)


def _due(session: Session, request: DoctorRequest, now: datetime) -> datetime:
    """The hour at which the doctor said they come, on their own wall; where none was given, or it has passed, the delay."""
    at, zone = request.answer_detail.get("at"), ZoneInfo(session.get_one(Patient, request.patient_id).timezone)
    if not at or request.answered_at is None:
        return now + CHECK_WITHIN
    hour = datetime.combine(request.answered_at.astimezone(zone).date(), time.fromisoformat(at), zone).astimezone(UTC)
    return hour if hour > now else now + CHECK_WITHIN


def _waiting(session: Session, patient_id: int) -> list[Task]:
    mine = (Task.patient_id == patient_id, Task.kind == KIND, Task.closed_at.is_(None))
    return list(session.scalars(select(Task).where(*mine).order_by(Task.id)))


def _key(request: DoctorRequest) -> str:
    return f"{KIND}:{request.id}"
