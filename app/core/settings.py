"""One typed Settings from the environment (prefix VIGIE_); secrets also from files. A wrong value stops the start in one line."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import AnyHttpUrl, Field, SecretStr, TypeAdapter, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_SECRET = "for-the-demonstration-only"
PREFIX = "VIGIE_"
NOT_SETTINGS = ("VIGIE_TEST_", "VIGIE_PASSWORD", "VIGIE_HOST")
"""Variables that share the prefix: the test suite's, the password that commands read once, the address `vigie serve` listens on."""
LONGEST_PUBLIC_URL = 40
"""Characters: a longer address would push the texts that carry a link into a second segment (SEC-02)."""
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Environment(StrEnum):
    """demo: fictional ward, no real message can leave. test: automatic tests. production: patients."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class Transport(StrEnum):
    """Where texts go: a real carrier, the terminal, or the demonstration's telephones."""

    TWILIO = "twilio"
    CONSOLE = "console"
    SIMULATOR = "simulator"


class Settings(BaseSettings):
    """Everything the environment may decide. Each field is described in app/core/README.md."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    environment: Environment = Environment.DEMO
    database_url: str = "sqlite:///var/vigie.db"
    migration_database_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    secret_key: SecretStr = SecretStr(DEFAULT_SECRET)
    transport: Transport | None = None
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_from: str = ""
    twilio_messaging_service_sid: str = ""
    twilio_api_base: str = "https://api.twilio.com"
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_from: str = ""
    smtp_login: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: bool = True
    heartbeat_url: str = ""
    allow_sqlite: bool = False
    allow_simulator: bool = False
    second_factor: bool | None = None
    log_level: str = "INFO"
    worker_tick_seconds: float = Field(default=5, ge=0.2, le=60)
    programmes_dir: str = ""

    @property
    def is_demo(self) -> bool:
        """Is this the fictional ward?"""
        return self.environment is Environment.DEMO

    @property
    def is_production(self) -> bool:
        """Are there patients?"""
        return self.environment is Environment.PRODUCTION

    @property
    def carrier(self) -> Transport:
        """The transport in force: as set; otherwise Twilio when its account is given, telephones in the demo, else the terminal."""
        if self.transport is not None:
            return self.transport
        if self.is_demo:
            return Transport.SIMULATOR
        return Transport.TWILIO if self.twilio_account_sid else Transport.CONSOLE

    @property
    def needs_second_factor(self) -> bool:
        """The second factor may be off in the demo and in tests only."""
        return self.is_production if self.second_factor is None else self.second_factor

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for problem in _problems(self):
            raise ValueError(problem)
        return self


def _problems(settings: Settings) -> list[str]:
    found = []
    for name in ("public_url", "twilio_api_base", "heartbeat_url"):
        address = getattr(settings, name)
        if address and not _is_web_address(address):
            found.append(f"{PREFIX}{name.upper()} is not a web address: {address!r}; write it as https://vigie.example.org")
    if len(settings.public_url.rstrip("/")) > LONGEST_PUBLIC_URL or not re.fullmatch(r"https?://[A-Za-z0-9.:/_-]+", settings.public_url):
        found.append(
            f"VIGIE_PUBLIC_URL stands in texts: at most {LONGEST_PUBLIC_URL} plain letters, digits, dots, not {settings.public_url!r}"
        )
    for name in ("database_url", "migration_database_url"):
        if (address := getattr(settings, name)) and not _is_database(address):
            found.append(f"{PREFIX}{name.upper()} cannot be read: write sqlite:///path/to/file.db or postgresql+psycopg://user@host/name")
    if settings.log_level.upper() not in LOG_LEVELS:
        found.append(f"VIGIE_LOG_LEVEL is one of {', '.join(LOG_LEVELS)}, not {settings.log_level!r}")
    if settings.carrier is Transport.TWILIO:
        if not (settings.twilio_account_sid and settings.twilio_auth_token.get_secret_value()):
            found.append("Twilio is chosen: set VIGIE_TWILIO_ACCOUNT_SID and VIGIE_TWILIO_AUTH_TOKEN")
        elif not (settings.twilio_from or settings.twilio_messaging_service_sid):
            found.append("Twilio is chosen: set VIGIE_TWILIO_FROM or VIGIE_TWILIO_MESSAGING_SERVICE_SID")
    if settings.smtp_host and not re.fullmatch(r"[^@\s]+@[^@\s]+", settings.smtp_from):
        found.append("VIGIE_SMTP_HOST is set: set VIGIE_SMTP_FROM to the address that e-mails to professionals come from")
    if settings.is_demo and settings.transport is Transport.TWILIO:
        found.append("the demonstration never sends real messages: set VIGIE_ENVIRONMENT or remove VIGIE_TRANSPORT=twilio")
    if settings.is_production:
        found += _production_problems(settings)
    return found


def _is_web_address(text: str) -> bool:
    try:
        TypeAdapter(AnyHttpUrl).validate_python(text)
    except ValidationError:
        return False
    return True


def _is_database(text: str) -> bool:
    try:
        url = make_url(text)
    except ArgumentError:
        return False
    return url.drivername in ("sqlite", "postgresql+psycopg") and bool(url.database)


def _production_problems(settings: Settings) -> list[str]:
    found = []
    secret = settings.secret_key.get_secret_value()
    if secret == DEFAULT_SECRET or len(secret) < 32:
        found.append("VIGIE_SECRET_KEY is missing, the default one or shorter than 32 characters: production needs its own secret")
    if not settings.public_url.startswith("https://"):
        found.append("VIGIE_PUBLIC_URL must be the https address that patients and the carrier use: production sends no link in clear")
    if settings.database_url.startswith("sqlite:") and not settings.allow_sqlite:
        found.append("production on SQLite must be chosen: set VIGIE_ALLOW_SQLITE=1, or VIGIE_DATABASE_URL to PostgreSQL")
    if settings.carrier is not Transport.TWILIO and not settings.allow_simulator:
        found.append("production without a carrier reaches nobody: set the VIGIE_TWILIO_ settings, or VIGIE_ALLOW_SIMULATOR=1")
    if settings.second_factor is False:
        found.append("the second factor cannot be switched off in production: remove VIGIE_SECOND_FACTOR")
    return found


class WrongSettings(Exception):
    """The environment is wrong; the message is the one line to read."""


def load() -> Settings:
    """Settings from the environment and from VIGIE_X_FILE secrets. Raises WrongSettings with one readable line."""
    given = {name.upper(): value for name, value in os.environ.items() if name.upper().startswith(PREFIX) and value}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    values: dict[str, str] = {}
    for name, value in given.items():
        setting = name if name in known else name.removesuffix("_FILE")
        if setting not in known:
            # A misspelt name would otherwise be ignored, and production start on the demonstration's value.
            if not name.startswith(NOT_SETTINGS):
                raise WrongSettings(f"{name} is not a setting of Vigie{_perhaps(name, known)}")
        elif setting != name:
            if setting in given:
                raise WrongSettings(f"{setting} and {name} are both set: keep one of them")
            values[setting.removeprefix(PREFIX).lower()] = _secret(name, value)
    try:
        return Settings(**values)  # type: ignore[arg-type]  # strings; pydantic gives them their types
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{PREFIX}{str(part).upper()}: " for part in first["loc"])
        raise WrongSettings(f"{where}{first['msg'].removeprefix('Value error, ')}") from error


def _secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise WrongSettings(f"{name} names a file that cannot be read: {path} ({reason})") from error


def _perhaps(name: str, known: set[str]) -> str:
    # Without the prefix, which all of them share and which would make everything look alike.
    close = get_close_matches(name.removeprefix(PREFIX), [other.removeprefix(PREFIX) for other in known], n=1)
    return f": did you mean {PREFIX}{close[0]}?" if close else ": see the list in app/core/README.md"
