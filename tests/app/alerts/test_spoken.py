"""An urgent alert closes once the patient, or somebody with them, was spoken to; what was sent is checked; the last closes are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.alerts import arrival, handling, lately, sending_help, tasks
from app.alerts.models import Alert, AlertState, Outcome, Task
from app.care.contact_models import Contact, ContactState, Direction
from app.checkins.rhythm import freezing
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.people.models import Patient
from app.people.perimeter import actor_of, viewer_of
from app.worker import TICKS
from tests.factories import World
from tests.support.speaking import spoken_to
from triage.terms import Level

Raise = Callable[..., Alert]


@pytest.fixture
def urgent(database: Database, world: World, raise_: Raise, clock: HandClock) -> Alert:
    """Claire has it; nobody has telephoned yet."""
    alert = raise_(Level.URGENT, rules=["fever"])
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    return alert


def close(
    database: Database, world: World, alert: Alert, clock: HandClock, outcome: str = "advice", words: str = "vu", spoke: str = ""
) -> Alert:
    with database.transaction() as session:
        by = viewer_of(world.claire)
        return handling.close(session, alert.id, by=by, now=clock.now(), outcome=outcome, words=words, spoke_to=spoke)


def to_do(database: Database) -> list[Task]:
    with database.reading() as session:
        return list(session.scalars(select(Task).where(Task.kind == arrival.KIND, Task.closed_at.is_(None))))


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.NOT_REACHED])
def test_without_a_word_with_anybody_no_outcome_closes_it(
    database: Database, world: World, urgent: Alert, clock: HandClock, outcome: Outcome
) -> None:
    with pytest.raises(Refusal, match="Say to whom you spoke") as refused:
        close(database, world, urgent, clock, outcome)
    assert refused.value.field == "spoke"
    with database.reading() as session:
        assert session.get_one(Alert, urgent.id).state == AlertState.TAKEN


@pytest.mark.parametrize(
    ("whom", "closes"), [("patient", True), ("relative", True), ("home_nurse", True), ("doctor", False), ("other", False)]
)
def test_the_patient_or_somebody_with_them_counts_a_doctor_does_not(
    database: Database, world: World, urgent: Alert, clock: HandClock, whom: str, closes: bool
) -> None:
    with database.transaction() as session:
        spoken_to(session, urgent.id, by=viewer_of(world.claire), now=clock.now(), whom=whom)
    if closes:
        assert close(database, world, urgent, clock).state == AlertState.CLOSED
        return
    with pytest.raises(Refusal, match="Say to whom you spoke"):
        close(database, world, urgent, clock)


def test_who_was_reached_is_told_in_the_same_act_and_stands_in_the_story(
    database: Database, world: World, urgent: Alert, clock: HandClock
) -> None:
    with pytest.raises(Refusal, match="Choose to whom"):
        close(database, world, urgent, clock, spoke="the dog")
    with pytest.raises(Refusal, match="Write why nothing was done"):
        close(database, world, urgent, clock, "no_action", words=" ", spoke="patient")
    close(database, world, urgent, clock, "no_action", words="dort, sa fille est là", spoke="relative")
    with database.reading() as session:
        story = [(event.kind, event.detail.get("whom")) for event in session.get_one(Alert, urgent.id).events]
    assert story == [("raised", None), ("taken", None), ("called", "relative"), ("closed", None)], "what was refused left no call"


@pytest.mark.parametrize(
    ("caller", "reached", "minutes", "closes"),
    [("patient", True, 5, True), ("patient", False, 5, False), ("pharmacist", True, 5, False), ("patient", True, -5, False)],
)
def test_a_call_sheet_closed_since_it_was_opened_counts(
    database: Database,
    world: World,
    marie: Patient,
    urgent: Alert,
    clock: HandClock,
    caller: str,
    reached: bool,
    minutes: int,
    closes: bool,
) -> None:
    """A patient who telephoned, too. One of before the alert says nothing of it."""
    ended = clock.now() + timedelta(minutes=minutes)
    with database.transaction() as session:
        session.add(
            Contact(
                service_id=world.service.id,
                patient_id=marie.id,
                direction=Direction.INCOMING,
                state=ContactState.CLOSED,
                caller=caller,
                reached=reached,
                started_at=ended - timedelta(minutes=2),
                ended_at=ended,
                saved_at=ended,
                by_id=world.claire.id,
            )
        )
    clock.forward(minutes=10)
    with database.reading() as session:
        assert sending_help.must_speak(session, session.get_one(Alert, urgent.id)) is not closes


def test_a_word_of_before_it_rose_says_nothing_of_the_danger(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    alert, claire = raise_(Level.HIGH), viewer_of(world.claire)
    with database.transaction() as session:
        handling.take(session, alert.id, by=claire, now=clock.now())
        spoken_to(session, alert.id, by=claire, now=clock.now())
    clock.forward(minutes=40)
    raise_(Level.URGENT, rules=["fever"])
    with database.transaction() as session:
        handling.take(session, alert.id, by=claire, now=clock.now())
    with pytest.raises(Refusal, match="Say to whom you spoke"):
        close(database, world, alert, clock)


@pytest.mark.parametrize(("kind", "closes"), [("hospital_stay", True), ("death", True), ("home_hospital", False), ("visit", False)])
def test_of_somebody_in_hospital_or_dead_nobody_is_telephoned(
    database: Database, world: World, marie: Patient, urgent: Alert, clock: HandClock, kind: str, closes: bool
) -> None:
    """Noted by a person; what a text tells does not count, and at home in hospital somebody is still to be called."""
    with database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        freezing.record(session, patient, kind, from_day=date(2026, 11, 18), by=actor_of(world.claire), now=clock.now())
    if closes:
        assert close(database, world, urgent, clock, "already_managed").state == AlertState.CLOSED
        return
    with pytest.raises(Refusal, match="Say to whom you spoke"):
        close(database, world, urgent, clock, "already_managed")


def test_help_is_sent_at_once_and_its_arrival_is_to_be_checked_in_thirty_minutes(
    database: Database, world: World, marie: Patient, urgent: Alert, clock: HandClock
) -> None:
    """High on the list; said again at the close, it is the same task; a stay in hospital that is noted answers it."""
    with database.transaction() as session:
        sent = {"what": "help_sent", "decided_by": "Claire Payet", "why": "ne respire plus"}
        handling.decide(session, urgent.id, by=viewer_of(world.claire), now=clock.now(), **sent)
    (task,) = to_do(database)
    assert (task.patient_id, task.due_at, tasks.LEVELS[task.kind]) == (marie.id, clock.now() + timedelta(minutes=30), Level.HIGH)
    clock.forward(minutes=5)
    close(database, world, urgent, clock, "sent_to_emergency")
    assert [one.id for one in to_do(database)] == [task.id]
    with database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        freezing.record(session, patient, "hospital_stay", from_day=date(2026, 11, 18), by=actor_of(world.claire), now=clock.now())
    assert to_do(database) == []


def test_help_that_nobody_checked_rings_once_and_climbs_until_somebody_takes_it(
    database: Database, world: World, marie: Patient, urgent: Alert, clock: HandClock
) -> None:
    """HZ-03: the ambulance of 10:00 that found nobody is known at 10:30, whoever went home."""
    close(database, world, urgent, clock, "sent_to_emergency", spoke="patient")
    (task,) = to_do(database)
    with database.transaction() as session:
        assert arrival.unchecked_due(session, clock.forward(minutes=29)) == []
        assert arrival.unchecked_due(session, clock.forward(minutes=1)) == [task.id]
        arrival.ring(session, task.id, clock.now())
        arrival.ring(session, task.id, clock.now())
        assert arrival.unchecked_due(session, clock.forward(minutes=5)) == []
    with database.reading() as session:
        found = session.scalars(select(Alert).where(Alert.patient_id == marie.id, Alert.state == AlertState.NEW)).all()
        assert [(one.kind, one.level, one.next_step_at is not None) for one in found] == [("help_unchecked", "urgent", True)]
    assert [one.id for one in to_do(database)] == [task.id]
    assert "help_unchecked" in {tick.name for tick in TICKS}


def test_help_that_is_not_there_rings_at_once_and_is_checked_again(
    database: Database, world: World, marie: Patient, urgent: Alert, clock: HandClock
) -> None:
    """HZ-03: "not reached" ends no check; the words stand in the alert, and the half hour begins again."""
    close(database, world, urgent, clock, "sent_to_emergency", spoke="patient")
    (task,) = to_do(database)
    claire = viewer_of(world.claire)
    with database.transaction() as session:
        with pytest.raises(Refusal, match="whether help is there"):
            arrival.answer(session, task.id, seen="", words="pas joint", by=claire, now=clock.now())
        with pytest.raises(Refusal, match="what was done"):
            arrival.answer(session, task.id, seen="no", words=" ", by=claire, now=clock.now())
        arrival.answer(session, task.id, seen="no", words="Le SAMU n'a trouvé personne", by=claire, now=clock.forward(minutes=10))
    (again,) = to_do(database)
    assert (again.id, again.due_at) == (task.id, clock.now() + timedelta(minutes=30))
    with database.transaction() as session:
        (rung,) = session.scalars(select(Alert).where(Alert.patient_id == marie.id, Alert.state == AlertState.NEW))
        assert (rung.kind, rung.level, rung.events[0].detail["said"]) == ("help_unchecked", "urgent", "Le SAMU n'a trouvé personne")
        arrival.answer(session, task.id, seen="yes", words="", by=claire, now=clock.now())
    assert to_do(database) == []


def test_a_close_that_was_a_slip_takes_its_check_back_and_a_check_that_was_made_stays_made(
    database: Database, world: World, urgent: Alert, clock: HandClock
) -> None:
    claire = viewer_of(world.claire)
    close(database, world, urgent, clock, "sent_to_emergency", spoke="patient")
    assert len(to_do(database)) == 1
    with database.transaction() as session:
        handling.undo(session, urgent.id, by=claire, now=clock.forward(seconds=4))
    assert to_do(database) == []
    close(database, world, urgent, clock, "sent_to_emergency")
    (task,) = to_do(database)
    assert task.due_at == clock.now() + timedelta(minutes=30)
    with database.transaction() as session:
        tasks.close(session, task.id, by=claire, now=clock.now(), words="Le SAMU est là")
        arrival.ask(session, session.get_one(Alert, urgent.id), by=claire.actor, now=clock.now())
    assert to_do(database) == []


def test_a_new_alert_tells_what_was_closed_in_the_last_day_and_by_whom(
    database: Database, world: World, urgent: Alert, raise_: Raise, clock: HandClock
) -> None:
    closed_at = clock.now()
    close(database, world, urgent, clock, "sent_to_emergency", words="SAMU parti", spoke="patient")
    clock.forward(hours=2)
    again = raise_(Level.URGENT, rules=["fever"])

    def told(now: datetime, besides: int) -> list[lately.Close]:
        with database.reading() as session:
            found = lately.closes(session, service_id=world.service.id, subject=again.subject, now=now, besides=besides)
            return list(found)

    assert again.id != urgent.id
    said = lately.Close(urgent.id, closed_at, "Claire Payet", "urgent", "sent_to_emergency", "SAMU parti", reached_at=closed_at)
    assert told(clock.now(), again.id) == [said]
    assert told(clock.now(), urgent.id) == [], "an alert does not tell of itself"
    assert told(closed_at + timedelta(hours=24), again.id) == [], "a day later it is history"
