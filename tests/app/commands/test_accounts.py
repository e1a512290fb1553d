"""vigie user and vigie token: accounts open and close, tokens are shown once (SEC-33)."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select

from app.core import signing
from app.core.db import Database
from app.people import services
from app.people.access_models import ApiToken
from app.people.models import Staff
from tests.app.commands.conftest import Run
from tests.conftest import WEDNESDAY_TEN
from tests.factories import World
from tests.support.wards import two_services

PASSWORD = "douze caractères au moins"


def test_a_nurse_is_added_with_a_password_from_a_file(on_database: Run, world: World, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    said = on_database("user", "add", "Zoé", "--role", "nurse", "--name", "Zoé Técher", "--password-file", file, "--phone", "0639980009")
    assert said.code == 0, said.err
    assert PASSWORD not in said.out + said.err
    with database.reading() as session:
        zoe = session.scalars(select(Staff).where(Staff.login == "zoé")).one()
    assert (zoe.role, zoe.service_id, zoe.phone) == ("nurse", world.service.id, "+33639980009")
    assert signing.password_matches(PASSWORD, zoe.password_hash)
    assert zoe.totp_secret in said.err


def test_a_role_that_does_not_exist_is_refused_with_the_list(on_database: Run, world: World) -> None:
    said = on_database("user", "add", "zoe", "--role", "queen", "--name", "Zoé", VIGIE_PASSWORD=PASSWORD)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "secretary, nurse, coordinator" in said.err


def test_a_login_is_given_once(on_database: Run, world: World) -> None:
    said = on_database("user", "add", "claire", "--role", "nurse", "--name", "Autre", VIGIE_PASSWORD=PASSWORD)
    assert (said.code, said.err) == (1, "vigie: The login claire is already used.\n")


def test_a_service_that_does_not_exist_is_refused_with_the_list(on_database: Run, world: World) -> None:
    said = on_database("user", "add", "zoe", "--role", "nurse", "--name", "Zoé", "--service", "Pédiatrie", VIGIE_PASSWORD=PASSWORD)
    assert said.code == 2
    assert f"expected one of {world.service.id} (Oncologie médicale)" in said.err


def test_disabling_closes_the_account_and_the_list_says_so(on_database: Run, world: World) -> None:
    assert on_database("user", "disable", "luc").code == 0
    rows = {row["login"]: row for row in json.loads(on_database("user", "list", "--json").out)}
    assert (rows["luc"]["active"], rows["claire"]["active"]) == (False, True)
    assert on_database("user", "disable", "nobody").code == 1


def test_a_lost_telephone_gets_a_new_second_factor(on_database: Run, world: World, database: Database) -> None:
    said = on_database("user", "second-factor", "claire")
    with database.reading() as session:
        secret = session.scalars(select(Staff.totp_secret).where(Staff.login == "claire")).one()
    assert secret
    assert f"secret={secret}" in said.err


def test_a_token_is_alone_on_standard_output_and_stored_as_a_fingerprint(on_database: Run, world: World, database: Database) -> None:
    said = on_database("token", "create", "--role", "service", "--service", "Oncologie médicale", "--name", "dossier patient")
    token = said.out.strip()
    with database.reading() as session:
        holder = services.token_holder(session, token)
        stored = session.scalars(select(ApiToken.token_hash)).one()
    assert holder is not None
    assert (holder.role, holder.service_id, holder.name) == ("service", world.service.id, "dossier patient")
    assert token not in stored


def test_somebody_joins_a_further_service_and_leaves_it(on_database: Run, world: World, database: Database) -> None:
    with database.transaction() as session:
        two_services(session, world, now=WEDNESDAY_TEN)
    said = on_database("user", "join", "claire", "--service", "Hématologie")
    assert (said.code, said.out) == (0, "Claire Payet (claire) works in Hématologie too.\n")
    rows = {row["login"]: row for row in json.loads(on_database("user", "list", "--json").out)}
    assert (rows["claire"]["service"], rows["claire"]["also"]) == ("Oncologie médicale", ["Hématologie"])
    assert (rows["luc"]["also"], rows["alma"]["service"]) == ([], None)
    assert on_database("user", "leave", "claire", "--service", "Hématologie").code == 0
    assert on_database("user", "leave", "claire", "--service", "Hématologie").code == 1
