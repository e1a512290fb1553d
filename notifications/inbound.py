"""Carrier-independent cleaning of what arrives. Repairs only what a machine broke; the patient's own characters stay as typed."""

from __future__ import annotations

import base64
import binascii
import re

import phonenumbers

_BASE64 = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")


def to_e164(number: str, region: str = "FR") -> str | None:
    """``number`` in E.164, or None when it is no telephone number (a sender's name, a short code).

    ``region`` is the country of the service: "0692..." is Réunion's only when read from RE. Numbers need only be possible:
    those reserved for fiction are, and a carrier that delivers from a number has shown that it exists.
    """
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def words(body: str) -> str:
    """The patient's words. A long text that a carrier joined and handed over as base64 is decoded; NUL, which no database
    stores, becomes the replacement character. Nothing else is touched: spaces, emoji and invisible characters stay.
    """
    return _unpacked(body).replace("\x00", "\ufffd")


def _unpacked(body: str) -> str:
    # Sixty characters without one space are no sentence; still only taken for base64 when they decode to one.
    if not _BASE64.fullmatch(body.strip()) or len(body.strip()) % 4:
        return body
    try:
        text = base64.b64decode(body.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return body
    is_sentence = " " in text and all(c.isprintable() or c in "\r\n\t" for c in text)
    return text if is_sentence else body
