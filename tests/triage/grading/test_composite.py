"""PRO-CTCAE composites: every combination of the published table, words and numbers, what is missing, what contradicts itself."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import product

import pytest

from app.protocols import scales
from triage.grading import composite
from triage.grading.composite import Composite, composite_of, score_item

TABLE = list(csv.DictReader((scales.FOLDER / "pro-ctcae-composite.csv").read_text(encoding="utf-8").splitlines()))
WORDS = {
    "frequency": ("Never", "Rarely", "Occasionally", "Frequently", "Almost constantly"),
    "severity": ("None", "Mild", "Moderate", "Severe", "Very severe"),
    "interference": ("Not at all", "A little bit", "Somewhat", "Quite a bit", "Very much"),
}
WORDS["amount"] = WORDS["interference"]


def test_the_instrument_is_whole() -> None:
    """124 questions of 80 terms; 59 have a composite: S 20, SI 12, FS 10, FSI 9, FI 4, F 2, I 2; 21 ask for presence only."""
    assert list(scales.instrument().items) == list(range(1, 81))
    assert sum(len(item.parts) for item in scales.instrument().items.values()) == 124
    patterns = Counter(item.pattern for item in scales.instrument().items.values())
    assert patterns == {"S": 20, "SI": 12, "FS": 10, "FSI": 9, "FI": 4, "F": 2, "I": 2, "": 21}


def test_the_table_is_the_published_one() -> None:
    """215 combinations: 179 published, 36 by the rule that a first attribute at 0 gives 0; a composite is never 4."""
    assert Counter(row["rule"] for row in TABLE) == {"table": 179, "zero_rule": 36}
    assert {row["composite"] for row in TABLE} == {"0", "1", "2", "3"}
    assert {row["composite"] for row in TABLE if row["rule"] == "zero_rule"} == {"0"}


PUBLISHED = [
    ("S", (4,), 3),
    ("I", (2,), 1),
    ("I", (4,), 2),
    ("F", (2,), 1),
    ("FSI", (1, 0, 0), 0),
    ("FSI", (4, 4, 4), 3),
    ("FSI", (0, 4, 4), 0),
    ("SI", (3, 0), 1),
    ("FS", (0, 3), 0),
    ("FS", (1, 0), 1),
    ("FI", (1, 0), 1),
]


@pytest.mark.parametrize(("pattern", "scores", "grade"), PUBLISHED)
def test_cases_the_paper_and_its_package_give(pattern: str, scores: tuple[int, ...], grade: int) -> None:
    """Severity 3 with no interference is 1; a frequency of 1 alone is 0 in FSI and 1 in FS and FI."""
    assert composite_of(scales.instrument(), pattern, *scores).value == grade


@pytest.mark.parametrize("row", TABLE, ids=lambda row: "-".join(filter(None, (row["pattern"], row["a"], row["b"], row["c"]))))
def test_every_combination_in_words_as_in_numbers(row: dict[str, str]) -> None:
    """FR: composites agree with the instrument to the last case, for every item of the pattern."""
    items = [item for item in scales.instrument().items.values() if item.pattern == row["pattern"]]
    assert items
    for item in items:
        numbers = {letter: row[letter] for letter in item.parts}
        words = {letter: WORDS[part.attribute][int(row[letter])] for letter, part in item.parts.items()}
        shouted = {letter: f"  {word.upper()} " for letter, word in words.items()}
        wanted = int(row["composite"])
        assert [score_item(scales.instrument(), item, said).value for said in (numbers, words, shouted)] == [wanted] * 3


@pytest.mark.parametrize("pattern", ["FS", "FI", "SI", "FSI"])
def test_a_worse_answer_never_gives_a_milder_composite(pattern: str) -> None:
    for scores in product(range(5), repeat=len(pattern)):
        for place in range(len(pattern)):
            if scores[place] < 4:
                worse = (*scores[:place], scores[place] + 1, *scores[place + 1 :])
                first, second = (composite_of(scales.instrument(), pattern, *s).value for s in (scores, worse))
                assert first is not None
                assert second is not None
                assert first <= second


@pytest.mark.parametrize(
    ("number", "said", "reason"),
    [
        (9, {"a": "Frequently"}, "b is missing"),
        (48, {"a": "2", "b": "", "c": "1"}, "b is missing"),
        (36, {"a": "Not applicable"}, "a is not scored: Not applicable"),
        (68, {"a": "Prefer not to answer"}, "a is not scored: Prefer not to answer"),
        (67, {"a": "not SEXUALLY active"}, "a is not scored: not SEXUALLY active"),
        (9, {"a": "Mild", "b": "Mild"}, "a is not a response of this question"),
        (3, {"a": "forte", "b": "1"}, "a is not a response of this question"),
        (24, {"a": "Yes"}, "presence item"),
        (24, {"a": "3"}, "presence item"),
        (69, {"a": "Not applicable"}, "presence item"),
    ],
)
def test_no_composite_has_its_reason(number: int, said: dict[str, str], reason: str) -> None:
    found = score_item(scales.instrument(), scales.instrument().items[number], said)
    assert found.value is None
    assert found.reason.startswith(reason)


def test_what_is_missing_is_named() -> None:
    found = composite_of(scales.instrument(), "FSI", 1, None, None)
    assert found == Composite({"a": 1, "b": None, "c": None}, None, "b and c missing", False)
    assert composite_of(scales.instrument(), "FSI", None, 2, 3).reason == "a missing"


def test_items_are_read_whole() -> None:
    """Number, term, the CTCAE term beside it, pattern, attributes, words and what is not scored."""
    sores, face = scales.instrument().items[3], scales.instrument().items[67]
    assert (sores.number, sores.term, sores.ctcae_term, sores.pattern) == (3, "Mouth or Throat Sores", "Mucositis oral", "SI")
    assert {letter: part.attribute for letter, part in sores.parts.items()} == {"a": "severity", "b": "interference"}
    assert sores.parts["a"].responses == {"none": 0, "mild": 1, "moderate": 2, "severe": 3, "very severe": 4}
    assert sores.parts["b"].responses == {"not at all": 0, "a little bit": 1, "somewhat": 2, "quite a bit": 3, "very much": 4}
    assert sores.parts["a"].unscored == ()
    assert "not sexually active" in face.parts["a"].unscored


def test_presence_is_scored_and_has_no_composite() -> None:
    item = scales.instrument().items[24]
    assert [score_item(scales.instrument(), item, {"a": said}).scores["a"] for said in ("yes", "No", "1", "0", "3")] == [1, 0, 1, 0, None]


def test_zero_imputation_is_off_unless_asked_for() -> None:
    """Missing later attributes become 0 only when the first is 0."""
    item = scales.instrument().items[48]
    assert score_item(scales.instrument(), item, {"a": "0", "c": "2"}) == Composite({"a": 0, "b": None, "c": 2}, None, "b is missing", True)
    imputed = score_item(scales.instrument(), item, {"a": "0", "c": "2"}, zero_impute=True)
    assert imputed == Composite({"a": 0, "b": 0, "c": 2}, 0, "", True)
    assert score_item(scales.instrument(), item, {"a": "1", "c": "0"}, zero_impute=True).value is None
    assert score_item(scales.instrument(), item, {"b": "0", "c": "0"}, zero_impute=True).value is None
    assert score_item(scales.instrument(), item, {"a": "Never"}, zero_impute=True).value == 0


@pytest.mark.parametrize("later", [{"b": "1"}, {"c": "4"}, {"b": "Severe", "c": "Very much"}])
def test_a_contradiction_is_scored_as_published_and_flagged(later: dict[str, str]) -> None:
    """Never, and yet severe: the composite is 0, and somebody asks again."""
    found = score_item(scales.instrument(), scales.instrument().items[48], {"a": "Never", "b": "0", "c": "0"} | later)
    assert (found.value, found.contradiction) == (0, True)
    assert not score_item(scales.instrument(), scales.instrument().items[48], {"a": "1", "b": "0", "c": "0"} | later).contradiction


@pytest.mark.parametrize("said", ["3", "3.0", " 3 ", "03", "Severe", "severe", "SEVERE"])
def test_a_score_in_any_writing(said: str) -> None:
    assert composite.score(scales.instrument().items[1].parts["a"], said) == 3


@pytest.mark.parametrize("said", ["5", "-1", "2.5", "", "very  much", "3,0", "3 or 4", "none of it"])
def test_what_is_no_score_is_missing(said: str) -> None:
    assert composite.score(scales.instrument().items[1].parts["a"], said) is None


@pytest.mark.parametrize(("pattern", "scores"), [("XY", (1, 1)), ("S", (5,)), ("FS", (0, 7)), ("", (1,))])
def test_a_pattern_or_a_score_that_does_not_exist_is_refused(pattern: str, scores: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected one of F, S, I, FS, FI, SI, FSI and scores 0 to 4"):
        composite_of(scales.instrument(), pattern, *scores)


def test_a_table_with_a_hole_is_refused() -> None:
    text = (scales.FOLDER / "pro-ctcae-composite.csv").read_text(encoding="utf-8").replace("FSI,2,2,2,", "FSI,2,2,1,")
    items = (scales.FOLDER / "pro-ctcae-items.csv").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="pattern FSI: 124 combinations"):
        composite.read(text, items)


def test_the_licensed_sentences_are_not_here() -> None:
    """Terms and single response words only: no cell of the items is a sentence."""
    for row in csv.DictReader((scales.FOLDER / "pro-ctcae-items.csv").read_text(encoding="utf-8").splitlines()):
        assert max(len(cell.split()) for name, cell in row.items() if name not in ("responses", "not_scored")) <= 6
        assert "?" not in "".join(row.values())
