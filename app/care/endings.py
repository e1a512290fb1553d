"""How a follow-up ends: with a reason of the closed list, at the programme's last day while the treatment goes on, or by a death.

The opinion of the patient is asked at the end, and a refusal is kept as data. Whom to call now is said from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import enrolments, letters, planning, programmes
from app.care.enrolments import RUNNING
from app.care.models import Enrolment, EnrolmentState, Opinion
from app.core.audit import SYSTEM, Actor
from app.core.errors import FieldErrors, Refusal
from app.people import absences
from app.people.models import FollowUp, Patient, Service, Staff
from app.people.perimeter import Viewer
from app.treatment.models import Course
from triage import calendar


class EndReason(StrEnum):
    """Why it ended; the first eight are those of a stopped treatment (ATO-5)."""

    TOXICITY = "toxicity"
    PROGRESSION = "progression"
    PATIENT_CHOICE = "patient_choice"
    INTERACTION = "interaction"
    PREGNANCY_PLAN = "pregnancy_plan"
    COST_SUPPLY = "cost_supply"
    DEATH = "death"
    OTHER = "other"
    TREATMENT_COMPLETED = "treatment_completed"
    TREATMENT_CONTINUES = "treatment_continues"


STOPS = tuple(EndReason)[:8]
"""Reasons of a stop; the two others are an end as planned."""


def end(session: Session, enrolment_id: int, *, reason: str, words: str = "", by: Viewer, now: datetime) -> Enrolment:
    """A person ends it, with a reason of the list; "other" needs words. Raises Refusal."""
    by.require("make_calls")
    row = enrolments.locked(session, enrolment_id, by)
    if reason not in set(EndReason):
        raise Refusal("Choose why the follow-up ends.", field="reason", status=422)
    if reason == EndReason.OTHER and not words.strip():
        raise Refusal("Write the reason: “other” says nothing alone.", field="words", status=422)
    _end(session, row, EndReason(reason), words.strip(), by=by.actor, now=now)
    return row


def _end(session: Session, row: Enrolment, reason: EndReason, words: str, *, by: Actor, now: datetime) -> None:
    continuing = reason is EndReason.TREATMENT_CONTINUES
    enrolments.move(row, EnrolmentState.ENDED_CONTINUING if continuing else EnrolmentState.ENDED)
    row.ended_at, row.ended_by, row.end_reason, row.end_note = now, str(by), reason, words
    if reason is not EndReason.DEATH and row.opened_at is not None:
        row.opinion, row.opinion_at = Opinion.OFFERED, now
    patient = session.get_one(Patient, row.patient_id)
    enrolments.reach(row, "end", by=by, on=calendar.local_day(now, patient.timezone), now=now)
    enrolments.note(session, row, "enrolment.ended", by=by, now=now, after={"reason": reason, "state": row.state}, reason=words)
    planning.plan(session, row, now=now)
    if reason is not EndReason.DEATH and row.opened_at is not None:
        letters.prepare(session, row, "end", by=by, now=now)


def give_opinion(session: Session, enrolment_id: int, answers: Mapping[str, str] | None, *, by: Viewer, now: datetime) -> Enrolment:
    """What the patient thinks of the follow-up; None: they would rather not say, which is kept too (COA-7). Raises Refusal, FieldErrors."""
    by.require("make_calls")
    row = enrolments.locked(session, enrolment_id, by)
    if row.opinion == Opinion.NOT_OFFERED:
        raise Refusal("The opinion is asked at the end of the follow-up. Nothing was saved.")
    asked = programmes.of(row).exit
    if answers is not None:
        words = {choice.key for choice in asked.opinion_choices}
        if problems := {one.key: "Choose an answer." for one in asked.opinion if answers.get(one.key) not in words}:
            raise FieldErrors(problems)
    row.opinion = Opinion.REFUSED if answers is None else Opinion.GIVEN
    row.opinion_answers = {} if answers is None else {one.key: answers[one.key] for one in asked.opinion}
    row.opinion_at, row.stamp = now, row.stamp + 1
    enrolments.note(session, row, f"opinion.{row.opinion}", by=by.actor, now=now)
    return row


def reopen(session: Session, enrolment_id: int, *, why: str, by: Viewer, now: datetime) -> Enrolment:
    """It ended by mistake: open again, with why, and planned. Raises Refusal when another one of the same programme runs."""
    by.require("make_calls")
    row = enrolments.locked(session, enrolment_id, by)
    if not why.strip():
        raise Refusal("Write why the follow-up begins again.", field="why", status=422)
    if enrolments.running(session, row.patient_id, row.programme) is not None:
        raise Refusal("This patient already follows this programme. Nothing was changed.")
    _again(session, row, why.strip(), by=by.actor, now=now)
    return row


def _again(session: Session, row: Enrolment, why: str, *, by: Actor, now: datetime) -> None:
    opened = row.opened_at is not None
    enrolments.move(row, EnrolmentState.OPEN if opened else EnrolmentState.PROPOSED)
    row.ended_at, row.ended_by, row.end_reason, row.end_note = None, "", "", ""
    row.opinion, row.opinion_at, row.planned_until = Opinion.NOT_OFFERED, None, None
    patient = session.get_one(Patient, row.patient_id)
    at = "open" if opened else "proposed"
    enrolments.reach(row, at, by=by, on=calendar.local_day(now, patient.timezone), now=now)
    enrolments.note(session, row, "enrolment.reopened", by=by, now=now, reason=why)
    if opened:
        planning.plan(session, row, now=now)


# --- Ends that nobody needs to say -----------------------------------------------------------------------------------------------------


def due(session: Session, now: datetime) -> list[int]:
    """Follow-ups whose last day is past, whose patient is followed no longer, or was taken for dead by mistake."""
    running = select(Enrolment, Patient, Course.first_intake).join(Patient, Patient.id == Enrolment.patient_id)
    rows = session.execute(running.outerjoin(Course, Course.id == Enrolment.course_id).where(Enrolment.state.in_(RUNNING)))
    found = {row.id for row, patient, first in rows if patient.follow_up == FollowUp.ENDED or _is_over(row, first, patient, now)}
    alive = (Enrolment.end_reason == EndReason.DEATH, Enrolment.ended_by == str(SYSTEM), Patient.follow_up != FollowUp.ENDED)
    found |= set(session.scalars(select(Enrolment.id).join(Patient, Patient.id == Enrolment.patient_id).where(*alive)))
    return sorted(found)


def step(session: Session, enrolment_id: int, now: datetime) -> None:
    """End it as the facts ask, or open again what a mistake had ended."""
    row = session.get_one(Enrolment, enrolment_id)
    session.refresh(row, with_for_update=True)
    patient = session.get_one(Patient, row.patient_id)
    if row.state not in RUNNING:
        if patient.follow_up != FollowUp.ENDED and enrolments.running(session, patient.id, row.programme) is None:
            _again(session, row, "the death was noted by mistake", by=SYSTEM, now=now)
    elif patient.follow_up == FollowUp.ENDED:
        dead = patient.follow_up_kind == absences.DEATH
        _end(session, row, EndReason.DEATH if dead else EndReason.OTHER, "" if dead else patient.follow_up_reason, by=SYSTEM, now=now)
    elif _is_over(row, planning.first_intake(session, row), patient, now):
        continues = programmes.of(row).exit.state == EnrolmentState.ENDED_CONTINUING
        _end(session, row, EndReason.TREATMENT_CONTINUES if continues else EndReason.TREATMENT_COMPLETED, "", by=SYSTEM, now=now)


def _is_over(row: Enrolment, first_intake: date | None, patient: Patient, now: datetime) -> bool:
    """Is the last day of the programme there? A follow-up that never opened has no last day: its doctor is still asked."""
    programme, first = programmes.found(row), first_intake or row.anchor_day
    if programme is None or programme.exit.after_days is None or row.state != EnrolmentState.OPEN or first is None:
        return False
    return calendar.local_day(now, patient.timezone) >= first + timedelta(days=programme.exit.after_days)


# --- Whom to call now ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CallNow:
    """What a patient's page says: words, names in calling order, the service's telephone. words is "" while a follow-up runs."""

    words: str
    people: tuple[Staff, ...]
    phone: str


def whom_to_call(session: Session, patient: Patient, language: str) -> CallNow | None:
    """While a follow-up is open, its nurse and stand-in; once it has ended, what the programme says (ATO-4). None: never in a programme."""
    rows = [row for row in enrolments.of_patient(session, patient.id) if row.opened_at is not None]
    if not rows:
        return None
    row = next((row for row in rows if row.state == EnrolmentState.OPEN), rows[0])
    phone = session.get_one(Service, patient.service_id).phone
    if row.state != EnrolmentState.OPEN:
        return CallNow(programmes.of(row).exit.call_now.said(language), (), phone)
    named = (session.get(Staff, number) for number in (row.nurse_id, row.stand_in_id) if number)
    return CallNow("", tuple(person for person in named if person is not None and person.active), phone)
