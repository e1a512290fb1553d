"""The carrier's doors: who calls is checked before anything is read; a text is kept once, for ever (SEC-13, SEC-14, U6, U63)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from app.checkins.texts import conversation
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from app.messaging import outbox
from app.messaging.models import DeliveryEvent, Message
from app.messaging.outbox import Purpose
from tests.factories import World, a_patient

TOKEN = "the carrier's secret"
PUBLIC = "https://vigie.example.org"
MARIE = "+33639980001"
TEXT = {"MessageSid": "SM1", "From": MARIE, "To": "+33199001234", "Body": "2 0 1", "NumMedia": "0"}


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(environment="test", database_url=database_url, public_url=PUBLIC, twilio_auth_token=TOKEN)


@pytest.fixture
def carrier(app: FastAPI, world: World) -> Iterator[TestClient]:
    """Calls from inside, as a proxy does: host and scheme are not those the carrier signed."""
    with TestClient(app, base_url="http://10.0.0.7:8000") as client:
        yield client


def sign(path: str, form: dict[str, str], token: str = TOKEN, host: str = PUBLIC) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(host + path, form)}


def call(carrier: TestClient, path: str, form: dict[str, str]) -> Response:
    return carrier.post(path, data=form, headers=sign(path, form))


def kept(database: Database) -> list[Message]:
    with database.reading() as session:
        return list(session.scalars(select(Message).where(Message.direction == "in").order_by(Message.id)))


def test_a_signed_text_is_kept_answered_empty_and_understood(carrier: TestClient, database: Database) -> None:
    answer = call(carrier, "/twilio/inbound", TEXT)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    [message] = kept(database)
    assert (message.body, message.address, message.carrier_id) == ("2 0 1", MARIE, "SM1")
    assert message.state != "unread"


@pytest.mark.parametrize("times", [2, 5])
def test_the_same_text_counts_once_for_ever(carrier: TestClient, database: Database, clock: HandClock, times: int) -> None:
    for _ in range(times):
        assert call(carrier, "/twilio/inbound", TEXT).status_code == 200
        clock.forward(days=40)
    assert len(kept(database)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "bm90IGEgc2lnbmF0dXJl"},
        sign("/twilio/inbound", TEXT, token="another secret"),
        sign("/twilio/inbound", TEXT, host="http://10.0.0.7:8000"),
        sign("/twilio/inbound", {**TEXT, "Body": "0 0 0"}),
        sign("/twilio/inbound", {**TEXT, "Extra": "1"}),
        sign("/twilio/status", TEXT),
    ],
    ids=["no header", "empty", "garbage", "wrong secret", "wrong host", "tampered body", "parameter taken away", "wrong path"],
)
def test_a_text_the_carrier_did_not_sign_is_refused_and_not_stored(
    carrier: TestClient, database: Database, headers: dict[str, str]
) -> None:
    answer = carrier.post("/twilio/inbound", data=TEXT, headers=headers)
    assert (answer.status_code, kept(database)) == (403, [])
    assert "signature" in answer.json()["error"]


def test_an_unknown_parameter_that_is_signed_is_accepted(carrier: TestClient, database: Database) -> None:
    """SEC-13: the carrier adds parameters without warning."""
    assert call(carrier, "/twilio/inbound", {**TEXT, "ToCountryOfTomorrow": "FR"}).status_code == 200
    assert len(kept(database)) == 1


def test_without_a_token_every_webhook_is_refused(database: Database, database_url: str, clock: HandClock, world: World) -> None:
    bare = create_app(Settings(environment="test", database_url=database_url, public_url=PUBLIC), database, clock)
    with TestClient(bare) as client:
        assert client.post("/twilio/inbound", data=TEXT, headers=sign("/twilio/inbound", TEXT, token="")).status_code == 403
    assert kept(database) == []


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To"])
def test_a_signed_form_that_cannot_be_kept_is_a_400(carrier: TestClient, database: Database, missing: str) -> None:
    answer = call(carrier, "/twilio/inbound", {name: value for name, value in TEXT.items() if name != missing})
    assert (answer.status_code, missing in answer.json()["error"], kept(database)) == (400, True, [])


def test_a_body_larger_than_any_text_is_refused(carrier: TestClient, database: Database) -> None:
    form = {**TEXT, "Body": "a" * 70_000}
    assert call(carrier, "/twilio/inbound", form).status_code == 413
    assert kept(database) == []


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "application/x-www-form-urlencoded", "text/plain"])
def test_a_body_that_is_not_a_form_is_signed_by_nobody(carrier: TestClient, content_type: str) -> None:
    answer = carrier.post("/twilio/inbound", content=b"\xff\x00{=%zz&&", headers={"content-type": content_type})
    assert answer.status_code == 403


def test_a_number_no_service_owns_is_kept_by_the_first_service(carrier: TestClient, database: Database, world: World) -> None:
    """Nothing a patient writes is lost for a wrong setting."""
    assert call(carrier, "/twilio/inbound", {**TEXT, "To": "+33199009999"}).status_code == 200
    [message] = kept(database)
    assert (message.service_id, message.number) == (world.service.id, "+33199009999")


def test_before_any_service_exists_the_carrier_keeps_the_text(app: FastAPI, database: Database) -> None:
    with TestClient(app) as client:
        assert call(client, "/twilio/inbound", TEXT).status_code == 503


def test_a_text_that_cannot_be_read_is_kept_unread_and_still_answered_200(
    carrier: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError("the reader is broken")

    monkeypatch.setattr(conversation, "process", broken)
    assert call(carrier, "/twilio/inbound", TEXT).status_code == 200
    assert [message.state for message in kept(database)] == ["unread"]


def test_news_of_a_text_moves_only_forward_whatever_the_order(
    carrier: TestClient, database: Database, world: World, clock: HandClock
) -> None:
    with database.transaction() as session:
        marie = a_patient(session, world, now=clock.now())
        text = outbox.queue(session, key="help", purpose=Purpose.ADMINISTRATIVE, dedup_key="x", patient=marie, now=clock.now())
        text.state, text.carrier, text.carrier_id = "sent", "twilio", "SM9"
        number = text.id
    path = f"/twilio/status?message={number}"
    for status in ("delivered", "sent", "queued", "delivered"):
        assert call(carrier, path, {"MessageSid": "SM9", "MessageStatus": status}).status_code == 204
    with database.reading() as session:
        assert session.get_one(Message, number).state == "delivered"
        assert [e.status for e in session.scalars(select(DeliveryEvent).order_by(DeliveryEvent.id))] == [
            "delivered",
            "sent",
            "queued",
            "delivered",
        ]


def test_news_without_signature_or_without_a_message_is_refused(carrier: TestClient) -> None:
    assert carrier.post("/twilio/status", data={"MessageSid": "SM9", "MessageStatus": "sent"}).status_code == 403
    assert call(carrier, "/twilio/status", {"MessageStatus": "sent"}).status_code == 400


def test_the_self_test_is_answered_only_when_signed_and_stores_nothing(carrier: TestClient, database: Database) -> None:
    """U63: how doctor sees that a proxy broke the signature."""
    form = {"VigieSelfTest": "c0ffee"}
    assert carrier.post("/twilio/inbound", data=form).status_code == 403
    answer = call(carrier, "/twilio/inbound", form)
    assert (answer.status_code, answer.text, kept(database)) == (200, "c0ffee", [])
