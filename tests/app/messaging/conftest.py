"""Marie is followed and has a telephone; a postman carries texts to simulated telephones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.messaging.postman import Postman
from app.people.models import Patient
from notifications.delivery import Tally
from notifications.messages import Channel
from notifications.transports.simulator import Simulator
from tests.app.messaging.wire import Wire, on_the_wire
from tests.factories import World, a_patient

MARIE = "+33639980001"


@dataclass
class Ward:
    """The world, one patient, and the ways to queue and carry."""

    database: Database
    world: World
    clock: HandClock
    marie: Patient
    phones: Simulator
    postman: Postman

    def queue(self, key: str = "reminder", purpose: Purpose = Purpose.REMINDER, dedup_key: str = "", **more: object) -> Message:
        """Queue one text in a transaction of its own, for Marie unless told otherwise."""
        with self.database.transaction() as session:
            values: dict[str, object] = {"patient": session.get_one(Patient, self.marie.id), "now": self.clock.now()}
            values |= {"dedup_key": dedup_key or f"{key}:{self.clock.now().isoformat()}"}
            return outbox.queue(session, key=key, purpose=purpose, **(values | more))  # type: ignore[arg-type]  # fields by name

    def row(self, message: Message) -> Message:
        """The message as it is now."""
        with self.database.reading() as session:
            return session.get_one(Message, message.id)

    def patient(self) -> Patient:
        """Marie as she is now."""
        with self.database.reading() as session:
            return session.get_one(Patient, self.marie.id)

    def carry(self, **later: float) -> Tally:
        """Turn the clock and send what is due."""
        self.clock.forward(**later)
        return self.postman.round()


@pytest.fixture
def ward(database: Database, world: World, clock: HandClock) -> Ward:
    with database.transaction() as session:
        marie = a_patient(session, world, now=clock.now())
    phones = Simulator()
    return Ward(database, world, clock, marie, phones, Postman(database, {Channel.SMS: phones}, clock.now))


@pytest.fixture
def wire(ward: Ward) -> Iterator[Wire]:
    """The ward whose texts go through the carrier's stand-in."""
    with on_the_wire(ward) as wire:
        yield wire
