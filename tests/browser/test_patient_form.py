"""The form in a real Chromium: with and without script, by keyboard alone, small, enlarged, and within the time of somebody slow."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from tests.app.web.form import CALM, MONDAY, Ward, a_ward
from tests.factories import a_world
from tests.support.databases import Sqlite

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@dataclass
class Served:
    """Marie's check-in, served for real."""

    address: str
    ward: Ward


@pytest.fixture
def served(sqlite_server: Sqlite) -> Iterator[Served]:
    with sqlite_server.copy() as url:
        database, clock = Database(url), HandClock(MONDAY)
        with database.transaction() as session:
            world = a_world(session, now=clock.now())
        ward = a_ward(database, clock, world)
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
        app = create_app(Settings(environment="test", database_url=database.url.render_as_string()), database, clock)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield Served(f"http://127.0.0.1:{port}", ward)
        server.should_exit = True
        thread.join(timeout=20)
        database.dispose()


Telephone = Callable[..., Page]


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


def press(page: Page, selector: str) -> None:
    """Press what leads to another page, and wait for it: what is asked there must not be read on the page before."""
    with page.expect_navigation():
        page.click(selector)


def enter(page: Page, served: Served, *, own: bool = False) -> None:
    page.goto(f"{served.address}/q/{served.ward.token(own=own)}")
    page.fill("#day", "14")
    page.fill("#month", "3")
    page.check("input[value=self]")
    press(page, "main .go")


def asked(page: Page) -> str:
    found = page.locator("input[name=q]")
    return found.input_value() if found.count() else ""


def answer(page: Page, value: str) -> None:
    """Press the choice, or type and go on."""
    if page.locator("#value").count():
        page.fill("#value", value)
        press(page, "main .go")
    else:
        press(page, f"button.choice[value='{value}']")


def fill(page: Page, **values: str) -> None:
    while key := asked(page):
        answer(page, {**CALM, **values}[key])


def complaints_of(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


# --- Pages and states ---------------------------------------------------------------------------------------------------------------


def the_guard(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/q/{served.ward.token()}")


def the_guard_refused(page: Page, served: Served) -> None:
    the_guard(page, served)
    page.click("main .go")
    expect(page.locator("#birth-error")).to_contain_text("Écrivez le jour et le mois")
    expect(page.locator("#day")).to_be_focused()


def a_choice(page: Page, served: Served) -> None:
    enter(page, served)
    expect(page.locator("h1")).to_contain_text("diarrhée")


def a_choice_made(page: Page, served: Served) -> None:
    a_choice(page, served)
    answer(page, "1")
    page.click("text=Question d'avant")
    expect(page.locator("button.choice[aria-pressed=true]")).to_contain_text("votre réponse")


def a_number(page: Page, served: Served) -> None:
    enter(page, served)
    while asked(page) != "temperature":
        answer(page, "0")


def a_number_refused(page: Page, served: Served) -> None:
    a_number(page, served)
    answer(page, "372")
    expect(page.locator("#value")).to_be_focused()
    expect(page.locator("#value")).to_have_value("372")
    expect(page.locator("#value-error")).to_contain_text("Écrivez un nombre de 30 à 45")


def a_yes_or_no(page: Page, served: Served) -> None:
    a_number(page, served)
    answer(page, "36,8")
    expect(page.locator("button.choice")).to_have_count(2)


def a_call_asked(page: Page, served: Served) -> None:
    enter(page, served)
    page.click("button[name=call]")
    expect(page.locator("#call")).to_contain_text("Une infirmière vous appelle avant 12")


def the_summary(page: Page, served: Served) -> None:
    enter(page, served)
    fill(page)
    expect(page.locator(".said li")).to_have_count(8)


def the_end(page: Page, served: Served) -> None:
    the_summary(page, served)
    page.click("main .go")
    expect(page.locator("h1")).to_contain_text("C'est envoyé")


def a_promise(page: Page, served: Served) -> None:
    enter(page, served)
    fill(page, fatigue="3")
    page.click("main .go")
    expect(page.locator(".note").first).to_contain_text("Une infirmière vous appelle")


def a_danger(page: Page, served: Served) -> None:
    a_number(page, served)
    answer(page, "39,4")
    expect(page.locator(".danger")).to_contain_text("Cette température demande un avis sans attendre")


def something_wrong(page: Page, served: Served) -> None:
    enter(page, served, own=True)
    page.click("main .go")
    expect(page.locator("#words-error")).to_contain_text("Cochez une ligne")


def an_emergency(page: Page, served: Served) -> None:
    something_wrong(page, served)
    page.check("input[value=breath]")
    page.click("main .go")
    expect(page.locator(".danger h1")).to_have_text("Appelez le 15 ou le 112 MAINTENANT")
    expect(page.locator(".ring").first).to_have_attribute("href", "tel:15")


def an_ended_link(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/q/AAAAAAAAAAAAAAAAAAAAAA")
    page.click("main .go")
    expect(page.locator(".note")).to_contain_text("un SMS part dans la minute")


def an_absence(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/q/f/0/nothing")


STATES = [
    the_guard, the_guard_refused, a_choice, a_choice_made, a_number, a_number_refused, a_yes_or_no, a_call_asked, the_summary, the_end,
    a_promise, a_danger, something_wrong, an_emergency, an_ended_link, an_absence,
]  # fmt: skip
State = Callable[[Page, Served], None]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_has_nothing_to_say_and_nothing_scrolls_sideways(telephone: Telephone, served: Served, state: State) -> None:
    """WCAG 2.2 AA at 320 px, the width of a 1280 px screen enlarged four times; then twice as large again in letters only."""
    page = telephone(320, 640, quiet=False)
    state(page, served)
    assert complaints_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("document.documentElement.style.fontSize = '250%'")  # 40 px: text zoomed to 200 %
    page.set_viewport_size({"width": 390, "height": 700})
    cut = page.evaluate(
        "[...document.querySelectorAll('button, a, input, h1, p')].filter(e => e.offsetParent && !e.closest('.skip')"
        " && !e.classList.contains('out') && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
    )
    assert cut == []


@pytest.mark.parametrize("state", [the_end, a_danger, an_emergency, a_call_asked, a_number_refused], ids=lambda state: state.__name__)
def test_everything_works_without_script(telephone: Telephone, served: Served, state: State) -> None:
    """Issue 4, point 3: only the listen button needs script, and it is not there without."""
    page = telephone(script=False, quiet=False)
    state(page, served)
    assert not page.locator("#listen").is_visible()


def test_twice_the_size_at_the_width_of_a_desk(telephone: Telephone, served: Served) -> None:
    """Zoom 200 % of 1280 px is 640."""
    page = telephone(640, 450)
    for state in (the_guard, a_choice):
        state(page, served)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("state", [the_guard, a_choice, a_number, the_summary, something_wrong], ids=lambda state: state.__name__)
def test_targets_are_large_and_letters_too(telephone: Telephone, served: Served, state: State) -> None:
    """ux.md: targets 56 px, text 20 px, questions 28 px."""
    page = telephone(320, 640, quiet=False)
    state(page, served)
    small = page.evaluate(
        "[...document.querySelectorAll('main button, main a, main input[type=text], .tick, .languages button, .number')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 56).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "20px"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == "28px"


def test_the_listen_button_reads_the_question_and_its_answers(telephone: Telephone, served: Served) -> None:
    """HZ: somebody who reads with difficulty; the browser's own voice, in the page's language."""
    page = telephone()
    page.add_init_script(
        "window.spoken = []; Object.defineProperty(window, 'speechSynthesis',"
        " {value: {cancel() {}, speak(one) { window.spoken.push([one.lang, one.text]); }}});"
    )
    a_choice(page, served)
    page.click("#listen")
    expect(page.locator("#listen")).to_have_text("Arrêter la lecture")
    language, text = page.evaluate("window.spoken[0]")
    assert language == "fr"
    for words in ("Depuis 7 jours", "diarrhée", "Non", "Très fort", "Je ne sais pas"):
        assert words in text


def test_by_keyboard_alone(telephone: Telephone, served: Served) -> None:
    """From the guard to the end with Tab, Space, Enter; what has the focus is always seen."""
    page = telephone()
    the_guard(page, served)

    def go_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                shown = "getComputedStyle(document.activeElement.closest('.tick') || document.activeElement).outlineStyle"
                assert page.evaluate(shown) == "solid", selector
                return
        raise AssertionError(f"{selector} cannot be reached by Tab on {page.url}: {page.inner_text('main')}")

    go_to(".skip")
    page.keyboard.press("Enter")
    go_to("#day")
    page.keyboard.type("14")
    go_to("#month")
    page.keyboard.type("3")
    go_to("input[value=self]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/q/f/**")
    for _ in range(9):
        page.wait_for_load_state()
        key = asked(page)
        if not key:
            break
        if key == "temperature":
            go_to("#value")
            page.keyboard.type("36,8")
            page.keyboard.press("Enter")
        else:
            go_to(f"button.choice[value='{CALM[key]}']")
            page.keyboard.press("Enter")
        page.wait_for_function("k => (document.querySelector('input[name=q]') || {}).value !== k", arg=key)
    go_to("main .go")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("C'est envoyé")


READING_SECONDS, PRESS_SECONDS, FIELD_SECONDS = 4.0, 1.5, 5.0
"""Somebody slow: each new page read for 4 s, a press 1.5 s, a field found and typed 5 s (house rule, 2026-11-22)."""


@dataclass
class Slow:
    """Counts what somebody slow would do, and how long it would take."""

    page: Page
    seconds: float = 0
    actions: list[str] = field(default_factory=list)

    def read(self) -> None:
        self.seconds += READING_SECONDS

    def press(self, selector: str, *, leads_on: bool = True) -> None:
        (press if leads_on else Page.click)(self.page, selector)
        self.seconds += PRESS_SECONDS
        self.actions.append(selector)

    def type(self, selector: str, text: str) -> None:
        self.page.fill(selector, text)
        self.seconds += FIELD_SECONDS
        self.actions.append(selector)


def test_nine_questions_take_somebody_slow_ninety_seconds_at_most(telephone: Telephone, served: Served) -> None:
    """Issue 4, point 12: counted, not timed. All nine are asked, because there is some diarrhoea."""
    page = telephone()
    page.goto(f"{served.address}/q/{served.ward.token()}")
    slow = Slow(page)
    slow.read()
    slow.type("#day", "14")
    slow.type("#month", "3")
    slow.press("input[value=self]", leads_on=False)
    slow.press("main .go")
    questions = 0
    while key := asked(page):
        questions += 1
        slow.read()
        value = {**CALM, "diarrhea": "1", "stools": "2"}[key]
        if page.locator("#value").count():
            slow.type("#value", value)
            slow.press("main .go")
        else:
            slow.press(f"button.choice[value='{value}']")
    slow.read()
    slow.press("main .go")
    slow.read()
    expect(page.locator("h1")).to_contain_text("C'est envoyé")
    assert questions == 9
    assert len(slow.actions) == 16
    assert slow.seconds <= 90


def test_the_network_lost_on_the_way_loses_nothing(telephone: Telephone, served: Served) -> None:
    """The answer arrived and the page after it did not: pressed again, it is one answer, and the next question comes."""
    page = telephone(quiet=False)
    a_choice(page, served)
    address = page.url
    page.route("**/q/f/*/2", lambda route: route.abort())
    page.click("button.choice[value='1']", no_wait_after=True)
    page.wait_for_timeout(500)
    page.unroute("**/q/f/*/2")
    page.goto(address)
    answer(page, "1")
    expect(page.locator("h1")).to_contain_text("bouche")
    assert served.ward.chain.answers(served.ward.checkin) == {"diarrhea": "1"}


def test_the_back_button_of_the_browser_shows_the_question_again(telephone: Telephone, served: Served) -> None:
    page = telephone()
    a_choice(page, served)
    answer(page, "1")
    page.go_back()
    page.reload()
    expect(page.locator("button.choice[aria-pressed=true]")).to_contain_text("Un peu")
    answer(page, "0")
    assert served.ward.chain.answers(served.ward.checkin) == {"diarrhea": "0"}


def test_the_language_is_marked_and_changes_on_the_page(telephone: Telephone, served: Served) -> None:
    page = telephone()
    a_choice(page, served)
    page.click(".languages button[lang=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("For the last 7 days: diarrhoea?")
    assert complaints_of(page) == []
