"""The fictional hospital: made once, for nobody real, opened on a weekday at ten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.alerts.models import DoctorRequest
from app.core import signing
from app.core.clock import Clock, ClockOffset, turn
from app.core.db import Database
from app.core.errors import Refusal
from app.core.settings import Settings, WrongSettings, load
from app.demo import hospital
from app.insight import handover, watch
from app.messaging.models import Message
from app.people import care_team
from app.people.models import Service, Staff
from tests.app.demo.small import OPENING, demo_settings, live, metronome
from tests.factories import World


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-18T15:30", "2026-11-18T09:00"),  # Wednesday: today, 10:00 in Paris
        ("2026-11-22T03:00", "2026-11-23T09:00"),  # Sunday: Monday
        ("2026-11-10T23:30", "2026-11-12T09:00"),  # already the 11th in Paris, a holiday
        ("2026-07-03T22:30", "2026-07-06T08:00"),  # Saturday in Paris, summer time
    ],
)
def test_the_demonstration_opens_on_a_working_day_at_ten(now: str, opens: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert hospital.next_opening(at) == datetime.fromisoformat(opens).replace(tzinfo=UTC)


def test_three_people_to_sign_in_as() -> None:
    assert [(who.role, who.login) for who in hospital.SIGN_INS] == [("nurse", "claire"), ("oncologist", "lebon"), ("coordinator", "ines")]


def test_the_printed_passwords_open_the_accounts(lived: Database) -> None:
    with lived.reading() as session:
        for who in hospital.SIGN_INS:
            staff = session.scalars(select(Staff).where(Staff.login == who.login)).one()
            assert signing.password_matches(who.password, staff.password_hash)
            assert (staff.role, staff.name) == (who.role, who.name)


def test_evenings_are_handed_over_and_yesterdays_waits_to_be_read(lived: Database) -> None:
    with lived.reading() as session:
        service = session.scalars(select(Service)).one()
        last, *before = handover.last_ones(session, service.id)
        assert (last.state, [one.state for one in before]) == ("given", ["taken", "taken"])
        assert OPENING - last.given_at == timedelta(hours=16, minutes=12), "twelve minutes before 18:00"
        assert last.body.startswith("PASSATION, Oncologie")
        [unread] = handover.lapses(session, service, OPENING)
        assert (unread.kind, unread.since) == ("unread", OPENING - timedelta(hours=2))


def test_somebody_is_there_at_every_hour_of_the_next_months(lived: Database) -> None:
    with lived.reading() as session:
        service = session.scalars(select(Service)).one()
        assert service.is_demo
        for day in range(120):
            night = OPENING + timedelta(days=day, hours=15)
            assert len(care_team.on_duty(session, service.id, night, "on_call")) == 1
        assert [who.name for who in care_team.on_duty(session, service.id, OPENING, "ward")] != []


def test_the_clock_shows_the_opening_and_never_goes_back(lived: Database) -> None:
    at = Clock(lived).now()
    assert OPENING - timedelta(seconds=1) <= at < OPENING + timedelta(minutes=10)
    with pytest.raises(Refusal, match="only goes forward"), lived.transaction() as session:
        turn(session, to=OPENING - timedelta(days=1))


def test_a_whole_ward_is_left_as_it_is(lived: Database) -> None:
    assert live(lived) is False


def test_the_ward_lived_on_while_nobody_had_it_open(lived_alone: Database) -> None:
    """A night later people have answered and the team has worked; opened again at once, nothing more happens."""
    with lived_alone.transaction() as session:
        turn(session, to=OPENING + timedelta(days=2))
    assert live(lived_alone) is True
    with lived_alone.reading() as session:
        nights = session.scalars(select(Message.direction).where(Message.created_at > OPENING + timedelta(hours=1))).all()
        assert set(nights) == {"in", "out"}
        assert [finding.sentence for finding in watch.sweep(session, OPENING + timedelta(days=2))] == []
    assert live(lived_alone) is False


def test_what_waited_for_a_doctor_is_answered_and_told_before_the_next_opening(lived_alone: Database) -> None:
    """A week on, no patient still waits for an answer given on the morning of the first opening."""
    with lived_alone.reading() as session:
        asked = {one.id for one in session.scalars(select(DoctorRequest))}
    assert asked != set()
    with lived_alone.transaction() as session:
        turn(session, to=OPENING + timedelta(days=2))
    live(lived_alone)
    with lived_alone.reading() as session:
        states = {one.id: (one.state, one.told_at is not None) for one in session.scalars(select(DoctorRequest))}
    assert {states[one] for one in asked} == {("told", True)}


def test_a_long_absence_is_left_as_it_is(lived_alone: Database) -> None:
    with lived_alone.transaction() as session:
        turn(session, to=OPENING + timedelta(days=30))
    assert live(lived_alone) is False


def test_outside_the_demonstration_no_ward_is_made(database: Database) -> None:
    """HZ-41: not in tests, and above all not in production."""
    for environment in ("test", "production"):
        settings = Settings.model_construct(**{**dict(demo_settings(database)), "environment": environment})
        with pytest.raises(Refusal, match="VIGIE_ENVIRONMENT=demo"):
            hospital.ensure(database, settings, Clock(database), metronome=metronome(database))
    with database.reading() as session:
        assert session.scalar(select(Service.id)) is None


def test_fiction_never_moves_in_with_patients(database: Database, world: World) -> None:
    """HZ-41: a database that holds a real service is refused, and nothing is written in it."""
    with pytest.raises(Refusal, match="holds a real service, Oncologie médicale"):
        hospital.ensure(database, demo_settings(database), Clock(database), metronome=metronome(database))
    with database.reading() as session:
        assert [service.is_demo for service in session.scalars(select(Service))] == [False]
        assert session.get(ClockOffset, 1) is None


def test_simulated_telephones_never_serve_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    """HZ-41: production with the simulator, or with a demonstration's settings, does not start."""
    monkeypatch.setenv("VIGIE_ENVIRONMENT", "production")
    monkeypatch.setenv("VIGIE_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("VIGIE_DATABASE_URL", "postgresql+psycopg://vigie@localhost/vigie")
    monkeypatch.setenv("VIGIE_PUBLIC_URL", "https://vigie.example.org")
    monkeypatch.setenv("VIGIE_TRANSPORT", "simulator")
    with pytest.raises(WrongSettings, match="production without a carrier reaches nobody"):
        load()
