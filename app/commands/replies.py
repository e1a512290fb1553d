"""Replies from a file, read as the service would read them: CSV in, CSV out."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.commands.console import BadInput
from app.protocols.words import words
from triage import replies
from triage.terms import Asked, Kind

WANTED = ("lang", "question_kind", "reply_text")
ADDED = ("kind", "value", "must_escalate")
LANGUAGES = ("fr", "en", "rcf", "")
"""An empty cell is missing: every language is searched in any case, and a reply to nothing is read as such."""
Row = dict[str, str]


def read_replies(
    source: Annotated[Path, typer.Argument(metavar="IN", help="CSV with lang, question_kind and reply_text; - for standard input.")],
    out: Annotated[Path, typer.Option("--out", help="Where the CSV goes; - for standard output.")],
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out and list them on standard error.")] = False,
) -> None:
    """Read replies: adds kind, value and must_escalate to each row."""
    header, rows = _rows(source)
    lists, read = words(), []
    bad: list[str] = []
    for number, row in rows:
        problem = row if isinstance(row, str) else _problem(row)
        if problem or isinstance(row, str):
            bad.append(f"{source}: row {number}: {problem}")
            continue
        understood = replies.read(row["reply_text"], Asked(Kind(row["question_kind"] or "none")), row["lang"], lists)
        values = (understood.heard.value, understood.value, understood.escalate.value)
        read.append(row | dict(zip(ADDED, values, strict=True)))
    if bad and not skip_bad:
        raise BadInput(f"{bad[0]}. Correct it, or use --skip-bad. Nothing was written")
    for line in bad:
        typer.echo(f"vigie: {line} (left out)", err=True)
    _write(out, header, read)


def _rows(source: Path) -> tuple[list[str], Iterator[tuple[int, Row | str]]]:
    """The header, and each data row with its number (the header is row 1), or what is wrong with it."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig") if str(source) == "-" else source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{source} cannot be read as UTF-8 text: {error}") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise BadInput(f"{source}: row 1: not a CSV header: {error}") from error
    missing = [name for name in WANTED if name not in header]
    if missing or len(set(header)) < len(header):
        raise BadInput(
            f"{source}: row 1: expected each of {', '.join(WANTED)} once as column names; missing or doubled: {missing or header}"
        )
    return header, _numbered(reader, header)


def _numbered(reader: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, Row | str]]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield number, f"not CSV: {error}"
            continue
        if cells is None:
            return
        if not cells:
            continue  # an empty line, usually the last
        if len(cells) != len(header):
            yield number, f"{len(cells)} cells, expected {len(header)}"
        else:
            yield number, dict(zip(header, cells, strict=True))


def _problem(row: Row) -> str:
    if row["lang"] not in LANGUAGES:
        return f"lang {row['lang']!r}, expected one of {', '.join(LANGUAGES[:-1])}"
    kinds = [kind.value for kind in Kind]
    if row["question_kind"] not in ("", *kinds):
        return f"question_kind {row['question_kind']!r}, expected one of {', '.join(kinds)}"
    return ""


def _write(out: Path, header: list[str], rows: list[Row]) -> None:
    fields = [*header, *(name for name in ADDED if name not in header)]
    page = io.StringIO(newline="")
    writer = csv.DictWriter(page, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    if str(out) == "-":
        sys.stdout.write(page.getvalue())
        return
    try:
        out.write_text(page.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error}") from error
