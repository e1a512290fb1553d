"""The form in a real Chromium: a served check-in, what a finger presses, and the ways through its pages, told at each page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.people.models import Respondent
from tests.app.web.form import CALM, Ward

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

Telephone = Callable[..., Page]


@dataclass
class Served:
    """Marie's check-in, served for real."""

    address: str
    ward: Ward

    def link(self, *, own: bool = False) -> str:
        """A new link, as a text would carry it."""
        return f"{self.address}/q/{self.ward.token(own=own)}"

    def declare(self, name: str, relation: str) -> None:
        """Somebody around Marie."""
        with self.ward.chain.database.transaction() as session:
            session.add(Respondent(patient_id=self.ward.marie.id, name=name, relation=relation))


def press(page: Page, selector: str) -> None:
    """Press what leads to another page, and wait for it: what is asked there must not be read on the page before."""
    with page.expect_navigation():
        page.click(selector)


def enter(page: Page, link: str, *, who: str = "self") -> None:
    """Pass the guard."""
    page.goto(link)
    page.fill("#day", "14")
    page.fill("#month", "3")
    page.check(f"input[value={who}]")
    press(page, "main .go")


def asked(page: Page) -> str:
    """The key of the question on the page, "" when there is none."""
    found = page.locator("input[name=q]")
    return found.first.input_value() if found.count() else ""


def answer(page: Page, value: str) -> None:
    """Press the choice, or type and go on."""
    if page.locator("#value").count():
        page.fill("#value", value)
        press(page, "main .go")
    else:
        press(page, f"button.choice[value='{value}']")


def fill(page: Page, **values: str) -> None:
    """Every question that is asked."""
    while key := asked(page):
        answer(page, {**CALM, **values}[key])


def complaints_of(page: Page) -> list[str]:
    """What axe has to say."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


# --- Ways through the pages: each stops at every page worth looking at, and tells its name --------------------------------------------

Way = Callable[[Page, Served], Iterator[str]]


def a_calm_day(page: Page, served: Served) -> Iterator[str]:
    """From the guard to the end, and the link opened once more."""
    link = served.link()
    page.goto(link)
    yield "guard"
    press(page, "main .go")
    expect(page.locator("#birth-error")).to_contain_text("Écrivez le jour et le mois")
    expect(page.locator("#day")).to_be_focused()
    yield "guard_refused"
    enter(page, link)
    expect(page.locator("h1")).to_contain_text("diarrhée")
    yield "choice"
    answer(page, "1")
    press(page, "text=Question d'avant")
    expect(page.locator("button.choice[aria-pressed=true]")).to_contain_text("votre réponse")
    yield "choice_made"
    answer(page, "0")
    press(page, "button[name=call]")
    expect(page.locator("#call")).to_contain_text("Une infirmière vous appelle avant 12")
    yield "call_asked"
    while asked(page) != "temperature":
        answer(page, "0")
    yield "number"
    answer(page, "372")
    expect(page.locator("#value")).to_be_focused()
    expect(page.locator("#value")).to_have_value("372")
    expect(page.locator("#value-error")).to_contain_text("Écrivez un nombre de 30 à 45")
    yield "number_refused"
    answer(page, "36,8")
    expect(page.locator("button.choice")).to_have_count(2)
    yield "yes_or_no"
    fill(page, fatigue="3")
    expect(page.locator(".said li")).to_have_count(8)
    yield "summary"
    press(page, "main .go")
    expect(page.locator("h1")).to_contain_text("C'est envoyé")
    expect(page.locator(".note").last).to_contain_text("Avant cet appel, si cela augmente")
    yield "end"
    page.goto(link)
    expect(page.locator("h1")).to_have_text("Vous avez déjà répondu. Merci.")
    yield "answered"


def a_daughter(page: Page, served: Served) -> Iterator[str]:
    """She says which one she is; her mother has a fever, and a call was asked for before. She goes on with what the nurse would ask."""
    served.declare("Anaïs Hoarau", "fille")
    served.declare("Lucie Hoarau", "fille")
    enter(page, served.link(), who="relative")
    expect(page.locator("h1")).to_have_text("Qui êtes-vous pour la personne suivie ?")
    yield "who"
    press(page, "text=Fille (L.)")
    yield "relative_choice"
    press(page, "button[name=call]")
    while asked(page) != "temperature":
        answer(page, "0")
    expect(page.locator("h1")).to_have_text("Quelle est sa température maintenant ?")
    yield "relative_number"
    answer(page, "39,4")
    expect(page.locator(".danger")).to_contain_text("Cette température demande un avis sans attendre")
    expect(page.locator("main section").last).to_contain_text("Appelez d'abord. Après, si vous pouvez : 1 question pour mieux vous aider.")
    yield "danger"
    served.ward.chain.clock.forward(minutes=1)
    page.locator("main a.quiet", has_text="Répondre à la question").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#danger")).to_contain_text("Cette température demande un avis sans attendre")
    yield "after_danger"
    answer(page, "no")
    expect(page.locator("main .note[role=status]")).to_have_text("C'est noté. L'infirmière voit vos réponses.")
    expect(page.locator("text=Répondre à la question")).to_have_count(0)
    yield "after_danger_noted"


def something_wrong(page: Page, served: Served) -> Iterator[str]:
    """Nobody asked; something is wrong."""
    page.goto(served.link(own=True))
    yield "guard_unasked"
    enter(page, served.link(own=True))
    press(page, "main .go")
    expect(page.locator("#words-error")).to_contain_text("Cochez une ligne")
    yield "wrong_refused"
    page.check("input[value=breath]")
    press(page, "main .go")
    expect(page.locator(".danger h1")).to_have_text("Appelez le 15 ou le 112 MAINTENANT")
    expect(page.locator(".ring").first).to_have_attribute("href", "tel:15")
    yield "emergency"


def no_way_in(page: Page, served: Served) -> Iterator[str]:
    """A link that has ended, one that is locked, an address that does not exist."""
    page.goto(f"{served.address}/q/AAAAAAAAAAAAAAAAAAAAAA")
    yield "ended"
    press(page, "main .go")
    expect(page.locator(".note")).to_contain_text("un SMS part dans la minute")
    yield "ended_asked"
    page.goto(served.link())
    for tries in range(5):
        page.fill("#day", "15")
        page.fill("#month", "3")
        page.check("input[value=self]")
        press(page, "main .go")
        if tries == 0:
            yield "guard_wrong"
    expect(page.locator("main")).to_contain_text("Par prudence, ce lien est fermé")
    yield "locked"
    page.goto(f"{served.address}/q/f/0/nothing")
    yield "absent"


WAYS: tuple[Way, ...] = (a_calm_day, a_daughter, something_wrong, no_way_in)
