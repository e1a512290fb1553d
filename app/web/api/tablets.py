"""The JSON interface: tablets handed out, counted, and boxes with an electronic cap opened: three sources beside what the patient says."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.people import patients
from app.people.models import Patient
from app.people.perimeter import Viewer
from app.treatment import courses, supplies
from app.treatment.models import Course
from app.web.api import treatment
from app.web.api.doors import Caller, Id, person, router
from app.web.api.treatment import CapOpeningIn, CapOpeningOut, DispensingIn, DispensingOut, PillCountIn, PillCountOut
from app.web.deps import Now, Writes

__all__ = ["router"]


def _treated(session: Session, patient_id: int, who: Viewer) -> tuple[Patient, Course]:
    """The patient and the treatment that runs. Raises NotFound."""
    patient = patients.get(session, patient_id, viewer=who)
    course = courses.running(session, patient.id)
    if course is None:
        raise NotFound("This treatment")
    return patient, course


@router.post("/patients/{patient_id}/dispensings", status_code=201, summary="Record tablets handed out")
def record_dispensing(patient_id: Id, body: DispensingIn, who: Caller, session: Writes, now: Now) -> DispensingOut:
    """Keep what a pharmacy handed out for the running treatment. The two routes, town and hospital, feed one ledger."""
    by = person(session, who, body.by, "record_measure")
    patient, course = _treated(session, patient_id, who)
    row = supplies.dispense(
        session,
        supplies.medicine_of(course, body.medicine),
        patient,
        on_day=body.on_day,
        strength_mg=body.strength_mg,
        tablets=body.tablets,
        place=body.place,
        by=by.actor,
        now=now,
    )
    return treatment.dispensing(row)


@router.post("/patients/{patient_id}/pill-counts", status_code=201, summary="Record tablets counted")
def record_pill_count(patient_id: Id, body: PillCountIn, who: Caller, session: Writes, now: Now) -> PillCountOut:
    """Keep what is left in the boxes. It is set beside what the patient says; where they disagree, nobody is corrected."""
    by = person(session, who, body.by, "record_measure")
    patient, course = _treated(session, patient_id, who)
    left, gone = treatment.by_strength(body.tablets, "tablets"), treatment.by_strength(body.returned, "returned")
    medicine = supplies.medicine_of(course, body.medicine)
    row = supplies.count(
        session, medicine, patient, on_day=body.on_day, tablets=left, returned=gone, source=body.source, by=by.actor, now=now
    )
    return treatment.pill_count(row)


@router.post("/patients/{patient_id}/cap-openings", status_code=201, summary="Record an opening of an electronic cap")
def record_cap_opening(patient_id: Id, body: CapOpeningIn, who: Caller, session: Writes, now: Now) -> CapOpeningOut:
    """Keep when the box was opened. Said twice, it counts once. It is set beside the other sources and corrects none."""
    by = person(session, who, body.by, "record_measure")
    patient, course = _treated(session, patient_id, who)
    medicine = supplies.medicine_of(course, body.medicine)
    return treatment.cap_opening(supplies.cap_opened(session, medicine, patient, at=body.at, by=by.actor, now=now))
