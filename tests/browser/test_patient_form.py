"""The form used in Chromium: read aloud, by keyboard alone, within the time of somebody slow, through a network that is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.app.web.form import CALM
from tests.browser.form import Served, Telephone, answer, asked, complaints_of, enter, press

pytestmark = pytest.mark.browser


def a_choice(page: Page, served: Served) -> None:
    enter(page, served.link())
    expect(page.locator("h1")).to_contain_text("diarrhée")


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
    page.goto(served.link())

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
    """Counted, not timed. All nine are asked, because there is some diarrhoea."""
    page = telephone()
    page.goto(served.link())
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
