"""The plan of check-ins as visible rows, some four weeks ahead: made from the protocol's rhythm and the treatment's calendar, and made
again after every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.care import planning as calls
from app.checkins import script, ways
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import dose_days
from app.core.db import is_sqlite
from app.messaging import outbox
from app.people import absences, journeys
from app.people.models import FollowUp, Patient
from app.protocols import versions
from app.treatment import courses, days
from app.treatment.models import Course, CourseState
from triage import calendar
from triage.calendar import Planned
from triage.protocol import Protocol

AHEAD = timedelta(days=28)
SHORT = timedelta(days=21)
"""A plan that reaches less far than this is made longer."""

WAITING = (CheckInState.OPEN, CheckInState.PARTIAL)
VISIT_DAY, NO_TEXTS, STOPPED = "seen at the service that day", "the patient wants no texts", "the treatment has stopped"
FOLLOW_UP_IS = "follow-up is "
"""Why a check-in is cancelled, as the row keeps it; app.checkins.rhythm.endings reads these."""
Key = tuple[date, str]


@dataclass(frozen=True)
class Plan:
    """What planning changed: new rows (or cancelled ones taken up again), rows that moved to another hour, rows cancelled."""

    new: int = 0
    moved: int = 0
    cancelled: int = 0


def plan(session: Session, course: Course, *, now: datetime) -> Plan:
    """Make the planned rows agree with the facts. Doing it twice changes nothing. Rows already opened stay as they are.

    Nothing new is planned for an hour that has passed. What no longer belongs is cancelled and says why. The nurses' calls follow too.
    """
    patient = session.get_one(Patient, course.patient_id)
    calls.of_patient(session, patient.id, now=now)
    dose_days.follow(session, course, patient, now=now)
    today = calendar.local_day(now, patient.timezone)
    why_not = not_asked_because(patient, course)
    wanted = {} if why_not else _wanted(session, course, patient, today)
    if wanted is None:
        return Plan()  # no protocol holds: the rows stay, their opening alarms, and the watchman names the patient
    rows = session.scalars(select(CheckIn).where(CheckIn.course_id == course.id, CheckIn.day >= today))
    existing = {(row.day, row.kind): row for row in rows}
    gone = [row for key, row in existing.items() if key not in wanted]
    visits = () if why_not else absences.visit_days(session, patient.id)
    cancelled = _cancel(session, [row for row in gone if row.day in visits], VISIT_DAY, now)
    cancelled += _cancel(session, [row for row in gone if row.day not in visits], why_not or "no longer in the plan", now)
    if why_not:
        cancelled += _cancel_open(session, course, patient, why_not, now)
    new = moved = 0
    for key, (planned, due_at) in wanted.items():
        row = existing.get(key)
        if row is None:
            new += insert(session, course, patient, planned, due_at) if due_at >= now else 0
        elif row.state == CheckInState.CANCELLED and row.opened_at is None and due_at >= now:
            row.state, row.why, row.due_at, row.closed_at = CheckInState.PLANNED, "", due_at, None
            row.ended_as = row.silence_reason = row.silence_note = ""
            new += 1
        elif row.state == CheckInState.PLANNED:
            moved += _follow(row, planned, due_at, now)
    session.flush()
    return Plan(new, moved, cancelled)


def not_asked_because(patient: Patient, course: Course) -> str:
    """Why no question leaves; "" when they do. Holds do not stop them: side effects outlast the tablets."""
    if course.state != CourseState.ACTIVE:
        return STOPPED
    if patient.follow_up != FollowUp.ACTIVE:
        return f"{FOLLOW_UP_IS}{patient.follow_up}"
    return NO_TEXTS if patient.opted_out_at is not None and not ways.by_telephone(patient) else ""


def _wanted(session: Session, course: Course, patient: Patient, today: date) -> dict[Key, tuple[Planned, datetime]] | None:
    stretches = _rules_by_day(session, course, patient, today, today + AHEAD)
    if not stretches:
        return None
    facts = days.calendar_of(course)
    visits = absences.visit_days(session, patient.id)
    wanted = {}
    for protocol, begins, last in stretches:
        first = max(begins, course.first_intake)
        for planned in calendar.check_ins(protocol.rhythm, facts, first, last):
            if planned.day not in visits:  # seen that day: the protocol's next check-in goes on
                wanted[planned.day, planned.kind] = (planned, due_at(patient, protocol, planned.day))
    return wanted


def _rules_by_day(session: Session, course: Course, patient: Patient, first: date, last: date) -> list[tuple[Protocol, date, date]]:
    """Stretches of days and the version that holds on them: a version to come plans its own days."""
    stretches: list[tuple[Protocol, date, date]] = []
    ends = script.version_for(session, course, patient, last)
    begins = script.version_for(session, course, patient, first)
    if ends is not None and begins is not None and ends.id == begins.id:
        return [(versions.load(ends), first, last)]
    for offset in range((last - first).days + 1):
        on = first + timedelta(days=offset)
        row = script.version_for(session, course, patient, on)
        if row is None:
            continue
        protocol = versions.load(row)
        if stretches and stretches[-1][0] is protocol and stretches[-1][2] == on - timedelta(days=1):
            stretches[-1] = (protocol, stretches[-1][1], on)
        else:
            stretches.append((protocol, on, on))
    return stretches


def due_at(patient: Patient, protocol: Protocol, day: date) -> datetime:
    """The instant of the patient's own hour that day, where they will be, pushed out of the quiet hours."""
    zone = calendar.zone_on(day, patient.timezone, journeys.ahead(patient))
    return calendar.next_allowed(calendar.instant(day, time(patient.check_in_hour), zone), zone, protocol.quiet)


def insert(session: Session, course: Course, patient: Patient, planned: Planned, due: datetime) -> int:
    """One planned row; 0 when there is one for that day already."""
    values = {
        "service_id": patient.service_id,
        "patient_id": patient.id,
        "course_id": course.id,
        "kind": planned.kind,
        "state": CheckInState.PLANNED,
        "day": planned.day,
        "cycle": planned.cycle,
        "cycle_day": planned.cycle_day,
        "due_at": due,
        "asking": [],
        "not_asked": [],
        "misread": 0,
        "texts_sent": 0,
        "why": "",
    }
    insert: Any = sqlite_insert if is_sqlite(session) else postgresql_insert
    done = session.execute(insert(CheckIn).values(**values).on_conflict_do_nothing(index_elements=["course_id", "day", "kind"]))
    return int(done.rowcount == 1)  # type: ignore[attr-defined]  # an INSERT always has one


def _follow(row: CheckIn, planned: Planned, due: datetime, now: datetime) -> int:
    """A planned row follows the calendar and the patient's hour; one whose hour has come keeps it, to be opened or listed."""
    row.cycle, row.cycle_day = planned.cycle, planned.cycle_day
    if row.due_at == due or row.due_at <= now or due < now:
        return 0
    row.due_at = due
    return 1


def _cancel(session: Session, rows: list[CheckIn], why: str, now: datetime) -> int:
    ids = [row.id for row in rows if row.state == CheckInState.PLANNED]
    if not ids:
        return 0
    gone = update(CheckIn).where(CheckIn.id.in_(ids), CheckIn.state == CheckInState.PLANNED)
    done = session.execute(gone.values(state=CheckInState.CANCELLED, why=why, closed_at=now))
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE always has one


def _cancel_open(session: Session, course: Course, patient: Patient, why: str, now: datetime) -> int:
    """A conversation the patient may not have any more ends; its answers stay, and texts still waiting do not leave."""
    mine = (CheckIn.course_id == course.id, CheckIn.state.in_(WAITING), CheckIn.closed_at.is_(None))
    ended = {"state": CheckInState.CANCELLED, "why": why, "closed_at": now, "asking": []}
    done = session.execute(update(CheckIn).where(*mine).values(**ended, remind_at=None, silent_at=None))
    outbox.withdraw(session, patient_id=patient.id, reason=why, now=now)
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE always has one


# --- Around the plan ----------------------------------------------------------------------------------------------------------------


def replan_patient(session: Session, patient: Patient, *, now: datetime) -> Plan:
    """After a freeze, an opt-out, a new hour or zone: the plan of every course of the patient."""
    mine = list(session.scalars(select(Course).where(Course.patient_id == patient.id).order_by(Course.id)))
    plans = [plan(session, course, now=now) for course in mine]
    return Plan(sum(p.new for p in plans), sum(p.moved for p in plans), sum(p.cancelled for p in plans))


def replan_service(session: Session, service_id: int, slug: str, *, now: datetime) -> int:
    """After a protocol of the service changed: the plan of every course that follows it. How many courses."""
    following = select(Course).join(Patient, Patient.id == Course.patient_id)
    following = following.where(Patient.service_id == service_id, Course.protocol_slug == slug, Course.state == CourseState.ACTIVE)
    rows = list(session.scalars(following.order_by(Course.id)))
    for course in rows:
        plan(session, course, now=now)
    return len(rows)


def to_plan(session: Session, now: datetime) -> list[int]:
    """Courses under way whose plan does not reach far enough."""
    furthest = select(func.max(CheckIn.day)).where(CheckIn.course_id == Course.id, CheckIn.state == CheckInState.PLANNED).correlate(Course)
    far = furthest.scalar_subquery()
    short = far.is_(None) | (far < (now + SHORT).date())
    return list(session.scalars(_under_way().where(short)))


def followed(session: Session, _now: datetime) -> list[int]:
    """Every course under way: the net under a change after which nobody asked for a new plan."""
    return list(session.scalars(_under_way()))


def _under_way() -> Select[int]:
    asked = (Course.state == CourseState.ACTIVE, Patient.follow_up == FollowUp.ACTIVE)
    return select(Course.id).join(Patient, Patient.id == Course.patient_id).where(*asked).order_by(Course.id)


def plan_one(session: Session, course_id: int, now: datetime) -> Plan:
    """The plan of one course, by its number."""
    return plan(session, courses.get(session, course_id), now=now)


def depart(session: Session, patient_id: int, now: datetime) -> None:
    """A journey has begun: the patient's zone changes, and the plan with it."""
    patient = session.scalars(select(Patient).where(Patient.id == patient_id).with_for_update()).one()
    journeys.depart(session, patient, now=now)
    replan_patient(session, patient, now=now)
