"""The values of sending and listening. Frozen, free of any carrier, database or clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"


class State(StrEnum):
    """Life of a message we send: queued, sending, sent, then one of the four ends.

    sending: a process is calling the carrier, or died while calling. sent: a carrier accepted it, which is not delivered.
    undelivered: the carrier could not hand it over. failed: refused, or tried for too long. expired: past its hour, never sent.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Nothing a carrier says later may change it."""
        return _RANK[self] == 3


_RANK = {
    State.QUEUED: 0,
    State.SENDING: 1,
    State.SENT: 2,
    State.DELIVERED: 3,
    State.UNDELIVERED: 3,
    State.FAILED: 3,
    State.EXPIRED: 3,
}


def advance(current: State, new: State) -> State:
    """The state after hearing ``new`` while in ``current``: only ever forward, and a final state stays (SEC-19).

    Carriers call back in any order, several times, without a time stamp: a late "sent" must not undo a "delivered".
    """
    return new if _RANK[new] > _RANK[current] else current


class Reason(StrEnum):
    """Why a message did not leave or did not arrive, in words that belong to no carrier."""

    OPTED_OUT = "opted_out"
    BAD_NUMBER = "bad_number"
    NOT_MOBILE = "not_mobile"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    REFUSED = "refused"
    EXPIRED = "expired"
    ACCOUNT = "account"
    RATE_LIMITED = "rate_limited"
    CARRIER = "carrier"
    DEFECT = "defect"


@dataclass(frozen=True)
class Recipient:
    """Where a message goes. address: E.164 for SMS and voice, name@host for e-mail. zone: IANA name when quiet hours apply, "" when it
    may leave at any hour."""

    channel: Channel
    address: str
    zone: str = ""


@dataclass(frozen=True)
class Outgoing:
    """One message, worded and addressed. id: ours; it travels in the carrier's callbacks. sender: the number replies come to.

    valid_for: how long the carrier may keep trying; None: the carrier's own default. language: in which a call is spoken.
    """

    id: int
    to: Recipient
    sender: str
    body: str
    valid_for: timedelta | None = None
    language: str = ""


@dataclass(frozen=True)
class Receipt:
    """A carrier took the message. carrier_id: its name for it. state: sent, or already more (a simulated telephone delivers at once)."""

    carrier_id: str
    state: State = State.SENT
    code: str = ""


@dataclass(frozen=True)
class Inbound:
    """One text as a carrier handed it over. body: the patient's words. media: how many pictures came with it.

    number: the one written to. opt_out: what the carrier itself understood and acted on (STOP, START, HELP), "" mostly:
    after a STOP it refuses our texts whatever we think of the word. raw: every field received.
    """

    carrier: str
    carrier_id: str
    address: str
    number: str
    body: str
    media: int = 0
    opt_out: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Nothing to read: no word, perhaps a picture."""
        return not self.body.strip()


@dataclass(frozen=True)
class DeliveryUpdate:
    """One callback. status: the carrier's word, kept as it came. state: ours, None when the word moves nothing.

    our_id: our message's id as it came back, None when the callback does not carry it.
    """

    carrier: str
    carrier_id: str
    status: str
    state: State | None
    our_id: int | None = None
    error_code: str = ""
    reason: Reason | None = None
    raw: Mapping[str, str] = field(default_factory=dict)


class Failure(Exception):
    """The message did not leave, or nobody knows.

    permanent: trying again cannot help. maybe_sent: the carrier may have taken it although no good answer came; it must be looked
    up before it is sent again. retry_after: the pause the carrier asked for. sentence: English, for logs and the operator; it holds
    no telephone number and no word of the message.
    """

    def __init__(
        self,
        reason: Reason,
        sentence: str,
        *,
        permanent: bool,
        code: str = "",
        maybe_sent: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(sentence)
        self.reason, self.sentence, self.permanent = reason, sentence, permanent
        self.code, self.maybe_sent, self.retry_after = code, maybe_sent, retry_after


# --- What may be said in a text ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Label:
    """Words that a reviewed document gives (a symptom's name, a red-flag question): never what somebody typed."""

    text: str


@dataclass(frozen=True)
class Moment:
    """An hour to promise, seen from ``now``; both in the reader's own zone. At most a year ahead."""

    at: datetime
    now: datetime


@dataclass(frozen=True)
class Noted:
    """One answer as understood, to be echoed. value None: still unknown."""

    label: Label
    value: int | Decimal | Label | None


@dataclass(frozen=True)
class Missing:
    """A part of a lettered question still to be answered. index: from 0 (A)."""

    index: int
    label: Label
