"""Twelve weeks of one patient as a picture and as a table: scores, temperature, weight, doses, against the bands of the cycles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn, CheckInState
from app.people.models import Patient
from app.treatment import days, intakes, measures
from app.treatment.models import Course, IntakeReport, Measure
from app.web import unasked
from app.web.chart_data import local_day, scores_of
from app.web.speakers import rows_of

DAYS = 84
SHOWN_MEASURES = ("temperature", "weight")
FEVER = Decimal(38)
"""Written beside its point in the picture; the limits that decide are the protocol's."""

USUAL = {"temperature": (Decimal("35.5"), Decimal("40.5"))}
"""Degrees the temperature's row spans; it grows when a value lies outside."""


@dataclass(frozen=True)
class Band:
    """Days that are alike, both included. kind: on, off, hold, unknown."""

    first: int
    last: int
    kind: str
    cycle: int | None

    @property
    def length(self) -> int:
        """Days of the band."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Judged:
    """One judged check-in: the column of the table."""

    on: date
    x: int
    at: datetime
    cycle: int | None
    cycle_day: int | None
    level: str
    assessment_id: int
    scores: dict[str, int | None]
    not_asked: frozenset[str] = frozenset()
    answers: Sequence[AnswerRow] = ()


@dataclass(frozen=True)
class Doses:
    """What was said of the tablets over a span of days; ``first`` and ``last`` are days of the picture."""

    first: int
    last: int
    report: IntakeReport

    @property
    def whole(self) -> bool:
        """Everything taken as prescribed, nothing more."""
        r = self.report
        return r.missed == 0 and not r.extra and not r.off_day and not r.stopped


@dataclass(frozen=True)
class Point:
    """A measure in its row: day of the picture, height 0 (bottom) to 1, and whether its value is written beside it."""

    x: int
    height: float
    row: Measure
    written: bool


@dataclass(frozen=True)
class History:
    """The picture: day 0 is ``start``, day 83 today."""

    start: date
    today: date
    symptoms: Sequence[str] = ()
    judged: Sequence[Judged] = ()
    bands: Sequence[Band] = ()
    doses: Sequence[Doses] = ()
    silent: Sequence[tuple[int, date]] = ()
    alerts: Sequence[tuple[int, Alert]] = ()
    calls: Sequence[tuple[int, AlertEvent]] = ()
    measured: dict[str, list[tuple[int, Measure]]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing was ever answered, measured or missed."""
        return not (self.judged or self.silent or self.measured or self.doses)

    @property
    def treatment_has_cycles(self) -> bool:
        """Do rest days or a second cycle make bands worth naming?"""
        return any(band.kind == "off" for band in self.bands) or len(self.cycles) > 1

    @property
    def mondays(self) -> list[tuple[int, date]]:
        """Where the weeks begin."""
        days_shown = [(x, self.start + timedelta(days=x)) for x in range(DAYS)]
        return [(x, day) for x, day in days_shown if day.weekday() == 0]

    @property
    def cycles(self) -> list[tuple[int, int]]:
        """Where each cycle begins: (day of the picture, number)."""
        seen: dict[int, int] = {}
        for band in self.bands:
            if band.cycle is not None:
                seen.setdefault(band.cycle, band.first)
        return [(x, number) for number, x in sorted(seen.items())]

    def points(self, kind: str) -> list[Point]:
        """A row of measures; fevers, the first, the last and the extremes carry their value."""
        rows = self.measured.get(kind, [])
        values = [row.value for _, row in rows]
        if not values:
            return []
        usual = USUAL.get(kind)
        low, high = (min(*values, usual[0]), max(*values, usual[1])) if usual else (min(values) - 1, max(values) + 1)
        told = {values.index(max(values)), values.index(min(values)), len(values) - 1} if not usual else {len(values) - 1}
        return [
            Point(x, float((row.value - low) / (high - low)), row, at in told or bool(usual and row.value >= FEVER))
            for at, (x, row) in enumerate(rows)
        ]

    def measure_on(self, kind: str, on: date, zone_of: Patient) -> Decimal | None:
        """The last value of this kind measured that day."""
        found = [row.value for _, row in self.measured.get(kind, ()) if local_day(zone_of, row.taken_at) == on]
        return found[-1] if found else None

    def doses_on(self, on: date) -> IntakeReport | None:
        """The report said on that day."""
        found = [one.report for one in self.doses if one.report.to_day == on]
        return found[-1] if found else None


def of(session: Session, patient: Patient, course: Course | None, now: datetime) -> History:
    """Read everything the picture shows."""
    today = local_day(patient, now)
    start = today - timedelta(days=DAYS - 1)
    since = now - timedelta(days=DAYS)
    judged = _judged(session, patient, start, since)
    return History(
        start=start,
        today=today,
        symptoms=_symptoms(judged),
        judged=judged,
        bands=_bands(course, start, today) if course else (),
        doses=_doses(session, course, start, today) if course else (),
        silent=_silent(session, patient, start, today),
        alerts=_alerts(session, patient, start, since),
        calls=_calls(session, patient, start, since),
        measured=_measured(session, patient, start, since),
    )


def _judged(session: Session, patient: Patient, start: date, since: datetime) -> list[Judged]:
    """The last judgement of each check-in."""
    rows = session.execute(
        select(AssessmentRow, CheckIn)
        .outerjoin(CheckIn, CheckIn.id == AssessmentRow.checkin_id)
        .where(AssessmentRow.patient_id == patient.id, AssessmentRow.at >= since)
        .order_by(AssessmentRow.id)
    )
    found = list(rows)
    checkin_ids = {checkin.id for _, checkin in found if checkin}
    answers, texted = rows_of(session, checkin_ids), unasked.by_text(session, checkin_ids)
    last: dict[int, Judged] = {}
    for row, checkin in found:
        if checkin is not None and checkin.state == CheckInState.SILENT and not any(v is not None for v in scores_of(row).values()):
            continue  # drawn once, as a check-in without answer
        on = checkin.day if checkin else local_day(patient, row.at)
        said = answers.get(checkin.id, ()) if checkin else ()
        last[checkin.id if checkin else -row.id] = Judged(
            on=on,
            x=(on - start).days,
            at=row.at,
            cycle=checkin.cycle if checkin else None,
            cycle_day=checkin.cycle_day if checkin else None,
            level=row.level,
            assessment_id=row.id,
            scores=scores_of(row) if checkin else {},  # a result is judged beside answers that are drawn already
            not_asked=_not_asked(checkin, row, said, texted=checkin.id in texted) if checkin else frozenset(),
            answers=said,
        )
    return sorted((one for one in last.values() if 0 <= one.x < DAYS), key=lambda one: (one.on, one.assessment_id))


def _not_asked(checkin: CheckIn, row: AssessmentRow, said: Sequence[AnswerRow], *, texted: bool) -> frozenset[str]:
    """Scored questions that nobody put to the patient: drawn apart from those without an answer, and apart from zero."""
    told = {one.key for one in said}
    left = [key for key, score in scores_of(row).items() if score is None and key not in told]
    return frozenset(left) - frozenset(unasked.put_in_vain(checkin, left, said, texted=texted))


def _symptoms(judged: Sequence[Judged]) -> list[str]:
    """Every symptom ever scored, the worst first; what was only asked and never known comes last."""
    worst: dict[str, int] = {}
    for one in judged:
        for key, score in one.scores.items():
            worst[key] = max(worst.get(key, -1), -1 if score is None else score)
    return sorted(worst, key=lambda key: (-worst[key], key))


def _bands(course: Course, start: date, today: date) -> list[Band]:
    """Days of the same kind and cycle joined."""
    bands: list[Band] = []
    for x in range((today - start).days + 1):
        day = days.day_of(course, start + timedelta(days=x))
        if day.cycle is None:
            continue
        kind = "hold" if day.held else "unknown" if day.on_day is None else "on" if day.on_day else "off"
        last = bands[-1] if bands else None
        if last and (last.kind, last.cycle, last.last) == (kind, day.cycle, x - 1):
            bands[-1] = Band(last.first, x, kind, day.cycle)
        else:
            bands.append(Band(x, x, kind, day.cycle))
    return bands


def _doses(session: Session, course: Course, start: date, today: date) -> list[Doses]:
    shown = [row for row in intakes.standing(session, course.id) if start <= row.to_day <= today]
    return [Doses(max(0, (row.from_day - start).days), (row.to_day - start).days, row) for row in shown]


def _silent(session: Session, patient: Patient, start: date, today: date) -> list[tuple[int, date]]:
    found = session.scalars(
        select(CheckIn.day).where(
            CheckIn.patient_id == patient.id, CheckIn.state == CheckInState.SILENT, CheckIn.day >= start, CheckIn.day <= today
        )
    )
    return [((day - start).days, day) for day in found]


def _alerts(session: Session, patient: Patient, start: date, since: datetime) -> list[tuple[int, Alert]]:
    found = session.scalars(select(Alert).where(Alert.patient_id == patient.id, Alert.opened_at >= since).order_by(Alert.id))
    return [(x, alert) for alert in found if (x := (local_day(patient, alert.opened_at) - start).days) >= 0]


def _calls(session: Session, patient: Patient, start: date, since: datetime) -> list[tuple[int, AlertEvent]]:
    found = session.scalars(
        select(AlertEvent)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(Alert.patient_id == patient.id, AlertEvent.kind == "called", AlertEvent.at >= since)
        .order_by(AlertEvent.id)
    )
    return [(x, event) for event in found if (x := (local_day(patient, event.at) - start).days) >= 0]


def _measured(session: Session, patient: Patient, start: date, since: datetime) -> dict[str, list[tuple[int, Measure]]]:
    found: dict[str, list[tuple[int, Measure]]] = {}
    for row in measures.series(session, patient.id, since=since):
        x = (local_day(patient, row.taken_at) - start).days
        if row.kind in SHOWN_MEASURES and x >= 0:
            found.setdefault(row.kind, []).append((x, row))
    return found
