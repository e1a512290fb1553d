"""The professionals of the tests, and how they come around a patient."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.people import directory
from app.people.circle_models import CircleMember
from app.people.directory import NewProfessional
from app.people.models import Patient, Staff
from app.people.perimeter import viewer_of

GP = NewProfessional("gp", "Dr Paule Técher", practice="Cabinet des Filaos", phone="+33639980071", rpps="10001234567")
PHARMACIST = NewProfessional("pharmacist", "Hugo Vitry", practice="Pharmacie du Port", phone="+33639980072", language="en")
HOME_NURSE = NewProfessional("home_nurse", "Nadia Fontaine", phone="+33639980073", email="nadia.fontaine@example.org")


def around(
    session: Session, patient: Patient, new: NewProfessional, who: Staff, now: datetime, granted: bool | None = True
) -> CircleMember:
    """Declared, added around the patient, and the patient's word; granted None: nobody asked."""
    by = viewer_of(who)
    row = directory.declare(session, new, by=by, now=now, allow_fiction=True)
    member = directory.add(session, patient, row.id, by=by, now=now)
    if granted is not None:
        directory.consent(session, patient, member.id, granted=granted, by=by, now=now)
    return member
