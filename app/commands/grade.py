"""Grades from a file, as the service would give them: CSV in, CSV out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.tables import BadRow, Row, normal, number, one_of, shown, through
from app.protocols import scales
from triage.grading import composite
from triage.grading.composite import LETTERS, Instrument
from triage.grading.labs import FLAGS

grade = typer.Typer(help="Grade answers or laboratory values of a CSV file.", no_args_is_help=True)

In = Annotated[Path, typer.Argument(metavar="IN", help="CSV file; - for standard input.")]
Out = Annotated[Path, typer.Option("--out", help="Where the CSV goes; - for standard output.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out and list them on standard error.")]

ITEMS = frozenset(str(number) for number in range(1, 81))
LIMITS = ("lln", "uln", "baseline")


@grade.command("pro-ctcae")
def pro_ctcae(
    source: In,
    out: Out,
    zero_impute: Annotated[bool, typer.Option("--zero-impute", help="A missing B or C becomes 0 when A is 0, as published.")] = False,
    skip_bad: SkipBad = False,
) -> None:
    """PRO-CTCAE composites from item_no, a, b, c (scores or English response words). Adds scores, composite, reason, contradiction."""
    instrument = scales.instrument()
    added = ("a_score", "b_score", "c_score", "composite", "reason", "contradiction")
    through(
        source,
        out,
        wanted=("item_no", "a"),
        optional=("b", "c"),
        added=added,
        answer=lambda row: dict(zip(added, _composite(instrument, row, zero_impute=zero_impute), strict=True)),
        skip_bad=skip_bad,
    )


def _composite(instrument: Instrument, row: Row, *, zero_impute: bool) -> list[str]:
    item_no = row["item_no"].strip()
    for letter in LETTERS:
        _response(row, letter)
    if not item_no:
        return ["", "", "", "", "item_no is missing", ""]
    whole = item_no.removesuffix(".0").lstrip("0")
    if whole not in ITEMS:
        raise BadRow(f"item_no {shown(item_no)}, expected a whole number from 1 to 80")
    item = instrument.items[int(whole)]
    found = composite.score_item(instrument, item, {letter: row[letter] for letter in LETTERS}, zero_impute=zero_impute)
    scores = [found.scores.get(letter) for letter in LETTERS]
    flag = "a is 0 and a later answer is not: ask again" if found.contradiction else ""
    return [*("" if value is None else str(value) for value in (*scores, found.value)), found.reason, flag]


def _response(row: Row, letter: str) -> None:
    """A word may be anything (an unknown one is missing, with its reason); a number is a score, 0 to 4."""
    text = row[letter].strip()
    try:
        float(text)
    except ValueError:
        return
    if (found := number(row, letter)) is not None and found not in (0, 1, 2, 3, 4):
        raise BadRow(f"{letter} {shown(text)}, expected a score from 0 to 4 or an English response")


@grade.command("labs")
def labs(source: In, out: Out, skip_bad: SkipBad = False) -> None:
    """CTCAE grades from ctcae_version, term, value, unit, lln, uln, baseline, baseline_flag. Adds grade, reason, supposed.

    A term this version does not grade by a number has no grade and its reason. Optional columns: direction, and measure where a term
    is graded by two (systolic or diastolic).
    """
    through(
        source,
        out,
        wanted=("ctcae_version", "term", "value"),
        optional=("direction", "unit", *LIMITS, "baseline_flag", "measure"),
        added=("grade", "reason", "supposed"),
        answer=_laboratory,
        skip_bad=skip_bad,
    )


def _laboratory(row: Row) -> Row:
    version = one_of(row, "ctcae_version", (*scales.VERSIONS, ""))
    direction = one_of(row | {"direction": row["direction"].casefold()}, "direction", ("low", "high", ""))
    flag = one_of(row | {"baseline_flag": row["baseline_flag"].casefold()}, "baseline_flag", FLAGS)
    value, (lln, uln) = number(row, "value"), normal(row)
    limits = {"lln": lln, "uln": uln, "baseline": number(row, "baseline")}
    missing = [name for name in ("ctcae_version", "term", "value") if not row[name].strip()]
    if missing or value is None:
        return _said(f"{' and '.join(missing)} missing")
    table = scales.lab_table(version)
    term = table.term(row["term"])
    if term is not None and direction not in ("", term.direction):
        return _said(f"{term.name} is graded {term.direction}, not {direction}")
    found = table.grade(row["term"].strip(), value, row["unit"], baseline_flag=flag, key=row["measure"].strip(), **limits)
    if found.grade is None:
        return _said(found.reason)
    return {"grade": str(found.grade), "reason": "", "supposed": found.reason}


def _said(reason: str) -> Row:
    return {"grade": "", "reason": reason, "supposed": ""}
