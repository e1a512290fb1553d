"""A command run as a person runs it: environment, exit code, what is said on each side."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from app.__main__ import vigie
from app.commands import console
from app.core import audit, signing
from app.core.settings import DEFAULT_SECRET


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def house_key() -> Iterator[None]:
    """The chain's key as every process derives it, so that rows made by the test and by the command belong to one chain."""
    before = audit._Seal.key
    audit.use_key(signing.derive(DEFAULT_SECRET, "audit"))
    yield
    audit.use_key(before)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """No setting of whoever runs the tests leaks in; the process's logs are given back afterwards."""
    import os

    for name in [name for name in os.environ if name.startswith("VIGIE_") and name != "VIGIE_TEST_POSTGRES"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VIGIE_ENVIRONMENT", "test")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield monkeypatch
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def run(environment: pytest.MonkeyPatch, house_key: None, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command against nothing in particular."""

    def run(*arguments: object, **settings: str) -> Said:
        for name, value in settings.items():
            environment.setenv(name, value)
        capsys.readouterr()
        code = console.run(vigie, [str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def on_database(run: Run, environment: pytest.MonkeyPatch, database_url: str) -> Run:
    """Run a command on a migrated database, SQLite then PostgreSQL."""
    environment.setenv("VIGIE_DATABASE_URL", database_url)
    return run


@pytest.fixture
def on_empty(run: Run, environment: pytest.MonkeyPatch, empty_database_url: str) -> Run:
    """Run a command on an empty database, SQLite then PostgreSQL."""
    environment.setenv("VIGIE_DATABASE_URL", empty_database_url)
    return run
