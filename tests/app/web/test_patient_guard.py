"""The door of the form: looking changes nothing, a wrong recipient stops there, no page gives anything away (SEC-03 to SEC-10)."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from app.core import logs
from app.core.clock import HandClock
from app.core.db import Base, Database
from app.core.settings import Settings
from app.main import create_app
from app.messaging.models import FormLink
from app.people.models import Patient
from app.web.form import guard
from app.web.render import STATIC
from tests.app.web.form import CALM, MONDAY, WEDNESDAY, Browser, Ward, counted, jean_too

SECURE = Settings(environment="test", public_url="https://vigie.example.org", secret_key=SecretStr("a secret of the tests, long enough"))


# --- Looking changes nothing ---------------------------------------------------------------------------------------------------------


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


# --- The guard -----------------------------------------------------------------------------------------------------------------------


def test_five_wrong_birthdays_lock_the_link_and_make_one_task(ward: Ward, phone: Browser) -> None:
    """SEC-10."""
    token = ward.token()
    for left in ("Encore 4 essais.", "Encore 3 essais.", "Encore 2 essais.", "Encore 1 essai."):
        phone.enter(token, born=date(1955, 3, 15))
        assert (phone.page.status_code, phone.page.request.method) == (200, "GET")  # Back never asks to send a birthday again
        assert f"Ce jour et ce mois ne correspondent pas. Vérifiez. {left}" in phone.text
        assert "une seule personne" not in phone.text
    phone.enter(token, born=date(1955, 3, 15))
    assert "Par prudence, ce lien est fermé" in phone.text
    assert "Une infirmière est prévenue. Une infirmière vous appelle" in phone.text
    assert "Pour un nouveau lien, envoyez LIEN par SMS." in phone.text
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
    assert sentence in phone.text
    for name in ("day", "month"):
        assert f'name="{name}" value="{typed[name]}"' in phone.page.text
    with ward.chain.read() as session:
        assert session.scalars(select(FormLink.wrong)).one() == 0


def test_the_link_of_a_shared_telephone_says_that_it_is_for_one_person(ward: Ward, phone: Browser, database: Database) -> None:
    """SEC-09, SEC-16: whose it is, is said to nobody; what to do after a refusal is."""
    token = ward.token()
    with database.transaction() as session:
        session.get_one(Patient, ward.marie.id).shared_phone = True
    sentence = "Ce lien est pour une seule personne de ce téléphone. Si la date est refusée, ouvrez l'autre lien."
    assert sentence in phone.get(f"/q/{token}").text
    phone.enter(token, born=date(1950, 7, 2))
    assert phone.text.count(sentence) == 2
    assert f"Encore 4 essais. {sentence}" in phone.text
    assert "Marie" not in phone.text


def test_a_day_that_does_not_exist_is_no_try_and_whose_birthday_is_plain(ward: Ward, phone: Browser, database: Database) -> None:
    """SEC-10."""
    token = ward.token()
    guard = phone.get(f"/q/{token}").text
    assert "Date de naissance de la personne suivie" in guard
    assert "Pour un proche, écrivez sa date, pas la vôtre." in guard
    for day, month in (("31", "2"), ("31", "4"), ("30", "2")):
        phone.get(f"/q/{token}").post(day=day, month=month, who="self")
        assert "Ce jour n'existe pas. Vérifiez le jour et le mois." in phone.text
    with database.reading() as session:
        assert session.scalars(select(FormLink.wrong)).one() == 0
    phone.get(f"/q/{token}").post(day="29", month="2", who="self")
    assert "Encore 4 essais." in phone.text


def test_a_link_ends_with_its_window(ward: Ward, phone: Browser, database: Database) -> None:
    """SEC-08: at the end of the window, to the second."""
    token = ward.token()
    end = ward.checkin.silent_at
    assert end is not None
    ward.chain.clock.at = end - timedelta(seconds=1)
    assert phone.get(f"/q/{token}").page.status_code == 200
    assert "Cette page s'ouvre jusqu'au jeu. 26 nov., 10 h 00." in phone.text  # the hour of the window, on Marie's clock
    ward.chain.clock.at = end + timedelta(seconds=1)
    assert phone.get(f"/q/{token}").page.status_code == 410
    assert "Cette page est fermée" in phone.text
    assert "01 99 00 12 34" in phone.text


def test_an_unknown_address_shows_the_page_of_an_ended_link(ward: Ward, phone: Browser) -> None:
    """Nothing tells a guess from a link of yesterday."""
    token = ward.token()
    ward.chain.clock.at = (ward.checkin.silent_at or MONDAY) + timedelta(minutes=1)
    ended, unknown = phone.get(f"/q/{token}").page, phone.get("/q/AAAAAAAAAAAAAAAAAAAAAA").page
    assert (ended.status_code, ended.text) == (unknown.status_code, unknown.text)
    assert (phone.get("/q/f/0123456789ab").page.status_code, phone.page.text) == (410, ended.text)


def test_an_ended_link_sends_a_new_one_to_the_same_telephone_three_times_a_day(ward: Ward, phone: Browser) -> None:
    """SEC-08."""
    token = ward.token()
    ward.chain.clock.at = (ward.checkin.silent_at or MONDAY) + timedelta(minutes=1)
    phone.get(f"/q/{token}")
    assert "Recevoir un nouveau lien" in phone.text
    assert "SMS plus récent" not in phone.text  # none has left
    assert "Un SMS part au numéro que le service connaît." in phone.text
    assert "639980" not in phone.page.text
    for _ in range(5):
        phone.get(f"/q/{token}").post(renew="yes")
        assert "Si ce lien était le vôtre, un SMS part dans la minute." in phone.text
    ward.chain.send()
    links = [text for text in ward.chain.received() if "/q/" in text]
    assert len(links) == 3
    new = re.findall(r"/q/([A-Za-z0-9_-]{22})", links[-1])[0]
    assert phone.get(f"/q/{new}").page.status_code == 200
    assert "Un SMS plus récent est parti. Ouvrez son lien." in phone.get(f"/q/{token}").text


def test_asking_a_new_link_of_an_unknown_address_sends_nothing(ward: Ward, phone: Browser, database: Database) -> None:
    before = counted(database)["message"]
    phone.get("/q/AAAAAAAAAAAAAAAAAAAAAA").post(renew="yes")
    assert "Si ce lien était le vôtre" in phone.text
    assert counted(database)["message"] == before


def test_too_many_tries_from_one_place_wait_but_answers_never_do(
    ward: Ward, phone: Browser, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit stands at the guard, never before a danger."""
    monkeypatch.setattr(guard, "MOST", 2)
    token = ward.token()
    inside = phone.enter(token)
    other = Browser.on(app).enter(token, born=date(1955, 1, 1))
    assert "Encore 4 essais." in other.text
    other.enter(token)
    assert other.page.status_code == 429
    assert "Trop d'essais en peu de temps." in other.text
    assert 'name="day" value="14"' in other.page.text
    for value in ("0", "0", "0"):
        assert inside.post(value=value).page.status_code == 200
    inside.post(value="39,4")
    assert "Cette température demande un avis sans attendre" in inside.text


# --- What the pages give away --------------------------------------------------------------------------------------------------------


def every_page(phone: Browser, token: str) -> list[str]:
    """Every page of a whole visit, its mark blanked."""
    pages = [phone.get(f"/q/{token}").page.text, phone.post(day="1", month="1", who="self").page.text]
    phone.enter(token, born=date(1955, 3, 14))
    while phone.asked:
        pages.append(phone.page.text)
        phone.post(value=CALM[phone.asked])
    pages += [phone.page.text, phone.post(send="yes").page.text, phone.post(wrong="yes").page.text, phone.post().page.text]
    return [re.sub(r"/q/f/[0-9a-f]{12}", "/q/f/MARK", page) for page in pages]


def test_two_patients_on_the_same_questions_see_the_same_pages(ward: Ward, app: FastAPI) -> None:
    """SEC-09: identical to the letter, but for the mark of the visit."""
    jean = jean_too(ward)
    hers, his = (every_page(Browser.on(app), ward.token(patient=who)) for who in (ward.marie, jean))
    assert hers == his
    assert len(hers) == 14
    for name in ("Hoarau", "Marie", "Payet", "1955", "apécitabine", "apecitabine", "Oncologie"):
        assert not any(name in page for page in hers), name


def test_the_head_of_a_page_is_neutral(ward: Ward, phone: Browser) -> None:
    """SEC-03. The text "to say that something is wrong" opens a page that says so, not one about the day's questions."""
    unasked = phone.get(f"/q/{ward.token(own=True)}").page.text
    assert "<title>Dire ce qui ne va pas</title>" in unasked
    assert "questions du jour" not in unasked and "Quelques questions" not in unasked
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
    form = later.path.rsplit("/", 1)[0]
    later.get(f"{form}/1")
    assert "Vous avez déjà répondu à cette question." in later.text
    assert "aria-pressed" not in re.sub(
        r"<form class=\"languages\".*?</form>|<button[^>]*id=\"listen\".*?</button>", "", later.page.text, flags=re.S
    )
    later.get(f"{form}/review")
    assert "Diarrhée Déjà répondu Répondre à nouveau" in later.text
    assert "Les réponses d'avant sont cachées. Personne d'autre ne peut les lire." in later.text  # says why
    assert "1 · Un peu" not in later.text
    later.get(f"{form}/1").post(value="2")
    assert "Diarrhée 2 · Moyen Modifier" in later.get(f"{form}/review").text


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
