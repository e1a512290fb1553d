"""Scores, composites and grades side by side, each under its own title; the form by which a nurse or an oncologist gives a grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.checkins import script
from app.checkins.judging import charted
from app.core.errors import FieldErrors
from app.people import patients
from app.people.models import Patient
from app.protocols import scales, versions, wording
from app.treatment import courses, grades
from app.treatment.grades import NewGrade
from app.treatment.models import ClinicianGrade, Measure
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.patient import chart_data
from app.web.render import Page, StaffPage
from app.web.ward import panel
from app.web.ward.saying import Saying
from triage import calendar
from triage.protocol import Protocol
from triage.terms import Graded

router = APIRouter()

USUAL = "5.0"
"""The version shown when the protocol names none: labels and dose tables are written for it."""

MORNING = time(8)
"""When no protocol says when the day begins, values from before this hour of the first day are from before treatment."""


@dataclass(frozen=True)
class Numbers:
    """The four lists of one patient, never added up: scores 0-4, composites 0-3, clinicians' grades 0-5, laboratory grades 0-4.

    said_on: the patient's day of the scores, which are the last known ones of two weeks; None without any. official: the sentence of a
    question that is one of PRO-CTCAE's, in the patient's language, where the service has loaded it.
    """

    version: str
    said_on: date | None
    scores: Mapping[str, int]
    official: Mapping[str, str]
    composites: Mapping[str, int | None]
    clinician: list[ClinicianGrade]
    laboratory: list[tuple[Measure, Graded]]

    def french(self, reason: str) -> str:
        """Why a laboratory value has no grade, in French."""
        return scales.lab_table(self.version).french(reason)

    @property
    def shown(self) -> list[tuple[Measure, Graded]]:
        """Laboratory values that need a look: graded above 0, or not gradable."""
        return [(row, graded) for row, graded in self.laboratory if graded.grade != 0]


def treated_since(session: Session, patient: Patient, *, now: datetime) -> datetime | None:
    """Until when a value is from before treatment, as the engine counts it; None without a treatment."""
    course = courses.running(session, patient.id)
    if course is None:
        return None
    version = script.version_for(session, course, patient, chart_data.local_day(patient, now))
    if version is None:
        return calendar.instant(course.first_intake, MORNING, patient.timezone)
    return charted.began_at(course, versions.load(version), patient)


def numbers_of(session: Session, patient: Patient, protocol: Protocol | None, *, now: datetime) -> Numbers:
    """What is known now. A message alone is judged too and has no score: the last judgement that has some is read."""
    heard = chart_data.last_scored(session, patient, now)
    version = (protocol.ctcae if protocol else "") or USUAL
    since = treated_since(session, patient, now=now)
    found = heard.assessment.result.get("composites", {}) if heard else {}
    official = wording.of_questions(session, protocol, patient.service_id, patient.language) if protocol else {}
    return Numbers(
        version=version,
        said_on=heard.day if heard else None,
        scores=heard.known if heard else {},
        official={key: row.text for key, row in official.items()},
        composites={str(key): value if isinstance(value, int) else None for key, value in found.items()},
        clinician=grades.standing(session, patient.id),
        laboratory=grades.laboratory(session, patient, version=version, treated_since=since, now=now),
    )


@router.get("/patients/{patient_id}/grades")
def grades_page(page: StaffPage, session: Reads, patient_id: Id, replaces: int = 0) -> Response:
    """Every number, and the form; with ``replaces``, the form of a correction, filled with the grade as it stands."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    panel.opened(page, patient, "chart")
    wrong = next((row for row in grades.standing(session, patient.id) if row.id == replaces), None)
    return _page(page, session, patient, _typed(wrong), {})


def _typed(row: ClinicianGrade | None) -> dict[str, str]:
    if row is None:
        return {"version": ""}
    onset = row.onset_day.isoformat() if row.onset_day else ""
    return {
        "term": row.term,
        "version": row.ctcae_version,
        "grade": str(row.grade),
        "onset_day": onset,
        "note": row.note,
        "replaces": str(row.id),
    }


@router.post("/patients/{patient_id}/grades")
def give_grade(page: StaffPage, session: Writes, patient_id: Id, values: Typed) -> Response:
    """Keep the grade, or the same form with a sentence beside each field."""
    page.viewer.require("grade_toxicity")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    try:
        grades.record(session, patient, _new(values), by=page.viewer.actor, now=page.now)
    except FieldErrors as refusal:
        session.rollback()
        return _page(page, session, patients.get(session, patient_id, viewer=page.viewer), values, page.field_errors(refusal))
    return page.go(f"/patients/{patient_id}/grades")


def _new(values: Mapping[str, str]) -> NewGrade:
    """The form's fields; what cannot be read is said by the craft, or here for a day."""
    grade, onset, replaces = (values.get(name, "").strip() for name in ("grade", "onset_day", "replaces"))
    try:
        day = date.fromisoformat(onset) if onset else None
    except ValueError:
        raise FieldErrors({"onset_day": "This is not a date."}) from None
    return NewGrade(
        term=values.get("term", ""),
        version=values.get("version", "").strip(),
        grade=int(grade) if grade in ("0", "1", "2", "3", "4", "5") else -1,
        onset_day=day,
        note=values.get("note", ""),
        replaces=int(replaces) if replaces.isdecimal() and len(replaces) < 10 else None,
        reason=values.get("reason", ""),
    )


def _page(page: Page, session: Session, patient: Patient, values: Mapping[str, str], errors: dict[str, str]) -> Response:
    heard = chart_data.last_heard(session, patient)
    protocol = chart_data.protocol_of(session, heard.assessment.version_id if heard else None)
    numbers = numbers_of(session, patient, protocol, now=page.now)
    story = grades.of_patient(session, patient.id)
    return page.page(
        "grades.html",
        422 if errors else 200,
        patient=patient,
        saying=Saying(page, protocol),
        numbers=numbers,
        story=story,
        standing={row.id for row in numbers.clinician},
        values={**values, "version": values.get("version") or numbers.version},
        errors=errors,
        terms=scales.ctcae_terms(),
        versions=[(version, f"CTCAE {version}") for version in scales.VERSIONS],
    )
