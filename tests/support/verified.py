"""A number written down at enrolment, its code on the way, and who holds it: for the tests of telephones that change hands."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Task
from app.checkins.texts import verifying
from app.people.models import Patient
from app.people.perimeter import actor_of
from tests.factories import a_patient
from tests.support.chain import MARIE, Chain

NEW = "+33639980002"
PAUL = "+33639980003"
LUCIE = "+33639980004"


def enrolled(chain: Chain, **patient: object) -> Patient:
    """Marie as the enrolment page leaves her: number written down, code on its way."""
    with chain.database.transaction() as session:
        person = unverified(session, chain, **patient)
        verifying.ask_all(session, person, by=actor_of(chain.world.ines), now=chain.clock.now())
    chain.send()
    return person


def unverified(session: Session, chain: Chain, **patient: object) -> Patient:
    return a_patient(session, chain.world, now=chain.clock.now(), **{"phone_verified": False, **patient})


def code_of(chain: Chain, number: str = MARIE) -> str:
    """The six digits the telephone shows last."""
    return str(re.findall(r"\b\d{6}\b", chain.received(number)[-1])[0])


def typed(chain: Chain, patient: Patient, code: str) -> str:
    with chain.database.transaction() as session:
        return verifying.confirm(session, session.get_one(Patient, patient.id), code, by=actor_of(chain.world.ines), now=chain.clock.now())


def as_now(chain: Chain, patient: Patient) -> Patient:
    with chain.read() as session:
        return session.get_one(Patient, patient.id)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def reasons(chain: Chain) -> list[str]:
    """Open tasks about numbers, by their reason."""
    with chain.read() as session:
        found = select(Task.detail).where(Task.kind == "number_unverified", Task.closed_at.is_(None)).order_by(Task.id)
        return [detail["why"] for detail in session.scalars(found)]
