"""Sign in, second factor, sessions that end, guesses that are limited. Real time, whatever the demonstration's clock says."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.core import clock as clocks
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Environment, Settings
from app.main import create_app
from app.people.access_models import SignInAttempt, StaffSession
from app.people.models import Service, Staff
from tests.app.web.conftest import SignIn
from tests.factories import PASSWORD, World


def enter(browser: TestClient, login: str, password: str, **more: str) -> int:
    return browser.post("/sign-in", data={"login": login, "password": password, **more}).status_code


def test_the_list_asks_to_sign_in_and_comes_back(browser: TestClient) -> None:
    asked = browser.get("/patients/7?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Fpatients%2F7%3Fx%3D1")
    entered = browser.post("/sign-in", data={"login": "Claire ", "password": PASSWORD, "next": "/patients/7?x=1"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/patients/7?x=1")
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("address", ["https://example.org/", "//example.org", "/\\example.org", "/sign-out", "javascript:alert(1)"])
def test_the_way_back_never_leaves_the_house(browser: TestClient, address: str) -> None:
    entered = browser.post("/sign-in", data={"login": "claire", "password": PASSWORD, "next": address})
    assert entered.headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_login_say_the_same(browser: TestClient) -> None:
    """Nothing tells a stranger which accounts exist (ASVS 6.3.8)."""
    wrong = browser.post("/sign-in", data={"login": "claire", "password": "wrong"})
    unknown = browser.post("/sign-in", data={"login": "nobody", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert "Identifiant ou mot de passe incorrect" in wrong.text
    assert wrong.text.replace("claire", "nobody") == unknown.text


def test_five_failures_close_the_door_for_that_account_only(browser: TestClient, database: Database) -> None:
    assert [enter(browser, "claire", "wrong") for _ in range(5)] == [401] * 5
    refused = browser.post("/sign-in", data={"login": "claire", "password": PASSWORD})
    assert refused.status_code == 429
    assert "Attendez 15 min" in refused.text
    assert enter(browser, "luc", PASSWORD) == 303
    with database.transaction() as session:
        session.execute(update(SignInAttempt).values(at=clocks.wall() - timedelta(minutes=16)))
    assert enter(browser, "claire", PASSWORD) == 303


def test_a_success_forgets_the_failures_before_it(browser: TestClient) -> None:
    assert [enter(browser, "claire", "wrong") for _ in range(4)] == [401] * 4
    assert enter(browser, "claire", PASSWORD) == 303
    assert [enter(browser, "claire", "wrong") for _ in range(4)] == [401] * 4
    assert enter(browser, "claire", PASSWORD) == 303


def test_thirty_failures_close_the_door_for_an_address(browser: TestClient) -> None:
    assert [enter(browser, f"guess{n}", "wrong") for n in range(30)] == [401] * 30
    assert enter(browser, "claire", PASSWORD) == 429


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_from_elsewhere(browser: TestClient, database: Database) -> None:
    """SEC-43. Only the fingerprint of the token is stored."""
    answer = browser.post("/sign-in", data={"login": "claire", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("vigie=") and "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    token = browser.cookies["vigie"]
    with database.reading() as session:
        stored = session.scalars(select(StaffSession.token_hash)).one()
    assert token not in stored and len(stored) == 64


def test_under_https_the_cookie_is_bound_to_the_host(settings: Settings, database: Database, clock: HandClock, world: World) -> None:
    settings = settings.model_copy(update={"public_url": "https://vigie.example"})
    with TestClient(create_app(settings, database, clock), base_url="https://vigie.example", follow_redirects=False) as browser:
        answer = browser.post("/sign-in", data={"login": "claire", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-vigie=") and "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
        assert "max-age=" in answer.headers["strict-transport-security"]
        assert browser.get("/").status_code == 200


def test_signing_out_ends_the_session_even_for_a_copied_cookie(claire: TestClient, app: FastAPI) -> None:
    token = claire.cookies["vigie"]
    assert claire.post("/sign-out").headers["location"] == "/sign-in"
    with TestClient(app, cookies={"vigie": token}, follow_redirects=False) as thief:
        assert thief.get("/").status_code == 303


@pytest.mark.parametrize(
    ("seen", "created", "status"),
    [
        (timedelta(minutes=29), timedelta(hours=1), 200),
        (timedelta(minutes=31), timedelta(hours=1), 303),
        (timedelta(minutes=1), timedelta(hours=11, minutes=59), 200),
        (timedelta(minutes=1), timedelta(hours=12, minutes=1), 303),
    ],
)
def test_sessions_end_after_half_an_hour_idle_and_twelve_hours_in_all(
    claire: TestClient, database: Database, seen: timedelta, created: timedelta, status: int
) -> None:
    """SEC-22."""
    wall = clocks.wall()
    with database.transaction() as session:
        session.execute(update(StaffSession).values(seen_at=wall - seen, created_at=wall - created))
    assert claire.get("/").status_code == status


def test_an_act_keeps_the_session_awake_and_a_forgotten_screen_does_not(claire: TestClient, database: Database) -> None:
    """SEC-22: what the screen asks by itself is nobody's act."""
    earlier = clocks.wall() - timedelta(minutes=20)
    with database.transaction() as session:
        session.execute(update(StaffSession).values(seen_at=earlier))
    assert claire.get("/live/stamp").status_code == 200
    with database.reading() as session:
        assert session.scalars(select(StaffSession.seen_at)).one() == earlier
    assert claire.get("/").status_code == 200
    with database.reading() as session:
        assert session.scalars(select(StaffSession.seen_at)).one() > earlier


def test_a_disabled_account_is_out_at_once(claire: TestClient, database: Database, world: World) -> None:
    with database.transaction() as session:
        session.get_one(Staff, world.claire.id).active = False
    assert claire.get("/").status_code == 303
    assert enter(claire, "claire", PASSWORD) == 401


@pytest.fixture
def guarded(settings: Settings, database: Database, clock: HandClock, world: World) -> TestClient:
    """A house that asks for a second factor; Claire has one, Luc has none yet."""
    strict = settings.model_copy(update={"second_factor": True})
    with database.transaction() as session:
        session.get_one(Staff, world.claire.id).totp_secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    return TestClient(create_app(strict, database, clock), follow_redirects=False)


def test_the_second_factor_is_asked_and_works_once(guarded: TestClient) -> None:
    """SEC-21: sign-in without it is refused; a code read over a shoulder is worth nothing."""
    code = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(clocks.wall())
    assert 'name="code"' in guarded.get("/sign-in").text
    assert enter(guarded, "claire", PASSWORD) == 401
    assert enter(guarded, "claire", PASSWORD, code="000000" if code != "000000" else "111111") == 401
    assert enter(guarded, "claire", PASSWORD, code=f"{code[:3]} {code[3:]}") == 303
    assert enter(guarded, "claire", PASSWORD, code=code) == 401


def test_an_account_without_second_factor_does_not_enter(guarded: TestClient) -> None:
    assert enter(guarded, "luc", PASSWORD, code="123456") == 401


def test_sign_in_leaves_a_trace_and_so_does_a_failure(browser: TestClient, database: Database) -> None:
    """SEC-27."""
    enter(browser, "claire", "wrong")
    enter(browser, "claire", PASSWORD)
    browser.post("/sign-out")
    with database.reading() as session:
        actions = session.scalars(select(AuditRow.action).where(AuditRow.action.like("sign%")).order_by(AuditRow.id)).all()
    assert actions == ["signin.failed", "signin.succeeded", "signout"]


def test_the_demonstration_offers_three_people_by_one_click(settings: Settings, database: Database, clock: HandClock, world: World) -> None:
    with database.transaction() as session:
        session.get_one(Service, world.service.id).is_demo = True
    demo = settings.model_copy(update={"environment": Environment.DEMO})
    with TestClient(create_app(demo, database, clock), follow_redirects=False) as browser:
        page = browser.get("/sign-in").text
        assert all(name in page for name in ("Claire Payet", "Dr Aurore Lebon", "Inès Caron"))
        assert "Alma" not in page
        assert "Démonstration" in page
        assert browser.post(f"/sign-in/demo/{world.alma.id}").status_code == 404
        assert browser.post(f"/sign-in/demo/{world.claire.id}").status_code == 303
        assert "Claire Payet" in browser.get("/").text


def test_elsewhere_nobody_enters_by_one_click(browser: TestClient, database: Database, world: World) -> None:
    with database.transaction() as session:
        session.get_one(Service, world.service.id).is_demo = True
    assert "Claire Payet" not in browser.get("/sign-in").text
    assert browser.post(f"/sign-in/demo/{world.claire.id}").status_code == 404
    assert browser.get("/").status_code == 303


def test_the_language_is_remembered_on_the_account_and_on_the_browser(
    browser: TestClient, sign_in: SignIn, database: Database, world: World
) -> None:
    assert "Mot de passe" in browser.get("/sign-in").text
    assert "Password" in browser.get("/sign-in", headers={"accept-language": "en-GB,en"}).text
    browser.post("/language", data={"language": "en"})
    assert "Password" in browser.get("/sign-in").text
    luc = sign_in(world.luc)
    assert "Aujourd" in luc.get("/").text
    assert luc.post("/language", data={"language": "en", "back": "/"}).headers["location"] == "/"
    assert "Today" in luc.get("/").text
    luc.post("/language", data={"language": "xx"})
    with database.reading() as session:
        assert session.get_one(Staff, world.luc.id).language == "en"
