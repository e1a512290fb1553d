"""The head of a patient's pages says of the treatment what is true today: held until, in hospital, stopped by whom and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.checkins.rhythm import planning
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.treatment import courses, orders
from app.treatment.models import Course
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World

Change = Callable[[Callable[[Session, Course, Patient], object]], None]


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


@pytest.fixture
def change(database: Database, morning: Morning) -> Change:
    """Changes Jean's treatment."""

    def act(craft: Callable[[Session, Course, Patient], object]) -> None:
        with database.transaction() as session:
            patient = session.get_one(Patient, morning.jean.id)
            course = courses.running(session, patient.id)
            assert course is not None
            craft(session, course, patient)

    return act


def both(browser: TestClient, patient: Patient) -> list[str]:
    return [said(browser.get(f"/patients/{patient.id}{path}")) for path in ("", "/print")]


def test_a_stopped_treatment_stays_readable(claire: TestClient, world: World, morning: Morning, clock: HandClock, change: Change) -> None:
    by, now = actor_of(world.lebon), clock.now()
    change(lambda s, course, jean: courses.stop(s, course, jean, on=now.date(), reason="Progression au scanner.", by=by, now=now))
    for page in both(claire, morning.jean):
        assert "Capécitabine 1500 mg × 2 par jour · arrêté le mer. 18 nov. 2026 par Dr Aurore Lebon Progression au scanner." in page
        assert "Aucun traitement en cours" not in page


@pytest.mark.parametrize(("days", "told"), [(6, "suspendu jusqu'au mar. 24 nov."), (None, "suspendu jusqu'à nouvel avis")])
def test_a_hold_is_in_the_head_with_its_end_and_in_the_plan(
    claire: TestClient, world: World, morning: Morning, clock: HandClock, change: Change, days: int | None, told: str
) -> None:
    by, now = actor_of(world.lebon), clock.now()
    until = now.date() + timedelta(days=days) if days else None
    change(lambda s, c, jean: courses.hold(s, c, jean, from_day=now.date(), until_day=until, reason="fatigue 3", by=by, now=now))
    page, paper = both(claire, morning.jean)
    assert f"par jour · {told} fatigue 3" in page and f"par jour · {told} fatigue 3" in paper
    assert page.count(told) == 3, "in the head, below the chart, and above the planned check-ins"
    assert "jour de prise" not in page[: page.index("Dernièrement")]


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        (1, (0, None), "suspendu jusqu'à nouvel avis"),
        (1, (0, 4), "suspendu jusqu'au dim. 22 nov."),
        (1, (2, None), "suspendu jusqu'à nouvel avis"),
        (1, (2, 6), "suspendu jusqu'au mar. 24 nov."),
        (6, (0, 1), "suspendu jusqu'au mar. 24 nov."),
        (1, (3, None), "suspendu jusqu'au jeu. 19 nov."),
    ],
)
def test_of_holds_that_overlap_or_follow_one_another_the_furthest_end_is_told(
    claire: TestClient,
    world: World,
    morning: Morning,
    clock: HandClock,
    change: Change,
    first: int,
    then: tuple[int, int | None],
    told: str,
) -> None:
    by, now = actor_of(world.lebon), clock.now()
    today = now.date()

    def held(s: Session, course: Course, jean: Patient, start: int, end: int | None) -> None:
        until = today + timedelta(days=end) if end is not None else None
        courses.hold(s, course, jean, from_day=today + timedelta(days=start), until_day=until, reason="fatigue 3", by=by, now=now)

    change(lambda s, c, jean: held(s, c, jean, 0, first))
    change(lambda s, c, jean: held(s, c, jean, *then))
    for page in both(claire, morning.jean):
        assert f"par jour · {told}" in page


def test_in_hospital_no_day_of_intake_is_said(claire: TestClient, world: World, morning: Morning, clock: HandClock, change: Change) -> None:
    by, now = actor_of(world.lebon), clock.now()
    change(
        lambda s, c, jean: absences.record(s, jean, absences.HOSPITAL, from_day=now.date(), until_day=None, reason="fièvre", by=by, now=now)
    )
    for page in both(claire, morning.jean):
        assert "par jour · Séjour à l'hôpital : prises non suivies ici" in page
        assert "jour de prise" not in page[: page.index("Dernièrement")]


def test_the_page_of_the_treatment_begins_with_the_dose_of_today(
    sign_in: SignIn, world: World, morning: Morning, clock: HandClock, change: Change
) -> None:
    by, now = actor_of(world.lebon), clock.now()
    change(
        lambda s, course, jean: orders.change_dose(
            s, course, jean, from_day=now.date(), dose_mg=Decimal(1000), strengths=(), reason="fatigue", by=by, now=now
        )
    )
    page = said(sign_in(world.lebon).get(f"/patients/{morning.jean.id}/treatment"))
    assert "1000 mg, 2 fois par jour" in page and "1500 mg, 2 fois par jour" not in page


def test_was_it_started_is_announced_once(claire: TestClient, morning: Morning, clock: HandClock, change: Change) -> None:
    """Capecitabine begun on 8 November: its second cycle is due on the 29th, and asked about on 29 November, 2, 5 and 8 December."""
    change(lambda session, course, jean: planning.plan(session, course, now=clock.now()))
    page = said(claire.get(f"/patients/{morning.jean.id}"))
    assert page.count("début de cycle") == 1
    assert re.search("dim. 29 nov., [0-9]+ h 00 début de cycle redemandé jusqu'au mar. 8 déc. si personne ne répond prévu", page)
