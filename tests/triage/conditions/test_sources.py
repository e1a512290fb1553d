"""What each condition reads: the questions it stands on, and the facts it shares with other conditions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.triage.conditions.book import BOOK, measured, said
from triage.conditions import build

SCORE = {"at_least": "n2"}
CHANGE = {"unit": "kg", "at_least": "n2", "over_days": "n7"}
GRADE = {"at_least": "n2", "within_days": "n7"}

KEYS: list[tuple[dict[str, Any], set[str], tuple[object, ...]]] = [
    # condition, questions it reads, what it looks at
    ({"answer": "nausea", **SCORE}, {"nausea"}, ("value", "nausea")),
    ({"answer": "any", **SCORE}, {"any"}, ("worst",)),
    ({"yes": "chest_pain"}, {"chest_pain"}, ("value", "chest_pain")),
    ({"intake": "stopped"}, {"intake"}, ("value", "intake")),
    ({"symptoms_at": "n2", "how_many": "n2"}, {"any"}, ("symptoms_at", 2)),
    ({"composite": "gut", **SCORE}, {"nausea", "diarrhea"}, ("composite", "gut")),
    ({"rise_since_last": "nausea", **SCORE}, {"nausea"}, ("rise_since_last", "nausea")),
    ({"rise_since_baseline": "any", **SCORE}, {"any"}, ("rise_since_baseline", "any")),
    ({"lasting": "nausea", **SCORE, "days": "n3"}, {"nausea"}, ("lasting", "nausea", 2)),
    ({"consecutive": "nausea", **SCORE, "times": "n3"}, {"nausea"}, ("consecutive", "nausea", 2)),
    ({"occurrence": "nausea", **SCORE, "number": "n3"}, {"nausea"}, ("occurrence", "nausea", 2)),
    ({"cycle": [1, 2]}, set(), ("cycle",)),
    ({"cycle_day": [1, 2]}, set(), ("cycle_day",)),
    ({"treatment_day": [1, 2]}, set(), ("treatment_day",)),
    ({"window": "early"}, set(), ("days",)),
    ({"on_day": True}, set(), ("on_day",)),
    ({"exposed_to": "warfarin"}, set(), ("exposed_to", "warfarin")),
    ({"adherence_below": "n80"}, set(), ("adherence_below",)),
    ({"silences": "n2"}, set(), ("silences",)),
    ({"last_level": "high"}, set(), ("last_level",)),
    ({"danger": ["syncope"]}, set(), ("danger", frozenset({"syncope"}))),
    ({"reader": "nurse"}, set(), ("reader",)),
    ({"measure": "alt", "unit": "U/L", "at_least": "n80", "within_days": "n7"}, set(), ("measure", "alt", 7)),
    ({"measure_rise": "weight", **CHANGE}, {"weight"}, ("measure_rise", "weight", 7, None)),
    ({"measure_fall": "platelets", **CHANGE}, set(), ("measure_fall", "platelets", 7, None)),
    ({"grade": "Platelet count decreased", **GRADE}, set(), ("grade", "Platelet count decreased", 7)),
    ({"grade_rise_since_last": "Platelet count decreased", **GRADE}, set(), ("grade_rise_since_last", "Platelet count decreased", 7)),
]


@pytest.mark.parametrize(("spec", "keys", "source"), KEYS)
def test_a_condition_says_what_it_reads(spec: dict[str, Any], keys: set[str], source: tuple[object, ...]) -> None:
    """Two conditions of one source share what was seen: a source that is too wide would let one decide on the facts of another."""
    condition = build(spec, BOOK)
    assert condition.keys == keys
    assert condition.source == source


def test_one_end_of_a_pressure_cannot_hide_the_other() -> None:
    """CTCAE 5.0: systolic 160 is grade 3; a diastolic in another unit is not gradable and lowers nothing."""
    both = {"systolic": measured("165", "mm[Hg]"), "diastolic": measured("80", "mm[Hg]")}
    odd = {"systolic": measured("80", "kg"), "diastolic": measured("105", "mm[Hg]")}
    spec = {"grade": "Hypertension", "at_least": "n3", "within_days": "n7"}
    assert said(spec, {}, measures=both)[:2] == (True, False)
    assert said(spec, {}, measures=odd)[:2] == (True, False)
