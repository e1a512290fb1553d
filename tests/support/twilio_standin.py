"""A Twilio that stands in for the real one: stateful, on loopback, signing as Twilio signs, failing as Twilio fails.

In a test:

    with TwilioStandIn() as twilio:                       # twilio.url is what VIGIE_TWILIO_API_BASE takes
        twilio.script(slow_down(2), lost_answer())        # what happens to the next messages, one each
        twilio.fates["+33639980007"] = ("undelivered", 30003)
        twilio.call_back(sid, "delivered", "sent")        # signed callbacks, in the order given, repeated if repeated
        twilio.calls.press(sid, "1")                      # somebody answers a call and presses a key
        twilio.text("+33639980001", "2 0 1", to="+33199001234", url=public_url + "/twilio/inbound")

By hand: ``python -m tests.support.twilio_standin --port 9000 --inbound http://127.0.0.1:8000/twilio/inbound`` then type
``+33639980001 2 0 1`` to write as that telephone; callbacks go out by themselves.
"""

from __future__ import annotations

import argparse
import base64
import re
import sys
import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Self
from urllib.parse import urlencode

import httpx2
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from twilio.request_validator import RequestValidator

from notifications.policy import length
from tests.support.loopback import Loopback
from tests.support.twilio_calls import Calls
from tests.support.twilio_faults import Fault, error

ACCOUNT = "AC" + "5" * 32
TOKEN = "token of the stand-in"
MESSAGES = "/2010-04-01/Accounts/{account}/Messages"


class TwilioStandIn:
    """One account. ``messages``: every message ever taken, oldest first, as Twilio would show it; ``written``: those of telephones."""

    def __init__(self, *, account: str = ACCOUNT, token: str = TOKEN, port: int = 0, auto: bool = False) -> None:
        self.account, self.token, self.auto = account, token, auto
        self.messages: list[dict[str, Any]] = []
        self.written: list[dict[str, Any]] = []
        self.callbacks: dict[str, str] = {}
        self.opted_out: set[str] = set()
        self.fates: dict[str, tuple[str, int | None]] = {}
        self._faults: list[Fault] = []
        self._counter = 0
        self._validator = RequestValidator(token)
        self.calls = Calls(account, self._known, self.post)
        self._door = Loopback(port=port)
        self._served = self._door.serving(self._app())
        self.url = self._door.url

    def __enter__(self) -> Self:
        self._served.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._served.__exit__(None, None, None)

    def script(self, *faults: Fault) -> None:
        """What happens to the next messages posted, one each, in this order."""
        self._faults.extend(faults)

    def sent_to(self, number: str) -> list[str]:
        """The words of every message taken for a number, oldest first."""
        return [m["body"] for m in self.messages if m["to"] == number]

    # --- The REST interface ---

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        path = MESSAGES.format(account=self.account)
        app.add_api_route(path + ".json", self._create, methods=["POST"])
        app.add_api_route(path + ".json", self._list, methods=["GET"])
        app.add_api_route(path + "/{sid}.json", self._fetch, methods=["GET"])
        self.calls.doors(app)
        return app

    async def _create(self, request: Request) -> Response:
        if not self._known(request):
            return error(401, 20003, "Authenticate")
        form = {name: str(value) for name, value in (await request.form()).multi_items()}
        if self._faults:
            return await self._faults.pop(0)(self, form)
        if problem := self._problem(form):
            return error(400, *problem)
        return JSONResponse(self.take(form), status_code=201)

    def _problem(self, form: dict[str, str]) -> tuple[int, str] | None:
        to, body = form.get("To", ""), form.get("Body", "")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            return 21211, f"Invalid 'To' Phone Number: {to[:4]}XXXX"
        if not (form.get("From") or form.get("MessagingServiceSid")):
            return 21603, "A 'From' phone number is required."
        if not body:
            return 21602, "Message body is required."
        if len(body) > 1600:
            return 21617, "The concatenated message body exceeds the 1600 character limit"
        if to in self.opted_out:
            return 21610, "Attempt to send to unsubscribed recipient"
        return None

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        """Accept a message: it exists from now on, queued."""
        self._counter += 1
        sid = f"SM{self._counter:032x}"
        self.messages.append(self._resource(sid, form, "outbound-api", "queued") | {"date_sent": None})
        self.callbacks[sid] = form.get("StatusCallback", "")
        if self.auto:
            threading.Thread(target=self.finish, args=(sid,), daemon=True).start()
        return dict(self.messages[-1])

    def _resource(self, sid: str, form: dict[str, str], direction: str, status: str, media: int = 0) -> dict[str, Any]:
        now = format_datetime(datetime.now(UTC))
        return {
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": form["Body"],
            "date_created": now,
            "date_sent": now,
            "date_updated": now,
            "direction": direction,
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": str(media),
            "num_segments": str(length(form["Body"]).segments),
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": status,
            "subresource_uris": {"media": MESSAGES.format(account=self.account) + f"/{sid}/Media.json"},
            "to": form["To"],
            "uri": MESSAGES.format(account=self.account) + f"/{sid}.json",
        }

    async def _list(self, request: Request) -> Response:
        if not self._known(request):
            return error(401, 20003, "Authenticate")
        asked = request.query_params
        found = [
            m
            for m in reversed(self.messages + self.written)
            if asked.get("To") in (None, m["to"]) and asked.get("From") in (None, m["from"])
        ]
        for name, keep in (("DateSent", "__eq__"), ("DateSent<", "__le__"), ("DateSent>", "__ge__")):
            if day := asked.get(name):
                found = [m for m in found if m["date_sent"] and getattr(_day(m["date_sent"]), keep)(day[:10])]
        size, page = int(asked.get("PageSize", 50)), int(asked.get("Page", 0))
        base = MESSAGES.format(account=self.account) + ".json?"

        def at(number: int) -> str:
            return base + urlencode({**asked, "PageSize": size, "Page": number})

        return JSONResponse(
            {
                "end": min(len(found), (page + 1) * size) - 1,
                "first_page_uri": at(0),
                "next_page_uri": at(page + 1) if len(found) > (page + 1) * size else None,
                "page": page,
                "page_size": size,
                "previous_page_uri": at(page - 1) if page else None,
                "start": page * size,
                "uri": at(page),
                "messages": found[page * size : (page + 1) * size],
            }
        )

    async def _fetch(self, sid: str, request: Request) -> Response:
        if not self._known(request):
            return error(401, 20003, "Authenticate")
        found = [m for m in self.messages if m["sid"] == sid]
        return JSONResponse(found[0]) if found else error(404, 20404, "The requested resource was not found")

    def _known(self, request: Request) -> bool:
        expected = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {expected}"

    # --- Calling back ---

    def finish(self, sid: str) -> None:
        """The ordinary life of a message: sent, then delivered, or the fate of its number."""
        message = self._message(sid)
        end, code = self.fates.get(message["to"], ("delivered", None))
        self.call_back(sid, "sent")
        self.call_back(sid, end, code=code)

    def call_back(self, sid: str, *statuses: str, code: int | None = None) -> list[int]:
        """Signed status callbacks in the order given; returns the answers' statuses. The message itself ends in the last one."""
        answers = []
        for status in statuses:
            message = self._message(sid)
            message |= {"status": status, "error_code": code, "date_updated": format_datetime(datetime.now(UTC))}
            message["date_sent"] = message["date_sent"] or message["date_updated"]
            form = {
                "ApiVersion": "2010-04-01",
                "AccountSid": self.account,
                "MessageSid": sid,
                "SmsSid": sid,
                "MessageStatus": status,
                "SmsStatus": status,
                "To": message["to"],
                "From": message["from"] or "",
            }
            if code is not None:
                form["ErrorCode"] = str(code)
            answers.append(self.post(self.callbacks[sid], form).status_code)
        return answers

    def text(
        self, number: str, body: str, *, to: str, url: str, media: int = 0, sid: str = "", extra: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Somebody writes ``body`` from ``number``; the webhook at ``url`` is called as Twilio calls it. A STOP also opts out here."""
        sid = self.lose(number, body, to=to, media=media, sid=sid)
        stop = body.strip().upper() in ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")
        if stop:
            self.opted_out.add(number)
        return self.post(url, self.inbound_form(number, body, to=to, sid=sid, media=media) | (extra or {}))

    def lose(self, number: str, body: str, *, to: str, media: int = 0, sid: str = "") -> str:
        """Somebody writes and the call to the webhook is lost: the text is in the list alone. Its identifier."""
        self._counter += 1
        sid = sid or f"SM{self._counter:032x}"
        self.written.append(self._resource(sid, {"From": number, "To": to, "Body": body}, "inbound", "received", media))
        return sid

    def inbound_form(self, number: str, body: str, *, to: str, sid: str, media: int = 0) -> dict[str, str]:
        """The fields of an inbound text."""
        form = {
            "ToCountry": "FR",
            "MessageSid": sid,
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "AccountSid": self.account,
            "ApiVersion": "2010-04-01",
            "From": number,
            "To": to,
            "Body": body,
            "NumMedia": str(media),
            "NumSegments": str(length(body).segments),
        }
        pictures = {f"MediaUrl{i}": f"{self.url}/media/{sid}/{i}" for i in range(media)}
        return form | pictures | {f"MediaContentType{i}": "image/jpeg" for i in range(media)}

    def signed(self, url: str, form: dict[str, str]) -> str:
        """X-Twilio-Signature of this form at this address."""
        return str(self._validator.compute_signature(url, form))

    def post(self, url: str, form: dict[str, str]) -> httpx2.Response:
        """Post a signed form."""
        return httpx2.post(url, data=form, headers={"X-Twilio-Signature": self.signed(url, form)}, timeout=15)

    def _message(self, sid: str) -> dict[str, Any]:
        return next(m for m in self.messages if m["sid"] == sid)


def _day(date: str) -> str:
    return datetime.strptime(date, "%a, %d %b %Y %H:%M:%S %z").strftime("%Y-%m-%d")


def main() -> None:
    """Run by hand until the input ends."""
    parser = argparse.ArgumentParser(description="A Twilio that stands in for the real one, on loopback.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--inbound", default="http://127.0.0.1:8000/twilio/inbound", help="where texts typed here are posted")
    parser.add_argument("--to", default="+33199001234", help="the service's number")
    chosen = parser.parse_args()
    with TwilioStandIn(port=chosen.port, auto=True) as twilio:
        sys.stdout.write(
            f"VIGIE_TWILIO_API_BASE={twilio.url} VIGIE_TWILIO_ACCOUNT_SID={ACCOUNT} VIGIE_TWILIO_AUTH_TOKEN='{TOKEN}'\n"
            "Write as a telephone: +33639980001 2 0 1   (Ctrl-D ends)\n"
        )
        sys.stdout.flush()
        for line in sys.stdin:
            number, _, body = line.strip().partition(" ")
            if number:
                answer = twilio.text(number, body, to=chosen.to, url=chosen.inbound)
                sys.stdout.write(f"{answer.status_code}\n")
            for message in twilio.messages[-5:]:
                sys.stdout.write(f"  {message['to']} <- {message['body']}  [{message['status']}]\n")


if __name__ == "__main__":
    main()
