"""An order given by a slip is taken back: the treatment stands as before it, from today on. What was lived is not rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.models import Patient
from app.treatment.courses import note, running
from app.treatment.days import Medicine, course_of, dose_on
from app.treatment.models import Course, CourseState, DoseStep, Hold
from triage import calendar

OTHER_TREATMENT = "Another treatment began since this one was stopped: change the treatment itself."


def hold(session: Session, course: Course, patient: Patient, row: Hold, *, reason: str, by: Actor, now: datetime) -> None:
    """The hold ends yesterday; one that began today or later never was, and its row stays with the hour at which it was taken back."""
    today = calendar.local_day(now, patient.timezone)
    if row.until_day is not None and row.until_day < today:
        return
    before = {"from": row.from_day.isoformat(), "until": row.until_day.isoformat() if row.until_day else None}
    if row.from_day >= today:
        row.withdrawn_at = now
    else:
        row.until_day = today - timedelta(days=1)
    session.flush()
    session.expire(course, ["holds"])
    after = {"until": None if row.withdrawn_at else (today - timedelta(days=1)).isoformat(), "withdrawn": row.withdrawn_at is not None}
    note(session, course, patient, "course.hold_taken_back", by=by, now=now, reason=reason, before=before, after=after)


def resuming(
    session: Session, course: Course, patient: Patient, row: Hold, *, until_day: date | None, reason: str, by: Actor, now: datetime
) -> None:
    """The hold that was ended runs again until the day it ran to before."""
    before = {"until": row.until_day.isoformat() if row.until_day else None}
    row.until_day, row.withdrawn_at = until_day, None
    after = {"from": row.from_day.isoformat(), "until": until_day.isoformat() if until_day else None, "kind": row.kind}
    note(session, course, patient, "course.held", by=by, now=now, reason=reason, before=before, after=after)
    session.flush()
    session.expire(course, ["holds"])


def stop(session: Session, course: Course, patient: Patient, *, reason: str, by: Actor, now: datetime) -> None:
    """The treatment runs again as it did. Raises Refusal when another one began meanwhile."""
    if course.state != CourseState.STOPPED:
        return
    if running(session, patient.id) is not None:
        raise Refusal(OTHER_TREATMENT, field="answer", status=422)
    before = {"on": course.stopped_on.isoformat() if course.stopped_on else None, "reason": course.stop_reason}
    course.state, course.stopped_on, course.stop_reason = CourseState.ACTIVE, None, ""
    note(session, course, patient, "course.stop_taken_back", by=by, now=now, reason=reason, before=before)
    session.flush()


def dose(
    session: Session,
    medicine: Medicine,
    patient: Patient,
    *,
    from_day: date,
    dose_mg: Decimal,
    tablets: Sequence[Any],
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """The dose before is in force again from that day, or from today when it is past; mg of one intake, tablets as [strength, count]."""
    first = max(from_day, calendar.local_day(now, patient.timezone))
    course, before = course_of(medicine), dose_on(medicine, first)
    step = {"from_day": first, "dose_mg": dose_mg, "tablets": [list(one) for one in tablets], "reason": reason, "recorded_at": now}
    medicine.doses.append(DoseStep(course_id=course.id, ordered_by=str(by), **step))
    after = {"dose_mg": str(dose_mg), "from": first.isoformat(), "of": medicine.agent}
    note(session, course, patient, "course.dose_changed", by=by, now=now, reason=reason, before={"dose_mg": str(before.mg)}, after=after)
    session.flush()
