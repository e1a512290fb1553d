"""A danger stopped the form: its page stays first, and below it the safety questions that nobody answered may be answered (HZ-24)."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Alert
from app.core.db import Database
from tests.app.web.form import Browser, Ward
from tests.app.web.test_nurse import said

TOLD = "Une infirmière est prévenue et vous appelle"
FEVER = "Cette température demande un avis sans attendre"
TWO = "Avant l'appel, si vous pouvez : 2 questions pour mieux vous aider."
ONE = "Appelez d'abord. Après, si vous pouvez : 1 question pour mieux vous aider."


def stopped(ward: Ward, phone: Browser) -> str:
    """Diarrhoea 2 with a sore mouth 2: the form stops at its second question. The address of the visit."""
    phone.enter(ward.token()).post(value="2").post(value="2")
    assert phone.place == "end" and TOLD in phone.text
    ward.chain.clock.forward(minutes=1)
    return phone.path.rsplit("/", 1)[0]


def go_on(phone: Browser) -> Browser:
    """Press the offer of the safety page."""
    return phone.get(phone.page.text.split('<section class="stack apart"')[1].split('href="')[1].split('"')[0])


def asks(phone: Browser, **fields: str) -> Browser:
    """Answer within the round, with all that its form holds."""
    return phone.post(left="yes", **fields)


def test_after_an_urgent_judgement_the_safety_questions_are_offered_one_a_page(ward: Ward, phone: Browser, claire: TestClient) -> None:
    """Temperature, then the chest: kept in the same check-in, judged at once; the alert neither falls nor closes, no second text leaves."""
    root = stopped(ward, phone)
    assert phone.text.index(TOLD) < phone.text.index(TWO)
    (alert,) = ward.chain.alerts()
    assert "Pas demandé : température, douleur dans la poitrine, " in said(claire.get(f"/alerts/{alert.id}"))
    go_on(phone)
    assert phone.asked == "temperature" and 'name="left" value="yes"' in phone.page.text
    assert TOLD in phone.text and "Encore 2 questions" in phone.text and "Question d'avant" not in phone.text
    assert "Revenir à ce qu'il faut faire" in phone.text
    asks(phone, value="372")
    assert "Écrivez un nombre de 30 à 45" in phone.text and TOLD in phone.text and 'name="left"' in phone.page.text
    asks(phone, value="37,2")
    assert phone.asked == "chest_pain" and "Dernière question" in phone.text
    assert "C'est noté. L'infirmière voit vos réponses." in phone.get(f"{root}/end").text  # she may stop half-way: what she said is kept
    asks(go_on(phone), value="no")

    assert phone.place == "end" and TOLD in phone.text
    assert "C'est noté. L'infirmière voit vos réponses." in phone.text and "correction" not in phone.text
    assert "l'infirmière." not in phone.text  # nothing is offered again
    assert ward.chain.answers(ward.checkin) == {"diarrhea": "2", "mouth_sores": "2", "temperature": "37.2", "chest_pain": "no"}
    assert [(one.id, one.level, one.state) for one in ward.chain.alerts()] == [(alert.id, "urgent", "new")]
    ward.chain.send()
    assert len([words for words in ward.chain.received() if "urgence" in words or "30 min" in words]) == 1
    panel = said(claire.get(f"/alerts/{alert.id}"))
    assert "37,2 °C température non douleur dans la poitrine Pas demandé : mains et pieds douloureux, nausées, vomissements" in panel
    assert "Signalé à nouveau" not in panel  # what is said beside the danger is no second report of it
    assert "37,2" in said(claire.get(f"/patients/{ward.marie.id}"))
    for number in ("6", "8"):  # nausea and fatigue stay the nurse's
        assert phone.get(f"{root}/{number}").place == "end"


def test_a_worse_answer_of_the_round_rings_and_tells_as_always(ward: Ward, phone: Browser) -> None:
    """39.5 °C: the fever page and its text, the same alert; one question is left, and a chest pain is the emergency number's page alone."""
    stopped(ward, phone)
    asks(go_on(phone), value="39,5")
    assert phone.place == "end" and FEVER in phone.text and ONE in phone.text
    ward.chain.send()
    assert "cette température demande un avis sans attendre" in ward.chain.received()[-1]
    ward.chain.clock.forward(minutes=1)
    asks(go_on(phone), value="yes")
    assert "Appelez le 15 ou le 112 MAINTENANT" in phone.text and "mieux vous aider" not in phone.text
    ward.chain.send()
    received = ward.chain.received()
    phone.get(phone.path.replace("/end", "/4")).post(value="37")  # corrected: what was told last stays, and nothing milder leaves
    ward.chain.send()
    assert "Appelez le 15 ou le 112 MAINTENANT" in phone.text and ward.chain.received() == received
    assert [one.level for one in ward.chain.alerts()] == ["urgent"]


def test_a_sign_that_is_felt_follows_where_there_is_no_thermometer(ward: Ward, phone: Browser) -> None:
    """As by text: no thermometer, then shivering; it is a fever."""
    stopped(ward, phone)
    asks(go_on(phone), cannot="yes")
    assert phone.asked == "feels_hot" and "Encore 2 questions" in phone.text
    asks(phone, value="yes")
    assert FEVER in phone.text and ONE in phone.text


@pytest.mark.parametrize("why", ["at_once", "closed", "stale", "night"])
def test_nothing_is_offered_where_only_the_call_counts(ward: Ward, phone: Browser, database: Database, why: str) -> None:
    """An emergency at once, a service that is closed, an alert that is over, a visit of two hours."""
    if why == "at_once":
        phone.enter(ward.token())
        phone.page = phone.client.post(phone.path, data={"q": "chest_pain", "value": "yes"})
        assert "Appelez le 15 ou le 112" in phone.text
    elif why == "night":
        ward.chain.clock.forward(hours=11)
        phone.enter(ward.token()).post(value="2").post(value="2")
        assert "Appelez le 15 ou le 112" in phone.text
    else:
        root = stopped(ward, phone)
        with database.transaction() as session:
            for alert in session.scalars(select(Alert)):
                alert.state = "closed" if why == "closed" else alert.state
        ward.chain.clock.forward(hours=0 if why == "closed" else 2)
        assert phone.get(f"{root}/4").asked == ""
        phone.get(f"{root}/end")
    assert "l'infirmière." not in phone.text


def test_whoever_was_not_told_yet_sees_the_danger_before_any_question(ward: Ward, phone: Browser) -> None:
    """Her other page stood open when the danger was told: what she presses is kept, and the danger comes first."""
    root = stopped(ward, phone)
    phone.page = phone.client.post(f"{root}/4", data={"q": "temperature", "value": "36,9"})
    assert phone.place == "end" and TOLD in phone.text
    assert ward.chain.answers(ward.checkin)["temperature"] == "36.9"
