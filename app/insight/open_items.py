"""What is open, read narrowly: alerts, tasks, planned calls, requests to a doctor and to the city, as the order of the list needs them.

A thousand of them are read in a few milliseconds; whole rows are built for those on the screen only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.alerts import arrival, tasks
from app.alerts.models import Alert, AlertState, DoctorRequest, RequestState, Task
from app.care.contact_models import CityTask, TaskState
from app.care.models import OPEN_CALLS, PlannedCall
from app.insight.gone import Absent, Gone
from app.messaging.models import Message
from app.people import stand_ins
from app.people.models import Patient, Service
from app.people.perimeter import Viewer, visible_to
from triage.terms import Level


@dataclass(frozen=True)
class Item:
    """One open thing. kind: alert, task, call, request, city. key: the row it stands in.

    waits: put aside until due_at, or another's turn: it never presses. hurries: it presses from its start.
    """

    kind: str
    id: int
    key: str
    patient_id: int | None
    level: Level
    began: datetime
    due_at: datetime
    owner_id: int | None
    waits: bool = False
    assessment_id: int | None = None
    hurries: bool = False


Source = Callable[[Session, Viewer, str, datetime], Iterable[Item]]


def of_viewer(session: Session, viewer: Viewer, now: datetime, key: str = "") -> dict[str, list[Item]]:
    """By row, in no order between rows; within one the alert first, then tasks, soonest first. ``key``: of that row alone."""
    found: dict[str, list[Item]] = {}
    for source in SOURCES:
        for item in source(session, viewer, key, now):
            found.setdefault(item.key, []).append(item)
    return found


def task_key(task: Task, address: str) -> str:
    """The row a task stands in: its patient's, or the number's it came from, or its own."""
    return _task_key(task.id, task.patient_id, address)


def _task_key(task_id: int, patient_id: int | None, address: str) -> str:
    if patient_id is not None:
        return f"patient:{patient_id}"
    return f"number:{address}" if address else f"task:{task_id}"


def named_in(details: Iterable[Mapping[str, Any]]) -> list[int]:
    """The patients a text of a shared telephone may be about, as what it raised or made names them; each once, in that order."""
    named = [patient_id for detail in details for patient_id in detail.get("among") or ()]
    return list(dict.fromkeys(one for one in named if isinstance(one, int)))


def abandoned(absent: Absent, item: Item) -> Gone | None:
    """Why the owner of an open thing does not see to it any more; None while they do, and of a question that waits for a doctor."""
    return None if item.waits and item.kind == "request" else absent.of(item.owner_id, call_at=item.due_at if item.kind == "call" else None)


def mine(model: Any, viewer: Viewer) -> list[ColumnElement[bool]]:
    """Rows of the viewer's service whose patient they may see; those without a patient belong to the service."""
    seen = select(Patient.id).where(visible_to(viewer))
    return [model.service_id == viewer.service_id, or_(model.patient_id.is_(None), model.patient_id.in_(seen))]


def patient_of(key: str) -> int | None:
    """The patient of a row's key, None for a number's or a task's."""
    number = key.removeprefix("patient:")
    return int(number) if number != key and number.isdigit() else None


def _alerts(session: Session, viewer: Viewer, key: str, now: datetime) -> Iterator[Item]:
    columns = (Alert.id, Alert.subject, Alert.patient_id, Alert.level, Alert.state, Alert.raised_at, Alert.respond_by)
    query = select(*columns, Alert.next_step_at, Alert.owner_id, Alert.assessment_id).where(
        *mine(Alert, viewer), Alert.state != AlertState.CLOSED
    )
    for one in session.execute(query.where(Alert.subject == key) if key else query):
        waits = one.state == AlertState.WAITING
        due = one.next_step_at if waits and one.next_step_at is not None else one.respond_by
        yield Item(
            "alert", one.id, one.subject, one.patient_id, Level.of(one.level), one.raised_at, due, one.owner_id, waits, one.assessment_id
        )


def _tasks(session: Session, viewer: Viewer, key: str, now: datetime) -> Iterator[Item]:
    columns = (Task.id, Task.kind, Task.patient_id, Task.created_at, Task.due_at, Task.owner_id, Message.address)
    query = select(*columns).outerjoin(Message, Message.id == Task.message_id).where(*mine(Task, viewer), Task.closed_at.is_(None))
    if (patient_id := patient_of(key)) is not None:
        query = query.where(Task.patient_id == patient_id)
    for one in session.execute(query.order_by(Task.due_at, Task.id)):
        name = _task_key(one.id, one.patient_id, one.address or "")
        if not key or name == key:
            level = tasks.LEVELS.get(one.kind, Level.INFO)
            hurries = one.kind == arrival.KIND  # half an hour for somebody who needed an ambulance: it cannot wait for its last minutes
            yield Item("task", one.id, name, one.patient_id, level, one.created_at, one.due_at, one.owner_id, hurries=hurries)


def _calls(session: Session, viewer: Viewer, key: str, now: datetime) -> Iterator[Item]:
    """Planned calls of today, and every late or missed one, by the service's day: a day begins at midnight for whoever reads the list.

    An absent nurse's are her stand-in's at their hour, as the page of calls says; those that are late, whoever stands in now.
    """
    columns = (PlannedCall.id, PlannedCall.patient_id, PlannedCall.due_at, PlannedCall.owner_id)
    query = select(*columns).where(*mine(PlannedCall, viewer), *_of(PlannedCall, key), PlannedCall.state.in_(OPEN_CALLS))
    query = query.where(PlannedCall.due_at < _end_of_day(session, viewer, now))
    meant: dict[datetime, Mapping[int, int]] = {}
    for one in session.execute(query.order_by(PlannedCall.due_at, PlannedCall.id)):
        at = max(one.due_at, now)
        if at not in meant:
            meant[at] = stand_ins.meant(session, viewer.service_id or 0, at)
        owner_id = meant[at].get(one.owner_id, one.owner_id)
        yield Item("call", one.id, f"patient:{one.patient_id}", one.patient_id, Level.INFO, one.due_at, one.due_at, owner_id)


def _requests(session: Session, viewer: Viewer, key: str, now: datetime) -> Iterator[Item]:
    """Asked: the doctor's turn, on a ladder of its own. Answered: the patient waits to be told."""
    columns = (DoctorRequest.id, DoctorRequest.patient_id, DoctorRequest.state, DoctorRequest.level, DoctorRequest.asked_by_id)
    states = (RequestState.ASKED, RequestState.SEEN, RequestState.ANSWERED)
    query = select(*columns, DoctorRequest.raised_at, DoctorRequest.respond_by).where(
        *mine(DoctorRequest, viewer), *_of(DoctorRequest, key), DoctorRequest.state.in_(states)
    )
    for one in session.execute(query.order_by(DoctorRequest.respond_by, DoctorRequest.id)):
        to_tell = one.state == RequestState.ANSWERED
        level = Level.of(one.level) if to_tell else Level.INFO
        name = f"patient:{one.patient_id}"
        yield Item("request", one.id, name, one.patient_id, level, one.raised_at, one.respond_by, one.asked_by_id, waits=not to_tell)


def _city(session: Session, viewer: Viewer, key: str, now: datetime) -> Iterator[Item]:
    """What was asked of the city and passed its delay."""
    columns = (CityTask.id, CityTask.patient_id, CityTask.asked_at, CityTask.due_at, CityTask.asked_by_id)
    query = select(*columns).where(*mine(CityTask, viewer), *_of(CityTask, key), CityTask.state == TaskState.OVERDUE)
    for one in session.execute(query.order_by(CityTask.due_at, CityTask.id)):
        yield Item("city", one.id, f"patient:{one.patient_id}", one.patient_id, Level.INFO, one.asked_at, one.due_at, one.asked_by_id)


def _end_of_day(session: Session, viewer: Viewer, now: datetime) -> datetime:
    zone = ZoneInfo(session.get_one(Service, viewer.service_id).timezone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time.min, zone).astimezone(UTC)


def _of(model: Any, key: str) -> list[ColumnElement[bool]]:
    return [model.patient_id == (patient_of(key) or 0)] if key else []


SOURCES: tuple[Source, ...] = (_alerts, _tasks, _calls, _requests, _city)
"""Alerts first: whatever else is open for the same patient stands in their row."""
