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

COLUMNS = ("target_min", "median_min", "p95_min", "over", "over_percent", "pending")
"""Of each of taken and acted in the file. median_min and p95_min are empty while it has happened to none."""


@router.get("/delays")
def show(page: StaffPage, session: Reads, month: str = "") -> Response:
    """The month asked for, the running one unless told otherwise, and those that may be chosen."""
    offered = delays.months(session, viewer=page.viewer, now=page.now)
    chosen = month or offered[0]
    found = delays.lines(session, viewer=page.viewer, now=page.now, month=chosen)
    return page.page("rota/delays.html", delays=found, months=offered, month=chosen)


@router.get("/delays.csv")
def file(page: StaffPage, session: Reads, month: str = "") -> Response:
    """The same figures, one line a level, for whoever writes the report. Counts only: it names nobody."""
    chosen = month or delays.months(session, viewer=page.viewer, now=page.now)[0]
    return Response(
        _written(session, page, chosen),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="delays-{chosen}.csv"', "cache-control": "no-store"},
    )


def _written(session: Session, page: Page, month: str) -> str:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["month", "level", "alerts", *(f"{what}_{name}" for what in ("taken", "acted") for name in COLUMNS)])
    for line in delays.lines(session, viewer=page.viewer, now=page.now, month=month):
        out.writerow([line.month, line.level, line.count, *_figures(line.taken, line.count), *_figures(line.acted, line.count)])
    return text.getvalue()


def _figures(waited: Waited, count: int) -> list[str]:
    minutes = ["" if value is None else f"{value:.1f}" for value in (waited.median, waited.p95)]
    return [str(waited.target), *minutes, str(waited.over), f"{100 * waited.over / count:.1f}", str(waited.pending)]
