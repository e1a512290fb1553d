"""vigie adherence: figures from supplies in a file; every expected number counted by hand (FR-32)."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import typer

from app.commands import console
from app.commands.adherence import adherence

EVENTS = """date,patient,medicine,units_per_day,duration_days,pharmacy
2026-01-11,odette,capecitabine,2,14,town
2026-01-01,odette,capecitabine,2,14,hospital
2026-03-01,bernard,imatinib,1,30,town
2026-03-01,bernard,imatinib,1,30,town
2026-06-01,bernard,imatinib,1,30,town
2026-02-01,colette,lapatinib,1,30,town
2026-02-11,colette,tucatinib,1,30,town
2026-05-01,daniel,imatinib,1,,town
2026-05-01,elise,imatinib,1,30,town
,elise,imatinib,1,30,town
"""
"""Odette: two boxes of 14 days, on days 0 and 10. Bernard: two boxes on day 0, one on day 92. Colette: two medicines, days 0 and 10."""

IN = "note,measure,window_days,patient,window_start_day,days_on,days_off,hold_from_day,hold_days"

ROWS = [
    # note, measure, days, patient, start, on, off, hold from, hold days -> result, reason
    ("28 days of 42", "PDC,42,odette,0,,,,", "0.666667", ""),
    ("all 28 intake days of 14/7", "PDC_INTAKE_DAYS,42,odette,0,14,7,,", "1", ""),
    ("28 of 29", "PDC_INTAKE_DAYS,43,odette,0,14,7,,", "0.965517", ""),
    ("held days 7-13, two cycles: 21 due, 21 there", "PDC_INTAKE_DAYS,42,odette,0,14,7,7,7", "1", ""),
    ("held over the edge of the window: days 12-41 hold 2 and 12 of intake, 2 held", "PDC_INTAKE_DAYS,30,odette,12,14,7,10,4", "1", ""),
    ("held since day 0, nobody knows until when", "PDC_INTAKE_DAYS,42,odette,0,14,7,0,", "", "no intake day in the window"),
    ("a hold of no day", "PDC_INTAKE_DAYS,42,odette,0,14,7,5,0", "1", ""),
    ("rest week alone", "PDC_INTAKE_DAYS,7,odette,14,14,7,,", "", "no intake day in the window"),
    ("no schedule: every day", "PDC_INTAKE_DAYS,42,odette,0,,,,", "0.666667", ""),
    ("no rest", "PDC_INTAKE_DAYS,42,odette,0,28,0,,", "0.666667", ""),
    ("half a schedule is none", "PDC_INTAKE_DAYS,42,odette,0,14,,,", "", "days_on or days_off missing"),
    ("schedule and hold serve the intake days alone", "PDC,42,odette,0,14,7,0,42", "0.666667", ""),
    ("28 of 42", "MPR,42,odette,0,14,7,,", "0.666667", ""),
    ("the second box alone: 14 over days 10 to 19", "MPR,15,odette,5,,,,", "1.4", ""),
    ("capped", "MPR_CAPPED,15,odette,5,,,,", "1", ""),
    ("two boxes the same day: 60 of 92", "PDC,92,bernard,0,,,,", "0.652174", ""),
    ("30 carried into it, of 60", "PDC,60,bernard,30,,,,", "0.5", ""),
    ("used up", "PDC,30,bernard,60,,,,", "0", ""),
    ("no box in the window", "MPR,60,bernard,30,,,,", "", "no supply in the window"),
    ("the box of day 92 is outside: its day ends the window", "MPR,92,bernard,0,,,,", "0.652174", ""),
    ("one more day: 90 of 93", "MPR,93,bernard,0,,,,", "0.967742", ""),
    ("before his first box", "PDC,20,bernard,-30,,,,", "", "no supply before the end of the window"),
    ("30 of 60: the window opens a month early", "PDC,60,bernard,-30,,,,", "0.5", ""),
    ("intake days begin with the first box", "PDC_INTAKE_DAYS,60,bernard,-30,,,,", "1", ""),
    ("two medicines, one after the other", "PDC,60,colette,0,,,,", "1", ""),
    ("no day", "PDC,0,colette,0,,,,", "", "the window has no day"),
    ("no day", "MPR,0,colette,0,,,,", "", "no supply in the window"),
    ("nobody measured the box", "PDC,30,daniel,0,,,,", "", "a supply of unknown length"),
    ("nobody dated the box", "PDC,30,elise,0,,,,", "", "an event of this patient has no date"),
    ("unknown patient", "PDC,30,zoe,0,,,,", "", "no event of this patient"),
    ("no measure", ",30,odette,0,,,,", "", "measure missing"),
    ("no window", "PDC,,odette,,,,,", "", "window_start_day, window_days missing"),
]


@pytest.fixture
def tree() -> typer.Typer:
    """The command alone, named as people type it."""
    tree = typer.Typer()
    tree.callback()(lambda: None)
    tree.command()(adherence)
    return tree


def asked(tree: typer.Typer, folder: Path, lines: list[str], events: str = EVENTS, *more: str, header: str = IN) -> tuple[int, Path]:
    source, supplies, out = folder / "in.csv", folder / "events.csv", folder / "out.csv"
    source.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    supplies.write_text(events, encoding="utf-8")
    return console.run(tree, ["adherence", str(source), "--events", str(supplies), "--out", str(out), *more]), out


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_each_row_gets_its_figure(tree: typer.Typer, tmp_path: Path) -> None:
    """Columns in any order, unknown ones carried through, rows in their order, ours added at the end."""
    code, out = asked(tree, tmp_path, [f'"{note}",{cells}' for note, cells, *_ in ROWS])
    assert code == 0
    found = rows(out)
    assert list(found[0]) == [*IN.split(","), "result", "reason"]
    assert [(r["note"], r["result"], r["reason"]) for r in found] == [(note, result, reason) for note, _, result, reason in ROWS]


def test_the_optional_columns_may_be_absent(tree: typer.Typer, tmp_path: Path) -> None:
    code, out = asked(
        tree, tmp_path, ["odette,0,42,PDC", "odette,0,42,PDC_INTAKE_DAYS"], header="patient,window_start_day,window_days,measure"
    )
    assert (code, [r["result"] for r in rows(out)]) == (0, ["0.666667", "0.666667"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x,PDC,42,odette", "row 3: 4 cells, expected 9"),
        ("x,pdc,42,odette,0,,,,", "row 3: measure 'pdc', expected one of PDC, MPR"),
        ("x,PDC,-1,odette,0,,,,", "row 3: window_days '-1', expected zero or more"),
        ("x,PDC,4.5,odette,0,,,,", "row 3: window_days '4.5', expected whole days"),
        ("x,PDC,NaN,odette,0,,,,", "row 3: window_days 'NaN', expected a finite number"),
        ("x,PDC,42,odette,1e9,,,,", "row 3: window_start_day '1e9', expected whole days, at most 100000"),
        ("x,PDC,42,zoe,0,-14,7,,", "row 3: days_on '-14', expected zero or more"),
        ("x,MPR,42,odette,0,14,7,3,inf", "row 3: hold_days 'inf', expected a finite number"),
    ],
)
def test_a_malformed_row_stops_everything(
    tree: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: str
) -> None:
    """Exit 2 with the row's number, and nothing is written; also for a column that this measure would not use."""
    code, out = asked(tree, tmp_path, ["x,PDC,42,odette,0,,,,", line])
    assert (code, out.exists()) == (2, False)
    said = capsys.readouterr().err
    assert told in said and "in.csv" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("2026-02-30,odette,x,1,30,town", "row 3: date '2026-02-30', expected a day such as"),
        ("2026-02-03,odette,x,1,-30,town", "row 3: duration_days '-30', expected zero or more"),
        ("2026-02-03,odette,x,-1,30,town", "row 3: units_per_day '-1', expected zero or more"),
        ("2026-02-03,odette,x,1,1e300,town", "row 3: duration_days '1e300', expected at most 100000"),
        ("9999-12-31,odette,x,1,30,town", "row 3: date '9999-12-31', expected a day from 1900-01-01 to 2199-12-31"),
        ("2026-02-03,odette,x,1,thirty,town", "row 3: duration_days 'thirty', expected a finite number"),
        ("2026-02-03,odette", "row 3: 2 cells, expected 6"),
    ],
)
def test_a_malformed_event_stops_everything(
    tree: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str], event: str, told: str
) -> None:
    first, second = EVENTS.splitlines()[:2]
    code, out = asked(tree, tmp_path, ["x,PDC,42,odette,0,,,,"], "\n".join([first, second, event]) + "\n")
    assert (code, out.exists()) == (2, False)
    said = capsys.readouterr().err
    assert told in said and "events.csv" in said


def test_bad_rows_may_be_left_out_and_are_listed(tree: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["a,PDC,42,odette,0,,,,", "b,PDC,-1,odette,0,,,,", "c,MPR,42,odette,0,,,,"]
    code, out = asked(tree, tmp_path, lines, EVENTS + "2026-02-03,odette\n", "--skip-bad")
    assert (code, [r["note"] for r in rows(out)]) == (0, ["a", "c"])
    said = capsys.readouterr().err
    assert "events.csv: row 12: 2 cells, expected 6 (left out)" in said and "in.csv: row 3: window_days '-1'" in said


def test_a_missing_column_is_named(tree: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = asked(tree, tmp_path, ["odette,0"], header="patient,window_start_day")
    assert code == 2 and "window_days, measure" in capsys.readouterr().err


def test_one_standard_input_serves_one_file(tree: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
    assert console.run(tree, ["adherence", "-", "--events", "-", "--out", "-"]) == 2
    assert "cannot both be standard input" in capsys.readouterr().err
