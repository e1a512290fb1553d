"""Each threshold just below, at and just above, generated from the files: what stands in the file is what decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.protocols import SLUGS, TODAY, shipped
from triage.conditions import Case, Condition
from triage.protocol import Protocol
from triage.terms import Answer, Context, Kind, Measured, Past, Value

STEP = {Kind.TEMPERATURE: Decimal("0.1")}
CALM = Context(TODAY, due=())


def _conditions() -> Iterator[Any]:
    for slug in SLUGS:
        protocol = shipped(slug)
        for rule in protocol.rules:
            specs = [*rule.shape.all_of, *rule.shape.any_of, *rule.shape.none_of]
            for spec, condition in zip(specs, rule.conditions, strict=True):
                if condition.word in PROBES:
                    yield pytest.param(protocol, spec, condition, id=f"{slug}:{rule.id}:{condition.word}")


def _case(protocol: Protocol, values: dict[str, Value], context: Context = CALM) -> Case:
    return Case(protocol.questions, {key: Answer(key, value) for key, value in values.items()}, (), context)


def _answer(protocol: Protocol, spec: dict[str, Any], steps: int) -> Case:
    key = "fatigue" if spec["answer"] == "any" else spec["answer"]
    limit = protocol.thresholds[spec.get("at_least") or spec["below"]].at
    return _case(protocol, {key: limit + steps * STEP.get(protocol.questions[key].kind, Decimal(1))})


def _intake(protocol: Protocol, spec: dict[str, Any], steps: int) -> Case:
    limit = protocol.thresholds[spec["at_least"]].at if "at_least" in spec else Decimal(1)
    return _case(protocol, {"intake": f"{spec['intake']}:{limit + steps}"})


def _rise(protocol: Protocol, spec: dict[str, Any], steps: int) -> Case:
    now = protocol.thresholds[spec["at_least"]].at + steps
    before = {"fatigue": Decimal(0)}
    context = replace(CALM, baseline=before, past=(Past(TODAY - timedelta(days=1), before),))
    return _case(protocol, {"fatigue": now}, context)


def _lasting(protocol: Protocol, spec: dict[str, Any], steps: int) -> Case:
    key, score = spec["lasting"], protocol.thresholds[spec["at_least"]].at
    days = int(protocol.thresholds[spec["days"]].at) + steps
    return _case(protocol, {key: score}, replace(CALM, past=(Past(TODAY - timedelta(days=days), {key: score}),)))


def _symptoms(protocol: Protocol, spec: dict[str, Any], steps: int) -> Case:
    score, count = protocol.thresholds[spec["symptoms_at"]].at, int(protocol.thresholds[spec["how_many"]].at) + steps
    keys = [key for key, question in protocol.questions.items() if question.kind is Kind.SEVERITY]
    return _case(protocol, dict.fromkeys(keys[:count], score) | {keys[-1]: score - 1})


def _silences(protocol: Protocol, spec: dict[str, Any], steps: int) -> Case:
    return _case(protocol, {}, replace(CALM, silences=int(protocol.thresholds[spec["silences"]].at) + steps))


def _measure(protocol: Protocol, spec: dict[str, Any], steps: int) -> Case:
    value = protocol.thresholds[spec["at_least"]].at + steps
    return _case(protocol, {}, replace(CALM, measures={spec["measure"]: Measured(value, spec["unit"], TODAY)}))


PROBES = {
    "answer": _answer,
    "intake": _intake,
    "rise_since_last": _rise,
    "rise_since_baseline": _rise,
    "lasting": _lasting,
    "symptoms_at": _symptoms,
    "silences": _silences,
    "measure": _measure,
}


@pytest.mark.parametrize(("protocol", "spec", "condition"), list(_conditions()))
def test_just_below_at_and_just_above(protocol: Protocol, spec: dict[str, Any], condition: Condition) -> None:
    if spec.get("intake") in ("off_day", "stopped"):
        assert condition.check(_case(protocol, {"intake": spec["intake"]})).met is True
        assert condition.check(_case(protocol, {"intake": "all"})).met is False
        return
    met = [condition.check(PROBES[condition.word](protocol, spec, steps)).met for steps in (-1, 0, 1)]
    assert met == ([True, False, False] if "below" in spec else [False, True, True])


@pytest.mark.parametrize("slug", SLUGS)
def test_every_threshold_is_probed(slug: str) -> None:
    protocol = shipped(slug)
    probed = {spec[field] for _, spec, _ in (p.values for p in _conditions() if p.values[0] is protocol) for field in spec}  # type: ignore[index]
    secondary = {"vegfr_recent"}
    assert set(protocol.thresholds) - secondary <= {name for name in probed if isinstance(name, str)}
