"""A code that comes back after its time: it says so, and a new one leaves in the same text (FR-25, HZ-09)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.checkins import turn_taking
from app.checkins.texts import verifying
from app.core.audit import SYSTEM
from app.core.errors import Refusal
from app.messaging import codes, inbox, outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import numbers
from app.people.models import NumberCheck, Patient, Respondent


def sent_back(session: Session, message: Message, *, now: datetime) -> bool:
    """Is this text nothing but a code that was sent to this telephone and is over? Then it is dealt with here, and True.

    False where no new one may leave (five wrong ones, five a day, another number since): it is read like any text, by a nurse.
    """
    check = codes.outlived(session, message)
    if check is None or check.tries >= numbers.TRIES:
        return False
    patient = session.get_one(Patient, check.patient_id)
    turn_taking.hold(session, patient.id)
    holder = numbers.holder_of(session, patient, check)
    moved = check.purpose != numbers.Purpose.CHANGE and holder.phone != check.number
    if moved or patient.opted_out_at is not None:
        return False
    if holder.phone == check.number and holder.phone_verified_at is not None:
        _confirmed_already(session, patient, message, now)
    elif check.confirmed_at is not None or not _another(session, patient, check, now):
        return False
    inbox.file(message, patient_id=patient.id, alert_id=message.alert_id, reading={"heard": "number_code"})
    return True


def _confirmed_already(session: Session, patient: Patient, message: Message, now: datetime) -> None:
    outbox.queue(
        session,
        key="number_ok",
        purpose=Purpose.ADMINISTRATIVE,
        dedup_key=f"turn:{message.id}",
        patient=patient,
        reply_to=message,
        now=now,
    )


def _another(session: Session, patient: Patient, check: NumberCheck, now: datetime) -> bool:
    relative = session.get_one(Respondent, check.respondent_id) if check.respondent_id else None
    purpose = numbers.Purpose(check.purpose)
    try:
        verifying.ask(
            session,
            patient,
            by=SYSTEM,
            now=now,
            respondent=relative,
            purpose=purpose,
            number=check.number,
            reason=check.reason,
            too_late=True,
        )
    except Refusal:
        return False
    return True
