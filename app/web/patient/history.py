"""Twelve weeks of one patient, read for the picture and its table: scores, measures, doses, calls, stays, alerts, bands of the cycles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent
from app.care.contact_models import Contact, ContactState
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn, CheckInState
from app.people import absences
from app.people.models import Absence, Patient
from app.treatment import days, intakes, measures
from app.treatment.models import Course, Measure
from app.web.patient import unasked
from app.web.patient.chart_data import local_day, scores_of
from app.web.patient.drawing import DAYS, SHOWN_MEASURES, Away, Band, Called, Doses, History, Judged, Rang, Step
from app.web.patient.speakers import rows_of

SHOWN_ABSENCES = (absences.VISIT, *absences.STAYS)


def of(session: Session, patient: Patient, course: Course | None, now: datetime, *, treated_since: datetime | None) -> History:
    """Read everything the picture shows. treated_since: weights before it are the baseline, see grading.treated_since."""
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
        steps=_steps(course, start, today) if course else (),
        alerts=_alerts(session, patient, start, since),
        calls=_calls(session, patient, start, since),
        away=_away(session, patient, start, today),
        measured=_measured(session, patient, start, since),
        baseline=measures.latest(session, patient.id, before=treated_since).get("weight") if treated_since else None,
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


def _steps(course: Course, start: date, today: date) -> list[Step]:
    """The prescribed dose, day by day, joined while it stays the same; a hold is a dose of 0. Nothing before the first intake."""
    first, last = days.lived(course, start, today)
    spans: list[tuple[int, int, Decimal, bool]] = []
    for x in range((first - start).days, (last - start).days + 1):
        on = start + timedelta(days=x)
        held = days.day_of(course, on).held
        mg = Decimal(0) if held else days.dose_on(course, on).mg
        if spans and spans[-1][2:] == (mg, held):
            spans[-1] = (spans[-1][0], x, mg, held)
        else:
            spans.append((x, x, mg, held))
    most = max((mg for _, _, mg, _ in spans), default=Decimal(0)) or Decimal(1)
    return [Step(begins, ends, mg, held, float(mg / most)) for begins, ends, mg, held in spans]


def _alerts(session: Session, patient: Patient, start: date, since: datetime) -> list[Rang]:
    found = session.scalars(select(Alert).where(Alert.patient_id == patient.id, Alert.opened_at >= since).order_by(Alert.id))
    by_day: dict[date, list[Alert]] = {}
    for alert in found:
        by_day.setdefault(local_day(patient, alert.opened_at), []).append(alert)
    return [Rang((on - start).days, on, alerts) for on, alerts in by_day.items() if on >= start]


def _calls(session: Session, patient: Patient, start: date, since: datetime) -> list[Called]:
    mine = select(AlertEvent).join(Alert, Alert.id == AlertEvent.alert_id).where(Alert.patient_id == patient.id)
    noted = session.scalars(mine.where(AlertEvent.kind == "called", AlertEvent.at >= since).order_by(AlertEvent.id))
    closed = (Contact.patient_id == patient.id, Contact.state == ContactState.CLOSED, Contact.started_at >= since)
    by_day: dict[date, tuple[list[AlertEvent], list[Contact]]] = {}
    for event in noted:
        by_day.setdefault(local_day(patient, event.at), ([], []))[0].append(event)
    for sheet in session.scalars(select(Contact).where(*closed).order_by(Contact.started_at)):
        by_day.setdefault(local_day(patient, sheet.started_at), ([], []))[1].append(sheet)
    return [Called((on - start).days, on, *both) for on, both in sorted(by_day.items()) if on >= start]


def _away(session: Session, patient: Patient, start: date, today: date) -> list[Away]:
    """Visits and stays that were or are; one taken back before it began never was."""
    mine = select(Absence).where(Absence.patient_id == patient.id, Absence.kind.in_(SHOWN_ABSENCES), Absence.from_day <= today)
    found = []
    for row in session.scalars(mine.order_by(Absence.from_day, Absence.id)):
        if row.ended_at is not None and row.begun_at is None:
            continue
        ended = local_day(patient, row.ended_at) if row.ended_at else today
        last = min(row.until_day or ended, ended, today)
        if last >= start:
            found.append(Away(max(0, (row.from_day - start).days), (max(last, row.from_day) - start).days, row))
    return found


def _measured(session: Session, patient: Patient, start: date, since: datetime) -> dict[str, list[tuple[int, Measure]]]:
    found: dict[str, list[tuple[int, Measure]]] = {}
    for row in measures.series(session, patient.id, since=since):
        x = (local_day(patient, row.taken_at) - start).days
        if row.kind in SHOWN_MEASURES and x >= 0:
            found.setdefault(row.kind, []).append((x, row))
    return found
