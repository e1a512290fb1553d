"""CSV in, CSV out, the same for every clinical tool.

UTF-8, a header row, comma. Columns in any order; unknown ones are carried through; rows keep their order. Row 1 is the header.
`through(source, out, wanted, added, answer)` is the whole of a tool that answers row by row; one that groups rows uses `read` and `write`.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import typer

from app.commands.console import BadInput

Row = dict[str, str]
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
FURTHEST = 300
"""Powers of ten beyond which a number is taken for infinite, or for a slip."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""A day outside them is a slip, and calendars cannot count on from the last day there is."""
LONGEST_SHOWN = 60
"""Characters of a cell that a sentence repeats: an error is one readable line, also about a cell of a million digits."""


class BadRow(Exception):
    """A row that cannot be used; the sentence names the column, what stands there and what was expected."""


@dataclass(frozen=True)
class Table:
    """The header, and each data row with its number, or the sentence that says why it is not one. An absent optional column reads ''."""

    source: Path
    header: list[str]
    rows: list[tuple[int, Row | str]]


def read(source: Path, wanted: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """A CSV file, or standard input for ``-``. Raises BadInput when it is not one, or lacks a wanted column."""
    reader = csv.reader(io.StringIO(_text(source), newline=""), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise BadInput(f"{source}: row 1: not a CSV header: {error}") from error
    missing = [name for name in wanted if name not in header]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if missing or doubled:
        found = f"{'missing' if missing else 'more than once'}: {', '.join(missing or doubled)}"
        raise BadInput(f"{source}: row 1: expected each of {', '.join(wanted)} once as column names; {found}")
    return Table(source, header, list(_numbered(reader, header, [name for name in optional if name not in header])))


def _text(source: Path) -> str:
    """The file as it stands, its line ends too: a cell of two lines is carried through unchanged. A byte-order mark is no column's."""
    try:
        content = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}. Nothing was written") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{source}: line {line}: byte 0x{content[error.start]:02x} is not UTF-8. Save the file as CSV UTF-8. Nothing was written"
        ) from error


def _numbered(reader: Iterator[list[str]], header: list[str], absent: list[str]) -> Iterator[tuple[int, Row | str]]:
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
            yield number, dict.fromkeys(absent, "") | dict(zip(header, cells, strict=True))


def sound(table: Table, check: Callable[[Row], object], *, skip_bad: bool) -> list[tuple[int, Row]]:
    """The rows that pass the check (it raises BadRow). Raises BadInput on the first bad one, unless bad rows are listed and left out."""
    good: list[tuple[int, Row]] = []
    for number, row in table.rows:
        try:
            if isinstance(row, str):
                raise BadRow(row)
            check(row)
        except BadRow as problem:
            line = f"{table.source}: row {number}: {problem}"
            if not skip_bad:
                raise BadInput(f"{line}. Correct it, or use --skip-bad. Nothing was written") from problem
            typer.echo(f"vigie: {line} (left out)", err=True)
        else:
            good.append((number, row))
    return good


def write(out: Path, header: Sequence[str], added: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """A CSV file, or standard output for ``-``: the input's columns, then ours (in place where the input had one of that name)."""
    page = io.StringIO(newline="")
    writer = csv.DictWriter(page, [*header, *(name for name in added if name not in header)], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    if str(out) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(page.getvalue().encode())
        sys.stdout.buffer.flush()
        return
    try:
        out.write_text(page.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error}") from error


def through(
    source: Path,
    out: Path,
    *,
    wanted: Sequence[str],
    added: Sequence[str],
    answer: Callable[[Row], Mapping[str, str]],
    skip_bad: bool,
    optional: Sequence[str] = (),
) -> None:
    """Answer every row; nothing is written when one is bad. ``answer`` gives the added columns, or raises BadRow."""
    table = read(source, wanted, optional)
    answered: list[Row] = []

    def keep(row: Row) -> None:
        answered.append(row | dict(answer(row)))

    sound(table, keep, skip_bad=skip_bad)
    write(out, table.header, added, answered)


def number(row: Row, column: str, *, negative: bool = False) -> Decimal | None:
    """A decimal number of a cell, None when it is empty. Raises BadRow when it is not finite, or negative where that cannot be."""
    text = row[column].strip()
    if not text:
        return None
    if not NUMBER.fullmatch(text) or abs((found := Decimal(text)).adjusted()) > FURTHEST:
        raise BadRow(f"{column} {shown(text)}, expected a finite number such as 12.5")
    if found < 0 and not negative:
        raise BadRow(f"{column} {shown(text)}, expected zero or more")
    return found


def normal(row: Row) -> tuple[Decimal | None, Decimal | None]:
    """The limits of normal, lln and uln, None when empty. BadRow when they are the wrong way round: grading would leave both out."""
    lln, uln = number(row, "lln"), number(row, "uln")
    if lln is not None and uln is not None and lln > uln:
        raise BadRow(f"lln {shown(row['lln'].strip())} is above uln {shown(row['uln'].strip())}, expected the lower limit first")
    return lln, uln


def day(row: Row, column: str) -> date:
    """A day of a cell, 1900 to 2199. Raises BadRow when it is none."""
    text = row[column].strip()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadRow(f"{column} {shown(text)}, expected a day such as 2026-11-22") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise BadRow(f"{column} {shown(text)}, expected a day from {FIRST_DAY} to {LAST_DAY}")
    return found


def shown(text: str) -> str:
    """A cell as a sentence repeats it: quoted, and cut where it is long."""
    return repr(text) if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]!r}… ({len(text)} characters)"


def one_of(row: Row, column: str, words: Sequence[str]) -> str:
    """The word of a cell, one of a closed list ('' may be in it). Raises BadRow naming the list."""
    text = row[column].strip()
    if text not in words:
        raise BadRow(f"{column} {shown(text)}, expected one of {', '.join(word or '(empty)' for word in words)}")
    return text
