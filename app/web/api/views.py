"""Rows as the JSON interface shows them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert
from app.checkins.models import AssessmentRow, CheckIn
from app.messaging.models import Message
from app.people import watching
from app.people.models import Consent, Patient, Staff
from app.people.watching_models import Watching
from app.treatment import courses
from app.treatment.models import Measure
from app.web.api import treatment
from app.web.api.shapes import AlertOut, AlertWhole, CheckInOut, MeasureOut, MessageOut, PatientOut
from triage import explain


def patient(session: Session, row: Patient) -> PatientOut:
    """A patient with what hangs on them."""
    running = courses.running(session, row.id)
    consents = session.scalars(select(Consent).where(Consent.patient_id == row.id).order_by(Consent.id))
    return PatientOut(
        id=row.id,
        service_id=row.service_id,
        family_name=row.family_name,
        birth_name=row.birth_name,
        given_names=row.given_names,
        birth_date=row.birth_date,
        sex=row.sex,
        language=row.language,
        timezone=row.timezone,
        phone=row.phone,
        phone_verified_at=row.phone_verified_at,
        shared_phone=row.shared_phone,
        answered_by=row.answered_by,
        oncologist=session.get_one(Staff, row.oncologist_id).login,
        reachability=row.reachability,
        follow_up=row.follow_up,
        follow_up_reason=row.follow_up_reason,
        check_in_hour=row.check_in_hour,
        respondents=[{"name": r.name, "relation": r.relation, "phone": r.phone, "answers": r.answers} for r in row.respondents],
        consents=[{"kind": c.kind, "granted": c.granted, "sheet_version": c.sheet_version, "at": c.at} for c in consents],
        watching=[_watching(one) for one in watching.of_patient(session, row.id) if one.removed_at is None],
        course=treatment.course(running) if running else None,
    )


def _watching(row: Watching) -> dict[str, Any]:
    return {
        "activity": row.activity,
        "prescriber": row.prescriber.login,
        "from_day": row.from_day,
        "until_day": row.until_day,
        "age_years": row.age_years,
        "weight_kg": plain(row.weight_kg),
        "special_conditions": row.conditions,
    }


def measure(row: Measure) -> MeasureOut:
    """A measure."""
    return MeasureOut(
        id=row.id,
        patient_id=row.patient_id,
        kind=row.kind,
        value=plain(row.value),
        unit=row.unit,
        lln=None if row.lln is None else plain(row.lln),
        uln=None if row.uln is None else plain(row.uln),
        taken_at=row.taken_at.astimezone(UTC),
        source=row.source,
    )


def checkin(row: CheckIn) -> CheckInOut:
    """A check-in."""
    return CheckInOut(
        id=row.id,
        patient_id=row.patient_id,
        course_id=row.course_id,
        kind=row.kind,
        status=row.state,
        day=row.day,
        cycle=row.cycle,
        cycle_day=row.cycle_day,
        due_at=row.due_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        why=row.why,
    )


def alert(session: Session, row: Alert) -> AlertOut:
    """An alert without its story."""
    owner = session.get(Staff, row.owner_id) if row.owner_id else None
    return AlertOut(
        id=row.id,
        patient_id=row.patient_id,
        subject=row.subject,
        kind=row.kind,
        level=row.level,
        state=row.state,
        opened_at=row.opened_at,
        respond_by=row.respond_by,
        owner=owner.login if owner else None,
        told=row.told,
        outcome=row.outcome,
        note=row.outcome_note,
        closed_at=row.closed_at,
    )


def whole_alert(session: Session, row: Alert) -> AlertWhole:
    """An alert with its story and the trace it stands on."""
    events = [
        {"at": e.at, "kind": e.kind, "level": e.level, "actor": e.actor, "actor_name": e.actor_name, "detail": e.detail} for e in row.events
    ]
    judged = session.get(AssessmentRow, row.assessment_id) if row.assessment_id else None
    return AlertWhole(**alert(session, row).model_dump(), events=events, assessment=assessment(judged) if judged else None)


def assessment(row: AssessmentRow) -> dict[str, Any]:
    """A stored judgement: what it stood on, its trace, and the same in words."""
    judged = explain.from_dict(row.result)
    return {
        "id": row.id,
        "at": row.at,
        "level": row.level,
        "fingerprint": row.fingerprint,
        "inputs": row.inputs,
        "trace": row.result,
        "words": {language: explain.sentences(judged, language) for language in ("fr", "en")},
    }


def message(row: Message) -> MessageOut:
    """A text, letter for letter."""
    return MessageOut(
        id=row.id,
        patient_id=row.patient_id,
        direction=row.direction,
        state=row.state,
        body=row.body,
        purpose=row.purpose,
        reading=row.reading,
        created_at=row.created_at,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
    )


def plain(value: object) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
