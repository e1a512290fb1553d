"""A text from a telephone that several patients share: whom it may be about, and whom to call for each of them (SEC-16, HZ-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins.texts import attaching
from app.people.models import Patient
from app.people.perimeter import visible_to
from app.web.deps import Id, Writes
from app.web.patient import chart_data
from app.web.patient.chart_data import Contact, Treatment
from app.web.render import Page, StaffPage

router = APIRouter()


@dataclass(frozen=True)
class Holder:
    """One of the people a text may be about. contacts: their own telephones beside the one that wrote, their relatives', their doctor's."""

    patient: Patient
    treatment: Treatment | None
    contacts: Sequence[Contact]


def holders_of(page: Page, session: Session, ids: Sequence[int], number: str) -> list[Holder]:
    """Those the viewer may see. ``number``: the telephone that wrote, which stands above them all and is not repeated."""
    seen = session.scalars(select(Patient).where(Patient.id.in_(ids), visible_to(page.viewer)).order_by(Patient.id))
    return [Holder(one, chart_data.treatment_of(session, one, page.now), _contacts(page, session, one, number)) for one in seen]


def _contacts(page: Page, session: Session, patient: Patient, number: str) -> list[Contact]:
    own = ("patient", "relative", "oncologist")
    found = chart_data.contacts_of(session, patient, page.now)
    return [one for one in found if one.role in own and one.number != number]


@router.post("/patients/{patient_id}/messages/{message_id}")
def attach(page: StaffPage, session: Writes, patient_id: Id, message_id: Id) -> Response:
    """This text of a shared telephone was about this patient: it joins their file, with its alert."""
    attaching.attach(session, message_id, patient_id=patient_id, by=page.viewer, now=page.now)
    return page.go(f"/patients/{patient_id}")
