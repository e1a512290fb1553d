"""Three kinds of number side by side; a nurse gives a grade, the secretary does not; a correction keeps what it corrects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.core.audit import SYSTEM, Actor
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import FieldErrors
from app.people import services
from app.people.models import Patient, Role, Service
from app.people.perimeter import actor_of
from app.protocols.models import OfficialWording
from app.treatment import grades, measures
from app.treatment.grades import NewGrade
from app.treatment.models import ClinicianGrade
from app.web.patient import grading
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World

GRADE = {"term": "fatigue", "version": "5.0", "grade": "2", "onset_day": "2026-11-17", "note": "Au lit l'après-midi."}


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def _measured(
    database: Database, world: World, morning: Morning, clock: HandClock, kind: str, value: str, unit: str, **limits: str
) -> None:
    with database.transaction() as session:
        at = clock.now() - timedelta(hours=3)
        measures.record(
            session, morning.jean, kind=kind, value=value, unit=unit, taken_at=at, source="lab", by=actor_of(world.claire), now=at, **limits
        )


def _kept(database: Database) -> list[ClinicianGrade]:
    with database.reading() as session:
        rows = list(session.scalars(select(ClinicianGrade).order_by(ClinicianGrade.id)))
        session.expunge_all()
    return rows


def test_the_patient_s_page_tells_the_three_numbers_apart(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    _measured(database, world, morning, clock, "Platelet count decreased", "40", "G/L", lln="150", uln="400")
    _measured(database, world, morning, clock, "hemoglobin", "110", "g/L")
    assert claire.post(f"/patients/{morning.jean.id}/grades", data=GRADE).status_code == 303
    page = said(claire.get(f"/patients/{morning.jean.id}"))
    order = [
        "Score du patient (0-4)",
        "Composite PRO-CTCAE (0-3)",
        "Grade CTCAE (clinicien, 0-5)",
        "2 Fatigue CTCAE 5.0 · Claire Payet",
        "Grade CTCAE v5.0 (laboratoire, 0-4)",
        "3 Thrombopénie 40 G/L",
        "? Anémie 110 g/L",
        "limite basse : absent",
    ]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "Plaquettes 40 G/L norme 150 à 400" in page


def test_a_correction_keeps_what_it_corrects(claire: TestClient, database: Database, morning: Morning) -> None:
    address = f"/patients/{morning.jean.id}/grades"
    assert claire.post(address, data=GRADE).status_code == 303
    [first] = _kept(database)
    form = claire.get(f"{address}?replaces={first.id}")
    assert f'name="replaces" value="{first.id}"' in form.text
    assert 'value="Fatigue"' in form.text
    without = claire.post(address, data={**GRADE, "grade": "3", "replaces": str(first.id)})
    assert without.status_code == 422
    assert "Dites pourquoi le grade précédent est corrigé." in said(without)
    again = claire.post(address, data={**GRADE, "grade": "3", "replaces": str(first.id), "reason": "Ne se lave plus seule."})
    assert again.status_code == 303
    page = said(claire.get(address))
    assert "Correction : Ne se lave plus seule." in page
    assert "corrigé depuis" in page
    assert [(row.grade, row.replaces_id) for row in _kept(database)] == [(2, None), (3, first.id)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"grade": ""}, "Choisissez un grade de 0 à 5."),
        ({"grade": "7"}, "Choisissez un grade de 0 à 5."),
        ({"term": " "}, "Choisissez un terme CTCAE."),
        ({"version": "4.0"}, "Choisissez une version de CTCAE : 5.0, 6.0."),
        ({"onset_day": "2031-01-01"}, "Ce jour est dans le futur."),
        ({"onset_day": "hier"}, "Ce n'est pas une date."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    claire: TestClient, database: Database, morning: Morning, change: dict[str, str], sentence: str
) -> None:
    answer = claire.post(f"/patients/{morning.jean.id}/grades", data={**GRADE, **change})
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert "Au lit l&#39;après-midi." in answer.text
    assert _kept(database) == []


def test_the_secretary_reads_and_does_not_grade(sign_in: SignIn, database: Database, world: World, morning: Morning) -> None:
    paul = sign_in(world.paul)
    page = paul.get(f"/patients/{morning.jean.id}/grades")
    assert page.status_code == 200
    assert not re.search(r'<form[^>]*grades"', page.text)
    assert paul.post(f"/patients/{morning.jean.id}/grades", data=GRADE).status_code == 403
    assert _kept(database) == []


def test_the_oncologist_grades_death(sign_in: SignIn, database: Database, world: World, morning: Morning) -> None:
    """0 to 5: 5 is a clinician's word alone."""
    lebon = sign_in(world.lebon)
    assert lebon.post(f"/patients/{morning.jean.id}/grades", data={**GRADE, "grade": "5"}).status_code == 303
    assert [row.given_by_name for row in _kept(database)] == ["Dr Aurore Lebon"]


# --- The same through the JSON interface ---------------------------------------------------------------------------------------------


@pytest.fixture
def program(app: FastAPI, database: Database, world: World, clock: HandClock) -> Iterator[TestClient]:
    """The hospital's own program, with a token of the ward."""
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        token = services.create_token(session, service, role=Role.SERVICE, name="dossier", by=SYSTEM, now=clock.now())
    with TestClient(app, base_url="http://testserver/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


BODY = {"term": "Diarrhea", "ctcae_version": "5.0", "grade": 3, "onset_day": "2026-11-16", "by": "claire"}


def test_a_program_records_a_person_s_grade_and_reads_both_kinds(
    program: TestClient,
    database: Database,
    world: World,
    morning: Morning,
    clock: HandClock,
) -> None:
    _measured(database, world, morning, clock, "neutrophils", "0.7", "10*9/L")
    path = f"/patients/{morning.jean.id}/grades"
    answer = program.post(path, json=BODY)
    assert answer.status_code == 201, answer.text
    given = answer.json()
    assert (given["term"], given["ctcae_version"], given["grade"], given["given_by"]) == ("Diarrhea", "5.0", 3, "Claire Payet (dossier)")
    corrected = program.post(path, json={**BODY, "grade": 2, "replaces": given["id"], "reason": "six d'habitude"})
    assert corrected.status_code == 201, corrected.text
    assert program.post(path, json={**BODY, "grade": 1, "replaces": given["id"], "reason": "cinq"}).status_code == 409
    five = program.get(path).json()
    assert [(row["grade"], row["standing"]) for row in five["clinician"]] == [(2, True), (3, False)]
    six = program.get(path, params={"ctcae_version": "6.0"}).json()
    assert [five["laboratory"][0][name] for name in ("term", "grade")] == ["Neutrophil count decreased", 3]
    assert [six["laboratory"][0][name] for name in ("ctcae_version", "grade")] == ["6.0", 2]


@pytest.mark.parametrize(
    "change",
    [{"grade": 6}, {"grade": "3"}, {"grade": None}, {"ctcae_version": "4.0"}, {"by": ""}, {"term": ""}, {"onset_day": "20/11/2026"}],
)
def test_a_body_that_is_not_a_grade_is_refused(
    program: TestClient,
    database: Database,
    morning: Morning,
    change: dict[str, object],
) -> None:
    assert program.post(f"/patients/{morning.jean.id}/grades", json={**BODY, **change}).status_code == 422
    assert _kept(database) == []


@pytest.mark.parametrize("login", ["paul", "noe", "ines"])
def test_whoever_may_not_grade_may_not_through_a_program_either(
    program: TestClient,
    database: Database,
    morning: Morning,
    login: str,
) -> None:
    assert program.post(f"/patients/{morning.jean.id}/grades", json={**BODY, "by": login}).status_code == 403
    assert _kept(database) == []


def test_limits_of_normal_come_with_a_value(program: TestClient, morning: Morning, clock: HandClock) -> None:
    """Nothing is converted: limits are those of the laboratory, in the value's own unit."""
    body = {"kind": "alt", "value": 250, "unit": "U/L", "uln": 40, "lln": "7.5", "taken_at": clock.now().isoformat(), "source": "lab"}
    kept = program.post(f"/patients/{morning.jean.id}/measures", json=body)
    assert kept.status_code == 201, kept.text
    assert {name: kept.json()[name] for name in ("kind", "value", "lln", "uln")} == {
        "kind": "alt",
        "value": "250",
        "lln": "7.5",
        "uln": "40",
    }
    [graded] = program.get(f"/patients/{morning.jean.id}/grades").json()["laboratory"]
    assert (graded["term"], graded["grade"]) == ("Alanine aminotransferase increased", 3)
    assert program.post(f"/patients/{morning.jean.id}/measures", json={**body, "lln": 50}).status_code == 422


def test_the_official_sentence_stands_beside_its_score(
    claire: TestClient, database: Database, morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that holds the licence reads what was asked in the instrument's words."""
    sentence = OfficialWording(text="La fatigue a-t-elle invité ses cousines ?")
    monkeypatch.setattr(grading.wording, "of_questions", lambda session, protocol, service_id, language: {"fatigue": sentence})
    assert "« La fatigue a-t-elle invité ses cousines ? »" in said(claire.get(f"/patients/{morning.jean.id}"))


def test_on_paper_a_computed_grade_is_proposed_and_a_given_one_confirmed_with_its_author(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """FR-09: the printed sheet marks them apart."""
    _measured(database, world, morning, clock, "Platelet count decreased", "40", "G/L", lln="150", uln="400")
    before = said(claire.get(f"/patients/{morning.jean.id}/print"))
    assert "grades CTCAE v5.0, proposés" in before
    assert "confirmé" not in before, "nobody has given any"
    assert claire.post(f"/patients/{morning.jean.id}/grades", data=GRADE).status_code == 303
    page = said(claire.get(f"/patients/{morning.jean.id}/print"))
    assert "2 Fatigue · CTCAE 5.0 · confirmé, Claire Payet" in page
    assert page.count("confirmé") == 1


def test_a_program_reads_which_grade_is_proposed_and_which_confirmed_by_whom(
    program: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """FR-09: no export holds a confirmed grade without an author, nor a computed one that says it is confirmed."""
    _measured(database, world, morning, clock, "neutrophils", "0.7", "10*9/L")
    path = f"/patients/{morning.jean.id}/grades"
    assert program.post(path, json=BODY).json()["status"] == "confirmed"
    found = program.get(path).json()
    assert [(row["status"], row["given_by"]) for row in found["clinician"]] == [("confirmed", "Claire Payet (dossier)")]
    assert [row["status"] for row in found["laboratory"]] == ["proposed"] * len(found["laboratory"])
    assert found["laboratory"] and not any("given_by" in row for row in found["laboratory"])


def test_nobody_confirms_a_grade_without_a_name(database: Database, morning: Morning, clock: HandClock) -> None:
    """FR-09: refused by the craft itself, whichever door it came through."""
    new = NewGrade(term="Fatigue", version="5.0", grade=2)
    with database.transaction() as session, pytest.raises(FieldErrors) as refused:
        patient = session.get_one(Patient, morning.jean.id)
        grades.record(session, patient, new, by=Actor("staff", 1, " "), now=clock.now())
    assert set(refused.value.fields) == {"by"}
    assert _kept(database) == []
