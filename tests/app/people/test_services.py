"""Services, accounts and tokens: what texts could not carry, and what would leave a door open, is refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import signing
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.errors import NotFound, Refusal
from app.people import services
from app.people.access_models import ApiToken, StaffSession
from app.people.models import Role, Service
from tests.factories import PASSWORD, World


def _open(session: Session, world: World, clock: HandClock, **changes: Any) -> Service:
    values: dict[str, Any] = {
        "name": "Hématologie",
        "sms_name": "Suivi Hema",
        "phone": "0199005678",
        "number": "+33199005678",
        "timezone": "Indian/Reunion",
        "country": "RE",
    }
    return services.open_service(session, world.hospital, **{**values, **changes}, by=SYSTEM, now=clock.now())


def test_a_service_opens_on_weekdays_unless_told_otherwise(session: Session, world: World, clock: HandClock) -> None:
    assert _open(session, world, clock).hours == {str(day): [["08:00", "18:00"]] for day in range(5)}


@pytest.mark.parametrize(
    ("field", "change", "sentence"),
    [
        ("sms_name", {"sms_name": ""}, "The name in texts has 1 to 12 characters and names no disease."),
        ("sms_name", {"sms_name": "Oncologie méd"}, "The name in texts has 1 to 12 characters and names no disease."),
        ("phone", {"phone": "call me"}, "The service's telephone has at most 13 digits, +, or spaces."),
        ("phone", {"phone": "+33 1 99 00 56 78"}, "The service's telephone has at most 13 digits, +, or spaces."),
        ("number", {"number": "0199005678"}, "The number patients write to is needed in full, such as +33639980001."),
        ("number", {"number": "+33199001234"}, "Another service already receives the texts sent to +33199001234."),
        ("timezone", {"timezone": "Paris"}, "Unknown time zone Paris: give an IANA name such as Europe/Paris."),
        ("country", {"country": "XX"}, "No public holidays are known for XX ."),
        ("country", {"country": "FR", "holidays_region": "Nord"}, "No public holidays are known for FR Nord."),
        ("hours", {"hours": {}}, "Write at least one day of opening."),
        ("hours", {"hours": {"0": []}}, "Write at least one day of opening."),
        ("hours", {"hours": {"7": [["08:00", "18:00"]]}}, "Opening hours of day 7 cannot be read: write 08:00-18:00."),
        ("hours", {"hours": {"01": [["08:00", "18:00"]]}}, "Opening hours of day 01 cannot be read: write 08:00-18:00."),
        ("hours", {"hours": {"0": [["8", "18:00"]]}}, "Opening hours of day 0 cannot be read: write 08:00-18:00."),
        ("hours", {"hours": {"0": [["18:00", "08:00"]]}}, "Opening hours of day 0 cannot be read: write 08:00-18:00."),
        ("hours", {"hours": {"0": [["08:00"]]}}, "Opening hours of day 0 cannot be read: write 08:00-18:00."),
    ],
)
def test_a_service_is_refused(session: Session, world: World, clock: HandClock, field: str, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refusal:
        _open(session, world, clock, **change)
    assert (refusal.value.field, str(refusal.value)) == (field, sentence)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("password", {"password": "eleven char"}),
        ("login", {"login": "Claire "}),
        ("login", {"login": " "}),
        ("name", {"name": ""}),
        ("service", {"service": None}),
        ("service", {"role": Role.ADMINISTRATOR}),
    ],
)
def test_an_account_is_refused(session: Session, world: World, clock: HandClock, field: str, change: dict[str, Any]) -> None:
    values = {"login": "hugo", "name": "Hugo Lauret", "role": Role.NURSE, "password": PASSWORD, "service": world.service, **change}
    with pytest.raises(Refusal) as refusal:
        services.engage(session, world.hospital, **values, by=SYSTEM, now=clock.now())
    assert refusal.value.field == field


def test_the_password_is_not_kept_but_recognised(world: World) -> None:
    assert PASSWORD not in world.claire.password_hash
    assert signing.password_matches(PASSWORD, world.claire.password_hash)
    assert not signing.password_matches("a long enough passwore", world.claire.password_hash)


def test_a_closed_account_ends_its_sessions(session: Session, world: World, clock: HandClock) -> None:
    at = clock.now()
    session.add(StaffSession(staff_id=world.luc.id, token_hash="a", created_at=at, seen_at=at))
    session.add(StaffSession(staff_id=world.claire.id, token_hash="b", created_at=at, seen_at=at))
    session.flush()
    assert services.disable(session, " LUC ", by=SYSTEM, now=at).active is False
    session.expire_all()
    assert {row.token_hash: row.ended_at for row in session.scalars(select(StaffSession))} == {"a": at, "b": None}


def test_nobody_to_disable(session: Session, clock: HandClock) -> None:
    with pytest.raises(NotFound):
        services.disable(session, "nobody", by=SYSTEM, now=clock.now())


def test_a_token_is_shown_once_and_known_by_its_fingerprint(session: Session, world: World, clock: HandClock) -> None:
    token = services.create_token(session, world.service, role=Role.SERVICE, name="laboratory", by=SYSTEM, now=clock.now())
    row = services.token_holder(session, token)
    assert row is not None
    assert (row.name, row.service_id, row.token_hash == token) == ("laboratory", world.service.id, False)
    assert services.token_holder(session, token + "x") is None


def test_a_revoked_token_opens_nothing(session: Session, world: World, clock: HandClock) -> None:
    token = services.create_token(session, world.service, role=Role.SERVICE, name="laboratory", by=SYSTEM, now=clock.now())
    session.scalars(select(ApiToken)).one().revoked_at = clock.now()
    session.flush()
    assert services.token_holder(session, token) is None
