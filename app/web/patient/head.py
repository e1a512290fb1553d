"""What the patient's page and its printed sheet begin with: who, which treatment and day, what is open, twelve weeks, whom to call."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.models import CallState, PlannedCall
from app.insight import worklist
from app.people.models import Patient
from app.treatment import measures, overrides
from app.web.doctor import wording
from app.web.patient import chart_data, grading, history, lately, treated
from app.web.patient.chart_data import Heard
from app.web.render import Page
from app.web.ward.saying import Saying

AHEAD = timedelta(days=7)
"""A call planned for today or before is open and stands in the list; these are told ahead of it."""


def of(page: Page, session: Session, patient: Patient, heard: Heard | None) -> dict[str, Any]:
    """Read once, for either page. heard: the last judgement, whose protocol names the questions."""
    protocol = chart_data.protocol_of(session, heard.assessment.version_id if heard else None)
    treatment = chart_data.treatment_of(session, patient, page.now)
    course = treatment.course if treatment else None
    numbers = grading.numbers_of(session, patient, protocol, now=page.now)
    since = grading.treated_since(session, patient, now=page.now)
    scored = chart_data.last_scored(session, patient, page.now)
    return {
        "patient": patient,
        "saying": Saying(page, protocol),
        "asked_of": partial(wording.in_list, page),
        "treatment": treatment,
        "course": course,
        "stopped": None if course else treated.stopped(session, patient),
        "override": overrides.standing(session, course.id, chart_data.local_day(patient, page.now)) if course else None,
        "scored": scored,
        "lately": lately.of(session, patient, scored, page.now),
        "numbers": numbers,
        "row": worklist.row(session, f"patient:{patient.id}", viewer=page.viewer, now=page.now),
        "next_calls": _next_calls(page, session, patient),
        "history": history.of(session, patient, course, page.now, treated_since=since),
        "names": chart_data.staff_names(session, patient.service_id),
        "contacts": chart_data.contacts_of(session, patient, page.now),
        "measured": sorted(measures.latest(session, patient.id, before=page.now).values(), key=lambda one: one.kind),
        "graded": {row.id: graded for row, graded in numbers.laboratory},
    }


def _next_calls(page: Page, session: Session, patient: Patient) -> list[PlannedCall]:
    """Calls planned from tomorrow on, for a week: known when the telephone rings today."""
    planned = (PlannedCall.patient_id == patient.id, PlannedCall.state == CallState.PLANNED, PlannedCall.due_at <= page.now + AHEAD)
    today = chart_data.local_day(patient, page.now)
    found = session.scalars(select(PlannedCall).where(*planned).order_by(PlannedCall.due_at))
    return [call for call in found if chart_data.local_day(patient, call.due_at) > today]
