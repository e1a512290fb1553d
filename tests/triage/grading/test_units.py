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


@pytest.mark.parametrize("written", ["", " ", "banana", "109/L", "10^9/M", "10^9", "m/uL", "G/DL", "/", "g/", "L", "10^100/L"])
def test_what_is_not_known_is_not_guessed(written: str) -> None:
    """109/L lost its power; m/uL may be thousands or millions; G/DL may be grams or billions."""
    assert units.read(written) is None
