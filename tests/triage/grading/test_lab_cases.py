"""CTCAE grades worked out by hand from the text, both versions side by side. An empty grade is: not gradable, and a reason is said."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tests.triage.grading.tables import fresh

FILE = Path(__file__).parent / "cases.csv"
CASES = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['term'].split()[0]}" for number, case in enumerate(CASES, 2)])
def test_a_published_case(case: dict[str, str]) -> None:
    found = fresh(case["version"]).grade(
        case["term"],
        Decimal(case["value"]),
        case["unit"],
        lln=_number(case["lln"]),
        uln=_number(case["uln"]),
        baseline=_number(case["baseline"]),
        baseline_flag=case["flag"],
        key=case["key"],
    )
    assert found.grade == (int(case["grade"]) if case["grade"] else None), found.reason
    assert (found.term.casefold(), found.version) == (case["term"].casefold(), case["version"])
    assert found.grade is not None or found.reason
