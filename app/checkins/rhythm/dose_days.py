"""From which day a lower dose is taken, kept with its answer: never a day without tablets, on which a patient told so would swallow.

Written when a doctor answers, and again with each plan while nobody has told it: a hold ordered since is said with the dose.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import DoctorAnswer, DoctorRequest, RequestState
from app.people.models import Patient
from app.treatment import days, supplies
from app.treatment.days import Medicine
from app.treatment.models import Course, CourseState, Hold, HoldKind
from triage import calendar

KEPT = ("taken_from", "perhaps_taken", "held_until")


def of(medicine: Medicine, first: date, today: date) -> dict[str, Any]:
    """taken_from: the first day of intake from this one on, "" while nobody knows it; perhaps_taken: it is today.

    held_until, only when a hold comes before it: the hold's last day, "" until somebody resumes.
    """
    taken = days.next_intake(medicine, first)
    told: dict[str, Any] = {"taken_from": taken.isoformat() if taken else "", "perhaps_taken": taken == today}
    if hold := _held_before(medicine, first, taken):
        told["held_until"] = hold.until_day.isoformat() if hold.until_day else ""
    return told


def _held_before(medicine: Medicine, first: date, taken: date | None) -> Hold | None:
    """The ordered hold, of those between this day and the first intake, that ends last; an open end is the furthest."""
    before = [hold for hold in days.holds_of(medicine) if hold.kind == HoldKind.ORDERED]
    before = [hold for hold in before if hold.until_day is None or hold.until_day >= first]
    before = [hold for hold in before if (hold.from_day < taken if taken else hold.until_day is None or hold.from_day <= first)]
    return max(before, key=lambda hold: hold.until_day or date.max, default=None)


def follow(session: Session, course: Course, patient: Patient, *, now: datetime) -> None:
    """After a change of the treatment: the untold reductions of it say the day that is true now."""
    mine = (DoctorRequest.patient_id == patient.id, DoctorRequest.answer == DoctorAnswer.REDUCE_TO)
    today = calendar.local_day(now, patient.timezone)
    for one in session.scalars(select(DoctorRequest).where(*mine, DoctorRequest.state == RequestState.ANSWERED)):
        detail = one.answer_detail
        if course.state != CourseState.ACTIVE or detail.get("did", {}).get("course") != course.id:
            continue
        first = max(date.fromisoformat(detail["from_day"]), today)
        kept = {name: value for name, value in detail.items() if name not in KEPT}
        told = kept | of(supplies.medicine_of(course, str(detail.get("medicine", ""))), first, today)
        if told != detail:
            one.answer_detail = told
    session.flush()
