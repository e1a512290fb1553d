"""``vigie bench worklist``: how long a nurse waits for the first rows of a full list, over a real connection to a real server.

The clock stops when the first rows have arrived; what the browser needs to paint them is measured by tests/browser/bench_worklist.py.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import uvicorn
from sqlalchemy import func, select, text

from app.commands import bench_ward
from app.commands.console import BadInput
from app.core import clock
from app.core.db import Database
from app.core.settings import Environment, Settings
from app.core.start import open_up, settle
from app.main import create_app
from app.people.models import Hospital
from migrations.run import upgrade

ITEMS = 1000
REQUESTS = 50
SCREENFUL = 20
"""Rows of 60 px on a screen of 1,200: the list is there when these are."""
SEED = 2026


def worklist(database_url: str = "") -> dict[str, Any]:
    """Figures of the list: milliseconds from the request to the first rows, and to the last, of ``REQUESTS`` requests after one."""
    with serving(database_url) as (port, cookie, engine):
        _asked(port, cookie)
        spent = [_asked(port, cookie) for _ in range(REQUESTS)]
    first, whole = sorted(one[0] for one in spent), sorted(one[1] for one in spent)
    return {
        "items": ITEMS,
        "requests": REQUESTS,
        "engine": engine,
        "rows": spent[-1][2],
        "first_rows_median_ms": round(median(first) * 1000),
        "first_rows_p95_ms": round(_p95(first) * 1000),
        "whole_median_ms": round(median(whole) * 1000),
        "whole_p95_ms": round(_p95(whole) * 1000),
    }


def _p95(ordered: list[float]) -> float:
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


@contextmanager
def serving(database_url: str = "") -> Iterator[tuple[int, str, str]]:
    """A served ward of ``ITEMS`` open items: its port, the cookie of its nurse, the engine. Without an address, SQLite in a folder."""
    with TemporaryDirectory(prefix="vigie-bench-") as folder:
        url = database_url or f"sqlite:///{Path(folder) / 'vigie.db'}"
        settings = Settings(environment=Environment.TEST, database_url=url, log_level="warning")
        house = open_up(settings)
        try:
            _fill(house.database)
            port = _free_port()
            server = uvicorn.Server(uvicorn.Config(create_app(settings, house.database, house.clock), port=port, log_level="error"))
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.02)
            settle()
            yield port, _sign_in(port), house.database.engine.dialect.name
            server.should_exit = True
            thread.join(timeout=10)
        finally:
            house.database.dispose()


def _fill(database: Database) -> None:
    upgrade(database)
    with database.transaction() as session:
        if session.scalar(select(func.count()).select_from(Hospital)):
            raise BadInput("this database is in use: give the address of an empty one, which the bench fills and leaves so")
        bench_ward.fill(session, ITEMS, seed=SEED, now=clock.wall())
    with database.transaction() as session:
        session.execute(text("analyze"))  # a ward's database has counted its rows long since; without it PostgreSQL plans for empty tables


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _sign_in(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    form = urlencode({"login": bench_ward.LOGIN, "password": bench_ward.PASSWORD})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    connection.request("POST", "/sign-in", form, headers)
    answer = connection.getresponse()
    cookie = (answer.getheader("set-cookie") or "").split(";")[0]
    connection.close()
    if not cookie:
        raise RuntimeError(f"nobody could sign in: {answer.status}")
    return cookie


def _asked(port: int, cookie: str) -> tuple[float, float, int]:
    """Seconds until a screenful of rows had arrived, seconds until the end, and how many rows came."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    connection.request("GET", "/", headers={"Cookie": cookie})
    answer = connection.getresponse()
    page, first = b"", 0.0
    while part := answer.read1(65536):
        page += part
        if not first and page.count(b"<li data-key=") >= SCREENFUL:
            first = time.perf_counter() - began
    whole = time.perf_counter() - began
    connection.close()
    return first or whole, whole, page.count(b"<li data-key=")
