"""Twilio by SMS: send, look up, read its two forms. The account and its signature are in twilio_account.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from notifications import inbound
from notifications.messages import DeliveryUpdate, Inbound, Outgoing, Receipt, State
from notifications.transports.base import Form
from notifications.transports.twilio_account import CLOCK_MARGIN, TwilioAccount, asking, needed, reason_of, whole

NAME = "twilio"
STATUS_PATH = "/twilio/status"
INBOUND_PATH = "/twilio/inbound"
LOOKED_AT = 200
"""Messages of one recipient looked through; two hours never hold so many."""
HEARD_AT = 20_000
"""Texts of one number looked through: three days of a thousand patients who write six times a day."""

STATES: Mapping[str, State] = MappingProxyType(
    {
        # Taken by Twilio, somewhere on its way.
        "accepted": State.SENT,
        "scheduled": State.SENT,
        "queued": State.SENT,
        "sending": State.SENT,
        "sent": State.SENT,
        "delivered": State.DELIVERED,
        "read": State.DELIVERED,
        # A text of which a part is missing cannot be called delivered.
        "partially_delivered": State.UNDELIVERED,
        "undelivered": State.UNDELIVERED,
        "canceled": State.FAILED,
        "failed": State.FAILED,
    }
)
"""Twilio's word → ours. "receiving" and "received" are about inbound texts and move nothing; so does a word not yet invented."""


class TwilioSms(TwilioAccount):
    """Texts of one Twilio account. The sender is the messaging service when there is one, else the message's own number, else
    ``default_sender``."""

    name = NAME

    def __init__(self, *, messaging_service_sid: str = "", **account: Any) -> None:
        super().__init__(**account)
        self._messaging_service = messaging_service_sid

    # --- Speaking ---

    def send(self, message: Outgoing) -> Receipt:
        """Create the message at Twilio; our id travels in the callback address. Raises Failure."""
        sender = {"from_": message.sender or self._default_sender}
        if self._messaging_service:
            sender = {"messaging_service_sid": self._messaging_service}
        valid = {} if message.valid_for is None else {"validity_period": min(36000, max(6, int(message.valid_for.total_seconds())))}
        callback = f"{self._public_url}{STATUS_PATH}?message={message.id}"
        with asking():
            made = self._client.messages.create(to=message.to.address, body=message.body, status_callback=callback, **sender, **valid)
            return _receipt(made)

    def find(self, message: Outgoing, *, after: datetime) -> Sequence[Receipt]:
        """Messages Twilio holds for this recipient with this body, made since ``after``. Raises Failure."""
        with asking():
            # Not filtered by date at Twilio: its date filter is on the day sent, and a message still queued there has none.
            listed = self._client.messages.list(to=message.to.address, limit=LOOKED_AT)
            same = [m for m in listed if m.body == message.body]
            return [_receipt(m) for m in same if m.date_created.astimezone(UTC) >= after - CLOCK_MARGIN]

    def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
        """Texts Twilio received for ``number`` between the two hours. Raises Failure. What it did with a STOP is not in its list."""
        since = after - CLOCK_MARGIN
        with asking():
            # At Twilio by the day before, because what its filter makes of an hour is not promised; here by the hour.
            listed = self._client.messages.list(to=number, date_sent_after=since - timedelta(days=1), limit=HEARD_AT, page_size=1000)
            return [_heard(m) for m in listed if m.direction == "inbound" and since <= m.date_created.astimezone(UTC) <= before]

    # --- Listening ---

    def read_inbound(self, form: Form) -> Inbound:
        """A text or picture message. Raises ValueError when it has no MessageSid, sender or recipient."""
        fields = dict(form)
        return Inbound(
            carrier=NAME,
            carrier_id=needed(fields, "MessageSid"),
            address=needed(fields, "From"),
            number=needed(fields, "To"),
            body=inbound.words(fields.get("Body", "")),
            media=whole(fields.get("NumMedia", "")),
            opt_out=fields.get("OptOutType", ""),
            raw=MappingProxyType(fields),
        )

    def read_status(self, path: str, form: Form) -> DeliveryUpdate:
        """A status callback. An error code that is not known still counts; a status that is not known moves nothing."""
        fields = dict(form)
        status = needed(fields, "MessageStatus")
        code = fields.get("ErrorCode", "")
        ours = parse_qs(urlsplit(path).query).get("message", [""])[0]
        state = STATES.get(status)
        return DeliveryUpdate(
            carrier=NAME,
            carrier_id=needed(fields, "MessageSid"),
            status=status,
            state=state,
            our_id=int(ours) if ours.isdecimal() else None,
            error_code=code,
            reason=reason_of(code) if state in (State.FAILED, State.UNDELIVERED) else None,
            raw=MappingProxyType(fields),
        )


def _receipt(made: Any) -> Receipt:
    if not isinstance(made.sid, str) or not made.sid.startswith(("SM", "MM")):
        raise ValueError("no message identifier")
    return Receipt(made.sid, STATES.get(str(made.status), State.SENT), str(made.error_code or ""))


def _heard(m: Any) -> Inbound:
    """A text as Twilio lists it: fewer fields than in its call, the words and the identifier the same."""
    return Inbound(
        carrier=NAME,
        carrier_id=_receipt(m).carrier_id,
        address=m.from_,
        number=m.to,
        body=inbound.words(m.body or ""),
        media=whole(str(m.num_media or "")),
    )
