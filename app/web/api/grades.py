"""The JSON interface: CTCAE grades, those clinicians give and those laboratory values have. Never mixed with patients' scores."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field, StrictInt
from sqlalchemy.orm import Session

from app.people import patients
from app.people.models import Patient
from app.treatment import grades
from app.treatment.grades import NewGrade
from app.treatment.models import ClinicianGrade
from app.web.api import views
from app.web.api.doors import Caller, Id, person, router
from app.web.api.shapes import LARGEST_ID, Body, By, Day, Text
from app.web.deps import Now, Writes
from app.web.patient import grading

__all__ = ["router"]

Version = Literal["5.0", "6.0"]


class GradeIn(Body):
    """A CTCAE grade that the person named gives. replaces: the number of the grade it corrects, and reason why."""

    term: Annotated[Text, Field(min_length=1, max_length=120)]
    ctcae_version: Version
    grade: Annotated[StrictInt, Field(ge=0, le=5)]
    onset_day: Day | None = None
    note: Annotated[Text, Field(max_length=2000)] = ""
    replaces: Annotated[StrictInt, Field(ge=1, le=LARGEST_ID)] | None = None
    reason: Annotated[Text, Field(max_length=2000)] = ""
    by: Annotated[By, Field(min_length=1)]


class GradeOut(BaseModel):
    """A clinician's CTCAE grade, 0-5: confirmed, by given_by. standing: nothing replaced it. Neither a patient's score nor a composite."""

    status: Literal["confirmed"] = "confirmed"
    id: int
    patient_id: int
    term: str
    ctcae_version: str
    grade: int
    onset_day: date | None
    note: str
    given_by: str
    at: datetime
    replaces: int | None
    reason: str
    standing: bool


class LaboratoryGradeOut(BaseModel):
    """The grade of the latest value of a measure, computed when asked: proposed, until a clinician gives one. grade null: not gradable, and
    reason says why."""

    status: Literal["proposed"] = "proposed"
    measure_id: int
    kind: str
    value: str
    unit: str
    taken_at: datetime
    term: str
    ctcae_version: str
    grade: int | None
    reason: str


class GradesOut(BaseModel):
    """What clinicians said, and what laboratory values are, apart."""

    clinician: list[GradeOut]
    laboratory: list[LaboratoryGradeOut]


@router.post("/patients/{patient_id}/grades", status_code=201, summary="Record a clinician's CTCAE grade")
def record_grade(patient_id: Id, body: GradeIn, who: Caller, session: Writes, now: Now) -> GradeOut:
    """Keep the grade that a nurse or an oncologist gives, with its version. A correction names the grade it replaces; nothing is erased."""
    by = person(session, who, body.by, "grade_toxicity")
    patient = patients.get(session, patient_id, viewer=who)
    new = NewGrade(body.term, body.ctcae_version, body.grade, body.onset_day, body.note, body.replaces, body.reason)
    return _grade(grades.record(session, patient, new, by=by.actor, now=now), standing=True)


@router.get("/patients/{patient_id}/grades", summary="CTCAE grades of a patient")
def list_grades(patient_id: Id, who: Caller, session: Writes, now: Now, ctcae_version: Annotated[Version, Query()] = "5.0") -> GradesOut:
    """Every grade clinicians gave, corrected ones too, latest first; the laboratory's in the version asked for. Opening is recorded."""
    patient = patients.get(session, patient_id, viewer=who)
    patients.chart_opened(session, patient, by=who.actor, now=now, where="api: grades")
    standing = {row.id for row in grades.standing(session, patient.id)}
    given = [_grade(row, standing=row.id in standing) for row in grades.of_patient(session, patient.id)]
    return GradesOut(clinician=given, laboratory=_laboratory(session, patient, ctcae_version, now))


def _grade(row: ClinicianGrade, *, standing: bool) -> GradeOut:
    return GradeOut(
        id=row.id,
        patient_id=row.patient_id,
        term=row.term,
        ctcae_version=row.ctcae_version,
        grade=row.grade,
        onset_day=row.onset_day,
        note=row.note,
        given_by=row.given_by_name,
        at=row.at.astimezone(UTC),
        replaces=row.replaces_id,
        reason=row.reason,
        standing=standing,
    )


def _laboratory(session: Session, patient: Patient, version: str, now: datetime) -> list[LaboratoryGradeOut]:
    since = grading.treated_since(session, patient, now=now)
    return [
        LaboratoryGradeOut(
            measure_id=row.id,
            kind=row.kind,
            value=views.plain(row.value),
            unit=row.unit,
            taken_at=row.taken_at.astimezone(UTC),
            term=graded.term,
            ctcae_version=graded.version,
            grade=graded.grade,
            reason=graded.reason,
        )
        for row, graded in grades.laboratory(session, patient, version=version, treated_since=since, now=now)
    ]
