"""The form behind a link, over HTTP: what is pressed is kept, a danger is told at once (HZ-24)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from app.core.db import Database
from app.people.models import Patient, Respondent
from tests.app.web.conftest import SignIn
from tests.app.web.form import CALM, WEDNESDAY, Browser, Ward, counted, jean_too
from tests.app.web.test_nurse import said

# --- The whole way -------------------------------------------------------------------------------------------------------------------


def test_from_the_link_to_what_happens_next(ward: Ward, phone: Browser) -> None:
    """FR-14: the emergency line and the reading hours stand on the pages."""
    phone.get(f"/q/{ward.token()}")
    assert "01 99 00 12 34" in phone.text
    assert "Ce n'est pas un service d'urgence. En urgence, appelez le 15 ou le 112." in phone.text
    assert "Vos réponses sont lues du lundi au vendredi de 8 h à 18 h, sauf jours fériés." in phone.text
    phone.post(day="14", month="3", who="self")
    assert phone.asked == "diarrhea"
    assert "Question 1 sur 9 au plus" in phone.text
    assert phone.fill().place == "review"
    assert "Température 36,8 °C" in phone.text
    phone.post(send="yes")
    assert "C'est envoyé. Merci." in phone.text
    assert "En urgence, appelez le 15 ou le 112." in phone.text
    done = ward.chain.checkin(ward.marie, WEDNESDAY.date())
    assert done.state == "done"
    expected = {**CALM, "temperature": "36.8"}
    del expected["stools"]  # a detail of what she does not have
    assert ward.chain.answers(done) == expected
    assert ward.chain.alerts() == []


def test_the_same_answers_promise_the_same_hour_as_by_text(ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token()).fill(fatigue="3")
    phone.post(send="yes")
    assert re.search(r"Une infirmière vous appelle (demain )?avant \d+ h", phone.text)
    assert len(ward.chain.alerts()) == 1


# --- Danger --------------------------------------------------------------------------------------------------------------------------


def test_a_fever_shows_what_to_do_at_once(ward: Ward, phone: Browser) -> None:
    """HZ-24: the safety text leaves by SMS as well, and the questions stop."""
    phone.enter(ward.token())
    for value in ("0", "0", "0", "39,2"):
        phone.post(value=value)
    assert phone.place == "end"
    assert "Cette température demande un avis sans attendre" in phone.text
    rings = re.findall(r'class="button ring[^"]*" href="tel:([0-9]+)"', phone.page.text)
    assert rings == ["0199001234", "15"]
    ward.chain.send()
    assert "cette température demande un avis sans attendre" in ward.chain.received()[-1]
    assert [alert.level for alert in ward.chain.alerts()] == ["urgent"]
    root = phone.path.rsplit("/", 1)[0]
    for place in ("", "/5", "/review", "/end"):
        assert "Cette température demande un avis sans attendre" in phone.get(root + place).text, place


def test_a_mistyped_fever_is_corrected_after_the_danger_and_the_danger_stays(ward: Ward, phone: Browser) -> None:
    """38,6 for 36,8: a nurse sees both, and the page goes on saying what to do (HZ-24)."""
    phone.enter(ward.token())
    for value in ("1", "0", "0", "38,6"):
        phone.post(value=value)
    danger = "Cette température demande un avis sans attendre"
    assert danger in phone.text and "Une erreur ? Corriger une réponse" in phone.text
    root = phone.path.rsplit("/", 1)[0]
    phone.get(f"{root}/review")
    assert danger in phone.text and "Température 38,6 °C" in phone.text and "Diarrhée" in phone.text
    assert "Envoyer mes réponses" not in phone.text and "Fatigue" not in phone.text  # nothing more is asked: a person takes over
    phone.get(f"{root}/4")
    assert phone.asked == "temperature" and danger in phone.text
    phone.post(value="372")
    assert "Écrivez un nombre de 30 à 45" in phone.text
    ward.chain.clock.forward(minutes=1)
    phone.post(value="36,8")
    assert phone.place == "end" and danger in phone.text
    assert "Votre correction est gardée. Une infirmière la verra." in phone.text
    assert ward.chain.answers(ward.checkin)["temperature"] == "36.8"
    (alert,) = ward.chain.alerts()
    assert (alert.level, alert.state) == ("urgent", "new")  # what was said first is not taken back without a person
    ward.chain.clock.forward(hours=2)
    assert phone.get(f"{root}/review").place != "review"


def test_one_promise_behind_a_danger(ward: Ward, phone: Browser, sign_in: SignIn) -> None:
    """Nine stools and "I want a call": one call, within the alert's time, here, in the text, after Back, and for the nurse."""
    phone.enter(ward.token()).post(call="yes")
    assert "Une infirmière vous appelle avant 12 h." in phone.text
    root = phone.path.rsplit("/", 1)[0]
    phone.fill(diarrhea="3", hand_foot="0", fatigue="0", stools="9")
    promise = "Une infirmière est prévenue et vous appelle"
    assert phone.place == "end" and promise in phone.text
    minutes = re.findall(r"sans appel dans (\d+) min", phone.text)
    assert "c'est ce même appel" in phone.text and "N'attendez pas notre appel" not in phone.text
    ward.chain.send()
    assert re.findall(r"sans appel dans (\d+) min", ward.chain.received()[-1]) == minutes != []
    for place in ("wrong", "review"):
        phone.get(f"{root}/{place}")
        assert promise in phone.text and re.findall(r"sans appel dans (\d+) min", phone.text) == minutes, place
        assert "avant 12 h" not in phone.text
    (alert,) = ward.chain.alerts()
    panel = sign_in(ward.chain.world.claire).get(f"/alerts/{alert.id}")
    assert "C'est le même appel que l'alerte : la clore après avoir joint la personne clôt aussi cet appel." in said(panel)


def test_closed_nobody_is_told_to_wait_for_a_call(ward: Ward, phone: Browser) -> None:
    """HZ-24: the emergency number alone, and no promise."""
    ward.chain.clock.at = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    phone.get(f"/q/{ward.token()}")
    assert "Le service est fermé maintenant. Il ouvre jeu. 26 nov. à 8 h 00." in phone.text
    phone.post(day="14", month="3", who="self")
    for value in ("0", "0", "0", "39,2"):
        phone.post(value=value)
    assert "Appelez le 15 ou le 112 maintenant" in phone.text
    assert re.findall(r'class="button ring[^"]*" href="tel:([0-9]+)"', phone.page.text) == ["15"]
    assert "vous appelle" not in phone.text


def test_no_thermometer_asks_for_the_sign_that_is_felt(ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token())
    for value in ("0", "0", "0"):
        phone.post(value=value)
    assert "Je n'ai pas de thermomètre" in phone.text
    phone.post(cannot="yes")
    assert phone.asked == "feels_hot"
    phone.post(value="yes")
    assert phone.place == "end"
    assert re.findall(r'class="button ring', phone.page.text)
    assert [alert.level for alert in ward.chain.alerts()] == ["urgent"]


def test_something_is_wrong_opens_its_own_check_in(ward: Ward, phone: Browser) -> None:
    """From a link of its own: ticked and written, kept and judged."""
    phone.enter(ward.token(own=True))
    assert phone.place == "wrong"
    phone.post(send="yes")
    assert "Cochez une ligne, ou écrivez quelques mots." in phone.text
    phone.post(sign="breath", words="depuis ce matin", send="yes")
    assert "Appelez le 15 ou le 112 MAINTENANT" in phone.text
    assert ward.chain.last_heard().body == "Du mal à respirer. depuis ce matin"
    assert ward.chain.checkin(ward.marie, WEDNESDAY.date(), "unprompted")
    assert [alert.level for alert in ward.chain.alerts()] == ["urgent"]


def test_words_that_are_no_danger_are_read_by_a_nurse_and_it_is_said(ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token(own=True)).post(words="je voudrais déplacer mon rendez-vous", send="yes")
    assert "Une infirmière lira votre message." in phone.text
    assert ward.chain.last_heard().body == "je voudrais déplacer mon rendez-vous"


# --- A call --------------------------------------------------------------------------------------------------------------------------


def test_a_call_is_one_press_one_task_and_an_hour(ward: Ward, phone: Browser) -> None:
    """On each page, with the hour the rota gives; pressed three times it is one."""
    phone.enter(ward.token())
    assert "Je veux un appel" in phone.text
    for _ in range(3):
        phone.post(call="yes")
        assert phone.asked == "diarrhea"
        assert "Une infirmière vous appelle avant 12 h." in phone.text
    assert ward.chain.tasks() == ["call_back"]
    phone.fill()
    assert "Une infirmière vous appelle avant 12 h." in phone.text
    phone.post(send="yes")
    assert "Une infirmière vous appelle avant 12 h." in phone.text


def test_no_call_is_promised_while_the_service_is_closed(ward: Ward, phone: Browser) -> None:
    ward.chain.clock.at = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    phone.enter(ward.token()).post(call="yes")
    assert "Le service ouvre demain 8 h. Une infirmière vous appelle ensuite." in phone.text
    assert "Si cela ne peut pas attendre : appelez le 15 ou le 112." in phone.text


def test_asking_for_a_call_loses_nothing_that_was_typed(ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token())
    for value in ("0", "0", "0"):
        phone.post(value=value)
    phone.post(value="38,", call="yes")
    assert phone.asked == "temperature"
    assert 'name="value" value="38,"' in phone.page.text
    root = phone.path.rsplit("/", 1)[0]
    phone.get(f"{root}/wrong").post(words="je n'arrive plus à respirer", call="yes")
    assert "Appelez le 15 ou le 112 MAINTENANT" in phone.text


# --- Nothing is lost -----------------------------------------------------------------------------------------------------------------


def test_sent_twice_or_gone_back_nothing_is_doubled_or_lost(ward: Ward, phone: Browser, database: Database) -> None:
    phone.enter(ward.token())
    first = phone.path
    phone.client.post(first, data={"q": "diarrhea", "value": "1"})
    phone.client.post(first, data={"q": "diarrhea", "value": "1"})
    assert counted(database)["answer"] == 1
    phone.client.post(first, data={"q": "diarrhea", "value": "0"})
    assert ward.chain.answers(ward.checkin) == {"diarrhea": "0"}
    assert counted(database)["answer"] == 2  # the correction stands beside what it corrects
    phone.get(first).fill()
    review = phone.path
    phone.post(send="yes")
    again = phone.client.post(review, data={"send": "yes"})
    assert "C&#39;est envoyé" in again.text


def test_a_stale_page_never_answers_another_question(ward: Ward, phone: Browser) -> None:
    """A question may appear in between (no thermometer): the answer goes to the question it was given under, wherever it now stands."""
    phone.enter(ward.token())
    for value in ("0", "0", "0"):
        phone.post(value=value)
    root = phone.path.rsplit("/", 1)[0]
    phone.post(cannot="yes")  # number 5 is "shivering" now; this page still shows the chest there
    phone.client.post(f"{root}/5", data={"q": "nausea", "value": "1"})
    assert ward.chain.answers(ward.checkin)["nausea"] == "1"
    assert "feels_hot" not in ward.chain.answers(ward.checkin)


def test_two_people_on_one_telephone_never_answer_for_each_other(ward: Ward, phone: Browser) -> None:
    """HZ-09, HZ-36: the pages of two visits stay open side by side in one browser."""
    jean = jean_too(ward)
    hers = phone.enter(ward.token()).path
    his = phone.enter(ward.token(patient=jean)).path
    assert hers != his
    phone.client.post(hers, data={"q": "diarrhea", "value": "2"})
    phone.client.post(his, data={"q": "diarrhea", "value": "1"})
    assert ward.chain.answers(ward.checkin) == {"diarrhea": "2"}
    assert ward.chain.answers(ward.chain.checkin(jean, WEDNESDAY.date())) == {"diarrhea": "1"}


def test_what_comes_on_an_old_page_is_kept_before_the_guard_asks_again(ward: Ward, phone: Browser) -> None:
    """Three hours later: the answer is stored, then the guard says so, kindly."""
    phone.enter(ward.token())
    page = phone.path
    ward.chain.wait(hours=3)
    phone.post(page, value="1")
    assert ward.chain.answers(ward.checkin) == {"diarrhea": "1"}
    assert "Par prudence, redites qui vous êtes. Vos réponses sont gardées." in phone.text
    phone.post(day="14", month="3", who="self")
    assert phone.asked == "mouth_sores"


def test_a_danger_on_an_old_page_is_told_at_once(ward: Ward, phone: Browser) -> None:
    """HZ-24: no guard stands before a danger."""
    phone.enter(ward.token())
    page = phone.path
    ward.chain.wait(hours=3)
    phone.page = phone.client.post(page, data={"q": "temperature", "value": "39,5"})
    assert "Cette température demande un avis sans attendre" in phone.text


def test_what_cannot_stand_is_said_beside_its_field_and_stays_in_it(ward: Ward, phone: Browser, database: Database) -> None:
    phone.enter(ward.token())
    for value in ("0", "0", "0"):
        phone.post(value=value)
    phone.post(value="372")
    shown = phone.page
    assert (shown.status_code, shown.request.method) == (200, "GET")  # Back never finds a page that answered a form
    assert "372" not in str(shown.url)
    for _ in range(2):  # looked at again, it still says so
        assert "Écrivez un nombre de 30 à 45, par exemple 37,2." in phone.text
        assert 'name="value" value="372"' in phone.page.text
        assert "<title>À corriger" in phone.page.text
        phone.get(phone.path)
    temperature = phone.path
    phone.post(value="36°9")
    assert ward.chain.answers(ward.checkin)["temperature"] == "36.9"
    phone.get(temperature)  # gone back: what was taken stands there, not what was refused
    assert 'name="value" value="36,9"' in phone.page.text
    assert "Écrivez un nombre" not in phone.text
    root = temperature.rsplit("/", 1)[0]
    long = "x" * 4001
    phone.page = phone.client.post(
        f"{root}/wrong", data={"words": long, "send": "yes"}
    )  # too long for a cookie: told on the spot, kept in its field
    assert "C'est trop long pour une fois." in phone.text and long in phone.page.text


@pytest.mark.parametrize("kept", ["", "x", "bm90IGpzb24", "W10", "eyJxIjogMX0", "é"])
def test_a_cookie_that_is_none_of_ours_changes_nothing(ward: Ward, phone: Browser, kept: str) -> None:
    """What a browser keeps is nobody's word: whatever stands in it, the question is asked."""
    phone.enter(ward.token())
    answer = phone.client.get(
        phone.path, headers={"cookie": f"vigie_form={phone.client.cookies['vigie_form']}; vigie_typed={kept}".encode()}
    )
    assert answer.status_code == 200
    assert 'name="q" value="diarrhea"' in answer.text and "error_title" not in answer.text


def test_a_page_in_english_and_back(ward: Ward, phone: Browser) -> None:
    token = ward.token()
    assert "Your questions of the day" in phone.get(f"/q/{token}?l=en").text
    phone.enter(token)
    root = phone.path.rsplit("/", 1)[0]
    phone.page = phone.client.post(f"{root}/language", data={"l": "en", "back": phone.path})
    assert '<html lang="en">' in phone.page.text
    assert "For the last 7 days: diarrhoea?" in phone.text
    phone.fill(diarrhea="1", stools="2")
    phone.post(send="yes")
    assert "Nothing else to do today." in phone.text
    assert "Meanwhile, what may help" in phone.text
    assert "Diarrhoea: sip often" in phone.text  # the advice is kept in Marie's French


def test_a_language_without_pages_is_followed_by_the_one_it_is_like(ward: Ward, phone: Browser, database: Database) -> None:
    """HZ-36: Creole has texts and no form yet: French, whatever the browser was set up in. A daughter's own link is in her language.

    What is ticked on an English page is kept in the language this patient's words are read in.
    """
    with database.transaction() as session:
        marie = session.get_one(Patient, ward.marie.id)
        marie.language, marie.also_reads = "rcf", []
        session.add(Respondent(patient_id=marie.id, name="Anaïs Hoarau", relation="fille", phone="+33639980005", language="en"))
        session.flush()
        anais = marie.respondents[0]
    phone.client.headers["accept-language"] = "en"
    assert '<html lang="fr">' in phone.get(f"/q/{ward.token()}").page.text
    assert '<html lang="en">' in phone.get(f"/q/{ward.token(anais)}").page.text
    with database.transaction() as session:
        session.get_one(Patient, ward.marie.id).also_reads = ["en"]
    own = ward.token(own=True)
    assert '<html lang="en">' in phone.enter(own).page.text
    phone.post(sign="breath", words="since this morning", send="yes")
    assert "Call 15 or 112 NOW" in phone.text
    assert ward.chain.last_heard().body == "Du mal à respirer. since this morning"


def test_the_language_cannot_lead_elsewhere(ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token())
    root = phone.path.rsplit("/", 1)[0]
    answer = phone.client.post(f"{root}/language", data={"l": "en", "back": "//elsewhere.example"}, follow_redirects=False)
    assert answer.headers["location"] == root


def test_an_address_that_does_not_exist_keeps_the_numbers_on_top(phone: Browser) -> None:
    phone.get("/q/f/0123456789ab/nowhere")
    assert phone.page.status_code == 404
    assert "Ouvrez le lien du dernier SMS reçu." in phone.text
    assert 'href="tel:15"' in phone.page.text


@pytest.mark.parametrize("field", [{"value": "5"}, {"value": "\x00"}, {"value": "²"}, {"value": "x" * 5000}, {}, {"value": "yes"}])
def test_what_no_page_of_ours_sends_is_asked_again(ward: Ward, phone: Browser, field: dict[str, str]) -> None:
    phone.enter(ward.token()).post(**field)
    assert "Choisissez une réponse ci-dessous." in phone.text
    assert ward.chain.answers(ward.checkin) == {}


def test_a_question_that_is_not_asked_is_not_stored(ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token())
    phone.client.post(phone.path, data={"q": "weight", "value": "60"})
    assert ward.chain.answers(ward.checkin) == {}
