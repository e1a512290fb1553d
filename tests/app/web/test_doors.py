"""Every address of the application, asked for by a stranger and by each role (SEC-24): a new route is tested the day it appears."""

from __future__ import annotations

import asyncio
import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select
from starlette.types import Message, Scope

from app.core.audit import AuditRow
from app.core.db import Database
from app.people.models import Role
from app.web import guard
from tests.app.web.conftest import SignIn
from tests.factories import World

OPEN = {"/sign-in", "/sign-in/demo/{staff_id}", "/sign-out", "/language", "/healthz", "/readyz", "/metrics"}
"""Addresses that answer to anybody: the door itself and the signs of life."""

BY_SIGNATURE = ("/twilio/",)
BY_TOKEN = ("/api/", "/fhir/")
BY_LINK = ("/q/",)
"""Patients' pages: whoever has no living link, or no cookie of a visit, sees one and the same page."""
DEMO_ONLY = ("/phones",)
READS = {"/search"}
"""Posted so that no name stands in an address; changes nothing."""

STAFF = re.compile(r"^/staff\b")
"""The administrator's own: no other role reads or changes it."""

CLINICAL = re.compile(r"^/(list|live|alerts|tasks|patients|assessments|search|enrol|handover)\b")


def doors(app: FastAPI) -> list[tuple[str, str]]:
    found = []
    stack = list(app.routes)
    while stack:
        route = stack.pop()
        stack.extend(getattr(route, "routes", ()) or ())
        original = getattr(route, "original_router", None)
        if original is not None:
            stack.extend(original.routes)
        if isinstance(route, APIRoute):
            found += [(method, route.path) for method in sorted(route.methods or ())]
    return sorted(set(found))


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "1", path)


def test_the_table_of_doors_is_not_empty(app: FastAPI) -> None:
    assert len(doors(app)) > 20


def test_a_stranger_opens_nothing_but_the_door(app: FastAPI, browser: TestClient) -> None:
    for method, path in doors(app):
        if path in OPEN:
            continue
        answer = browser.request(method, filled(path), data={} if method != "GET" else None)
        if path.startswith(BY_SIGNATURE):
            assert answer.status_code == 403, path
        elif path.startswith(BY_TOKEN):
            assert answer.status_code == 401 or path.endswith("openapi.json"), path
        elif path.startswith(BY_LINK):
            assert answer.status_code == 410, path
        elif path.startswith(DEMO_ONLY):
            assert answer.status_code == 404, path
        elif path.startswith("/live"):
            assert answer.status_code in (303, 401), path
        else:
            assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"), (method, path, answer.status_code)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SECRETARY])
def test_who_may_not_act_changes_nothing_anywhere(app: FastAPI, sign_in: SignIn, world: World, role: Role) -> None:
    """Every POST of the screens, on rows that do not exist: a refusal or an absence, never a success."""
    person = sign_in(world.alma if role is Role.ADMINISTRATOR else world.paul)
    for method, path in doors(app):
        if method != "POST" or path in OPEN or path.startswith((*BY_SIGNATURE, *BY_TOKEN, *BY_LINK)) or not CLINICAL.match(path):
            continue
        if path in READS:
            continue
        answer = person.post(filled(path), data={"note": "x", "outcome": "advice", "reason": "x", "reached": "yes"})
        assert answer.status_code in (403, 404, 422), (path, answer.status_code)


def test_a_nul_in_an_address_or_a_form_is_left_out_and_the_rest_is_kept(sign_in: SignIn, world: World, database: Database) -> None:
    """PostgreSQL keeps none as text: the whole form would be lost to an error of ours."""
    ines = sign_in(world.ines)
    assert ines.get("/?owner=x%00&open=%00&programme=a%00b").status_code == 200
    assert ines.post("/service/stop", data={"reason": "pa\x00nne \U0001f600 %2500"}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(AuditRow.reason).where(AuditRow.reason.startswith("panne"))).all() == ["panne \U0001f600 %2500"]


def test_a_nul_cut_in_two_by_the_network_is_left_out_too() -> None:
    sent = iter([(b"a=x%0", True), (b"0y%", True), (b"00&b=%2500%", False)])

    async def receive() -> Message:
        body, more = next(sent)
        return {"type": "http.request", "body": body, "more_body": more}

    async def read() -> bytes:
        form: Scope = {"headers": [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")], "query_string": b"q=%00z"}
        scope, cleaned = guard._without_nul(form, receive)
        assert scope["query_string"] == b"q=z"
        return b"".join([(await cleaned())["body"] for _ in range(3)])

    assert asyncio.run(read()) == b"a=xy&b=%2500%"


@pytest.mark.parametrize("login", ["claire", "ines", "paul"])
def test_the_accounts_are_the_administrators_alone(app: FastAPI, sign_in: SignIn, world: World, login: str) -> None:
    person = sign_in(getattr(world, login))
    found = [(method, path) for method, path in doors(app) if STAFF.match(path)]
    assert len(found) == 3
    assert {person.request(method, filled(path)).status_code for method, path in found} == {403}


def test_the_administrator_reads_nothing_clinical(app: FastAPI, sign_in: SignIn, world: World) -> None:
    alma = sign_in(world.alma)
    for method, path in doors(app):
        if method != "GET" or not CLINICAL.match(path) or path.startswith("/live"):
            continue
        assert alma.get(filled(path)).status_code in (403, 404), path
