"""Point 14: one image, two commands, not root, a health check; compose starts it in production's settings. Played without an engine."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings, Transport, load
from tests.house import replay
from tests.house.tree import ROOMS, ROOT, walk
from tests.support.databases import postgres_server


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as the image installs it, built from the files that the image gets."""
    folder = tmp_path_factory.mktemp("image")
    replay.copied(folder)
    build = "import setuptools.build_meta as b; b.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    [found] = (folder / "dist").glob("vigie-*.whl")
    return found


def test_every_file_of_the_program_is_in_the_image(wheel: Path) -> None:
    """A protocol, a text or a template that is on a developer's disk and not in the wheel would be missed by the first patient."""
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    # Words for whoever reads the repository stay there.
    wanted = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in walk(ROOT / room)
        if path.suffix not in (".md", ".png", ".mako", ".pyc")
    }
    assert wanted - packed == set()


def test_migrate_serve_and_work_run_as_compose_starts_them(wheel: Path, tmp_path: Path) -> None:
    """In production's settings, on a real PostgreSQL, under a role that owns nothing; SIGTERM ends both cleanly."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    where = "import app, sys; sys.stdout.write(app.__file__)"
    env = {"PYTHONPATH": str(site)}
    found = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(site)), "the tree was tried instead of the wheel"
    with postgres_server() as admin:
        said = replay.started([sys.executable, "-m", "app"], tmp_path, admin, env)
    assert said["alive"] == '{"alive":true}'
    assert "no worker" in said["before"]
    assert said["ready"] == '{"ready":true,"reasons":[]}'


def _last_stage() -> list[replay.Step]:
    steps = replay.dockerfile()
    begins = max(number for number, step in enumerate(steps) if step.word == "FROM")
    return steps[begins:]


def test_the_image_is_nobody_s_root_and_says_how_it_is() -> None:
    stage = _last_stage()
    [user] = [step.rest for step in stage if step.word == "USER"]
    assert user == "10001"
    [health] = [step.rest for step in stage if step.word == "HEALTHCHECK"]
    assert "/healthz" in health
    assert [step.rest for step in stage if step.word in ("ENTRYPOINT", "CMD")] == ['["vigie"]', '["serve"]']
    assert "VIGIE_HOST=0.0.0.0" in " ".join(step.rest for step in stage if step.word == "ENV")


def test_what_is_installed_is_compared_with_the_lock_s_hashes() -> None:
    runs = [step.rest for step in replay.dockerfile() if step.word == "RUN"]
    [fetched] = [run for run in runs if "pip download" in run]
    assert "--require-hashes" in fetched
    assert "requirements.lock" in fetched
    assert all("--no-index" in run for run in runs if "pip install" in run)


def test_the_engine_gets_every_file_it_copies_and_no_secret() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    admitted = {line[1:] for line in lines if line.startswith("!")}
    sources = {
        source for step in replay.dockerfile() if step.word == "COPY" and "--from" not in step.rest for source in step.rest.split()[:-1]
    }
    assert sources == admitted


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("VIGIE_")]:
        monkeypatch.delenv(name)
    (tmp_path / "secret_key").write_text("x" * 64, encoding="utf-8")
    (tmp_path / "twilio_auth_token").write_text("token", encoding="utf-8")
    (tmp_path / "database_url").write_text("postgresql+psycopg://vigie:a@postgres/vigie", encoding="utf-8")
    (tmp_path / "migration_database_url").write_text("postgresql+psycopg://vigie_owner:b@postgres/vigie", encoding="utf-8")
    yield tmp_path


def _settings(service: str, secrets: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in replay.environment(service, secrets).items():
        monkeypatch.setenv(name, value)
    return load()


@pytest.mark.parametrize("service", ["web", "worker", "migrate"])
def test_compose_starts_in_settings_that_production_accepts(service: str, secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(service, secrets, monkeypatch)
    assert (settings.is_production, settings.carrier) == (True, Transport.TWILIO)
    assert (settings.migration_database_url != "") is (service == "migrate")


def test_compose_is_one_image_at_this_version_with_its_two_commands() -> None:
    services = replay.compose()["services"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    ours = {name: told for name, told in services.items() if name != "postgres"}
    assert {told["image"] for told in ours.values()} == {f"vigie:{version}"}
    assert {name: told["command"] for name, told in ours.items()} == {"migrate": ["migrate"], "web": ["serve"], "worker": ["work"]}


def test_compose_keeps_secrets_in_files() -> None:
    loaded = replay.compose()
    assert set(loaded["secrets"]) == {name for told in loaded["services"].values() for name in told["secrets"]}
    for service, told in loaded["services"].items():
        for name in told["environment"]:
            assert not name.endswith(("PASSWORD", "TOKEN", "KEY", "DATABASE_URL")), f"{service} holds {name} in clear"
