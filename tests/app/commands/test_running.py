"""Processes started and stopped for real: serve, work, doctor between them; what may not start says why (HZ-41, SEC-29, U63)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from twilio.request_validator import RequestValidator

from app.core.db import Database
from app.people.models import Service
from tests.app.commands.conftest import Run
from tests.factories import World
from tests.support.twilio_standin import TOKEN as CARRIER_TOKEN
from tests.support.twilio_standin import TwilioStandIn

ROOT = Path(__file__).parents[3]
TOKEN = "the carrier's secret"
CANARY = "Zanzibar 38,9"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@contextmanager
def process(log: Path, environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command as a process of its own, ended whatever happens."""
    with log.open("wb") as said:
        started = subprocess.Popen([sys.executable, "-m", "app", *arguments], cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            yield started
        finally:
            started.kill()
            started.wait(10)


def until(answers: str, path: str, status: int) -> httpx2.Response:
    """Wait for an address to answer with this status; raises with what it said instead."""
    last = "nothing"
    for _ in range(300):
        try:
            answer = httpx2.get(answers + path, timeout=5)
            if answer.status_code == status:
                return answer
            last = answer.text
        except httpx2.HTTPError as error:
            last = type(error).__name__
        time.sleep(0.1)
    raise AssertionError(f"{path} never answered {status}: {last}")


@pytest.fixture
def address() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def house(database_url: str, address: str) -> dict[str, str]:
    """The settings of a hospital on trial."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    settings = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "PUBLIC_URL": address,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TRANSPORT": "simulator",
    }
    return clean | {f"VIGIE_{name}": value for name, value in settings.items()}


def test_serve_and_work_run_together_are_diagnosed_and_stop_on_sigterm(
    house: dict[str, str], address: str, world: World, tmp_path: Path, run: Run
) -> None:
    """Ready only once a worker beats; doctor proves address and signature; both end cleanly; the logs hold no patient (SEC-29)."""
    web_log, work_log, port = tmp_path / "web", tmp_path / "work", address.rpartition(":")[2]
    with process(web_log, house, "serve", "--port", port) as web:
        assert "no worker has ever run" in until(address, "/readyz", 503).text
        with process(work_log, house, "work") as worker:
            until(address, "/readyz", 200)
            settings = {name: value for name, value in house.items() if name.startswith("VIGIE_")}
            said = run("doctor", "--json", **settings)
            assert (said.code, [one["name"] for one in json.loads(said.out) if not one["well"]]) == (0, []), said.out
            form = {"MessageSid": "SM1", "From": "+33639980001", "To": "+33199001234", "Body": CANARY}
            signed = RequestValidator(TOKEN).compute_signature(f"{address}/twilio/inbound", form)
            assert (
                httpx2.post(f"{address}/twilio/inbound", data=form, headers={"X-Twilio-Signature": signed}, timeout=20).status_code == 200
            )
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0
        web.send_signal(signal.SIGTERM)
        assert web.wait(20) == 0
    logs = web_log.read_text() + work_log.read_text()
    for secret in (CANARY, "Zanzibar", "38,9", "639980001", TOKEN):
        assert secret not in logs


def test_doctor_says_what_a_proxy_did_to_the_signature(house: dict[str, str], address: str, world: World, tmp_path: Path, run: Run) -> None:
    """U63: the web process believes in another public address than the carrier calls."""
    behind = house | {"VIGIE_PUBLIC_URL": "http://inside.example"}
    with process(tmp_path / "web", behind, "serve", "--port", address.rpartition(":")[2]):
        until(address, "/healthz", 200)
        said = run("doctor", **{name: value for name, value in house.items() if name.startswith("VIGIE_")})
    assert said.code == 1
    assert "WRONG signature    our own signed webhook is answered 403" in said.out
    assert "WRONG worker       has never run on this database -> vigie work" in said.out


def test_doctor_on_an_empty_database_says_to_migrate(on_empty: Run, address: str) -> None:
    said = on_empty("doctor", VIGIE_PUBLIC_URL=address)
    assert said.code == 1
    assert "-> vigie migrate" in said.out
    assert "does not answer" in said.out


def test_a_taken_port_is_one_line(on_database: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        said = on_database("serve", "--port", door.getsockname()[1])
    assert (said.code, said.err.count("\n"), "is taken" in said.err) == (1, 1, True)


@pytest.mark.parametrize("command", ["serve", "work"])
def test_the_fictional_ward_never_stands_beside_real_texts(on_database: Run, world: World, database: Database, command: str) -> None:
    """HZ-41: a demonstration's database under a real carrier's account is refused at the start."""
    with database.transaction() as session:
        session.get_one(Service, world.service.id).is_demo = True
    account = {"VIGIE_TWILIO_ACCOUNT_SID": "AC1", "VIGIE_TWILIO_AUTH_TOKEN": "x", "VIGIE_TWILIO_FROM": "+33199001234"}
    said = on_database(command, **account)
    assert (said.code, said.err.count("\n"), "fictional ward" in said.err) == (1, 1, True)


def test_dev_is_the_demonstration_only(on_database: Run) -> None:
    said = on_database("dev")
    assert (said.code, "use vigie serve and vigie work" in said.err) == (1, True)


def test_dev_refuses_a_database_of_patients(on_database: Run, world: World) -> None:
    """HZ-41: the fictional ward is never put beside a real service."""
    said = on_database("dev", "--port", free_port(), VIGIE_ENVIRONMENT="demo")
    assert (said.code, "Oncologie médicale" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("token", "told"),
    [(CARRIER_TOKEN, "ok    sending      Twilio knows this account"), ("wrong", "WRONG sending      Twilio answered 401")],
)
def test_doctor_knocks_at_the_carriers_door(on_database: Run, world: World, address: str, token: str, told: str) -> None:
    with TwilioStandIn() as twilio:
        account = {
            "VIGIE_TWILIO_ACCOUNT_SID": twilio.account,
            "VIGIE_TWILIO_AUTH_TOKEN": token,
            "VIGIE_TWILIO_FROM": "+33199001234",
            "VIGIE_TWILIO_API_BASE": twilio.url,
            "VIGIE_PUBLIC_URL": address,
        }
        assert told in on_database("doctor", **account).out
