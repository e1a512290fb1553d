"""What the team orders during a treatment: another dose, a later cycle, the end of a second medicine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.models import Patient
from app.treatment import days
from app.treatment.courses import note, still_running
from app.treatment.days import Medicine
from app.treatment.models import Companion, Course, DoseStep, Postponement
from app.treatment.prescribing import NO_TABLETS, dose_problem, tablets_of
from triage import calendar
from triage.calendar import NoExactTablets

STOPPED = "This medicine already stopped on {day}."


def change_dose(
    session: Session,
    medicine: Medicine,
    patient: Patient,
    *,
    from_day: date,
    dose_mg: Decimal | None,
    strengths: Sequence[Decimal] = (),
    reason: str,
    by: Actor,
    now: datetime,
) -> DoseStep:
    """From this day on an intake of this medicine is so many mg; the tablets of these strengths (mg) that make it exactly are kept.

    Raises Refusal for an implausible dose, a day before the treatment, tablets that do not make the dose, no reason, or once it stopped.
    """
    course = days.course_of(medicine)
    still_running(course)
    if medicine.stopped_on is not None:
        raise Refusal(STOPPED, day=medicine.stopped_on)
    if sentence := dose_problem(dose_mg):
        raise Refusal(sentence, field="dose_mg", status=422)
    assert dose_mg is not None
    if from_day < medicine.first_intake:
        raise Refusal("This day is before the first intake. Check the date.", field="from_day", status=422)
    if not reason.strip():
        raise Refusal("Write the reason of the new dose.", field="reason", status=422)
    try:
        tablets = tablets_of(dose_mg, strengths)
    except NoExactTablets:
        raise Refusal(NO_TABLETS, field="strengths", status=422, dose=Decimal(f"{dose_mg:f}")) from None
    before = days.dose_on(medicine, from_day)
    step = {"from_day": from_day, "dose_mg": dose_mg, "tablets": tablets, "reason": reason, "recorded_at": now}
    row = DoseStep(course_id=course.id, ordered_by=str(by), **step)
    medicine.doses.append(row)
    after = {"dose_mg": str(dose_mg), "from": from_day.isoformat(), "tablets": tablets, "of": medicine.agent}
    note(session, course, patient, "course.dose_changed", by=by, now=now, reason=reason, before={"dose_mg": str(before.mg)}, after=after)
    session.flush()
    return row


def postpone(session: Session, course: Course, patient: Patient, *, to_day: date, reason: str, by: Actor, now: datetime) -> Postponement:
    """The next cycle is planned on a later day; until then the patient rests, and nobody is asked whether it began.

    Raises Refusal for a treatment without cycles, a day that is not later than the one planned, or no reason.
    """
    still_running(course)
    facts = days.calendar_of(course)
    planned = calendar.next_start(facts)
    if facts.pattern.length is None:
        raise Refusal("This treatment has no cycles: hold it instead.")
    if planned is None:
        raise Refusal("The treatment is held without an end. Resume it first.")
    if to_day <= planned:
        raise Refusal("The next cycle is planned on {day}. Choose a later day.", field="to_day", status=422, day=planned)
    if not reason.strip():
        raise Refusal("Write the reason of the delay.", field="reason", status=422)
    cycle = len(facts.starts) + 1
    row = Postponement(cycle=cycle, to_day=to_day, reason=reason, ordered_by=str(by), recorded_at=now)
    course.postponements.append(row)
    after = {"cycle": cycle, "to": to_day.isoformat()}
    note(session, course, patient, "cycle.postponed", by=by, now=now, reason=reason, before={"planned": planned.isoformat()}, after=after)
    session.flush()
    return row


def stop_companion(
    session: Session, course: Course, patient: Patient, companion: Companion, *, on: date, reason: str, by: Actor, now: datetime
) -> None:
    """The second medicine ends on this day, its first without intake. Raises Refusal without reason, or when it has already stopped."""
    if companion.stopped_on is not None:
        raise Refusal(STOPPED, day=companion.stopped_on)
    if not reason.strip():
        raise Refusal("Write why the treatment stopped.", field="reason", status=422)
    companion.stopped_on = on
    after = {"agent": companion.agent, "on": on.isoformat()}
    note(session, course, patient, "companion.stopped", by=by, now=now, reason=reason, after=after)
    session.flush()
