"""Whatever happens, every due check-in ends within 72 hours, or somebody owns the call (FR-04, HZ-05, HZ-25)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.models import Task
from app.checkins.models import CheckIn
from app.checkins.rhythm import endings, freezing
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.insight import watch
from app.people import pauses
from app.people.models import Patient, Service, Staff
from app.people.perimeter import actor_of, viewer_of
from notifications.messages import Failure, Reason, State
from notifications.transports.simulator import ends, refuses
from tests.factories import World
from tests.support.chain import MARIE, Chain

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OPEN = {str(day): [["08:00", "18:00"]] for day in range(5)}
LONG_WEEKEND = {"1": [["08:00", "18:00"]], "2": [["08:00", "18:00"]]}
LUCIE: dict[str, Any] = {"respondent_name": "Lucie", "respondent_relation": "fille", "respondent_phone": "+33639980002"}
NAMES = {endings.ANSWERED, endings.REACHED, endings.REASON, endings.OVERDUE}


def _with(chain: Chain, act: Callable[[Session, Patient], object]) -> None:
    with chain.database.transaction() as session:
        act(session, session.scalars(select(Patient).order_by(Patient.id)).first())  # type: ignore[arg-type]  # there is one


def _lost(chain: Chain) -> None:
    chain.phones.faults[MARIE] = ends(State.UNDELIVERED, "30003")


def _dead(chain: Chain) -> None:
    chain.phones.faults[MARIE] = refuses(Failure(Reason.NOT_MOBILE, "landline", permanent=True))


def _refused_by_carrier(chain: Chain) -> None:
    chain.phones.faults[MARIE] = refuses(Failure(Reason.OPTED_OUT, "opted out", permanent=True, code="21610"))


def _hospital(chain: Chain) -> None:
    def act(session: Session, patient: Patient) -> None:
        now = chain.clock.now()
        freezing.record(session, patient, "hospital_stay", from_day=now.date(), by=actor_of(chain.world.claire), now=now)

    _with(chain, act)


def _home(chain: Chain) -> None:
    def act(session: Session, patient: Patient) -> None:
        from app.people import absences

        for row in absences.standing(session, patient.id):
            freezing.undo(session, patient, row.id, by=actor_of(chain.world.claire), now=chain.clock.now(), reason="rentrée")

    _with(chain, act)


def _visit(chain: Chain) -> None:
    def act(session: Session, patient: Patient) -> None:
        day, now = chain.clock.now().date() + timedelta(days=1), chain.clock.now()
        freezing.record(session, patient, "visit", from_day=day, by=actor_of(chain.world.claire), now=now)

    _with(chain, act)


def _pause(chain: Chain) -> None:
    def act(session: Session, patient: Patient) -> None:
        until, now = chain.clock.now().date() + timedelta(days=3), chain.clock.now()
        pauses.pause(session, patient, until=until, reason="voyage", by=actor_of(chain.world.claire), now=now)

    _with(chain, act)


def _hours(hours: dict[str, list[list[str]]]) -> Callable[[Chain], None]:
    def act(chain: Chain) -> None:
        with chain.database.transaction() as session:
            session.get_one(Service, chain.world.service.id).hours = hours

    return act


def _stop_sending(on: bool) -> Callable[[Chain], None]:
    def act(chain: Chain) -> None:
        with chain.database.transaction() as session:
            session.get_one(Service, chain.world.service.id).sending_stopped = on

    return act


def _call(reached: bool) -> Callable[[Chain], None]:
    def act(chain: Chain) -> None:
        for alert in chain.alerts():
            with chain.database.transaction() as session:
                by, now = viewer_of(session.get_one(Staff, chain.world.claire.id)), chain.clock.now()
                if alert.owner_id is None:
                    handling.take(session, alert.id, by=by, now=now)
                    handling.call_logged(session, alert.id, by=by, now=now, reached=reached, whom="patient")

    return act


def _close(chain: Chain) -> None:
    """Whoever has the alerts closes them without a word about the silence, as a program may."""
    for alert in chain.alerts():
        with chain.database.transaction() as session:
            by, now = viewer_of(session.get_one(Staff, chain.world.claire.id)), chain.clock.now()
            if alert.owner_id is None:
                handling.take(session, alert.id, by=by, now=now)
                handling.close(session, alert.id, by=by, now=now, outcome="other", words="vu")


EVENTS: dict[str, Callable[[Chain], object]] = {
    "lost": _lost,
    "dead_number": _dead,
    "carrier_refuses": _refused_by_carrier,
    "delivered_again": lambda chain: chain.phones.faults.clear(),
    "answer": lambda chain: chain.says(MARIE, "0 0 0"),
    "gibberish": lambda chain: chain.says(MARIE, "azrtpq"),
    "stop": lambda chain: chain.says(MARIE, "STOP"),
    "start": lambda chain: chain.says(MARIE, "REPRENDRE"),
    "told_hospital": lambda chain: chain.says(MARIE, "je suis hospitalisée"),
    "hospital": _hospital,
    "home": _home,
    "visit": _visit,
    "pause": _pause,
    "long_weekend": _hours(LONG_WEEKEND),
    "open_again": _hours(OPEN),
    "sending_stopped": _stop_sending(True),
    "sending_again": _stop_sending(False),
    "called_in_vain": _call(False),
    "called_and_reached": _call(True),
    "closed_without_a_word": _close,
    "worker_down_for_a_day": lambda chain: chain.clock.forward(hours=24),
}


def course_of(seed: int) -> list[tuple[str, int]]:
    """What happens, and how many hours pass after it: the same for a seed, whatever the machine."""
    dice = random.Random(seed)
    return [(dice.choice(sorted(EVENTS)), dice.randint(2, 22)) for _ in range(dice.randint(4, 9))]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_nobody_is_dropped(database: Database, clock: HandClock, world: World, seed: int) -> None:
    """Twelve courses of events drawn at random: each step is followed by one round of the worker, the last by four days of them."""
    clock.at = MONDAY
    chain = Chain(database, clock, world)
    chain.follow(**(LUCIE if seed % 2 else {}))
    for name, hours in course_of(seed):
        EVENTS[name](chain)
        chain.wait(hours=hours)
        _nobody_is_dropped(chain)
    for _ in range(5):
        chain.wait(hours=20)
        _nobody_is_dropped(chain)


def test_the_courses_meet_every_event() -> None:
    assert {name for seed in range(12) for name, _ in course_of(seed)} == set(EVENTS)


def _nobody_is_dropped(chain: Chain) -> None:
    """After each round of the worker: what was due 72 hours ago has its end, and each overdue call its owner and its hour."""
    now = chain.clock.now()
    with chain.read() as session:
        for checkin, patient in session.execute(select(CheckIn, Patient).join(Patient, Patient.id == CheckIn.patient_id)):
            if checkin.kind != "unprompted" and endings.due_hour(checkin, patient) + endings.WITHIN <= now:
                assert checkin.ended_as in NAMES, (checkin.day, checkin.state, checkin.why)
                if checkin.ended_as == endings.REASON:
                    assert checkin.silence_reason, (checkin.day, checkin.state)
        calls = session.scalars(select(Task).where(Task.kind == "overdue_call")).all()
        assert all(task.owner_id is not None and task.due_at > task.created_at for task in calls)
        overdue = {f"overdue_call:{number}" for number in session.scalars(select(CheckIn.id).where(CheckIn.ended_as == endings.OVERDUE))}
        assert overdue <= {task.key for task in calls}
        assert not {"no_ending", "unowned_call", "no_end"} & {finding.kind for finding in watch.sweep(session, now)}


# --- FR-04: nothing switches the alert of a silence off -----------------------------------------------------------------------------

SWITCHES = ("silence", "silent", "missing", "mute", "alert", "alarm")
ALLOWED = {"silence_paused_until", "silence_pause_reason"}
"""The pause: a reason and a last day, which ``pauses.holds`` caps."""


def test_no_setting_and_no_column_is_a_switch() -> None:
    """FR-04: a search of the settings, of the service's and of the patient's columns."""
    names = {*Settings.model_fields, *Service.__table__.columns.keys(), *Patient.__table__.columns.keys()}
    assert {name for name in names if any(word in name for word in SWITCHES)} == ALLOWED


def _booleans() -> list[tuple[type[Service] | type[Patient], str]]:
    tables: tuple[type[Service] | type[Patient], ...] = (Service, Patient)
    return [(table, column.name) for table in tables for column in table.__table__.columns if column.type.python_type is bool]


@pytest.mark.parametrize(("table", "column"), _booleans(), ids=str)
def test_a_silence_rings_whatever_is_ticked(
    database: Database, clock: HandClock, world: World, table: type[Service] | type[Patient], column: str
) -> None:
    """Each yes-or-no of the service and of the patient, turned over once the question has left: the alert comes all the same."""
    clock.at = MONDAY
    chain = Chain(database, clock, world)
    marie = chain.follow()
    chain.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    with database.transaction() as session:
        row = session.scalars(select(table)).one()
        setattr(row, column, not getattr(row, column))
    chain.until(datetime(2026, 11, 26, 9, 0, tzinfo=UTC))
    assert chain.checkin(marie, date(2026, 11, 25)).state == "silent"
    assert [alert.kind for alert in chain.alerts()] == ["silence"]
