"""The contract of a transport: three things to keep when adding one. See README.md for the steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from notifications.messages import DeliveryUpdate, Inbound, Outgoing, Receipt

Form = Sequence[tuple[str, str]]
"""A form exactly as received: every field, in order, repeated ones included (a signature covers them all)."""


class Transport(Protocol):
    """Carries messages out. ``name`` is stored with each message: never rename one that has been used."""

    @property
    def name(self) -> str:
        """At most 20 characters."""
        ...

    def send(self, message: Outgoing) -> Receipt:
        """Hand over one message, or raise Failure. Must end within half of ``policy.ATTEMPT_LEASE``.

        Raise ``maybe_sent=True`` whenever the carrier might have taken it: time-out after the request left, answer lost or unreadable.
        """
        ...

    def find(self, message: Outgoing, *, after: datetime) -> Sequence[Receipt]:
        """Messages the carrier took to this recipient with this very body since ``after``: the sender died before it could write
        the receipt down. Empty: not there, it may be sent. Raises Failure when the carrier cannot say.
        """
        ...

    def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
        """Texts that reached our ``number`` at the carrier between the two hours, whether or not it ever told us of them (SEC-15).

        At least those: a few more do no harm, each is known by its identifier. Raises Failure when the carrier cannot say.
        """
        ...


class CallsBack(Protocol):
    """For carriers that call us: who calls is checked before anything is read."""

    def is_genuine(self, path: str, form: Form, signature: str) -> bool:
        """Did the carrier itself sign this request? ``path`` with its query, below the public address."""
        ...

    def read_inbound(self, form: Form) -> Inbound:
        """A text from a patient. Raises ValueError when a field without which it cannot be kept is missing."""
        ...

    def read_status(self, path: str, form: Form) -> DeliveryUpdate:
        """News of a message we sent. Raises ValueError when it names no message."""
        ...
