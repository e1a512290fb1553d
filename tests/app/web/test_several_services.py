"""Nour works in two services: her screens stay in one, she chooses which, and what is urgent in the other is a number (HZ-23)."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.core.audit import SYSTEM, AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.people import members, services
from app.people.models import Service, Staff
from app.web import live
from tests.app.web.conftest import SignIn
from tests.factories import World
from tests.support.wards import Two, an_alert, two_services
from triage.terms import Level


@pytest.fixture
def two(database: Database, world: World, clock: HandClock) -> Two:
    with database.transaction() as session:
        return two_services(session, world, now=clock.now())


@pytest.fixture
def nour(sign_in: SignIn, two: Two) -> TestClient:
    return sign_in(two.nour)


def _go(browser: TestClient, service: Service) -> int:
    return browser.post("/list/service", data={"service_id": str(service.id)}).status_code


def _sees(browser: TestClient, two: Two) -> tuple[int, int]:
    return browser.get(f"/patients/{two.marie.id}").status_code, browser.get(f"/patients/{two.sam.id}").status_code


def test_each_browser_sees_one_service_at_a_time(nour: TestClient, two: Two, sign_in: SignIn) -> None:
    assert _sees(nour, two) == (200, 404), "at home first"
    assert _go(nour, two.hema) == 303
    assert _sees(nour, two) == (404, 200)
    assert _sees(sign_in(two.nour), two) == (200, 404), "another browser of hers begins at home"
    assert _go(nour, two.world.service) == 303
    assert _sees(nour, two) == (200, 404)


def test_the_choice_is_written_in_the_trail_once(nour: TestClient, two: Two, database: Database) -> None:
    _go(nour, two.hema)
    _go(nour, two.hema)
    with database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "service.chosen")).all()
    assert [(row.actor, row.subject, row.chain) for row in rows] == [
        (f"staff:{two.nour.id}", f"staff:{two.nour.id}", two.hema.id),
    ]


def test_a_service_of_others_does_not_exist(sign_in: SignIn, two: Two) -> None:
    claire = sign_in(two.world.claire)
    assert _go(claire, two.hema) == 404
    assert claire.post("/list/service", data={"service_id": "x"}).status_code == 404
    assert _sees(claire, two) == (200, 404)


def test_a_membership_taken_away_sends_her_home_at_once(nour: TestClient, two: Two, database: Database, clock: HandClock) -> None:
    _go(nour, two.hema)
    with database.transaction() as session:
        members.remove(session, "nour", session.get_one(Service, two.hema.id), by=SYSTEM, now=clock.now())
    assert _sees(nour, two) == (200, 404)
    with database.transaction() as session:
        members.add(session, "nour", session.get_one(Service, two.hema.id), by=SYSTEM, now=clock.now())
    assert _sees(nour, two) == (200, 404), "given back, it is hers to choose again"


MEMBERS = select(AuditRow.actor_name, AuditRow.action, AuditRow.chain).where(AuditRow.action.like("member.%")).order_by(AuditRow.id)


def test_the_administrator_gives_and_takes_away_a_service(sign_in: SignIn, two: Two, database: Database) -> None:
    alma, claire = sign_in(two.world.alma), sign_in(two.world.claire)
    chosen = {"staff_id": str(two.world.claire.id), "service_id": str(two.hema.id)}
    assert 'action="/search"' not in alma.get("/staff").text, "she opens no chart: the search would refuse her"
    assert 'href="/staff"' in alma.get("/").text and 'href="/staff"' not in claire.get("/").text
    assert _go(claire, two.hema) == 404
    assert "Le service est ajouté." in alma.post("/staff/members", data=chosen, follow_redirects=True).text
    assert _go(claire, two.hema) == 303
    again = alma.post("/staff/members", data=chosen)
    assert (again.status_code, "Claire Payet travaille déjà dans Hématologie." in again.text) == (409, True)
    assert f'value="{two.world.claire.id}" selected' in again.text, "what was chosen comes back"
    assert "Le service est retiré." in alma.post("/staff/members/end", data=chosen, follow_redirects=True).text
    assert _sees(claire, two) == (200, 404), "home at once"
    assert alma.post("/staff/members/end", data=chosen).status_code == 404, "twice"
    with database.reading() as session:
        found = [tuple(row) for row in session.execute(MEMBERS)][-2:]
    assert found == [("Alma Dubreuil", "member.added", two.hema.id), ("Alma Dubreuil", "member.removed", two.hema.id)]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"staff_id": "x"}, {"staff_id": "9" * 30}, {"staff_id": "-1"}, {"service_id": ""}, {"service_id": "é"}, {"service_id": "999"}],
)
def test_an_account_or_a_service_nobody_has_changes_nothing(sign_in: SignIn, two: Two, database: Database, wrong: dict[str, str]) -> None:
    chosen = {"staff_id": str(two.world.claire.id), "service_id": str(two.hema.id), **wrong} if wrong else {}
    with database.reading() as session:
        before = len(session.execute(MEMBERS).all())
    assert sign_in(two.world.alma).post("/staff/members", data=chosen).status_code == 404
    for other in (two.world.ines, two.world.claire, two.world.paul):
        assert sign_in(other).post("/staff/members", data=chosen).status_code == 403
        assert sign_in(other).get("/staff").status_code == 403
    with database.reading() as session:
        assert len(session.execute(MEMBERS).all()) == before


def test_the_accounts_of_another_hospital_do_not_exist(sign_in: SignIn, two: Two, database: Database, clock: HandClock) -> None:
    with database.transaction() as session:
        far = services.found_hospital(session, "Clinique du Port", now=clock.now())
        session.get_one(Service, two.hema.id).hospital_id = far.id
        session.get_one(Staff, two.rose.id).hospital_id = far.id
    alma = sign_in(two.world.alma)
    text = alma.get("/staff").text
    assert "Hématologie</option>" not in text and two.rose.name not in text
    for chosen in ((two.world.claire.id, two.hema.id), (two.rose.id, two.world.service.id)):
        assert alma.post("/staff/members", data={"staff_id": str(chosen[0]), "service_id": str(chosen[1])}).status_code == 404


def test_only_who_works_in_several_is_asked_which(nour: TestClient, two: Two, sign_in: SignIn) -> None:
    assert 'id="filter-service"' in nour.get("/").text
    alone = sign_in(two.world.claire).get("/").text
    assert 'id="filter-service"' not in alone and "/list/service" not in alone


def test_the_urgent_of_the_other_service_are_counted_and_nobody_is_named(
    nour: TestClient, two: Two, database: Database, clock: HandClock
) -> None:
    with database.transaction() as session:
        an_alert(session, two.marie, Level.URGENT, now=clock.now())
    assert "urgente dans" not in nour.get("/").text, "what is urgent here stands in the list itself"
    with database.transaction() as session:
        an_alert(session, two.sam, Level.URGENT, now=clock.now())
    page = nour.get("/").text
    assert "1 urgente dans Hématologie" in page
    assert "TÉCHER" not in page and "HOARAU" in page
    assert "1 urgente dans Hématologie" in nour.get("/list").text, "the part of the page that renews itself too"
    _go(nour, two.hema)
    page = nour.get("/").text
    assert "1 urgente dans Oncologie médicale" in page and ": Hématologie</span>" in page
    assert "TÉCHER" in page and "HOARAU" not in page


def test_an_open_screen_hears_of_the_other_service_and_ends_with_a_change(
    nour: TestClient, app: FastAPI, two: Two, database: Database, clock: HandClock
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in nour.cookies.items())
    request, tools = Request({"type": "http", "headers": [(b"cookie", cookie.encode())]}), app.state.tools
    home = two.world.service.id
    assert live.look_again(request, tools, home) == ""
    with database.transaction() as session:
        an_alert(session, two.sam, Level.URGENT, now=clock.now())
    assert live.look_again(request, tools, home) == f"+{two.hema.id}:1"
    _go(nour, two.hema)
    assert live.look_again(request, tools, home) is None, "the screen must not go on with the service it showed"
    assert live.look_again(request, tools, two.hema.id) == ""


def test_a_filter_of_one_service_is_not_carried_to_the_other(nour: TestClient, two: Two, database: Database, clock: HandClock) -> None:
    with database.transaction() as session:
        an_alert(session, two.sam, Level.HIGH, now=clock.now())
    nour.get(f"/?owner={two.world.claire.id}&programme=coach")
    assert nour.get("/").status_code == 303, "remembered"
    _go(nour, two.hema)
    answer = nour.get("/")
    assert answer.status_code == 200 and "TÉCHER" in answer.text


def test_a_member_is_offered_where_colleagues_are_chosen(sign_in: SignIn, two: Two, database: Database, clock: HandClock) -> None:
    with database.transaction() as session:
        alert = an_alert(session, two.sam, Level.HIGH, now=clock.now())
    rose = sign_in(two.rose)
    rose.post(f"/alerts/{alert.id}/take")
    page = rose.get(f"/alerts/{alert.id}").text
    assert "Nour Saïd" in page and "Claire Payet" not in page
