"""One registry of what may be measured; tables, terms and units agree with it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.protocols import scales
from triage.grading import measures


def test_every_term_of_the_registry_is_graded_by_that_measure() -> None:
    for version in scales.VERSIONS:
        table = scales.lab_table(version)
        for measure in scales.measures().by_key.values():
            for direction, name in measure.terms.get(version, {}).items():
                term = table.term(name)
                assert term is not None, (measure.key, version, name)
                assert (term.direction, measure.key in term.scales) == (direction, True)


def test_every_graded_measure_is_in_the_registry() -> None:
    for version in scales.VERSIONS:
        for term in scales.lab_table(version).terms.values():
            for key, [scale, *_] in term.scales.items():
                if scale.criteria[0].frame != "none":
                    assert scales.measures().by_key[key].terms[version][term.direction] == term.name


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("platelets", "platelets"),
        ("Platelet count decreased", "platelets"),
        ("thrombocytopenia", "platelets"),
        ("Hyperglycemia (fasting)", "glucose_fasting"),
        ("hypertension", None),
        ("hope", None),
    ],
)
def test_a_term_is_accepted_in_place_of_a_key(name: str, key: str | None) -> None:
    assert scales.measures().key_of(name) == key


def test_a_term_may_be_graded_by_two_measures() -> None:
    assert scales.measures().graded_by("Hypertension", "5.0") == ("systolic", "diastolic")
    assert scales.measures().graded_by("Thrombocytopenia", "5.0") == ()


@pytest.mark.parametrize(
    ("key", "value", "unit", "found"),
    [
        ("creatinine", "1.1", "mg/dL", "97.24"),
        ("creatinine", "11", "mg/L", "97.24"),
        ("bilirubin", "2", "mg/dL", "34.2"),
        ("hemoglobin", "12.5", "g/dL", "125"),
        ("platelets", "150000", "/mm3", "150"),
        ("potassium", "4.5", "mEq/L", "4.5"),
        ("calcium", "5", "mEq/L", "2.5"),
        ("glucose", "180.182", "mg/dL", "10"),
        ("alt", "2", "µkat/L", "120"),
        ("platelets", "150", "g/L", None),
        ("temperature", "100.4", "[degF]", None),
    ],
)
def test_a_value_is_brought_to_our_unit_or_not_at_all(key: str, value: str, unit: str, found: str | None) -> None:
    got = scales.measures().by_key[key].converted(Decimal(value), unit)
    assert got == (None if found is None else Decimal(found))


@pytest.mark.parametrize(
    ("value", "unit", "could_be"), [("150", "G/L", True), ("150000", "G/L", False), ("150000", "/mm3", True), ("150", "g/L", None)]
)
def test_a_slip_of_unit_is_seen(value: str, unit: str, could_be: bool | None) -> None:
    assert scales.measures().by_key["platelets"].is_plausible(Decimal(value), unit) is could_be


@pytest.mark.parametrize(
    "entry",
    [
        'name = { fr = "x", en = "x" }\nunit = "stone"\nplausible = [1, 2]\nworse = "low"',
        'name = { fr = "x", en = "x" }\nunit = "g/L"\nalso = { "g/dL" = "10" }\nplausible = [1, 2]\nworse = "low"',
        'name = { fr = "x", en = "x" }\nunit = "g/L"\nplausible = [1, 2]\nworse = "sideways"',
    ],
)
def test_an_entry_that_is_not_whole_is_refused(entry: str) -> None:
    """A unit of the same dimension has one factor, that of the units: a second one could differ."""
    with pytest.raises(ValueError, match=r"thing: unknown unit \[.+\] or worse"):
        measures.read(f"[thing]\n{entry}\n")


def test_an_entry_is_read_whole() -> None:
    """Numbers stay exact; a unit may be worth a fraction of ours."""
    text = """
        [sugar]
        name = { fr = "sucre", en = "sugar" }
        unit = "mmol/L"
        also = { "mg/dL" = "1/18.0182", "g/L" = "5.55" }
        plausible = [0.5, 60]
        worse = "both"
        ctcae."5.0" = { low = "Hypoglycemia", high = "Too sweet" }
    """
    found = measures.read(text).by_key["sugar"]
    assert (found.key, found.name, found.unit, found.worse) == ("sugar", {"fr": "sucre", "en": "sugar"}, "mmol/L", "both")
    assert found.also == {"mg/dL": (Decimal(1), Decimal("18.0182")), "g/L": (Decimal("5.55"), Decimal(1))}
    assert found.plausible == (Decimal("0.5"), Decimal(60))
    assert found.terms == {"5.0": {"low": "Hypoglycemia", "high": "Too sweet"}}
    assert [found.is_plausible(Decimal(end), "mmol/L") for end in ("0.4", "0.5", "60", "60.1")] == [False, True, True, False]
    bare = measures.read('[x]\nname = { fr = "x", en = "x" }\nunit = "g/L"\nplausible = [1, 2]\nworse = "low"').by_key["x"]
    assert (bare.also, bare.terms) == ({}, {})


def test_a_term_is_read_whatever_its_case_and_spaces() -> None:
    assert scales.measures().graded_by("  HYPERTENSION ", "5.0") == ("systolic", "diastolic")
    assert scales.measures().graded_by("platelet  count decreased", "5.0") == ("platelets",)
    assert scales.measures().graded_by("Platelet count decreased", "4.0") == ()
    assert scales.measures().key_of(" PLATELET  count decreased ") == "platelets"


def test_names_are_said_in_both_languages() -> None:
    assert all(measure.name.keys() == {"fr", "en"} and all(measure.name.values()) for measure in scales.measures().by_key.values())
