"""A condition that cannot be read is refused with its field, what stood there, and a reason an author can act on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.triage.conditions.book import BOOK, LIMITS
from triage.conditions import Book, ConditionError, build

PLATELETS = "Platelet count decreased"
NAME = "write the name of a threshold of [thresholds], where its value and source stand"
RANGE = "expected [first, last], whole numbers from 1"
UNIT = "a measure needs its unit: numbers of another unit are not compared"
SINCE = 'write either since = "baseline" or over_days'
CODES = "expected a list of danger codes"
MEDICINE = "expected the name of an agent or a medicine"
CHANGE = {"measure_rise": "weight", "unit": "kg", "at_least": "n2"}

ROWS: list[tuple[dict[str, Any], str, object, str]] = [
    # condition, field, what stood there, reason
    ({"answer": "nausea", "at_least": 3}, "at_least", 3, NAME),
    ({"answer": "nausea"}, "at_least", None, NAME),
    ({"answer": "nausea", "at_least": "nobody"}, "at_least", "nobody", "is not a threshold of [thresholds]"),
    ({"answer": "headache", "at_least": "n3"}, "answer", "headache", "is not the key of a question"),
    ({"answer": ["nausea"], "at_least": "n3"}, "answer", ["nausea"], "is not the key of a question"),
    (
        {"answer": "chest_pain", "at_least": "n3"},
        "answer",
        "chest_pain",
        "is a yes_no question; expected count_24h or pain_0_10 or severity_0_4 or temperature_c or weight_kg",
    ),
    ({"yes": "nausea"}, "yes", "nausea", "is a severity_0_4 question; expected yes_no"),
    ({"answer": "nausea", "below": "n3"}, "below", "n3", "nausea is worse when higher: a low value must not alarm"),
    ({"answer": "nausea", "at_least": "n5"}, "at_least", "n5 = 5", "expected over 0 and at most 4"),
    ({"answer": "nausea", "at_least": "n0"}, "at_least", "n0 = 0", "expected over 0 and at most 4"),
    ({"answer": "any", "at_least": "n5"}, "at_least", "n5 = 5", "expected over 0 and at most 4"),
    ({"answer": "temperature", "at_least": "typo"}, "at_least", "typo = 83.5", "expected over 30 and at most 45 °C"),
    (
        {"answer": "temperature", "at_least": "fever", "below": "cold"},
        "below",
        "cold",
        "at_least and below are two conditions",
    ),
    (
        {"measure": "alt", "unit": "U/L", "at_least": "n5", "above": "n5", "within_days": "n7"},
        "above",
        "n5",
        "at_least and above are two conditions",
    ),
    ({"answer": "nausea", "at_least": "n3", "days": "n4"}, "days", "n4", "is not a field of answer; it takes at_least, below"),
    ({"yes": "chest_pain", "days": "n4"}, "days", "n4", "is not a field of yes; it takes none"),
    ({"yes": "chest_pain", "b": 1, "a": 2}, "a", 2, "is not a field of yes; it takes none"),
    ({"intake": "forgotten"}, "intake", "forgotten", "expected one of missed, extra, off_day, stopped"),
    ({"intake": "missed"}, "at_least", None, "missed needs threshold"),
    ({"intake": "stopped", "at_least": "n1"}, "at_least", "n1", "stopped takes no threshold"),
    (
        {"lasting": "chest_pain", "at_least": "n2", "days": "n3"},
        "lasting",
        "chest_pain",
        "is a yes_no question; expected count_24h or pain_0_10 or severity_0_4",
    ),
    ({"lasting": "nausea", "at_least": "n5", "days": "n3"}, "at_least", "n5 = 5", "expected over 0 and at most 4"),
    ({"lasting": "nausea", "at_least": "n2"}, "days", None, NAME),
    (
        {"consecutive": "temperature", "at_least": "n2", "times": "n3"},
        "consecutive",
        "temperature",
        "is a temperature_c question; expected count_24h or pain_0_10 or severity_0_4",
    ),
    ({"consecutive": "nausea", "at_least": "n2"}, "times", None, NAME),
    ({"consecutive": "nausea", "times": "n2"}, "at_least", None, NAME),
    (
        {"occurrence": "weight", "at_least": "n2", "number": "n3"},
        "occurrence",
        "weight",
        "is a weight_kg question; expected count_24h or pain_0_10 or severity_0_4",
    ),
    ({"occurrence": "nausea", "at_least": "n2"}, "number", None, NAME),
    ({"occurrence": "nausea", "number": "n2"}, "at_least", None, NAME),
    (
        {"rise_since_last": "weight", "at_least": "n2"},
        "rise_since_last",
        "weight",
        "is a weight_kg question; expected count_24h or pain_0_10 or severity_0_4",
    ),
    (
        {"rise_since_baseline": "weight", "at_least": "n2"},
        "rise_since_baseline",
        "weight",
        "is a weight_kg question; expected count_24h or pain_0_10 or severity_0_4",
    ),
    ({"rise_since_last": "any"}, "at_least", None, NAME),
    ({"symptoms_at": "n2"}, "how_many", None, NAME),
    ({"symptoms_at": 2, "how_many": "n2"}, "symptoms_at", 2, NAME),
    ({"cycle": [2, 1]}, "cycle", [2, 1], RANGE),
    ({"cycle": 1}, "cycle", 1, RANGE),
    ({"cycle": [1]}, "cycle", [1], RANGE),
    ({"cycle": [1, 2, 3]}, "cycle", [1, 2, 3], RANGE),
    ({"cycle": [1, "2"]}, "cycle", [1, "2"], RANGE),
    ({"cycle_day": [0, 7]}, "cycle_day", [0, 7], RANGE),
    ({"treatment_day": [True, 7]}, "treatment_day", [True, 7], RANGE),
    ({"on_day": "yes"}, "on_day", "yes", "expected true or false"),
    ({"window": "late"}, "window", "late", "is not a window of [[windows]]"),
    ({"window": ["early"]}, "window", ["early"], "is not a window of [[windows]]"),
    ({"exposed_to": ""}, "exposed_to", "", MEDICINE),
    ({"exposed_to": 3}, "exposed_to", 3, MEDICINE),
    ({"exposed_to": "warfarin", "within_days": 7}, "within_days", 7, NAME),
    ({"adherence_below": "n0"}, "adherence_below", LIMITS["n0"], "expected over 0 and at most 100 %"),
    ({"adherence_below": "n101"}, "adherence_below", LIMITS["n101"], "expected over 0 and at most 100 %"),
    ({"silences": 2}, "silences", 2, NAME),
    ({"danger": "fever"}, "danger", "fever", CODES),
    ({"danger": []}, "danger", [], CODES),
    ({"danger": ["fever", 3]}, "danger", ["fever", 3], CODES),
    ({"reader": "no"}, "reader", "no", "expected nurse or urgent"),
    ({"measure": "alt", "at_least": "n5", "within_days": "n7"}, "unit", None, UNIT),
    ({"measure": "alt", "unit": "", "at_least": "n5", "within_days": "n7"}, "unit", "", UNIT),
    ({"measure": "", "unit": "U/L", "at_least": "n5", "within_days": "n7"}, "unit", "U/L", UNIT),
    ({"measure": "alt", "unit": "U/L", "within_days": "n7"}, "at_least", None, NAME),
    ({"measure": "alt", "unit": "U/L", "below": "n5"}, "within_days", None, NAME),
    (CHANGE, "since", None, SINCE),
    ({**CHANGE, "since": "baseline", "over_days": "n7"}, "since", "baseline", SINCE),
    ({**CHANGE, "since": "yesterday", "over_days": "n7"}, "since", "yesterday", SINCE),
    ({**CHANGE, "at_least": "n0", "over_days": "n7"}, "at_least", LIMITS["n0"], "expected over 0"),
    (
        {**CHANGE, "over_days": "n7", "within_days": "n7"},
        "within_days",
        "n7",
        "over_days already says how old the measures may be",
    ),
    ({**CHANGE, "since": "baseline", "within_days": 3}, "within_days", 3, NAME),
    (
        {"measure_fall": "weight", "unit": "kg", "at_least": "n2"},
        "since",
        None,
        SINCE,
    ),
    (
        {"grade": "Baldness", "at_least": "n2", "within_days": "n7"},
        "grade",
        "Baldness",
        "is not a laboratory or vital-sign term of CTCAE 5.0",
    ),
    (
        {"grade": PLATELETS, "at_least": "n5", "within_days": "n7"},
        "at_least",
        LIMITS["n5"],
        "expected over 0 and at most 4, the highest grade of a measure",
    ),
    (
        {"grade": PLATELETS, "at_least": "n0", "within_days": "n7"},
        "at_least",
        LIMITS["n0"],
        "expected over 0 and at most 4, the highest grade of a measure",
    ),
    ({"grade": PLATELETS, "at_least": "n3"}, "within_days", None, NAME),
    ({"grade": PLATELETS, "within_days": "n7"}, "at_least", None, NAME),
    ({"composite": "mouth", "at_least": "n2"}, "composite", "mouth", "is not one of [composites]"),
    ({"composite": ["gut"], "at_least": "n2"}, "composite", ["gut"], "is not one of [composites]"),
    ({"composite": "gut", "at_least": "n4"}, "at_least", LIMITS["n4"], "a composite goes from 0 to 3: expected over 0 and at most 3"),
    ({"composite": "gut", "at_least": "n0"}, "at_least", LIMITS["n0"], "a composite goes from 0 to 3: expected over 0 and at most 3"),
]


def refused(spec: dict[str, Any], book: Book = BOOK) -> tuple[str, object, str]:
    with pytest.raises(ConditionError) as error:
        build(spec, book)
    found = error.value
    assert str(found) == f"{found.field} = {found.value!r}: {found.reason}"
    return found.field, found.value, found.reason


@pytest.mark.parametrize(("spec", "field", "stood", "reason"), ROWS)
def test_a_refusal_says_what_to_write_instead(spec: dict[str, Any], field: str, stood: object, reason: str) -> None:
    assert refused(spec) == (field, stood, reason)


@pytest.mark.parametrize("spec", [{}, {"answer": "nausea", "yes": "chest_pain"}, {"feels": "bad"}])
def test_one_condition_is_one_word_of_the_vocabulary(spec: dict[str, Any]) -> None:
    field, stood, reason = refused(spec)
    assert (field, stood) == ("condition", spec)
    assert reason.startswith("expected exactly one of answer, yes, intake, rise_since_last, ")


def test_an_unknown_level_is_refused() -> None:
    field, stood, reason = refused({"last_level": "orange"})
    assert (field, stood) == ("last_level", "orange")
    assert "orange" in reason


def test_what_the_protocol_does_not_have_cannot_be_looked_at() -> None:
    bare = Book({}, LIMITS)
    assert refused({"intake": "stopped"}, bare) == ("intake", "stopped", "no question about the doses of the week is defined")
    assert refused({"grade": PLATELETS, "at_least": "n3", "within_days": "n7"}, bare) == (
        "grade",
        PLATELETS,
        'no version of CTCAE is declared: write ctcae = "5.0" or "6.0" at the top of the protocol',
    )
