"""Cases written from the labels before the engine was asked (issue: three real protocols). A clinician can add one without Python."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.protocols import SLUGS, TODAY, VIGNETTES, calm, context, fired, shipped, value
from triage import engine
from triage.terms import Answer, Past


def _cases() -> list[Any]:
    found = []
    for path in sorted(VIGNETTES.glob("*/*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)["vignettes"]:
            found.append(pytest.param(path.parent.name, case, id=f"{path.parent.name}: {case['name']}"))
    return found


@pytest.mark.parametrize(("slug", "case"), _cases())
def test_a_vignette_gets_the_level_its_label_asks_for(slug: str, case: dict[str, Any]) -> None:
    protocol = shipped(slug)
    cycle, day = case["cycle"], case["cycle_day"]
    answers = calm(protocol, cycle, day)
    unasked = case["answers"].keys() - answers.keys()
    assert not unasked, f"{unasked} is not asked on day {day} of cycle {cycle}"
    for key, plain in case["answers"].items():
        answers[key] = Answer(key, None if plain == "unknown" else value(plain))
    past = tuple(
        Past(TODAY - timedelta(days=p["days_ago"]), {key: value(v) for key, v in p["values"].items()}) for p in case.get("past", ())
    )
    got = engine.assess(protocol, answers, context(protocol, cycle, day, past=past, closing=case.get("closing", False)))

    assert got.level.word == case["level"], sorted(fired(got))
    assert set(case.get("fires", ())) <= fired(got)
    assert not set(case.get("silent", ())) & fired(got)
    assert set(case.get("near", ())) <= {step.rule for step in got.steps if step.near}
    assert set(case.get("undecided", ())) == set(got.undecided)
    assert got.advice == case.get("advice", got.advice)
    assert got.self_care == case.get("self_care", got.self_care)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_protocol_has_at_least_five(slug: str) -> None:
    assert sum(case.values[0] == slug for case in _cases()) >= 5
