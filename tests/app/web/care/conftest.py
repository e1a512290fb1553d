"""Marie in the COACH programme since Monday; her first call is planned for Tuesday 10:00 in Paris."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.care import enrolments, programmes
from app.care.models import Enrolment
from app.core.clock import HandClock
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.support import stories
from tests.support.chain import Chain

MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY_TEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    return chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille")


def followed(chain: Chain, patient: Patient, slug: str = "coach") -> Enrolment:
    """Proposed and met by Claire, who is named with Luc beside her; validated where the programme asks for it."""
    step = f"patient {patient.id} in {slug} at {chain.clock.now()}"
    return stories.of(chain.database).live(step, lambda: _followed(chain, patient, slug))


def _followed(chain: Chain, patient: Patient, slug: str) -> Enrolment:
    with chain.database.transaction() as session:
        claire, now = viewer_of(chain.world.claire), chain.clock.now()
        row = enrolments.propose(session, session.get_one(Patient, patient.id), slug, by=claire, now=now)
        enrolments.adhesion(session, row.id, nurse_id=chain.world.claire.id, stand_in_id=chain.world.luc.id, met_at=now, by=claire, now=now)
        if programmes.of(row).opening.doctor_validates:
            enrolments.validate(session, row.id, by=viewer_of(chain.world.lebon), now=now)
    return row


@pytest.fixture
def coach(chain: Chain, marie: Patient) -> Enrolment:
    return followed(chain, marie)
