"""A promised call carries the deadline the rota gives, which is the alert's own; when the service is closed none is (issue 4, point 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Task
from app.checkins import conversation
from app.checkins.models import CheckIn
from app.people import care_team
from app.people.models import Patient, Service
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
