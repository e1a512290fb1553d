"""The texts a panel shows: the words that matter now, what was answered to them, the last ones of both directions."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.alerts.models import Alert
from app.insight import quotes, worklist
from app.insight.worklist import Row
from app.messaging import pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people.models import Patient
from app.web.patient.chart_data import Heard
from app.web.render import Page

LAST_TEXTS = 8


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


def quoted(session: Session, alert: Alert | None, row: Row | None) -> list[Message]:
    """The words that matter now: those that raised the alert, of its check-in, or that made a task; latest first, two at most."""
    events = [event for event in alert.events if event.kind in worklist.REASONS] if alert else []
    ids = [*(event.detail.get("message_id") for event in events), *(task.message_id for task in (row.tasks if row else ()))]
    found = quotes.named(session, ids)
    if not found and alert is not None:
        found = {message.id: message for message in quotes.judged(session, [alert]).get(alert.id, ())}
    return sorted(found.values(), key=lambda message: -message.id)[:2]
