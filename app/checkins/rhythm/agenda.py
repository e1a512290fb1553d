"""The doors of the agenda, for screens, programs and the demonstration: plan, first texts, a cycle confirmed.

Rows are made in planning.py, opened in opening.py, reminded and called silent in silences.py.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.checkins import script, ways
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import opening, planning
from app.checkins.rhythm.planning import WAITING, Plan, plan, replan_patient, replan_service
from app.core.audit import Actor
from app.messaging import outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import numbers
from app.people.models import Patient
from app.protocols import versions
from app.treatment import courses, days
from app.treatment.models import Course
from triage import calendar
from triage.calendar import Planned

__all__ = ["Plan", "confirm_cycle", "first_now", "next_planned", "plan", "replan_patient", "replan_service"]


def confirm_cycle(session: Session, course: Course, patient: Patient, *, number: int, started_on: date, by: Actor, now: datetime) -> Plan:
    """A person says that a cycle was started: written, the question about it closed, the rest planned. Refusal as courses.confirm_cycle."""
    courses.confirm_cycle(session, course, patient, number=number, started_on=started_on, by=by, now=now)
    asked = (CheckIn.course_id == course.id, CheckIn.kind == script.CYCLE_START, CheckIn.cycle == number)
    session.execute(
        update(CheckIn)
        .where(*asked, CheckIn.state.in_((CheckInState.PLANNED, *WAITING)), CheckIn.closed_at.is_(None))
        .values(state=CheckInState.CANCELLED, why=f"said by {by}", closed_at=now, remind_at=None, silent_at=None, asking=[])
    )
    return plan(session, course, now=now)


def next_planned(session: Session, patient_id: int) -> CheckIn | None:
    """The next check-in of a patient that is still to come."""
    mine = select(CheckIn).where(CheckIn.patient_id == patient_id, CheckIn.state == CheckInState.PLANNED)
    return session.scalar(mine.order_by(CheckIn.due_at).limit(1))


def first_now(session: Session, course: Course, *, now: datetime, check_in: bool = False) -> list[Message]:
    """The first texts leave at once, while the patient is still there. check_in: today's questions follow them.

    Called twice, nothing leaves twice. Who reads none of our languages is telephoned: no first text, and none of the others (HZ-36).
    """
    patient = session.get_one(Patient, course.patient_id)
    plan(session, course, now=now)
    texts = _first_texts(session, course, patient, now) if numbers.reads_texts(patient) else []
    if check_in and not planning.not_asked_because(patient, course):
        _today(session, course, patient, now)
    return texts


def _first_texts(session: Session, course: Course, patient: Patient, now: datetime) -> list[Message]:
    coming = next_planned(session, patient.id)
    row = script.version_for(session, course, patient, max(calendar.local_day(now, patient.timezone), course.first_intake))
    hour = coming.due_at if coming else planning.due_at(patient, versions.load(row), course.first_intake) if row else now
    local = hour.astimezone(ZoneInfo(patient.timezone))
    return [
        _welcome(session, course, patient, _first_words(session, patient), {"day": local.date(), "hour": local.time()}, now),
        _welcome(session, course, patient, "welcome_2", {}, now),
    ]


def _first_words(session: Session, patient: Patient) -> str:
    """Whoever is asked by link, if only until the number is verified, is not told to reply with a number: what comes is a link."""
    way, _ = ways.of(session, patient)
    return "welcome_link" if way == ways.LINK else "welcome_1"


def _welcome(session: Session, course: Course, patient: Patient, key: str, values: dict[str, object], now: datetime) -> Message:
    once = "welcome_1" if key == "welcome_link" else key  # the first text of a treatment, whichever its words
    return outbox.queue(
        session, key=key, purpose=Purpose.ADMINISTRATIVE, dedup_key=f"{once}:{course.id}", patient=patient, values=values, now=now
    )


def _today(session: Session, course: Course, patient: Patient, now: datetime) -> None:
    """Today's check-in is due now, and opened if somebody is there to read the answers."""
    today = calendar.local_day(now, patient.timezone)
    facts = days.day_of(course, today)
    planning.insert(session, course, patient, Planned(today, facts.cycle or 1, facts.cycle_day or 1), now)
    mine = select(CheckIn).where(CheckIn.course_id == course.id, CheckIn.day == today, CheckIn.kind == "regular")
    row = session.scalars(mine).one()
    if row.state == CheckInState.PLANNED:
        row.due_at = min(row.due_at, now)
        session.flush()
        opening.open_one(session, row.id, now)
