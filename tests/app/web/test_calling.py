"""The questions by telephone, on screen: chosen, kept one by one, resumed, judged beside, closed with what waited (FR-32, HZ-10)."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.models import AnswerRow, CheckIn
from app.core.clock import HandClock
from app.messaging.models import Message
from app.people import respondents
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.people.respondents import NewRespondent
from tests.app.web.call import MONDAY_TEN, WEDNESDAY, WEDNESDAY_EIGHT, WEDNESDAY_TEN, Call, lucie_of
from tests.app.web.conftest import SignIn
from tests.app.web.form import pressed_by_enter
from tests.app.web.test_nurse import said
from tests.factories import World
from tests.support.chain import MARIE, Chain


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY_TEN)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    """Marie Hoarau and her daughter Lucie; nobody has answered yet. It is Monday."""
    return chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille")


def test_each_answer_is_kept_when_it_is_given_with_who_gave_it_and_who_asked(
    claire: TestClient, chain: Chain, marie: Patient, world: World
) -> None:
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    page = call.page()
    assert "Relevé du mer. 25 nov." in page
    assert "Bonjour, Claire Payet à l'appareil. Est-ce que je parle à Marie Hoarau ?" in page
    assert "J'ai 9 questions, quelques minutes. Est-ce un bon moment ?" in page
    call.answer("mouth_sores", "2")

    assert call.rows() == [("mouth_sores", "2", f"patient:{marie.id}", f"staff:{world.claire.id}", "call")]
    page = call.page()
    assert "Niveau à cet instant !! Élevé" in page  # 2 for a sore mouth is high in this protocol
    assert "la patiente, au téléphone avec Claire Payet : moyen (2)" in page
    assert [alert.level for alert in chain.alerts()] == ["high"]
    with chain.read() as session:
        sent = session.scalars(select(Message).where(Message.direction == "out", Message.carrier != "call")).all()
    assert not any(text.created_at > WEDNESDAY_TEN for text in sent)  # the next question is asked aloud, not by text


def test_half_filled_it_is_taken_up_by_a_colleague(claire: TestClient, sign_in: SignIn, chain: Chain, marie: Patient, world: World) -> None:
    chain.until(WEDNESDAY_TEN)
    Call(claire, chain, marie).answer("diarrhea", "1")
    luc = Call(sign_in(world.luc), chain, marie)
    assert "la patiente, au téléphone avec Claire Payet : un peu (1)" in luc.page()
    luc.answer("mouth_sores", "0")

    assert [(key, asker) for key, _, _, asker, _ in luc.rows()] == [
        ("diarrhea", f"staff:{world.claire.id}"),
        ("mouth_sores", f"staff:{world.luc.id}"),
    ]


def test_the_same_answers_by_telephone_and_by_text_end_alike(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Same questions, same answers, same triage, same echo."""
    jean = chain.follow(family_name="Payet", given_names="Jean", phone="+33639980004")
    chain.until(WEDNESDAY_TEN)
    by_text = ["1 0 0", "37,2", "non", "0 1 0", "2"]
    for words in by_text:
        chain.says("+33639980004", words)
    written = chain.answers(chain.checkin(jean, WEDNESDAY))
    assert len(written) == 9

    call = Call(claire, chain, marie)
    for key, value in written.items():
        assert call.send("answer", key=key, value="37,2" if key == "temperature" else value or "") == 303
    assert call.send("finish") == 303

    spoken = chain.checkin(marie, WEDNESDAY)
    assert chain.answers(spoken) == written
    levels = [chain.judgements(chain.checkin(who, WEDNESDAY))[-1].level for who in (jean, marie)]
    assert levels[0] == levels[1]
    assert "À dire maintenant" in call.page()
    assert spoken.closed_at is not None


def test_a_danger_is_said_large_alarms_at_once_and_leaves_by_text(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    assert call.send("answer", key="temperature", value="39,1") == 303

    (alert,) = chain.alerts()
    assert alert.level == "urgent"
    page = call.page()
    assert "Danger : dites ceci maintenant" in page
    chain.send()
    told = chain.received(MARIE)[-1]
    assert told in page
    assert "Je préviens l'équipe maintenant. Si personne ne vous rappelle dans 30 minutes, appelez le" in page  # said, not texted


def test_words_are_kept_as_they_are_and_searched_for_danger(claire: TestClient, chain: Chain, marie: Patient, world: World) -> None:
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    assert call.send("words", told="elle dit qu'elle n'arrive plus à respirer") == 303

    (alert,) = chain.alerts()
    assert (alert.level, alert.patient_id) == ("urgent", marie.id)
    heard = chain.last_heard()
    assert (heard.body, heard.carrier) == ("elle dit qu'elle n'arrive plus à respirer", "call")
    assert "Danger : dites ceci maintenant" in call.page()


def test_two_people_on_one_line_are_both_kept(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    call.answer("diarrhea", "1")
    call.who = lucie_of(chain, marie)
    call.answer("diarrhea", "3")

    page = call.page()
    assert "Réponses différentes" in page
    assert "diarrhée · Lucie Hoarau (fille) : fort (3), la patiente : un peu (1)" in page
    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {"diarrhea": "3"}


def test_somebody_else_is_named_and_on_record(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    assert call.send("person", name="Paul Técher", relation="voisin") == 303
    assert call.send("person", name="", relation="") == 422
    with chain.read() as session:
        paul = session.get_one(Patient, marie.id).respondents[-1]
    call.who = f"respondent:{paul.id}"
    call.answer("fatigue", "2")
    assert "Paul Técher (voisin), au téléphone avec Claire Payet : moyen (2)" in call.page()


def test_nobody_speaks_for_somebody_elses_patient(claire: TestClient, chain: Chain, marie: Patient, world: World) -> None:
    chain.until(WEDNESDAY_TEN)
    jean = chain.follow(family_name="Payet", given_names="Jean", phone="+33639980004")
    with chain.database.transaction() as session:
        of_jean = respondents.declare(
            session,
            session.get_one(Patient, jean.id),
            NewRespondent("Anne", "épouse"),
            by=actor_of(world.claire),
            now=chain.clock.now(),
            allow_fiction=True,
        )
    call = Call(claire, chain, marie)
    for who in (f"respondent:{of_jean.id}", f"patient:{jean.id}", f"staff:{world.claire.id}", ""):
        call.who = who
        assert call.send("answer", key="diarrhea", value="1") == 422
    assert call.rows() == []


@pytest.mark.parametrize(
    ("key", "typed", "sentence"),
    [
        ("temperature", {"value": "385"}, "Écrivez un nombre de 30 à 45"),
        ("diarrhea", {"value": "7"}, "Choisissez une réponse ci-dessous."),
        ("stools", {"value": "souvent"}, "Écrivez un nombre entier de 0 à 40."),
    ],
)
def test_what_is_not_plausible_is_said_beside_its_question(
    claire: TestClient, chain: Chain, marie: Patient, key: str, typed: dict[str, str], sentence: str
) -> None:
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    answer = claire.post(f"/patients/{marie.id}/call/answer", data={"checkin": "", "who": call.who, "key": key, **typed})
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert call.rows() == []


def test_the_doses_are_counted_like_on_the_form(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Day 7 asks about the tablets of the week."""
    chain.clock.forward(days=6)
    call = Call(claire, chain, marie, date(2026, 11, 29))
    page = claire.get(f"/patients/{marie.id}/call").text
    assert pressed_by_enter(page, "missed") == "next=yes"  # never "all", which would lose what she has just typed
    assert page.count('<form id="all-intake"') == 1 and 'form="all-intake" name="value" value="all"' in page
    assert call.send("answer", key="intake", missed="x", extra="0") == 422
    assert call.send("answer", key="intake", missed="2", extra="0", off_day="yes") == 303
    assert [(key, value) for key, value, *_ in call.rows()] == [("intake", "missed:2+off_day")]


def test_looking_opens_nothing_and_todays_text_still_leaves(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """A call that nobody answers must not take the text of the day away."""
    chain.until(WEDNESDAY_EIGHT)
    call = Call(claire, chain, marie)
    assert "Relevé du mer. 25 nov." in call.page()
    assert chain.checkin(marie, WEDNESDAY).state == "planned"
    chain.until(WEDNESDAY_TEN)
    assert len(chain.received()) > 0


def test_todays_own_questions_asked_before_the_text_are_not_asked_twice(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_EIGHT)
    before = len(chain.received())
    call = Call(claire, chain, marie)
    call.answer("diarrhea", "0")
    assert chain.checkin(marie, WEDNESDAY).state == "partial"
    chain.until(WEDNESDAY_TEN)
    assert len(chain.received()) == before


def test_with_none_open_the_days_own_is_filled_with_the_same_questions(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Tuesday: nothing is planned. The questions of the nearest day are asked, and judged."""
    chain.clock.forward(days=1)
    call = Call(claire, chain, marie)
    page = call.page()
    assert "un relevé du jour s'ouvre à la première réponse" in page and "Depuis 7 jours, y a-t-il : diarrhée ?" in page
    call.answer("mouth_sores", "2")

    own = chain.checkin(marie, date(2026, 11, 24), "unprompted")
    assert chain.answers(own) == {"mouth_sores": "2"}
    assert chain.judgements(own)[-1].level == "high"
    call.answer("fatigue", "1")
    assert call.send("finish") == 303
    assert "À dire maintenant" in call.page()
    assert chain.checkin(marie, date(2026, 11, 24), "unprompted").state == "done"


def test_the_secretary_and_the_administrator_ask_nothing(sign_in: SignIn, world: World, chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    for person in (world.paul, world.noe, world.alma):
        call = Call(sign_in(person), chain, marie)
        assert call.browser.get(f"/patients/{marie.id}/call").status_code in (403, 404)
        for act in ("answer", "words", "person", "finish"):
            assert call.send(act, key="diarrhea", value="1", told="bonjour", name="Paul", relation="voisin") in (403, 404)
    assert Call(sign_in(world.luc), chain, marie).rows() == []


def test_another_patients_check_in_is_never_filled(claire: TestClient, chain: Chain, marie: Patient) -> None:
    jean = chain.follow(family_name="Payet", given_names="Jean", phone="+33639980004")
    chain.until(WEDNESDAY_TEN)
    call = Call(claire, chain, marie)
    call.checkin = str(chain.checkin(jean, WEDNESDAY).id)
    call.answer("diarrhea", "1")
    assert chain.answers(chain.checkin(jean, WEDNESDAY)) == {}
    with chain.read() as session:
        assert {row.patient_id for row in session.scalars(select(CheckIn).join(AnswerRow, AnswerRow.checkin_id == CheckIn.id))} == {
            marie.id
        }
