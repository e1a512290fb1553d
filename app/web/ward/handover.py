"""The handover: what this shift leaves, read and signed; the one that waits to be read; the last ones, kept as they were signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.insight import handover, leaving, teams, worklist
from app.insight.models import Handover, HandoverState, Part
from app.people.models import Patient, Service
from app.people.perimeter import visible_to
from app.web.coordinator import Typed, service_of
from app.web.deps import Id, Reads, Writes
from app.web.render import Page, StaffPage
from app.web.ward import wording

router = APIRouter()

NOTE = "note:"
"""Fields of the form: "note:patient:12", "note:all"."""


@router.get("/handover")
def show(page: StaffPage, session: Reads, said: str = "") -> Response:
    """What would be signed now, what waits to be read, the last ones."""
    page.viewer.require("see_alerts")
    return _shown(page, session, kept=said == "kept")


@router.post("/handover/notes")
def keep(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Keep the drafts as written; nobody is told."""
    handover.keep_notes(session, _notes(values), by=page.viewer, now=page.now)
    return page.go("/handover?said=kept")


@router.post("/handover")
def give(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Sign. What has changed since the page was read, or a colleague who was quicker, sends back to it; the notes are kept."""
    handover.keep_notes(session, _notes(values), by=page.viewer, now=page.now)
    service = service_of(session, page)
    since = handover.since_last(session, service, page.now)
    left = leaving.read(session, service, viewer=page.viewer, since=since, now=page.now)
    found = wording.sections(page, left)
    read = _read(values.get("since", ""))
    if read is None or (read == since and values.get("seal") != wording.seal(found)):
        return _shown(page, session, problem=page.say("handover.moved"))
    notes = handover.drafts(session, service.id)
    text = wording.body(page, left, found, notes, _names(page, session, notes))
    named = list(dict.fromkeys([*left.patients, *(note.patient_id for note in notes if note.patient_id is not None)]))
    try:
        given = handover.give(
            session,
            service,
            since=read,
            body=text,
            language=page.language,
            named=named,
            notes=notes,
            by=page.viewer,
            now=page.now,
        )
    except Conflict as refusal:
        return _shown(page, session, problem=page.refused(refusal))
    return page.go(f"/handover/{given.id}")


@router.get("/handover/{handover_id}")
def one(page: StaffPage, session: Reads, handover_id: Id) -> Response:
    """One handover as it was signed; whoever opens it reads the chart of everybody it names."""
    row = handover.get(session, handover_id, viewer=page.viewer)
    _opened(page, row.named)
    gives, takes = handover.signature(row, Part.GIVES), handover.signature(row, Part.TAKES)
    may_take = row.state == HandoverState.GIVEN and page.viewer.may("sign_handover") and (gives is None or gives.staff_id != _me(page))
    shown: dict[str, Any] = {"row": row, "gives": gives, "takes": takes, "may_take": may_take, "changes": _changes(page, session, row)}
    return page.page("handover_one.html", **shown)


@router.post("/handover/{handover_id}/take")
def take(page: StaffPage, session: Writes, handover_id: Id, values: Typed) -> Response:
    """The next signs it too, or says to have read it."""
    handover.take(session, handover_id, words=values.get("words", ""), by=page.viewer, now=page.now)
    return page.go(f"/handover/{handover_id}")


def head(page: Page, session: Session) -> list[str]:
    """One sentence for each handover that the reader's shift should have signed or read, for the head of the list."""
    service = session.get(Service, page.viewer.service_id) if page.viewer.service_id is not None else None
    if service is None or not page.viewer.may("sign_handover"):
        return []
    lapses = handover.lapses(session, service, page.now)
    return [lapse_said(page, lapse) for lapse in lapses if _me(page) in [person.id for person in lapse.people]]


def lapse_said(page: Page, lapse: handover.Lapse) -> str:
    """What was not signed or not read, since when, and who should have."""
    people = ", ".join(person.name for person in lapse.people) or page.say("handover.unread_nobody")
    giver = handover.signature(lapse.handover, Part.GIVES) if lapse.handover else None
    name = giver.staff_name if giver else ""
    return page.say(f"handover.{lapse.kind}", when=page.formats.stamp(lapse.since), people=people, name=name)


def _shown(page: Page, session: Session, *, kept: bool = False, problem: str = "") -> Response:
    service = service_of(session, page)
    since = handover.since_last(session, service, page.now)
    left = leaving.read(session, service, viewer=page.viewer, since=since, now=page.now)
    found, notes = wording.sections(page, left), handover.drafts(session, service.id)
    if not problem:  # after a problem the same person reads the same page: its opening is written down already
        _opened(page, left.patients)
    shown: dict[str, Any] = {
        "sections": found,
        "since": since,
        "since_shown": left.since,
        "changes": len(left.changed),
        "places": worklist.places(session, viewer=page.viewer, now=page.now),
        "teams": teams.around(session, service, page.now),
        "seal": wording.seal(found),
        "mine": {note.key: note.words for note in notes if note.by_id == _me(page)},
        "others": [note for note in notes if note.by_id != _me(page)],
        "loose": [note for note in notes if note.by_id == _me(page) and note.patient_id not in (None, *left.patients)],
        "names": _names(page, session, notes),
        "may_sign": page.viewer.may("sign_handover"),
        "together": handover.overlaps(session, service.id, _me(page), page.now),
        "lapses": [lapse_said(page, lapse) for lapse in handover.lapses(session, service, page.now)],
        "last": [(row, handover.signature(row, Part.GIVES), handover.signature(row, Part.TAKES)) for row in _last(session, service)],
        "me": _me(page),
        "kept": kept,
        "problem": problem,
    }
    return page.page("handover.html", 409 if problem else 200, **shown)


def _changes(page: Page, session: Session, row: Handover) -> int | None:
    """How much happened since this one was signed; None of one that a later one has followed."""
    service = service_of(session, page)
    if handover.since_last(session, service, page.now) != row.given_at:
        return None
    return len(leaving.read(session, service, viewer=page.viewer, since=row.given_at, now=page.now).changed)


def _last(session: Session, service: Service) -> list[Any]:
    return handover.last_ones(session, service.id)


def _me(page: Page) -> int:
    return page.who.staff_id if page.who else 0


def _notes(values: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(NOTE): words.replace("\r\n", "\n") for name, words in values.items() if name.startswith(NOTE)}


def _read(since: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _names(page: Page, session: Session, notes: list[Any]) -> dict[int, str]:
    wanted = {note.patient_id for note in notes} - {None}
    found = session.scalars(select(Patient).where(Patient.id.in_(wanted), visible_to(page.viewer)))
    return {patient.id: patient.full_name for patient in found}


def _opened(page: Page, named: list[int]) -> None:
    """Written in a transaction of its own: pages that look do not write."""
    if named:
        with page.tools.database.transaction() as session:
            handover.opened(session, named, by=page.viewer, now=page.now)
