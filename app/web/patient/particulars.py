"""What is particular to one patient: numbers changed for a time, other medicines, marks on the record, a value that arrived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.checkins import script
from app.checkins.judging import measured
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import cautions, patients
from app.people.models import Patient
from app.protocols import looks, scales, versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses, measures, medicines, overrides
from app.treatment.models import Course
from app.web.coordinator import Id, Typed
from app.web.deps import Reads, Writes
from app.web.patient import chart_data, enrolment, prescription
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from triage.protocol import Protocol

router = APIRouter()


@router.get("/patients/{patient_id}/particulars")
def show(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """The exceptions in force with their reason, author and end; medicines; marks; and what may be added."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "particulars")
    return _page(page, session, patient, {}, {})


@router.post("/patients/{patient_id}/particulars/{act}")
def change(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """One act, or the same page with a sentence beside each field and everything typed still there."""
    if act not in _ACTS:
        raise NotFound("This page")
    ability, craft = _ACTS[act]
    page.viewer.require(ability)
    patient = patients.get(session, patient_id, viewer=page.viewer)
    try:
        craft(session, page, patient, values)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        typed = {f"{act}_{name}": text for name, text in values.items()}
        return _page(page, session, patient, typed, {f"{act}_{name}": said for name, said in told.items()})
    return page.go(f"/patients/{patient.id}/particulars")


def _treated(session: Session, page: Page, patient: Patient) -> tuple[Course, ProtocolVersion]:
    course = courses.running(session, patient.id)
    base = script.followed(session, course, patient, chart_data.local_day(patient, page.now)) if course else None
    if course is None or base is None:
        raise NotFound("This treatment")
    return course, base


def _override(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    course, base = _treated(session, page, patient)
    name = values.get("threshold", "")
    changes = {name: prescription.decimal(values.get("at", ""))} if name else {}
    reason = enrolment.kept(values.get("reason", ""), "reason")
    ends_on = prescription.day(values.get("ends_on", ""))
    overrides.decide(session, course, patient, base, changes, reason=reason, ends_on=ends_on, by=page.viewer.actor, now=page.now)


def _end(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    overrides.end(session, patient, prescription.whole(values.get("id", "")) or 0, by=page.viewer.actor, now=page.now)


def _medicine(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    first_on, last_on = _day(values, "first_on"), _day(values, "last_on")
    row = medicines.record(
        session,
        patient,
        code=values.get("code", ""),
        first_on=first_on,
        last_on=last_on,
        known=looks.known_medicines() | _asked(session, page, patient),
        by=page.viewer.actor,
        now=page.now,
    )
    measured.judge_medicine(session, patient, row, now=page.now)


def _stopped(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    number = prescription.whole(values.get("id", "")) or 0
    medicines.stopped(session, patient, number, last_on=_day(values, "last_on"), by=page.viewer.actor, now=page.now)


def _cautions(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    cautions.mark(session, patient, [one for one in cautions.CAUTIONS if values.get(one)], by=page.viewer.actor, now=page.now)


def _measure(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    """A value of the laboratory or of the cuff: kept with its limits, and judged at once."""
    row = measures.record(
        session,
        patient,
        kind=values.get("kind", ""),
        value=values.get("value", ""),
        unit=values.get("unit", ""),
        lln=values.get("lln", ""),
        uln=values.get("uln", ""),
        taken_at=_instant(patient, values),
        source="screen",
        by=page.viewer.actor,
        now=page.now,
    )
    measured.judge(session, patient, row, now=page.now)


def _instant(patient: Patient, values: dict[str, str]) -> datetime:
    """The day and hour on the patient's wall. Raises FieldErrors when they are not both written."""
    day = _day(values, "day")
    try:
        hour = time.fromisoformat(values.get("hour", ""))
    except ValueError:
        hour = None
    if day is None or hour is None or hour.tzinfo is not None:
        raise FieldErrors({"day": "Write the day and the hour it was taken."})
    return datetime.combine(day, hour, ZoneInfo(patient.timezone))


def _day(values: dict[str, str], name: str) -> Any:
    found = prescription.day(values.get(name, ""))
    if found is None and values.get(name, "").strip():
        raise FieldErrors({name: "This is not a date."})
    return found


_ACTS: dict[str, tuple[str, Callable[[Session, Page, Patient, dict[str, str]], None]]] = {
    "override": ("decide_exceptions", _override),
    "end": ("decide_exceptions", _end),
    "medicine": ("record_measure", _medicine),
    "stopped": ("record_measure", _stopped),
    "cautions": ("record_measure", _cautions),
    "measure": ("record_measure", _measure),
}


def _asked(session: Session, page: Page, patient: Patient) -> frozenset[str]:
    """The medicines that the patient's own protocol asks about, a service's copy included."""
    protocol = _protocol(session, page, patient)
    return looks.medicines(protocol) if protocol else frozenset()


def _protocol(session: Session, page: Page, patient: Patient) -> Protocol | None:
    try:
        return versions.load(_treated(session, page, patient)[1])
    except NotFound:
        return None


def _page(page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str]) -> Response:
    protocol = _protocol(session, page, patient)
    today = chart_data.local_day(patient, page.now)
    all_known = scales.measures().by_key
    looked = looks.measures(protocol) if protocol else frozenset()
    decided = overrides.of_patient(session, patient.id)
    return page.page(
        "particulars.html",
        422 if errors else 200,
        patient=patient,
        protocol=protocol,
        standing=[row for row in decided if row.ended_at is None and row.starts_on <= today <= row.ends_on],
        bases={row.id: versions.load(session.get_one(ProtocolVersion, row.base_id)) for row in decided},
        past=[row for row in decided if row.ended_at is not None or row.ends_on < today],
        longest=today + overrides.LONGEST,
        medicines=medicines.of_patient(session, patient.id),
        codes=sorted(looks.known_medicines() | _asked(session, page, patient)),
        cautions=cautions.CAUTIONS,
        measures=sorted(all_known.values(), key=lambda one: (one.key not in looked, one.name[page.language])),
        looked=looked,
        values={"measure_day": today.isoformat(), **values},
        errors=errors,
    )
