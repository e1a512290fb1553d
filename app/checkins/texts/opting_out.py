"""STOP from a telephone that several people hold: it ends the texts for each of them, and a nurse settles whose it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.alerts import tasks
from app.checkins.rhythm import planning
from app.checkins.texts.senders import Sender
from app.messaging import outbox
from app.messaging.models import Message
from app.people import care_team, patients
from app.people.models import Patient

TODAY = timedelta(hours=4)
"""Service hours within which a nurse calls somebody whose texts have ended (SEC-17: the same day)."""


def of_shared(session: Session, sender: Sender, message: Message, now: datetime) -> None:
    """Each patient whose texts go to this number gets no more of them, and a task of the same day, once."""
    for patient_id in sender.among:
        patient = session.get_one(Patient, patient_id)
        if outbox.address_of(patient) != message.address:
            continue
        if patients.opt_out(session, patient, by=sender.by, now=now, reason="said by text, from a shared telephone"):
            planning.replan_patient(session, patient, now=now)
            tasks.make(
                session,
                service_id=sender.service.id,
                patient_id=patient.id,
                kind="opted_out",
                key=f"opted_out:{message.id}:{patient.id}",
                detail={"why": "shared_telephone", "said_by": str(sender.by)},
                message_id=message.id,
                due_at=care_team.add_service_time(sender.service, now, TODAY),
                now=now,
            )
