"""What the telephones page shows and does: what a telephone saw, and the demonstration's clock turned forward with its ward living on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import by_phone
from app.checkins.models import CheckIn, CheckInState
from app.core import clock as clocks
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import NotFound, Refusal
from app.demo.patients import write
from app.demo.simulate import Life, Metronome
from app.messaging import pages, reports
from app.messaging.models import Message, Out
from app.messaging.outbox import address_of
from app.people.models import NumberCheck, Patient, Respondent, Service, Staff
from app.people.telephones import is_landline
from notifications.messages import Channel, Inbound, State
from notifications.transports.simulator import NAME as CARRIER

SEEN = (Out.SENT, Out.DELIVERED)
MORNING = time(9)
FARTHEST = timedelta(days=31)
"""The clock never jumps further at once: a month of the ward takes a minute to live."""

_turning = threading.Lock()


@dataclass(frozen=True)
class Turning:
    """The clock on its way: the hour the ward has reached, and where it goes."""

    hand: HandClock
    to: datetime


_way: list[Turning] = []


def turning() -> Turning | None:
    """The turn under way in this process: it goes on whoever looks, and what is in the rows has not happened yet for the screens."""
    return next(iter(_way), None)


@dataclass(frozen=True)
class Ringing:
    """A professional's telephone that rings now, and the words it would say."""

    message: Message
    name: str


RINGS = timedelta(minutes=10)
"""How long the page offers to pick up: longer than a real telephone rings, because somebody reads the page first."""


def ringing(session: Session, service_id: int, now: datetime) -> list[Ringing]:
    """The calls to professionals that nobody has answered yet, the newest first."""
    calls = (
        Message.service_id == service_id,
        Message.channel == Channel.VOICE,
        Message.state == Out.SENT,
        Message.created_at > now - RINGS,
    )
    found = select(Message, Staff.name).join(Staff, Staff.id == Message.staff_id).where(*calls).order_by(Message.id.desc())
    return [Ringing(message, name) for message, name in session.execute(found)]


def pick_up(session: Session, message_id: int, *, service_id: int | None, is_taken: bool, now: datetime) -> None:
    """Press 1 on a professional's telephone, or let it ring out: the same crafts as behind the carrier's doors. Raises NotFound."""
    message = session.get(Message, message_id)
    if message is None or message.channel != Channel.VOICE or message.service_id != service_id:
        raise NotFound("This call")
    if is_taken:
        by_phone.pressed(session, message.id, by_phone.TAKES, again=False, now=now)
    reports.hear(session, message, State.DELIVERED if is_taken else State.UNDELIVERED, now=now)
    by_phone.ended(session, message, now=now)


@dataclass(frozen=True)
class Telephone:
    """One telephone of the ward: whose hand holds it, about which patient. coming: its number is not the file's yet, its code is out."""

    patient: Patient
    number: str
    relative: Respondent | None = None
    coming: bool = False

    @property
    def key(self) -> str:
        """Its name in an address: the patient's number alone for the telephone that texts go to."""
        if self.coming:
            return f"{self.patient.id}-new"
        return (
            str(self.patient.id)
            if self.number == address_of(self.patient)
            else f"{self.patient.id}-{self.relative.id if self.relative else 0}"
        )


def telephones(session: Session) -> list[Telephone]:
    """Every telephone that texts may reach or come from, by patient: the one asked first, then the others."""
    mine = select(Patient).join(Service, Service.id == Patient.service_id).where(Service.is_demo)
    return [one for patient in session.scalars(mine.order_by(Patient.search_name, Patient.id)) for one in _of(session, patient)]


def _of(session: Session, patient: Patient) -> list[Telephone]:
    out = (NumberCheck.patient_id == patient.id, NumberCheck.confirmed_at.is_(None), NumberCheck.dropped_at.is_(None))
    coming = session.scalars(
        select(NumberCheck.number).where(*out, NumberCheck.respondent_id.is_(None), NumberCheck.number != patient.phone)
    )
    found = [
        Telephone(patient, patient.phone),
        *(Telephone(patient, one.phone, one) for one in patient.respondents),
        *(Telephone(patient, number, coming=True) for number in coming),
    ]
    mobiles = [one for one in found if one.number and not is_landline(one.number)]
    return sorted(mobiles, key=lambda one: one.number != address_of(patient))


def seen(session: Session, phone: Telephone, *, limit: int = 80) -> list[Message]:
    """What this telephone shows, oldest first: what arrived on it, what was written from it; of no other telephone."""
    on_screen = (Message.direction == "in") | Message.state.in_(SEEN)
    texts = (Message.address == phone.number, Message.carrier.not_in(pages.CARRIERS))
    mine = select(Message).where(Message.service_id == phone.patient.service_id, *texts, on_screen)
    found = list(session.scalars(mine.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit)))
    return sorted(found, key=lambda text: (text.sent_at or text.created_at, text.id))


def reply(database: Database, phone: Telephone, number: str, body: str, *, now: datetime) -> int:
    """One text typed on a telephone of the page, in by the same door as a carrier's. Returns the message's id."""
    return write(database, Inbound(CARRIER, f"sim-{uuid4().hex}", phone.number, number, body), now=now)


def next_check_in(session: Session, service_id: int, after: datetime) -> datetime | None:
    """When the next questions leave for anybody of the ward."""
    coming = select(func.min(CheckIn.due_at)).where(CheckIn.service_id == service_id, CheckIn.state == CheckInState.PLANNED)
    return session.scalar(coming.where(CheckIn.due_at > after))


def next_morning(service: Service, now: datetime) -> datetime:
    """09:00 on the service's wall, tomorrow; today when it is still to come."""
    local = now.astimezone(ZoneInfo(service.timezone))
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, ZoneInfo(service.timezone))


def jump(database: Database, service_id: int, metronome: Metronome | None, *, now: datetime, to: datetime, absent: str, seed: int) -> None:
    """Turn the clock forward to ``to``; meanwhile the ward's people live on, all but whoever holds the telephone ``absent``.

    The team does nothing: alerts wait for the people at the screens. Without a metronome the clock just turns, and the worker follows.
    Raises Refusal for the past, for more than ``FARTHEST``, and while another jump is under way.
    """
    if not now < to <= now + FARTHEST:
        raise Refusal("The demonstration's clock only goes forward, a month at most. Choose another time.", status=422)
    if not _turning.acquire(blocking=False):
        raise Refusal("The clock is being turned already. Wait until it stops.")
    hand = HandClock(now)
    _way.append(Turning(hand, to))
    try:
        if metronome is not None:
            Life(database, service_id, hand, metronome, seed=seed, absent=frozenset({absent})).live(to)
        hand.at = to
    finally:
        # What was lived is in the rows: the clock follows it, even when something broke on the way.
        with database.transaction() as session:
            clocks.turn(session, to=hand.at)
        _way.clear()
        _turning.release()
