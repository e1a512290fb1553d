"""Twilio by SMS: send, look up, check signatures, read its two forms. The only file that knows Twilio."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from notifications import inbound
from notifications.messages import DeliveryUpdate, Failure, Inbound, Outgoing, Reason, Receipt, State
from notifications.transports.base import Form

NAME = "twilio"
STATUS_PATH = "/twilio/status"
INBOUND_PATH = "/twilio/inbound"
TIMEOUT = 10.0
"""Seconds to connect, and again to read. The client's own default is to wait for ever."""
CLOCK_MARGIN = timedelta(hours=2)
"""Our clock and theirs may differ by an hour and more (a jump, a wrong host); messages already known to us are set apart anyway."""
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

_PERMANENT = {
    Reason.OPTED_OUT: (21610,),
    Reason.BAD_NUMBER: (21211, 21217, 21401, 21421, 30005),
    Reason.NOT_MOBILE: (21614, 30006),
    Reason.BLOCKED: (21408, 21612, 30004, 30007, 30032, 30034),
    Reason.REFUSED: (21602, 21604, 21605, 21617, 21619, 30019),
    Reason.EXPIRED: (30036,),
}
_TEMPORARY = {
    Reason.RATE_LIMITED: (14107, 20429, 21611, 30001, 30022, 30023, 30027, 63038),
    Reason.UNREACHABLE: (30003,),
    Reason.CARRIER: (20500, 20503, 30008, 30009, 30017, 30410),
    # Our account, not this patient: kept and tried again while somebody repairs it.
    Reason.ACCOUNT: (20003, 20005, 20008, 20403, 20404, 21603, 21606, 21608, 21659, 21660, 21703, 21704, 30002, 30024),
}
CODES: Mapping[int, tuple[Reason, bool]] = MappingProxyType(
    {code: (reason, True) for reason, codes in _PERMANENT.items() for code in codes}
    | {code: (reason, False) for reason, codes in _TEMPORARY.items() for code in codes}
)
"""Twilio's error code → (reason, permanent?)."""


class TwilioSms:
    """One Twilio account. ``api_base`` points the official client elsewhere (a stand-in); ``public_url`` is the address Twilio calls.

    The sender is the messaging service when there is one, else the message's own number, else ``default_sender``.
    An empty ``auth_token`` makes every signature false: nothing is ever accepted unchecked.
    """

    name = NAME

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        public_url: str,
        default_sender: str = "",
        messaging_service_sid: str = "",
        api_base: str = "https://api.twilio.com",
        timeout: float = TIMEOUT,
    ) -> None:
        self._public_url = public_url.rstrip("/")
        self._default_sender, self._messaging_service = default_sender, messaging_service_sid
        self._validator = RequestValidator(auth_token) if auth_token else None
        self._client: Any = Client(account_sid or "unset", auth_token or "unset", http_client=_Http(api_base, timeout))

    # --- Speaking ---

    def send(self, message: Outgoing) -> Receipt:
        """Create the message at Twilio; our id travels in the callback address. Raises Failure."""
        sender = {"from_": message.sender or self._default_sender}
        if self._messaging_service:
            sender = {"messaging_service_sid": self._messaging_service}
        valid = {} if message.valid_for is None else {"validity_period": min(36000, max(6, int(message.valid_for.total_seconds())))}
        callback = f"{self._public_url}{STATUS_PATH}?message={message.id}"
        try:
            made = self._client.messages.create(to=message.to.address, body=message.body, status_callback=callback, **sender, **valid)
            return _receipt(made)
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
            # 2xx with a body that is no message: Twilio may well have taken it.
            raise _unreadable(error) from error

    def find(self, message: Outgoing, *, after: datetime) -> Sequence[Receipt]:
        """Messages Twilio holds for this recipient with this body, made since ``after``. Raises Failure."""
        try:
            # Not filtered by date at Twilio: its date filter is on the day sent, and a message still queued there has none.
            listed = self._client.messages.list(to=message.to.address, limit=LOOKED_AT)
            same = [m for m in listed if m.body == message.body]
            return [_receipt(m) for m in same if m.date_created.astimezone(UTC) >= after - CLOCK_MARGIN]
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(error) from error

    def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
        """Texts Twilio received for ``number`` between the two hours. Raises Failure. What it did with a STOP is not in its list."""
        since = after - CLOCK_MARGIN
        try:
            # At Twilio by the day before, because what its filter makes of an hour is not promised; here by the hour.
            listed = self._client.messages.list(to=number, date_sent_after=since - timedelta(days=1), limit=HEARD_AT, page_size=1000)
            return [_heard(m) for m in listed if m.direction == "inbound" and since <= m.date_created.astimezone(UTC) <= before]
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(error) from error

    # --- Listening ---

    def is_genuine(self, path: str, form: Form, signature: str) -> bool:
        """Is ``X-Twilio-Signature`` right for the public address and every parameter received? (SEC-13)

        The address comes from configuration, never from the request: behind a proxy the request shows another one.
        """
        if self._validator is None or not signature:
            return False
        return bool(self._validator.validate(self._public_url + path, _Fields(form), signature))

    def sign(self, path: str, form: Form) -> str:
        """What Twilio would put in ``X-Twilio-Signature`` for this call: how we prove our own address to ourselves. "" without a token."""
        if self._validator is None:
            return ""
        return str(self._validator.compute_signature(self._public_url + path, _Fields(form)))

    def knock(self) -> None:
        """Ask Twilio for one message of ours: raises Failure when the credentials, the address or the way there are wrong."""
        try:
            self._client.messages.list(limit=1)
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(error) from error

    def read_inbound(self, form: Form) -> Inbound:
        """A text or picture message. Raises ValueError when it has no MessageSid, sender or recipient."""
        fields = dict(form)
        return Inbound(
            carrier=NAME,
            carrier_id=_needed(fields, "MessageSid"),
            address=_needed(fields, "From"),
            number=_needed(fields, "To"),
            body=inbound.words(fields.get("Body", "")),
            media=_whole(fields.get("NumMedia", "")),
            opt_out=fields.get("OptOutType", ""),
            raw=MappingProxyType(fields),
        )

    def read_status(self, path: str, form: Form) -> DeliveryUpdate:
        """A status callback. An error code that is not known still counts; a status that is not known moves nothing."""
        fields = dict(form)
        status = _needed(fields, "MessageStatus")
        code = fields.get("ErrorCode", "")
        ours = parse_qs(urlsplit(path).query).get("message", [""])[0]
        state = STATES.get(status)
        return DeliveryUpdate(
            carrier=NAME,
            carrier_id=_needed(fields, "MessageSid"),
            status=status,
            state=state,
            our_id=int(ours) if ours.isdecimal() else None,
            error_code=code,
            reason=_reason(code) if state in (State.FAILED, State.UNDELIVERED) else None,
            raw=MappingProxyType(fields),
        )


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the client has no types
    """The vendor's HTTP client with another host, a time-out, and every bad answer turned into a Failure. Logs nothing: the
    vendor's own log line holds telephone numbers."""

    def __init__(self, base: str, timeout: float) -> None:
        silent = logging.Logger("twilio", level=logging.CRITICAL + 1)
        super().__init__(timeout=timeout, logger=silent)
        self._base = base.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(url)
        try:
            answer = super().request(method, self._base + parts.path + (f"?{parts.query}" if parts.query else ""), *args, **kwargs)
        except OSError as error:  # every error of the transport below, time-outs included
            said = f"no answer from Twilio ({type(error).__name__})"
            raise Failure(Reason.CARRIER, said, permanent=False, maybe_sent=not _never_left(error)) from error
        if answer.status_code >= 300:
            raise _refusal(answer.status_code, answer.text, str(answer.headers.get("Retry-After", "")))
        return answer


def _never_left(error: BaseException) -> bool:
    """Did the connection itself fail? Then nothing was sent; anything later leaves a doubt."""
    inner = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    names = {type(error).__name__, type(inner).__name__}
    return bool(names & {"ConnectTimeout", "NewConnectionError", "NameResolutionError", "ConnectTimeoutError"})


def _refusal(status: int, text: str, retry_after: str) -> Failure:
    try:
        code = int(json.loads(text)["code"])
    except (ValueError, KeyError, TypeError):
        code = 0
    reason, permanent = _meaning(status, code)
    # 5xx, a redirection, or a 4xx that does not speak as Twilio does (a proxy on the way): the message may have been taken.
    doubtful = status >= 500 or not (code or status in (401, 403, 429))
    return Failure(
        reason,
        f"Twilio answered {status}" + (f", error {code}" if code else ""),
        permanent=permanent and not doubtful,
        code=str(code or status),
        maybe_sent=doubtful,
        retry_after=timedelta(seconds=int(retry_after)) if retry_after.isdecimal() else None,
    )


def _meaning(status: int, code: int) -> tuple[Reason, bool]:
    if code in CODES:
        return CODES[code]
    if status == 429:
        return Reason.RATE_LIMITED, False
    if status in (401, 403):
        return Reason.ACCOUNT, False
    return (Reason.REFUSED, True) if code and status < 500 else (Reason.CARRIER, False)


def _unreadable(error: Exception) -> Failure:
    return Failure(Reason.CARRIER, f"Twilio's answer cannot be read ({type(error).__name__})", permanent=False, maybe_sent=True)


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
        media=_whole(str(m.num_media or "")),
    )


def _reason(code: str) -> Reason:
    return CODES.get(_whole(code), (Reason.CARRIER, False))[0]


def _needed(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise ValueError(f"the form has no {name}")
    return fields[name]


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


class _Fields(dict[str, list[str]]):
    """A form as the vendor's validator reads it: repeated fields all count."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        for name, value in form:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        return self[name]
