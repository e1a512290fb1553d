"""The first text of each cycle says that this is no emergency service, and whom to call instead (FR-14, HZ-24)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins.models import CheckIn
from app.messaging import outbox
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from app.people.models import Patient

KEY = "not_emergency"


def say(session: Session, checkin: CheckIn, patient: Patient, *, now: datetime) -> int:
    """A neutral text before the question, once a cycle; the first cycle has it in its welcome. How many texts left: it counts in the five.

    A text of its own, whole in itself: were it to arrive after the question, nothing would be wrong.
    """
    cycle = checkin.cycle or 1
    if cycle == 1 and _left(session, f"welcome_1:{checkin.course_id}"):
        return 0
    key = f"line:{checkin.course_id}:{cycle}"
    if _left(session, key):
        return 0
    outbox.queue(session, key=KEY, purpose=Purpose.ADMINISTRATIVE, dedup_key=key, patient=patient, checkin_id=checkin.id, now=now)
    return 1


def _left(session: Session, dedup_key: str) -> bool:
    """Did this text leave, or is it on its way?"""
    state = session.scalar(select(Message.state).where(Message.dedup_key == dedup_key))
    return state is not None and state not in (Out.FAILED, Out.EXPIRED)
