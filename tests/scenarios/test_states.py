"""One table: every state of a sender, every kind of text (house, section 7; SEC-17, HZ-21, HZ-24, HZ-26, HZ-35).

states.csv was written by hand before the code was asked; where the code was right against it (STOP is obeyed from everybody, a shared
telephone gets one link per person, the first rung is the protocol's), the row was changed after thought. level: of the alert this text
raises, "" for none; goes_to: whom its ladder tells first; attached: is it the patient's, or the number's? leaves: the text that left for
the telephone that wrote; task: what was made for a person; when_lost: what the alert says when its safety text does not arrive.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.checkins.rhythm import freezing
from app.core.audit import SYSTEM, Actor
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message
from app.people import patients, services
from app.people.models import Patient, Service
from app.people.perimeter import actor_of
from app.web import words
from notifications.messages import State
from notifications.transports.simulator import ends
from tests.factories import World
from tests.support.abroad import example
from tests.support.chain import Chain

TABLE = list(csv.DictReader((Path(__file__).parent / "states.csv").read_text(encoding="utf-8").splitlines()))
WEDNESDAY = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
"""Wednesday 25 November 2026, 10:00 in Paris: the check-in of those who are asked is open."""


@dataclass(frozen=True)
class Person:
    """Somebody who writes: the number, the one it may be attached to, and what their telephone does with texts."""

    number: str
    patient: Patient | None


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


# --- The states ---------------------------------------------------------------------------------------------------------------------


def plain(chain: Chain, n: int) -> Person:
    one = chain.follow(family_name=f"Hoarau {n}", phone=f"+336399810{n:02d}")
    return Person(one.phone, one)


def absent(kind: str, *, told: bool = False) -> Callable[[Chain, int], Person]:
    def make(chain: Chain, n: int) -> Person:
        one = plain(chain, n)
        with chain.database.transaction() as session:
            assert one.patient is not None
            patient = session.get_one(Patient, one.patient.id)
            if told:
                freezing.told(session, patient, kind, by=patients_own(patient), now=chain.clock.now())
            else:
                by = actor_of(chain.world.claire)
                freezing.record(session, patient, kind, from_day=date(2026, 11, 23), reason="essai", by=by, now=chain.clock.now())
        return one

    return make


def patients_own(patient: Patient) -> Actor:
    return Actor("patient", patient.id, patient.full_name)


def opted_out(chain: Chain, n: int) -> Person:
    one = plain(chain, n)
    with chain.database.transaction() as session:
        assert one.patient is not None
        patient = session.get_one(Patient, one.patient.id)
        patients.opt_out(session, patient, by=SYSTEM, now=chain.clock.now(), reason="STOP")
    return one


def shared_number(chain: Chain, n: int) -> Person:
    one = plain(chain, n)
    chain.follow(family_name=f"Payet {n}", given_names="Jean", phone=one.number, shared_phone=True)
    return Person(one.number, None)


def declared_relative(chain: Chain, n: int) -> Person:
    phone = f"+336399820{n:02d}"
    one = chain.follow(
        family_name=f"Hoarau {n}", phone=f"+336399810{n:02d}", respondent_name="Lucie", respondent_relation="fille", respondent_phone=phone
    )
    return Person(phone, one)


def relative_of_two(chain: Chain, n: int) -> Person:
    one = declared_relative(chain, n)
    with_her: dict[str, Any] = {"respondent_name": "Lucie", "respondent_relation": "fille", "respondent_phone": one.number}
    chain.follow(family_name=f"Payet {n}", given_names="Jean", phone=f"+336399830{n:02d}", **with_her)
    return Person(one.number, None)


def unknown_number(chain: Chain, n: int) -> Person:
    return Person(f"+336399840{n:02d}", None)


def refused_country(chain: Chain, n: int) -> Person:
    """The number of a country no text leaves for, written behind the screens' back: they refuse it."""
    one = plain(chain, n)
    assert one.patient is not None
    with chain.database.transaction() as session:
        number = f"{example('CA')[:-2]}{n:02d}"
        session.get_one(Patient, one.patient.id).phone = number
    return Person(number, one.patient)


STATES: Mapping[str, Callable[[Chain, int], Person]] = {
    "active": plain,
    "frozen_hospital": absent("hospital_stay"),
    "frozen_home_hospital": absent("home_hospital"),
    "frozen_wrong_number": absent("wrong_number"),
    "frozen_death_told": absent("death", told=True),
    "opted_out": opted_out,
    "ended": absent("end"),
    "death": absent("death"),
    "shared_number": shared_number,
    "declared_relative": declared_relative,
    "relative_of_two": relative_of_two,
    "unknown_number": unknown_number,
    "refused_country": refused_country,
    "service_closed": plain,
    "sending_stopped": plain,
}


def test_the_table_is_whole() -> None:
    """Every state with every text, and each row once."""
    texts = {row["text"] for row in TABLE}
    assert sorted((row["state"], row["text"]) for row in TABLE) == sorted((state, text) for state in STATES for text in texts)
    assert len(texts) == 10


@pytest.mark.parametrize("state", STATES)
def test_every_text_of_a_sender_in_this_state(state: str, database: Database, clock: HandClock, world: World) -> None:
    chain = Chain(database, clock, world)
    rows = [row for row in TABLE if row["state"] == state]
    numbers = count()
    people = [STATES[state](chain, next(numbers)) for _ in rows]
    chain.until(WEDNESDAY)
    if state == "service_closed":
        chain.clock.at = WEDNESDAY + timedelta(hours=11)
    if state == "sending_stopped":
        with chain.database.transaction() as session:
            service = session.get_one(Service, world.service.id)
            services.stop_sending(session, service, reason="essai", by=SYSTEM, now=chain.clock.now())

    found = [_written(chain, row, person) for row, person in zip(rows, people, strict=True)]

    wrong = {
        row["text"]: {name: (value, "expected", row[name]) for name, value in one.items() if value != row[name]}
        for row, one in zip(rows, found, strict=True)
    }
    assert {text: columns for text, columns in wrong.items() if columns} == {}


@pytest.mark.parametrize("state", STATES)
def test_a_safety_text_that_does_not_arrive_is_said_on_the_alert(state: str, database: Database, clock: HandClock, world: World) -> None:
    """In every state: the alert says that the patient was NOT told, in capitals on the screen, and is the team's at once (HZ-07)."""
    chain = Chain(database, clock, world)
    rows = [row for row in TABLE if row["state"] == state and row["when_lost"]]
    numbers = count()
    people = [STATES[state](chain, next(numbers)) for _ in rows]
    chain.until(WEDNESDAY)
    for row, person in zip(rows, people, strict=True):
        chain.phones.faults[person.number] = ends(State.UNDELIVERED, "30003")
        chain.says(person.number, row["words"])
    chain.wait(seconds=20)

    told = [(alert.told, alert.state, alert.owner_id) for alert in _alerts(chain) if alert.level == "urgent"]
    assert told == [("not_told", "new", None)] * len(rows)
    assert words.say("en", "alert.told.not_told") == "PATIENT NOT TOLD. TELEPHONE NOW."


def _written(chain: Chain, row: dict[str, str], person: Person) -> dict[str, str]:
    """What came of one text, as the table says it."""
    with chain.read() as session:
        events = session.scalars(select(AlertEvent.id).order_by(AlertEvent.id.desc())).first() or 0
        tasks = session.scalars(select(Task.id).order_by(Task.id.desc())).first() or 0
    before = len(chain.texts_to(person.number))
    chain.says(person.number, row["words"], media=1 if row["text"] == "picture" else 0)
    with chain.read() as session:
        heard = session.scalars(select(Message).where(Message.direction == "in").order_by(Message.id.desc())).first()
        assert heard is not None
        subject = f"patient:{person.patient.id}" if person.patient else f"number:{person.number}"
        raised = select(Alert).join(AlertEvent, AlertEvent.alert_id == Alert.id)
        raised = raised.where(AlertEvent.id > events, AlertEvent.kind.in_(("raised", "risen", "merged")), Alert.subject == subject)
        alert = session.scalars(raised.order_by(AlertEvent.id.desc())).first()
        made = session.scalars(select(Task.kind).where(Task.id > tasks).order_by(Task.id)).all()
        left = [text.key for text in chain.texts_to(person.number)][before:]
        if alert is not None:
            assert (alert.service_id, alert.state) == (chain.world.service.id, AlertState.NEW)
            assert alert.next_step_at is not None
        return {
            "level": alert.level if alert else "",
            "goes_to": str(alert.ladder[0]["notify"]) if alert else "",
            "attached": ("yes" if alert.patient_id else "no") if alert else "",
            "leaves": " ".join(left),
            "task": " ".join(made),
        }


def _alerts(chain: Chain) -> Iterable[Alert]:
    with chain.read() as session:
        return list(session.scalars(select(Alert).where(Alert.state != AlertState.CLOSED).order_by(Alert.id)))
