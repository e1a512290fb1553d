"""The page of the list: its head, its rows sent while they are made, and the panel of one of them beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.insight import elsewhere, filtering, measures, returning, today, worklist
from app.insight.elsewhere import Ward
from app.insight.filtering import Filter
from app.insight.measures import Measures
from app.insight.models import ListMemory
from app.insight.returning import Since
from app.insight.today import Today
from app.insight.worklist import Place, Row
from app.people import members
from app.people.access_models import StaffSession
from app.people.models import Staff
from app.web.deps import Id, Reads, Writes
from app.web.patient.prescription import whole
from app.web.render import Page, StaffPage
from app.web.ward import handover as passing
from app.web.ward import panel
from app.web.ward.saying import Saying

router = APIRouter()

SCREENFUL, BATCH = 30, 120
"""Rows built before the first are sent, and at a time afterwards: a screen of rows is there while the others are read."""


@dataclass(frozen=True)
class Listed:
    """What stands on the list as its reader asked for it. ``rows`` are read while they are sent.

    total: rows shown, things: what is open in them; everything: rows without the filter. urgent_outside: urgent rows that it leaves out.
    mine: rows whose alert is the reader's. lapses: handovers that their shift should have signed or read.
    """

    rows: Iterator[Row]
    total: int
    everything: int
    things: int
    urgent_outside: Sequence[Row]
    filter: Filter
    address: str
    wards: Sequence[Ward]
    programmes: Sequence[str]
    owners: Sequence[Staff]
    counts: Mapping[str, int]
    measures: Measures
    since: Since | None
    mine: int
    lapses: Sequence[str]


@router.get("/")
def file(page: StaffPage, session: Reads, open: str = "") -> Response:  # noqa: A002  the address says open=
    """The list, with the panel of one row beside it, filtered as asked or as this person left it."""
    if not page.viewer.may("see_alerts"):
        return page.page("no_list.html")
    memory = returning.memory_of(session, page.viewer)
    wanted = _wanted(page)
    if wanted is None and memory is not None and memory.filters:
        return page.go("/?" + urlencode({**memory.filters, **({"open": open} if open else {})}))
    memory = _remember(page, memory, wanted)
    shown = panel.of_key(page, session, open) if open else None
    if shown is not None and shown.patient is not None:
        panel.opened(page, shown.patient, "alert")
    read = partial(_listed, page, wanted or Filter(), memory)
    return page.stream("worklist.html", read=read, read_today=partial(_today, page), panel=shown, opened=open, saying=Saying(page))


@router.get("/list")
def rows(page: StaffPage, session: Reads) -> Response:
    """The list alone: what a screen asks for when something changed."""
    page.viewer.require("see_alerts")
    memory = _remember(page, returning.memory_of(session, page.viewer), None)
    return page.stream("rows.html", listed=_listed(page, _wanted(page) or Filter(), memory), opened="", saying=Saying(page))


@router.post("/list/read")
def read(page: StaffPage, session: Writes) -> Response:
    """What happened while this person was away has been read; whoever acts on nothing has nothing to put away."""
    page.viewer.require("act_on_alerts")
    returning.read(session, page.viewer)
    return page.go("/")


@router.post("/list/service")
def choose_service(page: StaffPage, session: Writes, service_id: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Another service of this person's, on every tab of this browser; each list keeps its own filter, and since when it was left."""
    page.viewer.require("see_alerts")
    browser = session.get_one(StaffSession, page.who.session_id if page.who else 0)
    members.choose(session, browser, whole(service_id) or 0, by=page.viewer.actor, now=page.now)
    return page.go("/")


@router.get("/patients/{patient_id}/open")
def opened(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """What is open for a patient who has neither alert nor task: planned calls, answers to be told."""
    page.viewer.require("see_alerts")
    shown = panel.of_key(page, session, f"patient:{patient_id}")
    if shown is None or shown.patient is None:
        return page.go(f"/patients/{patient_id}")
    panel.opened(page, shown.patient, "alert")
    return page.page("panel.html" if page.is_fragment else "alert.html", panel=shown)


def _me(page: Page) -> int:
    return page.who.staff_id if page.who else 0


def _wanted(page: Page) -> Filter | None:
    """The filter of the address; None when it says nothing of one."""
    asked = page.request.query_params
    return filtering.read(asked) if "owner" in asked or "programme" in asked else None


def _remember(page: Page, memory: ListMemory | None, wanted: Filter | None) -> ListMemory | None:
    """That this person looks at the list, and how they filter it, in a short transaction of its own; nothing to write costs nothing."""
    changed = wanted is not None and wanted.kept != (memory.filters if memory else {})
    if not changed and not returning.stale(memory, page.now):
        return memory
    with page.tools.database.transaction() as session:
        if wanted is not None and changed:
            returning.remember(session, page.viewer, wanted.kept, page.now)
        else:
            returning.looked(session, page.viewer, page.now)
        return returning.memory_of(session, page.viewer)


def _listed(page: Page, wanted: Filter, memory: ListMemory | None) -> Listed:
    with page.tools.database.reading() as session:
        return _read(page, session, wanted, memory)


def _today(page: Page) -> Today | None:
    with page.tools.database.reading() as session:
        return today.today(session, viewer=page.viewer, now=page.now)


def _read(page: Page, session: Session, wanted: Filter, memory: ListMemory | None) -> Listed:
    places = worklist.places(session, viewer=page.viewer, now=page.now)
    part = filtering.part(session, places, wanted, viewer=page.viewer, now=page.now)
    me = _me(page)
    return Listed(
        rows=_built(page, part.shown),
        total=len(part.shown),
        everything=part.total,
        things=sum(place.count for place in part.shown),
        urgent_outside=worklist.rows(session, viewer=page.viewer, now=page.now, of=part.urgent_outside),
        filter=wanted,
        address="/list" + (f"?{urlencode(wanted.kept)}" if wanted.is_on else ""),
        wards=elsewhere.wards(session, page.viewer),
        programmes=filtering.programmes(session, page.viewer),
        owners=filtering.owners(session, page.viewer),
        counts={level.word: n for level, n in worklist.counts(places).items()},
        measures=measures.of_day(session, places, viewer=page.viewer, now=page.now),
        since=returning.since(session, memory, viewer=page.viewer),
        mine=sum(1 for place in places if place.items[0].kind == "alert" and place.items[0].owner_id == me),
        lapses=passing.head(page, session),
    )


def _built(page: Page, places: Sequence[Place]) -> Iterator[Row]:
    """The rows of these places in order, read as the page needs them; no session is held between two readings."""
    begun = 0
    while begun < len(places):
        wanted = places[begun : begun + (BATCH if begun else SCREENFUL)]
        begun += len(wanted)
        with page.tools.database.reading() as session:
            found = worklist.rows(session, viewer=page.viewer, now=page.now, of=wanted)
        yield from found
