"""FR-10 on the screens and by the interface: the prescription of the watching at enrolment, its page, its renewal."""

from __future__ import annotations

import html
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Task
from app.checkins.rhythm import watched
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.people.watching import NewWatching
from app.people.watching_models import Watching
from app.treatment import measures
from tests.app.web.conftest import SignIn
from tests.factories import World, a_course, a_patient
from tests.support.chain import Chain

TODAY = date(2026, 11, 25)
WATCHING = {
    "activity": "outside_list",
    "from_day": "2026-11-25",
    "until_day": "2027-11-24",
    "weight_kg": "62,5",
    "conditions": "Vit seule.",
}


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the library's protocols are in force."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


def typed(world: World, **changes: str) -> dict[str, str]:
    """Marie Hoarau as Inès types her."""
    values = {
        "family_name": "Hoarau",
        "given_names": "Marie",
        "birth_date": "1955-03-14",
        "sex": "female",
        "language": "fr",
        "timezone": "Europe/Paris",
        "phone": "06 39 98 00 01",
        "answered_by": "patient",
        "check_in_hour": "10",
        "consent_follow_up": "yes",
        "consent_sheet": "2026-09",
        "oncologist_id": str(world.lebon.id),
        "protocol_slug": "capecitabine-14-7",
        "agent": "capecitabine",
        "dose_mg": "1500",
        "times_per_day": "2",
        "days_on": "14",
        "days_off": "7",
        "first_intake": "2026-11-25",
        "cycle": "1",
    }
    return {**values, **changes}


def on_enrolment(**changes: str) -> dict[str, str]:
    return {f"watching_{name}": value for name, value in {**WATCHING, **changes}.items()}


def written(database: Database) -> list[Watching]:
    with database.reading() as session:
        return list(session.scalars(select(Watching).order_by(Watching.id)))


def enrolled(database: Database) -> list[Patient]:
    with database.reading() as session:
        return list(session.scalars(select(Patient)))


def marie_of(database: Database, world: World, clock: HandClock) -> Patient:
    with database.transaction() as session:
        return a_patient(session, world, now=clock.now())


def prescribed(database: Database, world: World, clock: HandClock, patient: Patient, until: date) -> Watching:
    with database.transaction() as session:
        person = session.get_one(Patient, patient.id)
        new = NewWatching(world.lebon.id, "outside_list", TODAY, until, Decimal("62.5"), "Vit seule.")
        return watched.record(session, person, new, by=actor_of(world.ines), now=clock.now())


# --- At enrolment -------------------------------------------------------------------------------------------------------------------


def test_the_blank_form_proposes_a_year_and_asks_for_nothing(signed: None, sign_in: SignIn, world: World, database: Database) -> None:
    """FR-10: optional there; a whole year is 25 November 2026 to 24 November 2027."""
    ines = sign_in(world.ines)
    page = ines.get("/enrol").text
    assert 'name="watching_until_day" type="date" value="2027-11-24"' in page
    answer = ines.post("/enrol", data=typed(world, watching_from_day="2026-11-25", watching_until_day="2027-11-24", watching_activity=""))
    assert answer.status_code == 303, html.unescape(answer.text)
    assert (len(enrolled(database)), written(database)) == (1, [])


def test_it_is_written_with_the_enrolment_by_the_referring_doctor(signed: None, sign_in: SignIn, world: World, database: Database) -> None:
    """FR-10: who, which activity, until when, age and weight, conditions."""
    answer = sign_in(world.ines).post("/enrol", data=typed(world, **on_enrolment()))
    assert answer.status_code == 303, html.unescape(answer.text)
    [row] = written(database)
    assert (row.prescriber_id, row.activity, row.until_day, row.age_years) == (world.lebon.id, "outside_list", date(2027, 11, 24), 71)
    assert (row.weight_kg, row.conditions, row.recorded_by_name) == (Decimal("62.50"), "Vit seule.", "Inès Caron")


def test_a_day_too_many_refuses_the_enrolment_and_everything_typed_stays(
    signed: None, sign_in: SignIn, world: World, database: Database
) -> None:
    """FR-10: 366 days refused beside the field, with the other sentences of the form at once; nothing is saved."""
    values = typed(world, family_name="", **on_enrolment(until_day="2027-11-25"))
    answer = sign_in(world.ines).post("/enrol", data=values)
    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert "Un suivi est prescrit pour 365 jours au plus." in page
    assert "Écrivez le nom" in page or "nom de famille" in page
    assert 'value="2027-11-25"' in page
    assert 'value="62,5"' in page
    assert 'value="Vit seule."' in page
    assert enrolled(database) == written(database) == []


def test_a_weight_without_an_activity_is_asked_about(signed: None, sign_in: SignIn, world: World, database: Database) -> None:
    """FR-10: what was typed is never dropped in silence."""
    answer = sign_in(world.ines).post("/enrol", data=typed(world, **on_enrolment(activity="")))
    assert "Choisissez l'activité" in html.unescape(answer.text)
    assert enrolled(database) == []


# --- By a program -------------------------------------------------------------------------------------------------------------------

BODY = {
    "family_name": "Hoarau",
    "given_names": "Marie",
    "birth_date": "1955-03-14",
    "sex": "female",
    "phone": "+33639980001",
    "consent": {"follow_up": True, "sheet_version": "2026-09"},
    "oncologist": "lebon",
    "by": "ines",
}
BY_PROGRAM = {"activity": "oncology_resilience", "from_day": "2026-11-25", "until_day": "2027-11-24", "weight_kg": 62.5}


def test_a_program_enrols_with_it_or_without(api: TestClient, database: Database) -> None:
    """FR-10: callers that know nothing of it go on as before."""
    assert api.post("/patients", json=BODY).json()["watching"] == []
    body = {**BODY, "phone": "+33639980002", "family_name": "Payet", "watching": {**BY_PROGRAM, "special_conditions": "Aidant."}}
    answer = api.post("/patients", json=body)
    assert answer.status_code == 201, answer.text
    [shown] = answer.json()["watching"]
    assert shown == {
        "activity": "oncology_resilience",
        "prescriber": "lebon",
        "from_day": "2026-11-25",
        "until_day": "2027-11-24",
        "age_years": 71,
        "weight_kg": "62.5",
        "special_conditions": "Aidant.",
    }
    assert len(written(database)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until_day": "2027-11-25"}, "watching.until_day"),
        ({"activity": "cancer"}, "watching.activity"),
        ({"weight_kg": 6.25}, "watching.weight_kg"),
        ({"prescriber": "claire"}, "watching.prescriber_id"),
    ],
)
def test_a_program_is_refused_beside_the_field(api: TestClient, database: Database, changes: dict[str, object], field: str) -> None:
    """FR-10: 366 days refused; nothing is saved."""
    answer = api.post("/patients", json={**BODY, "watching": {**BY_PROGRAM, **changes}})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert enrolled(database) == []


def test_a_program_renews_it_as_the_page_does(api: TestClient, database: Database) -> None:
    patient = api.post("/patients", json={**BODY, "watching": BY_PROGRAM}).json()["id"]
    renewal = {**BY_PROGRAM, "from_day": "2027-11-25", "until_day": "2028-11-23", "by": "ines"}
    long = api.post(f"/patients/{patient}/watching", json={**renewal, "until_day": "2028-11-24"})
    assert (long.status_code, list(long.json()["fields"])) == (422, ["until_day"]), "366 days"
    for wrong in ({"weight_kg": False}, {"from_day": "demain"}, {"prescriber": "claire"}, {"activity": "x\x00"}):
        assert api.post(f"/patients/{patient}/watching", json={**renewal, **wrong}).status_code == 422, wrong
    assert api.post("/patients/999/watching", json=renewal).status_code == 404
    answer = api.post(f"/patients/{patient}/watching", json=renewal)
    assert answer.status_code == 201, answer.text
    assert [one["until_day"] for one in answer.json()["watching"]] == ["2028-11-23", "2027-11-24"]
    assert len(written(database)) == 2


# --- The page -----------------------------------------------------------------------------------------------------------------------


def test_the_page_says_what_holds_and_proposes_the_renewal(sign_in: SignIn, world: World, database: Database, clock: HandClock) -> None:
    """FR-10: the same again from the day after, for a year, with the last weight measured."""
    marie = marie_of(database, world, clock)
    claire = sign_in(world.claire)
    assert "Aucune prescription n'est notée. Le suivi continue." in html.unescape(claire.get(f"/patients/{marie.id}/watching").text)
    prescribed(database, world, clock, marie, date(2026, 12, 20))
    with database.transaction() as session:
        person, at = session.get_one(Patient, marie.id), clock.now()
        measures.record(
            session, person, kind="weight", value="61.2", unit="kg", taken_at=at, source="home", by=actor_of(world.claire), now=at
        )
    page = html.unescape(claire.get(f"/patients/{marie.id}/watching").text)
    assert "Le suivi est prescrit jusqu'au dim. 20 déc." in page
    assert "À renouveler" in page
    for value in ('value="2026-12-21"', 'value="2027-12-20"', 'value="61,2"', 'value="Vit seule."'):
        assert value in page
    assert f'href="/patients/{marie.id}/watching"' in claire.get(f"/patients/{marie.id}").text


def test_renewing_ends_the_task_and_a_refused_form_comes_back_whole(
    sign_in: SignIn, world: World, database: Database, clock: HandClock
) -> None:
    """FR-10: 366 days refused with everything typed still there; 365 accepted, and the task is done."""
    marie = marie_of(database, world, clock)
    prescribed(database, world, clock, marie, date(2026, 12, 20))
    claire = sign_in(world.claire)
    with database.reading() as session:
        task = session.scalars(select(Task).where(Task.kind == "watching_soon")).one()
    panel = html.unescape(claire.get(f"/tasks/{task.id}").text)
    assert "Fin du suivi prescrit\xa0: le dim. 20 déc." in panel
    assert f'href="/patients/{marie.id}/watching"' in panel
    values = {**WATCHING, "prescriber_id": str(world.lebon.id), "from_day": "2026-12-21", "conditions": "Ne vit plus seule."}
    refused = claire.post(f"/patients/{marie.id}/watching", data={**values, "until_day": "2027-12-21"})
    assert refused.status_code == 422
    assert "365 jours au plus" in refused.text
    assert 'value="Ne vit plus seule."' in refused.text
    assert 'value="2027-12-21"' in refused.text
    accepted = claire.post(f"/patients/{marie.id}/watching", data={**values, "until_day": "2027-12-20"})
    assert accepted.status_code == 303
    with database.reading() as session:
        ended = session.get_one(Task, task.id)
        assert (ended.closed_at is not None, ended.closed_by_id) == (True, None)
    assert len(written(database)) == 2


def test_when_it_is_over_the_page_the_panel_and_the_absence_say_so(chain: Chain, sign_in: SignIn, world: World, database: Database) -> None:
    """FR-10: staff see that nothing leaves any more, and the one way to begin again; a note does not close the task."""
    with database.transaction() as session:
        marie = a_patient(session, world, now=chain.clock.now())
        a_course(session, world, marie, now=chain.clock.now())
    prescribed(database, world, chain.clock, marie, TODAY)
    chain.wait(days=1)
    claire = sign_in(world.claire)
    page = html.unescape(claire.get(f"/patients/{marie.id}/watching").text)
    assert "Le suivi prescrit est fini depuis le mer. 25 nov." in page
    with database.reading() as session:
        task = session.scalars(select(Task).where(Task.kind == "watching_over")).one()
    assert "Suivi prescrit fini\xa0: plus de questions par SMS" in html.unescape(claire.get("/").text)
    refused = claire.post(f"/tasks/{task.id}/close", data={"note": "vu"})
    assert "Renouvelez la prescription du suivi" in html.unescape(refused.text)
    absences = html.unescape(claire.get(f"/patients/{marie.id}/absences").text)
    assert "Suivi prescrit fini" in absences
    assert f'href="/patients/{marie.id}/watching"' in absences
    assert 'option value="watching_over"' not in absences


def test_one_written_by_mistake_is_struck_through_with_a_reason(
    sign_in: SignIn, world: World, database: Database, clock: HandClock
) -> None:
    """FR-10: the line stays, with who and why."""
    marie = marie_of(database, world, clock)
    row = prescribed(database, world, clock, marie, date(2026, 12, 20))
    claire, address = sign_in(world.claire), f"/patients/{marie.id}/watching"
    assert claire.post(f"{address}/{row.id}/strike", data={"reason": " "}).status_code == 422
    assert claire.post(f"{address}/{row.id}/strike", data={"reason": "mauvais dossier"}).status_code == 303
    page = html.unescape(claire.get(address).text)
    assert "rayée par Claire Payet" in page
    assert "mauvais dossier" in page
    assert "Le suivi continue." in page


def test_who_may_not_enrol_reads_it_only(sign_in: SignIn, world: World, database: Database, clock: HandClock) -> None:
    """FR-10: the secretary sees until when, and writes nothing."""
    marie = marie_of(database, world, clock)
    paul = sign_in(world.paul)
    assert "watching.save" not in paul.get(f"/patients/{marie.id}/watching").text
    assert '<form action="/patients' not in paul.get(f"/patients/{marie.id}/watching").text
    assert paul.post(f"/patients/{marie.id}/watching", data=WATCHING).status_code == 403
    assert written(database) == []
