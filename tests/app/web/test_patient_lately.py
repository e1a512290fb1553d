"""Better or worse is never said without what was told or raised since, and what became of it; on the page and on paper (HZ-03)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.alerts import handling
from app.alerts.handling import Reason
from app.alerts.models import Alert
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences
from app.people.models import Patient, Service
from app.people.perimeter import actor_of, viewer_of
from tests.app.web.test_nurse import said
from tests.app.web.ward import a_morning, check_in, text
from tests.factories import World, a_course, a_patient
from triage.terms import Level

OLDER = "n'en concluez pas un mieux"


@pytest.fixture
def lucie(database: Database, world: World, clock: HandClock) -> Patient:
    """Tiredness 3 a week ago, 1 this morning: by her scores alone she is better."""
    now = clock.now()
    with database.transaction() as session:
        a_morning(session, world, now=now)
        patient = a_patient(session, world, now=now - timedelta(days=20), given_names="Lucie", phone="+33639980003")
        course = a_course(session, world, patient, now=now - timedelta(days=10))
        check_in(session, patient, course, {"fatigue": "3", "nausea": "1"}, at=now - timedelta(days=7))
        check_in(session, patient, course, {"fatigue": "1", "nausea": "1"}, at=now - timedelta(hours=2))
        return patient


def danger(database: Database, world: World, patient: Patient, *, at: datetime, level: Level = Level.URGENT) -> Alert:
    with database.transaction() as session:
        words = text(session, world, patient, "je n'arrive plus a respirer", at=at)
        reason = Reason("danger", level, {"dangers": ["dyspnea"], "message_id": words.id})
        service = session.get_one(Service, world.service.id)
        row = handling.consider(session, service=service, patient=session.get_one(Patient, patient.id), reason=reason, now=at)
        assert row is not None
        return row


def both(browser: TestClient, patient: Patient) -> list[str]:
    return [said(browser.get(f"/patients/{patient.id}{path}")) for path in ("", "/print")]


def test_scores_alone_are_better(claire: TestClient, lucie: Patient) -> None:
    for page in both(claire, lucie):
        assert "▼ moins fort : fatigue 3 puis 1" in page
        assert OLDER not in page


def test_each_symptom_is_compared_with_its_own_last_answer(
    claire: TestClient, database: Database, world: World, lucie: Patient, clock: HandClock
) -> None:
    """A check-in between them asked of nausea alone: tiredness is compared with the one before, whose day is said."""
    now = clock.now()
    with database.transaction() as session:
        luc = a_patient(session, world, now=now - timedelta(days=20), given_names="Luc", phone="+33639980004")
        course = a_course(session, world, luc, now=now - timedelta(days=10))
        check_in(session, luc, course, {"fatigue": "0", "nausea": "1"}, at=now - timedelta(days=7))
        check_in(session, luc, course, {"nausea": "1"}, at=now - timedelta(days=4))
        check_in(session, luc, course, {"fatigue": "2", "nausea": "1", "diarrhea": "1"}, at=now - timedelta(hours=2))
    for page in both(claire, luc):
        assert "▲ plus fort : fatigue 0 puis 2 (depuis le mer. 11 nov.)" in page
        assert "diarrhée 1, pas demandé avant" in page and "aucun changement" not in page


def test_what_was_never_asked_before_is_no_absence_of_change(
    claire: TestClient, database: Database, world: World, lucie: Patient, clock: HandClock
) -> None:
    now = clock.now()
    with database.transaction() as session:
        luc = a_patient(session, world, now=now - timedelta(days=20), given_names="Luc", phone="+33639980004")
        course = a_course(session, world, luc, now=now - timedelta(days=10))
        check_in(session, luc, course, {"nausea": "1"}, at=now - timedelta(days=7))
        check_in(session, luc, course, {"nausea": "1", "fatigue": "2"}, at=now - timedelta(days=4))
    for page in both(claire, luc):
        assert "fatigue 2, pas demandé avant" in page and "aucun changement" not in page
    with database.transaction() as session:
        check_in(session, session.get_one(Patient, luc.id), course, {"nausea": "1", "fatigue": "2"}, at=now - timedelta(hours=2))
    for page in both(claire, luc):
        assert "aucun changement" in page and "pas demandé avant" not in page


def test_a_danger_told_since_stands_first_and_nothing_is_called_better(
    claire: TestClient, database: Database, world: World, lucie: Patient, clock: HandClock
) -> None:
    danger(database, world, lucie, at=clock.now() - timedelta(hours=1))
    for page in both(claire, lucie):
        told = page.index("je n'arrive plus a respirer")
        assert "Urgent 9 h 00" in page[told - 120 : told] and "Signe de danger" in page[told - 120 : told]
        assert "Personne ne l'a prise" in page[told:]
        assert told < page.index("fatigue 3 puis 1") < page.index(OLDER)
        assert "moins fort" not in page and "aucun changement" not in page


def test_what_became_of_it_is_said_until_the_next_check_in(
    claire: TestClient, database: Database, world: World, lucie: Patient, clock: HandClock
) -> None:
    """Taken, help decided, closed with its words: each by whom. Closed, it is still newer than the scores."""
    alert = danger(database, world, lucie, at=clock.now() - timedelta(hours=1), level=Level.HIGH)
    viewer, now = viewer_of(world.claire), clock.now()
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer, now=now)
    for page in both(claire, lucie):
        assert "Prise par Claire Payet" in page
    with database.transaction() as session:
        handling.call_logged(session, alert.id, by=viewer, now=now, reached=True, whom="patient")
        handling.close(session, alert.id, by=viewer, now=now, outcome="sent_to_emergency", words="SAMU 15 appelé avec sa fille")
    for page in both(claire, lucie):
        assert "Claire Payet a clos : Envoyé aux urgences SAMU 15 appelé avec sa fille" in page
        assert "moins fort" not in page and OLDER in page


def test_a_stay_is_said_and_forbids_better(claire: TestClient, database: Database, world: World, lucie: Patient, clock: HandClock) -> None:
    with database.transaction() as session:
        patient, by = session.get_one(Patient, lucie.id), actor_of(world.claire)
        absences.record(session, patient, absences.HOSPITAL, from_day=clock.now().date(), until_day=None, reason="", by=by, now=clock.now())
    for page in both(claire, lucie):
        assert "Séjour à l'hôpital, depuis le mer. 18 nov., fin inconnue" in page
        assert "moins fort" not in page


def test_a_danger_of_today_before_a_calm_check_in_is_still_named(
    claire: TestClient, database: Database, world: World, lucie: Patient, clock: HandClock
) -> None:
    """Her calm scores came an hour later: an open danger is not answered by them."""
    danger(database, world, lucie, at=clock.now() - timedelta(hours=3))
    for page in both(claire, lucie):
        assert "je n'arrive plus a respirer" in page
        assert "moins fort" not in page and OLDER in page
