"""Refused countries: premium and satellite numbers never, the house's list else, a service's own list when it has one."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import FieldErrors, Refusal
from app.people import regions
from app.people.models import Service
from app.people.perimeter import actor_of
from tests.factories import World, a_patient

FRENCH = Service(country="FR", regions=[])


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+33612345678", ""),
        ("+262692123456", ""),  # La Réunion
        ("+590690123456", ""),  # Guadeloupe
        ("+687751234", ""),  # New Caledonia
        ("+32470123456", ""),  # Belgium
        ("+4790123456", ""),  # Norway
        ("+447400123456", ""),  # United Kingdom
        ("+41791234567", ""),  # Switzerland
        ("+377612345678", ""),  # Monaco
        ("+376312345", ""),  # Andorra
        ("+212650123456", "country"),  # Morocco
        ("+15145551234", "country"),  # Canada
        ("+447911123456", "country"),  # Guernsey, under the United Kingdom's code
        ("+33899123456", "premium"),
        ("+33810123456", "premium"),  # shared cost
        ("+870773111632", "satellite"),  # Inmarsat
        ("+881612345678", "satellite"),
        ("+882161234567", "satellite"),
        ("+979123456789", "satellite"),  # international premium
        ("+33639980001", ""),  # reserved for fiction: reaches nobody, costs nothing
        ("+447700900123", ""),
        ("+12025550123", ""),
        ("no number", "country"),
    ],
)
def test_the_houses_list(number: str, why: str) -> None:
    assert regions.refuses(FRENCH, number) == why


def test_the_services_own_country_is_always_in_the_list() -> None:
    assert regions.refuses(Service(country="CA", regions=[]), "+15145551234") == ""
    assert regions.refuses(Service(country="RE", regions=["BE"]), "+262692123456") == ""
    assert regions.refuses(Service(country="RE", regions=["BE"]), "+33612345678") == "country"
    assert regions.refuses(Service(country="FR", regions=["FR", "MA"]), "+212650123456") == ""
    assert regions.refuses(Service(country="FR", regions=["FR", "MA"]), "+33899123456") == "premium"


@pytest.mark.parametrize("field", ["phone", "respondent_phone"])
@pytest.mark.parametrize(("number", "why"), [("+212 650 12 34 56", "country"), ("08 99 12 34 56", "premium")])
def test_enrolment_says_so_beside_the_field(session: Session, world: World, clock: HandClock, field: str, number: str, why: str) -> None:
    relative = {"respondent_name": "Luc Hoarau", "respondent_relation": "fils"} if field == "respondent_phone" else {}
    with pytest.raises(FieldErrors) as refusal:
        a_patient(session, world, now=clock.now(), **{**relative, field: number})
    assert refusal.value.fields == {field: regions.SENTENCES[why]}


def test_a_service_chooses_its_list_and_the_trail_keeps_it(session: Session, world: World, clock: HandClock) -> None:
    regions.choose(session, world.service, "ma, fr  be", by=actor_of(world.ines), now=clock.now())
    assert world.service.regions == ["BE", "FR", "MA"]
    a_patient(session, world, now=clock.now(), phone="+212650123456")
    trail = session.scalars(select(AuditRow).where(AuditRow.action == "service.regions")).one()
    assert (trail.change, trail.actor_name) == ({"before": [], "after": ["BE", "FR", "MA"]}, "Inès Caron")
    regions.choose(session, world.service, "BE FR MA", by=actor_of(world.ines), now=clock.now())
    assert len(session.scalars(select(AuditRow).where(AuditRow.action == "service.regions")).all()) == 1  # nothing changed, nothing said


def test_a_list_that_cannot_hold_is_refused(session: Session, world: World, clock: HandClock) -> None:
    with pytest.raises(Refusal, match="no country known"):
        regions.choose(session, world.service, "FR, XX", by=actor_of(world.ines), now=clock.now())
    a_patient(session, world, now=clock.now(), phone="+32470123456")
    with pytest.raises(Refusal, match="outside this list"):
        regions.choose(session, world.service, "FR, CH", by=actor_of(world.ines), now=clock.now())
