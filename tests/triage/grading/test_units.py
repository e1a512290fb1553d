"""Units as laboratories write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from triage.grading import units


@pytest.mark.parametrize(
    ("written", "scale", "factor"),
    [
        ("G/L", "10*9/L", "1"),
        ("G/l", "10*9/L", "1"),
        ("Giga/L", "10*9/L", "1"),
        ("10^9/L", "10*9/L", "1"),
        ("10⁹/L", "10*9/L", "1"),
        ("x 10^9 / L", "10*9/L", "1"),
        ("× 10e9/l", "10*9/L", "1"),
        ("10^3/µL", "10*9/L", "1"),
        ("10³/mm³", "10*9/L", "1"),
        ("K/uL", "10*9/L", "1"),
        ("1000/mm3", "10*9/L", "1"),
        ("/mm3", "10*9/L", "0.001"),
        ("/µL", "10*9/L", "0.001"),
        ("/μL", "10*9/L", "0.001"),
        ("cells/mcL", "10*9/L", "0.001"),
        ("10^3/mL", "10*9/L", "0.001"),
        ("10^6/L", "10*9/L", "0.001"),
        ("T/L", "10*9/L", "1000"),
        ("g/L", "g/dL", "0.1"),
        ("g/100 mL", "g/L", "10"),
        ("MG/DL", "mg/dL", "1"),
        ("mg/L", "mg/dL", "0.1"),
        ("µmol/L", "mmol/L", "0.001"),
        ("μmol/l", "umol/L", "1"),
        ("MMOL/L", "mmol/L", "1"),
        ("UI/l", "U/L", "1"),
        ("mU/mL", "U/L", "1"),
        ("g/24 h", "g/24h", "1"),
        ("mg/j", "g/24h", "0.001"),
        ("mg/g", "g/g", "0.001"),
        ("s", "ms", "1000"),
        ("mm Hg", "mm[Hg]", "1"),
        ("lb", "kg", "0.45359237"),
        ("mL/mn", "mL/min", "1"),
    ],
)
def test_a_unit_is_worth_exactly(written: str, scale: str, factor: str) -> None:
    assert units.factor(written, scale) == Decimal(factor)


@pytest.mark.parametrize(
    ("written", "scale"),
    [("g/L", "10*9/L"), ("G/L", "g/L"), ("mg/dL", "mmol/L"), ("mEq/L", "mmol/L"), ("°C", "[degF]"), ("U/L", "ukat/L"), ("g", "g/L")],
)
def test_what_measures_something_else_has_no_factor(written: str, scale: str) -> None:
    assert units.read(written) is not None
    assert units.factor(written, scale) is None


VOLUMES = {"L": 0, "dL": 1, "100mL": 1, "cL": 2, "mL": 3, "uL": 6, "mm3": 6, "nL": 9}
"""How many of them in a litre, in powers of ten."""
PREFIXES = {"": 0, "m": -3, "u": -6, "n": -9, "p": -12}

EVERY: list[tuple[str, str, str]] = [
    # spellings, dimension, worth in powers of ten of its base for a litre and no prefix
    *((f"{prefix}g/{v}", "mass", f"1e{p + n}") for prefix, p in PREFIXES.items() for v, n in VOLUMES.items()),
    *((f"{prefix}mol/{v}", "amount", f"1e{p + n + 3}") for prefix, p in PREFIXES.items() for v, n in VOLUMES.items()),
    *((f"{prefix}{u}/L", "enzyme", f"1e{p}") for prefix, p in PREFIXES.items() for u in ("U", "IU", "UI")),
    *((f"U/{v}", "enzyme", f"1e{n}") for v, n in VOLUMES.items()),
    *((f"{prefix}kat/{v}", "katal", f"1e{p + n}") for prefix, p in PREFIXES.items() for v, n in VOLUMES.items()),
    *((f"{prefix}{eq}/dL", "charge", f"1e{p + 4}") for prefix, p in PREFIXES.items() for eq in ("Eq", "val")),
    *((f"{cell}/{v}", "count", f"1e{n - 9}") for cell in ("", "cells", "cell", "cellules", "elements") for v, n in VOLUMES.items()),
    *((f"{word}/uL", "count", f"1e{n + 6 - 9}") for word, n in (("K", 3), ("k", 3), ("1000", 3), ("M", 6), ("T", 12), ("Tera", 12))),
    *((f"{word}/L", "count", "1") for word in ("G", "Giga", "giga", "Gpt")),
    *((f"{prefix}M", "amount", f"1e{p + 3}") for prefix, p in PREFIXES.items()),
    *((f"mg/{a_day}", "mass a day", "0.001") for a_day in ("24h", "24hr", "24hrs", "d", "day", "j", "jour")),
    *((f"{prefix}g/g", "ratio of masses", f"1e{p}") for prefix, p in PREFIXES.items()),
    *((f"{prefix}g/mg", "ratio of masses", f"1e{p + 3}") for prefix, p in PREFIXES.items()),
    *((name, "temperature C", "1") for name in ("Cel", "°C", "ºC", "℃", "C", "degC", "celsius", "Celsius")),
    *((name, "temperature F", "1") for name in ("[degF]", "°F", "F", "degF", "fahrenheit", "Fahrenheit")),
    *((name, "pressure", "1") for name in ("mm[Hg]", "mmHg", "mmhg", "mmHG", "MMHG", "mm Hg")),
    *((name, "flow", "1") for name in ("mL/min", "mL/mn")),
    *((name, "ratio", "1") for name in ("ratio", "{INR}", "INR", "1", "{ratio}")),
    ("%", "percent", "1"),
    *((name, "pulse", "1") for name in ("/min", "/mn", "bpm", "BPM", "{beats}/min", "bat/min", "batt/min")),
    *((name, "pulse", "1") for name in ("battements/min", "puls/min", "pulsations/min")),
    *((name, "per day", "1") for name in ("/d", "/day", "/24h", "/j", "/jour", "{count}", "selles/j", "selles/24h")),
    *((name, "per day", "1") for name in ("stools/d", "stools/day", "stools/24h")),
    *((name, "crosses", "1") for name in ("dipstick", "{dipstick}", "+", "crosses")),
    ("ms", "time", "1"),
    ("msec", "time", "1"),
    ("s", "time", "1000"),
    *((name, "weight", "1") for name in ("kg", "Kg", "KG", "kgs", "kilo", "kilos")),
    ("g", "weight", "0.001"),
    *((pound, "weight", "0.45359237") for pound in ("[lb_av]", "lb", "lbs")),
]


def test_every_spelling_has_its_dimension_and_its_worth() -> None:
    expected = {written: units.Unit(dimension, Decimal(worth)) for written, dimension, worth in EVERY}
    assert {written: units.read(written) for written in expected} == expected


@pytest.mark.parametrize("written", ["", " ", "banana", "109/L", "10^9/M", "10^9", "m/uL", "G/DL", "/", "g/", "L", "10^100/L"])
def test_what_is_not_known_is_not_guessed(written: str) -> None:
    """109/L lost its power; m/uL may be thousands or millions; G/DL may be grams or billions."""
    assert units.read(written) is None


@pytest.mark.parametrize(
    ("unit", "alone"),
    [("mm[Hg]", True), ("Cel", True), ("%", True), ("/min", True), ("kg", False), ("10*9/L", False), ("ms", False), ("banana", False)],
)
def test_a_unit_is_alone_when_no_other_can_be_meant(unit: str, alone: bool) -> None:
    """Kilograms have pounds beside them, and a count its thousands: an empty unit would be a guess."""
    assert units.is_alone(unit) is alone
