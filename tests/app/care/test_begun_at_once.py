"""Two nurses press "call" on the same line at the same instant: one call is made, the other nurse is told who has it (HZ-28)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.care import contacts
from app.care.contact_models import Contact, Direction
from app.care.models import PlannedCall
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict
from app.people.models import Patient, Staff
from app.people.perimeter import viewer_of
from tests.app.web.care.conftest import MONDAY_TEN, TUESDAY_TEN, followed
from tests.factories import World
from tests.support.chain import Chain


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def chain(database: Database, clock: HandClock, world: World) -> Chain:
    return Chain(database, clock, world)


def test_one_begins_the_other_is_told_who(chain: Chain) -> None:
    marie = chain.follow()
    coach = followed(chain, marie)
    chain.until(TUESDAY_TEN)
    with chain.read() as session:
        mine = select(PlannedCall.id).where(PlannedCall.enrolment_id == coach.id)
        numbers = list(session.scalars(mine.order_by(PlannedCall.due_at).limit(4)))
    for number in numbers:
        both = Barrier(2)

        def begins(nurse: Staff, number: int = number, both: Barrier = both) -> str:
            both.wait()
            try:
                with chain.database.transaction() as session:
                    patient = session.get_one(Patient, marie.id)
                    by, now = viewer_of(nurse), chain.clock.now()
                    contacts.open_call(session, patient, direction=Direction.OUTGOING, planned_call_id=number, by=by, now=now)
            except Conflict as refusal:
                return str(refusal)
            return "begun"

        with ThreadPoolExecutor(2) as pool:
            told = sorted(pool.map(begins, (chain.world.claire, chain.world.luc)), key=lambda one: one == "begun")
        assert told[1] == "begun", told
        with chain.database.transaction() as session:
            sheets = list(session.scalars(select(Contact).where(Contact.planned_call_id == number)))
            assert len(sheets) == 1
            assert session.get_one(Staff, sheets[0].by_id).name in told[0]
            contacts.not_reached(session, sheets[0].id, by=viewer_of(session.get_one(Staff, sheets[0].by_id)), now=chain.clock.now())
