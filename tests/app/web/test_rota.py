"""FR-15, FR-16, HZ-29 on the screen: who is there, the holes in words, the forms of the coordinator, the routes, the test alert."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Task
from app.core.clock import HandClock
from app.core.db import Database
from app.people import care_team, routes
from app.people.models import Shift, Staff
from app.people.rota_models import RoadTest, StandIn
from tests.factories import World

SignIn = Callable[[Staff], TestClient]


@pytest.fixture
def on_call(database: Database, world: World, clock: HandClock) -> None:
    """Dr Lebon from yesterday until the twentieth at 9:00, Paris."""
    with database.transaction() as session:
        span = (clock.now() - timedelta(days=1), clock.now() + timedelta(hours=47))
        care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=span[0], ends_at=span[1])


def text(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split())).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.usefixtures("on_call")
def test_the_page_says_who_is_there_and_names_the_hole(sign_in: SignIn, world: World) -> None:
    page = text(sign_in(world.claire).get("/rota").text)
    assert "Astreinte Dr Aurore Lebon" in page
    assert "Personne en salle ni d'astreinte : ven. 20 nov., 9 h 00 à jeu. 26 nov., 0 h 00." in page
    assert "Ajouter un poste" not in page, "only the coordinator writes"


@pytest.mark.usefixtures("on_call")
def test_the_coordinator_fills_the_hole_changes_it_and_takes_it_away(
    sign_in: SignIn, database: Database, world: World, clock: HandClock
) -> None:
    ines = sign_in(world.ines)
    form = {"staff_id": str(world.luc.id), "kind": "on_call", "starts_at": "2026-11-20T09:00", "ends_at": "2026-11-25T08:00"}
    wrong = ines.post("/rota/shift", data={**form, "ends_at": "2026-11-19T08:00"})
    assert (wrong.status_code, "finit avant de commencer" in wrong.text) == (422, True)
    assert ines.post("/rota/shift", data=form).headers["location"] == "/rota?week=2026-11-20&said=kept"
    with database.reading() as session:
        written = session.scalars(select(Shift).where(Shift.staff_id == world.luc.id)).one()
        assert written.ends_at == clock.now().replace(month=11, day=25, hour=7), "08:00 in Paris"
        [task] = session.scalars(select(Task).where(Task.kind == "rota_hole", Task.closed_at.is_(None)))
        assert (task.detail["from"], task.owner_id) == ("2026-11-25T07:00:00+00:00", world.ines.id)
    assert ines.post(f"/rota/shift/{written.id}", data={**form, "ends_at": "2026-11-26T08:00"}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Task).where(Task.kind == "rota_hole", Task.closed_at.is_(None))).all() == []
    assert "Chaque heure est couverte" in ines.get("/rota").text
    assert ines.post(f"/rota/shift/{written.id}/remove").status_code == 303
    listed = text(ines.get("/").text)
    assert "Planning : personne du ven. 20 nov. 9 h 00 au jeu. 26 nov. 0 h 00" in listed


@pytest.mark.usefixtures("on_call")
def test_a_stand_in_is_planned_shown_and_ended(sign_in: SignIn, database: Database, world: World, clock: HandClock) -> None:
    ines = sign_in(world.ines)
    with database.transaction() as session:
        hours = (clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=6))
        care_team.put_on_shift(session, world.claire, kind="ward", starts_at=hours[0], ends_at=hours[1])
    form = {"absent_id": world.claire.id, "by_id": world.luc.id, "in_starts_at": "2026-11-18T08:00", "in_ends_at": "2026-11-18T18:00"}
    assert ines.post("/rota/stand-in", data=form).status_code == 303
    page = text(ines.get("/rota").text)
    assert "Salle Luc Morel" in page
    assert "remplacement : Luc Morel" in page
    assert "Luc Morel remplace Claire Payet, du mer. 18 nov., 8 h 00 au mer. 18 nov., 18 h 00." in page
    with database.reading() as session:
        row = session.scalars(select(StandIn)).one()
    assert ines.post(f"/rota/stand-in/{row.id}/end").status_code == 303
    assert "Salle Claire Payet" in text(ines.get("/rota").text)


def test_a_route_is_changed_and_a_wrong_one_comes_back_with_its_sentence(sign_in: SignIn, database: Database, world: World) -> None:
    ines = sign_in(world.ines)
    form = {"r0_after": "0", "r0_notify": "team", "r0_browser": "yes", "take": "10", "act": "25"}
    wrong = ines.post("/rota/routes/urgent", data=form)
    assert (wrong.status_code, "il lui faut un SMS ou un appel" in wrong.text) == (422, True)
    form |= {"r1_after": "4", "r1_notify": "on_call", "r1_voice": "yes"}
    assert ines.post("/rota/routes/urgent", data=form).status_code == 303
    with database.reading() as session:
        kept = routes.of(session, world.service.id, "urgent")
        assert kept is not None
        assert kept.rungs[1] == {"after_minutes": 4, "notify": "on_call", "by": ["voice"]}
    assert "Objectifs : prise en 10 min, action en 25 min." in text(ines.get("/rota").text)


def test_a_test_alert_is_asked_for_and_answered(sign_in: SignIn, database: Database, world: World, clock: HandClock) -> None:
    with database.transaction() as session:
        hours = (clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=6))
        care_team.put_on_shift(session, world.claire, kind="ward", starts_at=hours[0], ends_at=hours[1])
    claire = sign_in(world.claire)
    assert claire.post("/rota/test").headers["location"] == "/rota?said=test_left#test"
    assert "avez-vous reçu" in claire.get("/rota").text
    with database.reading() as session:
        test = session.scalars(select(RoadTest)).one()
    assert claire.post(f"/rota/test/{test.id}/confirm").status_code == 303
    page = claire.get("/rota").text
    assert "Claire Payet, écran : confirmé" in text(page)
    assert "avez-vous reçu" not in page
    again = claire.post("/rota/test")
    assert again.headers["location"] == "/rota?said=test_running", "not twice at once, and back on the page it was asked from"
    assert "Un test est en cours" in text(claire.get(again.headers["location"]).text)
    with database.reading() as session:
        assert len(session.scalars(select(RoadTest)).all()) == 1


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/rota/shift", {"staff_id": "1", "kind": "ward", "starts_at": "2026-11-20T09:00", "ends_at": "2026-11-20T10:00"}),
        ("/rota/stand-in", {"absent_id": "1", "by_id": "2", "in_starts_at": "2026-11-20T09:00", "in_ends_at": "2026-11-20T10:00"}),
        ("/rota/copy", {"monday": "2026-11-16"}),
        ("/rota/routes/urgent", {"r0_after": "0", "take": "1", "act": "2"}),
        ("/rota/test-hour", {"hour": "9"}),
    ],
)
def test_only_the_coordinator_changes_the_rota(sign_in: SignIn, world: World, address: str, form: dict[str, str]) -> None:
    for staff in (world.claire, world.lebon, world.paul, world.alma):
        assert sign_in(staff).post(address, data=form).status_code == 403


def test_who_opens_no_chart_sees_no_rota(sign_in: SignIn, world: World) -> None:
    assert sign_in(world.alma).get("/rota").status_code == 403


@pytest.mark.parametrize(
    ("address", "form", "status"),
    [
        ("/rota/shift", {"starts_at": "0001-01-01T00:00", "ends_at": "0001-01-02T00:00"}, 422),
        ("/rota/shift", {"starts_at": "9999-12-31T23:00", "ends_at": "9999-12-31T23:59"}, 422),
        ("/rota/stand-in", {"in_starts_at": "0001-01-01", "in_ends_at": "9999-12-31"}, 422),
        ("/rota/routes/1", {"take": ""}, 404),
        ("/rota/routes/x", {"take": "1", "act": "2", "r0_after": "0"}, 404),
    ],
)
def test_a_day_no_calendar_has_and_a_level_nobody_has_are_refused_in_words(
    sign_in: SignIn, world: World, address: str, form: dict[str, str], status: int
) -> None:
    chosen = {"staff_id": str(world.luc.id), "kind": "ward", "absent_id": str(world.luc.id), "by_id": str(world.claire.id)}
    answer = sign_in(world.ines).post(address, data={**chosen, **form})
    assert answer.status_code == status
    assert status == 404 or "Donnez un jour et une heure." in answer.text
