"""What arrives is repaired only where a machine broke it."""

from __future__ import annotations

import base64

import pytest

from notifications import inbound
from notifications.messages import Inbound


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("+33639980001", "FR", "+33639980001"),
        ("06 39 98 00 01", "FR", "+33639980001"),
        ("0033639980001", "FR", "+33639980001"),
        ("0692 12 34 56", "RE", "+262692123456"),
        ("+1 205 555 0123", "FR", "+12055550123"),
        ("07700 900123", "GB", "+447700900123"),
        ("INFO", "FR", None),
        ("", "FR", None),
        ("12", "FR", None),
    ],
)
def test_numbers_become_e164_or_nothing(number: str, region: str, expected: str | None) -> None:
    assert inbound.to_e164(number, region) == expected


LONG = "J'ai vomi trois fois cette nuit et je n'arrive plus à boire, que dois-je faire s'il vous plaît ? Marie"


def test_a_joined_text_handed_over_as_base64_is_read() -> None:
    """U-list, RapidPro: Twilio sometimes delivers a joined text so."""
    assert inbound.words(base64.b64encode(LONG.encode()).decode()) == LONG


@pytest.mark.parametrize(
    "body",
    [
        LONG,
        "2 0 1",
        "",
        "   ",
        "oui\u200d\ufe0f",
        "38,5\u00a0°C",
        "😀",
        "a" * 64,
        base64.b64encode(bytes(range(256))).decode(),
        base64.b64encode(b"sixtycharacterswithoutanyspacewouldbeafilenotasentence").decode(),
        base64.b64encode(LONG.encode()).decode()[:-3],
    ],
)
def test_everything_else_stays_letter_for_letter(body: str) -> None:
    """U15: cleaning invisible characters broke legitimate texts elsewhere."""
    assert inbound.words(body) == body


def test_a_character_no_database_keeps_is_replaced_not_dropped() -> None:
    assert inbound.words("mal\x00 au ventre") == "mal\ufffd au ventre"


@pytest.mark.parametrize(("body", "blank"), [("", True), (" \n", True), ("0", False), (".", False)])
def test_a_blank_body_is_known_as_blank(body: str, blank: bool) -> None:
    text = Inbound(carrier="twilio", carrier_id="SM1", address="+33639980001", number="+33199001234", body=body, media=1)
    assert text.is_blank is blank
