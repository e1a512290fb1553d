"""One act at a time about one patient, and always in the same order: patient, open alert, then the rest.

Two transactions that took these rows in different orders would wait for each other until the database ended one of them.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.checkins.models import CheckIn
from app.people.models import Patient


def hold(session: Session, patient_id: int) -> None:
    """Keep the patient and the open alert to this transaction. Two texts read at once would both answer the same question."""
    session.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())
    session.execute(select(Alert.id).where(Alert.patient_id == patient_id, Alert.state != AlertState.CLOSED).with_for_update())


def hold_patient_of(session: Session, checkin_id: int) -> None:
    """The same, for the patient of a check-in."""
    patient_id = session.scalar(select(CheckIn.patient_id).where(CheckIn.id == checkin_id))
    if patient_id is not None:
        hold(session, patient_id)
