"""A link that has ended, asked for again: a new one leaves to the same telephone, a few times a day (SEC-08)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import links, ways
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import reaching
from app.core import limits
from app.messaging import outbox
from app.messaging.models import FormLink, Message
from app.messaging.outbox import Purpose
from app.people import numbers
from app.people.models import FollowUp, Patient, Respondent

MOST, WITHIN = 3, timedelta(days=1)
"""New links about one patient (house rule, 2026-11-22). Whoever needs more telephones: the page says so."""


def send(session: Session, link: FormLink, *, now: datetime) -> Message | None:
    """One text with a new link to the telephone the old one went to: to the open check-in, else to say that something is wrong.

    None when it was asked for too often, when texts have ended, or when the link was locked: a wrong recipient gets no second one.
    """
    patient = session.get_one(Patient, link.patient_id)
    if links.state_of(session, link, now=now) == links.LOCKED or patient.opted_out_at is not None or patient.follow_up == FollowUp.ENDED:
        return None
    if link.respondent_id is None and not numbers.reads_texts(patient):
        return None
    if not limits.knock(session, "renew", f"patient:{patient.id}", now=now, most=MOST, within=WITHIN):
        return None
    relative = session.get(Respondent, link.respondent_id) if link.respondent_id else None
    checkin = _open(session, patient.id, now)
    new = links.give(session, patient, checkin, now=now, respondent=relative)
    return outbox.queue(
        session,
        key=ways.link_key(session, patient) if checkin is not None else "link_anytime",
        purpose=Purpose.ADMINISTRATIVE,
        dedup_key=f"link:{new.id}",
        patient=patient,
        to=relative.phone if relative else "",
        language=reaching.language_of(patient, relative) if relative else "",
        link=new,
        now=now,
    )


def _open(session: Session, patient_id: int, now: datetime) -> CheckIn | None:
    running = (CheckIn.patient_id == patient_id, CheckIn.state.in_((CheckInState.OPEN, CheckInState.PARTIAL)), CheckIn.closed_at.is_(None))
    found = session.scalars(select(CheckIn).where(*running, CheckIn.kind != "unprompted").order_by(CheckIn.id.desc()))
    return next((row for row in found if row.silent_at is None or row.silent_at > now), None)
