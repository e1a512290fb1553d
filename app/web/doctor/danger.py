"""What cannot wait for this doctor, read from the rows of the list: its words, its hours and who has it are the list's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import raising, spoken, tasks
from app.alerts.models import Alert, AlertState, DoctorRequest, RequestState
from app.checkins.judging import graded
from app.insight import worklist
from app.insight.open_items import Item
from app.insight.worklist import Row
from app.people import care_team, stand_ins
from app.people.models import Patient
from app.people.perimeter import Viewer
from triage.terms import Level


@dataclass(frozen=True)
class Danger:
    """An open urgent alert of one patient, in the row of the list that has it."""

    row: Row
    item: Item


@dataclass(frozen=True)
class Result:
    """A grave value of one patient that a person must read, in the row of the list that has its task."""

    row: Row
    item: Item


@dataclass(frozen=True)
class Untold:
    """An answer that its patient has not been told, in the row of the list that has it."""

    request: DoctorRequest
    row: Row
    item: Item

    @property
    def is_outdated(self) -> bool:
        """Did something grave come since, which whoever answered did not know of?"""
        return self.request.id in self.row.since

    def is_late(self, now: datetime) -> bool:
        """Has the hour passed by which the patient was to know?"""
        return self.item.due_at <= now


@dataclass(frozen=True)
class Pressing:
    """dangers, results: of this doctor's patients, of all while on call. untold: the orders about them, and every order of their own.

    dangers: by their hour, what is overdue first, taken or not; the others in the order of the list. alerts:
    the open alert of each patient of the list who has one, with its own hour. everybody: on call.
    """

    dangers: Sequence[Danger]
    results: Sequence[Result]
    untold: Sequence[Untold]
    alerts: Mapping[int, Item]
    everybody: bool


def pressing(session: Session, viewer: Viewer, now: datetime) -> Pressing:
    """A danger and an order nobody carried out have a line each, whether or not anything was asked of the doctor."""
    places = [one for one in worklist.places(session, viewer=viewer, now=now) if one.patient_id is not None]
    wanted = [one for one in places if any(_is_danger(item) or _is_untold(item) or _may_be_result(item) for item in one.items)]
    rows = worklist.rows(session, viewer=viewer, now=now, of=wanted)
    everybody = viewer.actor.id in {one.id for one in care_team.on_duty(session, viewer.service_id or 0, now, "on_call")}
    people = {row.place.patient_id or 0 for row in rows}
    mine = people if everybody else _mine(session, viewer, now, people)
    dangers = [Danger(row, item) for row in rows if row.place.patient_id in mine for item in row.place.items if _is_danger(item)]
    results = [Result(row, item) for row in rows if row.place.patient_id in mine for item in row.place.items if _is_result(row, item)]
    untold = []
    for row in rows:
        asked = {one.id: one for one in row.requests if one.state == RequestState.ANSWERED}
        kept = [(asked[item.id], item) for item in row.place.items if item.kind == "request" and item.id in asked]
        untold += [Untold(one, row, item) for one, item in kept if row.place.patient_id in mine or one.answered_by_id == viewer.actor.id]
    alerts = {one.patient_id or 0: item for one in places for item in one.items if item.kind == "alert"}
    dangers = sorted((one for one in dangers if one.row.alert is not None), key=lambda one: (one.item.waits, one.item.due_at))
    return Pressing(dangers, results, untold, alerts, everybody)


def alert_of(session: Session, viewer: Viewer, patient_id: int, now: datetime) -> Item | None:
    """The open alert of one patient with its own hour, as the list has it."""
    places = worklist.places(session, viewer=viewer, now=now, key=f"patient:{patient_id}")
    return next((item for one in places for item in one.items if item.kind == "alert"), None)


def _may_be_result(item: Item) -> bool:
    """Narrow reads know no kind of task: its level tells those apart that must be looked at."""
    return item.kind == "task" and item.level is tasks.LEVELS[graded.TASK]


def _is_result(row: Row, item: Item) -> bool:
    return _may_be_result(item) and any(task.id == item.id and task.kind == graded.TASK for task in row.tasks)


def _is_danger(item: Item) -> bool:
    return item.kind == "alert" and item.level is Level.URGENT


def _is_untold(item: Item) -> bool:
    return item.kind == "request" and not item.waits


def _mine(session: Session, viewer: Viewer, now: datetime, people: Iterable[int]) -> set[int]:
    """Of these patients, those of this doctor, and those of whom they replace now."""
    found = session.execute(select(Patient.id, Patient.oncologist_id).where(Patient.id.in_(people))).all()
    meant = stand_ins.meant(session, viewer.service_id or 0, now)
    return {patient_id for patient_id, doctor_id in found if viewer.actor.id in (doctor_id, meant.get(doctor_id))}


def worst(session: Session, patient_ids: Iterable[int]) -> dict[int, str]:
    """The level of the open alert of each patient who has one: nothing to read or to sign hides that its patient is in danger now."""
    open_ = (Alert.patient_id.in_(patient_ids), Alert.state != AlertState.CLOSED)
    found: dict[int, str] = {}
    for one, level in session.execute(select(Alert.patient_id, Alert.level).where(*open_)):
        patient_id = one or 0
        found[patient_id] = max(found.get(patient_id, "none"), level, key=Level.of)
    return found


def level_of(request: DoctorRequest, alerts: Mapping[int, str]) -> str:
    """The one level of a request wherever a doctor reads it: its own, or that of its patient's open alert when that is graver."""
    return max(request.level, alerts.get(request.patient_id, "none"), key=Level.of)


def standing(session: Session, patient_id: int) -> Alert | None:
    """The open alert that a doctor who continues has read: any urgent one, a high one of a danger sign or a grave value.

    It stands until it is closed: who was told 280 mg by voice, or called about it, has the same neutrophils as before.
    """
    graves = (Level.URGENT.word, Level.HIGH.word)
    mine = (Alert.patient_id == patient_id, Alert.state != AlertState.CLOSED, Alert.level.in_(graves))
    found = [one for one in session.scalars(select(Alert).where(*mine)) if one.level == Level.URGENT.word or _is_grave(one)]
    return max(found, key=lambda one: Level.of(one.level), default=None)


def _is_grave(alert: Alert) -> bool:
    """Did a danger sign, or a value, raise it as high as it is?"""
    told = (event.detail for event in alert.events if raising.level_of(event.detail) >= Level.HIGH)
    return any(detail.get("dangers") or "result" in detail or any(detail.get("values") or ()) for detail in told)


def is_spoken_to(session: Session, alert: Alert | None) -> bool:
    """Was the patient, or somebody with them, spoken to since it opened or rose?"""
    return alert is not None and spoken.anybody(session, alert)


def signs_of(alert: Alert | None) -> list[str]:
    """The dangers in its story, each once; empty of an alert raised by something else."""
    return list(dict.fromkeys(code for event in alert.events for code in event.detail.get("dangers", ()))) if alert else []
