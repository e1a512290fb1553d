"""The delays of one month, level by level, against the targets of the service: a page, and a file for a report (FR-16)."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.insight import delays
from app.insight.delays import Waited
from app.web.deps import Reads
from app.web.render import Page, StaffPage

router = APIRouter()

COLUMNS = ("target", "median", "p95", "over", "over_percent", "pending")
"""Of each of taken and acted in the file, each named with its unit. Median and p95 are empty while it has happened to none."""
SHEETS = {"fr": (";", ","), "en": (",", ".")}
"""What parts cells, and decimals, where a spreadsheet speaks this language: a French one opens commas as one column."""


@router.get("/delays")
def show(page: StaffPage, session: Reads, month: str = "") -> Response:
    """The month asked for, the running one unless told otherwise, and those that may be chosen."""
    offered = delays.months(session, viewer=page.viewer, now=page.now)
    chosen = month or offered[0]
    found = delays.lines(session, viewer=page.viewer, now=page.now, month=chosen)
    return page.page("rota/delays.html", delays=found, months=offered, month=chosen)


@router.get("/delays.csv")
def file(page: StaffPage, session: Reads, month: str = "") -> Response:
    """The same figures, one line a level, for whoever writes the report, in their language. It names nobody."""
    chosen = month or delays.months(session, viewer=page.viewer, now=page.now)[0]
    return Response(
        _written(session, page, chosen),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="delays-{chosen}.csv"', "cache-control": "no-store"},
    )


def _written(session: Session, page: Page, month: str) -> str:
    """Begins with a byte-order mark: without it a spreadsheet reads our accents as two letters."""
    say, (between, decimal) = page.say, SHEETS.get(page.language, SHEETS["en"])
    text = io.StringIO()
    out = csv.writer(text, delimiter=between, lineterminator="\n")
    named = [say(f"rota.file.{name}", what=say(f"rota.column.{what}")) for what in ("taken", "acted") for name in COLUMNS]
    out.writerow([*(say(f"rota.column.{name}") for name in ("month", "level", "count")), *named])
    for line in delays.lines(session, viewer=page.viewer, now=page.now, month=month):
        figures = [*_figures(line.taken, line.count), *_figures(line.acted, line.count)]
        out.writerow([line.month, say(f"level.{line.level}"), line.count, *(one.replace(".", decimal) for one in figures)])
    return "\ufeff" + text.getvalue()


def _figures(waited: Waited, count: int) -> list[str]:
    minutes = ["" if value is None else f"{value:.1f}" for value in (waited.median, waited.p95)]
    return [str(waited.target), *minutes, str(waited.over), f"{100 * waited.over / count:.1f}", str(waited.pending)]
