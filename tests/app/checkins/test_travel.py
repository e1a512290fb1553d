"""Marie of Lyon spends a week in Saint-Denis: asked at ten where she is, there and back (FR-31)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.checkins.models import CheckIn
from app.checkins.rhythm import agenda
from app.core.errors import FieldErrors
from app.people import journeys
from app.people.models import Patient
from app.people.perimeter import actor_of
from tests.support.chain import Chain


def due(chain: Chain) -> dict[int, datetime]:
    with chain.read() as session:
        return {row.day.day: row.due_at for row in session.scalars(select(CheckIn).where(CheckIn.kind == "regular"))}


def test_the_plan_follows_the_traveller_there_and_back(chain: Chain, marie: Patient) -> None:
    """Begun on Monday 23 November; days 3, 5, 7 and 9 are the 25th, 27th, 29th and 1 December. Away from the 26th to the 30th."""
    before = due(chain)
    with chain.database.transaction() as session:
        person, ines = session.get_one(Patient, marie.id), actor_of(chain.world.ines)
        journeys.announce(session, person, from_day=date(2026, 11, 26), zone="Indian/Reunion", by=ines, now=chain.clock.now())
        journeys.announce(session, person, from_day=date(2026, 12, 1), zone="Europe/Paris", by=ines, now=chain.clock.now())
        agenda.replan_patient(session, person, now=chain.clock.now())
    planned = due(chain)
    assert planned[25] == before[25] == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert (before[27], planned[27]) == (datetime(2026, 11, 27, 9, tzinfo=UTC), datetime(2026, 11, 27, 6, tzinfo=UTC))
    assert (planned[29], planned[1]) == (datetime(2026, 11, 29, 6, tzinfo=UTC), before[1])

    zones = []
    for at in (
        datetime(2026, 11, 25, 19, 50, tzinfo=UTC),
        datetime(2026, 11, 25, 20, 10, tzinfo=UTC),
        datetime(2026, 11, 30, 23, 30, tzinfo=UTC),
    ):
        chain.until(at)
        with chain.read() as session:
            zones.append(session.get_one(Patient, marie.id).timezone)
    assert zones == ["Europe/Paris", "Indian/Reunion", "Europe/Paris"], "midnight of the 26th there; midnight of 1 December at home"


@pytest.mark.parametrize(
    ("from_day", "zone", "field"),
    [
        (date(2026, 11, 22), "Indian/Reunion", "from_day"),
        (None, "Indian/Reunion", "from_day"),
        (date(2026, 11, 26), "Indian/Saint-Denis", "zone"),
    ],
)
def test_a_journey_that_cannot_be_is_refused(chain: Chain, marie: Patient, from_day: date | None, zone: str, field: str) -> None:
    with chain.database.transaction() as session, pytest.raises(FieldErrors) as refused:
        person = session.get_one(Patient, marie.id)
        journeys.announce(session, person, from_day=from_day, zone=zone, by=actor_of(chain.world.ines), now=chain.clock.now())
    assert set(refused.value.fields) == {field}
