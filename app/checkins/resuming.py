"""A conversation cut short by STOP goes on where it was when the patient comes back within a day (U22)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.checkins import answers, closing, script
from app.checkins.models import CheckIn, CheckInState
from app.checkins.planning import NO_TEXTS
from app.checkins.turns import Turn

WITHIN = timedelta(hours=24)
"""Later its questions would be about a day that nobody remembers (house rule, 2026-11-22)."""


def resume(turn: Turn) -> None:
    """The cancelled check-in is open again, its next question is the turn's; nothing when there is none or a newer one has begun."""
    opened = select(CheckIn).where(CheckIn.patient_id == turn.patient.id, CheckIn.opened_at.is_not(None), CheckIn.kind != "unprompted")
    checkin = turn.session.scalar(opened.order_by(CheckIn.opened_at.desc(), CheckIn.id.desc()).limit(1))
    if checkin is None or checkin.state != CheckInState.CANCELLED or checkin.why != NO_TEXTS:
        return
    if checkin.closed_at is None or turn.now - checkin.closed_at > WITHIN:
        return
    protocol = script.protocol_of(turn.session, checkin)
    rows = answers.current(turn.session, checkin.id)
    following = script.next_group(checkin, protocol, answers.values(rows, protocol))
    if following is None:
        return
    closing.move(checkin, CheckInState.PARTIAL if rows else CheckInState.OPEN)
    checkin.closed_at, checkin.why, checkin.misread = None, "", 0
    checkin.asking, checkin.silent_at = list(following.keys), turn.now + WITHIN
    checkin.texts_sent += 1
    turn.checkin, turn.protocol, turn.asked = checkin, protocol, following
    turn.session.flush()
