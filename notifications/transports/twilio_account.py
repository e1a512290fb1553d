"""One Twilio account: the vendor's client with our time-outs, its errors in our words, its signature. The only file that imports Twilio.

Texts stand on it in twilio_sms.py, telephone calls in twilio_voice.py.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from notifications.messages import Failure, Reason
from notifications.transports.base import Form

TIMEOUT = 10.0
"""Seconds to connect, and again to read. The client's own default is to wait for ever."""
CLOCK_MARGIN = timedelta(hours=2)
"""Our clock and theirs may differ by an hour and more (a jump, a wrong host); messages already known to us are set apart anyway."""

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


class TwilioAccount:
    """``api_base`` points the official client elsewhere (a stand-in); ``public_url`` is the address Twilio calls.

    An empty ``auth_token`` makes every signature false: nothing is ever accepted unchecked.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        public_url: str,
        default_sender: str = "",
        api_base: str = "https://api.twilio.com",
        timeout: float = TIMEOUT,
    ) -> None:
        self._public_url, self._default_sender = public_url.rstrip("/"), default_sender
        self._validator = RequestValidator(auth_token) if auth_token else None
        self._client: Any = Client(account_sid or "unset", auth_token or "unset", http_client=_Http(api_base, timeout))

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
        with asking():
            self._client.messages.list(limit=1)


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


@contextmanager
def asking() -> Iterator[None]:
    """An answer that cannot be read is a Failure: 2xx with a body that is no resource, and Twilio may well have taken it."""
    try:
        yield
    except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
        said = f"Twilio's answer cannot be read ({type(error).__name__})"
        raise Failure(Reason.CARRIER, said, permanent=False, maybe_sent=True) from error


def reason_of(code: str) -> Reason:
    """Twilio's error code, as it came, in our words."""
    return CODES.get(whole(code), (Reason.CARRIER, False))[0]


def needed(fields: Mapping[str, str], name: str) -> str:
    """The field. Raises ValueError when the form has none."""
    if not fields.get(name):
        raise ValueError(f"the form has no {name}")
    return fields[name]


def whole(text: str) -> int:
    """A number as Twilio writes one, 0 for anything else."""
    return int(text) if text.isdecimal() else 0


class _Fields(dict[str, list[str]]):
    """A form as the vendor's validator reads it: repeated fields all count."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        for name, value in form:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        return self[name]
