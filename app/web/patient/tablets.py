"""The tablets of one patient: what was said, handed out and counted; a nurse or a pharmacist adds a box, a count, a cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import patients
from app.people.models import Patient
from app.treatment import courses, days, figures, intakes, supplies
from app.treatment.days import Medicine
from app.treatment.figures import Figures
from app.treatment.models import Course
from app.web.coordinator import Id, Typed
from app.web.deps import Reads, Writes
from app.web.patient import chart_data, prescription
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying
from triage.adherence import CAUSES, DEFINITIONS

router = APIRouter()


def figures_of(session: Session, medicine: Medicine | None, patient: Patient, now: datetime) -> dict[str, Any]:
    """What the adherence block needs: the figures, None without treatment, and what each means."""
    today = chart_data.local_day(patient, now)
    found: Figures | None = figures.of(session, medicine, zone=patient.timezone, today=today) if medicine else None
    return {"figures": found, "definitions": DEFINITIONS}


@router.get("/patients/{patient_id}/tablets")
def tablets(page: StaffPage, session: Reads, patient_id: Id, medicine: str = "") -> Response:
    """The figures of one medicine, its ledger of boxes and counts, and what may be added."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "tablets")
    return _page(page, session, patient, {"medicine": medicine[:80]}, {})


@router.post("/patients/{patient_id}/tablets/{act}")
def add(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """A box, a count or a cause; or the same page with a sentence beside each field and everything typed still there."""
    page.viewer.require("record_measure")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    course = courses.running(session, patient.id)
    if course is None or act not in _ACTS:
        raise NotFound("This treatment")
    try:
        _ACTS[act](session, page, patient, course, values)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        typed = {"medicine": values.get("medicine", "")} | {f"{act}_{name}": text for name, text in values.items()}
        return _page(page, session, patient, typed, {f"{act}_{name}": said for name, said in told.items()})
    return page.go(f"/patients/{patient.id}/tablets?{urlencode({'medicine': values.get('medicine', '')})}")


def _box(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    supplies.dispense(
        session,
        supplies.medicine_of(course, values.get("medicine", "")),
        patient,
        on_day=prescription.day(values.get("on_day", "")),
        strength_mg=prescription.decimal(values.get("strength_mg", "")),
        tablets=prescription.whole(values.get("tablets", "")),
        place=values.get("place", ""),
        by=page.viewer.actor,
        now=page.now,
    )


def _count(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    """One pair of fields per strength known; an empty one was not counted."""
    left, gone = _by_strength(values, "tablets"), _by_strength(values, "returned")
    supplies.count(
        session,
        supplies.medicine_of(course, values.get("medicine", "")),
        patient,
        on_day=prescription.day(values.get("on_day", "")),
        tablets=left,
        returned=gone,
        source=values.get("source", ""),
        by=page.viewer.actor,
        now=page.now,
    )


def _by_strength(values: dict[str, str], name: str) -> dict[Decimal, int]:
    found: dict[Decimal, int] = {}
    for field, text in values.items():
        strength = prescription.decimal(field.removeprefix(f"{name}_")) if field.startswith(f"{name}_") else None
        if strength is not None and text.strip():
            number = prescription.whole(text)
            if number is None:
                raise FieldErrors({name: supplies.MANY})
            found[strength] = number
    return found


def _cause(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    number = prescription.whole(values.get("report", ""))
    row = next((one for one in intakes.standing(session, course.id) if one.id == number), None)
    if row is None:
        raise NotFound("This treatment")
    intakes.explain(session, row, course, patient, cause=values.get("cause", ""), by=page.viewer.actor, now=page.now)


_ACTS: dict[str, Callable[[Session, Page, Patient, Course, dict[str, str]], None]] = {"box": _box, "count": _count, "cause": _cause}


def _page(page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str]) -> Response:
    course = courses.running(session, patient.id)
    today = chart_data.local_day(patient, page.now)
    medicine = _named(course, values.get("medicine", ""))
    handed = supplies.dispensings(session, medicine, until=today) if medicine else []
    known = {f"{row.strength_mg.normalize():f}" for row in handed} | _prescribed(medicine)
    told = intakes.standing(session, course.id)[-8:] if course else []
    return page.page(
        "tablets.html",
        422 if errors else 200,
        patient=patient,
        saying=Saying(page, None),
        course=course,
        medicine=medicine,
        dose=days.dose_on(medicine, today) if medicine else None,
        handed=handed,
        counts=supplies.counts(session, medicine, until=today) if medicine else [],
        strengths=sorted(known, key=Decimal, reverse=True),
        unexplained=[row for row in reversed(told) if not row.cause and (row.missed or row.extra or row.off_day or row.stopped)],
        causes=CAUSES,
        places=supplies.PLACES,
        counters=supplies.COUNTERS,
        values={"box_on_day": today.isoformat(), "count_on_day": today.isoformat(), **values},
        errors=errors,
        **figures_of(session, medicine, patient, page.now),
    )


def _named(course: Course | None, agent: str) -> Medicine | None:
    """The medicine that is looked at; a name that is none of this treatment's shows the treatment's own."""
    others = {one.agent: one for one in course.companions} if course else {}
    return others.get(agent, course)


def _prescribed(medicine: Medicine | None) -> set[str]:
    doses = days.doses_of(medicine) if medicine else ()
    return {f"{strength.normalize():f}" for dose in doses for strength, _ in dose.tablets}
