"""What is arranged around the calls: hours agreed, things asked in town, letters that wait (COA-2, COA-6, ATO-6)."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.care import letters
from app.care.contact_models import CityTask
from app.care.models import Enrolment, PlannedCall
from app.people import directory
from app.people.directory import NewProfessional
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.app.web.test_nurse import said
from tests.support.chain import Chain


def doctor_in_town(chain: Chain, marie: Patient) -> int:
    """Marie's family doctor, whom she lets us tell."""
    with chain.database.transaction() as session:
        claire, now = viewer_of(chain.world.claire), chain.clock.now()
        patient = session.get_one(Patient, marie.id)
        who = directory.declare(
            session, NewProfessional(trade="gp", name="Dr Rivière", phone="0639980055"), by=claire, now=now, allow_fiction=True
        )
        directory.add(session, patient, who.id, by=claire, now=now)
        (member,) = directory.around(session, patient.id)
        directory.consent(session, patient, member.id, granted=True, by=claire, now=now)
        return who.id


def test_the_day_and_hour_agreed_move_the_calls_to_come(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    where = f"/patients/{marie.id}/programmes"
    assert "Jour et heure convenus : ceux du programme" in said(claire.get(where))
    refused = claire.post(f"{where}/agree", data={"enrolment": str(coach.id), "weekday_0": "3", "hour_0": ""})
    assert refused.status_code == 422
    assert 'value="3" selected' in refused.text
    assert claire.post(f"{where}/agree", data={"enrolment": str(coach.id), "weekday_0": "3", "hour_0": "14:30"}).status_code == 303
    assert "Jour et heure convenus : jeudi 14 h 30" in said(claire.get(where))
    with chain.read() as session:
        due = list(session.scalars(select(PlannedCall.due_at).where(PlannedCall.enrolment_id == coach.id, PlannedCall.state == "planned")))
    assert {(at.weekday(), at.hour, at.minute) for at in due} == {(3, 13, 30)}
    assert f'href="{where}#slots-{coach.id}"' in claire.get("/calls").text


def test_something_asked_in_town_is_listed_then_done(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    """COA-6: what is asked, of whom, by when; done or overdue."""
    who, where = doctor_in_town(chain, marie), f"/patients/{marie.id}/programmes"
    asked = {"of_whom": str(who), "what": "Prise de sang jeudi", "way": "phone"}
    refused = claire.post(f"{where}/ask", data=asked)
    assert refused.status_code == 422 and 'value="Prise de sang jeudi"' in refused.text
    assert claire.post(f"{where}/ask", data={**asked, "due_on": "2026-11-25"}).status_code == 303
    assert "Prise de sang jeudi Dr Rivière mer. 25 nov. demandé" in said(claire.get(where))
    chain.wait(days=3)
    assert "mer. 25 nov. sans réponse dans le délai" in said(claire.get(where))
    with chain.read() as session:
        number = session.scalars(select(CityTask.id)).one()
    silent = claire.post(f"{where}/answer", data={"task": str(number), "state": "declined", "words": ""})
    assert silent.status_code == 422
    assert claire.post(f"{where}/answer", data={"task": str(number), "state": "done", "words": "fait ce matin"}).status_code == 303
    assert "fait fait ce matin" in said(claire.get(where))


def test_letters_that_wait_are_said_on_the_page_of_calls(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    doctor_in_town(chain, marie)
    assert "courrier attend" not in said(claire.get("/calls"))
    with chain.database.transaction() as session:
        letters.prepare(
            session, session.get_one(Enrolment, coach.id), "opening", by=viewer_of(chain.world.claire).actor, now=chain.clock.now()
        )
    assert "1 courrier attend HOARAU Marie" in said(claire.get("/calls"))
    assert claire.get("/programmes").status_code == 200


def test_a_sheet_left_half_way_for_a_shift_is_said(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    claire.post(f"/patients/{marie.id}/call/begin", data={"direction": "incoming", "caller": "patient", "reason": "ordonnance"})
    assert "laissée à moitié" not in said(claire.get("/calls"))
    chain.wait(hours=13)
    assert "1 fiche laissée à moitié HOARAU Marie" in said(claire.get("/calls"))
