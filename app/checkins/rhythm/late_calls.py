"""A promised call that did not come: its hour has passed, nobody telephoned, and the patient is told once (house rule, 2026-11-22).

Whoever must call is called by the alert's own ladder; this is for whoever waits beside the telephone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.alerts import promised, raising
from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.core.audit import SYSTEM
from app.messaging import outbox, pages
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from app.people import care_team
from app.people.models import FollowUp, Patient
from notifications import policy

KEY = "call_late"
ASKED = "call_back"


@dataclass(frozen=True)
class Broken:
    """A promise made ``since``, by a text of this alert or by a task, that nobody kept. name: said once, for ever."""

    patient_id: int
    since: datetime
    name: str
    address: str = ""
    alert: Alert | None = None


def due(session: Session, now: datetime) -> list[int]:
    """Patients who wait for a call whose hour has passed, and were not told."""
    return sorted({one.patient_id for one in _broken(session, now) if _to_tell(session, one, now)})


def tell(session: Session, patient_id: int, now: datetime) -> None:
    """Say that the call is late, that it comes, and whom to call if it gets worse; the alert's story says that it was said."""
    found = [one for one in _broken(session, now) if one.patient_id == patient_id and _to_tell(session, one, now)]
    patient = session.get_one(Patient, patient_id)
    if not found or not outbox.language_of(KEY, Purpose.ADMINISTRATIVE, patient.service, patient, found[0].address):
        return
    outbox.queue(
        session,
        key=KEY,
        purpose=Purpose.ADMINISTRATIVE,
        dedup_key=found[0].name,
        patient=patient,
        to=found[0].address,
        alert_id=found[0].alert.id if found[0].alert else None,
        now=now,
    )
    for alert in {one.alert.id: one.alert for one in found if one.alert}.values():
        raising.note(session, alert, KEY, by=SYSTEM, now=now)


def _broken(session: Session, now: datetime) -> Iterator[Broken]:
    said = (Message.direction == "out", Message.key.in_(promised.TEXTS), Message.state.in_((Out.SENT, Out.DELIVERED)))
    waiting = (Alert.state != AlertState.CLOSED, Alert.respond_by <= now, Alert.patient_id.is_not(None))
    for alert in session.scalars(select(Alert).where(*waiting).order_by(Alert.id)):
        promise = session.scalar(select(Message).where(*said, Message.alert_id == alert.id).order_by(Message.id.desc()).limit(1))
        if promise is not None and alert.patient_id is not None and promised.hour(session, alert, promise) <= now:
            yield Broken(alert.patient_id, promise.created_at, f"{KEY}:text:{promise.id}", promise.address, alert)
    asked = (Task.kind == ASKED, Task.closed_at.is_(None), Task.due_at <= now, Task.patient_id.is_not(None))
    for task in session.scalars(select(Task).where(*asked).order_by(Task.id)):
        if task.patient_id is not None and "advice" not in task.detail:  # a call nobody told the patient of is not waited for
            since = task.detail.get(promised.SINCE)
            yield Broken(task.patient_id, datetime.fromisoformat(since) if since else task.created_at, f"{KEY}:task:{task.id}")


def _to_tell(session: Session, one: Broken, now: datetime) -> bool:
    """Nobody called or told since, the service is open, so that "a nurse calls" is true, and it is not the patient's night."""
    patient = session.get_one(Patient, one.patient_id)
    followed = patient.follow_up != FollowUp.ENDED and patient.opted_out_at is None and outbox.may_receive(patient, Purpose.ADMINISTRATIVE)
    if not followed or not care_team.is_open(patient.service, now) or policy.first_allowed(now, patient.timezone) > now:
        return False
    heard = or_(Message.key == KEY, and_(Message.direction == "in", Message.carrier == pages.CALL))
    since = (Message.patient_id == patient.id, Message.created_at >= one.since)
    called = (Alert.patient_id == patient.id, AlertEvent.kind == "called", AlertEvent.at >= one.since)
    return (
        session.scalar(select(Message.id).where(*since, heard).limit(1)) is None
        and session.scalar(select(AlertEvent.id).join(Alert, Alert.id == AlertEvent.alert_id).where(*called).limit(1)) is None
    )
