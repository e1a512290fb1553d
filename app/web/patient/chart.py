"""The patient's page, the search from any screen, and the explanation of one assessment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.checkins.models import AssessmentRow
from app.checkins.texts import attaching
from app.core.errors import NotFound
from app.insight import worklist
from app.people import documents, patients
from app.people.models import Consent, Patient
from app.people.perimeter import visible_to
from app.web.deps import Id, Reads
from app.web.patient import absences, chart_data, head, letters, tablets, timeline, upcoming
from app.web.patient.speakers import Speakers
from app.web.render import StaffPage
from app.web.ward import panel
from app.web.ward.saying import Saying
from triage import explain
from triage.terms import Step

router = APIRouter()

FEW = 8
FEW_PAPERS = 5


@router.get("/search")
def search_page(page: StaffPage) -> Response:
    """The empty search: where one lands on coming back."""
    page.viewer.require("open_chart")
    return page.page("search.html", words="", found=[], open_rows={})


@router.post("/search")
def search(page: StaffPage, session: Reads, q: Annotated[str, Form(max_length=200)] = "") -> Response:
    """By parts of a name or the last digits of a number; one hit opens at once. Posted, so that no name stands in an address or a log."""
    page.viewer.require("open_chart")
    words = q.strip()[:80]
    found = patients.search(session, words, viewer=page.viewer) if words else []
    if len(found) == 1:
        return page.go(f"/patients/{found[0].id}")
    open_rows = {row.key: row for row in worklist.rows(session, viewer=page.viewer, now=page.now)} if found else {}
    return page.page("search.html", words=words, found=found, open_rows=open_rows)


@router.get("/patients/{patient_id}")
def patient_page(page: StaffPage, session: Reads, patient_id: Id, noted: str = "") -> Response:
    """Who, which treatment and day, better or worse, how to reach whom; opening it is written down.

    noted: the act on absences that led here.
    """
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    panel.opened(page, patient, "chart")
    heard = chart_data.last_heard(session, patient)
    latest, is_more = timeline.story(session, patient, size=timeline.FIRST)
    summary = head.of(page, session, patient, heard)
    return page.page(
        "patient.html",
        heard=heard,
        speakers=Speakers(page, session, patient),
        timeline=latest,
        is_more=is_more,
        kinds=tuple(timeline.KINDS),
        kind="",
        shared=attaching.of_shared(session, patient),
        dead=chart_data.is_dead(session, patient),
        consents=_consents(session, patient),
        closed=_closed(session, patient),
        documents=documents.of_patient(session, patient.id)[:FEW_PAPERS],
        letters=letters.sent(session, patient.id, limit=FEW_PAPERS),
        **summary,
        **upcoming.of(session, patient, page.now),
        **absences.shown(page, session, patient, noted=noted),
        **tablets.figures_of(session, summary["course"], patient, page.now),
    )


def _consents(session: Session, patient: Patient) -> list[Consent]:
    """The last word on each kind."""
    found = session.scalars(select(Consent).where(Consent.patient_id == patient.id).order_by(Consent.id))
    return list({consent.kind: consent for consent in found}.values())


def _closed(session: Session, patient: Patient) -> list[Alert]:
    query = select(Alert).where(Alert.patient_id == patient.id, Alert.state == AlertState.CLOSED)
    return list(session.scalars(query.order_by(Alert.closed_at.desc()).limit(FEW)))


@router.get("/assessments/{assessment_id}")
def assessment_page(page: StaffPage, session: Reads, assessment_id: Id) -> Response:
    """Inputs, rules fired, rules nearly fired, sources, in words: the whole trace as it was kept."""
    page.viewer.require("open_chart")
    seen = select(Patient.id).where(visible_to(page.viewer))
    row = session.scalar(select(AssessmentRow).where(AssessmentRow.id == assessment_id, AssessmentRow.patient_id.in_(seen)))
    if row is None:
        raise NotFound("This explanation")
    patient = patients.get(session, row.patient_id, viewer=page.viewer)
    panel.opened(page, patient, "chart")
    heard = chart_data.last_heard(session, patient, row.id)
    assert heard is not None
    try:
        assessment = explain.from_dict(row.result)
    except (KeyError, TypeError, ValueError):
        assessment = None
    return page.page(
        "explain.html",
        patient=patient,
        heard=heard,
        row=row,
        assessment=assessment,
        groups=_groups(assessment.steps) if assessment else (),
        saying=Saying(page, chart_data.protocol_of(session, row.version_id), heard.measures, panel.apart(session, heard)),
    )


def _groups(steps: Sequence[Step]) -> list[tuple[str, list[Step]]]:
    """Fired, not judged, nearly, waiting, quiet; in that order, empty ones left out."""
    kinds: dict[str, list[Step]] = {"fired": [], "error": [], "near": [], "waits": [], "quiet": []}
    for step in steps:
        kind = "error" if step.error else "fired" if step.fired else "near" if step.near else "waits" if step.waits_for else "quiet"
        kinds[kind].append(step)
    kinds["fired"].sort(key=lambda step: -step.level)
    return [(kind, group) for kind, group in kinds.items() if group]
