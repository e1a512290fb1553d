"""The list's head, filters in the address, undo, ready replies, and the way to a decision about sending help, through the screens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling, replies
from app.alerts.handling import Reason
from app.alerts.models import Task
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message, Out
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.treatment import grades
from app.web.ward import listing
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import HTMX, alert_of, said
from tests.app.web.ward import Morning, text, the_morning
from tests.factories import World
from triage.terms import Level


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def _replies(database: Database, key: str) -> list[Message]:
    with database.reading() as session:
        return list(session.scalars(select(Message).where(Message.key == key).order_by(Message.id)))


def test_a_list_sent_while_it_is_made_has_every_row_once_and_says_where_it_ends(
    claire: TestClient, morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = said(claire.get("/list"))
    monkeypatch.setattr(listing, "SCREENFUL", 1)
    monkeypatch.setattr(listing, "BATCH", 1)
    assert said(claire.get("/list")) == whole
    assert claire.get("/").text.count("<li data-key=") == 3
    assert "Fin de la file : 3 lignes." in whole


def test_a_filter_is_in_the_address_remembered_and_hides_no_red(claire: TestClient, morning: Morning) -> None:
    """HZ-23: Marie's danger is outside "mine", and stands above the list all the same."""
    claire.post(f"/alerts/{morning.tiredness.id}/take", headers=HTMX)
    page = claire.get("/?owner=me&programme=")
    assert "Filtrée : 1 sur 3 affichées." in said(page) and "1 urgence hors du filtre : HOARAU Marie" in said(page)
    assert 'hx-get="/list?owner=me"' in page.text
    assert "1 urgent" in said(page), "the counts are those of the whole list"
    back = claire.get("/")
    assert (back.status_code, back.headers["location"]) == (303, "/?owner=me")
    claire.get("/?owner=&programme=")
    assert claire.get("/").status_code == 200 and "Filtrée" not in said(claire.get("/"))


def test_since_you_left_is_told_once_and_put_away(
    claire: TestClient, sign_in: SignIn, world: World, morning: Morning, database: Database, clock: HandClock
) -> None:
    assert "Depuis votre départ" not in said(claire.get("/"))
    with database.transaction() as session:
        luc = viewer_of(world.luc)
        handling.take(session, morning.tiredness.id, by=luc, now=clock.forward(minutes=20))
        handling.close(session, morning.tiredness.id, by=luc, now=clock.forward(minutes=20), outcome="advice")
    page = said(claire.get("/"))
    assert "Depuis votre départ, 10 h 00 :" in page
    assert "0 arrivée, 1 close par d'autres" in page and "close par Luc Morel, Conseil donné" in page
    assert "Depuis votre départ" in said(claire.get("/list")), "it stays until it is read"
    assert claire.post("/list/read").status_code == 303
    assert "Depuis votre départ" not in said(claire.get("/"))


def test_an_act_offers_ten_seconds_to_take_it_back(claire: TestClient, database: Database, morning: Morning, clock: HandClock) -> None:
    alert = f"/alerts/{morning.danger.id}"
    taken = claire.post(f"{alert}/take", headers=HTMX)
    assert "Alerte prise. Annuler U" in said(taken) and 'hx-swap-oob="innerHTML:#toast"' in taken.text
    undone = claire.post(f"{alert}/undo", headers=HTMX)
    assert "Personne ne l'a prise." in said(undone) and "Annuler" not in said(undone)
    assert "Claire Payet a annulé" in said(undone)
    claire.post(f"{alert}/take", headers=HTMX)
    closed = claire.post(f"{alert}/close", data={"outcome": "advice", "spoke": "patient"}, headers=HTMX)
    assert closed.headers["hx-trigger"] == "vigie:done" and "Alerte close. Annuler U" in said(closed)
    clock.forward(seconds=11)
    late = claire.post(f"{alert}/undo", headers=HTMX)
    assert late.status_code == 409 and "Trop tard pour annuler" in said(late)
    assert alert_of(database, morning.danger.id).state == "closed"


def test_nobody_reached_leads_through_the_steps_to_a_decision(claire: TestClient, database: Database, morning: Morning) -> None:
    """FR-07: by the screen, and by the interface, which knows the same door."""
    alert = f"/alerts/{morning.danger.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    assert "Personne joint : envoyer des secours ?" not in said(claire.get(alert))
    page = said(claire.post(f"{alert}/call", data={"whom": "patient", "reached": "no"}, headers=HTMX))
    assert "Personne joint : envoyer des secours ?" in page and "À faire : parler à un médecin" in page
    assert "Notez d'abord la décision" in page and 'value="advice"' not in claire.get(alert).text
    refused = claire.post(f"{alert}/close", data={"outcome": "advice"}, headers=HTMX)
    assert refused.status_code == 422 and "notez qui a décidé" in said(refused)
    early = claire.post(f"{alert}/decide", data={"what": "nobody_sent", "decided_by": "Claire", "why": "x"}, headers=HTMX)
    assert early.status_code == 422 and "deux appels au patient" in said(early)
    decided = said(
        claire.post(f"{alert}/decide", data={"what": "help_sent", "decided_by": "Claire Payet", "why": "Vit seule"}, headers=HTMX)
    )
    assert "Décidé par Claire Payet : Secours envoyés." in decided and "Vit seule" in decided
    closed = claire.post(f"{alert}/close", data={"outcome": "sent_to_emergency"}, headers=HTMX)
    assert closed.headers["hx-trigger"] == "vigie:next", "the next one opens; her row stays: somebody checks that help arrived"
    assert "Vérifiez que l'aide est arrivée, avant 10 h 30." in said(closed)
    assert alert_of(database, morning.danger.id).outcome == "sent_to_emergency"


def test_until_worse_is_offered_with_its_last_hour(claire: TestClient, database: Database, morning: Morning) -> None:
    alert = f"/alerts/{morning.tiredness.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    assert "Si cela s'aggrave, sinon jeu. 19 nov. 18 h 00" in said(claire.get(alert))
    assert claire.post(f"{alert}/wait", data={"until": "worse"}, headers=HTMX).status_code == 200
    assert alert_of(database, morning.tiredness.id).state == "waiting"


def test_a_ready_reply_is_seen_sent_and_taken_back(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Its words before it leaves; ten seconds in the house; the promised call is a call to make, and goes with it."""
    alert = f"/alerts/{morning.tiredness.id}"
    reply = f"/patients/{morning.jean.id}/replies"
    assert claire.post(reply, data={"key": "ready_call"}, headers=HTMX).status_code == 409, "its owner replies"
    claire.post(f"{alert}/take", headers=HTMX)
    page = said(claire.get(alert))
    assert "Elle vous appelle avant 11 h" in page and "Trop grave pour cette réponse" in page
    sent = claire.post(reply, data={"key": "ready_call"}, headers=HTMX)
    assert "Réponse prête à partir. Annuler U" in said(sent) and "a répondu par un texte prêt" in said(sent)
    (message,) = _replies(database, "ready_call")
    assert (message.state, message.due_at) == (Out.QUEUED, clock.now() + timedelta(seconds=10))
    again = claire.post(reply, data={"key": "ready_call"}, headers=HTMX)
    assert again.status_code == 409 and "moins de dix minutes" in said(again)
    with database.reading() as session:
        promised = session.scalars(select(Task).where(Task.key == f"ready:{message.id}")).one()
    assert (promised.due_at, promised.owner_id) == (clock.now() + timedelta(hours=1), world.claire.id)
    assert claire.post(f"/messages/{message.id}/undo", headers=HTMX).status_code == 200
    (message,) = _replies(database, "ready_call")
    assert (message.state, message.error_code) == (Out.EXPIRED, "withdrawn")
    with database.reading() as session:
        assert session.get_one(Task, promised.id).closed_at is not None
    assert claire.post(reply, data={"key": "ready_call"}, headers=HTMX).status_code == 200, "taken back, it may be sent after all"
    clock.forward(seconds=11)
    late = claire.post(f"/messages/{_replies(database, 'ready_call')[-1].id}/undo", headers=HTMX)
    assert late.status_code == 409 and "cette réponse est partie" in said(late)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"opted_out_at": "now"}, "ne veut plus de textes"),
        ({"follow_up": "frozen"}, "Les textes sont arrêtés"),
        ({"follow_up_kind": "death"}, "Un décès est noté"),
        ({"phone": ""}, "pas de numéro mobile"),
        ({"language": "ro", "also_reads": []}, "Aucune réponse prête dans une langue"),
        ({"shared_phone": True}, "Plusieurs patients ont ce téléphone"),
    ],
)
def test_a_reply_that_must_not_leave_says_why(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock, change: dict[str, object], sentence: str
) -> None:
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        for name, value in change.items():
            setattr(jean, name, clock.now() if value == "now" else value)
    claire.post(f"/alerts/{morning.tiredness.id}/take", headers=HTMX)
    assert sentence in said(claire.get(f"/alerts/{morning.tiredness.id}"))
    refused = claire.post(f"/patients/{morning.jean.id}/replies", data={"key": "ready_temp"}, headers=HTMX)
    assert refused.status_code == 409 and sentence in said(refused)
    assert _replies(database, "ready_temp") == []


def test_no_ready_reply_unsays_that_help_must_be_called(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Marie cannot breathe; Jean was told "15 MAINTENANT" by text. Nothing that has them wait for us is offered, one line says why."""
    with database.transaction() as session:
        worse = Reason("danger", Level.URGENT, {"dangers": ["fever"]})
        jean = session.get_one(Patient, morning.jean.id)
        urgent = handling.consider(session, service=jean.service, patient=jean, reason=worse, now=clock.now())
        assert urgent is not None
        alerts = {morning.marie.id: morning.danger.id, jean.id: urgent.id}
    for alert_id in alerts.values():
        claire.post(f"/alerts/{alert_id}/take", headers=HTMX)
    assert "Elle vous appelle avant 11 h" in said(claire.get(f"/alerts/{urgent.id}")), "a fever is called about by a nurse"
    with database.transaction() as session:
        text(session, world, morning.jean, "…", at=clock.now(), direction="out", key="urgent_15", alert_id=urgent.id)
    for patient_id, alert_id in alerts.items():
        page = said(claire.get(f"/alerts/{alert_id}"))
        assert page.count("Trop grave pour une réponse prête : ce patient doit appeler les secours maintenant.") == 1
        assert "Demander qu'on nous appelle" not in page
        for key in replies.KEYS:
            refused = claire.post(f"/patients/{patient_id}/replies", data={"key": key}, headers=HTMX)
            assert refused.status_code == 409 and "Trop grave" in said(refused)
            assert _replies(database, key) == []


def test_no_reply_promises_what_a_closing_service_cannot_keep(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """17:30 in Paris, the service closes at 18:00; and at 19:00 nobody would answer the telephone."""
    claire.post(f"/alerts/{morning.tiredness.id}/take", headers=HTMX)
    for hours, key, sentence in ((7.5, "ready_call", "ferme dans l'heure"), (1.5, "ready_phone", "personne ne répondrait")):
        clock.forward(minutes=int(hours * 60))
        with database.transaction() as session:
            session.get_one(type(morning.tiredness), morning.tiredness.id).next_step_at = clock.now() + timedelta(days=1)
        refused = claire.post(f"/patients/{morning.jean.id}/replies", data={"key": key}, headers=HTMX)
        assert refused.status_code in (401, 409)
        assert sentence in said(refused)


def test_a_proposed_grade_is_confirmed_at_the_close_with_its_author(claire: TestClient, database: Database, morning: Morning) -> None:
    """FR-09."""
    alert = f"/alerts/{morning.tiredness.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    assert "Fatigue 3 : proposé" in said(claire.get(alert))
    half = claire.post(f"{alert}/close", data={"outcome": "advice", "grade_term": "Fatigue"}, headers=HTMX)
    assert half.status_code == 422 and alert_of(database, morning.tiredness.id).state == "taken"
    claire.post(f"{alert}/close", data={"outcome": "advice", "grade_term": "Fatigue", "grade": "2"}, headers=HTMX)
    with database.reading() as session:
        (given,) = grades.standing(session, morning.jean.id)
    assert (given.term, given.grade, given.given_by_name) == ("Fatigue", 2, "Claire Payet")
