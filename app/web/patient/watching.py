"""The prescription of the watching of one patient: what holds, until when, renewing it, striking one through (FR-10)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins.rhythm import watched
from app.core.errors import FieldErrors
from app.people import members, patients, watching
from app.people.models import Patient, Role, Staff
from app.people.watching import Phase
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.patient import enrolment, prescribed, prescription
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from triage import calendar

router = APIRouter()


@router.get("/patients/{patient_id}/watching")
def show(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """Every prescription, those struck through too, and the form of the next one."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "watching")
    return _page(page, session, patient, {}, {})


@router.post("/patients/{patient_id}/watching")
def record(page: StaffPage, session: Writes, patient_id: Id, values: Typed) -> Response:
    """Prescribed or renewed, or the form again with a sentence beside each field and everything typed still there."""
    page.viewer.require("enrol")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    try:
        enrolment.kept(values.get("conditions", ""), "conditions")
        asked = prescribed.read(values, prescription.whole(values.get("prescriber_id", "")))
        watched.record(session, patient, asked, by=page.viewer.actor, now=page.now)
    except FieldErrors as refusal:
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        return _page(page, session, patient, values, page.field_errors(refusal))
    return page.go(f"/patients/{patient.id}/watching")


@router.post("/patients/{patient_id}/watching/{watching_id}/strike")
def strike(page: StaffPage, session: Writes, patient_id: Id, watching_id: Id, values: Typed) -> Response:
    """Struck through with a reason; the line stays."""
    page.viewer.require("enrol")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    try:
        reason = enrolment.kept(values.get("reason", "")[:2000], "reason")
        watched.strike(session, patient, watching_id, reason=reason, by=page.viewer.actor, now=page.now)
    except FieldErrors as refusal:
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        told = {f"strike_{watching_id}": said for said in page.field_errors(refusal).values()}
        return _page(page, session, patient, {f"strike_{watching_id}": values.get("reason", "")}, told)
    return page.go(f"/patients/{patient.id}/watching")


def _page(page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str]) -> Response:
    rows = watching.of_patient(session, patient.id)
    doctors = select(Staff).where(members.belongs(patient.service_id), Staff.role == Role.ONCOLOGIST, Staff.active)
    stands = watching.standing(rows, calendar.local_day(page.now, patient.timezone))
    return page.page(
        "watching.html",
        422 if errors else 200,
        patient=patient,
        rows=rows,
        stands=stands,
        activities=watching.activities(),
        choices=[(one.key, one.title[page.language]) for one in watching.activities().values()],
        doctors=[(str(one.id), one.name) for one in session.scalars(doctors.order_by(Staff.name))],
        values={**_next(page, session, patient, stands.phase), **values},
        errors=errors,
    )


def _next(page: Page, session: Session, patient: Patient, phase: Phase) -> dict[str, str]:
    """What the form of the next prescription proposes: the same again, from the day after, for as long as may be."""
    rows = [row for row in watching.of_patient(session, patient.id) if row.removed_at is None]
    today = calendar.local_day(page.now, patient.timezone)
    last = watching.standing(rows, today).last_day
    first = today if last is None or phase is Phase.OVER else watching.day_after(last)
    weight = watched.last_weight(session, patient.id)
    return {
        "prescriber_id": str(patient.oncologist_id),
        "activity": rows[0].activity if rows else "",
        "conditions": rows[0].conditions if rows else "",
        "from_day": first.isoformat(),
        "until_day": watching.longest_from(first).isoformat(),
        "weight_kg": "" if weight is None else page.formats.number(weight),
    }
