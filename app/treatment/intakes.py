"""What was said of the tablets: taken, missed, extra, on rest days. Missed and extra never cancel each other; each is an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.models import Patient
from app.treatment import days
from app.treatment.models import Course, IntakeReport
from triage.adherence import CAUSES, Reported, Taking, taking
from triage.questions import intake_of

WEEK = timedelta(days=6)
"""The question asks about seven days, the day asked included."""

MONTH = timedelta(days=27)
"""Adherence is told over 28 days, the last one included."""


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
    row = read(course, value=value, on=on, source=source, by=by, now=now, checkin_id=checkin_id)
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


def read(course: Course, *, value: str, on: date, source: str, by: Actor, now: datetime, checkin_id: int | None = None) -> IntakeReport:
    """What somebody said, as a report that is not kept yet. Raises ValueError for another form than the codebook's."""
    said = intake_of(value)
    first = max(on - WEEK, course.first_intake)
    return IntakeReport(
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


def standing(session: Session, course_id: int, supposed: Sequence[IntakeReport] = ()) -> list[IntakeReport]:
    """The reports that count, oldest first: of several for one check-in, the last said. supposed: said last, and not kept."""
    kept = session.scalars(select(IntakeReport).where(IntakeReport.course_id == course_id).order_by(IntakeReport.id))
    rows = list(enumerate([*kept, *supposed]))
    by_checkin = {(row.checkin_id or -place - 1): (row.to_day, place, row) for place, row in rows}
    return [row for _, _, row in sorted(by_checkin.values(), key=lambda one: one[:2])]


def explain(session: Session, row: IntakeReport, course: Course, patient: Patient, *, cause: str, by: Actor, now: datetime) -> None:
    """Why intakes were missed or added, one word of CAUSES: it drives what is done next. Raises Refusal for another word."""
    if cause not in CAUSES:
        raise Refusal("Choose a cause of the list.", field="cause", status=422)
    before, row.cause = row.cause, cause
    audit.record(
        session,
        actor=by,
        action="intake.explained",
        subject=f"intake:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=cause,
        now=now,
    )
    session.flush()


@dataclass(frozen=True)
class Adherence:
    """Over a window: intakes due on the days somebody reported, and what was said of them.

    due: under the holds and cycles known today, also those written down after the report. silent_days: days no report covers; they
    are unknown, neither taken nor missed. told: the reports that count, oldest first.
    """

    taking: Taking
    stopped: bool
    silent_days: int
    told: tuple[IntakeReport, ...] = ()

    @property
    def share(self) -> Decimal | None:
        """Taking adherence, 0-1 in thousandths; None when nothing was due, or when more were said missed than were due."""
        value = self.taking.share.value
        return None if value is None else value.quantize(Decimal("0.001"))


def adherence(session: Session, course: Course, *, first: date, last: date, supposed: Sequence[IntakeReport] = ()) -> Adherence:
    """What was reported from first to last, both included. Of overlapping weeks those count that tell of the most days together.

    Reports whose intakes are unknown (a cycle nobody confirmed, a number of missed intakes not given) are left out of the counts.
    An extra intake, one on a rest day and a stop are kept from every report, counted or not: they happened.
    """
    inside = [row for row in standing(session, course.id, supposed) if first <= row.from_day and row.to_day <= last]
    kept = _apart(inside)
    told = taking(Reported(days.scheduled(course, row.from_day, row.to_day), row.missed, row.extra, row.off_day) for row in kept)
    extra = max([told.extra, *(row.extra or 0 for row in inside)])
    return Adherence(
        taking=replace(told, extra=extra, off_day=any(row.off_day for row in inside)),
        stopped=any(row.stopped for row in inside),
        silent_days=(last - first).days + 1 - sum((row.to_day - row.from_day).days + 1 for row in kept),
        told=kept,
    )


def _apart(rows: Sequence[IntakeReport]) -> tuple[IntakeReport, ...]:
    """Reports that overlap nowhere, telling of the most days; of equals those with the most missed, then the newest. rows by last day."""
    best: list[tuple[tuple[int, int, int], tuple[IntakeReport, ...]]] = [((0, 0, 0), ())]
    for row in rows:
        length = (row.to_day - row.from_day).days + 1
        before = next(one for one in reversed(best) if not one[1] or one[1][-1].to_day < row.from_day)
        (known, missed, covered), kept = before
        score = (known + (length if row.missed is not None else 0), missed + (row.missed or 0), covered + length)
        best.append(max(best[-1], (score, (*kept, row)), key=lambda one: (one[0], len(one[1]) and one[1][-1].to_day)))
    return best[-1][1]


def adherence_percent(session: Session, course: Course, on: date, supposed: Sequence[IntakeReport] = ()) -> Decimal | None:
    """Correct intakes per 100 due over the 28 days that end on this one; None when not known."""
    value = adherence(session, course, first=on - MONTH, last=on, supposed=supposed).taking.share.value
    return None if value is None else value * 100
