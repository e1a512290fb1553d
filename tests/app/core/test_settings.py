"""Point 12 and house, section 5: a wrong value stops the start in one readable line; production refuses what would harm patients."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.settings import Environment, Settings, Transport, WrongSettings, load

SECRET = "a secret of a real hospital, 32 characters and more"
PRODUCTION = {
    "VIGIE_ENVIRONMENT": "production",
    "VIGIE_SECRET_KEY": SECRET,
    "VIGIE_DATABASE_URL": "postgresql+psycopg://vigie@db/vigie",
    "VIGIE_PUBLIC_URL": "https://vigie.example.org",
    "VIGIE_TWILIO_ACCOUNT_SID": "AC00",
    "VIGIE_TWILIO_AUTH_TOKEN": "token",
    "VIGIE_TWILIO_FROM": "+33199001234",
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("VIGIE_"):
            monkeypatch.delenv(name)


def _load(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load()


def test_with_nothing_set_it_is_the_demonstration_and_no_message_can_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(monkeypatch, {})
    assert settings.environment is Environment.DEMO
    assert settings.carrier is Transport.SIMULATOR
    assert not settings.needs_second_factor


def test_production_with_everything_set_starts_on_twilio_with_a_second_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(monkeypatch, PRODUCTION)
    assert settings.carrier is Transport.TWILIO
    assert settings.needs_second_factor


def test_outside_the_demonstration_the_terminal_speaks_until_a_carrier_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _load(monkeypatch, {"VIGIE_ENVIRONMENT": "test"}).carrier is Transport.CONSOLE


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("VIGIE_ENVIRONMENT", "prod", "VIGIE_ENVIRONMENT: Input should be 'demo', 'test' or 'production'"),
        ("VIGIE_TRANSPORT", "pigeon", "VIGIE_TRANSPORT: Input should be 'twilio', 'console' or 'simulator'"),
        ("VIGIE_WORKER_TICK_SECONDS", "0.1", "VIGIE_WORKER_TICK_SECONDS: Input should be greater than or equal to 0.2"),
        ("VIGIE_WORKER_TICK_SECONDS", "61", "VIGIE_WORKER_TICK_SECONDS: Input should be less than or equal to 60"),
        ("VIGIE_SECOND_FACTOR", "perhaps", "VIGIE_SECOND_FACTOR: Input should be a valid boolean, unable to interpret input"),
        ("VIGIE_LOG_LEVEL", "chatty", "VIGIE_LOG_LEVEL is one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'chatty'"),
        ("VIGIE_PUBLIC_URL", "vigie.example.org", "VIGIE_PUBLIC_URL is not a web address: 'vigie.example.org'"),
        ("VIGIE_PUBLIC_URL", "https://suivi-a-domicile.hopital.example.org", "VIGIE_PUBLIC_URL stands in texts: at most 40 plain letters"),
        ("VIGIE_PUBLIC_URL", "https://suivi.example/~baie", "VIGIE_PUBLIC_URL stands in texts: at most 40 plain letters"),
        ("VIGIE_TWILIO_API_BASE", "localhost", "VIGIE_TWILIO_API_BASE is not a web address: 'localhost'"),
        ("VIGIE_HEARTBEAT_URL", "ping", "VIGIE_HEARTBEAT_URL is not a web address: 'ping'"),
        ("VIGIE_DATABASE_URL", "mysql://db/vigie", "VIGIE_DATABASE_URL cannot be read"),
        ("VIGIE_DATABASE_URL", "sqlite://", "VIGIE_DATABASE_URL cannot be read"),
        ("VIGIE_DATABASE_URL", "postgresql+psycopg://db", "VIGIE_DATABASE_URL cannot be read"),
        ("VIGIE_MIGRATION_DATABASE_URL", "vigie", "VIGIE_MIGRATION_DATABASE_URL cannot be read"),
        ("VIGIE_TRANSPORT", "twilio", "Twilio is chosen: set VIGIE_TWILIO_ACCOUNT_SID and VIGIE_TWILIO_AUTH_TOKEN"),
        ("VIGIE_DATABSE_URL", "sqlite:///x.db", "VIGIE_DATABSE_URL is not a setting of Vigie: did you mean VIGIE_DATABASE_URL?"),
        ("VIGIE_QWERTY", "1", "VIGIE_QWERTY is not a setting of Vigie: see the list in app/core/README.md"),
    ],
)
def test_a_wrong_value_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str) -> None:
    with pytest.raises(WrongSettings) as refusal:
        _load(monkeypatch, {name: value})
    assert str(refusal.value).startswith(expected)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"VIGIE_SECRET_KEY": ""}, "VIGIE_SECRET_KEY is missing, the default one or shorter than 32 characters"),
        ({"VIGIE_SECRET_KEY": "for-the-demonstration-only"}, "VIGIE_SECRET_KEY is missing, the default one"),
        ({"VIGIE_SECRET_KEY": "x" * 31}, "VIGIE_SECRET_KEY is missing, the default one or shorter than 32 characters"),
        ({"VIGIE_PUBLIC_URL": "http://vigie.example.org"}, "VIGIE_PUBLIC_URL must be the https address"),
        ({"VIGIE_DATABASE_URL": "sqlite:///vigie.db"}, "production on SQLite must be chosen: set VIGIE_ALLOW_SQLITE=1"),
        ({"VIGIE_TWILIO_ACCOUNT_SID": ""}, "production without a carrier reaches nobody"),
        ({"VIGIE_TRANSPORT": "simulator"}, "production without a carrier reaches nobody"),
        ({"VIGIE_TRANSPORT": "console"}, "production without a carrier reaches nobody"),
        ({"VIGIE_TWILIO_AUTH_TOKEN": ""}, "Twilio is chosen: set VIGIE_TWILIO_ACCOUNT_SID and VIGIE_TWILIO_AUTH_TOKEN"),
        ({"VIGIE_TWILIO_FROM": ""}, "Twilio is chosen: set VIGIE_TWILIO_FROM or VIGIE_TWILIO_MESSAGING_SERVICE_SID"),
        ({"VIGIE_SECOND_FACTOR": "0"}, "the second factor cannot be switched off in production"),
    ],
)
def test_production_refuses(monkeypatch: pytest.MonkeyPatch, change: dict[str, str], expected: str) -> None:
    with pytest.raises(WrongSettings) as refusal:
        _load(monkeypatch, {**PRODUCTION, **change})
    assert str(refusal.value).startswith(expected)


def test_production_on_sqlite_and_without_a_carrier_when_told_so_explicitly(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {
        "VIGIE_DATABASE_URL": "sqlite:///vigie.db",
        "VIGIE_ALLOW_SQLITE": "1",
        "VIGIE_TRANSPORT": "simulator",
        "VIGIE_ALLOW_SIMULATOR": "1",
    }
    assert _load(monkeypatch, {**PRODUCTION, **chosen}).carrier is Transport.SIMULATOR


def test_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    settings = _load(monkeypatch, {"VIGIE_SECRET_KEY_FILE": str(secret)})
    assert settings.secret_key.get_secret_value() == SECRET
    assert SECRET not in repr(settings)


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    with pytest.raises(
        WrongSettings, match=r"VIGIE_SECRET_KEY_FILE names a file that cannot be read: .*absent \(No such file or directory\)"
    ):
        _load(monkeypatch, {"VIGIE_SECRET_KEY_FILE": str(absent)})


def test_a_secret_file_that_is_not_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongSettings, match=r"cannot be read: .*key \(it is not text\)"):
        _load(monkeypatch, {"VIGIE_SECRET_KEY_FILE": str(tmp_path / "key")})


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET, encoding="utf-8")
    with pytest.raises(WrongSettings, match="VIGIE_SECRET_KEY and VIGIE_SECRET_KEY_FILE are both set"):
        _load(monkeypatch, {"VIGIE_SECRET_KEY": SECRET, "VIGIE_SECRET_KEY_FILE": str(tmp_path / "key")})


def test_variables_of_the_tests_and_the_first_password_are_not_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(monkeypatch, {"VIGIE_TEST_POSTGRES": "x", "VIGIE_PASSWORD": "a long enough password"})
    assert settings.environment is Environment.DEMO
