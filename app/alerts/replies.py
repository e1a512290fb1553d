"""Six ready replies to a patient, keys 1 to 6: reviewed texts, shown in the patient's language before they leave.

A reply waits ten seconds, in which whoever sent it may take it back. None promises what the service cannot keep (house rules, 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import arrival, tasks
from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.alerts.raising import note
from app.alerts.undoing import LASTS
from app.core import audit
from app.core.audit import AuditRow
from app.core.errors import NotFound, Refusal
from app.messaging import outbox
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from app.people import absences, care_team
from app.people.models import FollowUp, Patient
from app.people.perimeter import Viewer
from app.people.telephones import is_landline
from notifications import wording
from notifications.messages import Moment
from notifications.wording import WordingError
from triage.advice import EMERGENCY_NOW
from triage.terms import Level

KEYS = ("ready_call", "ready_rest", "ready_temp", "ready_phone", "ready_read", "ready_come")
"""By their key on the keyboard, 1 to 6."""

UP_TO: Mapping[str, Level] = MappingProxyType(
    {
        "ready_call": Level.URGENT,
        "ready_phone": Level.URGENT,
        "ready_temp": Level.HIGH,
        "ready_read": Level.MODERATE,
        "ready_come": Level.HIGH,
        "ready_rest": Level.MODERATE,
    }
)
"""The gravest alert beside which each may be said: self-care and thanks stand beside nothing grave (design guide, SMS rules)."""

CALL_FOR_HELP = frozenset({"urgent_15", "urgent_closed", "suicidal"})
"""Safety texts that tell to call the emergency number or the helpline now: a reply that has somebody wait for us would unsay them."""

PROMISES = ("ready_call", "ready_rest")
WITHIN = timedelta(hours=1)
AGAIN = timedelta(minutes=10)
"""The same reply twice in this time is a second press of the same finger."""


@dataclass(frozen=True)
class Offer:
    """One reply as it would leave. text: "" when it cannot; refusal: why, as a sentence for the reader."""

    key: str
    number: int
    text: str = ""
    language: str = ""
    refusal: Refusal | None = None


def offers(session: Session, patient: Patient | None, alert: Alert | None, now: datetime) -> list[Offer]:
    """The six, each with its words in the language of whoever reads them, or with the reason why it cannot leave."""
    found = []
    for number, key in enumerate(KEYS, 1):
        try:
            text, language = _said(session, patient, alert, key, now)
            found.append(Offer(key, number, text, language))
        except Refusal as refusal:
            found.append(Offer(key, number, refusal=refusal))
    return found


def send(session: Session, patient: Patient | None, key: str, *, alert: Alert | None, by: Viewer, now: datetime) -> Message:
    """Queue it, to leave in ten seconds; a promised call becomes a call to make, with its hour. Raises Refusal with why it cannot leave."""
    by.require("act_on_alerts")
    if key not in KEYS:
        raise Refusal("Choose one of the six replies.", field="key", status=422)
    _said(session, patient, alert, key, now)
    assert patient is not None
    recent = (Message.patient_id == patient.id, Message.key == key, Message.created_at > now - AGAIN, Message.error_code != "withdrawn")
    if session.scalar(select(Message.id).where(*recent).limit(1)) is not None:
        raise Refusal("This reply was sent less than ten minutes ago. Nothing was sent again.")
    message = outbox.queue(
        session,
        key=key,
        purpose=Purpose.CONFIRMATION,
        dedup_key=f"{key}:{patient.id}:{now.isoformat()}",
        patient=patient,
        values=_values(patient, key, now),
        not_before=now + LASTS,
        expires_at=now + WITHIN / 2 if key in PROMISES else None,
        alert_id=alert.id if alert else None,
        now=now,
    )
    if key in PROMISES:
        tasks.make(
            session,
            service_id=patient.service_id,
            patient_id=patient.id,
            kind="call_back",
            key=_promise(message),
            due_at=now + WITHIN,
            owner_id=by.actor.id,
            by=by.actor,
            now=now,
        )
    _note(session, patient, alert, message, "reply.sent", by=by, now=now)
    return message


def take_back(session: Session, message_id: int, *, by: Viewer, now: datetime) -> Message:
    """It does not leave, and the promised call is none; by whoever sent it, while it waits. Raises Refusal when it has left."""
    message = session.get(Message, message_id)
    if message is None or message.service_id != by.service_id or message.key not in KEYS:
        raise NotFound("This message")
    sent = (AuditRow.subject == f"message:{message.id}", AuditRow.action == "reply.sent", AuditRow.actor == str(by.actor))
    mine = session.scalar(select(AuditRow.id).where(*sent)) is not None
    values = {"state": Out.EXPIRED, "error_code": "withdrawn", "error": "taken back", "settled_at": now, "handled": True}
    waits = (Message.id == message.id, Message.state == Out.QUEUED)
    in_time = mine and now - message.created_at <= LASTS
    taken = session.execute(update(Message).where(*waits).values(**values)) if in_time else None
    if taken is None or taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        raise Refusal("Too late to undo: this reply has left.")
    promised = session.scalar(select(Task).where(Task.key == _promise(message)))
    if promised is not None:
        tasks.end(session, promised, by=by.actor, now=now, words="undone")
    alert = session.get(Alert, message.alert_id) if message.alert_id else None
    _note(session, session.get_one(Patient, message.patient_id), alert, message, "reply.taken_back", by=by, now=now)
    session.refresh(message)
    return message


def _promise(message: Message) -> str:
    return f"ready:{message.id}"


def _note(session: Session, patient: Patient, alert: Alert | None, message: Message, what: str, *, by: Viewer, now: datetime) -> None:
    audit.record(
        session,
        actor=by.actor,
        action=what,
        subject=f"message:{message.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after=message.key,
        now=now,
    )
    if alert is not None:
        alert.stamp += 1
        kind = "replied" if what == "reply.sent" else "unsaid"
        note(session, alert, kind, by=by.actor, now=now, detail={"key": message.key, "message_id": message.id})


def _said(session: Session, patient: Patient | None, alert: Alert | None, key: str, now: datetime) -> tuple[str, str]:
    """The words and their language. Raises Refusal with why it cannot be said."""
    _may_be_written_to(patient)
    assert patient is not None
    _fits(session, patient, alert, key, now)
    language = outbox.language_of(key, Purpose.CONFIRMATION, patient.service, patient, outbox.address_of(patient))
    if not language:
        raise Refusal("No ready reply exists in a language this person reads. Telephone, with an interpreter.")
    try:
        return wording.render(key, language, outbox.standard(key, patient.service, now) | _values(patient, key, now)), language
    except WordingError as error:
        raise Refusal("This reply cannot be worded now. Telephone.") from error


def _may_be_written_to(patient: Patient | None) -> None:
    if patient is None:
        raise Refusal("Nobody is known behind this number. Telephone.")
    if patient.follow_up_kind == absences.DEATH:
        raise Refusal("A death is noted: no text leaves.")
    if patient.follow_up != FollowUp.ACTIVE:
        raise Refusal("Texts are frozen for this patient. Telephone.")
    if patient.opted_out_at is not None:
        raise Refusal("This patient asked for no more texts. Telephone.")
    address = outbox.address_of(patient)
    if not address or is_landline(address):
        raise Refusal("There is no mobile number to write to. Telephone.")
    if patient.shared_phone:
        raise Refusal("Several patients have this telephone. Call, and ask who answers.")


def _fits(session: Session, patient: Patient, alert: Alert | None, key: str, now: datetime) -> None:
    if alert is not None and alert.state != AlertState.CLOSED and _calls_for_help(session, alert):
        raise Refusal("Too grave for a ready reply: this patient must call for help now. Telephone.")
    if arrival.is_checked(session, patient.id):
        raise Refusal("Too grave for a ready reply: help was sent to this patient. Telephone.")
    level = Level.of(alert.level) if alert is not None and alert.state != AlertState.CLOSED else Level.NONE
    if level > UP_TO[key]:
        raise Refusal("This reply does not fit an alert so grave. Telephone.")
    service = patient.service
    open_now = care_team.is_open(service, now)
    if key in PROMISES and not (open_now and care_team.is_open(service, now + WITHIN)):
        raise Refusal("The service closes within the hour: this call cannot be promised.")
    if key == "ready_phone" and not open_now:
        raise Refusal("The service is closed: nobody would answer.")


def _calls_for_help(session: Session, alert: Alert) -> bool:
    """Was the patient told to call for help now, by text or on a page; or is it what was told of them to one of us, on the telephone?"""
    if Level.of(alert.level) is not Level.URGENT:
        return False
    told = (Message.alert_id == alert.id, Message.direction == "out", Message.key.in_(CALL_FOR_HELP))
    if session.scalar(select(Message.id).where(*told).limit(1)) is not None:
        return True
    story = session.scalars(select(AlertEvent.detail).where(AlertEvent.alert_id == alert.id))
    return any(EMERGENCY_NOW.intersection(detail.get("dangers") or ()) for detail in story)


def _values(patient: Patient, key: str, now: datetime) -> dict[str, object]:
    zone = ZoneInfo(patient.timezone)
    if key in PROMISES:
        return {"when": Moment((now + WITHIN).astimezone(zone), now.astimezone(zone))}
    if key == "ready_come":
        tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
        return {"opening": Moment(care_team.next_opening(patient.service, tomorrow).astimezone(zone), now.astimezone(zone))}
    return {}
