"""Who is behind the numbers of a programme, one by one: intensity of the treatment, calls made and missed, the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.models import CallState, Enrolment, EnrolmentState, PlannedCall
from app.people.models import Patient
from app.people.perimeter import Viewer, visible_to
from app.treatment import figures
from app.treatment.models import Course
from triage import calendar


@dataclass(frozen=True)
class Followed:
    """One patient behind the numbers. rdi: intakes nobody spoke of counted as missed, then as taken; None: not known."""

    patient: Patient
    enrolment: Enrolment
    rdi: tuple[Decimal | None, Decimal | None]
    done: int
    missed: int
    next_due: datetime | None


def listed(session: Session, slug: str, *, viewer: Viewer, now: datetime, sort: str = "name") -> list[Followed]:
    """Patients of the programme whose follow-up is open. sort: name, rdi (lowest first, unknown last), missed (most first)."""
    viewer.require("open_chart")
    open_ones = (Enrolment.programme == slug, Enrolment.state == EnrolmentState.OPEN, visible_to(viewer))
    rows = session.execute(select(Enrolment, Patient).join(Patient, Patient.id == Enrolment.patient_id).where(*open_ones)).all()
    counted: dict[int, Counter[str]] = {}
    due: dict[int, datetime] = {}
    of_these = PlannedCall.enrolment_id.in_([enrolment.id for enrolment, _ in rows])
    for call in session.scalars(select(PlannedCall).where(of_these).order_by(PlannedCall.due_at.desc())):
        counted.setdefault(call.enrolment_id, Counter())[call.state] += 1
        if call.state == CallState.PLANNED:
            due[call.enrolment_id] = call.due_at
    found = [
        Followed(patient, one, intensity(session, one, patient, now), seen[CallState.DONE], seen[CallState.MISSED], due.get(one.id))
        for one, patient in rows
        for seen in [counted.get(one.id, Counter())]
    ]
    orders: Mapping[str, Callable[[Followed], tuple[object, ...]]] = {
        "rdi": lambda one: (one.rdi[1] is None, one.rdi[1] or 0),
        "missed": lambda one: (-one.missed,),
        "name": lambda one: (),
    }
    return sorted(found, key=lambda one: (*orders.get(sort, orders["name"])(one), one.patient.search_name, one.patient.id))


def intensity(session: Session, enrolment: Enrolment, patient: Patient, now: datetime) -> tuple[Decimal | None, Decimal | None]:
    """Relative dose intensity of the treatment followed (AMA-7), lowest and highest."""
    course = session.get(Course, enrolment.course_id) if enrolment.course_id else None
    if course is None:
        return None, None
    low, high = figures.of(session, course, zone=patient.timezone, today=calendar.local_day(now, patient.timezone)).rdi
    return low.value, high.value
