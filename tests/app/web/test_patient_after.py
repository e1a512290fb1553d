"""A link opened again once its questions were answered: thanks, what happens next, and a way to say what is wrong (SEC-08, SEC-09)."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select

from app.core.db import Database
from app.messaging.models import FormLink
from tests.app.web.form import WEDNESDAY, Browser, Ward, counted, jean_too

NEXT = (
    "Vous avez déjà répondu. Merci.",
    "Vos réponses du mer. 25 nov. sont arrivées.",
    "Vos réponses sont lues du lundi au vendredi de 8 h à 18 h, sauf jours fériés.",
    "Une infirmière vous appelle si vos réponses le demandent.",
    "On vous a dit d'appeler ? N'attendez pas, appelez.",
    "01 99 00 12 34",
    "15 ou 112",
)


def test_opened_again_it_thanks_and_opens_the_way_to_say_what_is_wrong_now(
    ward: Ward, phone: Browser, app: FastAPI, database: Database
) -> None:
    """SEC-07, SEC-09: looking changes nothing; a calm answer and a grave one of somebody else give the same page, to the letter."""
    token, his = ward.token(), ward.token(patient=jean_too(ward))
    phone.enter(token).fill(fatigue="3").post(send="yes")
    Browser.on(app).enter(his).fill().post(send="yes")
    ward.chain.clock.forward(minutes=1)
    before = counted(database)
    again = Browser.on(app).get(f"/q/{token}")
    assert again.page.status_code == 410
    for sentence in NEXT:
        assert sentence in again.text, sentence
    assert again.page.text == Browser.on(app).get(f"/q/{his}").page.text
    assert "Recevoir un nouveau lien" not in again.text
    assert counted(database) == before

    again.post(wrong="yes")
    assert "Date de naissance de la personne suivie" in again.text
    own = again.path
    assert again.get(f"/q/{token}").post(wrong="yes").path == own  # pressed twice, it is one
    again.enter(own.rsplit("/", 1)[-1])
    assert again.place == "wrong"
    again.post(sign="breath", send="yes")
    assert "Appelez le 15 ou le 112 MAINTENANT" in again.text
    assert ward.chain.checkin(ward.marie, WEDNESDAY.date(), "unprompted")
    assert [(alert.patient_id, alert.level) for alert in ward.chain.alerts()] == [(ward.marie.id, "urgent")]
    assert "Vous avez déjà répondu" in phone.get(f"/q/{token}").text

    ward.chain.clock.forward(days=7)
    assert "Cette page est fermée" in phone.get(f"/q/{token}").text
    phone.post(wrong="yes")
    assert phone.page.status_code == 410


def test_answered_by_text_meanwhile_or_taken_back_with_its_number(ward: Ward, phone: Browser, database: Database) -> None:
    """The page that was open says so too; a link whose number changed hands thanks nobody, and opens nothing (HZ-09)."""
    token = ward.token()
    visit = phone.enter(token).path
    for words in ("0 0 0", "37", "0 0", "non", "non", "0"):
        if ward.chain.checkin(ward.marie, WEDNESDAY.date()).closed_at is None:
            ward.chain.says(ward.marie.phone, words)
    assert ward.chain.checkin(ward.marie, WEDNESDAY.date()).state == "done"
    assert "Vous avez déjà répondu. Merci." in phone.get(visit).text
    phone.post(wrong="yes")
    assert phone.place == "wrong"  # who has passed the guard is not asked again
    with database.transaction() as session:
        link = session.scalars(select(FormLink).order_by(FormLink.id.desc())).first()
        assert link is not None
        link.ended_why = "replaced"
    assert "Cette page est fermée" in phone.get(f"/q/{token}").text
    phone.post(wrong="yes")
    assert "Date de naissance" not in phone.text


def test_a_call_that_was_asked_stays_on_every_page_with_its_hour(ward: Ward, phone: Browser) -> None:
    """HZ-24: pressed on the first question; beside a danger it says not to wait for it."""
    promise = "Appel demandé Une infirmière vous appelle avant 12 h."
    phone.enter(ward.token()).post(call="yes")
    root = phone.path.rsplit("/", 1)[0]
    while phone.asked:
        assert promise in phone.text
        assert "Je veux un appel" not in phone.text
        phone.post(value={"temperature": "36,8", "chest_pain": "no", "fatigue": "3"}.get(phone.asked, "0"))
    assert phone.place == "review" and promise in phone.text
    assert promise in phone.post(send="yes").text
    assert "Avant cet appel, si cela augmente, appelez le service." in phone.text
    assert phone.text.count("vous appelle") == 1  # the alert's own hour is later: two promises would be none
    assert promise in phone.get(f"{root}/wrong").text
    assert promise in phone.enter(ward.token(own=True)).text
    ward.chain.clock.at = WEDNESDAY + timedelta(hours=3)
    assert "Si personne n'appelle, téléphonez au service." in phone.enter(ward.token(own=True)).text
    phone.post(words="je n'arrive plus à respirer", send="yes")
    assert "Votre demande est notée. N'attendez pas notre appel, appelez maintenant." in phone.text
    assert "avant 12 h" not in phone.text
    assert ward.chain.tasks() == ["call_back"]
