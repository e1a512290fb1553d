"""Measures and results of a laboratory: every value with its grade, and the way in for a file of them, tried before it is written."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.checkins.judging import graded, measured
from app.core.errors import NotFound, Refusal
from app.people import patients
from app.people.models import Patient
from app.protocols import scales
from app.treatment import grades, importing
from app.treatment.import_models import FileState, ResultFile
from app.treatment.importing import Aside
from app.treatment.models import Measure
from app.web import words
from app.web.coordinator import service_of
from app.web.deps import Id, Reads, Writes
from app.web.patient import chart_data, grading, raised
from app.web.patient.uploads import Uploaded, content_of
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying

router = APIRouter(max_body_size=2_000_000)
"""Bytes of the form: what is a little larger than a file of results may be is read, and told so in a sentence."""


@router.get("/patients/{patient_id}/measures")
def story(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """Every value of every measure, latest first, with its unit, its limits and its grade."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "measures")
    heard = chart_data.last_heard(session, patient)
    protocol = chart_data.protocol_of(session, heard.assessment.version_id if heard else None)
    version = (protocol.ctcae if protocol else "") or grading.USUAL
    since = grading.treated_since(session, patient, now=page.now)
    return page.page(
        "measures.html",
        patient=patient,
        saying=Saying(page, protocol),
        version=version,
        treated_since=since,
        why=lambda reason: scales.lab_table(version).french(reason) if page.language == "fr" else reason,
        measures=grades.every(session, patient, version=version, treated_since=since, now=page.now),
    )


@router.get("/patients/{patient_id}/results")
def of_patient(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """The door for a file of one patient's results."""
    page.viewer.require("record_measure")
    return _door(page, session, patients.get(session, patient_id, viewer=page.viewer), {})


@router.get("/results")
def of_service(page: StaffPage, session: Reads) -> Response:
    """The same for a file of several patients, and the last files that were brought."""
    page.viewer.require("record_measure")
    service_of(session, page)
    return _door(page, session, None, {})


@router.post("/patients/{patient_id}/results")
def bring_one(page: StaffPage, session: Writes, patient_id: Id, file: Uploaded = None) -> Response:
    """Try a file of one patient."""
    page.viewer.require("record_measure")
    return _bring(page, session, patients.get(session, patient_id, viewer=page.viewer), file)


@router.post("/results")
def bring_many(page: StaffPage, session: Writes, file: Uploaded = None) -> Response:
    """Try a file of several patients of the service."""
    page.viewer.require("record_measure")
    return _bring(page, session, None, file)


def _bring(page: Page, session: Session, patient: Patient | None, file: Uploaded) -> Response:
    service = service_of(session, page)
    name = (file.filename or "" if file else "") or page.say("results.no_name")
    content = content_of(file, most=importing.LARGEST)
    try:
        row = importing.bring(session, service, content, name=name, patient=patient, viewer=page.viewer, now=page.now)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        patient = patients.get(session, patient.id, viewer=page.viewer) if patient else None
        return _door(page, session, patient, told)
    return page.go(f"/results/{row.id}")


@router.get("/results/{file_id}")
def look(page: StaffPage, session: Reads, file_id: Id) -> Response:
    """What the file would do, or what it did: each row that cannot stand with its reasons."""
    page.viewer.require("record_measure")
    file = _file(page, session, file_id)
    trial = importing.try_out(session, file, viewer=page.viewer, now=page.now) if file.state == FileState.TRIED else None
    aside = trial.aside if trial else importing.set_aside(file)
    return page.page(
        "result_file.html",
        file=file,
        patient=patients.get(session, file.patient_id, viewer=page.viewer) if file.patient_id else None,
        trial=trial,
        aside=[(one, _reasons(page, one)) for one in aside],
        rang=_would_ring(page, file) if trial and trial.new else _rang(page, session, file),
        saying=Saying(page),
        grade_of=lambda patient, row: graded.grade_of(session, patient, row, now=page.now),
    )


def _rang(page: Page, session: Session, file: ResultFile) -> list[raised.Raised]:
    """What the values of a written file raised: they are judged at the very instant at which the file is settled."""
    if file.state != FileState.WRITTEN or file.settled_at is None:
        return []
    return raised.at(page, session, file.settled_at)


def _would_ring(page: Page, file: ResultFile) -> list[raised.Raised]:
    """What the values of a tried file would raise: kept and judged as they would be, then every row of it is taken back."""
    found: list[raised.Raised] = []
    try:
        with page.tools.database.transaction() as session:
            trial = importing.try_out(session, file, viewer=page.viewer, now=page.now)  # rows of its own: those that are shown stay unkept
            for patient_id, rows in trial.by_patient.items():
                _keep(page, session, file, patient_id, rows)
            found += raised.at(page, session, page.now)
            raise _OnlyTried
    except _OnlyTried:
        return found


class _OnlyTried(Exception):
    """Ends the transaction of a trial: nothing of it may be committed."""


@router.post("/results/{file_id}/write")
def write(page: StaffPage, file_id: Id) -> Response:
    """Keep what can stand, one patient after the other, each value judged at once like one that is typed."""
    page.viewer.require("record_measure")
    database = page.tools.database
    with database.reading() as session:
        file = _file(page, session, file_id)
        trial = importing.try_out(session, file, viewer=page.viewer, now=page.now)
    written = 0
    for patient_id, rows in trial.by_patient.items():
        with database.transaction() as session:
            written += _keep(page, session, file, patient_id, rows)
    with database.transaction() as session:
        importing.settle(session, _file(page, session, file_id), trial, written, viewer=page.viewer, now=page.now)
    return page.go(f"/results/{file_id}")


def _keep(page: Page, session: Session, file: ResultFile, patient_id: int, rows: list[Measure]) -> int:
    """One patient's values; of each measure the last is judged, the others are history."""
    kept = importing.keep(session, file, patient_id, rows, viewer=page.viewer, now=page.now)
    last = {row.kind: row for row in sorted(kept, key=lambda one: one.taken_at)}
    patient = patients.get(session, patient_id, viewer=page.viewer)
    for row in last.values():
        measured.judge(session, patient, row, now=page.now)
    return len(kept)


@router.post("/results/{file_id}/drop")
def drop(page: StaffPage, session: Writes, file_id: Id) -> Response:
    """Nothing of it is kept."""
    page.viewer.require("record_measure")
    file = _file(page, session, file_id)
    importing.drop(session, file, viewer=page.viewer, now=page.now)
    return page.go(f"/patients/{file.patient_id}/measures" if file.patient_id else "/results")


def _file(page: Page, session: Session, file_id: int) -> ResultFile:
    if page.viewer.service_id is None:
        raise NotFound("This file")
    return importing.get(session, file_id, viewer=page.viewer)


def _reasons(page: Page, one: Aside) -> list[str]:
    return [words.told(page.language, said) for said in one.why]


def _door(page: Page, session: Session, patient: Patient | None, errors: dict[str, str]) -> Response:
    return page.page(
        "results.html",
        422 if errors else 200,
        patient=patient,
        files=[] if patient else importing.of_service(session, page.viewer),
        needed=importing.NEEDED if patient else (*importing.WHOSE, *importing.NEEDED),
        errors=errors,
    )
