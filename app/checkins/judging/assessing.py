"""Call the engine after every answer, keep its judgement whole, raise. What cannot be judged alarms; it is never silence (SEC-42)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.handling import Reason
from app.alerts.models import Alert
from app.checkins import answers, differing, script
from app.checkins.judging import context, news
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.people.models import Patient
from app.protocols import looks, versions
from app.protocols.models import ProtocolVersion
from triage import engine, explain
from triage.protocol import Protocol
from triage.terms import Answer, Assessment, Context, Level

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Judged:
    """What came of it. assessment None: it could not be judged, and ``alert`` says so.

    level: what a person must act at now; below the assessment's own when all that is higher was told before.
    """

    assessment: Assessment | None
    row: AssessmentRow | None
    alert: Alert | None
    level: Level = Level.HIGH


def assess(session: Session, checkin: CheckIn, *, now: datetime, closing: bool = False) -> Judged:
    """Judge a check-in as it stands, keep the judgement, raise or merge its alert: all in the caller's transaction."""
    patient = session.get_one(Patient, checkin.patient_id)
    try:
        with session.begin_nested():
            protocol, said, seen = _inputs(session, checkin, now=now, closing=closing)
            said, assessment = gravest(protocol, answers.standing(session, checkin.id), said, seen)
            row = _keep(session, checkin, protocol, said, seen, assessment, now)
    except Exception as error:
        log.exception("a check-in could not be judged", checkin_id=checkin.id)
        return Judged(None, None, unjudged(session, patient, checkin, type(error).__name__, now=now))
    return alarm(session, patient, protocol, assessment, row, now=now)


def _inputs(session: Session, checkin: CheckIn, *, now: datetime, closing: bool) -> tuple[Protocol, dict[str, Answer], Context]:
    protocol = script.protocol_of(session, checkin)
    rows = answers.current(session, checkin.id)
    said = {key: answer for key, answer in answers.values(rows, protocol).items() if key in protocol.questions}
    return protocol, said, context.build(session, checkin, protocol, now=now, closing=closing)


def gravest(
    protocol: Protocol, standing: Mapping[str, Sequence[AnswerRow]], said: dict[str, Answer], seen: Context
) -> tuple[dict[str, Answer], Assessment]:
    """One judgement; where two people differ and the question does not say which is graver, the judgement that asks for more."""
    ways = differing.each_way(protocol.questions, standing, said)
    return max(((way, engine.assess(protocol, way, seen)) for way in ways), key=lambda judged: judged[1].level)


def _keep(
    session: Session, checkin: CheckIn, protocol: Protocol, said: dict[str, Answer], seen: Context, assessment: Assessment, now: datetime
) -> AssessmentRow:
    assert checkin.version_id is not None
    row = AssessmentRow(
        patient_id=checkin.patient_id,
        checkin_id=checkin.id,
        version_id=checkin.version_id,
        fingerprint=protocol.fingerprint,
        level=assessment.level.word,
        at=now,
        inputs=context.to_json(said, seen),
        result=explain.to_dict(assessment),
    )
    session.add(row)
    session.flush()
    return row


def alarm(session: Session, patient: Patient, protocol: Protocol, assessment: Assessment, row: AssessmentRow, *, now: datetime) -> Judged:
    """Raise or merge what the judgement asks for; nothing below moderate. The same road for an answer and for a measure of a program."""
    fired = sorted(news.of(session, patient, protocol, assessment, row), key=lambda step: -step.level)
    level = fired[0].level if fired else min(assessment.level, Level.INFO)
    plan = protocol.levels.get(level)
    if plan is None:
        return Judged(assessment, row, None, level)
    highest = [step for step in fired if step.level == level]
    reason = Reason(
        kind="unjudged" if all(step.error for step in highest) else "assessment",
        level=level,
        detail={
            "checkin_id": row.checkin_id,
            "rules": [step.rule for step in fired],
            "why": [dict(step.why) for step in fired],
            "values": news.values(protocol, fired, row),
            "inputs": [dict(words) for words in assessment.inputs],
        },
        ladder=plan.ladder_rows(),
        respond_within=plan.respond_within,
        assessment_id=row.id,
    )
    alert = handling.consider(session, service=patient.service, patient=patient, reason=reason, now=now)
    return Judged(assessment, row, alert, level)


def unjudged(session: Session, patient: Patient, checkin: CheckIn | None, error: str, *, now: datetime) -> Alert | None:
    """A person must look, because the rules could not: high, the same day. ``error`` names the defect, never what was said."""
    reason = Reason(kind="unjudged", level=Level.HIGH, detail={"checkin_id": checkin.id if checkin else None, "error": error})
    return handling.consider(session, service=patient.service, patient=patient, reason=reason, now=now)


# --- Judged again -------------------------------------------------------------------------------------------------------------------


def unjudged_due(session: Session, *, limit: int = 100) -> list[int]:
    """Check-ins with an answer no judgement has seen: a defect that has been mended since, or a process that died (HZ-01)."""
    judged = select(func.max(AssessmentRow.at)).where(AssessmentRow.checkin_id == CheckIn.id).scalar_subquery()
    answered = select(func.max(AnswerRow.at)).where(AnswerRow.checkin_id == CheckIn.id).scalar_subquery()
    missing = select(CheckIn.id).where(answered.is_not(None), (judged.is_(None)) | (judged < answered))
    return list(session.scalars(missing.order_by(CheckIn.id).limit(limit)))


def rejudge(session: Session, checkin_id: int, now: datetime) -> Judged:
    """Judge what no judgement has seen."""
    checkin = session.get_one(CheckIn, checkin_id)
    return assess(session, checkin, now=now, closing=checkin.closed_at is not None)


def recompute(session: Session, row: AssessmentRow) -> Assessment:
    """The same judgement from the stored inputs and the stored version. Raises what the damaged row makes it raise."""
    said, seen = context.from_json(row.inputs)
    protocol = versions.load(session.get_one(ProtocolVersion, row.version_id))
    only = row.inputs.get("only")
    return engine.assess(looks.touched(protocol, **only) if only else protocol, said, seen)


def mismatches(session: Session) -> Iterator[str]:
    """One sentence per stored assessment that does not recompute to itself (FR-08). Nothing yielded: all are whole."""
    for row in session.scalars(select(AssessmentRow).order_by(AssessmentRow.id).execution_options(yield_per=200)):
        try:
            again = recompute(session, row)
        except Exception as error:
            yield f"assessment {row.id} cannot be recomputed: {type(error).__name__}"
            continue
        if again.fingerprint != row.fingerprint:
            yield f"assessment {row.id}: its protocol version {row.version_id} is no longer the one it was made with"
        elif _decided(explain.to_dict(again)) != _decided(row.result) or again.level.word != row.level:
            yield f"assessment {row.id}: stored level {row.level}, recomputed {again.level.word}; the stored row or the version was altered"


def _decided(result: Mapping[str, Any]) -> dict[str, Any]:
    """All of a judgement but how a rule that did not fire put its values into words: a later version may say that better.

    Nor how a red flag left unanswered is told: it once named rules, now the questions to ask.
    """
    steps = [
        {**step, "inputs": None, "why": None}
        if step.get("rule") == engine.WAITING
        else step
        if step.get("fired")
        else {**step, "inputs": None}
        for step in result.get("steps", ())
    ]
    return {**result, "steps": steps}
