"""What the prescription of the watching does to tasks, plan and texts (FR-10): told before its end, stopped at it, renewed.

A patient without any prescription is watched all the same: a task says, once, that it is missing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins import turn_taking, ways
from app.checkins.rhythm import planning, resuming
from app.core.audit import SYSTEM, Actor
from app.messaging import outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import absences, care_team, watching
from app.people.models import FollowUp, Patient, Service
from app.people.watching import NewWatching, Phase, Standing
from app.people.watching_models import Watching
from app.treatment.models import Course, CourseState, Measure
from notifications import policy
from notifications.messages import Moment
from triage import calendar

MISSING, SOON, NEAR, OVER = "watching_missing", "watching_soon", "watching_near", "watching_over"
TASK_OF = {Phase.SOON: SOON, Phase.NEAR: NEAR, Phase.OVER: OVER}
TEXTS = (NEAR, OVER)
"""Kinds of task whose patient is told too, by the text of the same key."""

MISSING_AFTER = timedelta(days=7)
"""How long after the enrolment a prescription may come on paper before its absence is a task (house rule, 2026-11-23)."""
MISSING_A_DAY = 10
"""Such tasks a service gets a day: a hospital that followed a thousand people before gets them in portions (house rule, 2026-11-23)."""
MISSING_WITHIN = timedelta(hours=40)
"""Service hours within which somebody sees to it: a working week (house rule, 2026-11-23)."""
LAST_TEXT = time(20)
"""No question leaves after this hour of the patient's day, so none does on the last day either (quiet hours)."""
DONE = "renewed, or no longer needed"


def record(session: Session, patient: Patient, new: NewWatching, *, by: Actor, now: datetime) -> Watching:
    """Write a prescription or a renewal; tasks end and the plan begins again at once. Raises FieldErrors."""
    turn_taking.hold(session, patient.id)
    row = watching.record(session, patient, new, by=by, today=calendar.local_day(now, patient.timezone), now=now)
    follow(session, patient, now=now)
    return row


def strike(session: Session, patient: Patient, watching_id: int, *, reason: str, by: Actor, now: datetime) -> Watching:
    """Written by mistake: what is left counts from now on. Raises NotFound, FieldErrors."""
    turn_taking.hold(session, patient.id)
    row = watching.strike(session, patient, watching_id, reason=reason, by=by, now=now)
    follow(session, patient, now=now)
    return row


def last_weight(session: Session, patient_id: int) -> Decimal | None:
    """The last weight measured, in kilograms; None when there is none."""
    mine = (Measure.patient_id == patient_id, Measure.kind == "weight")
    return session.scalar(select(Measure.value).where(*mine).order_by(Measure.taken_at.desc(), Measure.id.desc()).limit(1))


# --- Ticks --------------------------------------------------------------------------------------------------------------------------


def due(session: Session, now: datetime) -> list[int]:
    """Patients whose prescription asks for something that has not been done."""
    written = watching.of_everyone(session)
    made: dict[int | None, set[tuple[str, bool]]] = defaultdict(set)
    for task in session.scalars(select(Task).where(Task.kind.in_((SOON, NEAR, OVER)))):
        made[task.patient_id].add((task.key, task.closed_at is None))
    people = session.scalars(select(Patient).where(Patient.id.in_({*written, *(one for one in made if one)})).order_by(Patient.id))
    return [one.id for one in people if _is_behind(session, one, written.get(one.id, []), made[one.id], now)]


def step(session: Session, patient_id: int, now: datetime) -> None:
    """Make tasks, plan and texts of one patient agree with the prescription."""
    turn_taking.hold(session, patient_id)
    follow(session, session.get_one(Patient, patient_id, populate_existing=True), now=now)


def _is_behind(session: Session, patient: Patient, rows: list[Watching], made: set[tuple[str, bool]], now: datetime) -> bool:
    stands = watching.standing(rows, calendar.local_day(now, patient.timezone))
    key = _key(patient, stands)
    is_over, is_frozen = key.startswith(OVER), absences.watching_over(session, patient.id) is not None
    if any(is_open and name != key for name, is_open in made) or (key and key not in {name for name, _ in made}):
        return True
    if is_over != is_frozen and patient.follow_up != FollowUp.ENDED:
        return True
    return (is_over and (key, True) not in made) or _is_untold(session, patient, stands, now)


def follow(session: Session, patient: Patient, *, now: datetime) -> None:
    """Doing it twice changes nothing."""
    rows = watching.of_patient(session, patient.id)
    stands = watching.standing(rows, calendar.local_day(now, patient.timezone))
    key = _key(patient, stands)
    _end_others(session, patient, key, now)
    if key:
        _tell_team(session, patient, stands, key, now)
    if _is_untold(session, patient, stands, now):
        _tell_patient(session, patient, stands, now)
    frozen = absences.watching_over(session, patient.id)
    if key.startswith(OVER) and frozen is None:
        absences.stop_watching(session, patient, now=now)
        planning.replan_patient(session, patient, now=now)
    elif frozen is not None and stands.phase is not Phase.OVER:
        absences.undo(session, patient, frozen.id, by=SYSTEM, now=now, reason="the watching is prescribed again")
        planning.replan_patient(session, patient, now=now)
        resuming.come_back(session, patient, now=now)
    session.flush()


def _key(patient: Patient, stands: Standing) -> str:
    """The name of the task there should be, "" for none. An end of the follow-up, by a person, ends the question too."""
    kind = TASK_OF.get(stands.phase, "")
    return f"{kind}:{patient.id}:{stands.last_day}" if kind and patient.follow_up != FollowUp.ENDED else ""


def _end_others(session: Session, patient: Patient, key: str, now: datetime) -> None:
    is_written = any(row.removed_at is None for row in watching.of_patient(session, patient.id))
    answered = (SOON, NEAR, OVER, MISSING) if is_written else (SOON, NEAR, OVER)
    mine = (Task.patient_id == patient.id, Task.kind.in_(answered), Task.closed_at.is_(None), Task.key != key)
    for task in session.scalars(select(Task).where(*mine)):
        tasks.end(session, task, by=SYSTEM, now=now, words=DONE, settled=True)


def _tell_team(session: Session, patient: Patient, stands: Standing, key: str, now: datetime) -> None:
    assert stands.last_day is not None
    kind = TASK_OF[stands.phase]
    asked_again = stands.last_day - timedelta(days=watching.NEAR_DAYS)
    answer_by = None if kind == OVER else calendar.instant(stands.last_day if kind == NEAR else asked_again, time(12), patient.timezone)
    detail = {"until": stands.last_day.isoformat()}
    task = tasks.make(
        session, service_id=patient.service_id, patient_id=patient.id, kind=kind, key=key, detail=detail, due_at=answer_by, now=now
    )
    if task.closed_at is not None and (kind == OVER or task.detail.get("settled")):
        again = answer_by or care_team.add_service_time(patient.service, now, tasks.DUE_WITHIN)
        tasks.reopen(session, task, by=SYSTEM, now=now, due_at=again, reason="asked again")
        task.detail = detail


# --- The patient --------------------------------------------------------------------------------------------------------------------


def _is_untold(session: Session, patient: Patient, stands: Standing, now: datetime) -> bool:
    """A text is to leave, and may: not on the last day itself, the next morning says it better; not beside a stay or a death."""
    key = _key(patient, stands)
    is_last_day = stands.last_day == calendar.local_day(now, patient.timezone)
    if not key.startswith(TEXTS) or is_last_day or patient.opted_out_at is not None or ways.of(session, patient)[0] == ways.CALL:
        return False
    if any(row.kind != absences.WATCHING_OVER and row.kind != absences.VISIT for row in absences.standing(session, patient.id)):
        return False
    return session.scalar(select(Message.id).where(Message.dedup_key == key)) is None


def _tell_patient(session: Session, patient: Patient, stands: Standing, now: datetime) -> None:
    assert stands.last_day is not None
    at, zone, values = policy.first_allowed(now, patient.timezone), ZoneInfo(patient.timezone), {}
    if stands.phase is Phase.NEAR:
        ends = calendar.instant(stands.last_day, LAST_TEXT, patient.timezone)
        values = {"opening": Moment(ends.astimezone(zone), at.astimezone(zone))}
    outbox.queue(
        session,
        key=TASK_OF[stands.phase],
        purpose=Purpose.ADMINISTRATIVE,
        dedup_key=_key(patient, stands),
        patient=patient,
        values=values,
        not_before=at,
        now=now,
    )


# --- None was ever written ----------------------------------------------------------------------------------------------------------


def missing_due(session: Session, now: datetime) -> list[int]:
    """Patients under treatment, followed for a week or more, for whom nobody has written a prescription, and of whom nobody was told."""
    told = select(Task.patient_id).where(Task.kind == MISSING)
    asked = (Course.state == CourseState.ACTIVE, Patient.follow_up == FollowUp.ACTIVE, Patient.created_at <= now - MISSING_AFTER)
    written = select(Watching.patient_id).where(Watching.removed_at.is_(None))
    without = (Patient.id.not_in(written), Patient.id.not_in(told))
    rows = session.execute(select(Patient.id, Patient.service_id).join(Course).where(*asked, *without).distinct().order_by(Patient.id))
    left: Counter[int] = Counter()
    found = []
    for patient_id, service_id in rows:
        left[service_id] += 1
        if left[service_id] + _told_today(session, service_id, now) <= MISSING_A_DAY:
            found.append(patient_id)
    return found


def tell_missing(session: Session, patient_id: int, now: datetime) -> Task:
    """Once for ever: the watching goes on whatever comes of it."""
    patient = session.get_one(Patient, patient_id)
    return tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind=MISSING,
        key=f"{MISSING}:{patient.id}",
        due_at=care_team.add_service_time(patient.service, now, MISSING_WITHIN),
        now=now,
    )


def _told_today(session: Session, service_id: int, now: datetime) -> int:
    service = session.get_one(Service, service_id)
    midnight = calendar.instant(calendar.local_day(now, service.timezone), time(), service.timezone)
    made = select(Task.id).where(Task.service_id == service_id, Task.kind == MISSING, Task.created_at >= midnight)
    return len(session.scalars(made).all())
