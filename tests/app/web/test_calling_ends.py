"""The end of a call with the questions: what waited is closed with it, what was not asked is said, what is said aloud (FR-32)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Alert, Task
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.people import respondents
from app.people.models import Patient
from app.people.respondents import NewRespondent
from tests.app.web.call import MONDAY_TEN, QUIET, WEDNESDAY, WEDNESDAY_TEN, Call
from tests.app.web.test_nurse import said
from tests.support.chain import MARIE, Chain


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    """Marie Hoarau and her daughter Lucie; nobody has answered yet. It is Monday."""
    return chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille")


def test_the_end_closes_the_silence_and_the_call_that_waited(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Silent for two days: the alert that says nothing but silence ends with the answers, in the nurse's name."""
    chain.until(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))
    checkin = chain.checkin(marie, WEDNESDAY)
    assert checkin.state == "silent"
    assert [alert.kind for alert in chain.alerts()] == ["silence"]
    with chain.database.transaction() as session:
        session.add(
            Task(
                service_id=marie.service_id,
                patient_id=marie.id,
                kind="overdue_call",
                key="a call that waits",
                detail={"checkin_id": checkin.id},
                created_at=chain.clock.now(),
                due_at=chain.clock.now(),
            )
        )
    call = Call(claire, chain, marie)
    call.checkin = str(checkin.id)
    assert "Terminer clôt aussi" in call.page()
    for key, value in QUIET.items():
        call.answer(key, value)
    assert call.send("finish") == 303

    assert chain.alerts() == []
    with chain.read() as session:
        alert = session.scalars(select(Alert)).one()
        task = session.scalars(select(Task).where(Task.kind == "overdue_call")).one()
    assert (alert.outcome, alert.closed_by_id) == ("no_action", chain.world.claire.id)
    assert (task.closing_note, task.closed_by_id) == ("Questionnaire rempli au téléphone.", chain.world.claire.id)


def test_an_alert_that_says_more_than_silence_stays_open(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))
    call = Call(claire, chain, marie)
    call.checkin = str(chain.checkin(marie, WEDNESDAY).id)
    call.answer("mouth_sores", "3")
    assert call.send("finish", sure="yes") == 303
    (alert,) = chain.alerts()
    assert alert.state == "new"


def test_the_alert_shows_no_empty_message(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    Call(claire, chain, marie).answer("mouth_sores", "3")
    (alert,) = chain.alerts()
    shown = said(claire.get(f"/alerts/{alert.id}"))
    assert "Ses mots (message sans texte)" not in shown
    assert "Réponses données au téléphone" in shown


def test_nothing_answered_is_not_finished(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """A sentence beside the button, on the page of the call; finishing "all the same" is not offered, and does no more."""
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    for sure in ("", "yes"):
        values = {"checkin": str(chain.checkin(marie, WEDNESDAY).id), "who": call.who, "sure": sure}
        answer = claire.post(f"/patients/{marie.id}/call/finish", data=values)
        assert answer.status_code == 422
        page = said(answer)
        assert "Aucune réponse notée : rien à terminer. Notez-en une, ou quittez la page : rien ne change." in page
        assert "Questions au téléphone" in page and "Terminer le relevé" in page and "Terminer quand même" not in page
    assert chain.checkin(marie, WEDNESDAY).closed_at is None


def test_after_a_call_nobody_is_told_that_a_message_will_be_read(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """She wrote nothing: what the nurse said aloud stands in the story as said aloud, never as a text that was delivered."""
    before = chain.received()
    call = Call(claire, chain, marie)
    for key, value in QUIET.items():
        call.answer(key, value)
    assert call.send("finish", sure="yes") == 303
    assert "C'est noté, merci. Si cela ne va pas, appelez-nous" in call.page()
    chain.send()
    assert chain.received() == before
    story = said(claire.get(f"/patients/{marie.id}/timeline"))
    assert "lira votre message" not in story
    assert "c'est noté, merci. Si cela ne va pas : 0199001234. Urgence : 15. dit au téléphone" in story


def test_the_emergency_number_is_on_the_page_however_many_telephones_a_family_has(claire: TestClient, chain: Chain) -> None:
    """Rose, her daughter and her son each have a telephone, and a doctor beside: the emergency number is there (FR-32)."""
    rose = chain.follow(
        family_name="Grondin",
        given_names="Rose",
        phone="+33639980004",
        respondent_name="Lucie Grondin",
        respondent_relation="fille",
        respondent_phone="+33639980005",
    )
    with chain.database.transaction() as session:
        son = NewRespondent(name="Paul Grondin", relation="fils", phone="+33639980006")
        respondents.declare(session, session.get_one(Patient, rose.id), son, by=SYSTEM, now=chain.clock.now(), allow_fiction=True)
    header = claire.get(f"/patients/{rose.id}/call").text.split("calling-numbers")[1].split("</header>")[0]
    for number in ("+33639980004", "+33639980005", "+33639980006", "15"):
        assert f'href="tel:{number}"' in header


def test_before_the_end_the_nurse_hears_what_was_not_asked(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """One answer of nine: finishing asks first, keeps nothing closed, and then says what to say aloud, in words that are said."""
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    call.answer("diarrhea", "1")
    call.answer("nausea", "0")
    answer = claire.post(f"/patients/{marie.id}/call/finish", data={"checkin": call.checkin, "who": call.who})
    assert answer.status_code == 422
    page = said(answer)
    assert "Des questions sont sans réponse : elles seraient gardées comme non posées." in page and "Température" in page
    assert chain.checkin(marie, WEDNESDAY).closed_at is None

    assert call.send("finish", sure="yes") == 303
    page = call.page()
    assert "J'ai noté : diarrhée, un peu. Pas de : nausées. Une infirmière vous rappelle avant 18 h." in page  # the fever is not known
    assert "ERREUR" not in page and "Répondez" not in page
    assert "temperature" in chain.checkin(marie, WEDNESDAY).not_asked


def test_after_an_urgent_judgement_the_nurse_goes_on_asking_what_is_left(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Diarrhoea 2, a sore mouth 2, by text: the text says that a nurse calls. She asks the rest of the same check-in (FR-32)."""
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "2 2 0")
    told = chain.received()
    assert "Une infirmière est prévenue et vous appelle" in told[-1]
    chain.clock.forward(minutes=5)
    (alert,) = chain.alerts()
    call = Call(claire, chain, marie)
    page = call.page()
    assert "6 questions sans réponse : Température, Douleur dans la poitrine, Nausées, Vomissements, Fatigue, Selles liquides." in page
    for key, value in (("temperature", "36,9"), ("chest_pain", "no"), ("nausea", "1"), ("vomiting", "0")):
        call.answer(key, value)
        assert "Danger : dites ceci maintenant" not in call.page()  # she was told by text, and this is the call it promised
    assert "2 questions sans réponse : Fatigue, Selles liquides." in call.page()
    chain.send()
    assert chain.received() == told
    call.answer("fatigue", "1")
    call.answer("stools", "9")
    assert "sans réponse :" not in call.page()
    assert [(one.id, one.level) for one in chain.alerts()] == [(alert.id, "urgent")]
    asked = chain.checkin(marie, WEDNESDAY)
    assert (asked.state, asked.not_asked, len(chain.answers(asked))) == ("done", [], 9)

    call.answer("temperature", "39,5")  # taken once more: what is graver than what she was told is said, and sent
    assert "Danger : dites ceci maintenant" in call.page()
    chain.send()
    assert "cette température demande un avis sans attendre" in chain.received()[-1]
