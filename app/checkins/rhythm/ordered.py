"""A doctor's answer carried out: the request, the treatment and the plan of check-ins in one transaction, whoever brings it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.alerts import answering, asking, replacing, stopped
from app.alerts.answering import Decision
from app.alerts.models import FOR_THE_DOCTOR, DoctorAnswer, DoctorRequest
from app.checkins import turn_taking
from app.checkins.rhythm import called_in, dose_days, freezing, planning
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people import absences
from app.people.models import Patient, Staff
from app.people.perimeter import Viewer
from app.treatment import courses, days, orders, supplies
from app.treatment.models import Course, Hold, HoldKind
from triage import calendar

NO_TREATMENT = "This patient has no running treatment: nothing can be held, reduced or stopped. Choose another answer."
HELD_UNTIL = "The treatment is already held until {day}. To give tablets again sooner, choose Continue with its day."
HELD_OPEN = "The treatment is already held until further notice. To give tablets again sooner, choose Continue with its day."
GOES_ON_UNTIL = "The treatment is held until {day}: to continue is to resume it. Write from which day, or hold it until then."
GOES_ON_OPEN = "The treatment is held until further notice: to continue is to resume it. Write from which day, or hold it."
NOT_LESS = "The dose in force is {dose} mg: a reduction is less. For a higher dose, open the treatment."


def answer(session: Session, request_id: int, decision: Decision, *, by: Viewer, now: datetime) -> DoctorRequest:
    """A doctor answers: the treatment and the plan follow at once. Raises Refusal or Conflict, and then nothing of it is kept."""
    request = taken_up(session, request_id, by=by)
    answering.decide(session, request, decision, by=by, now=now)
    carry_out(session, request, decision, by=by.actor, now=now)
    return request


def answer_by_telephone(
    session: Session, request_id: int, decision: Decision, *, doctor_id: int | None, said_at: datetime, by: Viewer, now: datetime
) -> DoctorRequest:
    """A nurse writes what a doctor said. Tablets are stopped at once; how many are taken changes once the doctor has confirmed it."""
    request = taken_up(session, request_id, by=by)
    if answering.write_down(session, request, decision, doctor_id=doctor_id, said_at=said_at, by=by, now=now):
        carry_out(session, request, decision, by=by.actor, now=now)
    else:
        stopped.refuse(session, request.patient_id)  # kept to be confirmed, it would be said of tablets nobody may take
    return request


def confirm(session: Session, request_id: int, *, by: Viewer, now: datetime) -> DoctorRequest:
    """The doctor confirms what was told by telephone; an order of tablets that waited for it holds from now on."""
    request = asking.get(session, request_id, viewer=by)
    if request.state in FOR_THE_DOCTOR and request.spoken:
        said, patient = answering.decision_of(request.spoken), session.get_one(Patient, request.patient_id)
        today = calendar.local_day(now, patient.timezone)
        if said.resume and held(session, patient, now) and (said.from_day or today) < today:
            said = replace(said, from_day=today)  # nobody was told: a day that is past had no tablets
        request = answer(session, request_id, said, by=by, now=now)
        asking.note(session, request, "confirmed", by=by.actor, now=now)
        return request
    answering.confirm(session, request, by=by, now=now)
    return request


def taken_up(session: Session, request_id: int, *, by: Viewer) -> DoctorRequest:
    """The request, its patient kept to this transaction: of two doctors who answer two requests at once, the second sees the first."""
    turn_taking.hold(session, asking.get(session, request_id, viewer=by).patient_id)
    return asking.get(session, request_id, viewer=by)


def carry_out(session: Session, request: DoctorRequest, decision: Decision, *, by: Actor, now: datetime) -> None:
    """What the answer changes, then the plan of the patient's check-ins. ``did`` keeps the rows it wrote: a correction takes them back."""
    patient = session.get_one(Patient, request.patient_id)
    reason = reason_of(session, request, decision)
    if decision.answer is DoctorAnswer.SEE_TODAY:
        did = {
            "task": called_in.ask(session, request, patient, at=decision.at, by=by, now=now).id
        }  # an order is no visit: a person says who came
    elif decision.answer is DoctorAnswer.ADMIT:
        called_in.check_hour(patient, decision.at, now)
        did = _admit(session, patient, reason=reason, by=by, now=now)
        did |= _held(session, patient, reason=reason, by=by, now=now) if decision.hold else {}
    elif decision.answer is DoctorAnswer.CONTINUE and not decision.resume:
        _not_held(session, patient, now)
        did = {}
    elif decision.answer is DoctorAnswer.STOP and courses.last_stopped(session, patient.id) is not None:
        request.answer_detail, did = {**request.answer_detail, "already_stopped": True}, {}
    else:
        did = _treated(session, request, patient, decision, reason=reason, by=by, now=now)
        planning.replan_patient(session, patient, now=now)
    request.answer_detail = {**request.answer_detail, "did": did}
    session.flush()
    replacing.settle(session, request, by=by, now=now, today=calendar.local_day(now, patient.timezone))


def reason_of(session: Session, request: DoctorRequest, decision: Decision) -> str:
    """Why the treatment changes: the doctor's words, else the doctor and the request. Never the question: nobody decided it."""
    doctor = session.get_one(Staff, request.answered_by_id)
    return decision.words.strip() or f"{doctor.name}, D{request.id}"


def _admit(session: Session, patient: Patient, *, reason: str, by: Actor, now: datetime) -> dict[str, Any]:
    """Nothing is asked from today on; written once. That they arrived is said by a person (app.alerts.admission)."""
    if any(row.kind == absences.HOSPITAL for row in absences.standing(session, patient.id)):
        return {}
    today = calendar.local_day(now, patient.timezone)
    row = freezing.record(session, patient, absences.HOSPITAL, is_order=True, from_day=today, reason=reason, by=by, now=now)
    return {"absence": row.id}


def _held(session: Session, patient: Patient, *, reason: str, by: Actor, now: datetime) -> dict[str, Any]:
    """No tablets from today on, until somebody resumes: a stay alone takes no tablet away. An open hold is not written twice."""
    course, today = _running(session, patient), calendar.local_day(now, patient.timezone)
    standing = days.standing_hold(_ordered(course), today)
    if standing is not None and standing.until_day is None:
        return {}
    row = courses.hold(session, course, patient, from_day=today, until_day=None, reason=reason, by=by, now=now)
    planning.replan_patient(session, patient, now=now)
    return {"course": course.id, "hold": row.id}


def _ordered(course: Course) -> list[Hold]:
    return [hold for hold in course.holds if hold.kind == HoldKind.ORDERED]


def _treated(
    session: Session, request: DoctorRequest, patient: Patient, decision: Decision, *, reason: str, by: Actor, now: datetime
) -> dict[str, Any]:
    course = _running(session, patient)
    first = decision.from_day or calendar.local_day(now, patient.timezone)
    if decision.answer is DoctorAnswer.CONTINUE:
        ran = {hold.id: hold.until_day.isoformat() if hold.until_day else None for hold in course.holds}
        ended = courses.resume(session, course, patient, on=first, by=by, now=now)
        return {"course": course.id, "ended": [[row.id, ran[row.id]] for row in ended]}
    if decision.answer is DoctorAnswer.HOLD_UNTIL:
        _not_shorter(course, first, decision.until_day)
        row = courses.hold(session, course, patient, from_day=first, until_day=decision.until_day, reason=reason, by=by, now=now)
        return {"course": course.id, "hold": row.id}
    if decision.answer is DoctorAnswer.STOP:
        courses.stop(session, course, patient, on=first, reason=reason, by=by, now=now)
        return {"course": course.id, "stopped": True}
    kept = _reduce(session, request, course, patient, decision, first=first, reason=reason, by=by, now=now)
    return {"course": course.id, "dose": kept}


def held(session: Session, patient: Patient, now: datetime) -> Hold | None:
    """The hold that covers the patient's today; None when tablets are taken as planned. To continue is then to resume."""
    course = courses.running(session, patient.id)
    return days.standing_hold(course.holds, calendar.local_day(now, patient.timezone)) if course else None


def _not_held(session: Session, patient: Patient, now: datetime) -> None:
    """Told to continue without change, a patient would swallow what another order forbids. Raises Refusal while held, or once stopped."""
    stopped.refuse(session, patient.id)
    standing = held(session, patient, now)
    if standing is not None and standing.until_day is None:
        raise Refusal(GOES_ON_OPEN, field="resume", status=422)
    if standing is not None:
        raise Refusal(GOES_ON_UNTIL, field="resume", status=422, day=standing.until_day)


def _not_shorter(course: Course, first: date, last: date | None) -> None:
    """A hold ends no other: a patient told its nearer day would take tablets that are still forbidden. Raises Refusal."""
    standing = days.standing_hold(_ordered(course), first)
    if standing is None or last is None:
        return
    if standing.until_day is None:
        raise Refusal(HELD_OPEN, field="until", status=422)
    if standing.until_day > last:
        raise Refusal(HELD_UNTIL, field="until", status=422, day=standing.until_day)


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
) -> dict[str, Any]:
    """The new dose and the tablets that make it, kept with the answer. A dose that is not less is a slip of the finger here."""
    medicine = supplies.medicine_of(course, decision.medicine)
    was = days.dose_on(medicine, first)
    if decision.dose_mg is not None and decision.dose_mg >= was.mg:
        raise Refusal(NOT_LESS, field="dose_mg", status=422, dose=Decimal(f"{was.mg.normalize():f}"))
    row = orders.change_dose(
        session, medicine, patient, from_day=first, dose_mg=decision.dose_mg, strengths=decision.strengths, reason=reason, by=by, now=now
    )
    before, from_day = f"{was.mg.normalize():f}", first.isoformat()
    tablets = [[f"{strength.normalize():f}", count] for strength, count in was.tablets]
    told = dose_days.of(medicine, first, calendar.local_day(now, patient.timezone))
    done = {"tablets": row.tablets, "before_mg": before, "before_tablets": tablets, "from_day": from_day, **told}
    request.answer_detail = {**request.answer_detail, **done}
    return {"medicine": decision.medicine, "before_mg": before, "tablets": tablets, "from_day": from_day}


def _running(session: Session, patient: Patient) -> Course:
    course = courses.running(session, patient.id)
    if course is None:
        stopped.refuse(session, patient.id)
        raise Refusal(NO_TREATMENT, field="answer", status=422)
    return course
