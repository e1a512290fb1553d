"""Put aside: until a time or until worse, never past the next working day. The ward is open Monday to Friday, 08:00 to 18:00 in Paris."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.alerts import handling
from app.alerts.models import Alert, AlertState
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.people.perimeter import viewer_of
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]
THURSDAY_18 = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)


def _again(database: Database, alert: Alert) -> Alert:
    with database.reading() as session:
        return session.get_one(Alert, alert.id)


@pytest.fixture
def waiting(database: Database, world: World, raise_: Raise, clock: HandClock) -> Alert:
    """Wednesday 10:00: Claire puts a moderate alert aside until worse."""
    alert = raise_(Level.MODERATE, rules=["nausea-2"])
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
        handling.wait(session, alert.id, by=viewer_of(world.claire), now=clock.now(), until_worse=True)
    return alert


def test_until_worse_still_ends_with_the_next_working_day(database: Database, waiting: Alert) -> None:
    kept = _again(database, waiting)
    assert (kept.state, kept.next_step_at) == (AlertState.WAITING, THURSDAY_18)


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2026, 11, 18, 9, 0, tzinfo=UTC), THURSDAY_18),
        (datetime(2026, 11, 20, 9, 0, tzinfo=UTC), datetime(2026, 11, 23, 17, 0, tzinfo=UTC)),  # Friday: until Monday evening
        (datetime(2026, 12, 24, 9, 0, tzinfo=UTC), datetime(2026, 12, 28, 17, 0, tzinfo=UTC)),  # Christmas Eve: past the holiday and Sunday
    ],
)
def test_the_last_limit_skips_closed_days(world: World, now: datetime, last: datetime) -> None:
    assert handling.latest_wait(world.service, now) == last


def test_a_minute_past_the_limit_is_refused(database: Database, world: World, waiting: Alert, clock: HandClock) -> None:
    claire = viewer_of(world.claire)
    with pytest.raises(Refusal, match="next working day"), database.transaction() as session:
        handling.wait(session, waiting.id, by=claire, now=clock.now(), until=THURSDAY_18 + timedelta(minutes=1))
    with database.transaction() as session:
        handling.wait(session, waiting.id, by=claire, now=clock.now(), until=THURSDAY_18)


@pytest.mark.parametrize(
    ("level", "rules", "state"),
    [
        (Level.MODERATE, ["diarrhoea-2"], AlertState.NEW),
        (Level.HIGH, ["diarrhoea-3"], AlertState.NEW),
        (Level.URGENT, ["fever"], AlertState.NEW),
        (Level.MODERATE, ["nausea-2"], AlertState.WAITING),  # the same again is not worse
    ],
)
def test_what_gets_worse_comes_back_at_once(
    database: Database, waiting: Alert, raise_: Raise, clock: HandClock, level: Level, rules: list[str], state: AlertState
) -> None:
    clock.forward(minutes=5)
    raise_(level, rules=rules)
    kept = _again(database, waiting)
    assert kept.state == state
    if state == AlertState.NEW:
        assert (kept.owner_id, kept.next_step_at) == (None, clock.now())
