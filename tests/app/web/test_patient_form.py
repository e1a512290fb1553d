"""The form behind a link, over HTTP: looking changes nothing, what is pressed is kept, a danger is told (SEC-03 to SEC-10, HZ-24)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func, select

from app.checkins import agenda
from app.core import logs
from app.core.clock import HandClock
from app.core.db import Base, Database
from app.core.settings import Settings
from app.main import create_app
from app.messaging.models import FormLink, FormVisit
from app.people.models import Patient, Respondent
from app.protocols import words as lists
from app.web import asking, patient, patient_guard, words
from app.web.render import STATIC, Page
from tests.app.web.form import CALM, MONDAY, WEDNESDAY, Browser, Ward, a_ward
from tests.factories import World, a_course, a_patient
from triage import replies
from triage.questions import Question
from triage.terms import Asked, Kind

SECURE = Settings(environment="test", public_url="https://vigie.example.org", secret_key=SecretStr("a secret of the tests, long enough"))


@pytest.fixture
def ward(database: Database, clock: HandClock, world: World) -> Ward:
    """Wednesday 10:00, cycle day 3: Marie's nine questions are open."""
    return a_ward(database, clock, world)


@pytest.fixture
def phone(app: FastAPI, ward: Ward) -> Browser:
    return Browser.on(app)


def counted(database: Database) -> dict[str, int]:
    """Rows of every table."""
    with database.reading() as session:
        return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in Base.metadata.sorted_tables}


# --- The whole way ------------------------------------------------------------------------------------------------------------------


def test_from_the_link_to_what_happens_next(ward: Ward, phone: Browser) -> None:
    """Issue 4, points 3 and 10; FR-14: the emergency line and the reading hours stand on the pages."""
    phone.get(f"/q/{ward.token()}")
    assert "01 99 00 12 34" in phone.text
    assert "Ce n'est pas un service d'urgence. En urgence, appelez le 15 ou le 112." in phone.text
    assert "Vos réponses sont lues du lundi au vendredi de 8 h à 18 h, sauf jours fériés." in phone.text
    phone.post(day="14", month="3", who="self")
    assert phone.asked == "diarrhea"
    assert "1 sur 9" in phone.text
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


def test_a_relative_answers_and_the_answers_say_so(ward: Ward, phone: Browser, database: Database) -> None:
    with database.transaction() as session:
        session.add(Respondent(patient_id=ward.marie.id, name="Anaïs Hoarau", relation="fille", phone="+33639980005"))
    phone.enter(ward.token(), who="relative")
    assert "Répondez à la place de votre proche." in phone.text
    assert "Anaïs" not in phone.page.text
    phone.post(value="1")
    with database.reading() as session:
        told = session.scalars(select(FormVisit.said_by)).one()
        relative = session.scalars(select(Respondent)).one()
    assert told == f"respondent:{relative.id}"


def test_a_relative_nobody_declared_is_not_written_down_as_the_patient(ward: Ward, phone: Browser, database: Database) -> None:
    phone.enter(ward.token(), who="relative").fill()
    phone.post(send="yes")
    assert "C'est envoyé" in phone.text
    with database.reading() as session:
        assert session.scalars(select(FormVisit.said_by)).one() == f"relative:{ward.marie.id}"


# --- Looking changes nothing --------------------------------------------------------------------------------------------------------


def test_fifty_looks_by_a_bot_then_the_patient_submits_once(ward: Ward, phone: Browser, app: FastAPI, database: Database) -> None:
    """SEC-07."""
    token = ward.token()
    before = counted(database)
    bot = Browser.on(app)
    for _ in range(50):
        assert bot.get(f"/q/{token}").page.status_code == 200
    assert counted(database) == before
    phone.enter(token).fill()
    phone.post(send="yes")
    assert "C'est envoyé" in phone.text
    assert ward.chain.checkin(ward.marie, WEDNESDAY.date()).state == "done"


def test_no_page_of_a_visit_changes_anything_when_it_is_looked_at(ward: Ward, phone: Browser, database: Database) -> None:
    """SEC-07."""
    phone.enter(ward.token()).post(value="1")
    root = phone.path.rsplit("/", 1)[0]
    before = counted(database)
    for place in ("", "/1", "/2", "/9", "/99", "/review", "/end", "/wrong"):
        assert phone.get(root + place).page.status_code == 200, place
    assert counted(database) == before


# --- The guard ----------------------------------------------------------------------------------------------------------------------


def test_five_wrong_birthdays_lock_the_link_and_make_one_task(ward: Ward, phone: Browser) -> None:
    """SEC-10."""
    token = ward.token()
    for _ in range(4):
        phone.enter(token, born=date(1955, 3, 15))
        assert phone.page.status_code == 422
        assert "Ce jour et ce mois ne correspondent pas." in phone.text
    phone.enter(token, born=date(1955, 3, 15))
    assert "Par prudence, ce lien est fermé" in phone.text
    assert "Recevoir un nouveau lien" not in phone.text
    assert "Par prudence, ce lien est fermé" in phone.enter(token).text
    assert ward.chain.tasks() == ["link_locked"]
    assert ward.chain.answers(ward.checkin) == {}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"day": "", "month": "", "who": "self"}, "Écrivez le jour et le mois de naissance"),
        ({"day": "32", "month": "3", "who": "self"}, "Écrivez le jour et le mois de naissance"),
        ({"day": "14", "month": "mars", "who": "self"}, "Écrivez le jour et le mois de naissance"),
        ({"day": "14", "month": "3"}, "Choisissez qui répond."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(ward: Ward, phone: Browser, typed: dict[str, str], sentence: str) -> None:
    phone.get(f"/q/{ward.token()}").post(**typed)
    assert phone.page.status_code == 422
    assert sentence in phone.text
    for name in ("day", "month"):
        assert f'name="{name}" value="{typed[name]}"' in phone.page.text
    with ward.chain.read() as session:
        assert session.scalars(select(FormLink.wrong)).one() == 0


def test_a_link_ends_with_its_window(ward: Ward, phone: Browser, database: Database) -> None:
    """SEC-08: at the end of the window, to the second."""
    token = ward.token()
    end = ward.checkin.silent_at
    assert end is not None
    ward.chain.clock.at = end - timedelta(seconds=1)
    assert phone.get(f"/q/{token}").page.status_code == 200
    ward.chain.clock.at = end + timedelta(seconds=1)
    assert phone.get(f"/q/{token}").page.status_code == 410
    assert "Cette page est fermée" in phone.text
    assert "01 99 00 12 34" in phone.text


def test_an_unknown_address_shows_the_page_of_an_ended_link(ward: Ward, phone: Browser) -> None:
    """Nothing tells a guess from a link of yesterday."""
    token = ward.token()
    phone.enter(token).fill()
    phone.post(send="yes")
    ended, unknown = phone.get(f"/q/{token}").page, phone.get("/q/AAAAAAAAAAAAAAAAAAAAAA").page
    assert (ended.status_code, ended.text) == (unknown.status_code, unknown.text)
    assert (phone.get("/q/f/0123456789ab").page.status_code, phone.page.text) == (410, ended.text)


def test_an_ended_link_sends_a_new_one_to_the_same_telephone_three_times_a_day(ward: Ward, phone: Browser) -> None:
    """SEC-08; issue 4, point 11."""
    token = ward.token()
    ward.chain.clock.at = (ward.checkin.silent_at or MONDAY) + timedelta(minutes=1)
    phone.get(f"/q/{token}")
    assert "Recevoir un nouveau lien" in phone.text
    for _ in range(5):
        phone.get(f"/q/{token}").post(renew="yes")
        assert "Si ce lien était le vôtre, un SMS part dans la minute." in phone.text
    ward.chain.send()
    links = [text for text in ward.chain.received() if "/q/" in text]
    assert len(links) == 3
    new = re.findall(r"/q/([A-Za-z0-9_-]{22})", links[-1])[0]
    assert phone.get(f"/q/{new}").page.status_code == 200


def test_asking_a_new_link_of_an_unknown_address_sends_nothing(ward: Ward, phone: Browser, database: Database) -> None:
    before = counted(database)["message"]
    phone.get("/q/AAAAAAAAAAAAAAAAAAAAAA").post(renew="yes")
    assert "Si ce lien était le vôtre" in phone.text
    assert counted(database)["message"] == before


def test_too_many_tries_from_one_place_wait_but_answers_never_do(
    ward: Ward, phone: Browser, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 4, point 11: the limit stands at the guard, never before a danger."""
    monkeypatch.setattr(patient_guard, "MOST", 2)
    token = ward.token()
    inside = phone.enter(token)
    other = Browser.on(app).enter(token, born=date(1955, 1, 1))
    assert other.page.status_code == 422
    other.enter(token)
    assert other.page.status_code == 429
    assert "Trop d'essais en peu de temps." in other.text
    assert 'name="day" value="14"' in other.page.text
    for value in ("0", "0", "0"):
        assert inside.post(value=value).page.status_code == 200
    inside.post(value="39,4")
    assert "Cette température demande un avis sans attendre" in inside.text


# --- What the pages give away -------------------------------------------------------------------------------------------------------


def every_page(phone: Browser, token: str) -> list[str]:
    """Every page of a whole visit, its mark blanked."""
    pages = [phone.get(f"/q/{token}").page.text, phone.post(day="1", month="1", who="self").page.text]
    phone.enter(token, born=date(1955, 3, 14))
    while phone.asked:
        pages.append(phone.page.text)
        phone.post(value=CALM[phone.asked])
    pages += [phone.page.text, phone.post(send="yes").page.text, phone.post(wrong="yes").page.text, phone.post().page.text]
    return [re.sub(r"/q/f/[0-9a-f]{12}", "/q/f/MARK", page) for page in pages]


def jean_too(ward: Ward) -> Patient:
    """Jean Payet begins the same treatment the same day; his questions of Wednesday are open too."""
    now = ward.chain.clock.now()
    with ward.chain.database.transaction() as session:
        jean = a_patient(session, ward.chain.world, now=MONDAY, family_name="Payet", given_names="Jean", sex="male", phone="+33639980002")
        taken = a_course(session, ward.chain.world, jean, now=MONDAY)
        agenda.plan(session, taken, now=now)
        agenda.first_now(session, taken, now=now, check_in=True)
    ward.chain.wait(minutes=1)
    return jean


def test_two_patients_on_the_same_questions_see_the_same_pages(ward: Ward, app: FastAPI) -> None:
    """SEC-09: identical to the letter, but for the mark of the visit."""
    jean = jean_too(ward)
    hers, his = (every_page(Browser.on(app), ward.token(patient=who)) for who in (ward.marie, jean))
    assert hers == his
    assert len(hers) == 14
    for name in ("Hoarau", "Marie", "Payet", "1955", "apécitabine", "apecitabine", "Oncologie"):
        assert not any(name in page for page in hers), name


def test_the_head_of_a_page_is_neutral(ward: Ward, phone: Browser) -> None:
    """SEC-03."""
    head = phone.get(f"/q/{ward.token()}").page.text.split("</head>")[0]
    assert "<title>Vos questions du jour</title>" in head
    assert not re.search(r"onco|cancer|chimio|h[oô]pital|service|baie", head, re.IGNORECASE)


def test_answers_of_before_are_named_and_not_shown(ward: Ward, app: FastAPI) -> None:
    """SEC-09: another telephone, an hour later, sees that there was an answer, not which; it may give a new one."""
    token = ward.token()
    Browser.on(app).enter(token).post(value="1")
    ward.chain.wait(hours=1)
    later = Browser.on(app).enter(token)
    assert later.asked == "mouth_sores"
    later.get(later.path.replace("/2", "/1"))
    assert "Vous avez déjà répondu à cette question." in later.text
    assert "aria-pressed" not in re.sub(
        r"<form class=\"languages\".*?</form>|<button[^>]*id=\"listen\".*?</button>", "", later.page.text, flags=re.S
    )
    later.get(later.path.replace("/1", "/review"))
    assert "Diarrhée Déjà répondu" in later.text
    assert "1 · Un peu" not in later.text


def test_the_token_is_nowhere_but_in_the_address(ward: Ward, phone: Browser, database: Database) -> None:
    """SEC-06: swapped by a POST for a cookie of the form's pages alone; no log line could hold it."""
    token = ward.token()
    first = phone.client.get(f"/q/{token}")
    assert token not in first.text
    answer = phone.client.post(f"/q/{token}", data={"day": "14", "month": "3", "who": "self"}, follow_redirects=False)
    assert token not in answer.headers["location"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and f"Path={answer.headers['location']}" in cookie
    assert "Secure" not in cookie  # this test's public address is plain http
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            assert token not in str(session.execute(select(table)).all()), table.name
    assert token not in str(logs.scrubbed(f'"POST /q/{token} HTTP/1.1" 303'))


def test_headers_of_every_patient_page(ward: Ward, database: Database, clock: HandClock) -> None:
    """SEC-04, SEC-43: found, ended, lost and refused pages alike."""
    phone = Browser(TestClient(create_app(SECURE, database, clock), base_url="https://vigie.example.org"))
    token = ward.token()
    seen = [phone.get(f"/q/{token}").page, phone.enter(token).page]
    assert "Secure" in phone.page.history[0].headers["set-cookie"]
    root = phone.path.rsplit("/", 1)[0]
    seen += [phone.get(root + place).page for place in ("/review", "/end", "/wrong", "/nowhere", "/99999999999")]
    seen += [
        phone.get("/q/AAAAAAAAAAAAAAAAAAAAAA").page,
        phone.get("/q/").page,
        phone.page.history[0] if phone.page.history else phone.page,
    ]
    seen.append(phone.client.post(f"/q/{token}", headers={"sec-fetch-site": "cross-site"}))
    assert seen[-1].status_code == 403
    for page in seen:
        assert page.headers["cache-control"] == "no-store", page.url
        assert page.headers["referrer-policy"] == "no-referrer", page.url
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert "unsafe" not in page.headers["content-security-policy"]


def test_an_old_telephone_that_hides_where_it_comes_from_may_answer(ward: Ward, phone: Browser) -> None:
    """Under no-referrer, Safari before 16.4 posts our own form with Origin: null."""
    fields = {"day": "14", "month": "3", "who": "self"}
    token = ward.token()
    assert phone.client.post(f"/q/{token}", data=fields, headers={"origin": "null"}).status_code == 200
    other = {"origin": "https://elsewhere.example"}
    assert phone.client.post(f"/q/{token}", data=fields, headers=other).status_code == 403
    assert phone.client.post("/language", data={"language": "en"}, headers={"origin": "null"}).status_code == 403


def test_a_page_weighs_less_than_fifty_kilobytes(ward: Ward, phone: Browser) -> None:
    """All its resources together, before any compression."""
    phone.enter(ward.token())
    pages = [phone.page.text]
    while phone.asked:
        phone.post(value=CALM[phone.asked])
        pages.append(phone.page.text)
    pages.append(phone.post(send="yes").page.text)
    linked = set(re.findall(r'(?:href|src)="/static/([^"?]+)', phone.page.text))
    assert linked == {"patient.css", "patient.js", "icon.svg"}
    around = sum(len((STATIC / name).read_bytes()) for name in linked)
    assert max(len(page.encode()) for page in pages) + around < 50_000


# --- Danger -------------------------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    ("sign", "heard"),
    [
        ("fever", {"fever", "chills"}),
        ("breath", {"dyspnea"}),
        ("chest", {"chest_pain"}),
        ("vomiting", {"persistent_vomiting"}),
        ("diarrhea", {"diarrhea"}),
        ("bleeding", {"bleeding"}),
    ],
)
def test_each_line_that_may_be_ticked_is_read_as_what_it_says(language: str, sign: str, heard: set[str]) -> None:
    """HZ-24: ticked lines are read like words, so the reader must know each of them in both languages."""
    line = words.say(language, f"form.wrong.{sign}")
    read = replies.read(line, Asked(), language, lists.words())
    assert heard & {*read.dangers, *(part.partition(":")[0] for part in read.value.split("+"))}, (line, read)


def test_no_line_that_may_be_ticked_is_left_out_of_the_test_above() -> None:
    assert set(patient.SIGNS) == {"fever", "breath", "chest", "vomiting", "diarrhea", "bleeding"}


def test_something_is_wrong_opens_its_own_check_in(ward: Ward, phone: Browser) -> None:
    """Issue 4, point 5."""
    phone.enter(ward.token(own=True))
    assert phone.place == "wrong"
    phone.post(send="yes")
    assert phone.page.status_code == 422
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


# --- A call -------------------------------------------------------------------------------------------------------------------------


def test_a_call_is_one_press_one_task_and_an_hour(ward: Ward, phone: Browser) -> None:
    """Issue 4, points 3 and 10: on each page, with the hour the rota gives; pressed three times it is one."""
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


# --- Nothing is lost ----------------------------------------------------------------------------------------------------------------


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
    assert phone.page.status_code == 422
    assert "Écrivez un nombre de 30 à 45, par exemple 37,2." in phone.text
    assert 'name="value" value="372"' in phone.page.text
    assert "<title>À corriger" in phone.page.text
    phone.post(value="36°9")
    assert ward.chain.answers(ward.checkin)["temperature"] == "36.9"


def test_a_page_in_english_and_back(ward: Ward, phone: Browser) -> None:
    token = ward.token()
    assert "Your questions of the day" in phone.get(f"/q/{token}?l=en").text
    phone.enter(token)
    root = phone.path.rsplit("/", 1)[0]
    phone.page = phone.client.post(f"{root}/language", data={"l": "en", "back": phone.path})
    assert '<html lang="en">' in phone.page.text
    assert "For the last 7 days: diarrhoea?" in phone.text
    phone.fill()
    phone.post(send="yes")
    assert "Nothing else to do today." in phone.text


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
    assert phone.page.status_code == 422
    assert "Choisissez une réponse ci-dessous." in phone.text
    assert ward.chain.answers(ward.checkin) == {}


def test_a_question_that_is_not_asked_is_not_stored(ward: Ward, phone: Browser) -> None:
    phone.enter(ward.token())
    phone.client.post(phone.path, data={"q": "weight", "value": "60"})
    assert ward.chain.answers(ward.checkin) == {}


# --- What is typed ------------------------------------------------------------------------------------------------------------------

FR = Page(None, None, None, "fr", MONDAY)  # type: ignore[arg-type]
EN = replace(FR, language="en")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("38,5", "38.5"), ("38.5", "38.5"), (" 38 , 5 ", "38.5"), ("38°5", "38.5"), ("38,5 °C", "38.5"), ("38.5°", "38.5"), ("37", "37"),
        ("64 kg", "64"), ("38 5", "38 5"), ("385", "385"), ("trente-huit", "trente-huit"), ("-3", "-3"), ("3e2", "3e2"), ("", ""),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it_and_never_guessed(typed: str, read: str) -> None:
    assert asking.number_in(typed) == read


@pytest.mark.parametrize(
    ("form", "value", "errors"),
    [
        ({"value": "all"}, "all", set()),
        ({"missed": "2", "extra": "0"}, "missed:2", set()),
        ({"missed": "0", "extra": "1", "off_day": "yes"}, "extra:1+off_day", set()),
        ({"missed": "0", "extra": "0"}, "all", set()),
        ({"stopped": "yes"}, "stopped", set()),
        ({"missed": "3", "extra": "0", "stopped": "yes"}, "missed:3+stopped", set()),
        ({}, None, {"missed", "extra"}),
        ({"missed": "2"}, None, {"extra"}),
        ({"missed": "deux", "extra": "0"}, None, {"missed"}),
        ({"off_day": "yes"}, None, {"missed", "extra"}),
        ({"cannot": "yes"}, None, set()),
    ],
)
def test_doses_of_the_week_missing_is_never_zero(form: dict[str, str], value: str | None, errors: set[str]) -> None:
    """A count left empty is asked for; it does not become 0."""
    read = asking.read(FR, Question("intake", Kind.INTAKE), form)
    assert (read.value, set(read.errors)) == (value, errors)


def test_the_doses_question_on_its_page(database: Database, clock: HandClock, world: World, app: FastAPI) -> None:
    """Cycle day 15: nine questions, the doses among them."""
    ward = a_ward(database, clock, world, on=datetime(2026, 12, 7, 9, 0, tzinfo=UTC))
    phone = Browser.on(app).enter(ward.token())
    while phone.asked != "intake":
        phone.post(value=CALM[phone.asked])
    assert "Cette semaine, avez-vous pris vos comprimés comme prévu ?" in phone.text
    phone.post(missed="2", next="yes")
    assert "Écrivez un nombre entier, 0 si aucune." in phone.text
    assert 'name="missed" value="2"' in phone.page.text
    phone.post(missed="2", extra="0", next="yes")
    assert ward.chain.answers(ward.checkin)["intake"] == "missed:2"
    while phone.asked:
        phone.post(value=CALM[phone.asked])
    assert "Prises de la semaine 2 prises oubliées" in phone.text


def test_opening_hours_are_said_in_words() -> None:
    hours = {str(day): [["08:00", "12:30"], ["13:30", "18:00"]] for day in range(5)} | {"5": [["09:00", "12:00"]]}
    french = asking.hours(FR, hours).replace("\u202f", " ")
    assert french == "du lundi au vendredi de 8 h à 12 h 30 et de 13 h 30 à 18 h, le samedi de 9 h à 12 h"
    assert asking.hours(EN, hours) == "from Monday to Friday from 8 am to 12:30 pm and from 1:30 pm to 6 pm, on Saturday from 9 am to 12 pm"


def test_every_kind_of_question_has_its_words_in_both_languages() -> None:
    assert set(asking.WORDS) == set(Kind) - {Kind.MULTI, Kind.STOP_WHICH, Kind.NONE}
    for language in words.LANGUAGES:
        assert [word for word in asking.WORDS.values() if not words.has(language, f"form.question.{word}")] == []
