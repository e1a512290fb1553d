"""What leaves, when, and what does not: local hour, quiet hours, somebody to read, once (HZ-05, HZ-06, HZ-11, REL-04, REL-10)."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.checkins.models import CheckIn
from app.checkins.rhythm import agenda, opening
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.messaging.models import Message
from app.people import patients
from app.people.models import FollowUp, Patient, Service
from app.worker import Worker
from notifications.messages import Channel
from notifications.transports.simulator import Simulator
from tests.support.chain import MARIE, Chain

WEDNESDAY = date(2026, 11, 25)
FRIDAY = date(2026, 11, 27)


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def test_it_leaves_at_the_patients_hour_and_writes_its_next_steps(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 9, 59))
    assert chain.received() == []
    chain.wait(minutes=1)

    assert len(chain.received()) == 1
    checkin = chain.checkin(marie, WEDNESDAY)
    assert (checkin.state, checkin.opened_at) == ("open", paris(WEDNESDAY, 10))
    assert checkin.remind_at == paris(WEDNESDAY, 17)  # twelve hours later is 22:00, and 8:00 would leave two hours before the call list
    assert checkin.silent_at == paris(date(2026, 11, 26), 10)
    assert checkin.version_id is not None


def test_the_hour_is_that_of_saint_denis(chain: Chain) -> None:
    """HZ-11: the service is in Paris, Jean is on the island, three hours ahead."""
    chain.on_call(chain.world.claire)
    jean = chain.follow(family_name="Payet", given_names="Jean", timezone="Indian/Reunion")
    chain.until(datetime(2026, 11, 25, 6, 0, tzinfo=UTC))

    assert chain.checkin(jean, WEDNESDAY).opened_at == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)


def test_nothing_is_asked_that_nobody_reads(chain: Chain) -> None:
    """Three staffed hours are left at 15:00: it waits for the next morning."""
    marie = chain.follow(check_in_hour=15)
    chain.until(paris(WEDNESDAY, 19))
    assert chain.received() == []

    chain.until(paris(date(2026, 11, 26), 8))
    assert chain.checkin(marie, WEDNESDAY).opened_at == paris(date(2026, 11, 26), 8)
    assert len(chain.received()) == 1


def test_the_ladder_covers_the_gap(chain: Chain) -> None:
    """The same hour, with somebody on call: it leaves at once."""
    chain.on_call(chain.world.claire)
    marie = chain.follow(check_in_hour=15)
    chain.until(paris(WEDNESDAY, 15, 30))

    assert chain.checkin(marie, WEDNESDAY).state == "open"


def test_never_at_night_on_the_patients_wall(chain: Chain) -> None:
    """On call day and night, and Jean's 10:00 came while the worker was down: it waits for his own eight o'clock."""
    chain.on_call(chain.world.claire)
    jean = chain.follow(family_name="Payet", given_names="Jean", timezone="Indian/Reunion")
    chain.clock.at = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # 21:00 in Saint-Denis
    chain.worker.run_once()
    assert chain.received() == []

    chain.until(datetime(2026, 11, 26, 3, 59, tzinfo=UTC))
    assert chain.received() == []
    chain.wait(minutes=1)
    assert chain.checkin(jean, WEDNESDAY).opened_at == datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


def test_over_a_week_end_it_waits_for_monday_or_is_listed(chain: Chain, marie: Patient) -> None:
    """Day 7 falls on Sunday: asked on Monday at eight, while day 9 is only due on Tuesday."""
    chain.until(paris(date(2026, 11, 30), 8))

    assert chain.checkin(marie, date(2026, 11, 29)).opened_at == paris(date(2026, 11, 30), 8)
    assert "past_window" not in chain.tasks()


def test_a_stop_of_an_hour_then_everything_once(chain: Chain) -> None:
    """HZ-05, REL-10: the worker was down from nine to eleven; each due check-in leaves once after its start."""
    people = [chain.follow(family_name=f"Patient {n}", phone=f"+336399801{n:02d}") for n in range(12)]
    chain.until(paris(WEDNESDAY, 9))
    chain.clock.at = paris(WEDNESDAY, 11)

    for _ in range(3):
        chain.worker.run_once()

    assert [len(chain.received(person.phone)) for person in people] == [1] * 12
    assert {chain.checkin(person, WEDNESDAY).state for person in people} == {"open"}


def test_what_is_past_its_window_is_marked_and_listed_not_sent(chain: Chain, marie: Patient) -> None:
    """HZ-05: no worker until Saturday. Wednesday's and Friday's are for a person; Sunday's is asked on Monday, when somebody reads."""
    chain.clock.at = paris(date(2026, 11, 28), 12)
    chain.worker.run_once()
    chain.worker.run_once()

    late = chain.checkin(marie, WEDNESDAY)
    assert (late.state, late.why, late.opened_at) == ("expired", "past its window", None)
    assert chain.checkin(marie, FRIDAY).state == "expired"
    assert sorted(chain.tasks()) == ["overdue_call", "past_window", "past_window"]  # 72 h after Wednesday's hour somebody owns the call
    assert chain.received() == []

    chain.until(paris(date(2026, 11, 30), 9))
    assert sorted(chain.tasks()) == ["overdue_call", "past_window", "past_window"]
    assert len(chain.received()) == 1


@pytest.mark.parametrize("why", ["frozen", "ended", "opted out"])
def test_no_question_to_somebody_who_may_not_be_asked(chain: Chain, marie: Patient, why: str) -> None:
    """Even when nobody planned anew after the change: the row is cancelled at its hour, and says why."""
    with chain.database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        if why == "opted out":
            patients.opt_out(session, patient, by=SYSTEM, now=chain.clock.now(), reason="dit au téléphone")
        else:
            to = FollowUp.FROZEN if why == "frozen" else FollowUp.ENDED
            patients.change_follow_up(session, patient, to, by=SYSTEM, now=chain.clock.now(), reason="essai")
    chain.until(paris(WEDNESDAY, 11))

    assert chain.received() == []
    row = chain.checkin(marie, WEDNESDAY)
    assert row.state == "cancelled"
    assert row.why


def test_the_stop_switch_holds_questions_and_nothing_else(chain: Chain, marie: Patient) -> None:
    """REL-14: a freeze of the service's sending never freezes a safety text."""
    _switch(chain, stopped=True)
    chain.until(paris(WEDNESDAY, 11))
    assert chain.received() == []
    assert chain.says(MARIE, "je saigne beaucoup") != []

    _switch(chain, stopped=False)
    chain.wait(minutes=20)
    assert chain.checkin(marie, WEDNESDAY).state == "open"


def _switch(chain: Chain, *, stopped: bool) -> None:
    with chain.database.transaction() as session:
        session.scalars(select(Service)).one().sending_stopped = stopped


@pytest.mark.parametrize(("number", "why"), [("", "no_number"), ("+33199001234", "landline")])
def test_without_a_number_for_texts_a_nurse_asks_by_telephone(chain: Chain, number: str, why: str) -> None:
    marie = chain.follow()
    with chain.database.transaction() as session:
        session.get_one(Patient, marie.id).phone = number
    chain.until(paris(WEDNESDAY, 11))

    assert chain.received(number or MARIE) == []
    assert chain.checkin(marie, WEDNESDAY).state == "open"
    with chain.read() as session:
        (task,) = session.scalars(select(Task))
        assert (task.kind, task.detail["why"]) == ("call_back", why)


def test_no_protocol_in_force_alarms(chain: Chain, marie: Patient) -> None:
    """HZ-18: nobody knows what to ask; silence would hide it."""
    with chain.database.transaction() as session:
        from app.protocols.models import ProtocolVersion

        for row in session.scalars(select(ProtocolVersion).where(ProtocolVersion.slug == "capecitabine-14-7")):
            row.state = "retired"
    chain.until(paris(WEDNESDAY, 10))

    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("high", "unjudged")]
    assert chain.received() == []


def test_a_running_check_in_keeps_the_version_it_began_with(chain: Chain, marie: Patient) -> None:
    from app.people.perimeter import actor_of
    from app.protocols import shelf, versions

    chain.until(paris(WEDNESDAY, 10))
    begun_with = chain.checkin(marie, WEDNESDAY).version_id
    text = next(text for path, text in shelf.stock().documents.items() if "capecitabine" in str(path))
    with chain.database.transaction() as session:
        changed = text.replace("fever             = { at = 38.0", "fever             = { at = 37.5")
        versions.adopt(session, changed, service_id=chain.world.service.id, by=actor_of(chain.world.lebon), now=chain.clock.now())
    chain.says(MARIE, "0 0 0")
    chain.says(MARIE, "37,6")

    assert chain.checkin(marie, WEDNESDAY).version_id == begun_with
    assert chain.alerts() == []


def test_an_older_conversation_ends_when_a_new_one_begins(chain: Chain, marie: Patient) -> None:
    """A reply is read as an answer to the newest question, and the older silence is told at once."""
    with chain.database.transaction() as session:
        course = next(iter(session.scalars(select(CheckIn)))).course_id
        from app.treatment.models import Course

        agenda.first_now(session, session.get_one(Course, course), now=chain.clock.now(), check_in=True)
        session.scalars(select(CheckIn).where(CheckIn.state == "open")).one().silent_at = paris(FRIDAY, 18)
    chain.until(paris(WEDNESDAY, 10, 30))

    first = chain.checkin(marie, date(2026, 11, 23))
    assert (first.state, first.asking) == ("silent", [])
    chain.says(MARIE, "0 0 0")
    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {"diarrhea": "0", "mouth_sores": "0", "hand_foot": "0"}


def test_two_workers_never_ask_twice(database: Database, clock: HandClock, chain: Chain) -> None:
    """HZ-06: two workers tick at the same instant over forty due check-ins: forty texts."""
    people = [chain.follow(family_name=f"Patient {n}", phone=f"+336399802{n:02d}") for n in range(40)]
    clock.at = paris(WEDNESDAY, 10)
    phones = Simulator()
    workers = [Worker(Settings(environment="test"), database, clock, {Channel.SMS: phones}) for _ in range(2)]
    start = threading.Barrier(2)

    def tick(worker: Worker) -> None:
        start.wait()
        worker.run_once()

    threads = [threading.Thread(target=tick, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    workers[0].run_once()

    assert [len(phones.received(person.phone)) for person in people] == [1] * 40
    with chain.read() as session:
        asked = list(session.scalars(select(Message.dedup_key).where(Message.purpose == "question")))
    assert len(asked) == len(set(asked)) == 40


def test_a_window_is_counted_from_the_hour_first_planned(chain: Chain, marie: Patient) -> None:
    """Moving a row to a staffed hour does not give it more time."""
    with chain.database.transaction() as session:
        row = session.scalars(select(CheckIn).where(CheckIn.day == date(2026, 12, 10))).one()
        row.due_at = paris(date(2026, 12, 11), 15)
        patient = session.get_one(Patient, marie.id)

        assert opening.window_end(session, row, patient) == paris(date(2026, 12, 12), 10)
        assert opening.window_end(session, row, patient) - row.due_at < timedelta(hours=20)
