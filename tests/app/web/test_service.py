"""The service's page: what texts say and when answers are read, each change in the trail; the switch that stops questions."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import outbox
from app.messaging.outbox import Purpose
from app.messaging.postman import Postman
from app.people.models import Patient, Service
from notifications.messages import Channel
from notifications.transports.simulator import Simulator
from tests.app.web.conftest import SignIn
from tests.factories import World, a_patient

RIGHT = {"sms_name": "Suivi Anse", "phone": "01 99 00 55 5", "hours": "lun-jeu 08:00-12:00 13:00-17:00, ven 08:00-12:00"}


@pytest.fixture
def ines(sign_in: SignIn, world: World) -> TestClient:
    """Inès Caron, coordinator, at her screen."""
    return sign_in(world.ines)


def service(database: Database, world: World) -> Service:
    with database.reading() as session:
        return session.get_one(Service, world.service.id)


def test_what_texts_say_is_changed_and_the_trail_holds_both(ines: TestClient, database: Database, world: World) -> None:
    assert "Enregistré." not in ines.get("/service").text
    assert "Enregistré." in ines.post("/service", data=RIGHT, follow_redirects=True).text
    now = service(database, world)
    assert (now.sms_name, now.phone, now.hours["4"], "5" in now.hours) == ("Suivi Anse", "01 99 00 55 5", [["08:00", "12:00"]], False)
    with database.reading() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "service.changed"))
    assert (row.change["before"]["sms_name"], row.change["after"]["sms_name"], row.actor_name) == ("Suivi Baie", "Suivi Anse", "Inès Caron")
    assert 'value="lun-jeu 08:00-12:00 13:00-17:00, ven 08:00-12:00"' in ines.get("/service").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sms_name", "Suivi du Grand Large"),
        ("sms_name", "Suivi ça"),
        ("sms_name", ""),
        ("phone", "appelez-nous"),
        ("hours", "le matin"),
        ("hours", ""),
    ],
)
def test_a_wrong_value_has_its_sentence_and_nothing_changes(
    ines: TestClient, database: Database, world: World, field: str, value: str
) -> None:
    answer = ines.post("/service", data={**RIGHT, field: value})
    assert (answer.status_code, re.findall(r'id="(\w+)-error"', answer.text)) == (422, [field])
    assert (service(database, world).sms_name, service(database, world).phone) == ("Suivi Baie", "0199001234")


def test_how_questions_are_asked_is_chosen_with_a_reason(ines: TestClient, database: Database, world: World) -> None:
    """Words in the text, or a link; the trail holds both styles and the reason."""
    assert ines.post("/service/style", data={"sms_style": "link", "style_reason": ""}).status_code == 422
    assert service(database, world).sms_style == "words"
    assert ines.post("/service/style", data={"sms_style": "link", "style_reason": "beaucoup de téléphones partagés"}).status_code == 303
    assert service(database, world).sms_style == "link"
    assert re.search(r'<option value="link" selected>', ines.get("/service").text)
    with database.reading() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "service.sms_style"))
    assert (row.change, row.reason) == ({"before": "words", "after": "link"}, "beaucoup de téléphones partagés")


def test_the_budget_of_texts_is_set_with_a_reason(ines: TestClient, database: Database, world: World) -> None:
    """A whole number of texts a day, and a reason; else nothing changes."""
    for wrong in ("0", "100001", "beaucoup", "", "-5"):
        assert ines.post("/service/budget", data={"sms_per_day": wrong, "budget_reason": "épidémie"}).status_code == 422
    assert ines.post("/service/budget", data={"sms_per_day": "500", "budget_reason": " "}).status_code == 422
    assert service(database, world).sms_per_day == 3000
    assert ines.post("/service/budget", data={"sms_per_day": "500", "budget_reason": "petit service"}).status_code == 303
    assert service(database, world).sms_per_day == 500
    assert 'value="500"' in ines.get("/service").text
    with database.reading() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "service.sms_per_day"))
    assert (row.change, row.reason) == ({"before": 3000, "after": 500}, "petit service")


def test_stopping_holds_questions_and_lets_safety_leave(ines: TestClient, database: Database, world: World, clock: HandClock) -> None:
    """House, section 7: the kill switch stops questions and reminders, nothing else."""
    assert ines.post("/service/stop", data={"reason": ""}).status_code == 422
    assert ines.post("/service/stop", data={"reason": "cyclone"}).status_code == 303
    with database.transaction() as session:
        marie: Patient = a_patient(session, world, now=clock.now())
        outbox.queue(session, key="q_weight", purpose=Purpose.QUESTION, dedup_key="q", patient=marie, now=clock.now())
        outbox.queue(session, key="urgent_15", purpose=Purpose.SAFETY, dedup_key="s", patient=marie, now=clock.now())
    phones = Simulator()
    postman = Postman(database, {Channel.SMS: phones}, clock.now)
    postman.round()
    [safety] = phones.texts(marie.phone)
    assert "15" in safety
    assert "sont arrêtés" in ines.get("/service").text
    assert ines.post("/service/resume").status_code == 303
    postman.round()
    assert len(phones.texts(marie.phone)) == 2


def test_only_the_coordinator_changes_the_service(sign_in: SignIn, world: World, database: Database) -> None:
    for staff in (world.claire, world.lebon, world.paul, world.alma):
        browser = sign_in(staff)
        assert {browser.get("/service").status_code, browser.post("/service", data=RIGHT).status_code} == {403}
        assert browser.post("/service/stop", data={"reason": "x"}).status_code == 403
    assert not service(database, world).sending_stopped
