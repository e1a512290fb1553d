"""Whom the rung "nurse" means: the nurse of the patient's programme, whoever stands in, and in the end everybody who may act."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.alerts import paging
from app.care.models import Enrolment, EnrolmentState
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient, Service, Staff
from tests.factories import World


def meant(database: Database, world: World, marie: Patient, clock: HandClock) -> set[str]:
    with database.reading() as session:
        service = session.get_one(Service, world.service.id)
        return {one.name for one in paging.meant_by(session, service, "nurse", clock.now(), patient_id=marie.id)}


def follow(database: Database, world: World, marie: Patient, clock: HandClock, nurse: Staff, programme: str, state: str) -> None:
    with database.transaction() as session:
        session.add(
            Enrolment(
                service_id=world.service.id,
                patient_id=marie.id,
                programme=programme,
                version_on=date(2026, 11, 23),
                state=state,
                nurse_id=nurse.id,
                proposed_at=clock.now() - timedelta(days=3),
                proposed_by="staff:1",
            )
        )


@pytest.fixture
def everybody(world: World) -> set[str]:
    return {world.claire.name, world.luc.name, world.lebon.name, world.ines.name}


def test_the_nurse_who_follows_the_patient_is_paged_and_nobody_else(
    database: Database, world: World, marie: Patient, clock: HandClock
) -> None:
    follow(database, world, marie, clock, world.claire, "coach", EnrolmentState.ENDED)
    follow(database, world, marie, clock, world.luc, "ama", EnrolmentState.OPEN)
    assert meant(database, world, marie, clock) == {"Luc Morel"}


def test_of_a_patient_nobody_follows_everybody_who_may_act_is_paged(
    database: Database, world: World, marie: Patient, clock: HandClock, everybody: set[str]
) -> None:
    follow(database, world, marie, clock, world.luc, "ama", EnrolmentState.PROPOSED)
    assert meant(database, world, marie, clock) >= everybody, "a rung never ends in nothing"
    assert "Paul" not in " ".join(meant(database, world, marie, clock)), "the secretary closes no alert"


def test_a_nurse_who_left_leaves_the_rung_to_everybody(
    database: Database, world: World, marie: Patient, clock: HandClock, everybody: set[str]
) -> None:
    follow(database, world, marie, clock, world.luc, "ama", EnrolmentState.OPEN)
    with database.transaction() as session:
        session.get_one(Staff, world.luc.id).active = False
    assert meant(database, world, marie, clock) >= everybody - {"Luc Morel"}
