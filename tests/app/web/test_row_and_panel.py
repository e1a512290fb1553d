"""Several things open for one patient: the row of the list and the panel beside it say the same level, the same thing, the same clock."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.models import DoctorRequest
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World
from triage.terms import Level


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def promised(session: Session, morning: Morning, clock: HandClock, *, hours: float) -> None:
    """A call promised to Jean, so many hours from now (past ones are late)."""
    now = clock.now()
    jean = morning.jean
    due = now + timedelta(hours=hours)
    tasks.make(session, service_id=jean.service_id, patient_id=jean.id, kind="call_back", key="c", due_at=due, now=now - timedelta(hours=4))


def asked(session: Session, world: World, morning: Morning, clock: HandClock, *, state: str, level: Level = Level.HIGH) -> None:
    now = clock.now()
    answered = {"answer": "hold_until", "answered_at": now, "answered_by_id": world.lebon.id} if state == "answered" else {}
    session.add(
        DoctorRequest(
            service_id=world.service.id,
            patient_id=morning.jean.id,
            doctor_id=world.lebon.id,
            asked_by_id=world.claire.id,
            asked_at=now,
            level=level.word,
            question="Réduire ?",
            state=state,
            raised_at=now,
            respond_by=now + timedelta(minutes=45),
            ladder=[],
            **answered,
        )
    )


def row_of(claire: TestClient, name: str = "PAYET Jean") -> tuple[str, str, str, str]:
    """Level, clock, headline of a row, and all its words."""
    rows = re.findall(r"<li data-key.*?</li>", claire.get("/list").text, flags=re.S)
    html = next(row for row in rows if name in row)
    parts = [re.search(rf'class="{part}".*?</span>\n', html, flags=re.S) for part in ("row-left", "row-why")]
    level = re.search(r'data-level="(\w+)"', html)
    assert level and all(parts)
    left, why = (plain(part.group(0).split(">", 1)[1]) for part in parts if part)
    return level.group(1), left, why, plain(html)


def plain(html: str) -> str:
    """Its words."""
    return said(SimpleNamespace(text=html)).strip()


def panel_of(claire: TestClient, morning: Morning) -> tuple[str, str]:
    """The level of the panel, and its words."""
    answer = claire.get(f"/alerts/{morning.tiredness.id}")
    level = re.search(r'class="panel panel-(\w+)"', answer.text)
    assert level
    return level.group(1), said(answer)


def test_a_late_call_beside_an_alert_leaves_the_alert_its_own_clock(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    with database.transaction() as session:
        promised(session, morning, clock, hours=-2)
    level, left, why, words = row_of(claire)
    assert (level, left) == ("high", "reste 3 h 00")
    assert "dépassé de 2 h" in words and "dépassé" not in why
    shown, panel = panel_of(claire, morning)
    assert shown == level
    assert f"Ouverte à 9 h 00 · {left}" in panel and "dépassé de 2 h" in panel.split("Joindre")[-1]


def test_an_alert_put_aside_says_until_when_whatever_else_is_due(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    now = clock.now()
    with database.transaction() as session:
        handling.take(session, morning.tiredness.id, by=viewer_of(world.claire), now=now)
        handling.wait(session, morning.tiredness.id, by=viewer_of(world.claire), now=now, until=now + timedelta(hours=4))
        promised(session, morning, clock, hours=1)
    level, left, _, words = row_of(claire)
    assert (level, left) == ("high", "revient à 14 h 00")
    assert "reste 1 h 00" in words
    assert f"· {left}" in panel_of(claire, morning)[1]


def test_the_answer_of_a_doctor_leads_the_row_and_the_panel(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """The next thing to do for Jean is to tell him; his alert stands beside, with its own clock."""
    with database.transaction() as session:
        asked(session, world, morning, clock, state="answered", level=Level.URGENT)
    level, left, why, words = row_of(claire)
    assert (level, left) == ("urgent", "reste 45 min")
    assert "Dr Aurore Lebon" in why and "fatigue" not in why
    assert "Un symptôme est fort. : reste 3 h 00" in words
    shown, panel = panel_of(claire, morning)
    assert shown == "urgent"
    assert f"{why} · {left}" in panel and "Ouverte à 9 h 00 · reste 3 h 00" in panel


def test_an_urgent_alert_due_sooner_keeps_the_row_from_an_answer(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """The answer is to be told within 45 minutes, the danger within 30: the row is the danger's."""
    with database.transaction() as session:
        asked(session, world, morning, clock, state="answered", level=Level.URGENT)
        patient = session.get_one(Patient, morning.jean.id)
        danger = Reason("danger", Level.URGENT, {"dangers": ["dyspnea"]})
        handling.consider(session, service=patient.service, patient=patient, reason=danger, now=clock.now())
    level, left, why, words = row_of(claire)
    assert (level, left) == ("urgent", "reste 30 min")
    assert "Dr Aurore Lebon" not in why and "Dr Aurore Lebon" in words and "reste 45 min" in words


def test_a_graver_alert_is_not_hidden_by_an_answer(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    with database.transaction() as session:
        asked(session, world, morning, clock, state="answered", level=Level.MODERATE)
    level, left, why, words = row_of(claire)
    assert (level, left) == ("high", "reste 3 h 00") and "fatigue" in why
    assert "Dr Aurore Lebon" in words and "reste 45 min" in words
    assert panel_of(claire, morning)[0] == "high"


def test_a_question_less_urgent_than_its_row_is_not_read_as_the_doctor_having_it(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-03: "waits for the doctor's answer, until tomorrow" beside a graver alert would let a nurse pass by."""
    with database.transaction() as session:
        asked(session, world, morning, clock, state="asked", level=Level.MODERATE)
    level, _, _, words = row_of(claire)
    assert level == "high" and "Autre question, moins urgente, à Dr Aurore Lebon : reste 45 min" in words
    assert "Attend la réponse" not in words


def test_a_row_without_alert_has_the_clock_of_what_is_due_first(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    now = clock.now()
    with database.transaction() as session:
        handling.take(session, morning.tiredness.id, by=viewer_of(world.claire), now=now)
        handling.close(session, morning.tiredness.id, by=viewer_of(world.claire), now=now, outcome="advice")
        asked(session, world, morning, clock, state="asked")
        promised(session, morning, clock, hours=2)
    level, left, why, words = row_of(claire)
    assert (level, left) == ("info", "reste 2 h 00")
    assert "Lebon" not in why and "Attend la réponse de Dr Aurore Lebon : reste 45 min" in words
    panel = said(claire.get(f"/patients/{morning.jean.id}/open"))
    assert f"{why} · {left}" in panel


def test_two_people_have_something_of_one_patient_and_the_row_names_both(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-28: Claire has Jean's alert, Inès the call of a silence, which is late; what Claire has herself is not said twice."""
    claire.post(f"/alerts/{morning.tiredness.id}/take")
    with database.transaction() as session:
        mine = {"service_id": morning.jean.service_id, "patient_id": morning.jean.id, "now": clock.now(), "due_at": clock.now()}
        tasks.make(session, kind="overdue_call", key="o", owner_id=world.ines.id, **mine)
        tasks.make(session, kind="refill", key="r", owner_id=world.claire.id, **mine)
    _, _, _, words = row_of(claire)
    assert "à moi" in words and "Sans nouvelles depuis 72 h : appeler : échéance atteinte · Inès Caron" in words
    assert words.count("Claire Payet") == 0 and words.count("à moi") == 1
