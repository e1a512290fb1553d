"""Queue a text in the caller's transaction, withdraw it. Sending is in postman.py, what became of it in reports.py."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.db import after_commit
from app.messaging import budget, links
from app.messaging.models import FormLink, Message, Out
from app.people import absences, care_team, members, numbers, reading, regions
from app.people.circle_models import Professional
from app.people.models import FollowUp, Patient, Service, Staff
from app.people.telephones import is_landline
from notifications import policy, wording
from notifications.messages import Channel
from notifications.wording import WordingError

bell = threading.Event()
"""Rung after each commit that queued something due: the postman of this process wakes at once."""
safety_bell = threading.Event()
"""Rung as well when it was a safety text: these have a thread of their own."""


class Purpose(StrEnum):
    """Why a text is said; decides who leaves first, for how long it is worth sending, and what a freeze or a stop switch holds."""

    SAFETY = "safety"
    STAFF = "staff"
    CONFIRMATION = "confirmation"
    ADMINISTRATIVE = "administrative"
    ADVICE = "advice"
    QUESTION = "question"
    REMINDER = "reminder"


PRIORITY = {purpose: rank for rank, purpose in enumerate(Purpose)}
LIFE = {
    Purpose.SAFETY: timedelta(hours=6),
    Purpose.STAFF: timedelta(hours=1),
    Purpose.CONFIRMATION: timedelta(hours=6),
    Purpose.ADMINISTRATIVE: timedelta(hours=24),
    Purpose.ADVICE: timedelta(hours=12),
    Purpose.QUESTION: timedelta(hours=12),
    Purpose.REMINDER: timedelta(hours=12),
}
"""How long after its hour a text is still worth sending when the caller gives no expiry (HZ-08)."""
AUTOMATIC = frozenset({Purpose.QUESTION, Purpose.REMINDER, Purpose.ADVICE})
"""Stopped by a freeze, an end of follow-up, an opt-out, and held by quiet hours unless they answer the patient's own text."""
EVERYWHERE = frozenset({Purpose.SAFETY, Purpose.STAFF})
"""Leave for any country: who is in danger, and who is paged, is not a matter of money."""
STOPPABLE = frozenset({Purpose.QUESTION, Purpose.REMINDER})
"""Held while the service's sending is stopped; nothing else is (REL-14)."""


def queue(
    session: Session,
    *,
    key: str,
    purpose: Purpose,
    dedup_key: str,
    now: datetime,
    patient: Patient | None = None,
    service: Service | None = None,
    values: Mapping[str, object] | None = None,
    to: str = "",
    language: str = "",
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    reply_to: Message | None = None,
    checkin_id: int | None = None,
    alert_id: int | None = None,
    link: FormLink | None = None,
) -> Message:
    """Queue one text for a patient (or for ``to``, with ``service``). The same ``dedup_key`` twice gives the first row back.

    svc, tel, sos are filled from the service. A text that cannot be said (no number, wording refused) becomes a row in state failed:
    it is listed like any other that did not arrive, and the caller's transaction, perhaps an alert's, still commits.
    ``to``: by default the number of ``reply_to``, else the patient's. ``language``: of the words in ``values``, when they hold any. Without
    it, the first language that whoever answers reads and that has this text (HZ-36); none: the row fails, and a person calls.
    ``link``: the form the text leads to; its address is the value ``link``, stored without its token (SEC-05).
    """
    service = service or (patient.service if patient else None)
    if service is None:
        raise ValueError("a text belongs to a patient or to a service")
    address = to or (reply_to.address if reply_to else "") or (address_of(patient) if patient else "")
    row = Message(
        service_id=service.id,
        patient_id=patient.id if patient else None,
        checkin_id=checkin_id,
        alert_id=alert_id,
        reply_to_id=reply_to.id if reply_to else None,
        address=address,
        number=reply_to.number if reply_to else service.number,
        language=language_of(key, purpose, service, patient, address, language),
        due_at=not_before or now,
        link_id=link.id if link else None,
    )
    if link is not None:
        values = {**(values or {}), "link": links.address_of(link)}
    if purpose in AUTOMATIC and patient is not None and reply_to is None:
        row.due_at = policy.first_allowed(not_before or now, patient.timezone)
    return _add(session, row, service, key=key, values=values or {}, purpose=purpose, dedup_key=dedup_key, expires_at=expires_at, now=now)


def language_of(key: str, purpose: Purpose, service: Service, patient: Patient | None, address: str, of_values: str = "") -> str:
    """Which language a text leaves in, "" for none. A safety text always has one: a number to dial is read in any language (HZ-36)."""
    if patient is None:
        return of_values or service.language
    if of_values and wording.has(key, of_values):
        return of_values
    return reading.language_of_text(key, patient, address) or (service.language if purpose is Purpose.SAFETY else "")


def queue_staff(
    session: Session,
    *,
    service: Service,
    staff: Staff,
    key: str,
    values: Mapping[str, object],
    dedup_key: str,
    now: datetime,
    alert_id: int | None = None,
    channel: Channel = Channel.SMS,
) -> Message:
    """Queue content-free words for a professional, at any hour, as a text, a letter or a call. Only those written for staff: no
    patient's words can leave. The address of a letter is read when it leaves: this table keeps none."""
    if not key.startswith("staff_"):
        raise ValueError(f"{key!r} is not a text for professionals")
    row = Message(
        service_id=service.id,
        staff_id=staff.id,
        alert_id=alert_id,
        channel=channel,
        address=(f"staff:{staff.id}" if staff.email else "") if channel is Channel.EMAIL else staff.phone,
        number=service.number,
        language=staff.language,
        due_at=now,
    )
    return _add(session, row, service, key=key, values=values, purpose=Purpose.STAFF, dedup_key=dedup_key, expires_at=None, now=now)


def queue_city(
    session: Session,
    *,
    service: Service,
    professional: Professional,
    key: str,
    values: Mapping[str, object],
    dedup_key: str,
    now: datetime,
    expires_at: datetime,
    channel: Channel = Channel.SMS,
) -> Message:
    """Queue content-free words for a professional of the city, as a text or a letter. Only those written for them: see ``queue_staff``."""
    if not key.startswith("city_"):
        raise ValueError(f"{key!r} is not a text for professionals of the city")
    row = Message(
        service_id=service.id,
        channel=channel,
        address=(f"professional:{professional.id}" if professional.email else "") if channel is Channel.EMAIL else professional.phone,
        number=service.number,
        language=professional.language,
        due_at=now,
    )
    return _add(session, row, service, key=key, values=values, purpose=Purpose.STAFF, dedup_key=dedup_key, expires_at=expires_at, now=now)


def mailbox(session: Session, message: Message) -> str:
    """The address of a letter, read as it leaves: of whoever "staff:3" or "professional:3" names, "" when they have none any more."""
    kind, _, number = message.address.partition(":")
    row = session.get(Staff, int(number)) if kind == "staff" else session.get(Professional, int(number))
    return row.email if row is not None else ""


def _add(
    session: Session,
    row: Message,
    service: Service,
    *,
    key: str,
    values: Mapping[str, object],
    purpose: Purpose,
    dedup_key: str,
    expires_at: datetime | None,
    now: datetime,
) -> Message:
    if existing := _queued_as(session, dedup_key):
        return existing
    due = row.due_at or now
    row.direction, row.state, row.key, row.dedup_key = "out", Out.QUEUED, key, dedup_key
    row.purpose, row.priority, row.created_at = purpose, PRIORITY[purpose], now
    row.expires_at = expires_at or due + LIFE[purpose]
    row.body = ""
    if not row.language:
        _end(row, Out.FAILED, "no_language", "there is no text in a language this person reads: telephone, with an interpreter", now)
    else:
        try:
            row.body = wording.render(key, row.language, standard(key, service, due) | dict(values))
        except WordingError as error:
            _end(row, Out.FAILED, "wording", str(error), now)
    if row.state == Out.QUEUED and not row.address:
        _end(row, Out.FAILED, "no_number", "there is no number or mailbox to write to", now)
    if row.state == Out.QUEUED and row.patient_id and not row.reply_to_id and is_landline(row.address):
        _end(row, Out.FAILED, "landline", "a fixed line gets no text: telephone", now)
    if row.state == Out.QUEUED and purpose not in EVERYWHERE and regions.refuses(service, row.address):
        _end(row, Out.FAILED, "refused_country", "texts do not leave for this country or this kind of number", now)
        row.handled = row.patient_id is None  # whoever wrote is in quarantine already: a person reads it
    if row.state == Out.QUEUED and budget.too_many(session, row, now):
        _end(row, Out.FAILED, "number_limit", "this number has had its texts of the day", now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        existing = _queued_as(session, dedup_key)  # another process queued it between our look and our insert
        if existing is None:
            raise
        return existing
    if row.state == Out.QUEUED and due <= now:
        after_commit(session, bell.set)
        if purpose is Purpose.SAFETY:
            after_commit(session, safety_bell.set)
    return row


def _queued_as(session: Session, dedup_key: str) -> Message | None:
    return session.scalar(select(Message).where(Message.dedup_key == dedup_key))


IF_WORSE = frozenset({"q_temp", "reask_1_temperature_c", "no_thermometer", "ready_temp", "ready_read"})
"""Texts that say whom to call should it get worse: nobody is sent to a telephone that does not answer."""


def standard(key: str, service: Service, at: datetime) -> dict[str, object]:
    """What the service itself gives a text: its name, its telephone, its emergency number, its doctor's line when it is closed."""
    template = wording.catalogue().get(key)
    tel = service.emergency if key in IF_WORSE and not care_team.is_open(service, at) else service.phone
    known: dict[str, object] = {"svc": service.sms_name, "tel": tel, "sos": service.emergency, "sos_or_112": service.emergency}
    known["night"] = (service.doctor_line, service.emergency)
    return {name: value for name, value in known.items() if template and name in template.names}


def address_of(patient: Patient) -> str:
    """The number texts go to: that of the relative who answers, when one does and has one; else the patient's; "" for none."""
    return (numbers.writes_to(patient) or patient).phone


def may_receive(patient: Patient, purpose: str) -> bool:
    """Freeze, end of follow-up and opt-out stop questions, reminders and advice; after a death nothing but a safety text leaves (HZ-35)."""
    if patient.follow_up_kind == absences.DEATH:
        return purpose == Purpose.SAFETY
    return purpose not in AUTOMATIC or (patient.follow_up == FollowUp.ACTIVE and patient.opted_out_at is None)


def may_page(session: Session, staff: Staff, message: Message) -> bool:
    """Is this still the right telephone or mailbox? Asked as the words leave: somebody who left the service, or gave their telephone
    away, must not be told of its alerts (HZ-30)."""
    there = staff.active and members.works_in(session, staff, message.service_id)
    return there and (bool(staff.email) if message.channel == Channel.EMAIL else staff.phone == message.address)


def withdraw(
    session: Session,
    *,
    patient_id: int,
    reason: str,
    now: datetime,
    purposes: Collection[Purpose] = AUTOMATIC,
    checkin_id: int | None = None,
) -> int:
    """Texts still queued do not leave, and the row says why. Returns how many. One already being sent is not called back."""
    wanted = [
        Message.patient_id == patient_id,
        Message.direction == "out",
        Message.state == Out.QUEUED,
        Message.purpose.in_(list(purposes)),
    ]
    if checkin_id is not None:
        wanted.append(Message.checkin_id == checkin_id)
    values = {"state": Out.EXPIRED, "error_code": "withdrawn", "error": reason, "settled_at": now, "handled": True}
    return session.execute(update(Message).where(*wanted).values(**values)).rowcount  # type: ignore[attr-defined,no-any-return]  # an UPDATE always has one


def readdress(session: Session, patient: Patient, left: str) -> int:
    """Texts still queued for a number that was left go where the patient is written to now, except answers to who wrote from it (U18)."""
    waiting = (Message.patient_id == patient.id, Message.address == left, Message.state == Out.QUEUED, Message.reply_to_id.is_(None))
    moved = session.execute(update(Message).where(*waiting).values(address=address_of(patient)))
    return moved.rowcount  # type: ignore[attr-defined,no-any-return]  # an UPDATE always has one


def _end(message: Message, state: Out, error_code: str, error: str, now: datetime) -> None:
    message.state, message.error_code, message.error, message.settled_at = state, error_code, error, now
