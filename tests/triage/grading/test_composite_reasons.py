"""Why a composite has no value, in whole sentences; and a published table that is not whole."""

from __future__ import annotations

import pytest

from tests.triage.protocol.small import LAYERS
from triage.grading import composite
from triage.grading.composite import Composite

TABLE, ITEMS = LAYERS["pro-ctcae"].split("\n\n")
INSTRUMENT = composite.read(TABLE, ITEMS)
NAUSEA, DIARRHEA = INSTRUMENT.items[9], INSTRUMENT.items[16]
FREQUENCY = "never, rarely, occasionally, frequently, almost constantly"
SEVERITY = "none, mild, moderate, severe, very severe"


@pytest.mark.parametrize(
    ("responses", "scores", "reason"),
    [
        ({}, {"a": None, "b": None}, "a is missing; b is missing"),
        ({"a": "rarely"}, {"a": 1, "b": None}, "b is missing"),
        ({"a": "never"}, {"a": 0, "b": None}, "b is missing"),
        (
            {"a": "daily", "b": "awful"},
            {"a": None, "b": None},
            f"a is not a response of this question ({FREQUENCY}): daily; b is not a response of this question ({SEVERITY}): awful",
        ),
        ({"a": "Rarely", "b": " very  bad "}, {"a": 1, "b": None}, f"b is not a response of this question ({SEVERITY}): very bad"),
    ],
)
def test_every_attribute_that_is_missing_says_why(responses: dict[str, str], scores: dict[str, int | None], reason: str) -> None:
    assert composite.score_item(INSTRUMENT, NAUSEA, responses) == Composite(scores, None, reason)


def test_a_missing_attribute_is_not_imputed_unless_it_is_asked_for() -> None:
    """Off as published: "never" alone leaves the severity missing."""
    assert composite.composite_of(INSTRUMENT, "FS", 0) == Composite({"a": 0, "b": None}, None, "b missing")
    assert composite.composite_of(INSTRUMENT, "FS", 0, zero_impute=True) == Composite({"a": 0, "b": 0}, 0)
    assert composite.composite_of(INSTRUMENT, "FSI", 1) == Composite({"a": 1, "b": None, "c": None}, None, "b and c missing")
    assert composite.score_item(INSTRUMENT, NAUSEA, {"a": "never"}, zero_impute=True) == Composite({"a": 0, "b": 0}, 0)


@pytest.mark.parametrize(("row", "pattern", "found", "whole"), [("F,4,,,3,table", "F", 4, 5), ("FS,4,4,,3,table", "FS", 24, 25)])
def test_a_table_with_a_combination_missing_is_refused(row: str, pattern: str, found: int, whole: int) -> None:
    """Five scores of each attribute, each with each."""
    assert f"{row}\n" in TABLE
    with pytest.raises(ValueError) as refused:
        composite.read(TABLE.replace(f"{row}\n", ""), ITEMS)
    assert str(refused.value) == f"pattern {pattern}: {found} combinations, expected {whole}"


def test_an_item_of_one_attribute_is_that_of_its_table() -> None:
    words = ("never", "rarely", "occasionally", "frequently", "almost constantly")
    assert [composite.score_item(INSTRUMENT, DIARRHEA, {"a": word}).value for word in words] == [0, 1, 1, 2, 3]
