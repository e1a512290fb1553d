"""Telephone numbers as the world writes them (E.164), and those reserved for fiction."""

from __future__ import annotations

import re

import phonenumbers

FICTION = (r"\+3363998\d{4}", r"\+33(19900|26191|35301|46571|53649)\d{4}", r"\+1\d{3}55501\d{2}", r"\+447700900\d{3}")
"""Numbers reserved for fiction (ARCEP decision 2018-0881 for France, NANPA 555-01XX, Ofcom 7700 900): never a real telephone."""


LANDLINE = "This is a landline: it gets no text. Tick “a nurse calls”, or write a mobile number."
"""What stands beside the field of a number that texts are to go to."""


def is_fiction(number: str) -> bool:
    """Is this E.164 number in a range reserved for fiction?"""
    return any(re.fullmatch(pattern, number) for pattern in FICTION)


def to_e164(number: str, country: str, *, allow_fiction: bool) -> str:
    """The number in E.164. Raises ValueError with a sentence when it cannot be a telephone."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        raise ValueError("This is not a telephone number. Write it as +33 6 39 98 00 01.") from None
    text: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if is_fiction(text):
        if allow_fiction:
            return text
        raise ValueError("This number is reserved for fiction and reaches nobody. Give the patient's own number.")
    if not phonenumbers.is_valid_number(parsed):
        raise ValueError("No telephone has this number. Check the digits; write it as +33 6 39 98 00 01.")
    return text


def is_landline(number: str) -> bool:
    """Is this E.164 number a fixed line, that no text reaches? Never said of one that may be a mobile too (+1)."""
    if not number:
        return False
    kind: int = phonenumbers.number_type(phonenumbers.parse(number))
    return kind == phonenumbers.PhoneNumberType.FIXED_LINE


def masked(number: str) -> str:
    """A number as the trail keeps it: its country and its last two digits, enough to see that it changed."""
    return f"{number[:3]}...{number[-2:]}" if number else ""
