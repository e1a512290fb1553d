"""Play the steps of Dockerfile and compose.yaml without an engine: the image's files in a folder, its processes on a real PostgreSQL.

`python -m tests.house.replay` plays the whole Dockerfile, downloads included, in a fresh folder (about two minutes). The test suite plays
the same with the packages that are already installed. What is not played: the base image, the user's creation, networks and volumes.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml
from sqlalchemy import URL, create_engine, text

from tests.house.tree import ROOT
from tests.support.databases import postgres_server

GIVEN = {"VIGIE_PUBLIC_URL": "https://vigie.example.org", "VIGIE_TWILIO_ACCOUNT_SID": "AC00", "VIGIE_TWILIO_FROM": "+33199001234"}
"""What the person who starts compose gives."""
PATIENCE = 60
"""Seconds for a process to be ready, or to end."""


class Step(NamedTuple):
    """One instruction of a Dockerfile."""

    word: str
    rest: str


def dockerfile() -> list[Step]:
    """Its instructions, comments and line ends joined away."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in lines if not line.startswith("#")))
    return [Step(*line.split(" ", 1)) for line in joined.splitlines() if line.strip()]


def compose() -> dict[str, Any]:
    """The compose file as data."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def environment(service: str, secrets: Path) -> dict[str, str]:
    """What the containers of a service see, its secrets in this folder."""

    def filled(value: str) -> str:
        return re.sub(r"\$\{(\w+):(?:\?[^}]*|-([^}]*))\}", lambda m: GIVEN.get(m[1], m[2] or ""), value)

    told = compose()["services"][service]["environment"]
    return {name: filled(str(value)).replace("/run/secrets", str(secrets)) for name, value in told.items()}


def copied(into: Path) -> None:
    """The files that the Dockerfile copies from this repository, and no other."""
    for step in dockerfile():
        if step.word == "COPY" and "--from" not in step.rest:
            *sources, _ = step.rest.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, into / source, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / source, into / source)


def built(root: Path) -> Path:
    """Play the build stage below this folder; returns the `vigie` it made."""
    moved = re.compile(r"(?<![\w.])/(build|wheels|opt/vigie)\b")
    (root / "build").mkdir(parents=True)
    copied(root / "build")
    (root / "opt").mkdir()
    for step in dockerfile():
        if step.word == "RUN" and "useradd" not in step.rest:
            command = moved.sub(lambda match: f"{root}/{match[1]}", step.rest)
            _say(f"RUN {command}")
            subprocess.run(["/bin/sh", "-c", command], cwd=root / "build", check=True, stdin=subprocess.DEVNULL)
    return root / "opt/vigie/bin/vigie"


def _role(admin: URL, secrets: Path) -> dict[str, URL]:
    """The two roles that compose.yaml makes, and the database of the first."""
    password = (secrets / "application_password").read_text(encoding="utf-8")
    script = compose()["configs"]["application_role"]["content"]
    statement = re.search(r"<<'SQL'\n(.*)\nSQL", script, re.DOTALL)
    assert statement is not None
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE ROLE vigie_owner LOGIN"))
        connection.execute(text("CREATE DATABASE vigie OWNER vigie_owner"))
        connection.exec_driver_sql(statement[1].replace(":'password'", f"'{password}'"))
    engine.dispose()
    return {
        "migration_database_url": admin.set(username="vigie_owner", database="vigie"),
        "database_url": admin.set(username="vigie", database="vigie"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answer(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def _until(address: str, status: int) -> str:
    end = time.monotonic() + PATIENCE
    while True:
        found, body = _answer(address)
        if found == status:
            return body
        if time.monotonic() > end:
            raise AssertionError(f"{address} answers {found} instead of {status} after {PATIENCE} s: {body}")
        time.sleep(0.2)


@contextmanager
def _running(command: list[str], home: Path, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of a container: stopped as an engine stops it, and held to stopping cleanly."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE)
            assert code == 0, f"{shlex.join(command)} ended with {code}: {log.read_text(encoding='utf-8')[-2000:]}"
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def started(vigie: list[str], folder: Path, admin: URL, env: dict[str, str] | None = None) -> dict[str, str]:
    """What `docker compose up` would start, on this PostgreSQL, in production's settings. Returns what the web process said of itself."""
    secrets, home = folder / "secrets", folder / "home"
    secrets.mkdir()
    home.mkdir()
    (secrets / "application_password").write_text("0123456789abcdef", encoding="utf-8")
    (secrets / "secret_key").write_text("a secret of nobody, made for this replay alone", encoding="utf-8")
    (secrets / "twilio_auth_token").write_text("token", encoding="utf-8")
    for name, url in _role(admin, secrets).items():
        (secrets / name).write_text(url.render_as_string(hide_password=False), encoding="utf-8")
    port = str(_free_port())
    base = {"PATH": os.environ["PATH"], "HOME": str(home), "PORT": port, **(env or {})}

    def of(service: str) -> dict[str, str]:
        # Nothing leaves this machine: the carrier's address leads nowhere.
        return {**base, **environment(service, secrets), "VIGIE_TWILIO_API_BASE": "http://127.0.0.1:9"}

    def command(service: str) -> list[str]:
        return [*vigie, *compose()["services"][service]["command"]]

    migrated = subprocess.run(
        command("migrate"), cwd=home, env=of("migrate"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert migrated.returncode == 0, migrated.stderr
    address = f"http://127.0.0.1:{port}"
    with _running(command("web"), home, of("web"), folder / "web.log"):
        alive = _until(f"{address}/healthz", 200)
        before = _until(f"{address}/readyz", 503)
        with _running(command("worker"), home, of("worker"), folder / "worker.log"):
            ready = _until(f"{address}/readyz", 200)
    return {"migrate": migrated.stdout.strip(), "alive": alive, "before": before, "ready": ready}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """The whole replay, in a folder that is thrown away."""
    with TemporaryDirectory(prefix="vigie-image-") as folder:
        vigie = built(Path(folder) / "root")
        with postgres_server() as admin:
            for name, said in started([str(vigie)], Path(folder), admin).items():
                _say(f"{name}: {said}")


if __name__ == "__main__":
    main()
