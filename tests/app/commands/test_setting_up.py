"""vigie migrate and vigie init: an empty database becomes a hospital, or says in one line why not (point 13 of the first chain)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.core import signing
from app.core.db import Database
from app.people.models import Hospital, Service, Staff
from app.protocols import shelf
from app.protocols.models import ProtocolVersion
from migrations import run as migrations
from tests.app.commands.conftest import Run

BAIE = (
    "init",
    "--hospital",
    "Hôpital de la Baie",
    "--service",
    "Oncologie médicale",
    "--sms-name",
    "Suivi Baie",
    "--phone",
    "0199001234",
    "--number",
    "+33199001234",
    "--timezone",
    "Indian/Reunion",
    "--hours",
    "mon-fri 08:00-12:30 13:30-17:00, sat 09:00-12:00",
    "--admin-name",
    "Alma Dubreuil",
    "--admin-login",
    "Alma",
)
PASSWORD = "douze caractères au moins"


def test_init_founds_a_hospital_on_an_empty_database(on_empty: Run, empty_database_url: str) -> None:
    said = on_empty(*BAIE, VIGIE_PASSWORD=PASSWORD)
    assert (said.code, PASSWORD in said.out + said.err) == (0, False)
    assert "vigie user add" in said.out
    assert "otpauth://totp/Vigie:alma?" in said.err
    database = Database(empty_database_url)
    with database.reading() as session:
        assert session.scalars(select(Hospital.name)).all() == ["Hôpital de la Baie"]
        service = session.scalars(select(Service)).one()
        assert service.hours["0"] == [["08:00", "12:30"], ["13:30", "17:00"]]
        assert (service.hours["5"], "6" in service.hours) == ([["09:00", "12:00"]], False)
        assert (service.sms_name, service.number, service.timezone) == ("Suivi Baie", "+33199001234", "Indian/Reunion")
        alma = session.scalars(select(Staff)).one()
        assert (alma.login, alma.role, alma.service_id) == ("alma", "administrator", None)
        assert signing.password_matches(PASSWORD, alma.password_hash)
        slugs = set(session.scalars(select(ProtocolVersion.slug)))
    assert slugs == {path.parent.name for path in shelf.stock().documents}
    database.dispose()


def test_init_is_for_an_empty_database(on_empty: Run) -> None:
    on_empty(*BAIE, VIGIE_PASSWORD=PASSWORD)
    again = on_empty(*BAIE)
    assert again.code == 1
    assert "already holds a hospital (Hôpital de la Baie)" in again.err
    assert again.err.count("\n") == 1


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("--sms-name", "Suivi ça va", "texts cannot carry ç"),
        ("--sms-name", "Oncologie du soir", "1 to 12 characters"),
        ("--phone", "01 99 00 12 34 56", "at most 13"),
        ("--number", "12", "--number 12"),
        ("--timezone", "Europe/Lutece", "IANA name such as Europe/Paris"),
        ("--hours", "lundi matin", "Opening hours cannot be read at “lundi matin”"),
        ("--hours", "mon 18:00-08:00", "end before they begin"),
        ("--hospital", "", "--hospital is empty"),
        ("--language", "xx", "expected one of fr, en"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_founded(on_empty: Run, empty_database_url: str, flag: str, value: str, told: str) -> None:
    arguments = [*BAIE]
    if flag in arguments:
        arguments[arguments.index(flag) + 1] = value
    else:
        arguments += [flag, value]
    said = on_empty(*arguments, VIGIE_PASSWORD=PASSWORD)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert told in said.err
    database = Database(empty_database_url)
    with database.reading() as session:
        assert session.scalars(select(Hospital.name)).all() == []
    database.dispose()


def test_without_a_password_nothing_is_founded(on_empty: Run) -> None:
    said = on_empty(*BAIE)
    assert said.code == 2
    assert "--password-file" in said.err


def test_a_short_password_is_refused(on_empty: Run) -> None:
    said = on_empty(*BAIE, VIGIE_PASSWORD="court")
    assert (said.code, "at least 12 characters" in said.err) == (2, True)


def test_a_number_for_fiction_is_refused_in_production(on_empty: Run) -> None:
    said = on_empty(
        *BAIE,
        VIGIE_PASSWORD=PASSWORD,
        VIGIE_ENVIRONMENT="production",
        VIGIE_SECRET_KEY="k" * 40,
        VIGIE_ALLOW_SQLITE="1",
        VIGIE_ALLOW_SIMULATOR="1",
        VIGIE_PUBLIC_URL="https://vigie.example.org",
    )
    assert (said.code, "reserved for fiction" in said.err) == (2, True)


def test_migrate_says_the_revision_and_may_be_repeated(on_empty: Run) -> None:
    assert on_empty("migrate").out == f"database at revision {migrations.head()}\n"
    assert on_empty("migrate").code == 0


def test_migrate_refuses_a_newer_database(on_database: Run, database_url: str) -> None:
    database = Database(database_url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_from_the_future'"))
    database.dispose()
    said = on_database("migrate")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "2099_from_the_future" in said.err


def test_a_command_on_a_database_behind_says_to_migrate(on_empty: Run) -> None:
    said = on_empty("user", "list")
    assert said.code == 1
    assert "vigie migrate" in said.err


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_migrate_grants_the_role_of_the_application_what_it_needs_and_no_more(
    on_empty: Run, empty_database_url: str, engine_name: str
) -> None:
    """The web and the worker own nothing: they may add to the trail, never rewrite it (SEC-26)."""
    owner = Database(empty_database_url)
    with owner.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS vigie_app_of_test"))
        connection.execute(text("CREATE ROLE vigie_app_of_test LOGIN PASSWORD 'quiet'"))
    url = owner.url.set(username="vigie_app_of_test", password="quiet").render_as_string(hide_password=False)
    said = on_empty("migrate", VIGIE_MIGRATION_DATABASE_URL=empty_database_url, VIGIE_DATABASE_URL=url)
    assert said.code == 0, said.err
    with owner.engine.begin() as connection:

        def may(right: str, table: str) -> bool:
            return bool(connection.scalar(text(f"SELECT has_table_privilege('vigie_app_of_test', '{table}', '{right}')")))

        assert (may("INSERT", "audit"), may("UPDATE", "audit"), may("DELETE", "audit")) == (True, False, False)
        assert (may("UPDATE", "alert"), may("DELETE", "message")) == (True, False)
        connection.execute(text("DROP OWNED BY vigie_app_of_test"))
        connection.execute(text("DROP ROLE vigie_app_of_test"))
    owner.dispose()
