"""A morning on the ward for tests of the screens: an urgent alert, a high one, a message nobody knows the sender of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.handling import Reason
from app.alerts.models import Alert, Task
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message
from app.people.models import Patient, Service
from app.protocols import shelf, versions
from app.treatment import intakes
from app.treatment.models import Course
from tests.factories import World, a_course, a_patient, sign_protocols
from tests.support import stories
from triage import engine, explain
from triage.questions import read_value
from triage.terms import Answer, Context, Level, Past

LIBRARY_DAY = date(2026, 11, 22)
"""Before it no protocol of the library was in force."""


@dataclass
class Morning:
    """Marie writes that she cannot breathe; Jean's tiredness rose from 1 to 3 an hour ago; somebody writes from a number nobody has."""

    marie: Patient
    jean: Patient
    danger: Alert
    tiredness: Alert
    unknown: Task


def text(session: Session, world: World, who: Patient | None, body: str, *, at: datetime, address: str = "", **more: object) -> Message:
    values: dict[str, object] = {
        "service_id": world.service.id,
        "patient_id": who.id if who else None,
        "direction": "in",
        "state": "read",
        "address": address or (who.phone if who else ""),
        "number": world.service.number,
        "body": body,
        "created_at": at,
    }
    message = Message(**{**values, **more})
    session.add(message)
    session.flush()
    return message


def check_in(session: Session, who: Patient, course: Course, values: dict[str, str], *, at: datetime) -> AssessmentRow:
    """An answered check-in, judged by the real engine under the library's protocol."""
    version = versions.in_force(session, course.protocol_slug, LIBRARY_DAY, who.service_id)
    assert version is not None
    protocol = versions.load(version)
    checkin = CheckIn(
        service_id=who.service_id,
        patient_id=who.id,
        course_id=course.id,
        version_id=version.id,
        state="done",
        day=at.date(),
        cycle=1,
        cycle_day=1,
        due_at=at,
        opened_at=at,
        closed_at=at,
        asking=[],
        not_asked=[],
    )
    session.add(checkin)
    session.flush()
    answers = {}
    for key, value in values.items():
        question = protocol.questions[key]
        answers[key] = Answer(key, read_value(question, value))
        row = AnswerRow(checkin_id=checkin.id, key=key, kind=question.kind, value=value, source="sms", said_by=f"patient:{who.id}", at=at)
        session.add(row)
    if "intake" in values:
        intakes.report(session, course, who, value=values["intake"], on=at.date(), source="sms", by=SYSTEM, now=at, checkin_id=checkin.id)
    before = session.query(AssessmentRow).filter_by(patient_id=who.id).order_by(AssessmentRow.id.desc()).first()
    past = (
        ()
        if before is None
        else (Past(before.at.date(), {k: None if v is None else Decimal(v) for k, v in before.result["scores"].items()}),)
    )
    assessment = engine.assess(protocol, answers, Context(asked_on=at.date(), cycle=1, cycle_day=1, past=past, due=tuple(answers)))
    row = AssessmentRow(
        patient_id=who.id,
        checkin_id=checkin.id,
        version_id=version.id,
        fingerprint=version.fingerprint,
        level=assessment.level.word,
        at=at,
        inputs={},
        result=explain.to_dict(assessment),
    )
    session.add(row)
    session.flush()
    return row


def raised(session: Session, who: Patient, row: AssessmentRow, *, at: datetime) -> Alert:
    """The alert of an assessment, as the dialogue raises it."""
    steps = [step for step in row.result["steps"] if step["fired"] and step["level"] == row.level]
    reason = Reason("assessment", Level.of(row.level), {"why": [step["why"] for step in steps]}, assessment_id=row.id)
    alert = handling.consider(session, service=session.get_one(Service, who.service_id), patient=who, reason=reason, now=at)
    assert alert is not None
    return alert


def the_morning(database: Database, world: World, clock: HandClock) -> Morning:
    """The same, committed; found done when another test began so."""

    def lived() -> Morning:
        with database.transaction() as session:
            return a_morning(session, world, now=clock.now())

    return stories.of(database).live(f"morning at {clock.now()}", lived)


def a_morning(session: Session, world: World, *, now: datetime) -> Morning:
    """now: the service is open."""
    shelf.seed(session, now)
    sign_protocols(session, world, now=now)
    marie = a_patient(session, world, now=now - timedelta(days=20))
    jean = a_patient(
        session, world, now=now - timedelta(days=20), family_name="Payet", given_names="Jean", sex="male", phone="+33639980002"
    )
    a_course(session, world, marie, now=now - timedelta(days=10))
    course = a_course(session, world, jean, now=now - timedelta(days=10))
    breath = text(session, world, marie, "jarive pa a respirer", at=now - timedelta(minutes=5))
    service = session.get_one(Service, world.service.id)
    reason = Reason("danger", Level.URGENT, {"dangers": ["dyspnea"], "message_id": breath.id})
    danger = handling.consider(session, service=service, patient=marie, reason=reason, now=now - timedelta(minutes=5))
    assert danger is not None
    handling.told(session, danger, message_id=None, now=now - timedelta(minutes=5))
    check_in(session, jean, course, {"nausea": "1", "diarrhea": "1", "fatigue": "1", "temperature": "36.8"}, at=now - timedelta(days=7))
    at = now - timedelta(hours=1)
    said = {"nausea": "1", "diarrhea": "1", "fatigue": "3", "temperature": "37.0", "intake": "missed:2"}
    text(session, world, jean, "1 1 3", at=at)
    tiredness = raised(session, jean, check_in(session, jean, course, said, at=at), at=at)
    stranger = text(session, world, None, "bonjour je suis son fils", at=now - timedelta(minutes=30), address="+33639984455", state="queue")
    unknown = tasks.make(session, service_id=service.id, kind="unknown_number", key="unknown", message_id=stranger.id, now=now)
    return Morning(marie, jean, danger, tiredness, unknown)
