"""What somebody still has to do for one patient beside the alert and the tasks of the list: planned calls, requests to a doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import FOR_THE_DOCTOR, DoctorRequest, RequestState
from app.care.models import OPEN_CALLS, CallState, PlannedCall
from app.people.models import Patient
from app.web import chart_data
from app.web.render import Page

AHEAD = timedelta(days=7)
"""A call planned later than this is in the plan, not on the page's head; a late or missed one always is."""


@dataclass(frozen=True)
class Waiting:
    """Planned calls that are due or near, and requests that wait for a doctor or for the patient to be told."""

    calls: Sequence[PlannedCall] = ()
    requests: Sequence[DoctorRequest] = ()

    def __bool__(self) -> bool:
        return bool(self.calls or self.requests)


def of(page: Page, session: Session, patient: Patient) -> Waiting:
    """Read both, the soonest first."""
    open_calls = select(PlannedCall).where(PlannedCall.patient_id == patient.id, PlannedCall.state.in_(OPEN_CALLS))
    today = chart_data.local_day(patient, page.now)
    calls = [
        call
        for call in session.scalars(open_calls.order_by(PlannedCall.due_at))
        if call.state != CallState.PLANNED or chart_data.local_day(patient, call.due_at) <= today + AHEAD
    ]
    asked = (DoctorRequest.patient_id == patient.id, DoctorRequest.state.in_((*FOR_THE_DOCTOR, RequestState.ANSWERED)))
    return Waiting(calls, list(session.scalars(select(DoctorRequest).where(*asked).order_by(DoctorRequest.respond_by))))
