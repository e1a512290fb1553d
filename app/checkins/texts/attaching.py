"""Texts of a shared telephone: shown with everybody they may be about, and attached to one of them by a person, never by a guess (SEC-16).

Attached, its alert goes with it. A patient who has an open alert already keeps that one, and hears of the danger on it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.alerts import handling, raising
from app.alerts.handling import Reason
from app.alerts.models import Alert, AlertState
from app.checkins.texts import dangers
from app.core import audit
from app.core.errors import Conflict, NotFound, Refusal
from app.messaging.models import Message
from app.people import patients
from app.people.models import Patient, Service
from app.people.perimeter import Viewer

LOOKED_AT = 300
"""The last texts of nobody that are looked through; a service has a few a day."""


def of_shared(session: Session, patient: Patient) -> list[Message]:
    """Texts attached to nobody that may be this patient's, latest first: who had the telephone when they came, whatever changed since."""
    nobodys = (Message.service_id == patient.service_id, Message.direction == "in", Message.patient_id.is_(None))
    last = session.scalars(select(Message).where(*nobodys).order_by(Message.id.desc()).limit(LOOKED_AT))
    return [message for message in last if patient.id in among(message)]


def among(message: Message) -> list[int]:
    """Who shared the telephone when this text came; empty for one nobody knows."""
    return list((message.reading or {}).get("among") or ())


def attach(session: Session, message_id: int, *, patient_id: int, by: Viewer, now: datetime) -> Message:
    """This text is about this patient, a nurse says. Raises NotFound outside the perimeter, Conflict when somebody said so first."""
    by.require("act_on_alerts")
    patient = patients.get(session, patient_id, viewer=by)
    message = session.get(Message, message_id)
    if message is None or message.service_id != patient.service_id or message.direction != "in" or patient.id not in among(message):
        raise NotFound("This message")
    if by.actor.kind != "staff":
        raise Refusal("A message is attached by a person: say who acts.", field="by", status=422)
    mine = update(Message).where(Message.id == message.id, Message.patient_id.is_(None)).values(patient_id=patient.id)
    if session.execute(mine).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        raise Conflict("Somebody has already said whose message this is. Nothing was changed.")
    session.refresh(message)
    audit.record(
        session,
        actor=by.actor,
        action="message.attached",
        subject=f"message:{message.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after={"alert_id": message.alert_id},
        now=now,
    )
    alert = session.get(Alert, message.alert_id) if message.alert_id else None
    if alert is not None and alert.patient_id is None:
        _with_alert(session, message, patient, alert, by=by, now=now)
    return message


def _with_alert(session: Session, message: Message, patient: Patient, alert: Alert, *, by: Viewer, now: datetime) -> None:
    """The alert moves when it holds this patient's texts only; where others speak in it, it stays, and the patient gets their own."""
    speaking = (Message.alert_id == alert.id, Message.direction == "in", Message.id != message.id)
    whose = or_(Message.patient_id.is_(None), Message.patient_id != patient.id)
    alone = session.scalar(select(Message.id).where(*speaking, whose).limit(1)) is None
    if alone and _moved(session, alert, patient):
        raising.note(session, alert, "attached", by=by.actor, now=now, detail={"to": patient.full_name, "message_id": message.id})
        raising.record(session, alert, "alert.attached", by=by.actor, now=now, after=patient.id)
        return
    codes = (message.reading or {}).get("dangers")
    if not codes or alert.state == AlertState.CLOSED:
        return
    reason = Reason(kind="danger", level=dangers.level_of(codes), detail={"dangers": sorted(codes), "message_id": message.id})
    own = handling.consider(
        session, service=session.get_one(Service, alert.service_id), patient=patient, reason=reason, by=by.actor, now=now
    )
    message.alert_id = own.id if own else message.alert_id


def _moved(session: Session, alert: Alert, patient: Patient) -> bool:
    """False when the patient has an open alert: there is one at most."""
    try:
        with session.begin_nested():
            alert.patient_id, alert.subject = patient.id, f"patient:{patient.id}"
            alert.stamp += 1
            session.flush()
    except IntegrityError:
        session.refresh(alert)
        return False
    return True
