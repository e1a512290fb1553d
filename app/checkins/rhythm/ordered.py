"""A doctor's answer carried out: the request, the treatment and the plan of check-ins in one transaction, whoever brings it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.alerts import answering, asking
from app.alerts.answering import Decision
from app.alerts.models import FOR_THE_DOCTOR, DoctorAnswer, DoctorRequest
from app.checkins.rhythm import freezing, planning
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people import absences
from app.people.models import Patient
from app.people.perimeter import Viewer
from app.treatment import courses, days, orders, supplies
from app.treatment.models import Course
from triage import calendar

NO_TREATMENT = "This patient has no running treatment: nothing can be held, reduced or stopped. Choose another answer."
NOT_LESS = "The dose in force is {dose} mg: a reduction is less. For a higher dose, open the treatment."


def answer(session: Session, request_id: int, decision: Decision, *, by: Viewer, now: datetime) -> DoctorRequest:
    """A doctor answers: the treatment and the plan follow at once. Raises Refusal or Conflict, and then nothing of it is kept."""
    request = asking.get(session, request_id, viewer=by)
    answering.decide(session, request, decision, by=by, now=now)
    _carry_out(session, request, decision, by=by.actor, now=now)
    return request


def answer_by_telephone(
    session: Session, request_id: int, decision: Decision, *, doctor_id: int | None, said_at: datetime, by: Viewer, now: datetime
) -> DoctorRequest:
    """A nurse writes what a doctor said. Tablets are stopped at once; how many are taken changes once the doctor has confirmed it."""
    request = asking.get(session, request_id, viewer=by)
    if answering.write_down(session, request, decision, doctor_id=doctor_id, said_at=said_at, by=by, now=now):
        _carry_out(session, request, decision, by=by.actor, now=now)
    return request


def confirm(session: Session, request_id: int, *, by: Viewer, now: datetime) -> DoctorRequest:
    """The doctor confirms what was told by telephone; an order of tablets that waited for it holds from now on."""
    request = asking.get(session, request_id, viewer=by)
    if request.state in FOR_THE_DOCTOR and request.spoken:
        return answer(session, request_id, answering.decision_of(request.spoken), by=by, now=now)
    answering.confirm(session, request, by=by, now=now)
    return request


def _carry_out(session: Session, request: DoctorRequest, decision: Decision, *, by: Actor, now: datetime) -> None:
    """What the answer changes, then the plan of the patient's check-ins."""
    patient = session.get_one(Patient, request.patient_id)
    today = calendar.local_day(now, patient.timezone)
    first = decision.from_day or today
    reason = decision.words.strip() or request.question
    if decision.answer is DoctorAnswer.SEE_TODAY:
        if today not in absences.visit_days(session, patient.id):
            freezing.record(session, patient, absences.VISIT, from_day=today, reason=reason, by=by, now=now)
        return
    if decision.answer is DoctorAnswer.ADMIT:
        if not any(row.kind == absences.HOSPITAL for row in absences.standing(session, patient.id)):
            freezing.record(session, patient, absences.HOSPITAL, from_day=today, reason=reason, by=by, now=now)
        return
    if decision.answer is DoctorAnswer.CONTINUE and not decision.resume:
        return
    course = _running(session, patient)
    if decision.answer is DoctorAnswer.CONTINUE:
        courses.resume(session, course, patient, on=first, by=by, now=now)
    elif decision.answer is DoctorAnswer.HOLD_UNTIL:
        courses.hold(session, course, patient, from_day=first, until_day=decision.until_day, reason=reason, by=by, now=now)
    elif decision.answer is DoctorAnswer.STOP:
        courses.stop(session, course, patient, on=first, reason=reason, by=by, now=now)
    else:
        _reduce(session, request, course, patient, decision, first=first, reason=reason, by=by, now=now)
    planning.replan_patient(session, patient, now=now)


def _reduce(
    session: Session,
    request: DoctorRequest,
    course: Course,
    patient: Patient,
    decision: Decision,
    *,
    first: date,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """The new dose and the tablets that make it, kept with the answer. A dose that is not less is a slip of the finger here."""
    medicine = supplies.medicine_of(course, decision.medicine)
    before = days.dose_on(medicine, first).mg
    if decision.dose_mg is not None and decision.dose_mg >= before:
        raise Refusal(NOT_LESS, field="dose_mg", status=422, dose=Decimal(f"{before.normalize():f}"))
    row = orders.change_dose(
        session, medicine, patient, from_day=first, dose_mg=decision.dose_mg, strengths=decision.strengths, reason=reason, by=by, now=now
    )
    told = {"tablets": row.tablets, "before_mg": f"{before.normalize():f}", "from_day": first.isoformat()}
    request.answer_detail = {**request.answer_detail, **told}
    session.flush()


def _running(session: Session, patient: Patient) -> Course:
    course = courses.running(session, patient.id)
    if course is None:
        raise Refusal(NO_TREATMENT, field="answer", status=422)
    return course
