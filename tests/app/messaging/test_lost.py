"""SEC-15, FR-04: a text whose webhook never came is found in the carrier's own list, kept once and read like any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.messaging import lost
from app.messaging.models import Message
from notifications.messages import Failure, Inbound
from notifications.transports.simulator import Simulator
from notifications.transports.twilio_sms import INBOUND_PATH
from tests.app.messaging.conftest import MARIE, Ward
from tests.app.messaging.wire import Wire
from tests.support.twilio_standin import TwilioStandIn

OURS = "+33199001234"


def kept(ward: Ward) -> list[str]:
    with ward.database.reading() as session:
        return list(session.scalars(select(Message.body).where(Message.direction == "in").order_by(Message.id)))


def soon() -> datetime:
    """The stand-in writes the hour of the wall; what it heard a moment ago is still on its way."""
    return datetime.now(UTC) + lost.ON_ITS_WAY + timedelta(minutes=1)


def test_one_webhook_in_twenty_is_lost_and_every_text_is_kept_once(wire: Wire) -> None:
    """SEC-15: two hundred texts, ten of them never told of."""
    said = [f"{n % 5} {n % 3} 0 le {n}" for n in range(200)]
    for n, words in enumerate(said):
        if n % 20 == 7:
            wire.twilio.lose(MARIE, words, to=OURS)
        else:
            wire.twilio.text(MARIE, words, to=OURS, url=wire.address + INBOUND_PATH)
    assert len(kept(wire.ward)) == 190

    transports = wire.transports.values()
    assert len(lost.find(wire.ward.database, transports, soon())) == 10
    assert sorted(kept(wire.ward)) == sorted(said)
    assert lost.find(wire.ward.database, transports, soon()) == []


def test_what_may_still_be_told_is_left_to_the_carrier(wire: Wire) -> None:
    wire.twilio.lose(MARIE, "2", to=OURS)
    assert lost.find(wire.ward.database, wire.transports.values(), datetime.now(UTC)) == []


def test_another_ones_texts_and_our_own_are_not_taken_for_a_patients(wire: Wire) -> None:
    wire.twilio.lose(MARIE, "pour un autre", to="+33199009999")
    wire.twilio.take({"From": MARIE, "To": OURS, "Body": "de nous"})
    assert lost.find(wire.ward.database, wire.transports.values(), soon()) == []
    assert kept(wire.ward) == []


def test_a_carrier_that_cannot_say_is_an_error_not_a_silence(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TwilioStandIn, "_known", lambda *_: False)
    with pytest.raises(Failure):
        lost.find(wire.ward.database, wire.transports.values(), soon())


def test_what_another_carrier_found_before_is_kept(ward: Ward) -> None:
    class Away(Simulator):
        def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
            raise OSError("no way there")

    ward.phones.lose(MARIE, "j'ai 39", to=OURS)
    with pytest.raises(OSError, match="no way"):
        lost.find(ward.database, [ward.phones, Away()], ward.clock.now())
    assert kept(ward) == ["j'ai 39"]
