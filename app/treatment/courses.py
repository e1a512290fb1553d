"""Start, confirm a cycle, hold, resume, stop: the facts of a treatment. The arithmetic of days is triage.calendar's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor, AuditRow
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people.models import Patient
from app.treatment.models import Companion, Course, CourseState, CycleStart, DoseStep, Hold, HoldKind
from app.treatment.prescribing import NewCompanion as NewCompanion
from app.treatment.prescribing import NewCourse as NewCourse
from app.treatment.prescribing import check as check
from app.treatment.prescribing import columns_of, pattern_of, tablets_of


def start(session: Session, patient: Patient, new: NewCourse, *, by: Actor, now: datetime, slugs: set[str]) -> Course:
    """Begin a course; its first cycle starts on the first intake. Raises FieldErrors, or Refusal when another course is running."""
    problems = check(new, today=now.astimezone(ZoneInfo(patient.timezone)).date(), slugs=slugs)
    if problems:
        raise FieldErrors(problems)
    if running(session, patient.id) is not None:
        raise Refusal("This patient already has a running treatment. Stop it first, then start the new one.")
    assert new.dose_mg is not None and new.first_intake is not None
    mine = {"agent": new.agent.strip(), "dose_mg": new.dose_mg, **columns_of(pattern_of(new), new.first_intake)}
    course = Course(patient_id=patient.id, protocol_slug=new.protocol_slug, created_at=now, created_by=str(by), **mine)
    session.add(course)
    session.flush()
    course.cycles.append(CycleStart(number=new.cycle, started_on=new.first_intake, said_by=str(by), recorded_at=now))
    for one in new.companions:
        beside = {"agent": one.agent.strip(), "dose_mg": one.dose_mg, **columns_of(one.pattern, new.first_intake)}
        course.companions.append(Companion(created_at=now, created_by=str(by), **beside))
    both: list[Course | Companion] = [course, *course.companions]
    for medicine, strengths in zip(both, [new.strengths, *(one.strengths for one in new.companions)], strict=True):
        if tablets := tablets_of(medicine.dose_mg, strengths):
            first = {"from_day": new.first_intake, "dose_mg": medicine.dose_mg, "tablets": tablets, "reason": "", "recorded_at": now}
            medicine.doses.append(DoseStep(course_id=course.id, ordered_by=str(by), **first))
    note(session, course, patient, "course.started", by=by, now=now, after=_told(course))
    session.flush()
    return course


def _told(course: Course) -> dict[str, Any]:
    """What the trail keeps of a prescription: the plain case in plain words, and what departs from it only when it does."""
    told = {
        "agent": course.agent,
        "protocol": course.protocol_slug,
        "dose_mg": str(course.dose_mg),
        "times_per_day": course.times_per_day,
        "days": [course.days_on, course.days_off],
        "first_intake": course.first_intake.isoformat(),
        "blocks": course.blocks,
        "cycle_days": course.cycle_days,
        "weekday": course.weekday,
        "every": course.every if course.every > 1 else None,
        "evening": course.first_intake_evening,
        "tablets": course.doses[0].tablets if course.doses else None,
        "companions": [f"{one.agent} {one.dose_mg}" for one in course.companions],
        "companion_tablets": {one.agent: one.doses[0].tablets for one in course.companions if one.doses},
    }
    return {name: value for name, value in told.items() if value or name == "days"}


def running(session: Session, patient_id: int) -> Course | None:
    """The active course of a patient, if there is one."""
    return session.scalar(
        select(Course).where(Course.patient_id == patient_id, Course.state == CourseState.ACTIVE).order_by(Course.id.desc())
    )


def last_stopped(session: Session, patient_id: int) -> Course | None:
    """The last treatment, when it was stopped and none runs since."""
    course = session.scalar(select(Course).where(Course.patient_id == patient_id).order_by(Course.id.desc()).limit(1))
    return course if course is not None and course.state == CourseState.STOPPED else None


def stopped_by(session: Session, course: Course) -> str:
    """The name of whoever stopped it; "" when the trail does not say."""
    told = (AuditRow.patient_id == course.patient_id, AuditRow.action == "course.stopped", AuditRow.subject == f"course:{course.id}")
    return session.scalar(select(AuditRow.actor_name).where(*told).order_by(AuditRow.id.desc()).limit(1)) or ""


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
    still_running(course)
    if started_on > now.astimezone(ZoneInfo(patient.timezone)).date():
        raise Refusal("This day is still to come: say that the cycle started once it has.", field="started_on", status=422)
    last = course.cycles[-1] if course.cycles else None
    if last is not None and number == last.number:
        return last
    if last is not None and (number != last.number + 1 or started_on <= last.started_on):
        raise Refusal("Cycle {number} cannot start on this day: the last one is {last}.", number=number, last=last.number)
    row = CycleStart(course_id=course.id, number=number, started_on=started_on, said_by=str(by), recorded_at=now)
    course.cycles.append(row)
    note(session, course, patient, "cycle.started", by=by, now=now, after={"cycle": number, "on": started_on.isoformat()})
    session.flush()
    return row


def hold(
    session: Session,
    course: Course,
    patient: Patient,
    *,
    from_day: date,
    until_day: date | None,
    reason: str,
    by: Actor,
    now: datetime,
    kind: str = HoldKind.ORDERED,
) -> Hold:
    """Days without intake ordered by the team, or a hospital stay. until_day None: until somebody resumes.

    Raises Refusal without reason, backwards, or for a treatment that has stopped.
    """
    still_running(course)
    if not reason.strip():
        raise Refusal("Write the reason of the hold.", field="reason", status=422)
    if until_day is not None and until_day < from_day:
        raise Refusal("The hold ends before it begins. Check the dates.", field="until_day", status=422)
    if kind not in set(HoldKind):
        raise Refusal("Say whether the team stopped the tablets or the patient is in hospital.", field="kind", status=422)
    row = Hold(course_id=course.id, from_day=from_day, until_day=until_day, kind=kind, reason=reason, ordered_by=str(by), recorded_at=now)
    course.holds.append(row)
    after = {"from": from_day.isoformat(), "until": until_day.isoformat() if until_day else None, "kind": str(kind)}
    note(session, course, patient, "course.held", by=by, now=now, reason=reason, after=after)
    session.flush()
    return row


def resume(session: Session, course: Course, patient: Patient, *, on: date, by: Actor, now: datetime) -> list[Hold]:
    """Intakes begin again on this day: every hold that covers it ends the day before, and one that began that very day never was.

    One hold left running would keep the tablets away of a patient who is told to take them. The day after the last of a hold says its plan
    again, and changes none of its days. Raises Refusal when none covers that day or ends just before it.
    """
    still_running(course)
    last = on - timedelta(days=1)
    rows = [hold for hold in course.holds if hold.from_day <= on and (hold.until_day is None or hold.until_day >= on)]
    rows = rows or [hold for hold in course.holds if hold.until_day == last]
    if not rows:
        raise Refusal("No hold runs on {day}. Check the day.", field="on", status=422, day=on)
    for row in rows:
        before = {"until": row.until_day.isoformat() if row.until_day else None}
        if row.from_day == on:
            row.withdrawn_at = now
        else:
            row.until_day = last
        note(session, course, patient, "course.resumed", by=by, now=now, before=before, after={"until": last.isoformat()})
    session.flush()
    session.expire(course, ["holds"])
    return rows


def stop(session: Session, course: Course, patient: Patient, *, on: date, reason: str, by: Actor, now: datetime) -> None:
    """The treatment ends; a hold is not a stop. Raises Refusal without reason, or when it has already stopped."""
    still_running(course)
    if not reason.strip():
        raise Refusal("Write why the treatment stopped.", field="reason", status=422)
    course.state, course.stopped_on, course.stop_reason = CourseState.STOPPED, on, reason
    note(session, course, patient, "course.stopped", by=by, now=now, reason=reason, after={"on": on.isoformat()})
    session.flush()


def still_running(course: Course) -> None:
    """Raises Refusal when the treatment has stopped."""
    if course.state == CourseState.STOPPED:
        raise Refusal("This treatment stopped on {day}. Start a new one instead.", day=course.stopped_on)


def note(
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
    """The act on this treatment, in the trail."""
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
