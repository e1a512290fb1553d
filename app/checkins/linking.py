"""The words LINK and SMS: a link to the form at any time, or this check-in's questions in texts instead of the form."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import links, script, ways
from app.checkins.models import CheckIn, CheckInState
from app.checkins.senders import Sender
from app.checkins.turns import CALL_WITHIN, Turn
from app.messaging import outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import care_team
from app.people.models import FollowUp, Patient
from triage import calendar


def send_link(turn: Turn) -> None:
    """A link to the check-in that is under way, or to say that something is wrong."""
    turn.send_link()


def in_words(turn: Turn) -> None:
    """No internet: the open question comes by text where the patient agreed to that; otherwise a nurse asks by telephone."""
    if turn.checkin is None or turn.protocol is None or not turn.asked.keys:
        turn.say("help", Purpose.ADMINISTRATIVE)
    elif ways.no_words_because(turn.session, turn.patient) or not turn.may_ask:
        turn.task("call_back", why="no_internet", due_within=CALL_WITHIN, checkin_id=turn.checkin.id)
        turn.promise_call(care_team.add_service_time(turn.service, turn.now, CALL_WITHIN))
    else:
        turn.checkin.misread = 0  # what came before answered a question that had not been read
        key, values = script.question_text(turn.asked, turn.protocol, turn.language)
        turn.say(key, Purpose.CONFIRMATION, values)


def to_each(session: Session, sender: Sender, message: Message, now: datetime) -> bool:
    """A text from a telephone that several patients share belongs to nobody: each of them gets a link of their own, once a day (SEC-16).

    The texts are alike; whose link it is, the day and month of birth tell. False when none of them may be written to.
    """
    written = False
    for patient_id in sender.among:
        patient = session.get_one(Patient, patient_id)
        if outbox.address_of(patient) != message.address or patient.opted_out_at is not None or patient.follow_up != FollowUp.ACTIVE:
            continue
        written = True
        once = f"shared_link:{patient.id}:{calendar.local_day(now, patient.timezone)}"
        if session.scalar(select(Message.id).where(Message.dedup_key == once)) is not None:
            continue
        checkin = _under_way(session, patient)
        outbox.queue(
            session,
            key="link" if checkin else "link_anytime",
            purpose=Purpose.ADMINISTRATIVE,
            dedup_key=once,
            patient=patient,
            reply_to=message,
            checkin_id=checkin.id if checkin else None,
            link=links.give(session, patient, checkin, now=now),
            now=now,
        )
    return written


def _under_way(session: Session, patient: Patient) -> CheckIn | None:
    mine = (CheckIn.patient_id == patient.id, CheckIn.state.in_((CheckInState.OPEN, CheckInState.PARTIAL)), CheckIn.closed_at.is_(None))
    return session.scalars(select(CheckIn).where(*mine, CheckIn.kind != "unprompted").order_by(CheckIn.id.desc())).first()
