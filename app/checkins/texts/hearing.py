"""What a text says, as the reader hears it: its dangers first, on their own, then the open question it may answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import script
from app.checkins.models import CheckIn, CheckInState
from app.checkins.texts import shown
from app.checkins.texts.senders import Sender
from app.messaging import codes as codes_sent
from app.messaging import pages
from app.messaging.models import Message
from app.protocols import words
from triage import replies
from triage.protocol import Protocol
from triage.terms import Asked

log = structlog.get_logger(__name__)

PICTURE = "<MMS>"
"""How the reader is told of a picture without a word."""

LATE = timedelta(hours=24)
"""A reply this long after its window closed still belongs to its check-in (HZ-08)."""

CORRECTED_WITHIN = timedelta(hours=2)
"""How long an answer may be corrected by the patient alone; later a person does it."""

TALKING = (CheckInState.OPEN, CheckInState.PARTIAL, CheckInState.SILENT, CheckInState.DONE)


@dataclass(frozen=True)
class Listened:
    """The text to read, its danger codes, the conversation it belongs to, and what it may answer: what was asked of this telephone."""

    text: str
    codes: tuple[str, ...]
    checkin: CheckIn | None = None
    protocol: Protocol | None = None
    asked: Asked = Asked()  # noqa: RUF009 - frozen, shared safely


def listen(session: Session, sender: Sender, message: Message, now: datetime) -> Listened:
    """Scan for danger, whatever the state of the sender. A conversation that cannot be found must not keep a danger from being seen."""
    text = message.body if message.body.strip() or not message.media else PICTURE
    language = sender.patient.language if sender.patient else sender.service.language
    checkin, protocol, asked = None, None, Asked()
    if sender.patient is not None:
        try:
            with session.begin_nested():
                checkin = _conversation(session, sender.patient.id, message, now)
                if checkin is not None:
                    protocol = script.protocol_of(session, checkin)
                    on_page = message.carrier in pages.CARRIERS
                    if on_page:
                        asked = script.in_words(protocol)
                    elif shown.by_text(session, checkin, message.address):
                        asked = script.open_group(checkin, protocol)
        except Exception:
            log.exception("the open conversation could not be found; the text is scanned without it", message_id=message.id)
            checkin, protocol = None, None
    codes = replies.scan(text, language, words.words(), asked)
    if codes and _is_our_code(session, message):
        codes = ()
    return Listened(text, codes, checkin, protocol, asked)


def _is_our_code(session: Session, message: Message) -> bool:
    """ "398 055" is a fever to the reader, unless it is the very code this telephone was sent to be sent back."""
    try:
        with session.begin_nested():
            return codes_sent.outlived(session, message) is not None
    except Exception:
        log.exception("a code could not be compared; the text keeps its danger", message_id=message.id)
        return False


def _conversation(session: Session, patient_id: int, message: Message, now: datetime) -> CheckIn | None:
    if message.carrier in pages.CARRIERS:  # a page belongs to its check-in, or to none
        return session.get(CheckIn, message.checkin_id) if message.checkin_id else None
    return talking_with(session, patient_id, now)


def talking_with(session: Session, patient_id: int, now: datetime) -> CheckIn | None:
    """The conversation with an open question: running, or closed less than a day ago (a late reply, a correction asked for)."""
    opened = select(CheckIn).where(CheckIn.patient_id == patient_id, CheckIn.opened_at.is_not(None), CheckIn.state.in_(TALKING))
    for row in session.scalars(opened.order_by(CheckIn.opened_at.desc(), CheckIn.id.desc()).limit(5)):
        still = CORRECTED_WITHIN if row.state == CheckInState.DONE else LATE
        if row.asking and (row.closed_at is None or now - row.closed_at <= still):
            return row
    return None
