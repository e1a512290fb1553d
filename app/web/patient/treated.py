"""A treatment that was stopped stays readable: which, since when, by whom, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.people.models import Patient
from app.treatment import days
from app.treatment.models import Course, CourseState
from triage.calendar import Dose


@dataclass(frozen=True)
class Stopped:
    """by: who stopped it, by name; "" when the trail does not say. dose: the last one in force."""

    course: Course
    on: date | None
    by: str
    dose: Dose


def stopped(session: Session, patient: Patient) -> Stopped | None:
    """The last treatment, when it was stopped and none runs since."""
    course = session.scalar(select(Course).where(Course.patient_id == patient.id).order_by(Course.id.desc()).limit(1))
    if course is None or course.state != CourseState.STOPPED:
        return None
    told = (AuditRow.patient_id == patient.id, AuditRow.action == "course.stopped", AuditRow.subject == f"course:{course.id}")
    by = session.scalar(select(AuditRow.actor_name).where(*told).order_by(AuditRow.id.desc()).limit(1))
    return Stopped(course, course.stopped_on, by or "", days.dose_on(course, course.stopped_on or course.first_intake))
