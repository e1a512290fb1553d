"""Danger first: looked for in every text, before and apart from reading it, whoever writes and in whatever state (house, section 7).

An owned alert in the service written to, and the safety text on its way; when it cannot leave, the alert says that nobody was told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling, reasons
from app.alerts.handling import Reason
from app.alerts.heard import level_of as level_of
from app.alerts.models import Alert
from app.checkins import script
from app.checkins.texts.senders import Sender
from app.checkins.turns import could_leave
from app.messaging import outbox, pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import care_team, reading
from app.people.models import Patient, Service
from app.protocols import versions
from app.treatment import courses
from triage import calendar
from triage.advice import EMERGENCY_NOW, FEVERS
from triage.protocol import LevelPlan
from triage.terms import ALARMING, Level

log = structlog.get_logger(__name__)

SAFETY = frozenset({"urgent_15", "urgent_fever", "urgent", "suicidal", "urgent_closed"})

TEXTS: Mapping[str, str] = {
    **dict.fromkeys(sorted(EMERGENCY_NOW), "urgent_15"),
    "child_ingestion": "urgent_15",
    "suicidal": "suicidal",
    **dict.fromkeys(sorted(FEVERS), "urgent_fever"),
    "persistent_vomiting": "urgent",
    "no_fluids": "urgent",
    "overdose": "urgent",
    "anuria": "urgent",
    "dvt_signs": "urgent",
    "unwell": "urgent",
    ALARMING: "urgent",
}
"""Danger class → its text. urgent_15: the emergency number alone, and first. suicidal: 3114, then the emergency number. urgent_fever: the
service, then the emergency number. urgent: a nurse calls, with both numbers. A child who swallowed a tablet does not wait for a call
(house rule, 2026-11-22)."""

MOST_PRESSING = ("urgent_15", "suicidal", "urgent_fever", "urgent")
PRESSING = ("urgent_15", "suicidal", "urgent_closed", "urgent_fever", "urgent")
"""Safety texts as they leave, the most pressing first; where the service is closed the emergency number stands for a call."""
TAKEN_TO_DIE = frozenset({"suicidal", "overdose"})
"""Tablets taken to die are an emergency, not a conversation."""


def text_for(codes: Collection[str]) -> str:
    """The safety text of these dangers, service open: the most pressing of them. A danger without its own line gets "urgent"."""
    found = {TEXTS.get(code, "urgent") for code in codes}
    if set(codes) >= TAKEN_TO_DIE:
        return "urgent_15"
    return next((text for text in MOST_PRESSING if text in found), "urgent")


def hear(session: Session, sender: Sender, message: Message, codes: Collection[str], *, now: datetime) -> tuple[Alert, Message | None]:
    """Raise the alert of these danger codes and queue the safety text. Same-day dangers get no emergency text: None."""
    level = level_of(codes)
    plan = _plan(session, sender.patient, level, now)
    detail: dict[str, Any] = {"dangers": sorted(set(codes)), "message_id": message.id, "said_by": str(sender.by)}
    if sender.patient is None:
        detail |= {"number": message.address, "among": list(sender.among)}
    reason = Reason(
        kind="danger",
        level=level,
        detail=detail,
        ladder=plan.ladder_rows() if plan else None,
        respond_within=plan.respond_within if plan else None,
    )
    subject = "" if sender.patient else f"number:{message.address}"
    alert = handling.consider(session, service=sender.service, patient=sender.patient, reason=reason, subject=subject, now=now)
    assert alert is not None  # high and urgent always raise
    message.alert_id = alert.id
    if level is not Level.URGENT:
        return alert, None
    return alert, tell(session, sender.service, sender.patient, message, text_for(codes), alert, reason, now=now)


def tell(
    session: Session, service: Service, patient: Patient | None, message: Message, key: str, alert: Alert, reason: Reason, *, now: datetime
) -> Message:
    """Answer a text with its safety text, once, and write on the alert whether it could leave. ``key``: the text of an open service."""
    key, values = in_hours(service, key, reason.respond_within, now)
    paper = pages.is_paper(message)
    if paper and (before := _told_already(session, message, key, alert)) is not None:
        return before
    text = outbox.queue(
        session,
        key=key,
        purpose=Purpose.SAFETY,
        dedup_key=f"safety:{message.id}:{alert.id}:{key}" if paper else f"safety:{message.id}",
        patient=patient,
        service=service,
        values=values,
        reply_to=message,
        checkin_id=message.checkin_id,
        alert_id=alert.id,
        now=now,
    )
    if values:
        text.reading = {"values": values}  # a page shows the same text, and words it in its own way
    understood = patient is None or text.language in reading.languages_of(patient, text.address)
    handling.told(session, alert, message_id=text.id if could_leave(text) else None, now=now, understood=understood)
    return text


def _told_already(session: Session, message: Message, key: str, alert: Alert) -> Message | None:
    """The text of this danger, or of a graver one, that this telephone was sent before: a page's answers are judged together each time.

    Only what is more pressing is told anew. What could not leave is told on the next page.
    """
    same = (Message.alert_id == alert.id, Message.purpose == Purpose.SAFETY, Message.address == message.address)
    earlier = select(Message).where(*same, Message.key.in_(PRESSING[: PRESSING.index(key) + 1])).order_by(Message.id.desc())
    return next((text for text in session.scalars(earlier) if text.reply_to_id == message.id or could_leave(text)), None)


def in_hours(service: Service, key: str, respond_within: timedelta | None, now: datetime) -> tuple[str, dict[str, object]]:
    """The safety text that holds at this hour, and what it promises. Closed: no call is promised.

    The emergency number and the helpline answer day and night: those texts stay.
    """
    if key in ("urgent", "urgent_fever") and not care_team.is_open(service, now):
        return "urgent_closed", {}
    if key == "urgent":
        within = respond_within or reasons.DEADLINES[Level.URGENT]
        return key, {"minutes": max(1, int(within.total_seconds() // 60))}
    return key, {}


def _plan(session: Session, patient: Patient | None, level: Level, now: datetime) -> LevelPlan | None:
    """Ladder and delay of the patient's protocol. Whatever goes wrong here, the house's own ladder serves: a danger never waits for it."""
    if patient is None:
        return None
    try:
        with session.begin_nested():
            course = courses.running(session, patient.id)
            row = script.version_for(session, course, patient, calendar.local_day(now, patient.timezone)) if course else None
            return versions.load(row).levels.get(level) if row else None
    except Exception:
        log.exception("the ladder of a protocol could not be read; the house's own is used", patient_id=patient.id)
        return None
