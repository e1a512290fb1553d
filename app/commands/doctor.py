"""What is wrong on this machine, one line each, with what to do."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import httpx2
import typer
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.commands.accounts import Json
from app.commands.console import REFUSED, say, say_json
from app.core import clock
from app.core.db import Database
from app.core.settings import Settings, Transport, load
from app.core.start import open_up
from app.insight.models import Heartbeat
from app.messaging import carriers
from app.people.models import Role, Service, Staff
from migrations import run as migrations
from notifications.messages import Failure
from notifications.transports.twilio_sms import INBOUND_PATH

SKEW = timedelta(seconds=5)
"""Between this machine's clock and the database's: more would put deadlines of two processes in disorder (house rule, 2026-11-22)."""
SILENT = timedelta(minutes=2)
"""The worker beats at least each minute."""
PATIENCE = 10.0
"""Seconds for one web request."""


class Finding(NamedTuple):
    """One line. todo "": nothing to do."""

    name: str
    well: bool
    said: str
    todo: str = ""


def doctor(as_json: Json = False) -> None:
    """Check settings, database, clock, address, carrier signature, worker, sending: one line each. Exit 1 when something is wrong."""
    settings = load()  # a wrong value has its own line and exit 2
    findings = list(_examine(settings))
    if as_json:
        say_json([finding._asdict() for finding in findings])
    else:
        for one in findings:
            say(f"{'ok   ' if one.well else 'WRONG'} {one.name:<12} {one.said}{f' -> {one.todo}' if one.todo else ''}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(REFUSED)


def _examine(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", True, f"environment {settings.environment}, texts by {settings.carrier}")
    yield from _inside(settings)
    yield _transport(settings)
    yield from _address(settings)


def _inside(settings: Settings) -> Iterator[Finding]:
    """What the database says; nothing more of it once it cannot be asked."""
    house = open_up(settings)
    try:
        yield from _database(house.database)
        if _is_migrated(house.database):
            with house.database.reading() as session:
                yield _clock(session, house.database)
                yield _worker(session)
                yield _people(session)
    except DBAPIError:
        yield Finding("database", False, "it does not answer", "check VIGIE_DATABASE_URL, and that the database runs")
    finally:
        house.database.dispose()


def _database(database: Database) -> Iterator[Finding]:
    kind = database.url.get_backend_name()
    with database.engine.connect() as connection:
        if database.is_sqlite:
            mode, synchronous = (
                connection.execute(text("PRAGMA journal_mode")).scalar(),
                connection.execute(text("PRAGMA synchronous")).scalar(),
            )
            well = (mode, synchronous) == ("wal", 2)
            yield Finding("database", well, f"sqlite, journal {mode}, synchronous {synchronous}", "" if well else "move it to a local disk")
        else:
            yield Finding("database", True, f"{kind}, {connection.execute(text('SHOW server_version')).scalar()}")
        here = migrations.current(connection)
    there = migrations.head()
    yield Finding("migrations", here == there, f"at {here or 'none'}, head {there}", "" if here == there else "vigie migrate")


def _is_migrated(database: Database) -> bool:
    with database.engine.connect() as connection:
        return migrations.current(connection) == migrations.head()


def _clock(session: Session, database: Database) -> Finding:
    if database.is_sqlite:
        return Finding("clock", True, f"{clock.wall():%Y-%m-%d %H:%M:%S} UTC, the database is on this machine")
    skew = abs(clock.wall() - session.scalar(select(func.clock_timestamp())))  # type: ignore[operator]  # PostgreSQL always answers
    well = skew <= SKEW
    return Finding("clock", well, f"{skew.total_seconds():.1f} s from the database's", "" if well else "synchronise both machines (NTP)")


def _worker(session: Session) -> Finding:
    last = session.scalar(select(func.max(Heartbeat.at)))
    if last is None:
        return Finding("worker", False, "has never run on this database", "vigie work")
    silent = clock.wall() - last
    return Finding("worker", silent <= SILENT, f"last beat {int(silent.total_seconds())} s ago", "" if silent <= SILENT else "vigie work")


def _people(session: Session) -> Finding:
    services = session.scalar(select(func.count()).select_from(Service)) or 0
    if not services:
        return Finding("people", False, "no service yet", "vigie init")
    there = set(session.scalars(select(Staff.role).where(Staff.active).distinct()))
    missing = [role for role in (Role.ONCOLOGIST, Role.NURSE) if role not in there]
    todo = f"vigie user add LOGIN --role {missing[0]} --name NAME" if missing else ""
    return Finding("people", not missing, f"services: {services}" + (f", nobody is {' nor '.join(missing)}" if missing else ""), todo)


def _transport(settings: Settings) -> Finding:
    if settings.carrier is not Transport.TWILIO:
        todo = "set the VIGIE_TWILIO_ settings" if settings.is_production else ""
        return Finding("sending", not settings.is_production, f"{settings.carrier}: no real text leaves", todo)
    try:
        carriers.twilio(settings).knock()
    except Failure as error:
        return Finding(
            "sending", False, error.sentence, "check VIGIE_TWILIO_ACCOUNT_SID, VIGIE_TWILIO_AUTH_TOKEN and VIGIE_TWILIO_API_BASE"
        )
    return Finding("sending", True, "Twilio knows this account")


def _address(settings: Settings) -> Iterator[Finding]:
    """Does the public address lead to this program, and does a signed webhook pass? A proxy that rewrites the address breaks
    signatures silently (U63): every text would be refused."""
    base = settings.public_url.rstrip("/")
    try:
        alive = httpx2.get(f"{base}/healthz", timeout=PATIENCE)
    except httpx2.HTTPError as error:
        yield Finding(
            "address", False, f"{base} does not answer ({type(error).__name__})", "start vigie serve, or correct VIGIE_PUBLIC_URL"
        )
        return
    here = alive.status_code == 200 and '"alive"' in alive.text
    yield Finding("address", here, f"{base} answers {alive.status_code}", "" if here else "VIGIE_PUBLIC_URL leads to something else")
    if here:
        yield _signature(settings, base)


def _signature(settings: Settings, base: str) -> Finding:
    if not settings.twilio_auth_token.get_secret_value():
        wrong = settings.carrier is Transport.TWILIO
        return Finding("signature", not wrong, "no carrier token: every webhook is refused", "set VIGIE_TWILIO_AUTH_TOKEN" if wrong else "")
    from app.web.hooks import SELF_TEST  # the web framework, for this one question

    nonce = secrets.token_hex(8)
    signed = carriers.twilio(settings).sign(INBOUND_PATH, [(SELF_TEST, nonce)])
    try:
        answer = httpx2.post(f"{base}{INBOUND_PATH}", data={SELF_TEST: nonce}, headers={"X-Twilio-Signature": signed}, timeout=PATIENCE)
        unsigned = httpx2.post(f"{base}{INBOUND_PATH}", data={SELF_TEST: nonce}, timeout=PATIENCE)
    except httpx2.HTTPError as error:
        return Finding("signature", False, f"the webhook does not answer ({type(error).__name__})", "look at the proxy before it")
    if unsigned.status_code != 403:
        return Finding(
            "signature", False, f"an unsigned webhook is answered {unsigned.status_code} instead of 403", "something answers for Vigie"
        )
    if answer.text != nonce:
        todo = "the web process has another VIGIE_PUBLIC_URL or VIGIE_TWILIO_AUTH_TOKEN, or the proxy changes path or body"
        return Finding("signature", False, f"our own signed webhook is answered {answer.status_code}", todo)
    return Finding("signature", True, "a signed webhook passes, an unsigned one is refused")
