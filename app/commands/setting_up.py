"""The first hour: bring the database to head, found a hospital."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import pyotp
import typer
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app.commands.console import BadInput, asked, by_command, password_for, say, say_second_factor
from app.core import clock
from app.core.db import Database
from app.core.errors import Refusal
from app.core.settings import Settings, load
from app.core.start import open_up
from app.people import hours as opening
from app.people import services, telephones
from app.people.models import Hospital, Role
from app.protocols import shelf
from migrations import run as migrations
from notifications import policy, wording


def bring_to_head(settings: Settings) -> str:
    """The database at head, under the role that owns it when one is given; returns the revision. Raises NewerDatabase."""
    house = open_up(settings, database_url=settings.migration_database_url)
    try:
        revision = migrations.upgrade(house.database)
        if settings.migration_database_url and not house.database.is_sqlite:
            role = make_url(settings.database_url).username
            if role and role != house.database.url.username:
                migrations.grant(house.database, role)
        return revision
    finally:
        house.database.dispose()


def migrate() -> None:
    """Bring the database to head; refuse one that is newer than this version.

    With VIGIE_MIGRATION_DATABASE_URL the tables belong to that role, and the role of VIGIE_DATABASE_URL is granted what it needs only.
    """
    say(f"database at revision {bring_to_head(load())}")


@dataclass
class _Founding:
    """What init asks, flags first."""

    hospital: str
    service: str
    sms_name: str
    phone: str
    number: str
    timezone: str
    hours: opening.Hours
    admin_name: str
    admin_login: str


def init(
    hospital: Annotated[str | None, typer.Option(help="Name of the hospital.")] = None,
    service: Annotated[str | None, typer.Option(help="Name of the service, as its staff call it.")] = None,
    sms_name: Annotated[str | None, typer.Option(help="What texts begin with: 12 characters at most, no disease, no drug.")] = None,
    phone: Annotated[str | None, typer.Option(help="The service's telephone as written in texts: 13 characters at most.")] = None,
    number: Annotated[str | None, typer.Option(help="The number texts leave from and patients answer to, as +33639980001.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA time zone, for instance Europe/Paris or Indian/Reunion.")] = None,
    hours: Annotated[str | None, typer.Option(help='Opening hours: "mon-fri 08:00-18:00, sat 09:00-12:00".')] = None,
    country: Annotated[str, typer.Option(help="Two letters: how national telephone numbers and holidays are read.")] = "FR",
    holidays_region: Annotated[str, typer.Option(help="Subdivision of the holidays library, for instance 974.")] = "",
    language: Annotated[str, typer.Option(help="Language of the service: fr or en.")] = "fr",
    admin_name: Annotated[str | None, typer.Option(help="Name of the first administrator.")] = None,
    admin_login: Annotated[str | None, typer.Option(help="Login of the first administrator.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="File holding the administrator's password; or set VIGIE_PASSWORD.")] = None,
) -> None:
    """Found a hospital on an empty database: service, hours, sender, first administrator. Asks what the flags do not say."""
    settings = load()
    bring_to_head(settings)
    house = open_up(settings)
    try:
        _refuse_if_founded(house.database)
        if language not in wording.COMPLETE:
            raise BadInput(f"--language {language}: expected one of {', '.join(wording.COMPLETE)}")
        told = _ask(
            hospital, service, sms_name, phone, number, timezone, hours, admin_name, admin_login, country=country, settings=settings
        )
        password = password_for(told.admin_login, password_file)
        secret = _found(house.database, told, password=password, country=country, holidays_region=holidays_region, language=language)
    finally:
        house.database.dispose()
    say_second_factor(told.admin_login.lower(), secret)
    _next_steps(settings, told)


def _refuse_if_founded(database: Database) -> None:
    with database.reading() as session:
        there = session.scalar(select(Hospital.name).limit(1))
    if there is not None:
        raise Refusal("This database already holds a hospital ({name}). Nothing was changed; init is for an empty one.", name=there)


def _ask(
    hospital: str | None,
    service: str | None,
    sms_name: str | None,
    phone: str | None,
    number: str | None,
    timezone: str | None,
    hours: str | None,
    admin_name: str | None,
    admin_login: str | None,
    *,
    country: str,
    settings: Settings,
) -> _Founding:
    told = _Founding(
        hospital=asked("Name of the hospital", hospital, "--hospital"),
        service=asked("Name of the service", service, "--service"),
        sms_name=asked("What texts begin with (12 characters, neutral)", sms_name, "--sms-name"),
        phone=asked("Telephone of the service, as written in texts", phone, "--phone"),
        number=asked("Number texts leave from (+33...)", number, "--number"),
        timezone=asked("Time zone", timezone, "--timezone", default="Europe/Paris"),
        hours=_hours(asked("Opening hours", hours, "--hours", default="mon-fri 08:00-18:00")),
        admin_name=asked("Name of the first administrator", admin_name, "--admin-name"),
        admin_login=asked("Login of the first administrator", admin_login, "--admin-login"),
    )
    for flag, text in (("--hospital", told.hospital), ("--service", told.service), ("--admin-name", told.admin_name)):
        if not text:
            raise BadInput(f"{flag} is empty: write a name")
    if wrong := policy.not_gsm7(told.sms_name):
        raise BadInput(f"--sms-name {told.sms_name}: texts cannot carry {wrong}; write it otherwise")
    if told.timezone not in available_timezones():
        raise BadInput(f"--timezone {told.timezone}: expected an IANA name such as Europe/Paris")
    try:
        told.number = telephones.to_e164(told.number, country, allow_fiction=not settings.is_production)
    except ValueError as error:
        raise BadInput(f"--number {told.number}: {error}") from error
    return told


def _hours(text: str) -> opening.Hours:
    try:
        return opening.read(text)
    except ValueError as error:
        raise BadInput(f"--hours: {error}") from error


def _found(database: Database, told: _Founding, *, password: str, country: str, holidays_region: str, language: str) -> str:
    now, by, secret = clock.wall(), by_command(), pyotp.random_base32()
    with database.transaction() as session:
        shelf.seed(session, now)
        hospital = services.found_hospital(session, told.hospital, now=now)
        services.open_service(
            session,
            hospital,
            name=told.service,
            sms_name=told.sms_name,
            phone=told.phone,
            number=told.number,
            timezone=told.timezone,
            hours=told.hours,
            language=language,
            country=country,
            holidays_region=holidays_region,
            by=by,
            now=now,
        )
        services.engage(
            session,
            hospital,
            login=told.admin_login,
            name=told.admin_name,
            role=Role.ADMINISTRATOR,
            password=password,
            service=None,
            by=by,
            now=now,
            language=language,
            totp_secret=secret,
        )
    return secret


def _next_steps(settings: Settings, told: _Founding) -> None:
    say(f"{told.hospital}, {told.service}: ready. {told.admin_name} signs in as {told.admin_login.lower()}.")
    say("Next:")
    for role, name in (("oncologist", "Dr ..."), ("coordinator", "..."), ("nurse", "...")):
        say(f'  vigie user add LOGIN --role {role} --name "{name}"')
    say("  vigie serve                 the web process, one or more")
    say("  vigie work                  the worker: nothing is asked, sent or escalated without it")
    say("  vigie doctor                says what is still missing")
    if settings.is_production:
        say(f"At the carrier, the number's webhook is POST {settings.public_url.rstrip('/')}/twilio/inbound")
    else:
        say(f"The environment is {settings.environment}: set VIGIE_ENVIRONMENT=production before the first patient.")
