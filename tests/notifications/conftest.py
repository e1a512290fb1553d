"""The stand-in, and the real client pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from notifications.messages import Channel, Outgoing, Recipient
from notifications.transports.twilio_sms import TwilioSms
from tests.support.twilio_standin import ACCOUNT, TOKEN, TwilioStandIn

PUBLIC = "https://suivi.example"
MARIE = "+33639980001"
SERVICE = "+33199001234"


@pytest.fixture(scope="module")
def running() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
def standin(running: TwilioStandIn) -> TwilioStandIn:
    """One server for the file, emptied for each test."""
    running.messages.clear()
    running.written.clear()
    running.callbacks.clear()
    running.opted_out.clear()
    running.fates.clear()
    return running


@pytest.fixture
def twilio(standin: TwilioStandIn) -> TwilioSms:
    return TwilioSms(account_sid=ACCOUNT, auth_token=TOKEN, public_url=PUBLIC, default_sender=SERVICE, api_base=standin.url, timeout=0.5)


@pytest.fixture
def a_message() -> Callable[..., Outgoing]:
    def make(
        body: str = "Suivi Baie : nausées depuis 7 jours ?", *, our_id: int = 7, to: str = MARIE, valid: timedelta | None = None
    ) -> Outgoing:
        return Outgoing(id=our_id, to=Recipient(Channel.SMS, to), sender=SERVICE, body=body, valid_for=valid)

    return make
