"""HZ-03, HZ-07, HZ-27, REL-03: an alert climbs until a person takes it, comes back when forgotten, and says who was not told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.alerts import escalation, handling
from app.alerts.models import Alert, AlertEvent, AlertState
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import care_team
from app.people.models import Patient, Staff
from app.people.perimeter import viewer_of
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]

LUC_AT_NIGHT, LEBON, INES = "+33639980101", "+33639980102", "+33639980103"


@pytest.fixture
def on_the_rota(database: Database, world: World, clock: HandClock) -> None:
    """Claire is on the ward without a telephone; Luc is on call; the doctor and the coordinator have theirs."""
    with database.transaction() as session:
        day = timedelta(days=30)
        for staff, phone in ((world.luc, LUC_AT_NIGHT), (world.lebon, LEBON), (world.ines, INES)):
            session.get_one(Staff, staff.id).phone = phone
        care_team.put_on_shift(session, world.claire, kind="ward", starts_at=clock.now() - day, ends_at=clock.now() + day)
        care_team.put_on_shift(session, world.luc, kind="on_call", starts_at=clock.now() - day, ends_at=clock.now() + day)


def _tick(database: Database, now: datetime) -> int:
    """What the metronome does: each due alert in its own transaction."""
    with database.transaction() as session:
        ids = escalation.due(session, now)
    for alert_id in ids:
        with database.transaction() as session:
            escalation.step(session, alert_id, now)
    return len(ids)


def _pinged(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Message.address).where(Message.key == "staff_alert").order_by(Message.id)))


def _again(database: Database, alert: Alert) -> Alert:
    with database.reading() as session:
        return session.get_one(Alert, alert.id)


@pytest.mark.usefixtures("on_the_rota")
def test_nobody_answers_and_every_rung_is_called_on_time_for_ever(database: Database, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.URGENT)
    seen: dict[int, list[str]] = {}
    for minute in range(31):
        before = len(_pinged(database))
        _tick(database, clock.now())
        if new := _pinged(database)[before:]:
            seen[minute] = new
        clock.forward(minutes=1)
    assert seen == {5: [LUC_AT_NIGHT], 10: [LEBON], 15: [INES], 20: [INES], 25: [INES], 30: [INES]}
    assert _again(database, alert).next_step_at is not None


@pytest.mark.usefixtures("on_the_rota")
def test_closed_by_mistake_and_opened_again_it_keeps_its_limit_and_its_ladder_goes_on(
    database: Database, world: World, raise_: Raise, clock: HandClock
) -> None:
    """HZ-03: the patient was told "within 30 minutes". Closed at 10:02 and opened again at 10:07, it is due at 10:30, and Luc is next."""
    alert = raise_(Level.URGENT)
    _tick(database, clock.now())
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.forward(minutes=2))
        handling.close(session, alert.id, by=viewer_of(world.claire), now=clock.now(), outcome="advice", spoke_to="patient")
    with database.transaction() as session:
        handling.reopen(session, alert.id, by=viewer_of(world.claire), now=clock.forward(minutes=5), reason="Mauvais dossier")
    again = _again(database, alert)
    assert (again.respond_by, again.raised_at, again.rung) == (alert.respond_by, alert.raised_at, 1)
    seen = {}
    for minute in range(7, 16):
        before = len(_pinged(database))
        _tick(database, clock.now())
        seen[minute] = _pinged(database)[before:]
        clock.forward(minutes=1)
    assert {minute: who for minute, who in seen.items() if who} == {7: [LUC_AT_NIGHT], 10: [LEBON], 15: [INES]}


@pytest.mark.usefixtures("on_the_rota")
def test_a_new_danger_on_an_alert_nobody_took_calls_everybody_again(database: Database, raise_: Raise, clock: HandClock) -> None:
    """HZ-03: fever on the third evening of an urgent alert that only rang at the coordinator's any more. The missed deadline stays."""
    alert = raise_(Level.URGENT, kind="danger", dangers=["bleeding"], message_id=1)
    for _ in range(6):
        _tick(database, clock.now())
        clock.forward(minutes=5)
    before = len(_pinged(database))
    raise_(Level.URGENT, kind="danger", dangers=["fever"], message_id=2)
    for _ in range(4):
        _tick(database, clock.now())
        clock.forward(minutes=5)
    assert _pinged(database)[before:] == [LUC_AT_NIGHT, LEBON, INES]
    assert _again(database, alert).respond_by == alert.respond_by


@pytest.mark.usefixtures("on_the_rota")
def test_whoever_writes_every_four_minutes_does_not_put_off_the_on_call(database: Database, raise_: Raise, clock: HandClock) -> None:
    for said in range(3):
        raise_(Level.URGENT, kind="danger", dangers=["chills"], message_id=said)
        for _ in range(4):
            _tick(database, clock.now())
            clock.forward(minutes=1)
    assert _pinged(database) == [LUC_AT_NIGHT, LEBON]


@pytest.mark.usefixtures("on_the_rota")
def test_staff_texts_name_neither_patient_nor_symptom(database: Database, raise_: Raise, clock: HandClock, marie: Patient) -> None:
    raise_(Level.URGENT, rules=["fever"])
    clock.forward(minutes=5)
    _tick(database, clock.now())
    _tick(database, clock.now())
    with database.reading() as session:
        [body] = session.scalars(select(Message.body).where(Message.key == "staff_alert"))
    assert "Hoarau" not in body and "Marie" not in body and "temp" not in body.lower()


@pytest.mark.usefixtures("on_the_rota")
def test_taken_it_stops_and_forgotten_it_comes_back(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    alert = raise_(Level.URGENT)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    clock.forward(minutes=29)
    assert _tick(database, clock.now()) == 0
    clock.forward(minutes=1)
    assert _tick(database, clock.now()) == 1
    back = _again(database, alert)
    assert (back.state, back.owner_id) == (AlertState.NEW, None)
    with database.reading() as session:
        last = session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id.desc())).first()
    assert last is not None
    assert (last.kind, last.detail["why"], last.detail["from"]) == ("returned", "no_outcome", world.claire.id)


def test_an_owner_whose_shift_ends_gives_it_back(database: Database, world: World, raise_: Raise, clock: HandClock) -> None:
    with database.transaction() as session:
        care_team.put_on_shift(
            session, world.claire, kind="ward", starts_at=clock.now() - timedelta(hours=2), ends_at=clock.now() + timedelta(hours=1)
        )
    alert = raise_(Level.MODERATE)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    clock.forward(hours=1)
    _tick(database, clock.now())
    assert _again(database, alert).state == AlertState.NEW


def test_a_moderate_alert_waits_for_service_hours(database: Database, raise_: Raise, clock: HandClock) -> None:
    clock.at = datetime.fromisoformat("2026-11-20T17:30:00+01:00")
    alert = raise_(Level.MODERATE)
    assert alert.respond_by == datetime.fromisoformat("2026-11-23T17:30:00+01:00"), "Friday 17:30 plus ten service hours is Monday 17:30"


@pytest.mark.parametrize(("fate", "told"), [("delivered", "delivered"), ("failed", "not_told"), ("undelivered", "not_told")])
def test_what_the_patient_was_told_follows_the_delivery(
    database: Database, world: World, raise_: Raise, clock: HandClock, marie: Patient, fate: str, told: str
) -> None:
    alert = raise_(Level.URGENT)
    with database.transaction() as session:
        text = outbox.queue(
            session, key="urgent_15", purpose=Purpose.SAFETY, dedup_key="x", patient=marie, service=world.service, now=clock.now()
        )
        handling.told(session, session.get_one(Alert, alert.id), message_id=text.id, now=clock.now())
    with database.transaction() as session:
        assert escalation.follow_deliveries(session, clock.now()) == 0
        session.get_one(Message, text.id).state = fate
    with database.transaction() as session:
        assert escalation.follow_deliveries(session, clock.now()) == 1
    assert _again(database, alert).told == told


def test_no_report_in_fifteen_minutes_counts_as_not_told(
    database: Database, world: World, raise_: Raise, clock: HandClock, marie: Patient
) -> None:
    alert = raise_(Level.URGENT)
    with database.transaction() as session:
        text = outbox.queue(
            session, key="urgent_15", purpose=Purpose.SAFETY, dedup_key="x", patient=marie, service=world.service, now=clock.now()
        )
        handling.told(session, session.get_one(Alert, alert.id), message_id=text.id, now=clock.now())
    with database.transaction() as session:
        session.get_one(Message, text.id).state = "sent"
        escalation.follow_deliveries(session, clock.forward(minutes=14))
    assert _again(database, alert).told == "sent"
    with database.transaction() as session:
        escalation.follow_deliveries(session, clock.forward(minutes=1))
    assert _again(database, alert).told == "not_told"
