"""What a shift leaves: what is open, what was promised to whom, what changed; each thing once, as facts that the screens word.

Read narrowly and for one viewer: their service, the patients they may see. Something promised stands among the promises and not among
what is open, so that no count is said twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import promised as promised_calls
from app.alerts import tasks
from app.alerts.models import FOR_THE_DOCTOR, Alert, AlertEvent, AlertState, DoctorRequest, RequestState, Task
from app.care.contact_models import CityTask, Contact, ContactState, TaskState
from app.care.models import OPEN_CALLS, CallState, PlannedCall
from app.checkins.models import AssessmentRow
from app.insight import changes
from app.insight.facts import REASONS
from app.insight.gone import LEFT, SHIFT_OVER, Absent
from app.insight.lines import Left, Line
from app.insight.open_items import mine, task_key
from app.messaging.models import Message
from app.people import care_team, stand_ins
from app.people.models import Patient, Service, Staff
from app.people.perimeter import Viewer, visible_to
from triage import calendar
from triage.terms import Level

__all__ = ["LEFT", "SHIFT_OVER", "Left", "Line", "read"]

LONGEST = timedelta(days=7)
"""What changed before is in the charts: a handover nobody signed for a month would be read by nobody (house rule, 2026-11-23)."""

PROMISES = ("waits", "call_back", "to_tell")
"""Open things that somebody promised for an hour: to come back to an alert, to call, to tell what the doctor decided."""

VISIT = "ready_come"
"""The ready reply that names an hour to come at; those that promise a call are calls to make."""


def read(session: Session, service: Service, *, viewer: Viewer, since: datetime, now: datetime) -> Left:
    """Everything of the viewer's service; the gravest and the soonest first, changes in the order they happened."""
    begins = max(since, now - LONGEST)
    due = [*_alerts(session, viewer), *_tasks(session, viewer), *_asked(session, viewer)]
    due += [*_calls(session, service, viewer, now), *_city(session, viewer, now)]
    still = [line for line in due if line.kind not in PROMISES]
    promised = [line for line in due if line.kind in PROMISES]
    called = {line.patient_id for line in promised if line.kind == "call_back"}
    promised += [line for line in _told(session, due) if line.patient_id not in called]
    promised += [*_agreed(session, viewer, now), *_visits(session, service, viewer, now)]
    changed = changes.since(session, viewer, begins)
    people = _People(session, service.id, [*still, *promised, *changed], viewer, now)
    return Left(
        since=begins,
        open=sorted(map(people.named, still), key=lambda line: (-line.level, line.by or line.at)),
        promised=sorted(map(people.named, promised), key=lambda line: line.by or line.at),
        changed=sorted(map(people.named, changed), key=lambda line: line.at),
    )


def _alerts(session: Session, viewer: Viewer) -> Iterator[Line]:
    alerts = list(session.scalars(select(Alert).where(*mine(Alert, viewer), Alert.state != AlertState.CLOSED)))
    why: dict[int, list[AlertEvent]] = {alert.id: [] for alert in alerts}
    raised = select(AlertEvent).where(AlertEvent.alert_id.in_(why), AlertEvent.kind.in_(REASONS)).order_by(AlertEvent.id)
    for event in session.scalars(raised):
        why[event.alert_id].append(event)
    judged = select(AssessmentRow.id, AssessmentRow.result).where(AssessmentRow.id.in_([one.assessment_id for one in alerts]))
    scores = {row.id: row.result.get("scores", {}) for row in session.execute(judged)}
    for one in alerts:
        waits = one.state == AlertState.WAITING
        yield Line(
            kind="waits" if waits else "alert",
            at=one.raised_at,
            key=one.subject,
            patient_id=one.patient_id,
            level=Level.of(one.level),
            by=one.next_step_at if waits and one.next_step_at else one.respond_by,
            owner_id=one.owner_id,
            row=one,
            steps=tuple(why[one.id]),
            detail=scores.get(one.assessment_id, {}) if one.kind == "assessment" else {},
        )


def _told(session: Session, due: Sequence[Line]) -> Iterator[Line]:
    """The calls that texts promised beside the open alerts, until somebody was spoken to: whoever waits was told an hour."""
    alerts = {line.row.id: line for line in due if line.kind in ("alert", "waits")}
    for alert_id, promise in promised_calls.of_each(session, [line.row for line in alerts.values()]).items():
        line = alerts[alert_id]
        yield Line(kind="promised", at=promise.since, key=line.key, patient_id=line.patient_id, by=promise.by, owner_id=line.owner_id)


def _tasks(session: Session, viewer: Viewer) -> Iterator[Line]:
    query = select(Task, Message.address).outerjoin(Message, Message.id == Task.message_id)
    for task, address in session.execute(query.where(*mine(Task, viewer), Task.closed_at.is_(None))):
        yield Line(
            kind="call_back" if task.kind == "call_back" else "task",
            at=task.created_at,
            key=task_key(task, address or ""),
            patient_id=task.patient_id,
            level=tasks.LEVELS.get(task.kind, Level.INFO),
            by=task.due_at,
            owner_id=task.owner_id,
            row=task,
            address=address or "",
        )


def _asked(session: Session, viewer: Viewer) -> Iterator[Line]:
    """Asked: the doctor has it. Answered: a nurse must tell the patient, and whoever asked is who knows."""
    query = select(DoctorRequest).where(*mine(DoctorRequest, viewer), DoctorRequest.state.in_((*FOR_THE_DOCTOR, RequestState.ANSWERED)))
    for one in session.scalars(query):
        answered = one.state == RequestState.ANSWERED
        yield Line(
            kind="to_tell" if answered else "request",
            at=one.answered_at or one.asked_at,
            key=f"patient:{one.patient_id}",
            patient_id=one.patient_id,
            level=Level.of(one.level),
            by=one.respond_by,
            owner_id=one.asked_by_id if answered else one.doctor_id,
            row=one,
        )


def _calls(session: Session, service: Service, viewer: Viewer, now: datetime) -> Iterator[Line]:
    """Planned calls of the local day and of days before; late and missed ones whatever their day. An absent nurse's are her stand-in's."""
    today = calendar.local_day(now, service.timezone)
    meant: dict[datetime, Mapping[int, int]] = {}
    for call in session.scalars(select(PlannedCall).where(*mine(PlannedCall, viewer), PlannedCall.state.in_(OPEN_CALLS))):
        if call.state == CallState.PLANNED and calendar.local_day(call.due_at, service.timezone) > today:
            continue
        if (at := max(call.due_at, now)) not in meant:
            meant[at] = stand_ins.meant(session, service.id, at)
        yield Line(
            kind=f"call_{call.state}",
            at=call.planned_at,
            key=f"patient:{call.patient_id}",
            patient_id=call.patient_id,
            level=Level.INFO,
            by=call.due_at,
            owner_id=meant[at].get(call.owner_id or 0, call.owner_id),
            row=call,
        )


def _city(session: Session, viewer: Viewer, now: datetime) -> Iterator[Line]:
    """What was asked of the city and is past its delay; whether or not the tick has said so already."""
    waiting = (TaskState.ASKED, TaskState.ACCEPTED, TaskState.OVERDUE)
    for one in session.scalars(select(CityTask).where(*mine(CityTask, viewer), CityTask.state.in_(waiting), CityTask.due_at <= now)):
        yield Line(
            kind="city",
            at=one.asked_at,
            key=f"patient:{one.patient_id}",
            patient_id=one.patient_id,
            level=Level.INFO,
            by=one.due_at,
            owner_id=one.asked_by_id,
            row=one,
        )


def _agreed(session: Session, viewer: Viewer, now: datetime) -> Iterator[Line]:
    """The next contact that a call agreed with the patient, of their last call alone."""
    latest = select(func.max(Contact.id)).where(*mine(Contact, viewer), Contact.state == ContactState.CLOSED).group_by(Contact.patient_id)
    for one in session.scalars(select(Contact).where(Contact.id.in_(latest), Contact.next_contact_at > now)):
        yield Line(
            kind="agreed",
            at=one.ended_at or one.started_at,
            key=f"patient:{one.patient_id}",
            patient_id=one.patient_id,
            level=Level.INFO,
            by=one.next_contact_at,
            owner_id=one.by_id,
            row=one,
        )


def _visits(session: Session, service: Service, viewer: Viewer, now: datetime) -> Iterator[Line]:
    """Who was written to come at the next opening after the day of the text."""
    written = (*mine(Message, viewer), Message.key == VISIT, Message.error_code != "withdrawn", Message.created_at > now - LONGEST)
    zone = ZoneInfo(service.timezone)
    for one in session.scalars(select(Message).where(*written)):
        next_day = datetime.combine(one.created_at.astimezone(zone).date() + timedelta(days=1), time.min, zone)
        by = care_team.next_opening(service, next_day)
        if by > now:
            yield Line(kind="visit", at=one.created_at, key=f"patient:{one.patient_id}", patient_id=one.patient_id, by=by, row=one)


class _People:
    """Names of patients and owners, and which owners are not there any more; read for all lines at once."""

    def __init__(self, session: Session, service_id: int, lines: Sequence[Line], viewer: Viewer, now: datetime) -> None:
        wanted = {line.patient_id for line in lines} - {None}
        patients = session.scalars(select(Patient).where(Patient.id.in_(wanted), visible_to(viewer)))
        self._patients = {one.id: one.full_name for one in patients}
        owners = {line.owner_id for line in lines} - {None}
        self._staff = dict(session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(owners))).all())
        self._absent = Absent(session, owners, service_id, now)

    def named(self, line: Line) -> Line:
        """The same line with its names."""
        called_at = line.by if line.kind.startswith("call_") and line.kind != "call_back" else None
        gone = self._absent.of(line.owner_id, call_at=called_at)
        if gone is not None and gone.why == SHIFT_OVER and line.kind == "request":
            gone = None  # a doctor is asked on call or not: the request's own ladder looks for another
        name, owner = self._patients.get(line.patient_id or 0, ""), self._staff.get(line.owner_id or 0, "")
        named = replace(line, name=name, owner=owner)
        return replace(named, gone=gone.why, ended=gone.ended, comes=gone.comes) if gone else named
