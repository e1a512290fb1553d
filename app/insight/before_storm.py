"""Whom to call before roads close and power goes: everybody followed at home, the most pressing first. It only reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from app.care.models import OPEN_CALLS, PlannedCall
from app.insight import worklist
from app.insight.worklist import Row
from app.people import absences
from app.people.models import Absence, FollowUp, Patient
from app.people.perimeter import Viewer, visible_to
from app.treatment.models import Course, CourseState


@dataclass(frozen=True)
class Line:
    """One patient, or one number nobody knows that wrote something grave. row: what is open, None for nothing. calls: planned within the

    hours asked for, and late or missed ones. away: why they may not be at home.
    """

    patient: Patient | None
    row: Row | None
    course: Course | None = None
    calls: tuple[PlannedCall, ...] = ()
    away: tuple[Absence, ...] = ()

    @property
    def is_dead(self) -> bool:
        """Was their death noted? Then nobody dials their number."""
        return absences.death(self.away) is not None


def lines(session: Session, *, viewer: Viewer, now: datetime, until: datetime) -> list[Line]:
    """Open alerts first, in the order of the list; then calls planned until that hour, the soonest first; then all others by name.

    A follow-up that is over is left out, unless something is still open for its patient.
    """
    rows = {row.key: row for row in worklist.rows(session, viewer=viewer, now=now)}
    waiting = [row.patient.id for row in rows.values() if row.patient is not None]
    mine = (visible_to(viewer), or_(Patient.follow_up != FollowUp.ENDED, Patient.id.in_(waiting)))
    query = select(Patient).where(*mine).options(selectinload(Patient.respondents)).order_by(Patient.search_name, Patient.id)
    people = list(session.scalars(query))
    courses, calls = _courses(session, people), _calls(session, people, until)
    away = absences.standing_of(session, [one.id for one in people])
    known = [
        Line(one, rows.get(f"patient:{one.id}"), courses.get(one.id), tuple(calls.get(one.id, ())), tuple(away.get(one.id, ())))
        for one in people
    ]
    place = {key: number for number, key in enumerate(rows)}

    def order(line: Line) -> tuple[int, float]:
        if line.row is not None and line.row.alert is not None:
            return 0, place[line.row.key]
        return (1, line.calls[0].due_at.timestamp()) if line.calls else (2, 0)

    return sorted([*known, *(Line(None, row) for row in rows.values() if row.patient is None)], key=order)


def _courses(session: Session, people: Iterable[Patient]) -> dict[int, Course]:
    running = (Course.patient_id.in_([one.id for one in people]), Course.state == CourseState.ACTIVE)
    together = [selectinload(part) for part in (Course.cycles, Course.holds, Course.postponements, Course.doses, Course.companions)]
    return {course.patient_id: course for course in session.scalars(select(Course).where(*running).options(*together))}


def _calls(session: Session, people: Iterable[Patient], until: datetime) -> dict[int, list[PlannedCall]]:
    mine = (PlannedCall.patient_id.in_([one.id for one in people]), PlannedCall.state.in_(OPEN_CALLS), PlannedCall.due_at <= until)
    found: dict[int, list[PlannedCall]] = {}
    for call in session.scalars(select(PlannedCall).where(*mine).order_by(PlannedCall.due_at, PlannedCall.id)):
        found.setdefault(call.patient_id, []).append(call)
    return found
