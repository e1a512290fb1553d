"""Start, confirm a cycle, hold, resume, stop: the facts of a treatment. The arithmetic of days is triage.calendar's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound, Refusal, Said
from app.people.models import Patient
from app.treatment.models import Course, CourseState, CycleStart, Hold


@dataclass
class NewCourse:
    """A prescription as typed. dose_mg per intake; days_off 0: continuous. cycle: number of the cycle that begins at first_intake."""

    agent: str
    protocol_slug: str
    dose_mg: Decimal | None
    times_per_day: int | None
    days_on: int | None
    days_off: int | None
    first_intake: date | None
    cycle: int = 1


def check(new: NewCourse, *, today: date, slugs: set[str]) -> dict[str, str]:
    """One sentence per missing or implausible field; empty when all is well. slugs: protocols in force and signed for the service."""
    problems: dict[str, str] = {}
    if not new.agent.strip():
        problems["agent"] = "Choose the medicine."
    if new.protocol_slug not in slugs:
        problems["protocol_slug"] = "Choose a protocol in force that a doctor and a pharmacist of the service have signed."
    if len(new.agent.strip()) > 80:
        problems["agent"] = Said("Write at most {n} characters.", n=80)
    if new.dose_mg is None or not new.dose_mg.is_finite() or not Decimal("0.1") <= new.dose_mg <= 10000:
        problems["dose_mg"] = "Write the dose of one intake in mg, from 0.1 to 10000."
    elif new.dose_mg != round(new.dose_mg, 3):
        problems["dose_mg"] = "Write the dose with three decimals at most; nothing is rounded for you."
    if new.times_per_day is None or not 1 <= new.times_per_day <= 4:
        problems["times_per_day"] = "Write how many intakes a day, from 1 to 4."
    if new.days_on is None or not 1 <= new.days_on <= 366:
        problems["days_on"] = "Write the days of intake in a cycle, from 1 to 366."
    if new.days_off is None or not 0 <= new.days_off <= 90:
        problems["days_off"] = "Write the rest days of a cycle, from 0 to 90; 0 when there are none."
    if new.first_intake is None:
        problems["first_intake"] = "Write the day of the first intake."
    elif abs((new.first_intake - today).days) > 366:
        problems["first_intake"] = "The first intake is more than a year away from today. Check the date."
    if not 1 <= new.cycle <= 200:
        problems["cycle"] = "Write the number of the cycle, from 1 to 200."
    return problems


def start(session: Session, patient: Patient, new: NewCourse, *, by: Actor, now: datetime, slugs: set[str]) -> Course:
    """Begin a course; its first cycle starts on the first intake. Raises FieldErrors, or Refusal when another course is running."""
    problems = check(new, today=now.astimezone(ZoneInfo(patient.timezone)).date(), slugs=slugs)
    if problems:
        raise FieldErrors(problems)
    if running(session, patient.id) is not None:
        raise Refusal("This patient already has a running treatment. Stop it first, then start the new one.")
    course = Course(
        patient_id=patient.id,
        protocol_slug=new.protocol_slug,
        agent=new.agent.strip(),
        dose_mg=new.dose_mg,
        times_per_day=new.times_per_day,
        days_on=new.days_on,
        days_off=new.days_off,
        first_intake=new.first_intake,
        created_at=now,
        created_by=str(by),
    )
    session.add(course)
    session.flush()
    session.add(CycleStart(course_id=course.id, number=new.cycle, started_on=new.first_intake, said_by=str(by), recorded_at=now))
    after = {
        "agent": course.agent,
        "protocol": course.protocol_slug,
        "dose_mg": str(course.dose_mg),
        "times_per_day": course.times_per_day,
        "days": [course.days_on, course.days_off],
        "first_intake": course.first_intake.isoformat(),
    }
    _note(session, course, patient, "course.started", by=by, now=now, after=after)
    session.flush()
    return course


def running(session: Session, patient_id: int) -> Course | None:
    """The active course of a patient, if there is one."""
    return session.scalar(
        select(Course).where(Course.patient_id == patient_id, Course.state == CourseState.ACTIVE).order_by(Course.id.desc())
    )


def get(session: Session, course_id: int) -> Course:
    """Raises NotFound."""
    course = session.get(Course, course_id)
    if course is None:
        raise NotFound("This treatment")
    return course


def confirm_cycle(
    session: Session, course: Course, patient: Patient, *, number: int, started_on: date, by: Actor, now: datetime
) -> CycleStart:
    """A person said that this cycle was started on this day. Saying it twice changes nothing.

    Raises Refusal for a cycle out of order, a day to come, or a treatment that has stopped.
    """
    _still_running(course)
    if started_on > now.astimezone(ZoneInfo(patient.timezone)).date():
        raise Refusal("This day is still to come: say that the cycle started once it has.", field="started_on", status=422)
    last = course.cycles[-1] if course.cycles else None
    if last is not None and number == last.number:
        return last
    if last is not None and (number != last.number + 1 or started_on <= last.started_on):
        raise Refusal("Cycle {number} cannot start on this day: the last one is {last}.", number=number, last=last.number)
    row = CycleStart(course_id=course.id, number=number, started_on=started_on, said_by=str(by), recorded_at=now)
    course.cycles.append(row)
    _note(session, course, patient, "cycle.started", by=by, now=now, after={"cycle": number, "on": started_on.isoformat()})
    session.flush()
    return row


def hold(
    session: Session, course: Course, patient: Patient, *, from_day: date, until_day: date | None, reason: str, by: Actor, now: datetime
) -> Hold:
    """Days without intake ordered by the team. until_day None: until somebody resumes.

    Raises Refusal without reason, backwards, or for a treatment that has stopped.
    """
    _still_running(course)
    if not reason.strip():
        raise Refusal("Write the reason of the hold.", field="reason", status=422)
    if until_day is not None and until_day < from_day:
        raise Refusal("The hold ends before it begins. Check the dates.", field="until_day", status=422)
    row = Hold(course_id=course.id, from_day=from_day, until_day=until_day, reason=reason, ordered_by=str(by), recorded_at=now)
    course.holds.append(row)
    after = {"from": from_day.isoformat(), "until": until_day.isoformat() if until_day else None}
    _note(session, course, patient, "course.held", by=by, now=now, reason=reason, after=after)
    session.flush()
    return row


def resume(session: Session, course: Course, patient: Patient, *, on: date, by: Actor, now: datetime) -> Hold:
    """Intakes begin again on this day: the hold that runs then ends the day before. Raises Refusal when none runs, or it began that day."""
    _still_running(course)
    row = next((hold for hold in course.holds if hold.from_day < on and (hold.until_day is None or hold.until_day >= on)), None)
    if row is None:
        raise Refusal("No hold began before {day} and still runs on it. Check the day.", field="on", status=422, day=on.isoformat())
    before = row.until_day.isoformat() if row.until_day else None
    row.until_day = on - timedelta(days=1)
    _note(session, course, patient, "course.resumed", by=by, now=now, before={"until": before}, after={"until": row.until_day.isoformat()})
    session.flush()
    return row


def stop(session: Session, course: Course, patient: Patient, *, on: date, reason: str, by: Actor, now: datetime) -> None:
    """The treatment ends; a hold is not a stop. Raises Refusal without reason, or when it has already stopped."""
    _still_running(course)
    if not reason.strip():
        raise Refusal("Write why the treatment stopped.", field="reason", status=422)
    course.state, course.stopped_on, course.stop_reason = CourseState.STOPPED, on, reason
    _note(session, course, patient, "course.stopped", by=by, now=now, reason=reason, after={"on": on.isoformat()})
    session.flush()


def _still_running(course: Course) -> None:
    if course.state == CourseState.STOPPED:
        raise Refusal("This treatment stopped on {day}. Start a new one instead.", day=course.stopped_on)


def _note(
    session: Session,
    course: Course,
    patient: Patient,
    action: str,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    before: object = None,
    after: object = None,
) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"course:{course.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        reason=reason,
        before=before,
        after=after,
        now=now,
    )
