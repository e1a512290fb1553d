"""The live numbers of a programme: each with what is counted, over what, and nothing at all when there is nothing to divide by.

What each means in words stands in programmes/indicators.toml; who is behind them, one by one, in followed.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.care import planning, programmes
from app.care.contact_models import Contact, ContactOutcome, ContactState, Direction
from app.care.document import Programme
from app.care.endings import STOPS
from app.care.followed import intensity
from app.care.models import CallState, Enrolment, EnrolmentState, PlannedCall
from app.people import absences
from app.people.models import Absence, Patient, Staff
from app.people.perimeter import Viewer, visible_to
from app.treatment.models import Course, HoldKind
from triage import calendar

WINDOW = timedelta(days=28)
MONTH_DAYS = 30
PERSISTENCE = {"3": 91, "6": 182, "12": 365}
LOW_INTENSITY = Decimal("0.80")
"""Share of patients under 80% of relative dose intensity: what FORTIS reports (Ann Hematol 2019;98:931)."""


@dataclass(frozen=True)
class Part:
    """numerator over denominator. key: a word of the data (a phase, a reason, an outcome), or a name. missed: of a phase."""

    key: str
    numerator: float
    denominator: float | None
    missed: int = 0

    @property
    def value(self) -> float | None:
        """The quotient; None when there is nothing to divide by, which is not zero; the count itself where there is no denominator."""
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Figure(Part):
    """One indicator, and the same apart."""

    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Live:
    """The numbers of one programme over one window."""

    programme: Programme
    since: datetime
    until: datetime
    figures: tuple[Figure, ...]


def live(session: Session, slug: str, *, viewer: Viewer, now: datetime, window: timedelta = WINDOW) -> Live | None:
    """The figures that the programme's file names, in its order. None when there is no such programme yet."""
    viewer.require("open_chart")
    programme = programmes.in_force(slug, now.date())
    if programme is None:
        return None
    facts = _Facts(session, programme, viewer, now - window, now)
    return Live(programme, facts.since, now, tuple(FIGURES[key](facts) for key in programme.indicators))


class _Facts:
    """What the figures are worked out from, read once each."""

    def __init__(self, session: Session, programme: Programme, viewer: Viewer, since: datetime, now: datetime) -> None:
        self.session, self.programme, self.since, self.now = session, programme, since, now
        mine = select(Enrolment, Patient).join(Patient, Patient.id == Enrolment.patient_id)
        mine = mine.where(Enrolment.programme == programme.slug, Enrolment.opened_at.is_not(None), visible_to(viewer))
        self.rows = [(enrolment, patient) for enrolment, patient in session.execute(mine.order_by(Enrolment.id))]
        self.ids = [enrolment.id for enrolment, _ in self.rows]

    @cached_property
    def window(self) -> list[Enrolment]:
        """Follow-ups open at some moment of the window."""
        return [one for one, _ in self.rows if one.opened_at and one.opened_at < self.now and (one.ended_at or self.now) > self.since]

    @cached_property
    def contacts(self) -> list[Contact]:
        """Closed calls of the window, attempts included."""
        closed = (Contact.state == ContactState.CLOSED, Contact.started_at >= self.since, Contact.started_at < self.now)
        return list(self.session.scalars(select(Contact).where(Contact.enrolment_id.in_(self.ids), *closed).order_by(Contact.id)))

    @cached_property
    def reached(self) -> list[Contact]:
        """Calls that reached somebody."""
        return [one for one in self.contacts if one.reached]

    @cached_property
    def due(self) -> list[PlannedCall]:
        """Planned calls whose hour has passed in the window, neither paused nor cancelled before they were missed."""
        passed = (PlannedCall.due_at >= self.since, PlannedCall.due_at < self.now)
        counts = or_(PlannedCall.state.not_in((CallState.PAUSED, CallState.CANCELLED)), PlannedCall.missed_at.is_not(None))
        return list(self.session.scalars(select(PlannedCall).where(PlannedCall.enrolment_id.in_(self.ids), *passed, counts)))

    @cached_property
    def courses(self) -> dict[int, Course]:
        """The treatment of each follow-up that has one here."""
        wanted = {enrolment.course_id for enrolment, _ in self.rows if enrolment.course_id}
        by_id = {course.id: course for course in self.session.scalars(select(Course).where(Course.id.in_(wanted)))}
        return {enrolment.id: by_id[enrolment.course_id] for enrolment, _ in self.rows if enrolment.course_id in by_id}

    @property
    def seconds(self) -> int:
        """Spent on the telephone, attempts included."""
        return sum(one.seconds or 0 for one in self.contacts)

    def day(self, patient: Patient) -> date:
        """The patient's date."""
        return calendar.local_day(self.now, patient.timezone)


def _active_per_nurse(facts: _Facts) -> Figure:
    by_nurse = Counter(one.nurse_id for one, _ in facts.rows if one.state == EnrolmentState.OPEN)
    nurses = facts.session.scalars(select(Staff).where(Staff.id.in_([key for key in by_nurse if key])))
    names = {nurse.id: nurse.name for nurse in nurses}
    parts = sorted((Part(names.get(key or 0, ""), count, None) for key, count in by_nurse.items()), key=lambda part: part.key)
    return Figure("active_per_nurse", sum(by_nurse.values()), len([key for key in by_nurse if key]), parts=tuple(parts))


def _on_time(facts: _Facts) -> Figure:
    late = timedelta(minutes=facts.programme.late_after_minutes)
    in_time = [call for call in facts.due if call.state == CallState.DONE and call.done_at and call.done_at <= call.due_at + late]
    return Figure("on_time", len(in_time), len(facts.due))


def _phases(facts: _Facts) -> Figure:
    keys = dict.fromkeys([phase.key for phase in facts.programme.rhythm] + [call.phase for call in facts.due])
    parts = tuple(Part(key, *_made([call for call in facts.due if call.phase == key])) for key in keys)
    return Figure("phases", *_made(facts.due), parts)


def _made(due: list[PlannedCall]) -> tuple[int, int, int]:
    """Done, of how many, and missed: not made since, or not before the follow-up ended."""
    done = sum(call.state == CallState.DONE for call in due)
    return done, len(due), sum(call.missed_at is not None and call.state != CallState.DONE for call in due)


def _outgoing_to_incoming(facts: _Facts) -> Figure:
    ways = Counter(one.direction for one in facts.reached)
    return Figure("outgoing_to_incoming", ways[Direction.OUTGOING], ways[Direction.INCOMING])


def _calls_per_patient(facts: _Facts) -> Figure:
    return Figure("calls_per_patient", len(facts.reached), len({one.patient_id for one in facts.window}))


def _calls_and_hours(facts: _Facts) -> Figure:
    return Figure("calls_and_hours", facts.seconds / 3600, None, parts=(Part("calls", len(facts.reached), None),))


def _outcomes(key: str, *outcomes: ContactOutcome) -> Callable[[_Facts], Figure]:
    return lambda facts: Figure(key, sum(one.outcome in outcomes for one in facts.reached), len(facts.reached))


def _mean_call_minutes(facts: _Facts) -> Figure:
    known = [one.seconds for one in facts.reached if one.seconds is not None]
    return Figure("mean_call_minutes", sum(known) / 60, len(known))


def _nurse_minutes_per_patient_month(facts: _Facts) -> Figure:
    spans = [(one.opened_at, one.ended_at or facts.now) for one in facts.window if one.opened_at]
    days = sum((min(ended, facts.now) - max(opened, facts.since)) / timedelta(days=1) for opened, ended in spans)
    return Figure("nurse_minutes_per_patient_month", facts.seconds / 60, days / MONTH_DAYS)


def _rdi(facts: _Facts) -> Figure:
    found = [intensity(facts.session, one, patient, facts.now) for one, patient in facts.rows if one.state == EnrolmentState.OPEN]
    low, high = [value for value, _ in found if value is not None], [value for _, value in found if value is not None]
    under = sum(value < LOW_INTENSITY for value in high)
    parts = (Part("lowest", float(sum(low)), len(low)), Part("under_80", under, len(high)))
    return Figure("rdi", float(sum(high)), len(high), parts=parts)


def _persistence(facts: _Facts) -> Figure:
    parts = tuple(Part(months, *_still_on(facts, days)) for months, days in PERSISTENCE.items())
    return Figure("persistence", parts[-1].numerator, parts[-1].denominator, parts=parts)


def _still_on(facts: _Facts, days: int) -> tuple[int, int]:
    """Of those who began so many days ago or more: how many were still on the drug that day."""
    on = due = 0
    for one, patient in facts.rows:
        first = planning.first_intake(facts.session, one)
        if first is None or first + timedelta(days=days) > facts.day(patient):
            continue
        due += 1
        stopped = _stopped_on(facts, one, patient)
        on += stopped is None or stopped > first + timedelta(days=days)
    return on, due


def _stopped_on(facts: _Facts, one: Enrolment, patient: Patient) -> date | None:
    course = facts.courses.get(one.id)
    days = [course.stopped_on] if course and course.stopped_on else []
    if one.end_reason in STOPS and one.ended_at:
        days.append(calendar.local_day(one.ended_at, patient.timezone))
    return min(days, default=None)


def _stops(facts: _Facts) -> Figure:
    """Reasons of the closed list; "not_said" for a treatment that stopped without one, "held" for one held today."""
    reasons: Counter[str] = Counter()
    for one, patient in facts.rows:
        course, today = facts.courses.get(one.id), facts.day(patient)
        if one.end_reason in STOPS:
            reasons[one.end_reason] += 1
        elif course and course.stopped_on is not None and one.state == EnrolmentState.OPEN:
            reasons["not_said"] += 1
        elif course and one.state == EnrolmentState.OPEN and _held(course, today):
            reasons["held"] += 1
    parts = tuple(Part(reason, reasons[reason], len(facts.rows)) for reason in (*STOPS, "not_said", "held") if reasons[reason])
    return Figure("stops", reasons.total(), len(facts.rows), parts=parts)


def _held(course: Course, day: date) -> bool:
    ordered = [hold for hold in course.holds if hold.kind == HoldKind.ORDERED]
    return any(hold.from_day <= day and (hold.until_day is None or day <= hold.until_day) for hold in ordered)


def _admissions(facts: _Facts) -> Figure:
    patients = {one.patient_id for one in facts.window}
    during = (Absence.kind == absences.HOSPITAL, Absence.from_day >= facts.since.date(), Absence.from_day <= facts.now.date())
    stays = facts.session.scalars(select(Absence.id).where(Absence.patient_id.in_(patients), *during, Absence.begun_at.is_not(None)))
    return Figure("admissions", len(stays.all()), len(patients))


FIGURES: Mapping[str, Callable[[_Facts], Figure]] = {
    "active_per_nurse": _active_per_nurse,
    "on_time": _on_time,
    "phases": _phases,
    "outgoing_to_incoming": _outgoing_to_incoming,
    "calls_per_patient": _calls_per_patient,
    "calls_and_hours": _calls_and_hours,
    "intervention_rate": _outcomes("intervention_rate", ContactOutcome.LEVEL_1, ContactOutcome.LEVEL_2),
    "doctor_rate": _outcomes("doctor_rate", ContactOutcome.LEVEL_2),
    "mean_call_minutes": _mean_call_minutes,
    "nurse_minutes_per_patient_month": _nurse_minutes_per_patient_month,
    "rdi": _rdi,
    "persistence": _persistence,
    "stops": _stops,
    "admissions": _admissions,
}
"""How each indicator of the files is worked out."""
