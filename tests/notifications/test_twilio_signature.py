"""SEC-13, HZ-16: who calls is checked before anything is read, on the public address and every parameter."""

from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator

from notifications.transports.twilio_sms import TwilioSms
from tests.notifications.conftest import MARIE, PUBLIC, SERVICE
from tests.support.twilio_standin import ACCOUNT, TOKEN

PATH = "/twilio/inbound"
FORM = [("MessageSid", "SM1"), ("From", MARIE), ("To", SERVICE), ("Body", "2 0 1"), ("NumMedia", "0")]


def sign(url: str, form: list[tuple[str, str]], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, dict(form)))


@pytest.fixture
def twilio() -> TwilioSms:
    return TwilioSms(account_sid=ACCOUNT, auth_token=TOKEN, public_url=PUBLIC + "/")


GOOD = sign(PUBLIC + PATH, FORM)


def test_a_right_signature_is_accepted_again_and_again(twilio: TwilioSms) -> None:
    """A replay is genuine: it is the constraint on MessageSid that makes it count once."""
    assert [twilio.is_genuine(PATH, FORM, GOOD) for _ in range(3)] == [True, True, True]


def test_a_parameter_twilio_adds_one_day_is_covered(twilio: TwilioSms) -> None:
    form = [*FORM, ("NewParameter", "x")]
    assert twilio.is_genuine(PATH, form, sign(PUBLIC + PATH, form))


def test_the_query_of_a_callback_is_covered(twilio: TwilioSms) -> None:
    path, form = "/twilio/status?message=42", [("MessageSid", "SM1"), ("MessageStatus", "sent")]
    signature = sign(PUBLIC + path, form)
    assert twilio.is_genuine(path, form, signature)
    assert not twilio.is_genuine("/twilio/status?message=43", form, signature)


@pytest.mark.parametrize(
    ("path", "form", "signature"),
    [
        pytest.param(PATH, [*FORM[:3], ("Body", "0 0 0"), FORM[4]], GOOD, id="body changed"),
        pytest.param(PATH, [*FORM, ("OptOutType", "STOP")], GOOD, id="parameter added"),
        pytest.param(PATH, FORM[:-1], GOOD, id="parameter removed"),
        pytest.param(PATH, [*FORM, ("Body", "0 0 0")], GOOD, id="parameter repeated"),
        pytest.param("/twilio/status", FORM, GOOD, id="another path"),
        pytest.param(PATH, FORM, "", id="no signature"),
        pytest.param(PATH, FORM, "é" * 28, id="a signature that is no signature"),
        pytest.param(PATH, FORM, sign(PUBLIC + PATH, FORM, token="guessed"), id="another token"),
        pytest.param(PATH, FORM, sign("http://suivi.example" + PATH, FORM), id="http instead of https"),
        pytest.param(PATH, FORM, sign("https://evil.example" + PATH, FORM), id="another host"),
    ],
)
def test_anything_else_is_refused(twilio: TwilioSms, path: str, form: list[tuple[str, str]], signature: str) -> None:
    assert not twilio.is_genuine(path, form, signature)


def test_without_a_token_nothing_is_genuine() -> None:
    """contracts: the signature is checked in every environment; unset means refused."""
    unset = TwilioSms(account_sid="", auth_token="", public_url=PUBLIC)
    for token in ("", "unset", "None"):
        assert not unset.is_genuine(PATH, FORM, sign(PUBLIC + PATH, FORM, token=token))


def test_what_we_sign_for_ourselves_is_what_we_accept(twilio: TwilioSms) -> None:
    """The self-test of ``vigie doctor``: it must prove the very check the webhook makes."""
    assert twilio.sign(PATH, FORM) == GOOD
    unset = TwilioSms(account_sid="", auth_token="", public_url=PUBLIC)
    assert not unset.is_genuine(PATH, FORM, unset.sign(PATH, FORM))
