"""The texts a panel shows: the words that matter now, what was answered to them, the last ones of both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.alerts import arrival
from app.alerts.models import Alert, AlertEvent
from app.insight import quotes, worklist
from app.insight.worklist import Row
from app.messaging import pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people.models import Patient
from app.web.patient.chart_data import Heard
from app.web.render import Page

LAST_TEXTS = 8
CALM = ("0", "no", "all")
"""Answers that raise nothing: no such symptom, no, every dose taken."""


def on_form(session: Session, alert: Alert) -> Message | None:
    """The safety text that a form showed at once, whatever became of the same text by SMS."""
    said = aliased(Message)
    mine = (Message.alert_id == alert.id, Message.purpose == Purpose.SAFETY, Message.body != "", said.carrier == pages.FORM)
    return session.scalar(select(Message).join(said, said.id == Message.reply_to_id).where(*mine).order_by(Message.id.desc()).limit(1))


def advice(session: Session, heard: Heard | None) -> Message | None:
    """The self-care text of that check-in, if one was queued."""
    checkin_id = heard.assessment.checkin_id if heard else None
    if checkin_id is None:
        return None
    mine = select(Message).where(Message.checkin_id == checkin_id, Message.purpose == Purpose.ADVICE)
    return session.scalar(mine.order_by(Message.id.desc()).limit(1))


def last(session: Session, page: Page, patient: Patient | None, number: str) -> list[Message]:
    """The last texts of both directions, oldest first."""
    mine = [Message.service_id == page.viewer.service_id, Message.staff_id.is_(None)]
    if patient is not None:
        mine.append(Message.patient_id == patient.id)
    elif number:
        mine.append(Message.address == number)
        mine.append(Message.patient_id.is_(None))
    else:
        return []
    return list(session.scalars(select(Message).where(*mine).order_by(Message.id.desc()).limit(LAST_TEXTS)))[::-1]


def words(session: Session, alert: Alert | None, row: Row | None) -> dict[str, Any]:
    """The words a panel begins with: quotes, what those of figures alone answered, and the events that say why."""
    alerts = behind(session, alert, row)
    found = quoted(session, alerts, row)
    return {"quotes": found, "figures": quotes.figures(session, found), "reasons": reasons(alerts)}


def behind(session: Session, alert: Alert | None, row: Row | None) -> list[Alert]:
    """The alert of the panel, then those for which help was sent and is not yet known to be there: their words matter until it is."""
    sent = [task.detail.get("alert_id") for task in (row.tasks if row else ()) if task.kind == arrival.KIND]
    found = [alert, *(session.get(Alert, one) for one in sent if one)]
    return list(dict.fromkeys(one for one in found if one is not None))


def reasons(alerts: Sequence[Alert]) -> list[AlertEvent]:
    """What raised these alerts, in order."""
    return [event for alert in alerts for event in alert.events if event.kind in worklist.REASONS]


def quoted(session: Session, alerts: Sequence[Alert], row: Row | None) -> list[Message]:
    """The words that matter now: those that raised the alerts, of their check-ins, or that made a task; the first two."""
    found = _latest(quotes.named(session, [event.detail.get("message_id") for event in reasons(alerts)]))
    if not found:
        found = _without_calm(session, [message for some in quotes.judged(session, alerts).values() for message in some])
    found += _latest(quotes.named(session, [task.message_id for task in (row.tasks if row else ())]))
    return list(dict.fromkeys(found))[:2]


def _without_calm(session: Session, found: list[Message]) -> list[Message]:
    """Replies of figures that all say "no" or "all taken" are no reason of an alert; where nothing else was said they stay."""
    figures = quotes.figures(session, found)
    telling = [one for one in found if one.id not in figures or any(row.value not in CALM for row in figures[one.id])]
    return telling or found


def _latest(found: Mapping[int, Message]) -> list[Message]:
    return sorted(found.values(), key=lambda message: -message.id)
