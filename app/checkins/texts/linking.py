"""The words LINK and SMS: a link to the form at any time, or this check-in's questions in texts instead of the form."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import links, script, ways
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import renewing
from app.checkins.texts import shown
from app.checkins.texts.senders import Sender
from app.checkins.turns import CALL_WITHIN, Turn
from app.core import limits
from app.messaging import outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import care_team, numbers
from app.people.models import FollowUp, Patient
from app.protocols import words
from notifications.messages import Moment
from triage import calendar, replies
from triage.terms import Asked, Heard

SENT, EARLIER, NONE = "sent", "earlier", "none"

NOT_OFTENER = timedelta(hours=1)
"""Between two answers that a nurse reads, to one shared telephone (house rule, 2026-11-22)."""


def send_link(turn: Turn) -> None:
    """A link to the check-in that is under way, or to say that something is wrong."""
    turn.send_link()


def in_words(turn: Turn) -> None:
    """No internet: the open question comes by text where the patient agreed to that; otherwise a nurse asks by telephone."""
    asked = script.open_group(turn.checkin, turn.protocol) if turn.checkin is not None and turn.protocol is not None else Asked()
    if turn.checkin is None or turn.protocol is None or not asked.keys:
        turn.say("help", Purpose.ADMINISTRATIVE)
    elif ways.no_words_because(turn.session, turn.patient) or not turn.may_ask:
        if not turn.promised_again():
            turn.task("call_back", why="no_internet", due_within=CALL_WITHIN, checkin_id=turn.checkin.id)
            turn.promise_call(care_team.add_service_time(turn.service, turn.now, CALL_WITHIN))
    else:
        if not shown.by_text(turn.session, turn.checkin):
            turn.checkin.misread = turn.checkin.texts_sent = 0  # the dialogue begins here: links are no questions
        key, values = script.question_text(asked, turn.protocol, turn.language)
        turn.say(key, Purpose.CONFIRMATION, values)


def to_each(session: Session, sender: Sender, message: Message, now: datetime) -> str:
    """A text from a telephone that several patients share belongs to nobody: each of them gets a link of their own, once a day (SEC-16).

    The word LINK brings new ones, a few times a day. The texts are alike; whose link it is, the day and month of birth tell. SENT: a link
    left now; EARLIER: they have theirs of today; NONE: none of them may be written to.
    """
    done = NONE
    asked = _is_asked_for(message, sender)
    for patient_id in sender.among:
        patient = session.get_one(Patient, patient_id)
        stopped = patient.opted_out_at is not None or patient.follow_up != FollowUp.ACTIVE
        if outbox.address_of(patient) != message.address or stopped or not numbers.reads_texts(patient):
            continue
        once = f"shared_link:{patient.id}:{calendar.local_day(now, patient.timezone)}"
        if session.scalar(select(Message.id).where(Message.dedup_key == once)) is not None:
            if not asked or not limits.knock(
                session, "renew", f"patient:{patient.id}", now=now, most=renewing.MOST, within=renewing.WITHIN
            ):
                done = done if done == SENT else EARLIER
                continue
            once = f"shared_link:{patient.id}:{message.id}"
        done = SENT
        checkin = _under_way(session, patient)
        outbox.queue(
            session,
            key=ways.link_key(session, patient) if checkin else "link_anytime",
            purpose=Purpose.ADMINISTRATIVE,
            dedup_key=once,
            patient=patient,
            reply_to=message,
            checkin_id=checkin.id if checkin else None,
            link=links.give(session, patient, checkin, now=now),
            now=now,
        )
    return done


def _is_asked_for(message: Message, sender: Sender) -> bool:
    reading = replies.read(message.body, Asked(), sender.service.language, words.words())
    return reading.heard is Heard.COMMAND and reading.value == "LINK"


def say_read(session: Session, sender: Sender, message: Message, now: datetime) -> None:
    """A further text of the day from a shared telephone: a nurse reads it, and says so once an hour at most."""
    said = (Message.dedup_key.startswith(f"shared_read:{sender.service.id}:{message.address}:"), Message.created_at > now - NOT_OFTENER)
    if session.scalar(select(Message.id).where(*said).limit(1)) is not None:
        return
    key = "received"
    values: dict[str, object] = {}
    if not care_team.is_open(sender.service, now):
        zone = ZoneInfo(sender.service.timezone)
        opening = care_team.next_opening(sender.service, now)
        key, values = "closed", {"opening": Moment(opening.astimezone(zone), now.astimezone(zone))}
    outbox.queue(
        session,
        key=key,
        purpose=Purpose.ADMINISTRATIVE,
        dedup_key=f"shared_read:{sender.service.id}:{message.address}:{message.id}",
        service=sender.service,
        values=values,
        reply_to=message,
        now=now,
    )


def _under_way(session: Session, patient: Patient) -> CheckIn | None:
    mine = (CheckIn.patient_id == patient.id, CheckIn.state.in_((CheckInState.OPEN, CheckInState.PARTIAL)), CheckIn.closed_at.is_(None))
    return session.scalars(select(CheckIn).where(*mine, CheckIn.kind != "unprompted").order_by(CheckIn.id.desc())).first()
