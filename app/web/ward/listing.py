"""The page of the list: its head, its rows sent while they are made, and the panel of one of them beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.insight import today, worklist
from app.insight.worklist import Place, Row
from app.people import absences
from app.web import panel
from app.web.deps import Reads
from app.web.render import Page, StaffPage
from app.web.saying import Saying

router = APIRouter()

SCREENFUL, BATCH = 60, 120
"""Rows built before the first are sent, and at a time afterwards: a screen of rows is there while the others are read."""


@router.get("/")
def file(page: StaffPage, session: Reads, open: str = "") -> Response:  # noqa: A002  the address says open=
    """The list, with the panel of one row beside it."""
    if not page.viewer.may("see_alerts"):
        return page.page("no_list.html")
    shown = panel.of_key(page, session, open) if open else None
    if shown is not None and shown.patient is not None:
        panel.opened(page, shown.patient, "alert")
    beside = today.today(session, viewer=page.viewer, now=page.now)
    return page.stream("worklist.html", **_list(page, session), panel=shown, opened=open, today=beside)


@router.get("/list")
def rows(page: StaffPage, session: Reads) -> Response:
    """The list alone: what a screen asks for when something changed."""
    page.viewer.require("see_alerts")
    return page.stream("rows.html", **_list(page, session), opened="")


def _list(page: Page, session: Session) -> dict[str, Any]:
    places = worklist.places(session, viewer=page.viewer, now=page.now)
    me = page.who.staff_id if page.who else 0
    return {
        "rows": _built(page, places),
        "total": len(places),
        "counts": {level.word: n for level, n in worklist.counts(places).items()},
        "mine": sum(1 for place in places if place.items[0].kind == "alert" and place.items[0].owner_id == me),
        "saying": Saying(page),
        "stamp_of": panel.stamp_of,
        "death_of": absences.death,
    }


def _built(page: Page, places: Sequence[Place]) -> Iterator[Row]:
    """The rows of these places in order, read as the page needs them; no session is held between two readings."""
    begun = 0
    while begun < len(places):
        wanted = places[begun : begun + (BATCH if begun else SCREENFUL)]
        begun += len(wanted)
        with page.tools.database.reading() as session:
            found = worklist.rows(session, viewer=page.viewer, now=page.now, of=wanted)
        yield from found
