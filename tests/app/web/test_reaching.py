"""Joindre, on screen: who answers, who else is around, languages, interpreter, order of the channels, hour (FR-32, HZ-36)."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


LUCIE = {"name": "Lucie Hoarau", "relation": "fille", "phone": "06 39 98 00 07", "told_of_silence": "yes", "language": "fr"}
WAY = {
    "language": "fr",
    "reads_en": "yes",
    "interpreter": "créole",
    "first": "call",
    "second": "sms",
    "third": "relative",
    "check_in_hour": "15",
}


def whole(database: Database, patient: Patient) -> Patient:
    with database.reading() as session:
        found = session.get_one(Patient, patient.id)
        assert found.respondents is not None
        return found


def test_a_relative_is_added_changed_chosen_and_removed(claire: TestClient, database: Database, morning: Morning) -> None:
    where = f"/patients/{morning.marie.id}/reach"
    assert claire.post(f"{where}/declare", data=LUCIE).status_code == 303
    (lucie,) = whole(database, morning.marie).respondents
    assert "Lucie Hoarau , fille · +33 6 39 98 00 07 · français · prévenu d'un silence" in said(claire.get(where))

    changed = {**LUCIE, "id": str(lucie.id), "relation": "fille aînée", "told_of_silence": ""}
    assert claire.post(f"{where}/change", data=changed).status_code == 303
    assert claire.post(f"{where}/answers", data={"who": str(lucie.id)}).status_code == 303
    marie = whole(database, morning.marie)
    assert (marie.answered_by, marie.respondents[0].relation, marie.respondents[0].told_of_silence) == ("respondent", "fille aînée", False)
    for address in (f"/patients/{marie.id}", f"/alerts/{morning.danger.id}"):
        assert "répond : Lucie Hoarau (fille aînée)" in said(claire.get(address))

    assert claire.post(f"{where}/remove", data={"id": str(lucie.id)}).status_code == 303
    assert "Personne d'autre n'est inscrit." in said(claire.get(where))
    with database.reading() as session:
        mine = (AuditRow.patient_id == marie.id, AuditRow.actor_name == "Claire Payet")
        acts = list(session.scalars(select(AuditRow.action).where(*mine).order_by(AuditRow.id)))
    assert [act for act in acts if act.startswith("respondent.")] == ["respondent.declared", "respondent.changed", "respondent.removed"]
    assert acts.count("patient.answered_by") == 2


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(claire: TestClient, database: Database, morning: Morning) -> None:
    answer = claire.post(f"/patients/{morning.marie.id}/reach/declare", data={**LUCIE, "phone": "12"})
    assert answer.status_code == 422
    assert "Aucun téléphone n'a ce numéro." in said(answer) and 'value="Lucie Hoarau"' in answer.text
    assert whole(database, morning.marie).respondents == []


def test_interpreter_languages_and_order_are_kept_and_seen_before_calling(claire: TestClient, database: Database, morning: Morning) -> None:
    """HZ-36: the interpreter stands in the head of the patient's page and of the alert."""
    where = f"/patients/{morning.marie.id}/reach"
    assert claire.post(f"{where}/way", data=WAY).status_code == 303
    marie = whole(database, morning.marie)
    assert (marie.also_reads, marie.interpreter, marie.channels, marie.check_in_hour) == (["en"], "créole", ["call", "sms", "relative"], 15)
    for address in (f"/patients/{marie.id}", f"/alerts/{morning.danger.id}"):
        page = said(claire.get(address))
        assert "interprète : créole" in page
        assert "lit aussi : anglais" in page

    assert claire.post(f"{where}/way", data={**WAY, "language": "none", "reads_en": ""}).status_code == 303
    for address in (f"/patients/{marie.id}", f"/alerts/{morning.danger.id}"):  # nobody is called reachable whose texts would not be read
        page = said(claire.get(address))
        assert "ne lit pas nos SMS : à appeler" in page
        assert "joignable" not in page and "numéro non vérifié" not in page

    twice = claire.post(f"{where}/way", data={**WAY, "second": "call"})
    assert twice.status_code == 422
    assert "Donnez une place différente à chaque moyen." in said(twice)


def test_the_secretary_reads_and_changes_nothing(sign_in: SignIn, world: World, database: Database, morning: Morning) -> None:
    paul = sign_in(world.paul)
    where = f"/patients/{morning.marie.id}/reach"
    assert "Langue des SMS · français" in said(paul.get(where))
    assert "Ajouter une personne" not in paul.get(where).text
    for act in ("declare", "change", "remove", "answers", "way"):
        assert paul.post(f"{where}/{act}", data={**LUCIE, **WAY, "id": "1", "who": "patient"}).status_code == 403
    assert whole(database, morning.marie).respondents == []
