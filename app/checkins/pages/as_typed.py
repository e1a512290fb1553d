"""What was typed for a question of a call and cannot be its answer: kept as typed until it is put right, so that leaving loses nothing.

It stands on a blank row of the conversation, as the answers of a page do (messaging/pages.py): never judged, never sent, never shown as
words that were said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import turn_taking
from app.core.audit import Actor
from app.messaging import pages
from app.messaging.models import Message
from app.people.models import Patient

SHOWN = timedelta(hours=24)
"""How long it waits when no call is begun; a call that is half filled keeps it until its end (house rule, 2026-11-23)."""

LEFT = "left_as_typed"
TOLD = "told"
"""Stands for a question's key: the words said besides."""


def keep(session: Session, patient: Patient, key: str, fields: Mapping[str, str], *, by: Actor, now: datetime) -> None:
    """The fields of one question as they were left. by: who answers. The same question again replaces them."""
    turn_taking.hold(session, patient.id)
    row = pages.keep(session, patient, "", carrier=pages.CALL, address="", now=now, once=_name(patient, by))
    row.reading = {LEFT: {**_left(row), key: {"at": now.isoformat(), "fields": dict(fields)}}}
    session.flush()


def forget(session: Session, patient: Patient, key: str, *, by: Actor) -> bool:
    """It was put right, or taken away. Was there anything?"""
    row = _row(session, patient, by)
    if row is None or key not in (left := _left(row)):
        return False
    row.reading = {LEFT: {name: one for name, one in left.items() if name != key}}
    session.flush()
    return True


def of(session: Session, patient: Patient, *, by: Actor, now: datetime, begun: datetime | None = None) -> dict[str, dict[str, str]]:
    """What is left of this person's answers, by question. begun: when the call that runs began."""
    row = _row(session, patient, by)
    since = min(now - SHOWN, begun) if begun is not None else now - SHOWN
    left = _left(row) if row is not None else {}
    return {key: dict(one["fields"]) for key, one in left.items() if datetime.fromisoformat(one["at"]) >= since}


def _left(row: Message) -> dict[str, Any]:
    return dict((row.reading or {}).get(LEFT, {}))


def _row(session: Session, patient: Patient, by: Actor) -> Message | None:
    mine = (Message.carrier == pages.CALL, Message.carrier_id == _name(patient, by))
    return session.scalar(select(Message).where(*mine))


def _name(patient: Patient, by: Actor) -> str:
    return f"typed:{patient.id}:{by}"
