"""A measure, a laboratory value or a medicine that is written down is judged at once, like an answer: it must not sleep in a table.

Only what it touches is judged: an old value beside it had its turn, and does not ring again because another one arrived.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert
from app.checkins import answers, script
from app.checkins.judging import assessing, charted, context, graded
from app.checkins.judging.assessing import Judged
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.people.models import Patient
from app.protocols import looks, scales, versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses, days, intakes, measures, medicines
from app.treatment.models import Course, Measure, OtherMedicine
from triage import calendar, engine, explain
from triage.protocol import Protocol
from triage.terms import Answer, Assessment, Context, Kind

FRESH = timedelta(hours=24)
"""An older temperature is history: nobody would be called for it today (house rule, 2026-11-22). How old another measure may be is
said by each rule of the protocol."""

log = structlog.get_logger(__name__)


def judge(session: Session, patient: Patient, measure: Measure, *, now: datetime, beside: Measure | None = None) -> Alert | None:
    """Judge a measure that arrived by the protocol in force; keep the judgement and raise or merge its alert, in the same transaction.

    None: a later value is known, or nothing to act on at once. What cannot be judged is told to a person, and so is a grave value,
    treated or not, that no rule turned into an alert as grave as its grade asks for (``graded``). beside: the other number of one blood
    pressure, taken at the same instant and kept already: one judgement of the two, one alert or one task for the graver.
    """
    kind = scales.measures().key_of(measure.kind) or measure.kind
    if kind == looks.TEMPERATURE and measure.taken_at < now - FRESH:
        return None
    last = measures.latest(session, patient.id, before=now)
    fresh = [row for row in (measure, beside) if row is not None and last.get(row.kind, row).id == row.id]
    if not fresh:
        return None
    only = dict(zip(("measure", "also"), (scales.measures().key_of(row.kind) or row.kind for row in fresh), strict=False))
    judged = _judge(session, patient, only, now, measure if kind == looks.TEMPERATURE else None)
    by_rule = judged.level if judged is not None and judged.assessment is not None and judged.alert is not None else None
    grave = graded.tell(session, patient, graded.gravest(session, patient, fresh, now=now), by_rule=by_rule, now=now)
    return grave or (judged.alert if judged else None)


def judge_medicine(session: Session, patient: Patient, medicine: OtherMedicine, *, now: datetime) -> Alert | None:
    """The same for a medicine that was just recorded, or whose end was: once, whatever is measured later."""
    names = (medicine.code, *medicines.IMPLIES.get(medicine.code, ()))
    judged = [_judge(session, patient, {"medicine": name}, now) for name in names]
    return next((one.alert for one in judged if one is not None and one.alert is not None), None)


def _judge(session: Session, patient: Patient, only: dict[str, str], now: datetime, temperature: Measure | None = None) -> Judged | None:
    course = courses.running(session, patient.id)
    if course is None:
        return None
    today = calendar.local_day(now, patient.timezone)
    version = script.version_for(session, course, patient, today)
    if version is None:
        return Judged(None, None, assessing.unjudged(session, patient, None, "no protocol in force", now=now))
    try:
        with session.begin_nested():
            protocol = looks.touched(versions.load(version), **only)
            if not protocol.rules:
                return None
            said, seen = _inputs(session, patient, course, protocol, temperature, now)
            assessment = engine.assess(protocol, said, seen)
            row = _keep(session, patient, version, said, seen, only, assessment, now)
    except Exception as error:
        log.exception("a measure could not be judged", patient_id=patient.id)
        return Judged(None, None, assessing.unjudged(session, patient, None, type(error).__name__, now=now))
    return assessing.alarm(session, patient, protocol, assessment, row, now=now)


def _inputs(
    session: Session, patient: Patient, course: Course, protocol: Protocol, temperature: Measure | None, now: datetime
) -> tuple[dict[str, Answer], Context]:
    """What was answered today stands beside the value: a fever this morning and few neutrophils at noon are one thing."""
    today = calendar.local_day(now, patient.timezone)
    said = _said_lately(session, patient, protocol, now)
    if temperature is not None:
        key = next(key for key, question in protocol.questions.items() if question.kind is Kind.TEMPERATURE)
        said[key] = Answer(key, temperature.value)
    facts = days.day_of(course, today)
    known, before, baseline = charted.measures_of(session, patient, course, protocol, now=now)
    return said, Context(
        asked_on=today,
        cycle=facts.cycle,
        cycle_day=facts.cycle_day,
        on_day=facts.on_day,
        due=tuple(said),
        measures=known,
        measures_before=before,
        measures_baseline=baseline,
        treatment_day=days.treatment_day(course, today),
        exposures=charted.exposures(session, patient, course, on=today),
        adherence=intakes.adherence_percent(session, course, today),
    )


def _said_lately(session: Session, patient: Patient, protocol: Protocol, now: datetime) -> dict[str, Answer]:
    """The known answers of the last day, the latest of each question."""
    recent = select(CheckIn).where(CheckIn.patient_id == patient.id, CheckIn.answers.any(AnswerRow.at > now - FRESH))
    said: dict[str, Answer] = {}
    for checkin in session.scalars(recent.order_by(CheckIn.day, CheckIn.id)):
        rows = {key: row for key, row in answers.current(session, checkin.id).items() if row.at > now - FRESH}
        said |= {key: answer for key, answer in answers.values(rows, protocol).items() if answer.value is not None}
    return {key: answer for key, answer in said.items() if key in protocol.questions}


def _keep(
    session: Session,
    patient: Patient,
    version: ProtocolVersion,
    said: dict[str, Answer],
    seen: Context,
    only: dict[str, str],
    assessment: Assessment,
    now: datetime,
) -> AssessmentRow:
    row = AssessmentRow(
        patient_id=patient.id,
        version_id=version.id,
        fingerprint=version.fingerprint,
        level=assessment.level.word,
        at=now,
        inputs=context.to_json(said, seen) | {"only": only},
        result=explain.to_dict(assessment),
    )
    session.add(row)
    session.flush()
    return row
