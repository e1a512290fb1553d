"""The telephones page in a real browser: an answer, its meaning and the list side by side, without a reload."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from app.core.clock import Clock
from app.core.db import Database
from app.demo import hospital
from app.main import create_app
from app.messaging import carriers
from app.messaging.postman import Postman
from tests.app.demo.small import demo_settings, live, metronome
from tests.browser.test_accessibility import complaints
from tests.support.databases import Sqlite

pytestmark = pytest.mark.browser


@dataclass
class Fiction:
    """The small ward as `vigie dev` serves it."""

    address: str
    database: Database


@pytest.fixture
def fiction(sqlite_server: Sqlite) -> Iterator[Fiction]:
    with sqlite_server.copy() as url, socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.close()
        database = Database(url)
        live(database)
        settings, clock = demo_settings(database), Clock(database)
        app = create_app(settings, database, clock)
        app.state.metronome = metronome(database)
        postman = Postman(database, carriers.transports(settings), clock.now, idle=0.2)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        postman.start()
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield Fiction(f"http://127.0.0.1:{port}", database)
        server.should_exit = True
        thread.join(timeout=20)
        postman.stop()
        database.dispose()


@pytest.fixture
def page(fiction: Fiction, browser: Browser) -> Iterator[Page]:
    """Claire at the telephones; whatever the console complains of fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 960}, locale="fr-FR")
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(f"{fiction.address}/sign-in")
    opened.fill("#login", "claire")
    opened.fill("#password", hospital.PASSWORD)
    opened.click("main .primary")
    opened.goto(f"{fiction.address}/phones?patient=1")
    yield opened
    context.close()
    assert said == []


def test_an_answer_its_meaning_and_the_list_side_by_side(page: Page) -> None:
    name = page.locator("#phone-title").inner_text()
    page.fill("#typed", "jarive pa a respirer")
    page.click(".typing.line button")
    expect(page.locator(".bubble-mine").last).to_contain_text("jarive pa a respirer")
    expect(page.locator(".heard-first dl")).to_contain_text("essoufflement")
    expect(page.locator(".queue .row-urgent", has_text=name)).to_contain_text("jarive pa a respirer")
    expect(page.locator(".bubble-safety").last).to_contain_text("15")  # the safety text, sent behind the answer, comes by itself
    expect(page.locator("#typed")).to_have_value("")


def test_a_reply_half_written_stays_while_the_page_refreshes_itself(page: Page) -> None:
    page.fill("#typed", "je suis fati")
    page.click(".ready button:has-text('0 0 0')")
    expect(page.locator(".bubble-mine").last).to_contain_text("0 0 0")
    page.wait_for_timeout(2500)
    expect(page.locator("#typed")).to_have_value("je suis fati")


def test_the_clock_goes_to_the_next_morning(page: Page) -> None:
    page.click("button[value=morning]")
    expect(page.locator(".hour b")).to_contain_text("9", timeout=60_000)
    expect(page.locator(".hour span")).to_contain_text("19 nov. 2026")


def test_another_telephone_is_taken_in_hand(page: Page) -> None:
    labels = page.locator("#patient option").all_inner_texts()
    page.select_option("#patient", index=1)
    expect(page.locator("#phone-title")).to_have_text(labels[1].split(" · ")[0])
    expect(page).to_have_url(re.compile(r"/phones\?patient=[2-4](-\d+)?$"))  # of one patient, which of their telephones


def test_nothing_for_axe_to_say_at_a_desk_and_on_a_telephone(page: Page) -> None:
    assert complaints(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
