"""FR-16 on the screen: the delays of a chosen month, level by level, and the same as a file for a report."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.alerts import handling
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Service, Staff
from app.people.perimeter import viewer_of
from tests.app.web.conftest import SignIn
from tests.factories import World, a_patient
from triage.terms import Level


def text(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split())).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.fixture
def three_urgent_ones(database: Database, world: World, clock: HandClock) -> None:
    """On 30 October at noon: taken after 4 and 20 minutes and not at all; the first is called about after 10. Then it is 18 November."""
    clock.at, claire = datetime(2026, 10, 30, 11, 0, tzinfo=UTC), viewer_of(world.claire)
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        for number, minutes in enumerate((4, 20, None)):
            patient = a_patient(session, world, now=clock.now(), phone=f"+3363998{number:04}", family_name=f"Nom{'abc'[number]}")
            reason = Reason(kind="assessment", level=Level.URGENT, detail={})
            alert = handling.consider(session, service=service, patient=patient, reason=reason, now=clock.now())
            assert alert is not None
            if minutes is not None:
                handling.take(session, alert.id, by=claire, now=clock.now() + timedelta(minutes=minutes))
            if number == 0:
                handling.call_logged(session, alert.id, by=claire, now=clock.now() + timedelta(minutes=10), reached=True, whom="patient")
    clock.at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


@pytest.mark.usefixtures("three_urgent_ones")
def test_a_month_is_chosen_on_the_page(sign_in: SignIn, world: World) -> None:
    """FR-16: count, median and 95th percentile to taking and to action, share over target, those still waiting."""
    ines = sign_in(world.ines)
    assert "Aucune alerte sur ces mois." in text(ines.get("/delays").text), "the running month is shown unless told otherwise"
    page = text(ines.get("/delays?month=2026-10").text)
    assert "Délais tenus · octobre 2026" in page and "3 alertes" in page
    assert "médiane 12 min, 95 % en 20 min 2 hors objectif (67 %, objectif 15 min)" in page
    assert "médiane 10 min, 95 % en 10 min 2 hors objectif (67 %, objectif 30 min)" in page
    assert 'href="/delays"' in ines.get("/rota").text.split("<h2>")[0], "at its head"
    assert 'href="/delays"' in ines.get("/programmes").text


@pytest.mark.usefixtures("three_urgent_ones")
def test_the_file_holds_the_same_figures_and_nobody_s_name(database: Database, sign_in: SignIn, world: World) -> None:
    """FR-16: for the monthly report."""
    answer = sign_in(world.claire).get("/delays.csv?month=2026-10")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="delays-2026-10.csv"'
    assert answer.content.startswith("\ufeffMois;Niveau;Alertes;".encode()), "as a French spreadsheet opens it"
    assert "2026-10;Urgent;3;15;12,0;20,0;2;66,7;1;30;10,0;10,0;2;66,7;2" in answer.text
    with database.transaction() as session:
        session.get_one(Staff, world.claire.id).language = "en"
    [row] = csv.DictReader(io.StringIO(sign_in(world.claire).get("/delays.csv?month=2026-10").text.removeprefix("\ufeff")))
    assert row == {
        "Month": "2026-10",
        "Level": "Urgent",
        "Alerts": "3",
        "Taken, target (min)": "15",
        "Taken, median (min)": "12.0",
        "Taken, 95 % within (min)": "20.0",
        "Taken, over target (alerts)": "2",
        "Taken, over target (%)": "66.7",
        "Taken, pending (alerts)": "1",
        "Acted on, target (min)": "30",
        "Acted on, median (min)": "10.0",
        "Acted on, 95 % within (min)": "10.0",
        "Acted on, over target (alerts)": "2",
        "Acted on, over target (%)": "66.7",
        "Acted on, pending (alerts)": "2",
    }


@pytest.mark.parametrize("address", ["/delays?month=octobre", "/delays.csv?month=%D9%A2026-10"])
def test_a_month_that_is_none_is_said_in_words(claire: TestClient, address: str) -> None:
    """FR-16."""
    assert claire.get(address).status_code == 404


def test_whoever_opens_no_chart_sees_no_delay(sign_in: SignIn, world: World) -> None:
    """FR-16: the administrator manages accounts, not the ward."""
    alma = sign_in(world.alma)
    assert alma.get("/delays").status_code in (403, 404)
    assert alma.get("/delays.csv").status_code in (403, 404)
