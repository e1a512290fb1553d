"""A question that nobody put to the patient is never read as one without an answer, nor as zero (HZ-01): whoever calls asks it."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.app.web.form import Browser, Ward
from tests.app.web.test_nurse import said
from tests.support.chain import MARIE, Chain


def test_a_form_that_a_danger_stopped_names_what_was_not_asked_safety_first(claire: TestClient, ward: Ward, phone: Browser) -> None:
    """A fever on the fourth page: chest pain was never on her screen; the chart draws no question mark."""
    phone.enter(ward.token()).fill(temperature="39,2")
    page = said(claire.get(f"/alerts/{ward.chain.alerts()[0].id}"))
    assert "Pas demandé : douleur dans la poitrine, nausées, vomissements, fatigue" in page
    assert "Sans réponse" not in page
    drawn = claire.get(f"/patients/{ward.marie.id}").text
    assert "score-unknown" not in drawn and drawn.count('class="not-asked"') == 3


def test_a_danger_on_the_first_page_leaves_the_temperature_to_the_nurse(claire: TestClient, ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token()).post(value="4")
    page = said(claire.get(f"/alerts/{ward.chain.alerts()[0].id}"))
    asked = page[page.index("Pas demandé : température, ") : page.index("Scores 0 à 4")]
    assert "douleur dans la poitrine" in asked and asked.index("douleur dans la poitrine") < asked.index("nausées")
    assert "Sans réponse" not in page


def test_by_text_only_what_was_sent_is_without_answer(claire: TestClient, ward: Ward) -> None:
    """Three scores, then the temperature asked in vain until the window closes."""
    ward.chain.says(MARIE, "0 0 3")
    page = said(claire.get(f"/alerts/{ward.chain.alerts()[0].id}"))
    asked_in_vain, never = "Sans réponse : température Scores", "Pas demandé : douleur dans la poitrine, nausées, "
    assert asked_in_vain in page and never in page
    ward.chain.wait(hours=60)
    page = said(claire.get(f"/alerts/{ward.chain.alerts()[0].id}"))
    assert asked_in_vain in page and never in page
    drawn = claire.get(f"/patients/{ward.marie.id}").text
    assert "score-unknown" not in drawn


def test_a_sign_told_before_any_score_stands_in_the_panel(claire: TestClient, chain: Chain) -> None:
    """Ibrutinib: the bleeding is asked first, denied, then told; no score was given that day."""
    chain.follow(course={"agent": "ibrutinib", "protocol_slug": "ibrutinib-continuous", "days_on": 28, "days_off": 0, "times_per_day": 1})
    while not chain.received():
        chain.wait(hours=3)
    chain.says(MARIE, "non")
    chain.says(MARIE, "ah non pardon c'était 1")
    (alert,) = chain.alerts()
    page = said(claire.get(f"/alerts/{alert.id}"))
    assert "Relevé du" in page
    assert "oui saignement qui ne cesse pas, ou sang dans les selles ou les urines Pas demandé : température" in page
