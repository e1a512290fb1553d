"""The watchman: anything late, stuck, unread, unsent, or open without a next date. And the heartbeat of the worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.alerts.models import FOR_THE_DOCTOR, Alert, AlertState, DoctorRequest, RequestState, Task
from app.care import planning as follow_ups
from app.care.models import CallState, Enrolment, EnrolmentState, PlannedCall
from app.checkins import script
from app.checkins.judging import assessing
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import endings
from app.insight.models import Heartbeat
from app.messaging import budget
from app.messaging.models import In, Message, Out
from app.people.models import FollowUp, Patient, Service, Staff
from app.people.rota_models import RoadState, RoadTest
from app.treatment.models import Course, CourseState
from triage import calendar

LATE = timedelta(minutes=5)
"""What should have been done this long ago is late (REL-04, REL-05; house rule for the rest, 2026-11-22)."""
UNREAD = timedelta(minutes=1)
SILENT = timedelta(minutes=2)
"""The worker beats at least each minute; two minutes of silence is a dead worker (REL-06: alarmed within three)."""
DAY_OVER, PLANNED_WITHIN = timedelta(hours=25), timedelta(days=1)
"""A planned call that is neither made nor missed, a follow-up that could not be planned for this long (house rule, 2026-11-23)."""
SHOWN = 20
"""Row numbers kept per finding."""


@dataclass(frozen=True)
class Finding:
    """One thing that should have moved and has not. count: how many rows; ids: the first of them. sentence: English, for the operator."""

    kind: str
    count: int
    sentence: str
    ids: tuple[int, ...]


def sweep(session: Session, now: datetime) -> list[Finding]:
    """Look everywhere; nothing found is the good news. Only reads."""
    found = []
    for kind, sentence, query in _questions(now):
        ids = list(session.scalars(query))
        if ids:
            found.append(Finding(kind, len(ids), sentence.format(count=len(ids)), tuple(ids[:SHOWN])))
    found += _unjudged(session)
    found += _without_end(session, now)
    found += _without_protocol(session, now)
    found += _spending(session, now)
    found += _roads(session)
    return found


def _questions(now: datetime) -> list[tuple[str, str, Select[Any]]]:
    late = now - LATE
    going = (CheckIn.state.in_((CheckInState.OPEN, CheckInState.PARTIAL)), CheckIn.closed_at.is_(None))
    out = (Message.direction == "out", Message.state.in_((Out.QUEUED, Out.SENDING)))
    alive = Alert.state != AlertState.CLOSED
    asked, stepped = DoctorRequest.state.in_((*FOR_THE_DOCTOR, RequestState.ANSWERED)), DoctorRequest.next_step_at.is_not(None)
    overdue = DoctorRequest.next_step_at < now - timedelta(minutes=1)
    stopped = select(Message.id).where(*out, Message.due_at < late)
    return [
        (
            "unread",
            "{count} texts received are not understood yet",
            select(Message.id).where(Message.direction == "in", Message.state == In.UNREAD, Message.created_at < now - UNREAD),
        ),
        ("unsent", "{count} texts due are not sent yet", stopped),
        (
            "untold",
            "{count} texts did not arrive and nobody was told",
            select(Message.id).where(
                Message.direction == "out",
                Message.handled.is_(False),
                Message.state.in_((Out.FAILED, Out.UNDELIVERED, Out.EXPIRED)),
                Message.settled_at < late,
            ),
        ),
        (
            "not_opened",
            "{count} check-ins are due and were not opened",
            select(CheckIn.id).where(CheckIn.state == CheckInState.PLANNED, CheckIn.due_at < late),
        ),
        ("no_reminder", "{count} reminders are late", select(CheckIn.id).where(*going, CheckIn.remind_at < late)),
        ("no_silence", "{count} silences are not told yet", select(CheckIn.id).where(*going, CheckIn.silent_at < late)),
        ("no_end", "{count} open check-ins have no end", select(CheckIn.id).where(*going, CheckIn.silent_at.is_(None))),
        ("no_step", "{count} open alerts have no next step", select(Alert.id).where(alive, Alert.next_step_at.is_(None))),
        ("late_step", "{count} steps of alerts are late", select(Alert.id).where(alive, Alert.next_step_at < now - timedelta(minutes=1))),
        ("no_request_step", "{count} open requests to doctors have no next step", select(DoctorRequest.id).where(asked, ~stepped)),
        ("late_request", "{count} steps of requests to doctors are late", select(DoctorRequest.id).where(asked, overdue)),
        ("stuck_call", "{count} planned calls of a day that is over are not missed yet", _stuck_calls(now)),
        ("no_call_plan", "{count} open follow-ups have no calls planned ahead", _unplanned(now)),
        ("no_plan", "{count} patients under treatment have no next check-in and no task", _forgotten()),
    ]


def _stuck_calls(now: datetime) -> Select[Any]:
    """Whatever the zone, a day is over 25 hours after any hour of it; a missing file of a programme would stop nothing here."""
    waiting = PlannedCall.state.in_((CallState.PLANNED, CallState.LATE))
    return select(PlannedCall.id).where(waiting, PlannedCall.due_at < now - DAY_OVER).order_by(PlannedCall.id)


def _unplanned(now: datetime) -> Select[Any]:
    """The worker plans again each minute whoever has too few ahead: what stays short could not be planned."""
    short = or_(Enrolment.planned_until.is_(None), Enrolment.planned_until < (now + follow_ups.SHORT - PLANNED_WITHIN).date())
    opened = and_(Enrolment.state == EnrolmentState.OPEN, Enrolment.opened_at < now - PLANNED_WITHIN)
    return select(Enrolment.id).where(opened, short).order_by(Enrolment.id)


def _forgotten() -> Select[Any]:
    """Followed, treated, reachable by text, and yet nothing is planned, running, alarmed or on a list (REL-07)."""
    coming = (CheckInState.PLANNED, CheckInState.OPEN, CheckInState.PARTIAL)
    planned = exists().where(CheckIn.course_id == Course.id, CheckIn.state.in_(coming), CheckIn.closed_at.is_(None))
    listed = or_(
        exists().where(Task.patient_id == Patient.id, Task.closed_at.is_(None)),
        exists().where(Alert.patient_id == Patient.id, Alert.state != AlertState.CLOSED),
    )
    followed = and_(Course.state == CourseState.ACTIVE, Patient.follow_up == FollowUp.ACTIVE, Patient.opted_out_at.is_(None))
    return select(Patient.id).join(Course, Course.patient_id == Patient.id).where(followed, ~planned, ~listed).order_by(Patient.id)


def _without_end(session: Session, now: datetime) -> list[Finding]:
    """Nobody falls out in silence: each due check-in has come to an end 72 hours later, and each overdue call has an owner who is there."""
    ids = endings.overdue(session, now, grace=LATE)
    sentence = f"{len(ids)} check-ins have no end 72 hours after they were due"
    found = [Finding("no_ending", len(ids), sentence, tuple(ids[:SHOWN]))] if ids else []
    there = exists().where(Staff.id == Task.owner_id, Staff.active)
    unowned = list(session.scalars(select(Task.id).where(Task.kind == "overdue_call", Task.closed_at.is_(None), ~there).order_by(Task.id)))
    sentence = f"{len(unowned)} overdue calls belong to nobody who is there"
    return found + ([Finding("unowned_call", len(unowned), sentence, tuple(unowned[:SHOWN]))] if unowned else [])


def _unjudged(session: Session) -> list[Finding]:
    ids = assessing.unjudged_due(session, limit=SHOWN)
    return [Finding("unjudged", len(ids), f"{len(ids)} check-ins hold answers that no judgement has seen", tuple(ids))] if ids else []


def _without_protocol(session: Session, now: datetime) -> list[Finding]:
    """Every patient under treatment has a complete rule set (HZ-18)."""
    followed = select(Course, Patient).join(Patient, Patient.id == Course.patient_id)
    followed = followed.where(Course.state == CourseState.ACTIVE, Patient.follow_up == FollowUp.ACTIVE).order_by(Patient.id)
    rules: dict[tuple[object, ...], bool] = {}
    ids = []
    for course, patient in session.execute(followed):
        today = calendar.local_day(now, patient.timezone)
        key = (course.protocol_slug, patient.service_id, course.pinned_version_id, today)
        if key not in rules:
            rules[key] = script.version_for(session, course, patient, today) is not None
        if not rules[key]:
            ids.append(patient.id)
    sentence = f"{len(ids)} patients under treatment have no protocol in force"
    return [Finding("no_protocol", len(ids), sentence, tuple(ids[:SHOWN]))] if ids else []


def _spending(session: Session, now: datetime) -> list[Finding]:
    """A service near the end of its texts of the day, or past it."""
    near = {service.id: budget.percent(session, service, now) for service in session.scalars(select(Service).order_by(Service.id))}
    ids = [number for number, share in near.items() if share >= budget.WARNED_AT]
    sentence = f"{len(ids)} services have spent {budget.WARNED_AT} % or more of their texts of today"
    return [Finding("sms_budget", len(ids), sentence, tuple(ids[:SHOWN]))] if ids else []


def _roads(session: Session) -> list[Finding]:
    """Services whose last test of the road failed, until one holds: a real alert would meet the same broken road."""
    newest = select(func.max(RoadTest.id)).where(RoadTest.state != RoadState.RUNNING).group_by(RoadTest.service_id)
    failed = select(RoadTest.service_id).where(RoadTest.id.in_(newest), RoadTest.state == RoadState.FAILED).order_by(RoadTest.service_id)
    ids = list(session.scalars(failed))
    return [Finding("road", len(ids), f"{len(ids)} services have a test alert that did not arrive", tuple(ids[:SHOWN]))] if ids else []


# --- Heartbeat ----------------------------------------------------------------------------------------------------------------------


def beat(session: Session, name: str, wall: datetime, detail: dict[str, Any] | None = None) -> None:
    """Write that this tick ended well, in real time."""
    row = session.scalar(select(Heartbeat).where(Heartbeat.name == name).with_for_update())
    if row is None:
        try:
            with session.begin_nested():
                session.add(Heartbeat(name=name, at=wall, detail=detail or {}))
        except IntegrityError:  # another worker wrote the first one
            return
    else:
        row.at, row.detail = wall, detail or {}
    session.flush()


def last_beat(session: Session) -> datetime | None:
    """When a worker last ended a tick well."""
    return session.scalar(select(func.max(Heartbeat.at)))


def readiness(session: Session, now: datetime, wall: datetime) -> list[str]:
    """Why this installation would leave a patient unheard; one sentence each, empty when ready."""
    last = last_beat(session)
    reasons = [_silence_of_worker(last, wall)] if last is None or wall - last > SILENT else []
    return reasons + [finding.sentence for finding in sweep(session, now) if finding.kind in BLOCKING]


def _silence_of_worker(last: datetime | None, wall: datetime) -> str:
    if last is None:
        return "no worker has ever run on this database: start vigie work"
    return f"the worker has been silent for {int((wall - last).total_seconds())} seconds: start vigie work"


BLOCKING = frozenset({"unread", "unsent", "not_opened", "no_silence", "late_step", "unjudged"})
"""Findings that mean the chain itself is stuck; the others name patients for a person to look at."""
