"""One printed page of one patient: identity, treatment and day, what is open, the twelve weeks, the last measures, whom to call."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from app.people import patients
from app.web.deps import Id, Reads
from app.web.patient import chart_data, head
from app.web.render import StaffPage
from app.web.ward.panel import opened

router = APIRouter()


@router.get("/patients/{patient_id}/print")
def show(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """The sheet as it will be printed; printing is told in the trail like any opening."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "print")
    return page.page("printed.html", **head.of(page, session, patient, chart_data.last_heard(session, patient)))
