"""Opening up: what every process does first, whichever it is (web, worker, command)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from app.core import audit, logs, signing
from app.core.clock import Clock
from app.core.db import Database
from app.core.settings import Settings, load


class House(NamedTuple):
    """What a process stands on while it lives."""

    settings: Settings
    database: Database
    clock: Clock


def open_up(settings: Settings | None = None, *, database_url: str = "") -> House:
    """Settings (from the environment unless given), logs, the key of the audit chain, the database, the clock.

    ``database_url`` replaces the one of the settings (migrations run under another role). Raises WrongSettings with one readable line.
    """
    settings = settings or load()
    logs.set_up(settings.log_level)
    audit.use_key(signing.derive(settings.secret_key.get_secret_value(), "audit"))
    database = Database(database_url or settings.database_url)
    if database.is_sqlite and database.url.database:
        # SQLite creates the file, never the folder: a fresh clone has no var/.
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
    return House(settings, database, Clock(database))
