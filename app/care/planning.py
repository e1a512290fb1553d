"""Planned calls as visible rows, some weeks ahead: made from the programme's rhythm and the facts, and made again after every change.

A call is never dropped: it is made, or late, then missed and the whole team's; paused during a stay and taken up after it; cancelled only
when it has no object any more, with why. Stays are in pausing.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.care import programmes, slots
from app.care.document import Phase
from app.care.models import OPEN_CALLS, CallState, Enrolment, EnrolmentState, PlannedCall
from app.care.slots import Anchors, Slot
from app.people import journeys
from app.people.models import Patient, Service
from app.treatment import courses, days
from app.treatment.models import Course, CourseState, HoldKind
from triage import calendar

AHEAD = timedelta(days=56)
SHORT = timedelta(days=42)
"""How far calls are planned; a plan that reaches less far is made longer (house rule, 2026-11-23: the next monthly call is always seen)."""
LABELS = HOLD, DISCHARGE = "hold", "discharge"
"""What a call may be labelled: each has its words on the screens."""


@dataclass(frozen=True)
class Plan:
    """What planning changed."""

    new: int = 0
    moved: int = 0
    cancelled: int = 0


def of_patient(session: Session, patient_id: int, *, now: datetime) -> None:
    """Plan again whatever this patient is followed in: a start, a hold or a cycle has changed."""
    mine = select(Enrolment).where(Enrolment.patient_id == patient_id, Enrolment.state == EnrolmentState.OPEN)
    for enrolment in session.scalars(mine.order_by(Enrolment.id)).all():
        plan(session, enrolment, now=now)


def plan(session: Session, enrolment: Enrolment, *, now: datetime) -> Plan:
    """Make the rows to come agree with the facts. Doing it twice changes nothing; rows made, late, missed or moved by hand stay.

    A call whose day changes keeps its row: ten calls planned before a start was put off are ten calls after it.
    """
    session.flush()
    session.refresh(enrolment, with_for_update=True)  # two workers planning the same calls would write each of them twice
    if enrolment.state != EnrolmentState.OPEN:
        return Plan(cancelled=cancel_open(session, enrolment, "ended", now=now))
    patient = session.get_one(Patient, enrolment.patient_id)
    if enrolment.course_id is None:
        enrolment.course_id = getattr(courses.running(session, patient.id), "id", None)  # the prescription followed the proposal
    today = calendar.local_day(now, patient.timezone)
    rows = list(session.scalars(select(PlannedCall).where(PlannedCall.enrolment_id == enrolment.id).order_by(PlannedCall.due_at)))
    rows = [row for row in rows if row.state != CallState.CANCELLED]
    wanted = [slot for slot in _wanted(session, enrolment, patient, today) if slot.due_at > now]
    movable = [row for row in rows if row.state in (CallState.PLANNED, CallState.PAUSED) and _free(row, now)]
    kept, gone, missing = _matched(rows, movable, wanted)
    for row, slot in kept:
        _place(row, slot, row.moved_why if slot.moved_why == "" and row.moved_why == "start" else slot.moved_why)
    for row, slot in zip(gone, missing, strict=False):
        _place(row, slot, slot.moved_why or "start")
    for row in gone[len(missing) :]:
        _cancel(row, "replanned")
    for slot in missing[len(gone) :]:
        session.add(_new(enrolment, slot, now))
    enrolment.planned_until = today + AHEAD
    session.flush()
    relabel(session, enrolment)
    return Plan(max(0, len(missing) - len(gone)), min(len(gone), len(missing)), max(0, len(gone) - len(missing)))


def _free(row: PlannedCall, now: datetime) -> bool:
    """May the plan move it? Not what a person moved, nor the call of a discharge, nor what is past."""
    return not row.moved_by and row.label != DISCHARGE and row.due_at > now


def _matched(
    rows: Iterable[PlannedCall], movable: list[PlannedCall], wanted: list[Slot]
) -> tuple[list[tuple[PlannedCall, Slot]], list[PlannedCall], list[Slot]]:
    """Rows that have their call, rows without one any more, calls without a row."""
    by_day = {row.original_day: row for row in rows if row.label != DISCHARGE}
    by_hand = {(row.phase, row.cycle, row.number) for row in rows if row.moved_by}
    kept, missing = [], []
    for slot in wanted:
        row = by_day.get(slot.day)
        if row is not None and row in movable:
            kept.append((row, slot))
        elif row is None and (slot.phase, slot.cycle, slot.number) not in by_hand:
            missing.append(slot)
    found = {row.id for row, _ in kept}
    return kept, [row for row in movable if row.id not in found], missing


def _wanted(session: Session, enrolment: Enrolment, patient: Patient, today: date) -> list[Slot]:
    programme = programmes.of(enrolment)
    until = today + AHEAD
    asked = slots.asked(programme, anchors(session, enrolment, patient, until), until)
    ending = _last_day(session, enrolment)
    asked = [slot for slot in asked if slot.day >= today - timedelta(days=slots.FURTHEST) and (ending is None or slot.day <= ending)]
    return slots.placed(programme, asked, session.get_one(Service, enrolment.service_id), zone_of(patient), today)


def zone_of(patient: Patient) -> Callable[[date], str]:
    """Where the patient lives on a day."""
    return lambda day: calendar.zone_on(day, patient.timezone, journeys.ahead(patient))


def _last_day(session: Session, enrolment: Enrolment) -> date | None:
    """The last day of the follow-up, when the programme counts one."""
    after, first = programmes.of(enrolment).exit.after_days, first_intake(session, enrolment)
    return first + timedelta(days=after) if after is not None and first is not None else None


def first_intake(session: Session, enrolment: Enrolment) -> date | None:
    """The day everything is counted from: of the treatment when it is known here, else the one that was written."""
    course = session.get(Course, enrolment.course_id) if enrolment.course_id else None
    return course.first_intake if course else enrolment.anchor_day


def anchors(session: Session, enrolment: Enrolment, patient: Patient, until: date) -> Anchors:
    """The days that calls are counted from: first intake, opening, cycles that began and those to come."""
    opened = calendar.local_day(enrolment.opened_at or enrolment.proposed_at, patient.timezone)
    course = session.get(Course, enrolment.course_id) if enrolment.course_id else None
    length = next((phase.cycle_days for phase in programmes.of(enrolment).rhythm if phase.cycle_days), None)
    agreed = tuple((weekday, hour) for weekday, hour in enrolment.slots)
    cycles = tuple(_cycles(course, enrolment.anchor_day, length, until))
    return Anchors(first_intake(session, enrolment), opened, cycles, enrolment.stage, enrolment.level, agreed)


def _cycles(course: Course | None, anchor: date | None, length: int | None, until: date) -> Iterable[tuple[int, date]]:
    """Cycles that began, then the planned ones: a cycle nobody confirmed yet has its calls all the same."""
    first = course.first_intake if course else anchor
    if first is None:
        return []
    found = [(row.number, row.started_on) for row in course.cycles] if course else []
    found = found or [(1, first)]
    length = (days.pattern_of(course).length if course else None) or length
    if length is None:
        return found
    planned = calendar.next_start(days.calendar_of(course)) if course else None
    number, start = found[-1]
    start = max(planned or start, start + timedelta(days=length))
    while start <= until:
        number += 1
        found.append((number, start))
        start += timedelta(days=length)
    return found


def _new(enrolment: Enrolment, slot: Slot, now: datetime) -> PlannedCall:
    row = PlannedCall(
        service_id=enrolment.service_id,
        patient_id=enrolment.patient_id,
        enrolment_id=enrolment.id,
        programme=enrolment.programme,
        owner_id=enrolment.nurse_id,
        planned_at=now,
    )
    _place(row, slot, slot.moved_why)
    return row


def _place(row: PlannedCall, slot: Slot, why: str) -> None:
    row.phase, row.cycle, row.number = slot.phase, slot.cycle, slot.number
    row.original_day, row.due_at, row.moved_why = slot.day, slot.due_at, why


def _cancel(row: PlannedCall, why: str) -> None:
    row.state, row.why, row.stamp = CallState.CANCELLED, why, row.stamp + 1


def cancel_open(session: Session, enrolment: Enrolment, why: str, *, now: datetime) -> int:
    """What is still to be made has no object any more. How many there were."""
    waiting = (*OPEN_CALLS, CallState.PAUSED)
    rows = session.scalars(select(PlannedCall).where(PlannedCall.enrolment_id == enrolment.id, PlannedCall.state.in_(waiting))).all()
    for row in rows:
        _cancel(row, why)
    session.flush()
    return len(rows)


def own(session: Session, enrolment: Enrolment) -> None:
    """Another nurse is named: the calls still to be made are hers, except the missed ones, which are the team's."""
    mine = (PlannedCall.enrolment_id == enrolment.id, PlannedCall.state.in_((CallState.PLANNED, CallState.LATE, CallState.PAUSED)))
    session.execute(update(PlannedCall).where(*mine).values(owner_id=enrolment.nurse_id, stamp=PlannedCall.stamp + 1))


def relabel(session: Session, enrolment: Enrolment) -> None:
    """During a hold ordered by the team calls go on and say so: they matter more (ATO-2)."""
    course = session.get(Course, enrolment.course_id) if enrolment.course_id else None
    if course is None:
        return
    patient = session.get_one(Patient, enrolment.patient_id)
    holds = [hold for hold in course.holds if hold.kind == HoldKind.ORDERED]
    phases = programmes.of(enrolment).phases
    rows = select(PlannedCall).where(PlannedCall.enrolment_id == enrolment.id, PlannedCall.state.in_((*OPEN_CALLS, CallState.PAUSED)))
    for row in session.scalars(rows):
        day = calendar.local_day(row.due_at, patient.timezone)
        held = any(hold.from_day <= day and (hold.until_day is None or day <= hold.until_day) for hold in holds)
        if row.label != DISCHARGE:
            row.label = HOLD if held and _labels(phases.get(row.phase)) else ""
    session.flush()


def holds_of(session: Session, rows: Iterable[PlannedCall]) -> dict[int, date | None]:
    """Calls labelled "hold" → the last day of the hold they fall into; None while nobody knows it."""
    found: dict[int, date | None] = {}
    for row in (one for one in rows if one.label == HOLD):
        enrolment = session.get_one(Enrolment, row.enrolment_id)
        course = session.get(Course, enrolment.course_id) if enrolment.course_id else None
        day = calendar.local_day(row.due_at, session.get_one(Patient, row.patient_id).timezone)
        ordered = [hold for hold in course.holds if hold.kind == HoldKind.ORDERED] if course else []
        standing = days.standing_hold(ordered, day)
        found[row.id] = standing.until_day if standing else None
    return found


def _labels(phase: Phase | None) -> bool:
    return phase is None or phase.on_hold == "label"


# --- The worker's net ------------------------------------------------------------------------------------------------------------------


def to_plan(session: Session, now: datetime) -> list[int]:
    """Enrolments whose calls do not reach far enough ahead."""
    short = (Enrolment.planned_until.is_(None)) | (Enrolment.planned_until < (now + SHORT).date())
    return list(session.scalars(select(Enrolment.id).where(Enrolment.state == EnrolmentState.OPEN, short).order_by(Enrolment.id)))


def plan_one(session: Session, enrolment_id: int, now: datetime) -> Plan:
    """Plan one of them."""
    return plan(session, session.get_one(Enrolment, enrolment_id), now=now)


def stopped_treatments(session: Session, service_id: int) -> list[Enrolment]:
    """Open follow-ups whose treatment has stopped: somebody must end them, with the reason (ATO-5). Their calls go on until then."""
    mine = (Enrolment.service_id == service_id, Enrolment.state == EnrolmentState.OPEN, Course.state == CourseState.STOPPED)
    return list(session.scalars(select(Enrolment).join(Course, Course.id == Enrolment.course_id).where(*mine).order_by(Enrolment.id)))
