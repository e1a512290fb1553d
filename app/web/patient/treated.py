"""A treatment that was stopped stays readable: which, since when, by whom, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.people.models import Patient
from app.treatment import courses, days
from app.treatment.models import Course
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
    course = courses.last_stopped(session, patient.id)
    if course is None:
        return None
    by = courses.stopped_by(session, course)
    return Stopped(course, course.stopped_on, by, days.dose_on(course, course.stopped_on or course.first_intake))
