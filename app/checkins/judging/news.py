"""What of a judgement nobody was told yet. An answer always rings; a value of the chart rings once, not at every text after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState, Outcome
from app.checkins.judging import charted, context, dealt
from app.checkins.models import AssessmentRow, CheckIn
from app.people.models import Patient
from app.protocols import looks
from triage.conditions import Case
from triage.protocol import Protocol, Rule
from triage.terms import Assessment, Level, Step

log = structlog.get_logger(__name__)

LOOKED_BACK = 30
"""Earlier judgements compared. Each one repeats what stands, so the latest few know it."""

Names = tuple[list[str], list[str]]
"""The measures and medicines on which a rule fires."""


def of(session: Session, patient: Patient, protocol: Protocol, assessment: Assessment, row: AssessmentRow) -> list[Step]:
    """The steps that fired at moderate or more, but for those told before on the very same values: rules on the chart alone, and rules on
    answers that a person closed an alert of (``dealt``).

    When the last alert ended without reaching the patient, all is told again.
    """
    fired = [step for step in assessment.steps if step.fired and step.level >= Level.MODERATE]
    checkin = session.get(CheckIn, row.checkin_id) if row.checkin_id else None
    if checkin is not None:
        held = dealt.steps(session, checkin, protocol, fired)
        fired = [step for step in fired if step.rule not in held]
    chart = {rule.id: looked for rule in protocol.rules if (looked := looks.standing(protocol, rule))}
    if chart.keys().isdisjoint(step.rule for step in fired):
        return fired
    case = Case.of({}, {}, (), context.from_json(row.inputs)[1])
    standing = {step.rule: _met(chart[step.rule], case) for step in fired if step.rule in chart and not step.error}
    if not standing or _not_reached(session, patient):
        return fired
    told = _told(session, patient, row, standing)
    return [step for step in fired if step.rule not in standing or told.get(step.rule, Level.NONE) < step.level]


def _met(looked: tuple[looks.Looked, ...], case: Case) -> Names:
    """Of alternatives, only those that are met: a better value beside them is no news."""
    met = [(kinds, taken) for condition, kinds, taken in looked if condition.check(case).met]
    return sorted(frozenset().union(*(kinds for kinds, _ in met))), sorted(frozenset().union(*(taken for _, taken in met)))


def values(protocol: Protocol, fired: Iterable[Step], row: AssessmentRow) -> list[list[dict[str, str]]]:
    """For each step the measures on which its rule fires, as kept: whoever reads that a potassium is grave must read how high.

    They stand beside the reason and decide nothing: what cannot be read is left out, and the alert goes on without it.
    """
    rules = {rule.id: rule for rule in protocol.rules}
    try:
        case = Case.of({}, {}, (), context.from_json(row.inputs)[1])
        return [_values(protocol, rules[step.rule], case) if step.rule in rules and not step.error else [] for step in fired]
    except Exception:
        log.exception("the values of an alert could not be read", assessment_id=row.id)
        return []


def _values(protocol: Protocol, rule: Rule, case: Case) -> list[dict[str, str]]:
    met = [kinds for condition, kinds in looks.measured(protocol, rule) if condition.check(case).met]
    found = ((kind, case.context.measures.get(kind)) for kind in sorted(frozenset().union(*met)))
    return [{"kind": kind, **charted.plain(one)} for kind, one in found if one is not None]


def _told(session: Session, patient: Patient, row: AssessmentRow, standing: Mapping[str, Names]) -> dict[str, Level]:
    """The highest level at which each of these rules has fired on the values it fires on now."""
    loud = [level.word for level in Level if level >= Level.MODERATE]
    earlier = select(AssessmentRow.inputs, AssessmentRow.result).where(
        AssessmentRow.patient_id == patient.id, AssessmentRow.id < row.id, AssessmentRow.level.in_(loud)
    )
    now = {rule: _facts(row.inputs, looked) for rule, looked in standing.items()}
    told: dict[str, Level] = {}
    for inputs, result in session.execute(earlier.order_by(AssessmentRow.id.desc()).limit(LOOKED_BACK)):
        for step in result.get("steps", ()):
            rule = step["rule"]
            if step["fired"] and rule in standing and _facts(inputs, standing[rule]) == now[rule]:
                told[rule] = max(told.get(rule, Level.NONE), Level.of(step["level"]))
    return told


def _facts(inputs: Mapping[str, Any], looked: Names) -> list[Any]:
    kinds, taken = looked
    measures, exposures = inputs.get("measures", {}), inputs.get("exposures", {})
    return [measures.get(kind) for kind in kinds] + [exposures.get(name) for name in taken]


def _not_reached(session: Session, patient: Patient) -> bool:
    closed = select(Alert.outcome).where(Alert.patient_id == patient.id, Alert.state == AlertState.CLOSED)
    return session.scalar(closed.order_by(Alert.closed_at.desc(), Alert.id.desc()).limit(1)) == Outcome.NOT_REACHED
