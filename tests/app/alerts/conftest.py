"""Marie Hoarau is followed; an alert about her can be raised in one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.alerts import handling
from app.alerts.models import Alert
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from tests.factories import World, a_patient
from triage.terms import Level


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock) -> Patient:
    with database.transaction() as session:
        return a_patient(session, world, now=clock.now())


@pytest.fixture
def raise_(database: Database, world: World, clock: HandClock, marie: Patient) -> Callable[..., Alert]:
    def raise_one(level: Level, kind: str = "assessment", **detail: object) -> Alert:
        with database.transaction() as session:
            reason = Reason(kind=kind, level=level, detail=dict(detail))
            alert = handling.consider(session, service=world.service, patient=marie, reason=reason, now=clock.now())
            assert alert is not None
            return alert

    return raise_one
