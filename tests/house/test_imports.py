"""The import contracts of pyproject.toml hold: who may know whom."""

from __future__ import annotations

import tomllib

import pytest
from importlinter.application.use_cases import SUCCESS, lint_imports
from importlinter.configuration import configure

from tests.house.tree import ROOT

DEMANDED = {
    "app stands on triage and notifications, which ignore each other and the app",
    "inside app, a room looks only at the rooms below it",
    "inside triage",
    "inside notifications",
    "triage is pure",
    "notifications has no database and no web framework",
    "twilio is known to one file",
    "the web framework stops at the door",
    "the worker never reaches the screens",
}


def test_every_contract_is_kept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    configure()
    kept = lint_imports(config_filename="pyproject.toml", cache_dir=None)
    assert kept == SUCCESS, capsys.readouterr().out


def test_no_contract_was_taken_away() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert {contract["name"] for contract in settings["contracts"]} >= DEMANDED
    assert not any("ignore_imports" in contract for contract in settings["contracts"]), "an ignored import is a contract not held"
