"""vigie read-replies: replies in a file, read as the service reads them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import typer

from app.commands import console
from app.commands.replies import read_replies

HEADER = "lang,question_kind,reply_text"


@pytest.fixture
def tree() -> typer.Typer:
    """The command alone, named as people type it."""
    tree = typer.Typer()
    tree.callback()(lambda: None)
    tree.command()(read_replies)
    return tree


def written(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_each_row_gets_its_reading(tree: typer.Typer, tmp_path: Path) -> None:
    """Columns in any order, unknown ones carried through, rows in their order, real line breaks inside a reply."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        'note,reply_text,question_kind,lang\nfirst,"2\n1\n0",multi3_severity_0_4,fr\n,je crache du sang,none,fr\n', encoding="utf-8"
    )
    assert console.run(tree, ["read-replies", str(source), "--out", str(out)]) == 0
    rows = written(out)
    assert list(rows[0]) == ["note", "reply_text", "question_kind", "lang", "kind", "value", "must_escalate"]
    assert [(r["note"], r["kind"], r["value"], r["must_escalate"]) for r in rows] == [
        ("first", "answer", "2|1|0", "no"),
        ("", "danger", "bleeding", "urgent"),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("fr,severity_0_4", "row 3: 2 cells, expected 3"),
        ("fr,severity,2", "row 3: question_kind 'severity'"),
        ("xx,none,2", "row 3: lang 'xx'"),
    ],
)
def test_a_malformed_row_stops_everything(
    tree: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: str
) -> None:
    """Exit 2 with the row's number, and nothing is written."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"{HEADER}\nfr,severity_0_4,2\n{line}\n", encoding="utf-8")
    assert console.run(tree, ["read-replies", str(source), "--out", str(out)]) == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_bad_rows_may_be_left_out(tree: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--skip-bad lists them on standard error and reads the others."""
    source = tmp_path / "in.csv"
    source.write_text(f"{HEADER}\nfr,severity_0_4\nfr,severity_0_4,2\n", encoding="utf-8")
    assert console.run(tree, ["read-replies", str(source), "--out", "-", "--skip-bad"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{HEADER},kind,value,must_escalate\nfr,severity_0_4,2,answer,2,no\n"
    assert "row 2" in said.err


def test_a_file_without_its_columns_is_refused(tree: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the columns that are expected."""
    source = tmp_path / "in.csv"
    source.write_text("a,b\n1,2\n", encoding="utf-8")
    assert console.run(tree, ["read-replies", str(source), "--out", "-"]) == 2
    assert "reply_text" in capsys.readouterr().err
