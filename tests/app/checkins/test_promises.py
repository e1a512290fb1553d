"""A promised call carries the deadline the rota gives, which is the alert's own; when the service is closed none is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.models import AlertEvent, Task
from app.checkins.models import CheckIn
from app.checkins.pages import call_requests
from app.checkins.texts import conversation
from app.core.audit import Actor
from app.people import care_team
from app.people.models import Patient, Service
from app.people.perimeter import viewer_of
from tests.support.chain import MARIE, Chain

PARIS = ZoneInfo("Europe/Paris")
WEEK = {str(day): [["08:00", "18:00"]] for day in range(5)}
WITH_LUNCH = {str(day): [["08:00", "12:00"], ["14:00", "18:00"]] for day in range(5)}

SITUATIONS = [
    # name, hours of the service, instant in Paris; hour of a call asked for (2 service hours), of a moderate alert (8): "" for none
    ("in the morning", WEEK, "2026-11-25 10:30", "12 h 30", "demain avant 8 h 30"),
    ("at opening", WEEK, "2026-11-25 08:00", "10 h", "16 h"),
    ("ten minutes before closing", WEEK, "2026-11-25 17:50", "demain avant 9 h 50", "demain avant 15 h 50"),
    ("at closing", WEEK, "2026-11-25 18:00", "", ""),
    ("in the evening", WEEK, "2026-11-25 22:15", "", ""),
    ("before opening", WEEK, "2026-11-26 07:59", "", ""),
    ("on Friday before closing", WEEK, "2026-11-27 17:30", "lundi avant 9 h 30", "lundi avant 15 h 30"),
    ("on Saturday", WEEK, "2026-11-28 11:00", "", ""),
    ("on Sunday night", WEEK, "2026-11-29 23:30", "", ""),
    ("at lunch", WITH_LUNCH, "2026-11-25 13:00", "", ""),
    ("before lunch", WITH_LUNCH, "2026-11-25 11:30", "15 h 30", "demain avant 11 h 30"),
    ("the eve of Christmas", WEEK, "2026-12-24 17:30", "lundi avant 9 h 30", "lundi avant 15 h 30"),
    ("Christmas", WEEK, "2026-12-25 10:00", "", ""),
    ("never open", {}, "2026-11-25 10:30", "", ""),
]


def at(chain: Chain, hours: dict[str, list[list[str]]], moment: str) -> None:
    """The service keeps these hours; it is that instant."""
    with chain.database.transaction() as session:
        session.get_one(Service, chain.world.service.id).hours = dict(hours)
    chain.clock.at = datetime.fromisoformat(moment).replace(tzinfo=PARIS).astimezone(UTC)


def hour_said(text: str) -> str:
    """The hour of "vous appelle avant 12 h 30", as said; "" when no call is promised."""
    _, found, rest = text.partition("vous appelle ")
    before = rest.split(".")[0].split(",")[0]
    return before.removeprefix("avant ") if found and "avant " in before else ""


@pytest.mark.parametrize(("hours", "moment", "asked"), [row[1:4] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS])
def test_a_call_that_was_asked_for(chain: Chain, marie: Patient, hours: dict[str, list[list[str]]], moment: str, asked: str) -> None:
    """APPEL: its task is due at the very hour the text says; closed, the text says when somebody reads, and 15."""
    at(chain, hours, moment)
    [text] = chain.says(MARIE, "APPEL")
    assert hour_said(text) == asked
    assert "15" in text
    with chain.read() as session:
        due = session.scalars(select(Task).where(Task.kind == "call_back")).one().due_at
        is_open = care_team.is_open(session.get_one(Service, chain.world.service.id), chain.clock.now())
    assert is_open is bool(asked)
    if asked:
        local = due.astimezone(PARIS)
        assert asked.endswith(f"{local.hour} h {local.minute:02d}" if local.minute else f"{local.hour} h")
    else:
        assert "ouvre" in text


@pytest.fixture
def answering(chain: Chain, marie: Patient) -> Patient:
    """One question is left: nausea, vomiting, tiredness. The temperature is unknown, which a nurse must settle: moderate."""
    chain.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    for words in ("0 0 0", "NON", "2", "2"):
        chain.says(MARIE, words)
    return marie


@pytest.mark.parametrize(
    ("hours", "moment", "echoed"), [(row[1], row[2], row[4]) for row in SITUATIONS], ids=[row[0] for row in SITUATIONS]
)
def test_the_call_of_an_alert(chain: Chain, answering: Patient, hours: dict[str, list[list[str]]], moment: str, echoed: str) -> None:
    """The echo's hour is the alert's own: the protocol's eight service hours. Closed, no call is promised."""
    at(chain, hours, moment)
    with chain.database.transaction() as session:
        closing_later(session, chain)
    [text] = chain.says(MARIE, "0 0 0")
    [alert] = chain.alerts()
    assert alert.level == "moderate"
    assert hour_said(text) == echoed
    if echoed:
        local = alert.respond_by.astimezone(PARIS)
        assert echoed.endswith(f"{local.hour} h {local.minute:02d}" if local.minute else f"{local.hour} h")
    else:
        assert "Le service est fermé" in text


def test_a_two_told_on_a_closed_saturday_is_promised_its_hour_even_when_the_rest_is_left(chain: Chain, marie: Patient) -> None:
    """FR-12, HZ-12: who stops after the first answers knows when they are read, and whom to call; who goes on gets one echo at the end."""
    promised = "Le service est fermé, une infirmière lira vos réponses lundi 8 h. Si cela augmente avant : 15."
    chain.until(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
    chain.clock.at = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
    chain.says(MARIE, "0 2 0")
    chain.wait(minutes=14)
    assert promised not in chain.received()[-1]
    chain.wait(minutes=1)
    assert chain.received()[-1] == f"Noté : diarrhée 0, bouche douloureuse 2, mains et pieds 0. {promised}"

    [temperature] = chain.says(MARIE, "NON")
    assert "appelez aussi le 15" in temperature
    chain.says(MARIE, "2")
    chain.says(MARIE, "2")
    chain.wait(minutes=20)
    assert sum(promised in text for text in chain.received()) == 1  # once a check-in
    [echoed] = chain.says(MARIE, "0 0 0")
    assert promised in echoed
    chain.wait(minutes=20)
    assert sum(promised in text for text in chain.received()) == 2


def test_nothing_is_promised_later_to_somebody_who_was_sent_to_the_emergency_number(chain: Chain, marie: Patient) -> None:
    """HZ-12: "read on Monday" after "call 15 now" would contradict it."""
    chain.until(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
    chain.clock.at = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
    chain.says(MARIE, "0 2 0")
    chain.says(MARIE, "je n'arrive plus à respirer")
    chain.wait(minutes=20)
    assert chain.received()[-1].startswith("Appelez le 15")


LATE = "Suivi Baie : notre appel a du retard, pardon. Une infirmière vous appelle dès que possible. Si cela s'aggrave : 15."


def test_a_promised_call_that_did_not_come_is_told_once(chain: Chain, answering: Patient) -> None:
    """FR-25, HZ-12: Friday 16:30, the call is promised for Monday before 14:30; nobody called, and somebody waits beside the telephone."""
    at(chain, WEEK, "2026-11-27 16:30")
    with chain.database.transaction() as session:
        closing_later(session, chain)
    [text] = chain.says(MARIE, "0 0 0")
    assert hour_said(text) == "lundi avant 14 h 30"
    at(chain, WEEK, "2026-11-30 14:29")
    chain.worker.run_once()
    assert LATE not in chain.received()
    chain.wait(minutes=1)
    chain.wait(minutes=10)
    assert chain.received().count(LATE) == 1
    with chain.read() as session:
        assert session.scalars(select(AlertEvent.kind).where(AlertEvent.kind == "call_late")).all() == ["call_late"]
    chain.wait(hours=24)
    assert chain.received().count(LATE) == 1


@pytest.mark.parametrize(("asked", "owed"), [("on the form", timedelta(hours=2)), ("by a danger", timedelta(minutes=30))])
def test_every_promise_of_a_call_that_is_broken_is_told(chain: Chain, marie: Patient, asked: str, owed: timedelta) -> None:
    """FR-25, HZ-12: a button of the form promises two service hours, the text of a danger half an hour. Nobody called: it is told."""
    if asked == "on the form":
        with chain.database.transaction() as session:
            one = session.get_one(Patient, marie.id)
            call_requests.ask(session, one, by=Actor("patient", one.id, one.full_name), key="visit:1", now=chain.clock.now())
    else:
        [text] = chain.says(MARIE, "je n'ai pas uriné depuis hier matin")
        assert "sans appel dans 30 min" in text
    chain.until(chain.clock.now() + owed - timedelta(minutes=1))
    assert LATE not in chain.received()
    chain.wait(minutes=1)
    assert chain.received().count(LATE) == 1
    chain.wait(hours=4)
    assert chain.received().count(LATE) == 1


@pytest.mark.parametrize("kept", ["called", "closed", "opted out"])
def test_a_call_that_came_or_is_no_longer_owed_is_not_told_late(chain: Chain, marie: Patient, kept: str) -> None:
    """HZ-12: asked for at 10:00, promised before noon. A call in vain is a call; who wants no texts gets none."""
    chain.says(MARIE, "diarrhee 6 fois, appelez moi")
    [alert] = chain.alerts()
    with chain.database.transaction() as session:
        claire, now = viewer_of(chain.world.claire), chain.clock.now()
        handling.take(session, alert.id, by=claire, now=now)
        if kept == "closed":
            handling.close(session, alert.id, by=claire, now=now, outcome="advice")
            session.scalars(select(Task)).one().closed_at = now
        elif kept == "called":
            handling.call_logged(session, alert.id, by=claire, now=now, whom="patient", reached=False)
    if kept == "opted out":
        chain.says(MARIE, "STOP")
    chain.wait(hours=6)
    assert LATE not in chain.received()


def test_the_evening_is_no_hour_to_say_that_a_call_is_late(chain: Chain, marie: Patient) -> None:
    """House rule: said while the service is open, when a nurse can call; a call asked for by APPEL is owed too."""
    at(chain, WEEK, "2026-11-27 16:30")
    chain.says(MARIE, "APPEL")
    at(chain, WEEK, "2026-11-27 18:31")
    chain.worker.run_once()
    assert LATE not in chain.received()
    at(chain, WEEK, "2026-11-30 08:01")
    chain.worker.run_once()
    assert LATE not in chain.received()
    at(chain, WEEK, "2026-11-30 08:31")
    chain.worker.run_once()
    assert chain.received().count(LATE) == 1


def closing_later(session: Session, chain: Chain) -> None:
    """The window of the check-in is long enough for every situation of the table."""
    for checkin in [row for row in session.scalars(select(CheckIn)) if row.asking]:
        checkin.silent_at = chain.clock.now() + timedelta(days=1)


@pytest.mark.parametrize(("hours", "moment", "asked"), [row[1:4] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS])
def test_an_urgent_danger(chain: Chain, marie: Patient, hours: dict[str, list[list[str]]], moment: str, asked: str) -> None:
    """Open: "within 30 minutes" is the alert's own half hour. Closed: no call, the emergency number now. Breathing: 15 first, always."""
    at(chain, hours, moment)
    [text] = chain.says(MARIE, "je n'ai pas uriné depuis hier matin")
    [alert] = chain.alerts()
    assert alert.level == "urgent"
    assert ("sans appel dans 30 min" in text) is bool(asked)
    assert ("N'attendez pas notre appel : appelez le 15 maintenant" in text) is not bool(asked)
    assert alert.respond_by - chain.clock.now() == timedelta(minutes=30)
    message_id = chain.keep(MARIE, "je n'arrive plus à respirer")
    conversation.process(chain.database, message_id, now=chain.clock.now())
    chain.send()
    assert chain.received()[-1].startswith("Appelez le 15 ou le 112 MAINTENANT")
