"""Home again after a stay: questions begin at once, and somebody calls within 48 hours, once (ATO-2)."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.care import pausing
from app.care.contact_models import Contact
from app.care.models import CallState, PlannedCall
from app.checkins.rhythm import freezing, home_again, staying
from app.people import absences
from app.people.models import Patient, Service
from app.people.perimeter import actor_of, viewer_of
from tests.app.checkins.test_absences import paris, state, with_patient
from tests.app.web.care.conftest import followed
from tests.support.chain import Chain

MONDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 25)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    return chain.follow()


def admitted(chain: Chain) -> int:
    by, now = actor_of(chain.world.claire), chain.clock.now()
    stay = with_patient(chain, lambda s, p: freezing.record(s, p, absences.HOSPITAL, from_day=MONDAY, by=by, now=now))
    return int(stay.id)


def home(chain: Chain, stay: int) -> None:
    by, now = actor_of(chain.world.claire), chain.clock.now()
    with_patient(chain, lambda s, p: staying.end(s, p, stay, how="home", reason="sortie", said_by="sa soeur", by=by, now=now))


def calls(chain: Chain) -> list[Task]:
    with chain.read() as session:
        return list(session.scalars(select(Task).where(Task.kind == "home_again").order_by(Task.id)))


def test_whoever_is_home_again_is_called_on_the_next_staffed_day(chain: Chain, marie: Patient) -> None:
    """Marie is in no programme: the call is the team's. Her stay goes on after all, then ends: one task, to be done again."""
    stay = admitted(chain)
    chain.clock.at = paris(WEDNESDAY, 14)
    home(chain, stay)
    (task,) = calls(chain)
    assert (task.due_at, task.owner_id, task.closed_at) == (paris(date(2026, 11, 26), 18), None, None)
    by, now = actor_of(chain.world.claire), chain.clock.now()
    with_patient(chain, lambda s, p: staying.reopen(s, p, stay, reason="reste une nuit", by=by, now=now))
    assert calls(chain)[0].closing_note == "undone"
    chain.clock.at = paris(date(2026, 11, 26), 9)
    home(chain, stay)
    (task,) = calls(chain)
    assert (task.due_at, task.closed_at) == (paris(date(2026, 11, 27), 18), None)


def test_a_stay_that_ends_today_frees_at_once(chain: Chain, marie: Patient) -> None:
    """Today written as its last day: nobody stays frozen until midnight. A day to come is a day to come, and its end is seen by itself."""
    stay = admitted(chain)
    chain.clock.at = paris(WEDNESDAY, 9, 45)
    by, now = actor_of(chain.world.claire), chain.clock.now()
    with_patient(chain, lambda s, p: freezing.last_day(s, p, stay, until_day=date(2026, 11, 26), by=by, now=now))
    assert (state(chain)[0], calls(chain)) == ("frozen", [])
    with_patient(chain, lambda s, p: freezing.last_day(s, p, stay, until_day=WEDNESDAY, by=by, now=now))
    assert state(chain)[0] == "active"
    assert len(calls(chain)) == 1


def test_a_stay_that_is_over_by_itself_is_called_about_too(chain: Chain, marie: Patient) -> None:
    stay = admitted(chain)
    by, now = actor_of(chain.world.claire), chain.clock.now()
    with_patient(chain, lambda s, p: freezing.last_day(s, p, stay, until_day=WEDNESDAY, by=by, now=now))
    chain.until(paris(date(2026, 11, 26), 7))
    assert [task.due_at for task in calls(chain)] == [paris(date(2026, 11, 27), 18)]


def test_a_stay_written_by_mistake_asks_for_no_call(chain: Chain, marie: Patient) -> None:
    stay, by, now = admitted(chain), actor_of(chain.world.claire), chain.clock.now()
    with_patient(chain, lambda s, p: staying.end(s, p, stay, how="mistake", reason="autre patient", said_by="moi", by=by, now=now))
    assert calls(chain) == []


def test_a_call_that_is_planned_sooner_is_that_call(chain: Chain, marie: Patient) -> None:
    """COACH plans its call within 48 hours of leaving: nobody is asked for a second one. Without one, it is her nurse's to make."""
    enrolment = followed(chain, marie)
    stay = admitted(chain)
    with chain.database.transaction() as session:
        pausing.step(session, enrolment.id, chain.clock.now())
    chain.clock.at = paris(WEDNESDAY, 14)
    home(chain, stay)
    with chain.database.transaction() as session:
        planned = session.scalars(select(PlannedCall).order_by(PlannedCall.due_at)).all()
        soon = [one for one in planned if one.state == CallState.PLANNED and one.due_at <= paris(date(2026, 11, 27), 14)]
        assert (len(soon), calls(chain)) == (1, [])
        for one in planned:
            one.state = CallState.DONE
    admitted_again = admitted(chain)
    home(chain, admitted_again)
    assert [task.owner_id for task in calls(chain)] == [chain.world.claire.id]


def test_a_closed_call_that_reached_them_is_that_call(chain: Chain, marie: Patient) -> None:
    home(chain, admitted(chain))
    now, claire = chain.clock.now(), viewer_of(chain.world.claire)
    with chain.database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        in_vain, spoken = (_closed(patient, claire.actor.id, now, reached) for reached in (False, True))
        home_again.called(session, in_vain, by=claire.actor, now=now)
        assert calls(chain)[0].closed_at is None
        home_again.called(session, spoken, by=claire.actor, now=now)
    assert (calls(chain)[0].closed_at, calls(chain)[0].closed_by_id) == (now, claire.actor.id)


def _closed(patient: Patient, nurse_id: int, now: datetime, reached: bool) -> Contact:
    return Contact(
        id=7, service_id=patient.service_id, patient_id=patient.id, caller="patient", reached=reached, by_id=nurse_id, started_at=now
    )


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (paris(MONDAY, 14), paris(date(2026, 11, 24), 18)),  # Tuesday, the whole day
        (paris(date(2026, 11, 27), 14), paris(date(2026, 11, 27), 18)),  # Friday: 48 hours end on Sunday, so before the service closes
        (paris(date(2026, 11, 27), 17, 30), paris(date(2026, 11, 30), 10)),  # on the road until it closes: Monday, the first two hours
        (paris(date(2026, 11, 28), 10), paris(date(2026, 11, 30), 10)),  # Saturday: within 48 hours, on Monday morning
    ],
)
def test_the_hour_of_the_call(chain: Chain, left: datetime, due: datetime) -> None:
    with chain.read() as session:
        assert home_again.due_at(session.get_one(Service, chain.world.service.id), left, left) == due
