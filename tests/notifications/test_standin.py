"""The stand-in itself is checked: against Twilio's published description, and for what it does with callbacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import schemathesis
from fastapi import FastAPI, Request
from schemathesis.core.failures import Failure as Mismatch
from schemathesis.core.failures import FailureGroup

from notifications.transports.twilio_sms import TwilioSms
from tests.notifications.conftest import MARIE, SERVICE
from tests.support.loopback import Loopback
from tests.support.twilio_faults import garbage, slow_down
from tests.support.twilio_standin import ACCOUNT, TOKEN, TwilioStandIn

DOCUMENT = json.loads((Path(__file__).parent / "twilio" / "messages.openapi.json").read_text(encoding="utf-8"))
LIST = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
ONE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
FORM = {"To": MARIE, "From": SERVICE, "Body": "Suivi Baie : bonjour", "StatusCallback": "http://127.0.0.1:9/"}


@pytest.fixture(scope="module")
def described() -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(DOCUMENT)


def call(standin: TwilioStandIn, method: str, path: str, **rest: object) -> httpx2.Response:
    return httpx2.request(method, standin.url + path.replace("{AccountSid}", ACCOUNT), auth=(ACCOUNT, TOKEN), **rest)  # type: ignore[arg-type]  # fields by name


def test_what_it_answers_is_what_twilio_publishes(standin: TwilioStandIn, described: schemathesis.BaseSchema) -> None:
    made = call(standin, "POST", LIST, data=FORM)
    described[LIST]["POST"].validate_response(made)
    standin.messages[0]["status"] = "delivered"
    for number in range(3):
        standin.take({**FORM, "Body": f"text {number}"})
    described[LIST]["GET"].validate_response(call(standin, "GET", LIST, params={"To": MARIE, "PageSize": "2"}))
    described[ONE]["GET"].validate_response(call(standin, "GET", ONE.replace("{Sid}", made.json()["sid"])))
    assert made.status_code == 201
    assert set(made.json()) == set(DOCUMENT["components"]["schemas"]["api.v2010.account.message"]["properties"])


@pytest.mark.parametrize("broken", [{"status": "posted"}, {"sid": 12}, {"error_code": "none"}, {"account_sid": "AC1"}])
def test_the_check_would_see_a_wrong_answer(standin: TwilioStandIn, described: schemathesis.BaseSchema, broken: dict[str, object]) -> None:
    sid = standin.take(FORM)["sid"]
    standin.messages[0].update(broken)
    found = call(standin, "GET", LIST, params={"To": MARIE})
    assert found.json()["messages"][0]["sid"] == broken.get("sid", sid)
    with pytest.raises((Mismatch, FailureGroup)):
        described[LIST]["GET"].validate_response(found)


def test_without_the_right_account_it_answers_nothing(standin: TwilioStandIn) -> None:
    for path in (LIST, ONE.replace("{Sid}", "SM" + "0" * 32)):
        answer = httpx2.get(standin.url + path.replace("{AccountSid}", ACCOUNT), auth=(ACCOUNT, "guess"))
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"To": "0639980001"}, 21211), ({"Body": ""}, 21602), ({"From": ""}, 21603), ({"Body": "a" * 1601}, 21617)],
)
def test_it_refuses_what_twilio_refuses(standin: TwilioStandIn, changes: dict[str, str], code: int) -> None:
    answer = call(standin, "POST", LIST, data={**FORM, **changes})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert standin.messages == []


def test_faults_come_one_each_in_their_order(standin: TwilioStandIn) -> None:
    standin.script(slow_down(3), garbage())
    answers = [call(standin, "POST", LIST, data=FORM) for _ in range(3)]
    assert [a.status_code for a in answers] == [429, 201, 201]
    assert answers[0].headers["Retry-After"] == "3"
    assert len(standin.messages) == 2


class Listener:
    """A program that Twilio calls: remembers each form and whether its signature was right."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.genuine: list[bool] = []
        self.app = FastAPI(openapi_url=None)
        self.app.add_api_route("/{path:path}", self._hear, methods=["POST"])
        self.address = ""

    async def _hear(self, request: Request) -> None:
        form = [(name, str(value)) for name, value in (await request.form()).multi_items()]
        twilio = TwilioSms(account_sid=ACCOUNT, auth_token=TOKEN, public_url=self.address)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.genuine.append(twilio.is_genuine(path, form, request.headers.get("X-Twilio-Signature", "")))
        self.heard.append(dict(form))


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener, door = Listener(), Loopback()
    with door.serving(listener.app) as listener.address:
        yield listener


def test_callbacks_are_signed_in_any_order_and_as_often_as_asked(standin: TwilioStandIn, listener: Listener) -> None:
    sid = standin.take({**FORM, "StatusCallback": f"{listener.address}/twilio/status?message=9"})["sid"]
    standin.call_back(sid, "delivered", "sent", "delivered", "queued")
    assert [form["MessageStatus"] for form in listener.heard] == ["delivered", "sent", "delivered", "queued"]
    assert {form["MessageSid"] for form in listener.heard} == {sid}
    assert listener.genuine == [True] * 4


def test_a_number_has_its_fate(standin: TwilioStandIn, listener: Listener) -> None:
    standin.fates[MARIE] = ("undelivered", 30003)
    sid = standin.take({**FORM, "StatusCallback": f"{listener.address}/twilio/status"})["sid"]
    standin.finish(sid)
    assert [(f["MessageStatus"], f.get("ErrorCode")) for f in listener.heard] == [("sent", None), ("undelivered", "30003")]


def test_a_text_arrives_signed_and_a_stop_is_remembered_here_too(standin: TwilioStandIn, listener: Listener) -> None:
    standin.text(MARIE, "STOP", to=SERVICE, url=f"{listener.address}/twilio/inbound")
    assert (listener.heard[0]["From"], listener.heard[0]["Body"], listener.genuine) == (MARIE, "STOP", [True])
    assert call(standin, "POST", LIST, data=FORM).json()["code"] == 21610
