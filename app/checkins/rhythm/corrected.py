"""A doctor's answer is corrected: what the first one changed is taken back, the new one is carried out, in one transaction."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.alerts import admission, correcting
from app.alerts.answering import Decision
from app.alerts.models import DoctorRequest
from app.checkins.rhythm import called_in, freezing, ordered, planning
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.models import Absence, Patient
from app.people.perimeter import Viewer
from app.treatment import courses, days, supplies, taking_back
from app.treatment.models import Course, Hold
from triage import calendar
from triage.calendar import Span

UNKNOWN = "What this answer changed is not known: change the treatment itself."


def correct(session: Session, request_id: int, decision: Decision, *, reason: str, by: Viewer, now: datetime) -> DoctorRequest:
    """A doctor corrects an answer with a reason. Raises Refusal or Conflict, and then nothing of it is kept."""
    request = ordered.taken_up(session, request_id, by=by)
    answer, detail = request.answer, dict(request.answer_detail)
    correcting.correct(session, request, decision, reason=reason, by=by, now=now)
    patient = session.get_one(Patient, request.patient_id)
    if "did" not in detail and (answer != "continue" or detail.get("resume")):
        raise Refusal(UNKNOWN, field="answer", status=422)
    admission.take_back(session, request, by=by.actor, now=now)
    _take_back(session, patient, detail.get("did", {}), reason=reason.strip(), by=by.actor, now=now)
    ordered.carry_out(session, request, decision, by=by.actor, now=now)
    planning.replan_patient(session, patient, now=now)
    return request


def held_without(session: Session, request: DoctorRequest, patient: Patient, now: datetime) -> Span | None:
    """The days without tablets, from today on, that stand once this answer is taken back: other orders, or the holds it had ended."""
    did, today = request.answer_detail.get("did", {}), calendar.local_day(now, patient.timezone)
    course = session.get_one(Course, did["course"]) if "course" in did else courses.running(session, patient.id)
    if course is None:
        return None
    other = days.standing_hold([hold for hold in course.holds if hold.id != did.get("hold")], today)
    lasts = [other.until_day] if other is not None else []
    lasts += [date.fromisoformat(day) if day else None for _, day in did.get("ended", ())]
    again = [last for last in lasts if last is None or last >= today]
    known = [last for last in again if last is not None]
    return Span(today, max(known) if len(known) == len(again) else None) if again else None


def _take_back(session: Session, patient: Patient, did: dict[str, Any], *, reason: str, by: Actor, now: datetime) -> None:
    """What the first answer did, by the rows it wrote; what somebody ended since stays ended."""
    if "absence" in did:
        absence = session.get_one(Absence, did["absence"])
        if absence.ended_at is None:
            freezing.undo(session, patient, absence.id, by=by, now=now, reason=reason)
    if "task" in did:
        called_in.take_back(session, did["task"], by=by, now=now)
    if "course" not in did:
        return
    course = session.get_one(Course, did["course"])
    if "hold" in did:
        taking_back.hold(session, course, patient, session.get_one(Hold, did["hold"]), reason=reason, by=by, now=now)
    for number, day in did.get("ended", ()):
        until = date.fromisoformat(day) if day else None
        row = session.get_one(Hold, number)
        taking_back.resuming(session, course, patient, row, until_day=until, reason=reason, by=by, now=now)
    if did.get("stopped"):
        taking_back.stop(session, course, patient, reason=reason, by=by, now=now)
    if "dose" in did:
        kept = did["dose"]
        medicine, first = supplies.medicine_of(course, kept["medicine"]), date.fromisoformat(kept["from_day"])
        taking_back.dose(
            session,
            medicine,
            patient,
            from_day=first,
            dose_mg=Decimal(kept["before_mg"]),
            tablets=kept["tablets"],
            reason=reason,
            by=by,
            now=now,
        )
