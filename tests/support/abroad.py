"""Telephone numbers of countries that keep no range for fiction: the numbering library's own examples, never written down here."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType


def example(region: str, kind: int = PhoneNumberType.MOBILE) -> str:
    """An example of a country, in E.164."""
    found = phonenumbers.example_number_for_type(region, kind)
    assert found is not None
    return str(phonenumbers.format_number(found, PhoneNumberFormat.E164))


def premium() -> str:
    """A French number whose holder earns on each text."""
    return example("FR", PhoneNumberType.PREMIUM_RATE)


def nowhere(code: int) -> str:
    """A number of no country: 870 and 881 satellites, 882 international networks, 979 international premium."""
    found = phonenumbers.example_number_for_non_geo_entity(code)
    assert found is not None
    return str(phonenumbers.format_number(found, PhoneNumberFormat.E164))
