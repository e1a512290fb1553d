"""Which text the patient gets after an assessment. Self-care never stands beside a 3, a danger sign, or two symptoms at 2."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from triage.conditions import Absent, Case
from triage.protocol import Protocol
from triage.terms import Escalate, Kind, Level, Step

PROMISE = "confirm_g2"
"""Echo of the answers and the promise of a call."""

EMERGENCY_NOW = frozenset({"chest_pain", "dyspnea", "bleeding", "stroke_signs", "seizure", "syncope", "anaphylaxis", "confusion"})
"""Danger classes that go to the emergency number first, service open or closed."""
FEVERS = frozenset({"fever", "chills"})

NURSE_DANGERS = frozenset({"pregnancy", "jaundice"})
"""Danger codes that ask for a nurse the same day; every other code, known or not, is urgent."""


def follow(protocol: Protocol, case: Case, level: Level, fired: Collection[Step]) -> tuple[str, str, str]:
    """(text key or '', self-care key or '', its guideline or ''). The variant for a closed service is chosen where the hours are known."""
    if level is Level.URGENT:
        return _urgent(protocol, case, fired), "", ""
    promised = level >= Level.MODERATE and any(not isinstance(value, Absent) for value in case.values.values())
    return PROMISE if promised else "", *_self_care(protocol, case, fired)


def _urgent(protocol: Protocol, case: Case, fired: Collection[Step]) -> str:
    said = {key for key, value in case.values.items() if value is True}
    dangers = set(case.context.dangers) | {q.symptom for key in said if (q := protocol.questions[key]).kind is Kind.YES_NO}
    if dangers & EMERGENCY_NOW:
        return "urgent_15"
    if "suicidal" in dangers:
        return "suicidal"
    urgent = {step.rule for step in fired if step.level is Level.URGENT}
    measured = (c for rule in protocol.rules if rule.id in urgent for c in rule.conditions if "temperature" in c.keys)
    fever = any(condition.check(case).met for condition in measured)
    return "urgent_fever" if fever or dangers & FEVERS else "urgent"


def _self_care(protocol: Protocol, case: Case, fired: Collection[Step]) -> tuple[str, str]:
    """The text of the worst symptom, at 1 or 2, and its guideline; nothing while a score is unknown, for it may be a 3."""
    context = case.context
    worst, _, unknown = case.worst
    if unknown or not isinstance(worst, Decimal) or not 1 <= worst <= 2:
        return "", ""
    if context.dangers or context.escalate is not Escalate.NO or any(step.error for step in fired):
        return "", ""
    strongest = [key for value, key in case.felt if value == worst]
    if worst == 2 and len(strongest) > 1:
        return "", ""
    symptom = protocol.symptoms.get(protocol.questions[min(strongest)].symptom)
    if symptom is None or not symptom.self_care:
        return "", ""
    source = protocol.sources.get(symptom.self_care_source or "")
    return symptom.self_care, source.words if source else ""
