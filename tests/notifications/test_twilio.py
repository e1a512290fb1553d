"""The official Twilio client against the stand-in: sending, failing, looking up, and reading what Twilio posts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from notifications.messages import Failure, Outgoing, Reason, Receipt, State, advance
from notifications.transports.twilio_account import CODES
from notifications.transports.twilio_sms import STATES, TwilioSms
from tests.notifications.conftest import MARIE, PUBLIC, SERVICE
from tests.support.twilio_faults import Fault, down, garbage, hang, lost_answer, refuse, slow_down
from tests.support.twilio_standin import ACCOUNT, TOKEN, TwilioStandIn

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def failure_of(twilio: TwilioSms, message: Outgoing) -> Failure:
    with pytest.raises(Failure) as caught:
        twilio.send(message)
    return caught.value


def test_a_message_leaves_with_our_name_on_its_callback(
    twilio: TwilioSms, standin: TwilioStandIn, a_message: Callable[..., Outgoing]
) -> None:
    receipt = twilio.send(a_message(our_id=42, valid=timedelta(hours=2)))
    (taken,) = standin.messages
    assert receipt == Receipt(taken["sid"], State.SENT)
    assert (taken["to"], taken["from"], taken["body"]) == (MARIE, SERVICE, "Suivi Baie : nausées depuis 7 jours ?")
    assert standin.callbacks[taken["sid"]] == f"{PUBLIC}/twilio/status?message=42"


def test_a_messaging_service_replaces_the_number(standin: TwilioStandIn, a_message: Callable[..., Outgoing]) -> None:
    group = "MG" + "1" * 32
    twilio = TwilioSms(account_sid=ACCOUNT, auth_token=TOKEN, public_url=PUBLIC, messaging_service_sid=group, api_base=standin.url)
    twilio.send(a_message())
    assert (standin.messages[0]["messaging_service_sid"], standin.messages[0]["from"]) == (group, None)


@pytest.mark.parametrize(
    ("fault", "reason", "permanent", "maybe_sent", "pause"),
    [
        pytest.param(slow_down(7), Reason.RATE_LIMITED, False, False, 7, id="429 with Retry-After"),
        pytest.param(down(500), Reason.CARRIER, False, True, None, id="500"),
        pytest.param(down(503), Reason.CARRIER, False, True, None, id="503"),
        pytest.param(down(404), Reason.CARRIER, False, True, None, id="a proxy's 404"),
        pytest.param(down(302), Reason.CARRIER, False, True, None, id="a redirection"),
        pytest.param(hang(1.5), Reason.CARRIER, False, True, None, id="time-out"),
        pytest.param(garbage(), Reason.CARRIER, False, True, None, id="garbage instead of JSON"),
        pytest.param(lost_answer(), Reason.CARRIER, False, True, None, id="lost answer"),
        pytest.param(refuse(21610), Reason.OPTED_OUT, True, False, None, id="opted out"),
        pytest.param(refuse(21614), Reason.NOT_MOBILE, True, False, None, id="landline"),
        pytest.param(refuse(21211), Reason.BAD_NUMBER, True, False, None, id="no such number"),
        pytest.param(refuse(21408), Reason.BLOCKED, True, False, None, id="country not allowed"),
        pytest.param(refuse(29999), Reason.REFUSED, True, False, None, id="a code not yet invented"),
        pytest.param(refuse(21611), Reason.RATE_LIMITED, False, False, None, id="queue full"),
        pytest.param(refuse(20003, 401), Reason.ACCOUNT, False, False, None, id="wrong password"),
        pytest.param(refuse(21606), Reason.ACCOUNT, False, False, None, id="sender not ours"),
        pytest.param(refuse(21610, 500), Reason.OPTED_OUT, False, True, None, id="a refusal that is also a server error"),
        pytest.param(refuse(20500, 500), Reason.CARRIER, False, True, None, id="Twilio's own 500"),
    ],
)
def test_each_way_of_failing(
    twilio: TwilioSms,
    standin: TwilioStandIn,
    a_message: Callable[..., Outgoing],
    fault: Fault,
    reason: Reason,
    permanent: bool,
    maybe_sent: bool,
    pause: int | None,
) -> None:
    """REL-11: what may have left is never called not sent; what cannot succeed is not tried again."""
    standin.script(fault)
    failure = failure_of(twilio, a_message())
    assert (failure.reason, failure.permanent, failure.maybe_sent) == (reason, permanent, maybe_sent)
    assert failure.retry_after == (timedelta(seconds=pause) if pause else None)
    assert MARIE not in failure.sentence
    assert "nausées" not in failure.sentence


def test_nobody_listening_means_it_never_left(a_message: Callable[..., Outgoing]) -> None:
    twilio = TwilioSms(account_sid=ACCOUNT, auth_token=TOKEN, public_url=PUBLIC, api_base="http://127.0.0.1:9", timeout=0.5)
    failure = failure_of(twilio, a_message())
    assert (failure.reason, failure.permanent, failure.maybe_sent) == (Reason.CARRIER, False, False)


def test_a_host_name_that_resolves_to_nothing_means_it_never_left(a_message: Callable[..., Outgoing]) -> None:
    """REL-11: DNS loss."""
    twilio = TwilioSms(account_sid=ACCOUNT, auth_token=TOKEN, public_url=PUBLIC, api_base="http://carrier.invalid", timeout=0.5)
    assert not failure_of(twilio, a_message()).maybe_sent


@pytest.mark.parametrize("fault", [garbage(), lost_answer()])
def test_a_message_whose_answer_was_lost_is_found(
    twilio: TwilioSms, standin: TwilioStandIn, a_message: Callable[..., Outgoing], fault: Fault
) -> None:
    standin.script(fault)
    message = a_message()
    before = datetime.now(UTC)
    failure_of(twilio, message)
    assert twilio.find(message, after=before) == [Receipt(standin.messages[0]["sid"], State.SENT)]


def test_only_the_same_words_to_the_same_number_since_then_are_found(
    twilio: TwilioSms, standin: TwilioStandIn, a_message: Callable[..., Outgoing]
) -> None:
    twilio.send(a_message(to="+33639980002"))
    twilio.send(a_message("other words"))
    assert twilio.find(a_message(), after=LONG_AGO) == []
    twilio.send(a_message())
    assert len(twilio.find(a_message(), after=LONG_AGO)) == 1
    assert twilio.find(a_message(), after=datetime.now(UTC) + timedelta(hours=3)) == []


def test_looking_up_goes_through_several_pages(twilio: TwilioSms, standin: TwilioStandIn, a_message: Callable[..., Outgoing]) -> None:
    first = standin.take({"To": MARIE, "From": SERVICE, "Body": "the lost one"})
    for number in range(120):
        standin.take({"To": MARIE, "From": SERVICE, "Body": f"later {number}"})
    assert [r.carrier_id for r in twilio.find(a_message("the lost one"), after=LONG_AGO)] == [first["sid"]]


def test_a_lookup_that_fails_says_so(twilio: TwilioSms, a_message: Callable[..., Outgoing], standin: TwilioStandIn) -> None:
    stranger = TwilioSms(account_sid=ACCOUNT, auth_token="wrong", public_url=PUBLIC, api_base=standin.url)
    with pytest.raises(Failure) as caught:
        stranger.find(a_message(), after=LONG_AGO)
    assert caught.value.reason is Reason.ACCOUNT


def test_knocking_tells_a_good_account_from_a_wrong_one(twilio: TwilioSms, standin: TwilioStandIn) -> None:
    twilio.knock()
    stranger = TwilioSms(account_sid=ACCOUNT, auth_token="wrong", public_url=PUBLIC, api_base=standin.url)
    with pytest.raises(Failure, match="401"):
        stranger.knock()


# --- What Twilio posts: real payload shapes, labelled ---

INBOUND = {
    "plain": ({"Body": "2 0 1", "NumMedia": "0"}, ("2 0 1", 0, "")),
    "picture only": ({"Body": "", "NumMedia": "2", "MediaUrl0": "https://x", "MediaContentType0": "image/jpeg"}, ("", 2, "")),
    "no NumMedia": ({"Body": "oui"}, ("oui", 0, "")),
    "carrier opted out": ({"Body": "Arrêt", "OptOutType": "STOP"}, ("Arrêt", 0, "STOP")),
    "NumMedia is garbage": ({"Body": "oui", "NumMedia": "many"}, ("oui", 0, "")),
    "no body": ({}, ("", 0, "")),
    "several lines": ({"Body": "2\r\n0\r\n1"}, ("2\r\n0\r\n1", 0, "")),
}


@pytest.mark.parametrize("label", INBOUND)
def test_inbound_forms(twilio: TwilioSms, label: str) -> None:
    fields, expected = INBOUND[label]
    form = [("MessageSid", "SM1"), ("From", MARIE), ("To", SERVICE), *fields.items()]
    read = twilio.read_inbound(form)
    assert (read.body, read.media, read.opt_out) == expected
    assert (read.carrier, read.carrier_id, read.address, read.number) == ("twilio", "SM1", MARIE, SERVICE)
    assert dict(read.raw) == dict(form)


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To"])
def test_an_inbound_form_that_cannot_be_kept_is_refused_by_name(twilio: TwilioSms, missing: str) -> None:
    form = [(n, v) for n, v in (("MessageSid", "SM1"), ("From", MARIE), ("To", SERVICE), ("Body", "2")) if n != missing]
    with pytest.raises(ValueError, match=missing):
        twilio.read_inbound(form)


STATUS = {
    "queued": ({"MessageStatus": "queued"}, (State.SENT, None, "")),
    "sent": ({"MessageStatus": "sent"}, (State.SENT, None, "")),
    "delivered": ({"MessageStatus": "delivered"}, (State.DELIVERED, None, "")),
    "switched off": ({"MessageStatus": "undelivered", "ErrorCode": "30003"}, (State.UNDELIVERED, Reason.UNREACHABLE, "30003")),
    "landline": ({"MessageStatus": "undelivered", "ErrorCode": "30006"}, (State.UNDELIVERED, Reason.NOT_MOBILE, "30006")),
    "number gone": ({"MessageStatus": "undelivered", "ErrorCode": "30005"}, (State.UNDELIVERED, Reason.BAD_NUMBER, "30005")),
    "filtered": ({"MessageStatus": "undelivered", "ErrorCode": "30007"}, (State.UNDELIVERED, Reason.BLOCKED, "30007")),
    "unknown reason": ({"MessageStatus": "failed", "ErrorCode": "30008"}, (State.FAILED, Reason.CARRIER, "30008")),
    "opted out meanwhile": ({"MessageStatus": "failed", "ErrorCode": "21610"}, (State.FAILED, Reason.OPTED_OUT, "21610")),
    "a code not yet invented": ({"MessageStatus": "failed", "ErrorCode": "39999"}, (State.FAILED, Reason.CARRIER, "39999")),
    "a part missing": ({"MessageStatus": "partially_delivered"}, (State.UNDELIVERED, Reason.CARRIER, "")),
    "a word not yet invented": ({"MessageStatus": "teleported"}, (None, None, "")),
    "about an inbound text": ({"MessageStatus": "received"}, (None, None, "")),
}


@pytest.mark.parametrize("label", STATUS)
def test_status_forms(twilio: TwilioSms, label: str) -> None:
    fields, expected = STATUS[label]
    read = twilio.read_status("/twilio/status?message=42", [("MessageSid", "SM1"), *fields.items()])
    assert (read.state, read.reason, read.error_code) == expected
    assert (read.carrier_id, read.our_id, read.status) == ("SM1", 42, fields["MessageStatus"])


@pytest.mark.parametrize("path", ["/twilio/status", "/twilio/status?message=", "/twilio/status?message=x", "/twilio/status?other=1"])
def test_a_callback_without_our_name_still_names_twilios(twilio: TwilioSms, path: str) -> None:
    read = twilio.read_status(path, [("MessageSid", "SM1"), ("MessageStatus", "sent")])
    assert (read.our_id, read.carrier_id) == (None, "SM1")


def test_twilios_words_in_any_order_end_the_same(twilio: TwilioSms) -> None:
    """SEC-19 on the carrier's own words."""
    words = ("accepted", "queued", "sending", "sent", "delivered")
    ends = set()
    for order in permutations(words):
        state = State.SENDING
        for word in order:
            heard = twilio.read_status("/twilio/status", [("MessageSid", "SM1"), ("MessageStatus", word)]).state
            state = advance(state, heard) if heard else state
        ends.add(state)
    assert ends == {State.DELIVERED}


def test_every_status_twilio_publishes_is_placed() -> None:
    """All 13 of the published list but the two about inbound texts."""
    published = "queued sending sent failed delivered undelivered accepted scheduled read partially_delivered canceled"
    assert set(STATES) == set(published.split())


def test_the_codes_named_by_the_requirements_are_classified() -> None:
    """SEC-17, SEC-19."""
    assert CODES[21610] == (Reason.OPTED_OUT, True)
    assert CODES[21614] == (Reason.NOT_MOBILE, True)
    assert CODES[21211] == (Reason.BAD_NUMBER, True)
    assert [CODES[code][0] for code in range(30003, 30009)] == [
        Reason.UNREACHABLE,
        Reason.BLOCKED,
        Reason.BAD_NUMBER,
        Reason.NOT_MOBILE,
        Reason.BLOCKED,
        Reason.CARRIER,
    ]
