"""Cases written from the labels before the engine was asked. A clinician can add one without Python.

A case names its day (cycle, cycle_day, treatment_day) and its level; answers not listed are at their most reassuring, "unknown" was asked
and not answered; ``unanswered``: nothing was. Around it, each optional: ``past``, ``baseline``, ``dangers``, ``escalate``, ``silences``,
``closing``, ``adherence``, ``exposures`` (medicine = { days_ago, stopped_days_ago }), ``measures`` and ``measures_baseline`` (key = one or
several { value, unit, days_ago, lln, uln }). Besides the level a case may say which rules fire, which stay silent, near or undecided, which
text leaves, and which proposals the prescriber sees (``proposes``, ``proposes_not``).
"""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.protocols import SLUGS, TODAY, VIGNETTES, calm, context, fired, shipped, value
from triage import engine
from triage.protocol import Protocol
from triage.terms import Answer, Context, Escalate, Exposure, Level, Measured, Past

Case = dict[str, Any]


def _cases() -> list[Any]:
    found = []
    for path in sorted(VIGNETTES.glob("*/*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)["vignettes"]:
            found.append(pytest.param(path.parent.name, case, id=f"{path.parent.name}: {case['name']}"))
    return found


def _day(ago: int) -> date:
    return TODAY - timedelta(days=ago)


def _measured(table: Case) -> dict[str, tuple[Measured, ...]]:
    """Measures by key, most recent first."""
    found = {}
    for key, given in table.items():
        rows = given if isinstance(given, list) else [given]
        dated = (
            Measured(Decimal(row["value"]), row["unit"], _day(row.get("days_ago", 0)), *(_limit(row, end) for end in ("lln", "uln")))
            for row in rows
        )
        found[key] = tuple(sorted(dated, key=lambda one: one.taken_on, reverse=True))
    return found


def _limit(row: Case, end: str) -> Decimal | None:
    return Decimal(row[end]) if end in row else None


def _around(protocol: Protocol, case: Case) -> Context:
    """The context of the case."""
    measures, before_treatment = _measured(case.get("measures", {})), _measured(case.get("measures_baseline", {}))
    past = (
        Past(_day(p["days_ago"]), {key: value(v) for key, v in p["values"].items()}, Level.of(p.get("level", "none")))
        for p in sorted(case.get("past", ()), key=lambda p: int(p["days_ago"]))
    )
    exposures = {
        name: Exposure(_day(row["days_ago"]), _day(row["stopped_days_ago"]) if "stopped_days_ago" in row else None)
        for name, row in case.get("exposures", {}).items()
    }
    return context(
        protocol,
        case["cycle"],
        case["cycle_day"],
        past=tuple(past),
        closing=case.get("closing", False),
        silences=case.get("silences", 0),
        dangers=tuple(case.get("dangers", ())),
        escalate=Escalate(case.get("escalate", "no")),
        baseline={key: value(v) for key, v in case.get("baseline", {}).items()},
        measures={key: rows[0] for key, rows in measures.items()},
        measures_before={key: rows[1:] for key, rows in measures.items()},
        measures_baseline={key: rows[-1] for key, rows in before_treatment.items()},
        treatment_day=case.get("treatment_day"),
        exposures=exposures,
        adherence=Decimal(case["adherence"]) if "adherence" in case else None,
    )


@pytest.mark.parametrize(("slug", "case"), _cases())
def test_a_vignette_gets_the_level_its_label_asks_for(slug: str, case: Case) -> None:
    protocol = shipped(slug)
    answers = calm(protocol, case["cycle"], case["cycle_day"])
    unasked = case["answers"].keys() - answers.keys()
    assert not unasked, f"{unasked} is not asked on day {case['cycle_day']} of cycle {case['cycle']}"
    for key, plain in case["answers"].items():
        answers[key] = Answer(key, None if plain == "unknown" else value(plain))
    if case.get("unanswered"):
        answers = {key: Answer(key, None) for key in answers}
    got = engine.assess(protocol, answers, _around(protocol, case))

    assert got.level.word == case["level"], sorted(fired(got))
    assert set(case.get("fires", ())) <= fired(got)
    assert not set(case.get("silent", ())) & fired(got)
    assert set(case.get("near", ())) <= {step.rule for step in got.steps if step.near}
    assert set(case.get("undecided", got.undecided if case.get("unanswered") else ())) == set(got.undecided)
    assert got.advice == case.get("advice", got.advice)
    assert got.self_care == case.get("self_care", got.self_care)
    shown = [told["fr"] for told in got.proposals]
    for name in case.get("proposes", ()):
        assert protocol.proposals[name]["fr"] in shown, f"{name} is not proposed: {shown}"
    for name in case.get("proposes_not", ()):
        assert protocol.proposals[name]["fr"] not in shown


@pytest.mark.parametrize("slug", SLUGS)
def test_every_protocol_has_at_least_five(slug: str) -> None:
    assert sum(case.values[0] == slug for case in _cases()) >= 5


@pytest.mark.parametrize("slug", SLUGS)
def test_every_rule_a_vignette_names_exists(slug: str) -> None:
    """A case that names a rule under a wrong id as silent would prove nothing."""
    known = {rule.id for rule in shipped(slug).rules} | {"waiting-at-close", "reader-danger", "reader-floor", "could-not-be-judged"}
    cases = [case.values[1] for case in _cases() if case.values[0] == slug]
    named = {name for case in cases for field in ("fires", "silent", "near", "undecided") for name in case.get(field, ())}
    assert named <= known
