"""Twilio by telephone: ring a professional, say a few words, wait for one key. What the key does is decided behind ``KEY_PATH``.

A machine that answers presses nothing, so it takes nothing: no guess is made about who picked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from notifications.messages import DeliveryUpdate, Inbound, Outgoing, Reason, Receipt, State
from notifications.transports.base import Form
from notifications.transports.twilio_account import CLOCK_MARGIN, TwilioAccount, asking, needed

NAME = "twilio_voice"
KEY_PATH = "/twilio/voice/{ref}"
STATUS_PATH = "/twilio/voice/{ref}/status"
RINGS = 25
"""Seconds a telephone rings: most mailboxes answer after 30 (house rule, 2026-11-23)."""
WAITS = 6
"""Seconds after the words in which a key may be pressed (house rule, 2026-11-23)."""
LOOKED_AT = 50
"""Calls to one telephone looked through; two hours never hold so many."""

VOICES = {"fr": "fr-FR", "en": "en-GB"}
"""In which accent a language is spoken; any other code is handed on as it is."""

STATES: Mapping[str, State] = MappingProxyType(
    {
        "queued": State.SENT,
        "initiated": State.SENT,
        "ringing": State.SENT,
        "in-progress": State.SENT,
        "completed": State.DELIVERED,
        "busy": State.UNDELIVERED,
        "no-answer": State.UNDELIVERED,
        "canceled": State.FAILED,
        "failed": State.FAILED,
    }
)
"""Twilio's word → ours. Delivered: somebody, or a machine, picked up; it says nothing about a key."""


class TwilioVoice(TwilioAccount):
    """Calls of one Twilio account, from the message's own number, else ``default_sender``: a number that may telephone."""

    name = NAME

    def send(self, message: Outgoing) -> Receipt:
        """Ring, say the words twice, wait for a key each time. Raises Failure."""
        words = ask(message.body, message.language, self.key_address(message.id), times=2)
        with asking():
            made = self._client.calls.create(
                to=message.to.address,
                from_=message.sender or self._default_sender,
                twiml=words,
                timeout=RINGS,
                status_callback=self._public_url + STATUS_PATH.format(ref=message.id),
                status_callback_event=["answered", "completed"],
            )
            return _receipt(made)

    def key_address(self, ref: int) -> str:
        """Where Twilio posts the key pressed during this call."""
        return self._public_url + KEY_PATH.format(ref=ref)

    def find(self, message: Outgoing, *, after: datetime) -> Sequence[Receipt]:
        """Calls Twilio made to this telephone since ``after``. A call holds no words: those already ours are set apart by the caller."""
        with asking():
            listed = self._client.calls.list(to=message.to.address, limit=LOOKED_AT)
            ours = [call for call in listed if call.direction == "outbound-api"]
            return [_receipt(call) for call in ours if call.date_created.astimezone(UTC) >= after - CLOCK_MARGIN]

    def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
        """No text comes by telephone."""
        return ()

    def read_status(self, path: str, form: Form) -> DeliveryUpdate:
        """News of a call. A status that is not known moves nothing. Raises ValueError when it names no call."""
        fields = dict(form)
        status = needed(fields, "CallStatus")
        state = STATES.get(status)
        ours = re.fullmatch(r"/twilio/voice/(\d+)/status", path.partition("?")[0])
        return DeliveryUpdate(
            carrier=NAME,
            carrier_id=needed(fields, "CallSid"),
            status=status,
            state=state,
            our_id=int(ours.group(1)) if ours else None,
            reason=(Reason.UNREACHABLE if state is State.UNDELIVERED else Reason.CARRIER) if state in _NOBODY else None,
            raw=MappingProxyType(fields),
        )


_NOBODY = (State.UNDELIVERED, State.FAILED)


def ask(words: str, language: str, address: str, *, times: int) -> str:
    """TwiML: say the words so many times, each time waiting for one key, which goes to ``address``; then hang up."""
    gather = f'<Gather numDigits="1" timeout="{WAITS}" method="POST" action={quoteattr(address)}>{_say(words, language)}</Gather>'
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{gather * times}</Response>'


def tell(words: str, language: str) -> str:
    """TwiML: say the words and hang up."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{_say(words, language)}<Hangup/></Response>'


def _say(words: str, language: str) -> str:
    return f"<Say language={quoteattr(VOICES.get(language, language))}>{escape(words)}</Say>"


def _receipt(made: Any) -> Receipt:
    if not isinstance(made.sid, str) or not made.sid.startswith("CA"):
        raise ValueError("no call identifier")
    return Receipt(made.sid, STATES.get(str(made.status), State.SENT))
