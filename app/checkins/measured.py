"""A temperature that a program or a colleague writes down is judged at once, like an answer: it must not sleep in a table."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from app.alerts.models import Alert
from app.checkins import assessing, context, script
from app.checkins.models import AssessmentRow
from app.people.models import Patient
from app.protocols import versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses, days
from app.treatment.models import Course, Measure
from triage import calendar, engine, explain
from triage.terms import Answer, Assessment, Context, Kind

FRESH = timedelta(hours=24)
"""An older temperature is history: nobody would be called for it today (house rule, 2026-11-22)."""

log = structlog.get_logger(__name__)


def judge(session: Session, patient: Patient, measure: Measure, *, now: datetime) -> Alert | None:
    """Judge a fresh temperature by the protocol in force; keep the judgement and raise or merge its alert, in the caller's transaction.

    None: another kind of measure, an old one, no running treatment, or nothing to act on. What cannot be judged is told to a person.
    """
    course = courses.running(session, patient.id)
    if measure.kind != "temperature" or measure.taken_at < now - FRESH or course is None:
        return None
    version = script.version_for(session, course, patient, calendar.local_day(now, patient.timezone))
    if version is None:
        return assessing.unjudged(session, patient, None, "no protocol in force", now=now)
    try:
        with session.begin_nested():
            assessment, row = _assess(session, patient, course, version, measure, now)
    except Exception as error:
        log.exception("a temperature could not be judged", patient_id=patient.id)
        return assessing.unjudged(session, patient, None, type(error).__name__, now=now)
    return assessing.alarm(session, patient, versions.load(version), assessment, row, now=now)


def _assess(
    session: Session, patient: Patient, course: Course, version: ProtocolVersion, measure: Measure, now: datetime
) -> tuple[Assessment, AssessmentRow]:
    protocol = versions.load(version)
    key = next(key for key, question in protocol.questions.items() if question.kind is Kind.TEMPERATURE)
    said = {key: Answer(key, measure.value)}
    today = calendar.local_day(now, patient.timezone)
    facts = days.day_of(course, today)
    seen = Context(asked_on=today, cycle=facts.cycle, cycle_day=facts.cycle_day, on_day=facts.on_day, due=(key,))
    assessment = engine.assess(protocol, said, seen)
    row = AssessmentRow(
        patient_id=patient.id,
        version_id=version.id,
        fingerprint=protocol.fingerprint,
        level=assessment.level.word,
        at=now,
        inputs=context.to_json(said, seen),
        result=explain.to_dict(assessment),
    )
    session.add(row)
    session.flush()
    return assessment, row
