"""Cyclone mode: begun and ended on the rota's page, and the sheet of whom to call before power goes."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from app.core.errors import Refusal
from app.insight import before_storm, handover
from app.people import storms
from app.treatment import days
from app.web.coordinator import Id, Typed, service_of
from app.web.deps import Reads, Writes
from app.web.patient.prescription import whole
from app.web.render import StaffPage
from app.web.rota import week
from app.web.ward.saying import Saying
from triage import calendar

router = APIRouter()


@router.get("/rota/storm")
def show(page: StaffPage, session: Reads) -> Response:
    """Whom to call, to print: until the mode's end, or for the hours it may last when none runs. Opening it opens every chart it names."""
    page.viewer.require("see_alerts")
    page.viewer.require("open_chart")
    service = service_of(session, page)
    running = storms.running(session, service.id, page.now)
    until = running.until_at if running else page.now + storms.LONGEST
    lines = before_storm.lines(session, viewer=page.viewer, now=page.now, until=until)
    with page.tools.database.transaction() as writing:
        named = [line.patient.id for line in lines if line.patient is not None]
        handover.opened(writing, named, by=page.viewer, now=page.now, where="storm")
    shown = [
        (line, days.together(line.course, calendar.local_day(page.now, line.patient.timezone)) if line.course and line.patient else None)
        for line in lines
    ]
    return page.page("rota/storm.html", lines=shown, running=running, until=until, saying=Saying(page), dose_on=days.dose_on)


@router.post("/rota/storm")
def begin(page: StaffPage, session: Writes, values: Typed) -> Response:
    """It runs from now on, or longer; or the rota again, every word kept, with the sentence beside its field."""
    try:
        storms.begin(session, hours=whole(values.get("hours", "")), reason=values.get("reason", ""), by=page.viewer, now=page.now)
    except Refusal as refusal:
        errors = page.field_errors(refusal)
        if not errors:
            raise
        session.rollback()
        return week.again(page, session, values, errors)
    return page.go("/rota?said=storm_begun#storm")


@router.post("/rota/storm/{storm_id}/end")
def end(page: StaffPage, session: Writes, storm_id: Id) -> Response:
    """It is over, before its hour."""
    storms.end(session, storm_id, by=page.viewer, now=page.now)
    return page.go("/rota?said=storm_ended#storm")
