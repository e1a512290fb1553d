"""Point 13: without the demonstration. An empty database, `vigie init`, a patient on a copy of a protocol with one threshold edited, a real
carrier's client against the stand-in, everything over HTTP: the edited threshold is what decides, and the trail is whole."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest
from sqlalchemy import ColumnElement, select

from app.__main__ import vigie
from app.alerts.models import Alert
from app.checkins.models import AssessmentRow
from app.commands import console
from app.core import audit
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings, load
from app.main import create_app
from app.people.models import Patient
from app.protocols import shelf
from app.worker import Worker
from tests.support.loopback import Loopback
from tests.support.twilio_standin import TwilioStandIn
from triage.engine import assess
from triage.protocol import parse
from triage.terms import Answer, Context, Level

PASSWORD = "une phrase assez longue"
MARIE = "+33639980001"
SERVICE = "+33199001234"
SLUG = "capecitabine-14-7"
LIBRARY = shelf.LIBRARY / "protocols" / SLUG / "2026-11-22.toml"

Command = Callable[..., str]
Row = TypeVar("Row")


@pytest.fixture
def door() -> Loopback:
    return Loopback()


@pytest.fixture
def carrier() -> Iterator[TwilioStandIn]:
    with TwilioStandIn(auto=False) as twilio:
        yield twilio


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_database_url: str, door: Loopback, carrier: TwilioStandIn
) -> Iterator[Command]:
    """The command line under the settings of a hospital that has a carrier."""
    settings = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": empty_database_url,
        "PUBLIC_URL": door.url,
        "SECRET_KEY": "a secret of its own",
        "TRANSPORT": "twilio",
        "TWILIO_ACCOUNT_SID": carrier.account,
        "TWILIO_AUTH_TOKEN": carrier.token,
        "TWILIO_FROM": SERVICE,
        "TWILIO_API_BASE": carrier.url,
        "PASSWORD": PASSWORD,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"VIGIE_{name}", value)
    key, root = audit._Seal.key, logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def command(*arguments: object) -> str:
        capsys.readouterr()
        code = console.run(vigie, [str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    yield command
    audit.use_key(key)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def hospital(command: Command, empty_database_url: str) -> Iterator[Database]:
    """What a stranger has after `vigie init` and four accounts."""
    command(
        "init",
        "--hospital",
        "Hôpital de la Baie",
        "--service",
        "Oncologie",
        "--sms-name",
        "Suivi Baie",
        "--phone",
        "0199001234",
        "--number",
        SERVICE,
        "--timezone",
        "Europe/Paris",
        "--hours",
        "mon-fri 08:00-18:00",
        "--admin-name",
        "Alma",
        "--admin-login",
        "alma",
    )
    for login, role, name in (
        ("lebon", "oncologist", "Dr Lebon"),
        ("ines", "coordinator", "Inès Caron"),
        ("claire", "nurse", "Claire Payet"),
        ("noe", "pharmacist", "Noé Grondin"),
    ):
        command("user", "add", login, "--role", role, "--name", name)
    database = Database(empty_database_url)
    yield database
    database.dispose()


@contextmanager
def sign_in(door: Loopback, login: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=door.url, timeout=30) as client:
        answer = client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client


def edited(folder: Path) -> Path:
    """The library's file with one number changed: sore hands and feet call from 1 instead of 2."""
    text = LIBRARY.read_text(encoding="utf-8")
    changed, times = re.subn(r"hand_foot_call(\s*)= \{ at = 2,", r"hand_foot_call\1= { at = 1,", text)
    assert times == 1
    copy = folder / "capecitabine-of-the-bay.toml"
    copy.write_text(changed, encoding="utf-8")
    return copy


def sign_protocol(reader: httpx2.Client) -> None:
    """The service's own copy, found in the list, opened and signed."""
    row = next(row for row in reader.get("/protocols").text.split("<tr>") if "propre au service" in row)
    address = re.findall(r'href="(/protocols/\d+)"', row)[0]
    assert "Signer ce texte" in reader.get(address).text
    assert reader.post(f"{address}/sign", data={"sure": "yes"}).status_code == 303


def enrol_marie(ines: httpx2.Client) -> None:
    """What Inès types; the rest she leaves as the form proposes it."""
    page = ines.get("/enrol").text
    form = dict(re.findall(r'<input id="(?!search)(\w+)" name="\w+" type="(?:text|date|tel)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="(\w+)"(.*?)</select>', page, flags=re.S):
        form[name] = "".join(re.findall(r'<option value="([^"]*)" selected', options))
    form |= {
        "family_name": "Hoarau",
        "given_names": "Marie",
        "birth_date": "1955-03-14",
        "sex": "female",
        "phone": "0639980001",
        "consent_follow_up": "yes",
        "consent_sms_words": "yes",
        "consent_sheet": "2026-09",
        "dose_mg": "1500",
        "first_text": "yes",
    }
    answer = ines.post("/enrol", data=form)
    assert answer.status_code == 303, re.findall(r'field-error" id="(\w+)-error">([^<]+)', answer.text)


def waited_for(hospital: Database, kind: type[Row], *wanted: ColumnElement[bool]) -> Row:
    """A text is read right after the carrier had its answer: wait for what comes of it, as a nurse does."""
    for _ in range(200):
        with hospital.reading() as session:
            found = session.scalars(select(kind).where(*wanted)).all()
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("nothing came of the text")


def deliver(carrier: TwilioStandIn) -> None:
    """The carrier tells the end of every message it took, in the wrong order and twice."""
    for message in list(carrier.messages):
        assert set(carrier.call_back(message["sid"], "delivered", "sent", "delivered")) == {204}


def test_a_stranger_from_an_empty_database_to_an_alert_closed_and_explained(
    command: Command, hospital: Database, door: Loopback, carrier: TwilioStandIn, tmp_path: Path
) -> None:
    """FR-04 to FR-08 in one breath, SEC-13, SEC-26."""
    assert "now follows its own capecitabine-14-7" in command("protocols", "adopt", edited(tmp_path))
    settings: Settings = load()
    clock = HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))  # Wednesday, 10:00 in Paris
    worker = Worker(settings, hospital, clock)
    with door.serving(create_app(settings, hospital, clock)):
        for login in ("lebon", "noe"):
            with sign_in(door, login) as reader:
                sign_protocol(reader)
        with sign_in(door, "ines") as ines:
            enrol_marie(ines)
        worker.run_once()
        deliver(carrier)
        assert [words.split(" :")[0] for words in carrier.sent_to(MARIE)] == ["Suivi Baie"] * 3  # her code, and the two that welcome her
        (code,) = re.findall(r"\d{6}", carrier.sent_to(MARIE)[0])
        assert carrier.text(MARIE, code, to=SERVICE, url=f"{door.url}/twilio/inbound").status_code == 200
        waited_for(hospital, Patient, Patient.phone_verified_at.is_not(None))

        clock.forward(days=2)  # day 3 of cycle 1: the first check-in of the rhythm
        worker.run_once()
        deliver(carrier)
        question = carrier.sent_to(MARIE)[-1]
        assert "mains et pieds" in question
        assert carrier.text(MARIE, "0 0 1", to=SERVICE, url=f"{door.url}/twilio/inbound").status_code == 200

        alert = waited_for(hospital, Alert)
        with hospital.reading() as session:
            judged = session.scalars(select(AssessmentRow).where(AssessmentRow.id == alert.assessment_id)).one()
        assert (alert.level, alert.state) == ("high", "new")
        assert _level_by_the_library() < Level.HIGH

        with sign_in(door, "claire") as claire:
            assert "HOARAU Marie" in claire.get("/").text
            assert claire.post(f"/alerts/{alert.id}/take").status_code == 303
            assert claire.post(f"/alerts/{alert.id}/call", data={"whom": "patient", "reached": "yes"}).status_code == 303
            assert claire.post(f"/alerts/{alert.id}/close", data={"outcome": "advice", "note": "Crème, rappel lundi."}).status_code == 303
    with hospital.reading() as session:
        closed = session.get_one(Alert, alert.id)
        assert (closed.state, closed.outcome) == ("closed", "advice")

    said = command("explain", judged.id, "--lang", "fr")
    assert "Mains et pieds douloureux" in said
    assert judged.fingerprint[:8] in said
    assert "whole" in command("verify", "audit")
    assert "all the same" in command("verify", "assessments")


def _level_by_the_library() -> Level:
    """The same answers under the library's own file: nobody would have been called today."""
    answers = {key: Answer(key, Decimal(value)) for key, value in (("diarrhea", 0), ("mouth_sores", 0), ("hand_foot", 1))}
    context = Context(asked_on=date(2026, 11, 27), cycle=1, cycle_day=3, on_day=True, due=tuple(answers))
    return assess(parse(LIBRARY.read_text(encoding="utf-8"), shelf.layers()), answers, context).level
