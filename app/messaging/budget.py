"""What texts cost: the segments of a service's day against its budget, and the texts of a day to one number. Never a safety text."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from app.messaging.models import Message, Out
from app.people.models import Service

PER_NUMBER, WITHIN = 40, timedelta(hours=24)
"""Texts to one number in a day, safety and staff texts apart: four check-ins with every question asked twice (house rule, 2026-11-22)."""

WARNED_AT, SPENT_AT = 80, 100
"""Percent of the budget at which a person is told; at the second, questions and reminders wait (house rule, 2026-11-22)."""

_DOUBLE = "^{}\\[]~|€"
"""Characters that count twice. Texts hold none outside the SMS alphabet: ``wording`` refuses them."""
_ONE, _EACH = 160, 153

FREE = ("safety", "staff")
PAGES = ("form", "call")
"""Carriers of what is shown on a page: it costs nothing."""


def spent(session: Session, service: Service, now: datetime) -> int:
    """Segments of this service's texts of today, on its own wall, as the carrier bills them: sent, or about to be."""
    units: ColumnElement[int] = func.length(Message.body)
    for sign in _DOUBLE:
        units = units + func.length(Message.body) - func.length(func.replace(Message.body, sign, ""))
    segments = case((units <= _ONE, 1), else_=(units + _EACH - 1) // _EACH)
    mine = (
        Message.service_id == service.id,
        Message.created_at >= midnight(service, now),
        Message.direction == "out",
        Message.channel == "sms",
    )
    left = or_(Message.state.not_in((Out.FAILED, Out.EXPIRED)), Message.carrier_id.is_not(None))
    sent = session.scalar(select(func.sum(segments)).where(*mine, left, Message.body != "", Message.carrier.not_in(PAGES)))
    return int(sent or 0)


def percent(session: Session, service: Service, now: datetime) -> int:
    """How much of today's budget is spent; 100 when there is none."""
    return spent(session, service, now) * 100 // service.sms_per_day if service.sms_per_day > 0 else SPENT_AT


def is_spent(session: Session, service: Service, now: datetime) -> bool:
    """Must questions and reminders wait? What answers a patient, what warns of a danger and what pages staff never do."""
    return percent(session, service, now) >= SPENT_AT


def midnight(service: Service, now: datetime) -> datetime:
    """When today began at the service, in UTC."""
    zone = ZoneInfo(service.timezone)
    return datetime.combine(now.astimezone(zone).date(), time(0), zone).astimezone(UTC)


def too_many(session: Session, message: Message, now: datetime) -> bool:
    """Has this number had its texts of the day? Safety, staff texts and the confirmation of an alert always leave."""
    if message.purpose in FREE or (message.purpose == "confirmation" and message.alert_id is not None):
        return False
    sent = (Message.direction == "out", Message.address == message.address, Message.created_at > now - WITHIN)
    counted = (Message.purpose.not_in(FREE), Message.state.not_in((Out.FAILED, Out.EXPIRED)), Message.carrier.not_in(PAGES))
    return (session.scalar(select(func.count()).select_from(Message).where(*sent, *counted)) or 0) >= PER_NUMBER
