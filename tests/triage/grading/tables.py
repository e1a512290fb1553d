"""Tables read again by the test that speaks of them: one that is kept from an earlier test would hide a mistake in how it is read."""

from __future__ import annotations

from functools import cache

from app.protocols import scales
from triage.grading import labs
from triage.grading.labs import LabTable


@cache
def texts(version: str) -> tuple[str, ...]:
    """The two CSV files of a version."""
    return tuple((scales.FOLDER / f"ctcae-{part}-{version}.csv").read_text(encoding="utf-8") for part in ("labs", "vitals"))


def fresh(version: str) -> LabTable:
    """The criteria of one CTCAE version, read now."""
    return labs.read(*texts(version))
