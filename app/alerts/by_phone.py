"""An alert taken by a key of the telephone, and what became of each call. A machine that answers presses nothing: it takes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.models import Alert, AlertEvent, AlertState
from app.alerts.raising import note
from app.core.audit import SYSTEM
from app.core.errors import Refusal
from app.messaging import outbox
from app.messaging.models import Message, Out
from app.people.models import Staff
from app.people.perimeter import viewer_of
from app.people.rota_models import RoadLeg
from notifications.messages import Channel

TAKES = "1"
KEY_WITHIN = timedelta(hours=1)
"""How long after a call was made its key still counts: as long as a page is worth sending (house rule, 2026-11-23)."""
ENDED = {Out.DELIVERED: "answered", Out.UNDELIVERED: "no_answer", Out.FAILED: "failed"}
"""How a call ended, by the state of its message; a busy line is told apart by the carrier's own word."""


@dataclass(frozen=True)
class Spoken:
    """What is said back: a text of the catalogue, its values, in the listener's language. ask: and one more key is waited for."""

    key: str
    language: str = "fr"
    values: dict[str, object] = field(default_factory=dict)
    ask: bool = False


def pressed(session: Session, message_id: int, key: str, *, again: bool, now: datetime) -> Spoken:
    """A key was pressed during this call. 1 takes the alert, or answers a test; anything else is asked again once.

    A call that is old, unknown, or went to a telephone that is not this person's any more takes nothing and says so.
    """
    message = session.get(Message, message_id) if message_id < 2**31 else None
    if message is None or message.channel != Channel.VOICE or message.staff_id is None:
        return Spoken("staff_call_over")
    staff = session.get_one(Staff, message.staff_id)
    if now - message.created_at > KEY_WITHIN or not outbox.may_page(session, staff, message):
        return Spoken("staff_call_over", message.language)
    if key != TAKES:
        return Spoken("staff_call_again", message.language, ask=not again)
    leg = session.scalar(select(RoadLeg).where(RoadLeg.message_id == message.id).with_for_update())
    if leg is not None:
        if leg.confirmed_at is None:
            leg.confirmed_at, leg.confirmed_how = now, "key"
        return Spoken("staff_test_heard", message.language, {"ref": f"R{leg.test_id}"})
    return _taken(session, message, staff, now)


def _taken(session: Session, message: Message, staff: Staff, now: datetime) -> Spoken:
    alert = session.get(Alert, message.alert_id, populate_existing=True) if message.alert_id else None
    if alert is None or alert.state == AlertState.CLOSED:
        return Spoken("staff_call_over", message.language)
    ref = {"ref": f"A{alert.id}"}
    is_new = alert.state == AlertState.NEW
    try:
        handling.take(session, alert.id, by=viewer_of(staff, message.service_id), now=now)
    except Refusal:  # somebody was first, or this role treats no alert; who has it is not said on a telephone
        return Spoken("staff_call_already", message.language, dict(ref))
    if is_new:
        note(session, alert, "rang", by=SYSTEM, now=now, detail={"to": staff.name, "ended": "key", "message_id": message.id})
    return Spoken("staff_call_taken", message.language, dict(ref))


def ended(session: Session, message: Message, *, now: datetime, busy: bool = False) -> None:
    """Write on the alert how a call ended, once; a call that was taken by a key is already told. The next rung comes at its own hour."""
    how = ENDED.get(Out(message.state))
    alert = session.get(Alert, message.alert_id) if message.alert_id else None
    if how is None or alert is None or message.channel != Channel.VOICE or message.staff_id is None:
        return
    told = session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id, AlertEvent.kind == "rang"))
    if any(event.detail.get("message_id") == message.id for event in told):
        return
    name = session.get_one(Staff, message.staff_id).name
    detail = {"to": name, "ended": "busy" if busy else how, "message_id": message.id}
    note(session, alert, "rang", by=SYSTEM, now=now, detail=detail)
