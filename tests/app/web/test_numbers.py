"""The numbers of a patient on screens: the code typed, another number, a text from an unknown one (FR-25, HZ-09, SEC-16)."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins.texts import verifying
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import codes
from app.messaging.models import Message
from app.people.models import NumberCheck, Patient, Service
from app.people.perimeter import actor_of
from tests.app.web.conftest import SignIn
from tests.app.web.ward import text
from tests.factories import World, a_patient
from tests.support.abroad import premium

NEW = "+33639980002"


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock) -> Patient:
    """Marie, enrolled a moment ago: her code is on its way."""
    with database.transaction() as session:
        patient = a_patient(session, world, now=clock.now(), phone_verified=False)
        verifying.ask_all(session, patient, by=actor_of(world.ines), now=clock.now())
    return patient


@pytest.fixture
def claire(sign_in: SignIn, world: World) -> TestClient:
    return sign_in(world.claire)


def code(database: Database) -> str:
    """The six digits of the last code that left."""
    with database.reading() as session:
        return codes.code_of(session.scalars(select(NumberCheck).order_by(NumberCheck.id.desc()).limit(1)).one())


def other(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06d}"


def row(database: Database, patient: Patient) -> Patient:
    with database.reading() as session:
        return session.get_one(Patient, patient.id)


def fields(page: str) -> dict[str, str]:
    return {name: html.unescape(said) for name, said in re.findall(r'<p class="field-error" id="(\w+)-error">([^<]+)</p>', page)}


def test_the_enrolment_page_takes_the_code(claire: TestClient, marie: Patient, database: Database) -> None:
    page = claire.get(f"/patients/{marie.id}/enrolled").text
    assert "Code reçu au +33 6 39 98 00 01" in html.unescape(page)
    assert code(database) not in page
    wrong = claire.post(f"/patients/{marie.id}/number/code", data={"code": other(code(database)), "back": "enrolled"})
    assert wrong.headers["location"] == f"/patients/{marie.id}/enrolled?said=wrong"
    assert "Ce n&#39;est pas le bon code." in claire.get(wrong.headers["location"]).text
    right = claire.post(f"/patients/{marie.id}/number/code", data={"code": code(database), "back": "enrolled"})
    assert right.headers["location"] == f"/patients/{marie.id}/enrolled?said=confirmed"
    page = claire.get(right.headers["location"]).text
    assert "Le numéro est vérifié." in page
    assert "Vérifier le code" not in page
    assert row(database, marie).phone_verified_at is not None
    with database.reading() as session:
        assert session.scalars(select(NumberCheck.tries)).one() == 1  # counted although the page said no


def test_what_is_not_verified_is_seen(claire: TestClient, marie: Patient, world: World, clock: HandClock, database: Database) -> None:
    """HZ-09: on the patient's page, in the search, in the list of patients, on the number's own page with a button."""
    for page in (f"/patients/{marie.id}", "/patients"):
        assert "numéro non vérifié" in claire.get(page).text
    with database.transaction() as session:
        a_patient(session, world, now=clock.now(), given_names="Jean", phone=NEW)
    assert claire.post("/search", data={"q": "hoarau"}).text.count("numéro non vérifié") == 1
    assert f"/patients/{marie.id}/number" in claire.get(f"/patients/{marie.id}/particulars").text
    page = claire.get(f"/patients/{marie.id}/number").text
    assert ("non vérifié" in page, "Envoyer un nouveau code" in page) == (True, True)
    first = code(database)
    again = claire.post(f"/patients/{marie.id}/number/again", data={"back": "number"})
    assert again.headers["location"] == f"/patients/{marie.id}/number?said=sent"
    assert code(database) != first
    for _ in range(3):
        claire.post(f"/patients/{marie.id}/number/again")
    assert claire.post(f"/patients/{marie.id}/number/again").headers["location"].endswith("said=enough")
    claire.post(f"/patients/{marie.id}/number/code", data={"code": code(database)})
    for page in (f"/patients/{marie.id}", "/patients"):
        assert "numéro non vérifié" not in claire.get(page).text


def test_another_number_counts_once_its_code_is_back(claire: TestClient, marie: Patient, database: Database) -> None:
    address = f"/patients/{marie.id}/number"
    refused = claire.post(f"{address}/change", data={"number": premium(), "reason": ""})
    assert (refused.status_code, fields(refused.text)) == (
        422,
        {
            "number": "C'est un numéro surtaxé : aucun SMS n'y part. Donnez le mobile de la personne.",
            "reason": "Écrivez en quelques mots pourquoi le numéro change.",
        },
    )
    assert f'value="{premium()}"' in refused.text
    sent = claire.post(f"{address}/change", data={"number": "06 39 98 00 02", "reason": "nouveau forfait"})
    assert sent.headers["location"] == f"{address}?said=sent"
    page = html.unescape(claire.get(address).text)
    assert "Nouveau numéro +33 6 39 98 00 02" in page
    assert row(database, marie).phone == "+33639980001"
    claire.post(f"{address}/code", data={"code": code(database)})
    assert row(database, marie).phone == NEW


def test_a_number_that_another_patient_has_asks_whether_they_share_it(
    claire: TestClient, marie: Patient, world: World, clock: HandClock, database: Database
) -> None:
    """HZ-10, U16."""
    with database.transaction() as session:
        jean = a_patient(session, world, now=clock.now(), given_names="Jean", phone=NEW)
    address = f"/patients/{marie.id}/number"
    assert 'name="shared"' not in claire.get(address).text
    refused = claire.post(f"{address}/change", data={"number": NEW, "reason": "téléphone du couple"})
    assert ("number" in fields(refused.text), 'name="shared"' in refused.text) == (True, True)
    sent = claire.post(f"{address}/change", data={"number": NEW, "reason": "téléphone du couple", "shared": "yes"})
    assert sent.status_code == 303
    claire.post(f"{address}/code", data={"code": code(database)})
    assert (row(database, marie).shared_phone, row(database, jean).shared_phone) == (True, True)


def test_a_change_may_be_given_up(claire: TestClient, marie: Patient, database: Database) -> None:
    claire.post(f"/patients/{marie.id}/number/change", data={"number": NEW, "reason": "dit par sa fille"})
    digits = code(database)
    assert claire.post(f"/patients/{marie.id}/number/drop").headers["location"].endswith("said=dropped")
    assert claire.post(f"/patients/{marie.id}/number/code", data={"code": digits}).headers["location"].endswith("said=none")
    assert row(database, marie).phone == "+33639980001"


def test_who_reads_may_not_change_and_nobody_sees_another_service(
    sign_in: SignIn, world: World, marie: Patient, database: Database
) -> None:
    paul = sign_in(world.paul)
    assert paul.get(f"/patients/{marie.id}/number").status_code == 200
    assert "Vérifier le code" not in paul.get(f"/patients/{marie.id}/number").text
    for act in ("code", "again", "drop", "change"):
        assert paul.post(f"/patients/{marie.id}/number/{act}", data={"code": code(database)}).status_code == 403
    assert paul.get(f"/patients/{marie.id + 99}/number").status_code == 404
    assert sign_in(world.claire).post(f"/patients/{marie.id}/number/guess").status_code == 404


def test_a_text_from_an_unknown_number_leads_to_the_change(claire: TestClient, marie: Patient, world: World, database: Database) -> None:
    """SEC-16, U19: a person decides; the number never stands in an address."""
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        heard = text(session, world, None, "C'est Marie, j'ai changé de numéro", at=marie.created_at, address=NEW, state="queue")
        task = tasks.make(
            session,
            service_id=service.id,
            kind="unknown_number",
            key=f"unknown_number:{NEW}:1",
            detail={"number": NEW, "among": []},
            message_id=heard.id,
            now=marie.created_at,
        )
    assert f"/tasks/{task.id}/whose" in claire.get(f"/tasks/{task.id}").text
    found = claire.post(f"/tasks/{task.id}/whose", data={"q": "hoarau"}).text
    assert f"/patients/{marie.id}/number?task={task.id}" in found
    assert f'value="{NEW}"' in claire.get(f"/patients/{marie.id}/number?task={task.id}").text
    assert NEW not in "".join(re.findall(r'(?:href|action)="([^"]*)"', found))
    with database.transaction() as session:
        another = tasks.make(session, service_id=world.service.id, kind="refill", key="r", patient_id=marie.id, now=marie.created_at)
    assert claire.get(f"/tasks/{another.id}/whose").status_code == 404


@pytest.mark.parametrize(("kind", "why"), [("number_unverified", "number_renewal"), ("wrong_number", "")])
def test_a_task_about_a_number_leads_to_it(claire: TestClient, marie: Patient, database: Database, kind: str, why: str) -> None:
    with database.transaction() as session:
        task = tasks.make(
            session, service_id=marie.service_id, kind=kind, key=kind, patient_id=marie.id, detail={"why": why}, now=marie.created_at
        )
    page = claire.get(f"/tasks/{task.id}").text
    assert f'href="/patients/{marie.id}/number"' in page
    assert ("confirmé de nouveau" in page) == bool(why)


def test_the_coordinator_chooses_the_countries(sign_in: SignIn, world: World, marie: Patient, database: Database) -> None:
    """Refused countries: the list is the service's, or the house's when nothing is written."""
    ines = sign_in(world.ines)
    assert fields(ines.post("/service/regions", data={"regions": "FR, ZZ"}).text) == {
        "regions": "ZZ n'est pas un pays connu. Écrivez des codes de deux lettres, comme FR, BE."
    }
    assert ines.post("/service/regions", data={"regions": "fr be ma"}).status_code == 303
    assert 'value="BE, FR, MA"' in ines.get("/service").text
    assert sign_in(world.claire).post("/service/regions", data={"regions": ""}).status_code == 403
    with database.reading() as session:
        assert session.get_one(Service, world.service.id).regions == ["BE", "FR", "MA"]
    assert marie.phone


def test_no_code_stands_in_a_row_a_page_or_an_address(claire: TestClient, marie: Patient, database: Database) -> None:
    """SEC-29."""
    digits = code(database)
    for page in (f"/patients/{marie.id}", f"/patients/{marie.id}/number", f"/patients/{marie.id}/enrolled"):
        assert digits not in claire.get(page).text
    with database.reading() as session:
        assert [digits in body for body in session.scalars(select(Message.body))] == [False]
        assert session.scalars(select(Task.id)).all() == []
