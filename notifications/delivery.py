"""The one loop that sends: claim what is due, send, write the receipt or the failure, schedule the next try.

What it promises (REL-01, HZ-02, HZ-06): a message is marked sent only after the carrier took it; a message whose sender died, or whose
answer was lost, is looked up at the carrier before it is sent again; messages to one recipient leave one at a time, in order.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notifications import policy
from notifications.messages import Channel, Failure, Outgoing, Reason, Receipt, State
from notifications.transports.base import Transport

log = logging.getLogger(__name__)

TIRED = 3
"""Temporary failures in a row, by one channel, after which a round ends: its carrier is down, the next round tries again."""


@dataclass(frozen=True)
class Claim:
    """A message this process holds for ``policy.ATTEMPT_LEASE``. The store has already saved it as ``sending``.

    attempts: this one included, a new number for each claim. unsure: an earlier attempt may have reached the carrier. since: when the
    message began to exist.
    """

    message: Outgoing
    attempts: int
    unsure: bool
    since: datetime
    expires_at: datetime | None = None


class Store(Protocol):
    """All that delivery knows of a database. Every call is its own committed transaction.

    A result written after the lease has passed to another process must change nothing.
    """

    def claim_due(self, now: datetime) -> Claim | None:
        """Take the next message due, most pressing first, and save it as sending; None when nothing is due.

        Not while another message to the same recipient is being sent, nor before one that should leave first.
        """
        ...

    def sent(self, claim: Claim, carrier: str, receipt: Receipt, now: datetime) -> None:
        """The carrier took it."""
        ...

    def failed(self, claim: Claim, failure: Failure, now: datetime, *, retry_at: datetime | None) -> None:
        """It did not leave. With ``retry_at``: again then, and unsure when ``failure.maybe_sent``. Without: for good."""
        ...

    def postponed(self, claim: Claim, until: datetime) -> None:
        """Not at this hour. It was looked up if there was a doubt, so none is left."""
        ...

    def known(self, carrier: str, carrier_ids: Collection[str]) -> set[str]:
        """Those identifiers that already belong to one of our messages."""
        ...


@dataclass
class Tally:
    """What one round did."""

    sent: int = 0
    found: int = 0
    postponed: int = 0
    retried: int = 0
    failed: int = 0

    @property
    def touched(self) -> int:
        """How many messages were claimed."""
        return self.sent + self.found + self.postponed + self.retried + self.failed


def drain(store: Store, transports: Mapping[Channel, Transport], clock: Callable[[], datetime], *, limit: int = 500) -> Tally:
    """Send until nothing is due, ``limit`` messages were claimed, or the carrier asks for a pause or seems down.

    ``clock`` is read for each message: with one hour for the whole round, leases would end while they are held. Never raises
    for what happens to one message; errors of the store itself (the database) do come through.
    """
    tally, in_a_row = Tally(), Counter[Channel]()
    while tally.touched < limit and max(in_a_row.values(), default=0) < TIRED:
        claim = store.claim_due(clock())
        if claim is None:
            break
        failure = _attempt(store, transports, claim, clock, tally)
        if failure is None or failure.permanent:
            in_a_row[claim.message.to.channel] = 0
        elif failure.reason is Reason.RATE_LIMITED:
            break
        else:
            in_a_row[claim.message.to.channel] += 1
    return tally


def _attempt(
    store: Store, transports: Mapping[Channel, Transport], claim: Claim, clock: Callable[[], datetime], tally: Tally
) -> Failure | None:
    try:
        transport = transports.get(claim.message.to.channel)
        if transport is None:
            raise Failure(Reason.ACCOUNT, f"no transport for {claim.message.to.channel.value}", permanent=False)
        receipt = _look_up(store, transport, claim) if claim.unsure else None
        if receipt is None:
            if _is_expired(claim, clock()):
                raise Failure(Reason.EXPIRED, "its hour has passed; it was not sent", permanent=True)
            if until := _quiet_until(claim, clock()):
                store.postponed(claim, until)
                tally.postponed += 1
                return None
            receipt = transport.send(claim.message)
            tally.sent += 1
        else:
            tally.found += 1
    except Failure as failure:
        return _record(store, claim, failure, clock(), tally)
    except Exception as error:  # a defect concerns this message; the others still leave
        log.exception("message %s could not be attempted", claim.message.id)
        defect = Failure(Reason.DEFECT, f"defect while sending ({type(error).__name__})", permanent=False, maybe_sent=True)
        return _record(store, claim, defect, clock(), tally)
    store.sent(claim, transport.name, receipt, clock())
    return None


def _record(store: Store, claim: Claim, failure: Failure, now: datetime, tally: Tally) -> Failure:
    retry_at = policy.next_try(claim.attempts, failure, now)
    store.failed(claim, failure, now, retry_at=retry_at)
    if retry_at is None:
        tally.failed += 1
    else:
        tally.retried += 1
    return failure


def _look_up(store: Store, transport: Transport, claim: Claim) -> Receipt | None:
    try:
        found = transport.find(claim.message, after=claim.since)
    except Failure as failure:
        # Not knowing is not a reason to send twice: the doubt stays, whatever the carrier answered.
        failure.permanent, failure.maybe_sent = False, True
        raise
    ours = store.known(transport.name, [receipt.carrier_id for receipt in found])
    return next((receipt for receipt in found if receipt.carrier_id not in ours), None)


def _quiet_until(claim: Claim, now: datetime) -> datetime | None:
    # A question that failed at 19:50 must not leave at 20:10.
    zone = claim.message.to.zone
    return policy.first_allowed(now, zone) if zone and policy.is_quiet(now, zone) else None


def _is_expired(claim: Claim, now: datetime) -> bool:
    return claim.expires_at is not None and now >= claim.expires_at


def final_state(failure: Failure) -> State:
    """The word under which a store keeps a message that will not be tried again."""
    return State.EXPIRED if failure.reason is Reason.EXPIRED else State.FAILED
