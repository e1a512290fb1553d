"""A ward served for real on this machine, and a Chromium in front of it. SQLite only: the pages are the same on both engines."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from tests.app.web.form import MONDAY, a_ward
from tests.app.web.ward import Morning, the_morning
from tests.browser.form import Served, Telephone
from tests.conftest import WEDNESDAY_TEN, a_founded_world
from tests.factories import PASSWORD, World
from tests.support import stories
from tests.support.databases import Sqlite

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenPage = Callable[..., Page]


@dataclass
class Ward:
    """The served ward: its address, its database, its people, and a way to cut and mend the link."""

    port: int
    database: Database
    clock: HandClock
    world: World
    morning: Morning
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None
    app: FastAPI | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Serve, and return once it answers."""
        settings = Settings(environment="test", database_url=self.database.url.render_as_string(), second_factor=False)
        self.app = create_app(settings, self.database, self.clock)
        config = uvicorn.Config(self.app, host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def shut(self) -> None:
        """Stop serving: what a cut link looks like from a screen."""
        if self.server and self.thread:
            self.server.should_exit = True
            self.thread.join(timeout=20)
            self.server = None


@pytest.fixture
def ward(sqlite_server: Sqlite) -> Iterator[Ward]:
    with sqlite_server.copy() as url, socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.close()
        database, clock = Database(url).in_a_hurry(), HandClock(WEDNESDAY_TEN)
        stories.begin(database, sqlite_server, [])
        world = a_founded_world(database, clock)
        morning = the_morning(database, world, clock)
        served = Ward(port, database, clock, world, morning)
        served.open()
        yield served
        served.shut()
        database.dispose()


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, ward: Ward) -> Iterator[OpenPage]:
    """A page signed in as ``login``; whatever the console complains of fails the test at its end, unless the test expects it."""
    complaints: list[str] = []
    contexts = []

    def opened(login: str = "claire", width: int = 1440, height: int = 900, *, quiet: bool = True) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR", timezone_id="Europe/Paris")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if quiet:
            page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if login:
            page.goto(f"{ward.address}/sign-in")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.click("main .primary")
            page.wait_for_url(lambda url: "/sign-in" not in url)  # a doctor lands on what is asked of them
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def served(sqlite_server: Sqlite) -> Iterator[Served]:
    with sqlite_server.copy() as url:
        database, clock = Database(url).in_a_hurry(), HandClock(MONDAY)
        stories.begin(database, sqlite_server, [])
        asked = a_ward(database, clock, a_founded_world(database, clock))
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
        app = create_app(Settings(environment="test", database_url=database.url.render_as_string()), database, clock)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield Served(f"http://127.0.0.1:{port}", asked)
        server.should_exit = True
        thread.join(timeout=20)
        database.dispose()


@pytest.fixture
def telephone(browser: Browser, served: Served) -> Iterator[Telephone]:
    """A telephone whose console stays silent: a refused style or script would be a complaint there."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(width: int = 390, height: int = 700, *, script: bool = True, quiet: bool = True) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR", java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if quiet:
            page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
