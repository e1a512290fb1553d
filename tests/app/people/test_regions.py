"""Refused countries: premium and satellite numbers never, the house's list else, a service's own list when it has one."""

from __future__ import annotations

import pytest
from phonenumbers import PhoneNumberType
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import FieldErrors, Refusal
from app.people import regions
from app.people.models import Service
from app.people.perimeter import actor_of
from tests.factories import World, a_patient
from tests.support.abroad import example, nowhere, premium

FRENCH = Service(country="FR", regions=[])


@pytest.mark.parametrize("region", ["FR", "RE", "GP", "MQ", "GF", "YT", "NC", "BE", "NO", "IS", "LI", "GB", "CH", "MC", "AD"])
def test_the_houses_list(region: str) -> None:
    assert regions.refuses(FRENCH, example(region)) == ""


@pytest.mark.parametrize("region", ["MA", "CA", "GG", "JE", "RU", "SM"])
def test_other_countries_also_under_a_neighbours_code(region: str) -> None:
    """Guernsey and Jersey have the United Kingdom's +44, Canada has +1 like the United States."""
    assert regions.refuses(FRENCH, example(region)) == "country"


@pytest.mark.parametrize("code", [870, 881, 882, 979])
def test_satellites_and_international_services_never(code: int) -> None:
    assert regions.refuses(FRENCH, nowhere(code)) == "satellite"


@pytest.mark.parametrize("kind", [PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST])
def test_premium_numbers_never(kind: int) -> None:
    assert regions.refuses(FRENCH, example("FR", kind)) == "premium"


@pytest.mark.parametrize(
    ("number", "why"),
    [("+33639980001", ""), ("+447700900123", ""), ("+12025550123", ""), ("no number", "country")],
)
def test_fiction_reaches_nobody_and_costs_nothing(number: str, why: str) -> None:
    assert regions.refuses(FRENCH, number) == why


def test_the_services_own_country_is_always_in_the_list() -> None:
    assert regions.refuses(Service(country="CA", regions=[]), example("CA")) == ""
    assert regions.refuses(Service(country="RE", regions=["BE"]), example("RE")) == ""
    assert regions.refuses(Service(country="RE", regions=["BE"]), example("FR")) == "country"
    assert regions.refuses(Service(country="FR", regions=["FR", "MA"]), example("MA")) == ""
    assert regions.refuses(Service(country="FR", regions=["FR", "MA"]), premium()) == "premium"


@pytest.mark.parametrize("field", ["phone", "respondent_phone"])
@pytest.mark.parametrize(
    ("kind", "region", "why"), [(PhoneNumberType.MOBILE, "MA", "country"), (PhoneNumberType.PREMIUM_RATE, "FR", "premium")]
)
def test_enrolment_says_so_beside_the_field(
    session: Session, world: World, clock: HandClock, field: str, kind: int, region: str, why: str
) -> None:
    relative = {"respondent_name": "Luc Hoarau", "respondent_relation": "fils"} if field == "respondent_phone" else {}
    with pytest.raises(FieldErrors) as refusal:
        a_patient(session, world, now=clock.now(), **{**relative, field: example(region, kind)})
    assert refusal.value.fields == {field: regions.SENTENCES[why]}


def test_a_service_chooses_its_list_and_the_trail_keeps_it(session: Session, world: World, clock: HandClock) -> None:
    regions.choose(session, world.service, "ma, fr  be", by=actor_of(world.ines), now=clock.now())
    assert world.service.regions == ["BE", "FR", "MA"]
    a_patient(session, world, now=clock.now(), phone=example("MA"))
    trail = session.scalars(select(AuditRow).where(AuditRow.action == "service.regions")).one()
    assert (trail.change, trail.actor_name) == ({"before": [], "after": ["BE", "FR", "MA"]}, "Inès Caron")
    regions.choose(session, world.service, "BE FR MA", by=actor_of(world.ines), now=clock.now())
    assert len(session.scalars(select(AuditRow).where(AuditRow.action == "service.regions")).all()) == 1  # nothing changed, nothing said


def test_a_list_that_cannot_hold_is_refused(session: Session, world: World, clock: HandClock) -> None:
    with pytest.raises(Refusal, match="no country known"):
        regions.choose(session, world.service, "FR, XX", by=actor_of(world.ines), now=clock.now())
    a_patient(session, world, now=clock.now(), phone=example("BE"))
    with pytest.raises(Refusal, match="outside this list"):
        regions.choose(session, world.service, "FR, CH", by=actor_of(world.ines), now=clock.now())
