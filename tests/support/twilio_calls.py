"""The calls of Twilio's stand-in: they ring until a test answers, presses a key, or lets them ring out. Signed as Twilio signs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx2
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.support.twilio_faults import Fault, error

CALLS = "/2010-04-01/Accounts/{account}/Calls"


class Calls:
    """``made``: every call ever taken, oldest first, as Twilio would show it. ``post``: signs a form and posts it."""

    def __init__(self, account: str, known: Callable[[Request], bool], post: Callable[[str, dict[str, str]], httpx2.Response]) -> None:
        self.account, self._known, self._post = account, known, post
        self.made: list[dict[str, Any]] = []
        self.asked: dict[str, dict[str, str]] = {}
        self.faults: list[Fault] = []

    def doors(self, app: FastAPI) -> None:
        """Twilio's addresses for calls."""
        path = CALLS.format(account=self.account) + ".json"
        app.add_api_route(path, self._create, methods=["POST"])
        app.add_api_route(path, self._list, methods=["GET"])

    async def _create(self, request: Request) -> Response:
        if not self._known(request):
            return error(401, 20003, "Authenticate")
        pairs = (await request.form()).multi_items()
        form = {name: str(value) for name, value in pairs}
        if self.faults:
            return await self.faults.pop(0)(self, form)
        if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
            return error(400, 21211, "Invalid 'To' Phone Number")
        if not form.get("From"):
            return error(400, 21213, "A 'From' phone number is required.")
        if not form.get("Twiml") or ElementTree.fromstring(form["Twiml"]).tag != "Response":  # noqa: S314 - our own words
            return error(400, 21205, "Url is not a valid URL")
        return JSONResponse(self.take(form), status_code=201)

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        """Accept a call: it exists from now on, queued."""
        sid = f"CA{len(self.made) + 1:032x}"
        now, base = format_datetime(datetime.now(UTC)), CALLS.format(account=self.account)
        empty = dict.fromkeys(
            (
                "parent_call_sid",
                "phone_number_sid",
                "start_time",
                "end_time",
                "duration",
                "price",
                "answered_by",
                "forwarded_from",
                "group_sid",
                "caller_name",
                "trunk_sid",
            )
        )
        self.made.append(
            empty
            | {
                "sid": sid,
                "account_sid": self.account,
                "date_created": now,
                "date_updated": now,
                "to": form["To"],
                "to_formatted": form["To"],
                "from": form["From"],
                "from_formatted": form["From"],
                "status": "queued",
                "price_unit": "USD",
                "direction": "outbound-api",
                "api_version": "2010-04-01",
                "queue_time": "0",
                "uri": f"{base}/{sid}.json",
                "subresource_uris": {"events": f"{base}/{sid}/Events.json"},
            }
        )
        self.asked[sid] = form
        return dict(self.made[-1])

    async def _list(self, request: Request) -> Response:
        if not self._known(request):
            return error(401, 20003, "Authenticate")
        asked = request.query_params
        found = [call for call in reversed(self.made) if asked.get("To") in (None, call["to"])]
        at = CALLS.format(account=self.account) + ".json?" + urlencode({**asked, "Page": 0})
        size = int(asked.get("PageSize", 50))
        page = {"first_page_uri": at, "next_page_uri": None, "previous_page_uri": None, "uri": at, "page": 0, "page_size": size}
        return JSONResponse({**page, "start": 0, "end": len(found) - 1, "calls": found})

    # --- What people do ---

    def words(self, sid: str) -> list[str]:
        """What is said into the telephone before anybody presses a key."""
        return _said(self.asked[sid]["Twiml"])

    def press(self, sid: str, digit: str, *, address: str = "") -> httpx2.Response:
        """Somebody answers and presses a key: it goes where the words in hand say, or to ``address``, where the last answer said."""
        where = address or str(ElementTree.fromstring(self.asked[sid]["Twiml"]).find("Gather").attrib["action"])  # type: ignore[union-attr]  # noqa: S314 - our own words
        return self._post(where, self._form(sid, "in-progress") | {"Digits": digit, "FinishedOnKey": "", "msg": "Gather End"})

    def end(self, sid: str, status: str) -> int:
        """The call ends: completed, no-answer, busy, failed. Twilio says so to the address it was given."""
        call = next(call for call in self.made if call["sid"] == sid)
        call["status"] = status
        return self._post(self.asked[sid]["StatusCallback"], self._form(sid, status)).status_code

    def _form(self, sid: str, status: str) -> dict[str, str]:
        call = next(call for call in self.made if call["sid"] == sid)
        same = {"CallSid": sid, "AccountSid": self.account, "From": call["from"], "To": call["to"], "Direction": "outbound-api"}
        return same | {"CallStatus": status, "ApiVersion": "2010-04-01", "Called": call["to"], "Caller": call["from"]}


def _said(twiml: str) -> list[str]:
    return [str(say.text) for say in ElementTree.fromstring(twiml).iter("Say")]  # noqa: S314 - our own words


def gather_of(answer: httpx2.Response) -> str:
    """Where the key pressed after this answer goes; "" when none is waited for."""
    gather = ElementTree.fromstring(answer.text).find("Gather")  # noqa: S314 - our own words
    return "" if gather is None else str(gather.attrib["action"])


def said_in(answer: httpx2.Response) -> list[str]:
    """The words of an answer."""
    return _said(answer.text)
