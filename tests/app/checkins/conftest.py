"""The chain, on a Monday morning: the first day the shipped protocols hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import structlog
from sqlalchemy import select

from app.core.clock import HandClock
from app.core.db import Database
from app.people import services
from app.people.models import Patient, Service
from app.people.perimeter import actor_of
from tests.factories import World
from tests.support import stories
from tests.support.chain import Chain

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
"""Tests that inject a fault would otherwise print every local value of it."""

MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""Monday 23 November 2026, 10:00 in Paris: the service is open until 18:00."""


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def chain(database: Database, clock: HandClock, world: World) -> Chain:
    return Chain(database, clock, world)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    """Marie Hoarau, 71, capecitabine since this morning."""
    return chain.follow()


@pytest.fixture
def by_link(chain: Chain) -> Chain:
    """The service asks by link."""

    def choose() -> None:
        with chain.database.transaction() as session:
            service = session.scalars(select(Service)).one()
            services.choose_style(session, service, "link", reason="essai", by=actor_of(chain.world.ines), now=chain.clock.now())

    stories.of(chain.database).live("by link", choose)
    return chain
