"""House, section 7: a worse answer never lowers the level; a missing one never reassures; nothing crosses the floor.

Exhaustive over every pair of answers of every check-in of the shipped protocols, and by generated cases over whole check-ins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.protocols import SLUGS, TODAY, context, shipped
from triage import engine, questions
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Escalate, Exposure, Kind, Level, Measured, Past, Value

CHAINS: dict[Kind, tuple[tuple[Value, ...], ...]] = {
    Kind.SEVERITY: (tuple(Decimal(n) for n in range(5)),),
    Kind.COUNT: (tuple(Decimal(n) for n in (0, 1, 3, 4, 6, 7, 40)),),
    Kind.TEMPERATURE: (
        tuple(Decimal(t) for t in ("37.0", "37.9", "38.0", "38.2", "38.3", "41.0")),
        tuple(Decimal(t) for t in ("37.0", "36.0", "35.9", "34.0")),
    ),
    Kind.YES_NO: ((False, True),),
    Kind.INTAKE: (
        ("all", "missed:1", "missed:2", "missed:2+extra:1", "missed:3+extra:2+off_day", "missed:3+extra:2+off_day+stopped"),
        ("all", "extra:1", "extra:2+off_day"),
        ("all", "stopped"),
    ),
    Kind.PAIN: (tuple(Decimal(n) for n in (0, 1, 4, 7, 10)),),
    Kind.WEIGHT: ((Decimal(70),),),
}
"""Values of each kind from best to worst; a chain is one way of getting worse. No weight is better than another by itself."""

CHARTS: tuple[dict[str, Measured], ...] = (
    {},
    {"neutrophils": Measured(Decimal("0.4"), "10*9/L", TODAY), "platelets": Measured(Decimal(20), "10*9/L", TODAY)},
    {"systolic": Measured(Decimal(185), "mm[Hg]", TODAY), "potassium": Measured(Decimal("2.4"), "mmol/L", TODAY)},
)

Values = dict[str, Value | None]


def level(protocol: Protocol, values: Values, day: tuple[int, int], **more: object) -> Level:
    answers = {key: Answer(key, value) for key, value in values.items()}
    return engine.assess(protocol, answers, context(protocol, *day, **more)).level


def check_ins() -> Iterator[tuple[str, tuple[int, int]]]:
    for slug in SLUGS:
        for beat in shipped(slug).rhythm:
            yield slug, (beat.first_cycle, beat.days[0] if beat.days else beat.from_day)


def worsenings(question: Question) -> list[tuple[Value, Value]]:
    return [(better, worse) for chain in CHAINS[question.kind] for better, worse in pairwise(chain)]


def every(question: Question) -> list[Value]:
    return list(dict.fromkeys(value for chain in CHAINS[question.kind] for value in chain))


@pytest.mark.parametrize(("slug", "day"), list(check_ins()))
def test_worse_never_lowers_and_missing_never_reassures_for_every_pair(slug: str, day: tuple[int, int]) -> None:
    protocol = shipped(slug)
    asked = protocol.asks(*day)
    best: Values = {q.key: questions.best(q) for q in asked}
    for one, other in combinations(asked, 2):
        levels = {
            (a, b): level(protocol, best | {one.key: a, other.key: b}, day) for a, b in product([*every(one), None], [*every(other), None])
        }
        for held in (*every(other), None):
            for better, worse in worsenings(one):
                assert levels[worse, held] >= levels[better, held], (one.key, better, worse, other.key, held)
            assert levels[None, held] >= levels[questions.best(one), held], (one.key, other.key, held)
        for held in (*every(one), None):
            for better, worse in worsenings(other):
                assert levels[held, worse] >= levels[held, better], (other.key, better, worse, one.key, held)
            assert levels[held, None] >= levels[held, questions.best(other)], (other.key, one.key, held)


@st.composite
def situations(draw: st.DrawFn) -> tuple[str, tuple[int, int], Values, dict[str, object]]:
    slug, (_, day) = draw(st.sampled_from(list(check_ins())))
    cycle = draw(st.integers(1, 4))
    asked = shipped(slug).asks(cycle, day)
    values: Values = {q.key: draw(st.sampled_from([*every(q), None])) for q in asked}
    scores = [q.key for q in asked if q.kind is Kind.SEVERITY] or ["fatigue"]
    history = st.dictionaries(st.sampled_from(scores), st.sampled_from([*map(Decimal, range(5)), None]))
    past = tuple(
        Past(TODAY - timedelta(days=3 * n), draw(history), draw(st.sampled_from(Level))) for n in range(1, draw(st.integers(0, 3)) + 1)
    )
    baseline = {key: value for key, value in draw(history).items() if value is not None}
    more: dict[str, object] = {
        "past": past,
        "baseline": baseline,
        "escalate": draw(st.sampled_from(Escalate)),
        "silences": draw(st.integers(0, 2)),
        "measures": draw(st.sampled_from(CHARTS)),
        "exposures": {name: Exposure(TODAY - timedelta(days=9)) for name in draw(st.sets(st.sampled_from(("anticoagulant", "brivudine"))))},
        "treatment_day": day + 28 * (cycle - 1),
        "closing": draw(st.booleans()),
    }
    return slug, (cycle, day), values, more


@settings(max_examples=400, deadline=None)
@given(situations(), st.data())
def test_the_same_over_whole_check_ins_with_a_history(
    situation: tuple[str, tuple[int, int], Values, dict[str, object]], data: st.DataObject
) -> None:
    slug, day, values, more = situation
    protocol = shipped(slug)
    question = data.draw(st.sampled_from([q for q in protocol.asks(*day) if worsenings(q)]))
    better, worse = data.draw(st.sampled_from(worsenings(question)))
    low, high = (level(protocol, values | {question.key: value}, day, **more) for value in (better, worse))
    assert high >= low
    best, missing = (level(protocol, values | {question.key: value}, day, **more) for value in (questions.best(question), None))
    assert missing >= best
    never_asked = {key: value for key, value in values.items() if key != question.key}
    assert level(protocol, never_asked, day, **more) >= best


@settings(max_examples=200, deadline=None)
@given(situations())
def test_nothing_crosses_the_floor(situation: tuple[str, tuple[int, int], Values, dict[str, object]]) -> None:
    slug, day, values, more = situation
    got = level(shipped(slug), values, day, **more)
    temperature = values.get("temperature")
    if isinstance(temperature, Decimal) and temperature >= Decimal("38.3"):
        assert got is Level.URGENT
    if isinstance(temperature, Decimal) and temperature < 36:
        assert got >= Level.HIGH
    if Decimal(4) in values.values() and any(values.get(q.key) == 4 and q.kind is Kind.SEVERITY for q in shipped(slug).asks(*day)):
        assert got >= Level.HIGH
    if more["escalate"] is Escalate.NURSE:
        assert got >= Level.HIGH
    if more["escalate"] is Escalate.URGENT:
        assert got is Level.URGENT
