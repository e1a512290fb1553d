"""Somebody was spoken to: what an urgent alert needs before it closes, where a test is about something else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.models import Alert
from app.people.perimeter import Viewer


def spoken_to(session: Session, alert_id: int, *, by: Viewer, now: datetime, whom: str = "patient") -> Alert:
    """Its owner notes that somebody answered."""
    return handling.call_logged(session, alert_id, by=by, now=now, reached=True, whom=whom)
