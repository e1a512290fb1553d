"""Check-ins that are open or to come, each question once: what is asked again for want of an answer is no further line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins.models import CheckIn, CheckInState
from app.people.models import Patient
from triage import calendar

FEW = 8
AGAIN = len(calendar.START_ASKED_ON) - 1


def of(session: Session, patient: Patient, now: datetime) -> dict[str, Any]:
    """upcoming: what is open, then what is planned, soonest first. asked_again: until which day, of those that are asked more than once."""
    alive = (CheckInState.OPEN, CheckInState.PARTIAL, CheckInState.PLANNED)
    query = select(CheckIn).where(CheckIn.patient_id == patient.id, CheckIn.state.in_(alive), CheckIn.due_at >= now - timedelta(days=3))
    rows, again = _once(list(session.scalars(query.order_by(CheckIn.due_at).limit(FEW + AGAIN))))
    return {"upcoming": rows[:FEW], "asked_again": again}


def _once(rows: Sequence[CheckIn]) -> tuple[list[CheckIn], dict[int, datetime]]:
    """ "Was it started?" comes up to four times for one cycle, until somebody answers."""
    firsts: dict[tuple[int, int | None], CheckIn] = {}
    kept: list[CheckIn] = []
    again: dict[int, datetime] = {}
    for row in rows:
        asked = firsts.get((row.course_id, row.cycle)) if row.kind == calendar.CYCLE_START else None
        if asked is not None and row.state == CheckInState.PLANNED:
            again[asked.id] = row.due_at
            continue
        if row.kind == calendar.CYCLE_START:
            firsts[row.course_id, row.cycle] = row
        kept.append(row)
    return kept, again
