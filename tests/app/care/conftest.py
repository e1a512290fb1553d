"""Following somebody in a programme, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import calls, endings, enrolments, pausing, planning, programmes
from app.care.models import CallState, Enrolment, PlannedCall
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.factories import World

STEPS = (
    (planning.to_plan, planning.plan_one),
    (pausing.due, pausing.step),
    (calls.missed_due, calls.mark_missed),
    (calls.late_due, calls.mark_late),
    (endings.due, endings.step),
)


class Follow(Protocol):
    def __call__(self, patient: Patient, slug: str, now: datetime, **more: object) -> Enrolment: ...


@pytest.fixture
def follow(session: Session, world: World) -> Iterator[Follow]:
    """Proposed by Claire, who is named with Luc beside her; validated by Dr Lebon where the programme asks for it."""

    def following(patient: Patient, slug: str, now: datetime, **more: object) -> Enrolment:
        claire = viewer_of(world.claire)
        row = enrolments.propose(session, patient, slug, by=claire, now=now, **more)  # type: ignore[arg-type]  # by name
        enrolments.adhesion(session, row.id, nurse_id=world.claire.id, stand_in_id=world.luc.id, met_at=now, by=claire, now=now)
        if programmes.of(row).opening.doctor_validates:
            enrolments.validate(session, row.id, by=viewer_of(world.lebon), now=now)
        return row

    yield following


def tick(session: Session, now: datetime) -> None:
    """The worker's steps of this room, once."""
    for due, step in STEPS:
        for number in due(session, now):
            step(session, number, now)
    session.flush()


def live(session: Session, start: datetime, until: datetime, hours: float = 12) -> None:
    """The worker's steps, every so many hours."""
    now = start
    while now <= until:
        tick(session, now)
        now += timedelta(hours=hours)


def planned(session: Session, enrolment: Enrolment, *states: CallState) -> list[PlannedCall]:
    """Its calls in these states (all but the cancelled by default), by hour."""
    rows = session.scalars(select(PlannedCall).where(PlannedCall.enrolment_id == enrolment.id).order_by(PlannedCall.due_at)).all()
    wanted = states or tuple(state for state in CallState if state is not CallState.CANCELLED)
    return [row for row in rows if row.state in wanted]
