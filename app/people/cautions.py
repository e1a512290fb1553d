"""What makes a general advice unfit for one patient: marked on the record, it stays the nurse's to give."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors
from app.people.models import Patient

CAUTIONS = ("fluid_restriction", "kidney_failure", "heart_failure", "stoma", "diabetes", "swallowing")
"""Sending rules of the self-care texts: with one of these the general text does not leave, and a nurse calls."""


def mark(session: Session, patient: Patient, chosen: Collection[str], *, by: Actor, now: datetime) -> None:
    """These, and no others, hold from now on. Raises FieldErrors for a word that is not one of CAUTIONS."""
    if not set(chosen) <= set(CAUTIONS):
        raise FieldErrors({"cautions": "Choose among the list."})
    before, after = list(patient.cautions), [one for one in CAUTIONS if one in chosen]
    if before == after:
        return
    patient.cautions = after
    session.flush()
    audit.record(
        session,
        actor=by,
        action="patient.cautions",
        subject=f"patient:{patient.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        now=now,
    )
