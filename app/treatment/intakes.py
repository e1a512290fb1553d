"""What was said of the tablets: taken, missed, extra, on rest days. Missed and extra never cancel each other; each is an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.people.models import Patient
from app.treatment import days
from app.treatment.models import Course, IntakeReport
from triage.questions import intake_of

WEEK = timedelta(days=6)
"""The question asks about seven days, the day asked included."""


def report(
    session: Session,
    course: Course,
    patient: Patient,
    *,
    value: str,
    on: date,
    source: str,
    by: Actor,
    now: datetime,
    checkin_id: int | None = None,
) -> IntakeReport:
    """Keep one answer to "your doses of the week". ``value`` is the codebook's form: all, missed:2, extra:1, off_day, stopped, joined by +.

    Said twice for the same check-in (a correction), both rows stay and the later one counts. Raises ValueError for another form.
    """
    said = intake_of(value)
    first = max(on - WEEK, course.first_intake)
    row = IntakeReport(
        course_id=course.id,
        checkin_id=checkin_id,
        from_day=min(first, on),
        to_day=on,
        scheduled=days.scheduled(course, first, on),
        missed=None if said.stopped and not said.missed else said.missed,
        extra=said.extra,
        off_day=said.off_day,
        stopped=said.stopped,
        source=source,
        said_by=str(by),
        at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=by,
        action="intake.reported",
        subject=f"intake:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after=value,
        now=now,
    )
    return row


def standing(session: Session, course_id: int) -> list[IntakeReport]:
    """The reports that count, oldest first: of several for one check-in, the last said."""
    rows = session.scalars(select(IntakeReport).where(IntakeReport.course_id == course_id).order_by(IntakeReport.id))
    by_checkin = {(row.checkin_id or -row.id): row for row in rows}
    return sorted(by_checkin.values(), key=lambda row: (row.to_day, row.id))


@dataclass(frozen=True)
class Adherence:
    """Over a window: intakes due on the days somebody reported, and what was said of them. share: 0-1, None when nothing was due.

    silent_days: days of the window no report covers; they are unknown, neither taken nor missed.
    """

    scheduled: int
    missed: int
    extra: int
    off_day: bool
    stopped: bool
    silent_days: int

    @property
    def share(self) -> Decimal | None:
        """Taking adherence: correct intakes over scheduled ones; extra intakes never make up for missed ones.

        None also when more were said missed than were due: one of the two is wrong, and nobody here can say which.
        """
        if not self.scheduled or self.missed > self.scheduled:
            return None
        return (Decimal(self.scheduled - self.missed) / self.scheduled).quantize(Decimal("0.001"))

    @property
    def over(self) -> bool:
        """Was more taken than prescribed? An event whatever the share."""
        return self.extra > 0 or self.off_day


def adherence(session: Session, course: Course, *, first: date, last: date) -> Adherence:
    """What was reported from first to last, both included. Reports of overlapping weeks count once: the newest whole ones are kept.

    Reports whose intakes are unknown (a cycle nobody confirmed, a number of missed intakes not given) are left out of the counts.
    """
    kept: list[IntakeReport] = []
    free_until = last
    for row in reversed(standing(session, course.id)):
        if first <= row.from_day and row.to_day <= free_until:
            kept.append(row)
            free_until = row.from_day - timedelta(days=1)
    counted = [row for row in kept if row.scheduled is not None and row.missed is not None]
    covered = sum((row.to_day - row.from_day).days + 1 for row in kept)
    return Adherence(
        scheduled=sum(row.scheduled or 0 for row in counted),
        missed=sum(row.missed or 0 for row in counted),
        extra=sum(row.extra or 0 for row in kept),
        off_day=any(row.off_day for row in kept),
        stopped=any(row.stopped for row in kept),
        silent_days=(last - first).days + 1 - covered,
    )
