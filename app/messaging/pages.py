"""What is said and shown on a page: the form behind a link, or the same questions filled by a nurse who telephones.

The same rows as texts, so that nothing said is told apart in the file; the carrier is the page, and nothing is ever sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.messaging.models import In, Message, Out
from app.messaging.outbox import PRIORITY, Purpose, standard
from app.people import reading
from app.people.models import Patient
from notifications import wording
from notifications.wording import WordingError

FORM, CALL = "form", "call"
CARRIERS = (FORM, CALL)


def keep(session: Session, patient: Patient, words: str, *, carrier: str, address: str, now: datetime, once: str | None = None) -> Message:
    """Keep what a known patient says on a page, already claimed by whoever keeps it. ``once``: the same is kept once, for ever.

    address: the telephone of whoever answers, where a safety text goes; "" for none.
    """
    same = (Message.carrier == carrier, Message.carrier_id == once)
    if once is not None and (kept := session.scalar(select(Message).where(*same))) is not None:
        return kept
    row = Message(
        service_id=patient.service_id,
        patient_id=patient.id,
        direction="in",
        state=In.READ,
        address=address,
        number=patient.service.number,
        body=words,
        carrier=carrier,
        carrier_id=once,
        created_at=now,
        read_at=now,
    )
    session.add(row)
    session.flush()
    return row


def is_paper(message: Message) -> bool:
    """One row for all that one person answers on one page; a text, and free words, have a row of their own."""
    return message.carrier in CARRIERS and message.carrier_id is not None


def show(
    session: Session,
    *,
    key: str,
    purpose: Purpose,
    dedup_key: str,
    patient: Patient,
    reply_to: Message,
    now: datetime,
    values: Mapping[str, object] | None = None,
    checkin_id: int | None = None,
    alert_id: int | None = None,
) -> Message:
    """Keep what a page shows where a text would have been sent. The same ``dedup_key`` twice gives the first row back.

    What cannot be worded is a failed row, listed like any text that did not arrive: the alert it belongs to still stands.
    """
    if existing := session.scalar(select(Message).where(Message.dedup_key == dedup_key)):
        return existing
    row = Message(
        service_id=patient.service_id,
        patient_id=patient.id,
        checkin_id=checkin_id,
        alert_id=alert_id,
        reply_to_id=reply_to.id,
        direction="out",
        state=Out.DELIVERED,
        address=reply_to.address,
        number=reply_to.number,
        language=reading.language_of_text(key, patient, reply_to.address) or patient.service.language,  # a nurse can read it aloud
        body="",
        key=key,
        purpose=purpose,
        priority=PRIORITY[purpose],
        dedup_key=dedup_key,
        carrier=reply_to.carrier,
        due_at=now,
        created_at=now,
        sent_at=now,
        settled_at=now,
    )
    try:
        row.body = wording.render(key, row.language, standard(key, patient.service, now) | dict(values or {}))
    except WordingError as error:
        row.state, row.error_code, row.error = Out.FAILED, "wording", str(error)
    session.add(row)
    session.flush()
    return row


def worded() -> ColumnElement[bool]:
    """Rows that say something: not the blank one that the answers of a page hang on."""
    return or_(Message.carrier.not_in(CARRIERS), Message.body != "")


def shown(session: Session, patient_id: int, checkin_id: int) -> Message | None:
    """The last thing a page showed in a check-in: what a page that is opened again shows once more."""
    mine = (Message.patient_id == patient_id, Message.checkin_id == checkin_id, Message.direction == "out")
    wanted = select(Message).where(*mine, Message.carrier.in_(CARRIERS)).order_by(Message.id.desc()).limit(1)
    return session.scalar(wanted)
