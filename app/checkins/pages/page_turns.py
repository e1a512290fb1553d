"""One act on a page, as a turn of the conversation, and what the page then shows: once, or the same again when it is sent twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert
from app.checkins import script, turn_taking
from app.checkins.models import CheckIn
from app.checkins.turns import Turn
from app.core.audit import Actor
from app.messaging import outbox, pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people.models import Patient, Respondent, Service
from app.treatment import courses

Said = tuple[str, dict[str, object]]
"""Key of a text and its values, ready for ``wording.render``."""


@dataclass(frozen=True)
class Filled:
    """What came of it. said: what the page shows (echo, promise, safety); None while questions go on. text: the same, worded.

    When it was said before (a page sent twice), ``said`` holds its key and only the service's own values: show ``text``. advice: the
    self-care text that goes with it. urgent: a danger; ``said`` is the safety text, which was sent as well.
    """

    said: Said | None
    alert: Alert | None
    urgent: bool
    checkin: CheckIn
    text: str = ""
    advice: Said | None = None


def begin(session: Session, checkin: CheckIn, *, by: Actor, source: str, now: datetime, asked_by: Actor | None) -> Turn:
    """One act at a time about a patient. All that one person says on one page of a check-in hangs on one row, kept at its first answer."""
    if source not in pages.CARRIERS:
        raise ValueError(f"{source!r} is no page: form or call")
    turn_taking.hold(session, checkin.patient_id)
    session.refresh(checkin)
    patient = session.get_one(Patient, checkin.patient_id)
    number = number_of(session, patient, by)
    paper = pages.keep(session, patient, "", carrier=source, address=number, now=now, once=f"{checkin.id}:{by}")
    paper.checkin_id = checkin.id
    turn = Turn(session, paper, patient, patient.service, by, now, courses.running(session, patient.id), asked_by=asked_by)
    turn.checkin, turn.protocol = checkin, script.protocol_of(session, checkin)
    return turn


def number_of(session: Session, patient: Patient, by: Actor) -> str:
    """Where a safety text goes: to whoever answers, when that relative has a telephone; else where all texts go."""
    relative = session.get(Respondent, by.id) if by.kind == "respondent" else None
    return (relative.phone if relative else "") or outbox.address_of(patient)


def filled(turn: Turn) -> Filled:
    """What this turn came to, for the page."""
    assert turn.checkin is not None
    turn.session.flush()
    text = turn.said
    if text is None or text.purpose == Purpose.SAFETY:
        said = _said(turn.session, text) if text else None
        return Filled(said, turn.alert, text is not None, turn.checkin, text.body if text else "", turn.advice)
    return Filled(turn.shown, turn.alert, False, turn.checkin, text.body, turn.advice)


def shown(turn: Turn) -> Message | None:
    """What was last shown or sent as an end of this page: the echo, or the safety text."""
    return next((text for text in _answers_to(turn.session, turn.message) if text.purpose != Purpose.ADVICE), None)


def again(turn: Turn) -> Filled:
    """The same once more: a page sent twice, or opened again after the network was lost."""
    assert turn.checkin is not None
    return told_again(turn.session, turn.message, turn.checkin)


def told_again(session: Session, message: Message, checkin: CheckIn) -> Filled:
    """The same for the row of words or of a page kept before."""
    texts = _answers_to(session, message)
    text = next((one for one in texts if one.purpose != Purpose.ADVICE), None)
    advice = next((_said(session, one) for one in texts if one.purpose == Purpose.ADVICE), None)
    if text is None:
        return Filled(None, None, False, checkin)
    alert = session.get(Alert, text.alert_id) if text.alert_id else None
    return Filled(_said(session, text), alert, text.purpose == Purpose.SAFETY, checkin, text.body, advice)


def _answers_to(session: Session, message: Message) -> list[Message]:
    """What was answered to words or to a page, newest first."""
    mine = (Message.reply_to_id == message.id, Message.direction == "out")
    return list(session.scalars(select(Message).where(*mine).order_by(Message.id.desc())))


def _said(session: Session, text: Message) -> Said:
    """A stored text as key and values; of the values only the service's own and a safety text's are stored."""
    standard = outbox.standard(text.key, session.get_one(Service, text.service_id), text.created_at)
    return text.key, standard | dict((text.reading or {}).get("values", {}))
