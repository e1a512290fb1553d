"""Every boundary of every line of the tables, just below, at and just above; and what must hold whatever the value."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.protocols import scales
from tests.triage.grading.tables import fresh
from triage.grading import labs, reasons
from triage.grading.criteria import Scale, Term
from triage.grading.labs import LabTable
from triage.terms import Measured

STEP = Decimal("0.0001")
LLN, ULN, BEFORE = Decimal("3"), Decimal("1000"), Decimal("7")
"""Limits far from every cut point, so that each line is seen alone."""

ALT, CREATININE = "Alanine aminotransferase increased", "Creatinine increased"

Line = dict[str, str]


def _lines() -> Iterator[Line]:
    for version in scales.VERSIONS:
        for part in ("labs", "vitals"):
            text = (scales.FOLDER / f"ctcae-{part}-{version}.csv").read_text(encoding="utf-8")
            yield from csv.DictReader(text.splitlines())


LINES = [line for line in _lines() if line["frame"] != "none"]
BOUNDS = {
    "absolute": lambda bound: bound,
    "lln": lambda bound: LLN,
    "uln": lambda bound: ULN,
    "x_uln": lambda bound: bound * ULN,
    "x_baseline": lambda bound: bound * BEFORE,
    "over_uln": lambda bound: ULN + bound,
    "over_baseline": lambda bound: BEFORE + bound,
    "over_both": lambda bound: ULN,
}
FLAG = {"": "", "high": "high", "not_high": "normal", "not_high_or_unknown": "normal", "low": "low", "not_low_or_unknown": "normal"}


def _alone(line: Line) -> LabTable:
    """A table of this one line."""
    header = ",".join(line)
    cells = ",".join(f'"{cell}"' for cell in line.values())
    return labs.read(f"{header}\n{cells}\n")


def _named(line: Line) -> str:
    return re.sub(r"\W+", "-", " ".join(list(line.values())[:11]))


@pytest.mark.parametrize("line", LINES, ids=_named)
def test_each_line_begins_where_it_says(line: Line) -> None:
    """Just on the milder side nothing, at the bound only when it says ``at``, just beyond its grade."""
    bound = BOUNDS[line["frame"]](Decimal(line["bound"] or 0))
    worse = STEP if line["direction"] == "high" else -STEP
    grade = int(line["grade"]) if line["grade"] else None
    table = _alone(line)
    if line["and_beyond"]:
        bound = max(bound, Decimal(line["and_beyond"]))

    def found(value: Decimal) -> int | None:
        unit = line["unit"] or "U/L"
        flag = FLAG[line["baseline"]]
        return table.grade(line["term"], value, unit, lln=LLN, uln=ULN, baseline=BEFORE, baseline_flag=flag).grade

    assert found(bound - worse) == 0
    assert found(bound) == (grade if line["reached"] == "at" else 0)
    assert found(bound + worse) == grade


def _terms() -> list[tuple[str, Term, str]]:
    tables = {version: scales.lab_table(version) for version in scales.VERSIONS}
    return [(version, term, key) for version, table in tables.items() for term in table.terms.values() for key in term.scales]


TERMS = _terms()


def _numeric(scale: Scale) -> bool:
    return scale.criteria[0].frame != "none"


numbers = st.decimals(min_value=0, max_value=600, places=2)


@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_a_worse_value_never_has_a_milder_grade(data: st.DataObject) -> None:
    """For each term and direction, whatever is known of limits and baseline; ungraded again only where the text says so."""
    version, term, key = data.draw(st.sampled_from(TERMS))
    unit = data.draw(st.sampled_from([scale.unit or "U/L" for scale in term.scales[key]]))
    known = {name: data.draw(st.none() | numbers) for name in ("lln", "uln", "baseline")}
    flag = data.draw(st.sampled_from(labs.FLAGS))
    mild, bad = sorted((data.draw(numbers), data.draw(numbers)), reverse=term.direction == "low")
    first, second = (scales.lab_table(version).grade(term.name, value, unit, baseline_flag=flag, key=key, **known) for value in (mild, bad))
    if first.grade is not None and second.grade is not None:
        assert first.grade <= second.grade
    elif first.grade:
        assert "report the kidney injury" in second.reason, "a value that is worse than a graded one is graded"


@settings(max_examples=800, deadline=None)
@given(data=st.data())
def test_what_is_not_known_never_reassures(data: st.DataObject) -> None:
    """Without a limit or a baseline the grade is the same, missing, or a lower bound that says so; 0 only when it is 0 anyway."""
    version, term, key = data.draw(st.sampled_from(TERMS))
    unit = term.scales[key][0].unit or "U/L"
    lower, upper, before = (data.draw(st.decimals(min_value=1, max_value=600, places=1)) for _ in range(3))
    known = {"lln": min(lower, upper), "uln": max(lower, upper), "baseline": before}
    value, flag = data.draw(numbers), data.draw(st.sampled_from(labs.FLAGS[:3]))
    table = scales.lab_table(version)
    whole = table.grade(term.name, value, unit, baseline_flag=flag, key=key, **known)
    less: dict[str, Decimal | None] = {**known, data.draw(st.sampled_from(sorted(known))): None}
    without = table.grade(term.name, value, unit, baseline_flag=flag, key=key, **less)
    if without.grade is not None and whole.grade is not None:
        assert without.grade <= whole.grade
        assert without.grade == whole.grade or "at least" in without.reason


def test_a_term_without_a_number_says_why() -> None:
    for version, term, key in TERMS:
        if not _numeric(term.scales[key][0]):
            table = fresh(version)
            found = table.grade(term.name, Decimal(1), key=key)
            assert found.grade is None
            assert len(found.reason) > 20
            assert table.french(found.reason) != found.reason


@pytest.mark.parametrize(
    ("given", "french"),
    [
        (
            {"term": "Anemia", "value": Decimal(110), "unit": "g/L"},
            "limite basse : absent, nul ou contradictoire, et aucun critère qui s'en passe n'est franchi",
        ),
        ({"term": "Anemia", "value": Decimal(9), "unit": "G/L"}, "G/L mesure autre chose ; attendu g/L ou g/dL ou mmol/L"),
        ({"term": "Anemia", "value": Decimal(9)}, "unité absente ; attendu g/L ou g/dL ou mmol/L"),
        ({"term": "Anemia", "value": Decimal(9), "unit": "pot"}, "unité inconnue 'pot' ; attendu g/L ou g/dL ou mmol/L"),
        ({"term": "Lipase increased", "value": Decimal(9), "unit": "pot"}, "unité inconnue 'pot'"),
        ({"term": "Hypertension", "value": Decimal(150), "unit": "mmHg"}, "dire ce qui a été mesuré : la systolique ou la diastolique"),
        ({"term": "Hope", "value": Decimal(1)}, "'Hope' n'est pas un terme que CTCAE 5.0 grade par un nombre"),
        (
            {"term": "Hypokalemia", "value": Decimal("3.2"), "unit": "mmol/L", "lln": Decimal("3.5")},
            "le pire est supposé : sans symptôme, grade 1",
        ),
        (
            {"term": "Creatinine increased", "value": Decimal(200), "uln": Decimal(100)},
            "au moins ce grade : valeur avant traitement absent, nul ou contradictoire",
        ),
        (
            {"term": "Platelet count decreased", "value": Decimal(50), "unit": "G/L"},
            "",
        ),
    ],
)
def test_a_reason_has_its_french(given: dict[str, Any], french: str) -> None:
    table = fresh("5.0")
    assert table.french(table.grade(**given).reason) == french


@pytest.mark.parametrize(
    ("version", "term", "known", "lacking"),
    [
        ("5.0", "anemia", {}, "lln"),
        ("5.0", "Hyperkalemia", {}, "uln"),
        ("5.0", CREATININE, {"uln": Decimal(200)}, "baseline"),
        ("5.0", CREATININE, {}, "uln and baseline"),
        ("5.0", ALT, {"baseline_flag": "high", "uln": Decimal(5)}, "baseline"),
        ("5.0", ALT, {"baseline_flag": "high", "baseline": Decimal(0)}, "baseline"),
        ("6.0", ALT, {"uln": Decimal(5)}, "baseline and baseline_flag"),
        ("6.0", ALT, {"baseline": Decimal(5)}, "uln and baseline_flag"),
        ("6.0", "Alkaline phosphatase increased", {}, "uln and baseline"),
        ("5.0", "Weight loss", {}, "baseline"),
    ],
)
def test_what_is_lacking_is_named(version: str, term: str, known: dict[str, Any], lacking: str) -> None:
    """110 of the term's own unit, or of any where only ratios count."""
    table = fresh(version)
    own = table.term(term)
    assert own is not None
    [scale, *_] = next(iter(own.scales.values()))
    value = Decimal("4.5") if term == "Hyperkalemia" else Decimal(110)
    found = table.grade(term, value, scale.unit or "U/L", **known)
    assert (found.term, found.version, found.grade) == (own.name, version, None)
    assert found.reason == f"{lacking} missing, zero or contradictory, and no criterion that does without is crossed"


def test_every_sentence_has_its_places_in_both_languages() -> None:
    for english, other in reasons.FRENCH.items():
        assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", other)
    joined = "the worst is supposed: without symptoms, grade 2; at least this grade: uln missing, zero or contradictory"
    assert reasons.in_french(joined) == (
        "le pire est supposé : sans symptôme, grade 2 ; au moins ce grade : limite haute absent, nul ou contradictoire"
    )
    assert reasons.in_french("something else") == "something else"


@pytest.mark.parametrize(
    ("unit", "said"),
    [("banana", "unknown unit"), ("", "unit is missing"), ("g/L", "measures something else"), ("10^9/M", "unknown unit")],
)
def test_a_unit_that_cannot_be_used_is_said(unit: str, said: str) -> None:
    """User demand: g/L is not G/L; nothing is guessed."""
    found = fresh("5.0").grade("Platelet count decreased", Decimal(40), unit, lln=Decimal(150))
    assert found.grade is None
    assert said in found.reason


def test_an_unknown_unit_stops_a_ratio_too() -> None:
    found = fresh("5.0").grade("Alanine aminotransferase increased", Decimal(400), "banana", uln=Decimal(40))
    assert (found.grade, found.reason) == (None, "unknown unit 'banana'")


def test_limits_the_wrong_way_round_are_not_used() -> None:
    table = fresh("5.0")
    assert table.grade("Anemia", Decimal(110), "g/L", lln=Decimal(170), uln=Decimal(120)).grade is None
    found = table.grade("Anemia", Decimal(90), "g/L", lln=Decimal(170), uln=Decimal(120))
    assert (found.grade, found.reason) == (2, "lln is above uln: neither was used")
    assert table.french(found.reason) == "limite basse au-dessus de la limite haute : aucune des deux n'a servi"
    both = table.grade("Hypokalemia", Decimal("2.8"), "mmol/L", lln=Decimal(5), uln=Decimal("3.5"))
    assert both.grade == 3 and both.reason == "lln is above uln: neither was used"


def test_a_limit_of_zero_multiplies_nothing() -> None:
    found = fresh("5.0").grade("Lipase increased", Decimal(5), "U/L", uln=Decimal(0))
    assert found.grade is None
    assert "uln" in found.reason


@pytest.mark.parametrize("wrong", [{"value": Decimal("NaN")}, {"value": Decimal(-1)}, {"uln": Decimal("Infinity")}, {"baseline_flag": "H"}])
def test_what_is_no_number_is_refused(wrong: dict[str, Decimal | str]) -> None:
    given: dict[str, Decimal | str] = {"value": Decimal(1), **wrong}
    with pytest.raises(ValueError, match="expected"):
        fresh("5.0").grade("Anemia", unit="g/L", **given)  # type: ignore[arg-type]  # fields by name


# --- Measures as they are kept ------------------------------------------------------------------------------------------------------

DAY, BEFORE_DAY = date(2026, 11, 20), date(2026, 10, 1)


def _kept(value: str, unit: str, *, lln: str = "", uln: str = "", on: date = DAY) -> Measured:
    low, high = (Decimal(limit) if limit else None for limit in (lln, uln))
    return Measured(Decimal(value), unit, on, low, high)


NOW, BASELINE = _kept("250", "U/L", uln="40"), _kept("60", "U/L", uln="40", on=BEFORE_DAY)


@pytest.mark.parametrize(
    ("version", "term", "now", "before", "grade"),
    [
        # 250 is 6.25 x ULN (grade 3) and 4.2 x an abnormal baseline (grade 2 in v5.0, 4 in v6.0).
        ("5.0", ALT, NOW, BASELINE, 2),
        ("5.0", ALT, NOW, None, 3),
        ("5.0", ALT, NOW, replace(BASELINE, uln=Decimal(70)), 3),
        ("5.0", ALT, replace(NOW, uln=Decimal(60)), None, 2),
        ("6.0", ALT, NOW, BASELINE, 4),
        ("6.0", ALT, NOW, replace(BASELINE, uln=Decimal(60)), 3),  # at its limit the baseline was normal
        ("6.0", ALT, NOW, replace(BASELINE, uln=None), 4),  # without limits of its own, those of now
        ("6.0", ALT, NOW, _kept("30", "U/L"), 3),
        ("6.0", ALT, NOW, None, None),
        ("5.0", "Anemia", _kept("110", "g/L", lln="120"), None, 1),
        ("5.0", "Anemia", _kept("110", "g/L", lln="120"), _kept("125", "g/L"), 1),
        ("5.0", "Anemia", _kept("110", "g/L"), _kept("125", "g/L", lln="120"), None),
        ("5.0", "Anemia", _kept("9.5", "g/dL"), _kept("125", "g/L"), 2),
        # A baseline below its own lower limit is the frame of v6.0; at the limit it is not.
        ("6.0", CREATININE, _kept("95", "umol/L", uln="104"), _kept("50", "umol/L", lln="60", uln="104"), 2),
        ("6.0", CREATININE, _kept("95", "umol/L", uln="104"), _kept("60", "umol/L", lln="60"), 0),
        ("6.0", CREATININE, _kept("95", "umol/L", lln="60", uln="104"), _kept("50", "umol/L"), 2),
        # Another unit is brought to this one, or left out.
        ("5.0", CREATININE, _kept("95", "umol/L", uln="104"), _kept("0.05", "mmol/L"), 2),
        ("5.0", CREATININE, _kept("95", "umol/L", uln="104"), _kept("50", "pg"), None),
        ("5.0", CREATININE, _kept("95", "", uln="104"), _kept("50", ""), 2),
        ("5.0", CREATININE, _kept("95", "strange", uln="104"), _kept("50", "strange"), None),
    ],
)
def test_a_kept_measure_against_a_kept_baseline(version: str, term: str, now: Measured, before: Measured | None, grade: int | None) -> None:
    """The baseline's own limits say whether it was abnormal; limits change with the laboratory."""
    assert fresh(version).grade_measured(term, now, before).grade == grade


@pytest.mark.parametrize(("key", "grade"), [("systolic", 0), ("diastolic", 3), ("", None), ("pulse", None)])
@pytest.mark.parametrize("before", [None, _kept("80", "mm[Hg]", on=BEFORE_DAY)])
def test_a_kept_pressure_says_which(key: str, grade: int | None, before: Measured | None) -> None:
    found = fresh("5.0").grade_measured("Hypertension", _kept("100", "mm[Hg]"), before, key=key)
    assert found.grade == grade


# --- Reading ------------------------------------------------------------------------------------------------------------------------

HEAD = "ctcae_version,term,key,direction,grade,without_symptoms,baseline,frame,bound,reached,unit,and_beyond,note,note_fr,source\n"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("5.0,A,a,low,1,,,lln,,beyond,,,,,\n6.0,A,a,low,1,,,lln,,beyond,,,,,\n", "one CTCAE version"),
        ("5.0,A,a,low,1,,,lln,,beyond,,,,,\n5.0,A,a,high,1,,,uln,,beyond,,,,,\n", "one direction"),
        ("5.0,A,a,low,1,,,somewhere,,beyond,,,,,\n", "unknown frame"),
        ("5.0,A,a,low,1,,maybe,lln,,beyond,,,,,\n", "baseline 'maybe'"),
        ("5.0,A,a,low,1,,,lln,,near,,,,,\n", "reached 'near'"),
        ("5.0,A,a,low,1,,,absolute,3,at,stone,,,,\n", "unknown unit 'stone'"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(lines: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        labs.read(HEAD + lines)
