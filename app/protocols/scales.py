"""The grade tables of the library, read from its files and compiled once per process."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import triage
from triage.grading import composite, labs
from triage.grading import measures as registry
from triage.grading.composite import Instrument
from triage.grading.labs import LabTable
from triage.grading.measures import Measures

FOLDER = Path(triage.__file__).parent / "library" / "scales"
VERSIONS = ("5.0", "6.0")
"""CTCAE versions side by side. A protocol names its own; a grade keeps it."""


@cache
def lab_table(version: str, folder: Path = FOLDER) -> LabTable:
    """Laboratory and vital criteria of one CTCAE version. KeyError for a version that is not in the library."""
    if version not in VERSIONS:
        raise KeyError(version)
    return labs.read(*((folder / f"ctcae-{part}-{version}.csv").read_text(encoding="utf-8") for part in ("labs", "vitals")))


@cache
def instrument(folder: Path = FOLDER) -> Instrument:
    """PRO-CTCAE: items and composite table."""
    table, items = ((folder / f"pro-ctcae-{part}.csv").read_text(encoding="utf-8") for part in ("composite", "items"))
    return composite.read(table, items)


@cache
def measures(file: Path = FOLDER.parent / "measures.toml") -> Measures:
    """What may be measured: keys, names, units, plausible ranges, CTCAE terms."""
    return registry.read(file.read_text(encoding="utf-8"))


@cache
def ctcae_terms() -> tuple[str, ...]:
    """CTCAE terms the library names: those of the instrument and those graded by a number. CTCAE itself has many more."""
    numeric = {term.name for version in VERSIONS for term in lab_table(version).terms.values()}
    return tuple(sorted(numeric | {item.ctcae_term for item in instrument().items.values()}))


@cache
def french_terms(folder: Path = FOLDER) -> dict[str, str]:
    """The usual French name of each term, by its CTCAE name: our wording for reading (2026-11-23), not MedDRA's licensed translation."""
    with (folder / "ctcae-terms-fr.csv").open(encoding="utf-8", newline="") as file:
        return {row["term"]: row["fr"] for row in csv.DictReader(file)}


def term_in(term: str, language: str) -> str:
    """A term as this reader names it; one the library does not know stays as it was written. What is kept is always the CTCAE name."""
    return french_terms().get(term, term) if language == "fr" else term


def ctcae_term(written: str) -> str:
    """A term in the library's spelling when it knows it, in English or in French, as written otherwise."""
    plain = " ".join(written.split())
    named = {french.casefold(): term for term, french in reversed(french_terms().items())}
    known = {term.casefold(): term for term in ctcae_terms()}
    return known.get(plain.casefold()) or named.get(plain.casefold(), plain)
