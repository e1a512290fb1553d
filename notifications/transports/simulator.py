"""Telephones that do not exist: what each number received, and replies on demand. Used by tests and the demonstration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from notifications.messages import Channel, Failure, Inbound, Outgoing, Receipt, State

NAME = "simulator"


@dataclass(frozen=True)
class Received:
    """One text on one telephone."""

    carrier_id: str
    message: Outgoing


@dataclass
class Simulator:
    """Every telephone, in memory. ``faults``: a number and what happens when it is written to (a Failure to raise, or a final state).

    make_id may be replaced so that two runs give the same names.
    """

    faults: dict[str, Callable[[Outgoing], Receipt]] = field(default_factory=dict)
    make_id: Callable[[], str] = lambda: f"sim-{uuid4().hex}"
    name: str = NAME
    _received: list[Received] = field(default_factory=list)
    _unheard: list[Inbound] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Outgoing) -> Receipt:
        """Delivered at once, unless the number has a fault; a call only rings: whoever holds the telephone presses a key, or not."""
        if fault := self.faults.get(message.to.address):
            return fault(message)
        with self._lock:
            taken = Received(self.make_id(), message)
            self._received.append(taken)
        return Receipt(taken.carrier_id, State.SENT if message.to.channel is Channel.VOICE else State.DELIVERED)

    def find(self, message: Outgoing, *, after: datetime) -> Sequence[Receipt]:
        """What this telephone already has with this body. Times are not kept: ``after`` is not looked at."""
        return [Receipt(r.carrier_id, State.DELIVERED) for r in self.received(message.to.address) if r.message.body == message.body]

    def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
        """What was written to ``number`` and lost on its way to us. Times are not kept: neither hour is looked at."""
        return [text for text in self._unheard if text.number == number]

    def received(self, number: str) -> list[Received]:
        """Every text and call of a telephone (or letter of a mailbox), oldest first."""
        with self._lock:
            return [r for r in self._received if r.message.to.address == number]

    def texts(self, number: str) -> list[str]:
        """The words a telephone received, oldest first."""
        return [r.message.body for r in self.received(number)]

    def reply(self, number: str, body: str, *, to: str, media: int = 0) -> Inbound:
        """The person of ``number`` writes ``body`` to the service's number ``to``."""
        return Inbound(carrier=self.name, carrier_id=self.make_id(), address=number, number=to, body=body, media=media)

    def lose(self, number: str, body: str, *, to: str) -> Inbound:
        """The same, and the carrier's call to us is lost: only ``heard`` knows of it."""
        self._unheard.append(self.reply(number, body, to=to))
        return self._unheard[-1]


def refuses(failure: Failure) -> Callable[[Outgoing], Receipt]:
    """A fault: the carrier answers with this failure."""

    def fault(_message: Outgoing) -> Receipt:
        raise failure

    return fault


def ends(state: State, code: str = "") -> Callable[[Outgoing], Receipt]:
    """A fault: the carrier takes the message, which then ends in ``state``."""

    def fault(_message: Outgoing) -> Receipt:
        return Receipt(f"sim-{uuid4().hex}", state, code)

    return fault
