"""The official client rings the stand-in: what is said, where a key goes, how a call ends (point 7; FR-15, SEC-01, SEC-13)."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
import schemathesis
from schemathesis.core.failures import Failure as Mismatch
from schemathesis.core.failures import FailureGroup

from notifications.messages import Channel, Failure, Outgoing, Reason, Recipient, State
from notifications.transports.twilio_voice import STATES, TwilioVoice, ask, tell
from tests.notifications.conftest import PUBLIC, SERVICE
from tests.notifications.test_twilio import LONG_AGO
from tests.support.twilio_faults import lost_answer, refuse
from tests.support.twilio_standin import ACCOUNT, TOKEN, TwilioStandIn

LUC = "+33639980101"
DOCUMENT = json.loads((Path(__file__).parent / "twilio" / "calls.openapi.json").read_text(encoding="utf-8"))
LIST = "/2010-04-01/Accounts/{AccountSid}/Calls.json"
RING = Outgoing(42, Recipient(Channel.VOICE, LUC), SERVICE, "Suivi. Nouvelle alerte & <rien>.", language="fr")


@pytest.fixture
def voice(standin: TwilioStandIn) -> TwilioVoice:
    standin.calls.made.clear()
    return TwilioVoice(account_sid=ACCOUNT, auth_token=TOKEN, public_url=PUBLIC, api_base=standin.url, timeout=0.5)


def test_a_call_says_its_words_twice_and_sends_the_key_to_our_own_address(voice: TwilioVoice, standin: TwilioStandIn) -> None:
    receipt = voice.send(RING)
    [call] = standin.calls.made
    asked = standin.calls.asked[call["sid"]]
    assert (receipt.carrier_id, receipt.state) == (call["sid"], State.SENT)
    assert (call["to"], call["from"]) == (LUC, SERVICE)
    assert standin.calls.words(call["sid"]) == ["Suivi. Nouvelle alerte & <rien>."] * 2
    assert asked["Twiml"].count(f'action="{PUBLIC}/twilio/voice/42"') == 2
    assert 'language="fr-FR"' in asked["Twiml"]
    assert asked["StatusCallback"] == f"{PUBLIC}/twilio/voice/42/status"


def test_the_stand_in_answers_as_twilio_publishes(voice: TwilioVoice, standin: TwilioStandIn) -> None:
    described = schemathesis.openapi.from_dict(DOCUMENT)
    form = {"To": LUC, "From": SERVICE, "Twiml": tell("bonjour", "fr"), "StatusCallback": "http://127.0.0.1:9/"}

    def call(method: str, **rest: object) -> httpx2.Response:
        return httpx2.request(method, standin.url + LIST.replace("{AccountSid}", ACCOUNT), auth=(ACCOUNT, TOKEN), **rest)  # type: ignore[arg-type]  # fields by name

    made = call("POST", data=form)
    described[LIST]["POST"].validate_response(made)
    described[LIST]["GET"].validate_response(call("GET", params={"To": LUC}))
    assert set(made.json()) == set(DOCUMENT["components"]["schemas"]["api.v2010.account.call"]["properties"])
    standin.calls.made[0]["status"] = "dialling"
    with pytest.raises((Mismatch, FailureGroup)):
        described[LIST]["GET"].validate_response(call("GET", params={"To": LUC}))


def test_a_lost_answer_is_a_doubt_and_the_call_is_found_again(voice: TwilioVoice, standin: TwilioStandIn) -> None:
    """REL-01: nobody is rung twice because our side died while dialling."""
    standin.calls.faults.append(lost_answer())
    with pytest.raises(Failure) as caught:
        voice.send(RING)
    assert caught.value.maybe_sent
    assert [one.carrier_id for one in voice.find(RING, after=LONG_AGO)] == [standin.calls.made[0]["sid"]]


def test_a_refusal_keeps_its_reason(voice: TwilioVoice, standin: TwilioStandIn) -> None:
    standin.calls.faults.append(refuse(21211))
    with pytest.raises(Failure) as caught:
        voice.send(RING)
    assert (caught.value.reason, caught.value.permanent) == (Reason.BAD_NUMBER, True)


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("ringing", State.SENT, None),
        ("in-progress", State.SENT, None),
        ("completed", State.DELIVERED, None),
        ("no-answer", State.UNDELIVERED, Reason.UNREACHABLE),
        ("busy", State.UNDELIVERED, Reason.UNREACHABLE),
        ("failed", State.FAILED, Reason.CARRIER),
        ("a word not yet invented", None, None),
    ],
)
def test_how_a_call_ends(voice: TwilioVoice, status: str, state: State | None, reason: Reason | None) -> None:
    news = voice.read_status("/twilio/voice/42/status", [("CallSid", "CA1"), ("CallStatus", status)])
    assert (news.our_id, news.carrier_id, news.state, news.reason) == (42, "CA1", state, reason)


def test_every_word_of_twilio_has_ours() -> None:
    assert set(STATES) - {"initiated"} == set(DOCUMENT["components"]["schemas"]["call_enum_status"]["enum"])


def test_another_language_is_spoken_in_its_own_accent() -> None:
    assert 'language="en-GB"' in ask("Press 1.", "en", "https://x.example/k", times=1)
