"""What was done a short while ago about the same person: whoever reads a new alert must know it before they dial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import spoken
from app.alerts.models import Alert, AlertState
from app.people.models import Staff

SHOWN_FOR = timedelta(hours=24)
"""A close of yesterday at this hour still says what was tried and who was sent (house rule, 2026-11-23)."""


@dataclass(frozen=True)
class Close:
    """One alert that was closed. who: by whom, as they are called now; "" when nobody is named.

    reached_at: when the patient, or somebody with them, answered a call noted on it.
    """

    alert_id: int
    at: datetime
    who: str
    level: str
    outcome: str
    words: str
    reached_at: datetime | None = None


def closes(session: Session, *, service_id: int, subject: str, now: datetime, besides: int | None = None) -> Sequence[Close]:
    """Closes of the last day about this patient or number, latest first; ``besides``: the alert that is read, which says its own."""
    recent = select(Alert, Staff.name).outerjoin(Staff, Staff.id == Alert.closed_by_id)
    recent = recent.where(Alert.service_id == service_id, Alert.subject == subject, Alert.state == AlertState.CLOSED)
    recent = recent.where(Alert.closed_at > now - SHOWN_FOR, Alert.id != (besides or 0)).order_by(Alert.closed_at.desc(), Alert.id.desc())
    found = session.execute(recent).all()
    return [
        Close(one.id, one.closed_at, who or "", one.level, one.outcome, one.outcome_note, spoken.reached_at(session, one))
        for one, who in found
        if one.closed_at
    ]
