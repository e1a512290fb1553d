"""vigie grade: composites and laboratory grades of a file, and what a malformed row does."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.commands.conftest import Run

ITEMS = """who,b,item_no,a,c
Ann,severe,9,Frequently,
Ben,,16,4,
Cal,,24,yes,
Dee,1.0,48,2.0,3
Eve,,3,0,
Fay,3,3,0,
Gus,,68,Prefer not to answer,
"""

Graded = Callable[..., list[dict[str, str]]]


@pytest.fixture
def graded(run: Run, tmp_path: Path) -> Graded:
    """Write a file, run a grader over it, read what it wrote."""

    def graded(kind: str, text: str, *flags: str) -> list[dict[str, str]]:
        source, out = tmp_path / "in.csv", tmp_path / "out.csv"
        source.write_text(text, encoding="utf-8")
        said = run("grade", kind, source, "--out", out, *flags)
        assert said.code == 0, said.err
        return list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))

    return graded


def test_composites_of_a_file(run: Run, tmp_path: Path) -> None:
    """Any column order, unknown columns carried through, rows in order, ours at the end."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(ITEMS, encoding="utf-8")
    assert run("grade", "pro-ctcae", source, "--out", out).code == 0
    assert out.read_text(encoding="utf-8") == (
        "who,b,item_no,a,c,a_score,b_score,c_score,composite,reason,contradiction\n"
        "Ann,severe,9,Frequently,,3,3,,3,,\n"
        "Ben,,16,4,,4,,,3,,\n"
        "Cal,,24,yes,,1,,,,presence item: the instrument gives it no composite,\n"
        "Dee,1.0,48,2.0,3,2,1,3,2,,\n"
        "Eve,,3,0,,0,,,,b is missing,\n"
        "Fay,3,3,0,,0,3,,0,,a is 0 and a later answer is not: ask again\n"
        "Gus,,68,Prefer not to answer,,,,,,a is not scored: Prefer not to answer,\n"
    )


def test_zero_imputation_is_asked_for(graded: Graded) -> None:
    row = graded("pro-ctcae", "item_no,a,b,c\n3,0,,\n", "--zero-impute")[0]
    assert (row["a_score"], row["b_score"], row["composite"], row["reason"]) == ("0", "0", "0", "")


LABS = """id,baseline_flag,baseline,uln,lln,unit,value,direction,term,ctcae_version
1,,,,,g/L,99,low,Anemia,5.0
2,,1.1,1.1,,mg/dL,3.3,,Creatinine increased,5.0
3,,,,,G/L,0.5,low,Neutrophil count decreased,6.0
4,,,,3.5,mmol/L,3.2,LOW,Hypokalemia,5.0
5,,,,,g/L,99,high,Anemia,5.0
6,High,,40,,U/L,300,high,Alanine aminotransferase increased,5.0
7,,,,,banana,99,low,Anemia,5.0
8,,,,,g/L,,low,Anemia,5.0
9,,,,,mm,3,low,Astonishment,5.0
"""


def test_laboratory_grades_of_a_file(graded: Graded) -> None:
    """An empty grade has its reason; a reason stands only there; what was supposed is said apart."""
    rows = graded("labs", LABS)
    assert [row["grade"] for row in rows] == ["2", "2", "2", "2", "", "", "", "", ""]
    assert all(bool(row["reason"]) is (row["grade"] == "") for row in rows)
    assert rows[3]["supposed"] == "the worst is supposed: without symptoms, grade 1"
    assert rows[4]["reason"] == "Anemia is graded low, not high"
    assert "baseline missing" in rows[5]["reason"]
    assert "unknown unit 'banana'" in rows[6]["reason"]
    assert rows[7]["reason"] == "value missing"
    assert "'Astonishment' is not a term" in rows[8]["reason"]


def test_blood_pressure_says_which(graded: Graded) -> None:
    rows = graded("labs", "ctcae_version,term,value,unit,measure\n5.0,Hypertension,100,mmHg,diastolic\n5.0,Hypertension,100,mmHg,\n")
    assert [row["grade"] for row in rows] == ["3", ""]


HEAD = "ctcae_version,term,value,unit,lln\n5.0,Anemia,99,g/L,\n"


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("labs", HEAD + "5.0,Anemia,99,g/L\n", "row 3: 4 cells, expected 5"),
        ("labs", HEAD + "4.0,Anemia,99,g/L,\n", "row 3: ctcae_version '4.0'"),
        ("labs", HEAD + "5.0,Anemia,nan,g/L,\n", "row 3: value 'nan'"),
        ("labs", HEAD + "5.0,Anemia,inf,g/L,\n", "row 3: value 'inf'"),
        ("labs", HEAD + "5.0,Anemia,1e999,g/L,\n", "row 3: value '1e999'"),
        ("labs", HEAD + "5.0,Anemia,-9,g/L,\n", "row 3: value '-9'"),
        ("labs", HEAD + "5.0,Anemia,low,g/L,\n", "row 3: value 'low'"),
        ("labs", HEAD + "5.0,Anemia,99,g/L,-1\n", "row 3: lln '-1'"),
        ("labs", "ctcae_version,term,value,lln,uln\n5.0,Anemia,9,11,11\n5.0,Anemia,9,16,12\n", "row 3: lln '16' is above uln '12'"),
        ("labs", 'ctcae_version,term,value,direction\n5.0,Anemia,"9,9",low\n', "row 2: value '9,9'"),
        ("labs", "ctcae_version,term,value,direction\n5.0,Anemia,9,down\n", "row 2: direction 'down'"),
        ("labs", "ctcae_version,term,value,baseline_flag\n5.0,Anemia,9,H\n", "row 2: baseline_flag 'h'"),
        ("labs", "ctcae_version,term,valeur\n5.0,Anemia,9\n", "row 1: expected each of ctcae_version, term, value once"),
        ("labs", "ctcae_version,term,value,value\n5.0,Anemia,9,9\n", "row 1: "),
        ("pro-ctcae", "item_no,a\n81,1\n", "row 2: item_no '81'"),
        ("pro-ctcae", "item_no,a\n0,1\n", "row 2: item_no '0'"),
        ("pro-ctcae", "item_no,a\nnine,1\n", "row 2: item_no 'nine'"),
        ("pro-ctcae", "item_no,a\n9,5\n", "row 2: a '5', expected a score from 0 to 4"),
        ("pro-ctcae", "item_no,a,b\n9,1,2.5\n", "row 2: b '2.5'"),
        ("pro-ctcae", f"item_no,a\n{'9' * 5000},1\n", "… (5000 characters), expected a whole number from 1 to 80"),
        ("pro-ctcae", "item_no,a\n9,NaN\n", "row 2: a 'NaN'"),
        ("pro-ctcae", "item_no,a\n9,-1\n", "row 2: a '-1'"),
        ("pro-ctcae", 'item_no,a\n9,"1\n', "row 2: not CSV"),
    ],
)
def test_a_malformed_row_stops_everything(run: Run, tmp_path: Path, kind: str, text: str, told: str) -> None:
    """Exit 2 with file, row and column, and nothing is written."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, encoding="utf-8")
    said = run("grade", kind, source, "--out", out)
    assert said.code == 2
    assert told in said.err
    assert "in.csv" in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert not out.exists()


def test_bad_rows_may_be_left_out_and_are_listed(run: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("item_no,a\n16,4\n81,1\n16,9\n16,Never\n", encoding="utf-8")
    said = run("grade", "pro-ctcae", source, "--out", out, "--skip-bad")
    assert said.code == 0
    assert [line.split(":")[2].strip() for line in said.err.strip().splitlines()] == ["row 3", "row 4"]
    assert [row["composite"] for row in csv.DictReader(io.StringIO(out.read_text(encoding="utf-8")))] == ["3", "0"]


def test_standard_input_and_output(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte order mark and accents survive; an empty file with a header gives a header."""
    text = "﻿ctcae_version,term,value,unit,nom\n5.0,Anemia,79,g/L,Zoé\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    said = run("grade", "labs", "-", "--out", "-")
    assert said.out == "ctcae_version,term,value,unit,nom,grade,reason,supposed\n5.0,Anemia,79,g/L,Zoé,3,,\n"


def test_a_second_run_replaces_its_own_columns(run: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("item_no,a\n16,4\n", encoding="utf-8")
    assert run("grade", "pro-ctcae", source, "--out", out).code == 0
    first = out.read_text(encoding="utf-8")
    assert run("grade", "pro-ctcae", out, "--out", out).code == 0
    assert out.read_text(encoding="utf-8") == first


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_of_another_encoding_is_refused_with_its_line_and_what_to_do(run: Run, tmp_path: Path, encoding: str) -> None:
    """A spreadsheet saves so unless it is told otherwise; a letter read wrongly could be a reply read wrongly."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes("item_no,a,nom\r\n16,4,Ann\r\n16,4,Zoé\r\n".encode(encoding))
    said = run("grade", "pro-ctcae", source, "--out", out)
    line = {"latin-1": "line 3: byte 0xe9", "utf-16": "line 1: byte 0xff"}[encoding]
    assert said.code == 2
    assert said.err == f"vigie: {source}: {line} is not UTF-8. Save the file as CSV UTF-8. Nothing was written\n"
    assert not out.exists()


def test_a_cell_of_two_lines_is_carried_through_as_it_stands(run: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b'item_no,a,note\r\n16,4,"one\r\ntwo"\r\n')
    assert run("grade", "pro-ctcae", source, "--out", out).code == 0
    assert b'"one\r\ntwo"' in out.read_bytes()


@pytest.mark.parametrize("missing", ["nowhere.csv", "."])
def test_a_file_that_cannot_be_read_or_written_is_said(run: Run, tmp_path: Path, missing: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text("item_no,a\n16,4\n", encoding="utf-8")
    assert run("grade", "pro-ctcae", tmp_path / missing, "--out", "-").code == 2
    said = run("grade", "pro-ctcae", source, "--out", tmp_path / "no" / "out.csv")
    assert said.code == 2
    assert "cannot be written" in said.err
