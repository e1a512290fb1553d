"""The page that asks before a stay ends, and the one that opens an ended stay again: a slip of the finger changes nothing."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.checkins.rhythm import agenda, staying
from app.core.errors import Refusal
from app.people import patients, stays
from app.people.models import Patient
from app.web.coordinator import Id, Typed
from app.web.deps import Reads, Writes
from app.web.render import Page, StaffPage
from app.web.ward.saying import Saying

router = APIRouter()
ENDED = "stay"


@router.get("/patients/{patient_id}/stays/{absence_id}")
def show(page: StaffPage, session: Reads, patient_id: Id, absence_id: Id) -> Response:
    """What the stay is, and what ending it, or opening it again, would do."""
    page.viewer.require("record_absence")
    return _page(page, session, patients.get(session, patient_id, viewer=page.viewer), absence_id, {}, {})


@router.post("/patients/{patient_id}/stays/{absence_id}")
def change(page: StaffPage, session: Writes, patient_id: Id, absence_id: Id, values: Typed) -> Response:
    """End it, or open it again; or the page with a sentence beside each field and everything typed still there."""
    page.viewer.require("record_absence")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    by, reason = page.viewer.actor, values.get("reason", "")[:2000]
    try:
        if values.get("again"):
            staying.reopen(session, patient, absence_id, reason=reason, by=by, now=page.now)
        else:
            said_by = values.get("said_by", "")[:200]
            staying.end(session, patient, absence_id, how=values.get("how", ""), reason=reason, said_by=said_by, by=by, now=page.now)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        return _page(page, session, patients.get(session, patient_id, viewer=page.viewer), absence_id, values, told)
    return page.go(f"/patients/{patient.id}?noted={ENDED}#noted")


def _page(page: Page, session: Session, patient: Patient, absence_id: int, values: dict[str, str], errors: dict[str, str]) -> Response:
    return page.page(
        "stay.html",
        422 if errors else 200,
        patient=patient,
        stay=stays.get(session, patient, absence_id),
        next_checkin=agenda.next_planned(session, patient.id),
        saying=Saying(page),
        values=values,
        errors=errors,
    )
