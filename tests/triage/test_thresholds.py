"""Each threshold just below, at and just above, generated from the files: what stands in the file is what decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from tests.support.protocols import SLUGS, TODAY, layers, shipped
from triage.conditions import Case, Condition
from triage.conditions.on_measures import SIDES, ULN
from triage.grading import labs
from triage.protocol import Protocol
from triage.terms import Answer, Context, Exposure, Kind, Measured, Past, Value

STEP = {Kind.TEMPERATURE: Decimal("0.1")}
CALM = Context(TODAY, cycle=1, due=())

Spec = dict[str, Any]


def _conditions() -> Iterator[Any]:
    for slug in SLUGS:
        protocol = shipped(slug)
        for rule in protocol.rules:
            specs = [*rule.shape.all_of, *rule.shape.any_of, *rule.shape.none_of]
            for spec, condition in zip(specs, rule.conditions, strict=True):
                if condition.word in PROBES and (condition.word != "exposed_to" or "within_days" in spec):
                    yield pytest.param(protocol, spec, condition, id=f"{slug}:{rule.id}:{condition.word}")


def _ago(days: int) -> Any:
    return TODAY - timedelta(days=days)


def _limit(protocol: Protocol, spec: Spec, field: str) -> Decimal:
    return protocol.thresholds[spec[field]].at


def _case(protocol: Protocol, values: dict[str, Value], context: Context = CALM) -> Case:
    return Case.of(protocol.questions, {key: Answer(key, value) for key, value in values.items()}, (), context)


def _answer(protocol: Protocol, spec: Spec, steps: int) -> Case:
    key = "fatigue" if spec["answer"] == "any" else spec["answer"]
    limit = _limit(protocol, spec, "at_least" if "at_least" in spec else "below")
    return _case(protocol, {key: limit + steps * STEP.get(protocol.questions[key].kind, Decimal(1))})


def _intake(protocol: Protocol, spec: Spec, steps: int) -> Case:
    limit = _limit(protocol, spec, "at_least") if "at_least" in spec else Decimal(1)
    return _case(protocol, {"intake": f"{spec['intake']}:{limit + steps}"})


def _rise(protocol: Protocol, spec: Spec, steps: int) -> Case:
    key = next(spec[word] for word in ("rise_since_last", "rise_since_baseline") if word in spec)
    key = "fatigue" if key == "any" else key
    before: dict[str, Value] = {key: Decimal(1)}
    context = replace(CALM, baseline=before, past=(Past(_ago(1), before),))
    return _case(protocol, {key: 1 + _limit(protocol, spec, "at_least") + steps}, context)


def _lasting(protocol: Protocol, spec: Spec, steps: int) -> Case:
    key, score = spec["lasting"], _limit(protocol, spec, "at_least")
    days = int(_limit(protocol, spec, "days")) + steps
    return _case(protocol, {key: score}, replace(CALM, past=(Past(_ago(days), {key: score}),)))


def _consecutive(protocol: Protocol, spec: Spec, steps: int) -> Case:
    key, score = spec["consecutive"], _limit(protocol, spec, "at_least")
    before = int(_limit(protocol, spec, "times")) - 1 + steps
    return _case(protocol, {key: score}, replace(CALM, past=tuple(Past(_ago(n), {key: score}) for n in range(1, before + 1))))


def _occurrence(protocol: Protocol, spec: Spec, steps: int) -> Case:
    """Episodes a month apart, each followed by ten days of calm before the next."""
    key, score = spec["occurrence"], _limit(protocol, spec, "at_least")
    past = []
    for episode in range(1, int(_limit(protocol, spec, "number")) + steps):
        past += [Past(_ago(30 * episode - 10), {key: Decimal(0)}), Past(_ago(30 * episode - 2), {key: Decimal(0)})]
        past.append(Past(_ago(30 * episode), {key: score}))
    past.sort(key=lambda one: one.asked_on, reverse=True)
    return _case(protocol, {key: score}, replace(CALM, past=tuple(past)))


def _symptoms(protocol: Protocol, spec: Spec, steps: int) -> Case:
    score, count = _limit(protocol, spec, "symptoms_at"), int(_limit(protocol, spec, "how_many")) + steps
    keys = [key for key, question in protocol.questions.items() if question.kind is Kind.SEVERITY]
    scores: dict[str, Value] = {**dict.fromkeys(keys[:count], score), keys[-1]: score - 1}
    return _case(protocol, scores)


def _silences(protocol: Protocol, spec: Spec, steps: int) -> Case:
    return _case(protocol, {}, replace(CALM, silences=int(_limit(protocol, spec, "silences")) + steps))


def _measure(protocol: Protocol, spec: Spec, steps: int) -> Case:
    value = _limit(protocol, spec, next(side for side in SIDES if side in spec)) + steps * Decimal("0.01")
    measured = Measured(value * 40, "U/L", TODAY, uln=Decimal(40)) if spec["unit"] == ULN else Measured(value, spec["unit"], TODAY)
    return _case(protocol, {}, replace(CALM, measures=_on_chart(spec["measure"], measured)))


SHORT = {"systolic_bp": "systolic", "diastolic_bp": "diastolic"}
"""Names that released files use for a measure."""


def _on_chart(key: str, measured: Measured) -> dict[str, Measured]:
    return {SHORT.get(key, key): measured}


def _change(protocol: Protocol, spec: Spec, steps: int) -> Case:
    """From 200 in the unit of the measure: 1 % is two, and nothing is rounded."""
    word = "measure_rise" if "measure_rise" in spec else "measure_fall"
    sign = 1 if word == "measure_rise" else -1
    moved = _limit(protocol, spec, "at_least") + steps * Decimal("0.1")
    unit = "kg" if spec["unit"] == "%" else spec["unit"]
    now = 200 + sign * (moved * 2 if spec["unit"] == "%" else moved)
    if "over_days" in spec:
        days = int(_limit(protocol, spec, "over_days"))
        context = replace(CALM, measures_before={spec[word]: (Measured(Decimal(200), unit, _ago(days)),)})
    else:
        context = replace(CALM, measures_baseline={spec[word]: Measured(Decimal(200), unit, _ago(90))})
    return _case(protocol, {}, replace(context, measures={spec[word]: Measured(now, unit, TODAY)}))


def _grade(protocol: Protocol, spec: Spec, steps: int) -> Case:
    values = _values(str(protocol.ctcae), spec["grade"])
    wanted = int(_limit(protocol, spec, "at_least")) + steps
    # Some grades of the text are not reached by a number alone: the next one up, or down when just below is asked.
    found = max(g for g in values if g <= wanted) if steps < 0 else min((g for g in values if g >= wanted), default=max(values))
    key, measured = values[found]
    return _case(protocol, {}, replace(CALM, measures={key: measured}))


def _grade_rise(protocol: Protocol, spec: Spec, steps: int) -> Case:
    last = "grade_rise_since_last" in spec
    values = _values(str(protocol.ctcae), spec["grade_rise_since_last" if last else "grade_rise_since_baseline"])
    key, measured = values[int(_limit(protocol, spec, "at_least")) + steps]
    before = replace(values[0][1], taken_on=_ago(1))
    known = replace(CALM, measures_before={key: (before,)}) if last else replace(CALM, measures_baseline={key: before})
    return _case(protocol, {}, replace(known, measures={key: measured}))


@cache
def _values(version: str, name: str) -> dict[int, tuple[str, Measured]]:
    """Grade → a value of it, found by trying. The limit of normal lies beyond the criteria that stand without it."""
    table = labs.read(*layers()[f"ctcae-{version}"].split("\n\n"))
    term = table.term(name)
    assert term is not None
    key, (scale, *_) = next(iter(term.scales.items()))
    bounds = [criterion.bound for criterion in scale.criteria if criterion.frame == "absolute"] or [Decimal(20)]
    lln, uln = (max(bounds) * 2, None) if term.direction == "low" else (None, min(bounds) / 2)
    found: dict[int, tuple[str, Measured]] = {}
    for tenth in range(1, 20000):
        measured = Measured(Decimal(tenth) / 10, scale.unit, TODAY, lln, uln)
        grade = table.grade_measured(name, measured, key=key).grade
        if grade is not None:
            found.setdefault(grade, (key, measured))
    return found


def _adherence(protocol: Protocol, spec: Spec, steps: int) -> Case:
    return _case(protocol, {}, replace(CALM, adherence=_limit(protocol, spec, "adherence_below") + steps))


def _exposed(protocol: Protocol, spec: Spec, steps: int) -> Case:
    stopped = _ago(int(_limit(protocol, spec, "within_days")) + steps)
    return _case(protocol, {}, replace(CALM, exposures={spec["exposed_to"]: Exposure(_ago(400), stopped)}))


PROBES = {
    "answer": _answer,
    "intake": _intake,
    "rise_since_last": _rise,
    "rise_since_baseline": _rise,
    "lasting": _lasting,
    "consecutive": _consecutive,
    "occurrence": _occurrence,
    "symptoms_at": _symptoms,
    "silences": _silences,
    "measure": _measure,
    "measure_rise": _change,
    "measure_fall": _change,
    "grade": _grade,
    "grade_rise_since_last": _grade_rise,
    "grade_rise_since_baseline": _grade_rise,
    "adherence_below": _adherence,
    "exposed_to": _exposed,
}
FALLING = ("below", "adherence_below", "exposed_to")
"""Conditions that are met under their threshold; a medicine still counts on the last day of its washout."""


@pytest.mark.parametrize(("protocol", "spec", "condition"), list(_conditions()))
def test_just_below_at_and_just_above(protocol: Protocol, spec: Spec, condition: Condition) -> None:
    if spec.get("intake") in ("off_day", "stopped"):
        assert condition.check(_case(protocol, {"intake": spec["intake"]})).met is True
        assert condition.check(_case(protocol, {"intake": "all"})).met is False
        return
    met = [condition.check(PROBES[condition.word](protocol, spec, steps)).met for steps in (-1, 0, 1)]
    expected = [False, True, True]
    if any(word in spec for word in FALLING):
        expected = [True, condition.word == "exposed_to", False]
    if "above" in spec:
        expected = [False, False, True]
    assert met == expected


AGED = {"measure": _measure, "grade": _grade}


@pytest.mark.parametrize(("protocol", "spec", "condition"), [p for p in _conditions() if p.values[2].word in AGED])
def test_a_measure_counts_until_its_age_limit(protocol: Protocol, spec: Spec, condition: Condition) -> None:
    """The day before, the day of the limit, the day after: then it is unknown, never reassuring."""
    case = AGED[condition.word](protocol, spec, -1 if "below" in spec else int("above" in spec))
    key, taken = next(iter(case.context.measures.items()))
    days = int(_limit(protocol, spec, "within_days"))
    met = []
    for age in (days - 1, days, days + 1):
        old = replace(case.context, measures={key: replace(taken, taken_on=_ago(age))})
        met.append(condition.check(_case(protocol, {}, old)).met)
    assert met == [True, True, None]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_threshold_is_probed(slug: str) -> None:
    protocol = shipped(slug)
    probed = {spec[field] for _, spec, _ in (p.values for p in _conditions() if p.values[0] is protocol) for field in spec}
    assert set(protocol.thresholds) <= {name for name in probed if isinstance(name, str)}
