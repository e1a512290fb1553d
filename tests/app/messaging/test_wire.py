"""The official client, the stand-in, signed webhooks over HTTP and both databases, end to end."""

from __future__ import annotations

import httpx2
from sqlalchemy import select

from app.messaging import reports
from app.messaging.models import DeliveryEvent, Message
from app.messaging.outbox import Purpose
from notifications.transports.twilio_sms import INBOUND_PATH
from tests.app.messaging.conftest import MARIE
from tests.app.messaging.wire import Wire
from tests.support.twilio_faults import garbage, lost_answer, refuse, slow_down


def test_a_text_leaves_and_its_delivery_comes_back_in_any_order(wire: Wire) -> None:
    row = wire.ward.queue("q_pain", Purpose.QUESTION)
    assert wire.postman.round().sent == 1
    (taken,) = wire.twilio.messages
    assert (taken["to"], taken["from"], taken["body"]) == (MARIE, "+33199001234", row.body)
    assert wire.twilio.call_back(taken["sid"], "delivered", "sent", "delivered", "queued", "sent") == [200] * 5
    after = wire.ward.row(row)
    assert (after.state, after.carrier, after.carrier_id) == ("delivered", "twilio", taken["sid"])
    with wire.ward.database.reading() as session:
        assert len(session.scalars(select(DeliveryEvent.id)).all()) == 5


def test_a_lost_answer_is_made_good_by_the_callback(wire: Wire) -> None:
    """REL-11: the carrier took it, the answer was lost, the callback arrives first: no look-up, no second text."""
    wire.twilio.script(lost_answer())
    row = wire.ward.queue("q_pain", Purpose.QUESTION)
    assert wire.postman.round().retried == 1
    assert wire.ward.row(row).state == "sending"
    wire.twilio.finish(wire.twilio.messages[0]["sid"])
    wire.ward.clock.forward(minutes=5)
    assert wire.postman.round().touched == 0
    assert (wire.ward.row(row).state, len(wire.twilio.messages)) == ("delivered", 1)


def test_a_bad_morning_at_the_carrier_loses_nothing_and_doubles_nothing(wire: Wire) -> None:
    """REL-01: six texts, most of them through trouble."""
    wire.twilio.script(slow_down(2), garbage(), refuse(20500, 500), lost_answer(), slow_down(1), garbage(503))
    rows = [wire.ward.queue("help", Purpose.ADMINISTRATIVE, f"t{i}", to=f"+3363998002{i}") for i in range(6)]
    for _ in range(8):
        wire.postman.round()
        wire.ward.clock.forward(minutes=2)
    assert {wire.ward.row(row).state for row in rows} == {"sent"}
    assert sorted(m["to"] for m in wire.twilio.messages) == [f"+3363998002{i}" for i in range(6)]


def test_an_opt_out_known_to_the_carrier_reaches_the_file(wire: Wire) -> None:
    """SEC-17: STOP is caught by Twilio, the next text is refused with 21610, the patient is marked and the text is listed."""
    assert (
        wire.twilio.text(MARIE, "STOP", to="+33199001234", url=wire.address + INBOUND_PATH, extra={"OptOutType": "STOP"}).status_code == 200
    )
    row = wire.ward.queue("q_pain", Purpose.QUESTION)
    assert wire.postman.round().failed == 1
    assert (wire.ward.row(row).error_code, wire.ward.patient().reachability) == ("opted_out", "opted_out")
    with wire.ward.database.reading() as session:
        (heard,) = session.scalars(select(Message).where(Message.direction == "in"))
        assert (heard.body, heard.reading) == ("STOP", {"opt_out": "STOP"})
        assert [m.id for m in reports.unreached(session, wire.ward.clock.now())] == [row.id]


def test_a_number_that_never_answers_is_marked_undelivered(wire: Wire) -> None:
    wire.twilio.fates[MARIE] = ("undelivered", 30003)
    row = wire.ward.queue("q_pain", Purpose.QUESTION)
    wire.postman.round()
    wire.twilio.finish(wire.twilio.messages[0]["sid"])
    assert (wire.ward.row(row).state, wire.ward.row(row).error_code) == ("undelivered", "unreachable")
    assert wire.ward.patient().reachability == "undelivered"


def test_the_same_text_delivered_ten_times_is_kept_once_and_a_forged_one_never(wire: Wire) -> None:
    """SEC-13, SEC-14, HZ-16."""
    url, sid = wire.address + INBOUND_PATH, "SM" + "9" * 32
    answers = {wire.twilio.text(MARIE, "2 0 1", to="+33199001234", url=url, sid=sid).status_code for _ in range(10)}
    form = wire.twilio.inbound_form(MARIE, "0 0 0", to="+33199001234", sid="SM" + "8" * 32)
    assert httpx2.post(url, data=form, headers={"X-Twilio-Signature": wire.twilio.signed(url, form | {"Body": "4 4 4"})}).status_code == 403
    assert answers == {200}
    with wire.ward.database.reading() as session:
        assert session.scalars(select(Message.body)).all() == ["2 0 1"]
