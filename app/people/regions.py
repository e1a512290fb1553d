"""Countries texts may leave for. A premium or satellite number is never texted: a form that sends texts is robbed through them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import phonenumbers
from phonenumbers import PhoneNumberType
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.models import FollowUp, Patient, Respondent, Service
from app.people.telephones import is_fiction

FRANCE = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC")
"""France and its overseas departments and territories: the parts of ISO 3166-1 that have their own entry."""
EEA = (
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "ES",
    "FI",
    "GR",
    "HR",
    "HU",
    "IE",
    "IS",
    "IT",
    "LI",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "NO",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
)
"""The European Economic Area without France: 26 states of the Union, Iceland, Liechtenstein, Norway (as of 2026-11-22)."""
HOUSE = frozenset((*FRANCE, *EEA, "GB", "CH", "MC", "AD"))
"""Where a patient of a French hospital may live or travel every week (house rule, 2026-11-22). A service may choose its own list."""
NEVER = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})
"""Kinds of number whose holder earns on each text (numbering plans as of phonenumbers 9)."""
NO_COUNTRY = "001"
"""The numbering library's word for numbers of no country: satellite telephones, international networks, premium services."""


def refuses(service: Service, number: str) -> str:
    """Why no text leaves for this E.164 number: "premium", "satellite", "country"; "" when one may.

    Numbers reserved for fiction reach nobody and cost nothing; a number that belongs to no country known is refused.
    """
    return _refused(number, allowed(service))


def _refused(number: str, where: frozenset[str]) -> str:
    if is_fiction(number):
        return ""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return "country"
    region = phonenumbers.region_code_for_number(parsed)
    if region == NO_COUNTRY:
        return "satellite"
    if phonenumbers.number_type(parsed) in NEVER:
        return "premium"
    return "" if region in where else "country"


def allowed(service: Service) -> frozenset[str]:
    """ISO codes of the countries texts may leave for: the service's list or the house's, and always the service's own country."""
    return _with_own(service, service.regions)


def _with_own(service: Service, codes: Sequence[str]) -> frozenset[str]:
    return frozenset(codes or HOUSE) | {service.country}


SENTENCES = {
    "premium": "This is a premium number: no text leaves for it. Give the patient's own mobile number.",
    "satellite": "This number belongs to no country (satellite or international service): no text leaves for it.",
    "country": "Texts do not leave for this country. The coordinator may add it on the service's page.",
}
"""What stands beside the field, one sentence for each reason of ``refuses``."""


def choose(session: Session, service: Service, written: str, *, by: Actor, now: datetime) -> None:
    """The service's own list, as typed: ISO codes of two letters; nothing for the house's list. Audited.

    Raises Refusal for an unknown code, and while a patient or a relative has a number in a country left out: nobody is dropped unseen.
    """
    codes = sorted(set(re.findall(r"[^\s,;]+", written.upper())))
    if unknown := [code for code in codes if code not in phonenumbers.SUPPORTED_REGIONS]:
        raise Refusal(
            "{codes} is no country known here. Write codes of two letters, such as FR, BE.",
            field="regions",
            status=422,
            codes=", ".join(unknown)[:60],
        )
    before = list(service.regions)
    if codes == before:
        return
    if outside := _outside(session, service, _with_own(service, codes)):
        raise Refusal(
            "{n} people followed here have a number outside this list. Change their numbers first, or keep their countries.",
            field="regions",
            status=422,
            n=outside,
        )
    service.regions = codes
    session.flush()
    audit.record(
        session,
        actor=by,
        action="service.regions",
        subject=f"service:{service.id}",
        service_id=service.id,
        before=before,
        after=codes,
        now=now,
    )


def _outside(session: Session, service: Service, where: frozenset[str]) -> int:
    followed = (Patient.service_id == service.id, Patient.follow_up != FollowUp.ENDED)
    numbers: Sequence[str] = [
        *session.scalars(select(Patient.phone).where(*followed, Patient.phone != "")),
        *session.scalars(
            select(Respondent.phone).join(Patient, Patient.id == Respondent.patient_id).where(*followed, Respondent.phone != "")
        ),
    ]
    return sum(1 for number in numbers if _refused(number, where) == "country")
