"""A conversation cut short by STOP, or by an absence taken back, goes on where it was within a day (U22)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import answers, script
from app.checkins.judging import closing
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm.planning import FOLLOW_UP_IS, NO_TEXTS
from app.checkins.turns import Turn
from app.people.models import FollowUp, Patient
from triage.terms import Asked

WITHIN = timedelta(hours=24)
"""Later its questions would be about a day that nobody remembers (house rule, 2026-11-22)."""


def resume(turn: Turn) -> None:
    """The cancelled check-in is open again, its next question is the turn's; nothing when there is none or a newer one has begun."""
    checkin = _cut_short(turn.session, turn.patient, NO_TEXTS, turn.now)
    following = _reopen(turn.session, checkin, turn.now) if checkin is not None else None
    if checkin is not None and following is not None:
        turn.checkin, turn.protocol, turn.asked = checkin, script.protocol_of(turn.session, checkin), following


def come_back(session: Session, patient: Patient, *, now: datetime) -> CheckIn | None:
    """After a death or another absence was taken back: what it cut short is open again and asked once more, as its reminder (HZ-35)."""
    if patient.follow_up != FollowUp.ACTIVE:
        return None
    checkin = _cut_short(session, patient, FOLLOW_UP_IS, now)
    if checkin is None or _reopen(session, checkin, now) is None:
        return None
    checkin.remind_at, checkin.reminded_at = now, None  # the texts that waited were withdrawn: without it nobody would ask
    session.flush()
    return checkin


def _cut_short(session: Session, patient: Patient, why: str, now: datetime) -> CheckIn | None:
    opened = select(CheckIn).where(CheckIn.patient_id == patient.id, CheckIn.opened_at.is_not(None), CheckIn.kind != "unprompted")
    checkin = session.scalar(opened.order_by(CheckIn.opened_at.desc(), CheckIn.id.desc()).limit(1))
    if checkin is None or checkin.state != CheckInState.CANCELLED or not checkin.why.startswith(why):
        return None
    return checkin if checkin.closed_at is not None and now - checkin.closed_at <= WITHIN else None


def _reopen(session: Session, checkin: CheckIn, now: datetime) -> Asked | None:
    """The questions that come next; None when there is none, and nothing changed."""
    protocol = script.protocol_of(session, checkin)
    rows = answers.current(session, checkin.id)
    following = script.next_group(checkin, protocol, answers.values(rows, protocol))
    if following is None:
        return None
    closing.move(checkin, CheckInState.PARTIAL if rows else CheckInState.OPEN)
    checkin.closed_at, checkin.why, checkin.misread = None, "", 0
    checkin.ended_as = checkin.silence_reason = checkin.silence_note = ""
    checkin.asking, checkin.silent_at = list(following.keys), now + WITHIN
    session.flush()
    return following
