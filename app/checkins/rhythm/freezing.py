"""What an absence does to the plan and to texts that wait; it begins and ends by itself, and a freeze nobody ends is told to a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import admission, tasks
from app.alerts.models import Task
from app.checkins import answers, script, turn_taking
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import cycles, home_again, planning, resuming
from app.core.audit import SYSTEM, Actor
from app.core.errors import Refusal
from app.messaging import outbox
from app.messaging.outbox import Purpose
from app.people import absences, patients
from app.people.models import Absence, FollowUp, Patient
from triage import calendar

EVERYTHING = tuple(purpose for purpose in Purpose if purpose is not Purpose.STAFF)
ALL_BUT_SAFETY = tuple(purpose for purpose in EVERYTHING if purpose is not Purpose.SAFETY)


def record(session: Session, patient: Patient, kind: str, *, by: Actor, now: datetime, is_order: bool = False, **days: Any) -> Absence:
    """Write an absence down and let the plan follow. ``days``: from_day, until_day, reason, as absences.record, which may refuse.

    is_order: they are told to come; nobody says that they are there.
    """
    turn_taking.hold(session, patient.id)
    row = absences.record(session, patient, kind, by=by, now=now, **days)
    if row.kind == absences.HOSPITAL and row.begun_at is not None and not is_order:
        admission.arrived(session, patient.id, by=by, now=now)
    if row.kind == absences.DEATH:
        admission.settle(session, patient.id, by=by, now=now)
    if row.ended_at is not None:
        home_again.ask(session, patient, row, by=by, now=now)  # told afterwards, perhaps of yesterday
    _carry_out(session, patient, row, now)
    return row


def told(session: Session, patient: Patient, kind: str, *, by: Actor, now: datetime) -> None:
    """A text says so: messages freeze at once, and stay so until a person has settled it. Told twice, it is one absence."""
    if patient.follow_up != FollowUp.ENDED and not any(row.kind == kind for row in absences.standing(session, patient.id)):
        today = calendar.local_day(now, patient.timezone)
        record(session, patient, kind, from_day=today, reason="told by text", by=by, now=now)
    else:
        planning.replan_patient(session, patient, now=now)


def undo(session: Session, patient: Patient, absence_id: int, *, by: Actor, now: datetime, reason: str = "") -> Absence:
    """The way back: the plan is made anew, unless something else still stands. Raises as absences.undo."""
    turn_taking.hold(session, patient.id)
    over = absences.watching_over(session, patient.id)
    if over is not None and over.id == absence_id:
        raise Refusal("The watching is no longer prescribed: renew its prescription, and texts begin again at once.")
    row = absences.undo(session, patient, absence_id, by=by, now=now, reason=reason)
    admission.settle(session, patient.id, by=by, now=now)
    planning.replan_patient(session, patient, now=now)
    resuming.come_back(session, patient, now=now)
    return row


def last_day(session: Session, patient: Patient, absence_id: int, *, until_day: date | None, by: Actor, now: datetime) -> Absence:
    """The end of a stay is known; when it is today, or past already, texts begin again at once. Raises as absences.last_day."""
    turn_taking.hold(session, patient.id)
    row = absences.last_day(session, patient, absence_id, until_day=until_day, by=by, now=now)
    if row.begun_at is not None and row.until_day == calendar.local_day(now, patient.timezone):
        absences.undo(session, patient, row.id, by=by, now=now)  # home: nobody waits for midnight to be asked how they are
        home_again.ask(session, patient, row, by=by, now=now)
    _end_over(session, patient, by=by, now=now)
    planning.replan_patient(session, patient, now=now)
    resuming.come_back(session, patient, now=now)
    return row


def _end_over(session: Session, patient: Patient, *, by: Actor, now: datetime) -> None:
    """Rows whose last day is past end, and who comes home from a stay is called."""
    before = absences.standing(session, patient.id)
    absences.end_over(session, patient, now=now)
    admission.settle(session, patient.id, by=by, now=now)
    for row in before:
        home_again.ask(session, patient, row, by=by, now=now)


def _carry_out(session: Session, patient: Patient, row: Absence, now: datetime) -> None:
    planning.replan_patient(session, patient, now=now)
    if row.kind == absences.DEATH and row.begun_at is not None:
        # A bereaved family gets nothing that still waits, not even advice (HZ-35). What is only told by a text leaves a safety text alone.
        ended = patient.follow_up == FollowUp.ENDED
        outbox.withdraw(
            session, patient_id=patient.id, reason="the patient has died", now=now, purposes=EVERYTHING if ended else ALL_BUT_SAFETY
        )
    if row.kind == absences.VISIT and row.begun_at is not None:
        _visited(session, patient, row.from_day, now)


def _visited(session: Session, patient: Patient, day: date, now: datetime) -> None:
    """Nothing is asked on the day of a visit: an unanswered conversation of the day ends; whether a round was started is asked there."""
    mine = (CheckIn.patient_id == patient.id, CheckIn.day == day, CheckIn.kind != "unprompted")
    for checkin in session.scalars(select(CheckIn).where(*mine)):
        if checkin.state == CheckInState.OPEN and not answers.current(session, checkin.id):
            ended = update(CheckIn).where(CheckIn.id == checkin.id, CheckIn.state == CheckInState.OPEN)
            values = {"state": CheckInState.CANCELLED, "why": planning.VISIT_DAY, "closed_at": now, "asking": []}
            session.execute(ended.values(**values, remind_at=None, silent_at=None))
            outbox.withdraw(session, patient_id=patient.id, checkin_id=checkin.id, reason=planning.VISIT_DAY, now=now)
            session.refresh(checkin)
        if checkin.kind == script.CYCLE_START and checkin.state == CheckInState.CANCELLED and checkin.why == planning.VISIT_DAY:
            cycles.not_started(session, checkin, patient, why="visit_day", now=now)


# --- Ticks --------------------------------------------------------------------------------------------------------------------------


def begin(session: Session, absence_id: int, now: datetime) -> None:
    """The first day of an absence announced earlier."""
    row = session.get_one(Absence, absence_id)
    turn_taking.hold(session, row.patient_id)
    session.refresh(row)
    if row.begun_at is not None or row.ended_at is not None:
        return
    patient = session.get_one(Patient, row.patient_id, populate_existing=True)
    absences.begin(session, patient, row, now=now)
    _carry_out(session, patient, row, now)


def thaw_due(session: Session, now: datetime) -> list[int]:
    """Patients with an absence whose last day is past, or whose freeze ends today, on their own wall."""
    frozen = select(Patient).where(Patient.follow_up == FollowUp.FROZEN, Patient.follow_up_until.is_not(None)).order_by(Patient.id)
    ripe = [p.id for p in session.scalars(frozen) if p.follow_up_until and p.follow_up_until <= calendar.local_day(now, p.timezone)]
    return list(dict.fromkeys([*absences.over(session, now), *ripe]))


def thaw(session: Session, patient_id: int, now: datetime) -> None:
    """The absence had an end and it has come: messages begin again, unless another still holds them."""
    turn_taking.hold(session, patient_id)
    patient = session.get_one(Patient, patient_id, populate_existing=True)
    _end_over(session, patient, by=SYSTEM, now=now)
    ripe = patient.follow_up_until is not None and patient.follow_up_until <= calendar.local_day(now, patient.timezone)
    if patient.follow_up == FollowUp.FROZEN and ripe:
        patients.change_follow_up(session, patient, FollowUp.ACTIVE, by=SYSTEM, now=now, reason="the freeze had an end")
    planning.replan_patient(session, patient, now=now)


def unknown_end_due(session: Session, now: datetime) -> list[int]:
    """Absences that have frozen texts for a week or more without a last day, and of which nobody was told this week."""
    rows = absences.open_ended(session, now)
    made = set(session.scalars(select(Task.key).where(Task.key.in_([_key(row, now) for row in rows]))))
    waiting = set(session.scalars(select(Task.patient_id).where(Task.kind == "absence_open", Task.closed_at.is_(None))))
    return [row.id for row in rows if _key(row, now) not in made and row.patient_id not in waiting]


def tell_unknown_end(session: Session, absence_id: int, now: datetime) -> Task:
    """A person asks whether it still lasts: a freeze that nobody ends is a patient nobody follows."""
    row = session.get_one(Absence, absence_id)
    patient = session.get_one(Patient, row.patient_id)
    assert row.begun_at is not None
    return tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind="absence_open",
        key=_key(row, now),
        detail={"absence_id": row.id, "kind": row.kind, "days": (now - row.begun_at).days},
        now=now,
    )


def _key(row: Absence, now: datetime) -> str:
    weeks = (now - (row.begun_at or now)) // absences.UNKNOWN_END
    return f"absence_open:{row.id}:{weeks}"
