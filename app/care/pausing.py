"""Planned calls during a stay in hospital, or in hospital at home: others speak with the patient, calls wait, and begin again after it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import programmes
from app.care.models import OPEN_CALLS, CallState, Enrolment, EnrolmentState, PlannedCall
from app.care.planning import DISCHARGE, plan, zone_of
from app.core import audit
from app.core.audit import SYSTEM
from app.people import absences, care_team
from app.people.models import Absence, Patient, Service
from triage import calendar

NOT_BEFORE = timedelta(hours=1)
"""Nobody is called in the hour they leave: they are on the road (house rule, 2026-11-23)."""


def due(session: Session, now: datetime) -> list[int]:
    """Enrolments whose calls disagree with the stays: calls to make during one, or paused ones after it."""
    staying = (
        select(Absence.id)
        .where(
            Absence.patient_id == PlannedCall.patient_id,
            Absence.kind.in_(absences.STAYS),
            Absence.begun_at.is_not(None),
            Absence.ended_at.is_(None),
        )
        .exists()
    )
    running = select(PlannedCall.enrolment_id).join(Enrolment, Enrolment.id == PlannedCall.enrolment_id)
    running = running.where(Enrolment.state == EnrolmentState.OPEN)
    to_pause = session.scalars(running.where(PlannedCall.state.in_(OPEN_CALLS), staying).distinct())
    keeps = [number for number in to_pause if _pauses(session.get_one(Enrolment, number))]
    to_restart = session.scalars(running.where(PlannedCall.state == CallState.PAUSED, ~staying).distinct()).all()
    return sorted({*keeps, *to_restart})


def _pauses(enrolment: Enrolment) -> bool:
    programme = programmes.found(enrolment)
    return programme is not None and any(phase.on_admission == "pause" for phase in programme.rhythm)


def step(session: Session, enrolment_id: int, now: datetime) -> None:
    """Pause, or begin again, whichever the stays ask for."""
    enrolment = session.get_one(Enrolment, enrolment_id)
    session.refresh(enrolment, with_for_update=True)
    patient = session.get_one(Patient, enrolment.patient_id)
    if any(row.kind in absences.STAYS for row in absences.standing(session, patient.id)):
        _pause(session, enrolment, now)
    else:
        _restart(session, enrolment, patient, now)


def _pause(session: Session, enrolment: Enrolment, now: datetime) -> None:
    phases = programmes.of(enrolment).phases
    for row in _rows(session, enrolment, OPEN_CALLS):
        if row.phase not in phases or phases[row.phase].on_admission == "pause":
            row.state, row.stamp = CallState.PAUSED, row.stamp + 1
    _note(session, enrolment, "calls.paused", now)


def _restart(session: Session, enrolment: Enrolment, patient: Patient, now: datetime) -> None:
    """The patient is home: a call within the programme's hours (48 of AMA-TO) of leaving, and the plan as before.

    The first call that fell into the stay is the one made then; the others of the stay have no object any more. When none did, and the
    next one is later, one more is planned: leaving hospital is when people are lost. Of a stay written by mistake nobody comes home: the
    calls stand again as they were.
    """
    if (stay := _last_stay(session, patient)) is not None and stay.begun_at is None:
        for row in _rows(session, enrolment, (CallState.PAUSED,)):
            row.state, row.stamp = CallState.PLANNED, row.stamp + 1
        session.flush()
        _note(session, enrolment, "calls.restarted", now)
        plan(session, enrolment, now=now)
        return
    left = discharged_at(session, patient, now)
    first = programmes.of(enrolment).rhythm[0]
    limit = left + timedelta(hours=first.restart_within_hours)
    due_at = _within(session.get_one(Service, enrolment.service_id), patient, _hour(enrolment, first.hours[0]), left, limit, now)
    paused = _rows(session, enrolment, (CallState.PAUSED,))
    for row in paused:
        row.state, row.stamp = CallState.PLANNED, row.stamp + 1
    slept = [row for row in paused if row.due_at <= due_at]
    if slept:
        again = slept[0]
        again.due_at, again.label, again.moved_why = due_at, DISCHARGE, DISCHARGE
        again.late_at = again.missed_at = None
        again.owner_id = again.owner_id or enrolment.nurse_id
        for row in slept[1:]:
            row.state, row.why = CallState.CANCELLED, "in_hospital"
    elif not any(row.due_at <= limit for row in paused):
        session.add(_one_more(enrolment, paused[0], due_at, now))
    session.flush()
    _note(session, enrolment, "calls.restarted", now)
    plan(session, enrolment, now=now)


def discharged_at(session: Session, patient: Patient, now: datetime) -> datetime:
    """When the last stay was over: at the end of its last day, or when somebody said so, whichever came first; at most now."""
    last = _last_stay(session, patient)
    if last is None or last.ended_at is None:
        return now
    if last.until_day is None:
        return min(last.ended_at, now)
    return min(last.ended_at, calendar.instant(last.until_day + timedelta(days=1), time(), patient.timezone), now)


def _last_stay(session: Session, patient: Patient) -> Absence | None:
    """The stay that ended last. One that was written by mistake never began."""
    return next((row for row in absences.of_patient(session, patient.id) if row.kind in absences.STAYS and row.ended_at is not None), None)


def _within(service: Service, patient: Patient, hour: time, left: datetime, limit: datetime, now: datetime) -> datetime:
    """The agreed hour of the next open day; else any open hour before the limit; else, over a long week-end, the first one after it."""
    soonest = max(left, now) + NOT_BEFORE
    first, zone = calendar.local_day(left, patient.timezone), zone_of(patient)
    week = [first + timedelta(days=n) for n in range(care_team.HORIZON_DAYS)]
    for day in week:
        at = calendar.instant(day, hour, zone(day))
        if soonest <= at <= limit and care_team.is_open(service, at):
            return at
    for day in week:
        for begins, ends in care_team.spans_of(service, day):
            if max(begins, soonest) < ends and max(begins, soonest) <= limit:
                return max(begins, soonest)
    return care_team.next_opening(service, soonest)


def _hour(enrolment: Enrolment, written: str) -> time:
    return time.fromisoformat(enrolment.slots[0][1] if enrolment.slots else written)


def _one_more(enrolment: Enrolment, like: PlannedCall, due_at: datetime, now: datetime) -> PlannedCall:
    return PlannedCall(
        service_id=enrolment.service_id,
        patient_id=enrolment.patient_id,
        enrolment_id=enrolment.id,
        programme=enrolment.programme,
        phase=like.phase,
        cycle=like.cycle,
        number=0,
        due_at=due_at,
        original_day=due_at.date(),
        moved_why=DISCHARGE,
        label=DISCHARGE,
        owner_id=enrolment.nurse_id,
        planned_at=now,
    )


def _rows(session: Session, enrolment: Enrolment, states: tuple[CallState, ...]) -> list[PlannedCall]:
    mine = (PlannedCall.enrolment_id == enrolment.id, PlannedCall.state.in_(states))
    return list(session.scalars(select(PlannedCall).where(*mine).order_by(PlannedCall.due_at, PlannedCall.id)))


def _note(session: Session, enrolment: Enrolment, action: str, now: datetime) -> None:
    session.flush()
    audit.record(
        session,
        actor=SYSTEM,
        action=action,
        subject=f"enrolment:{enrolment.id}",
        service_id=enrolment.service_id,
        patient_id=enrolment.patient_id,
        now=now,
    )
