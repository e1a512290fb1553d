"""The page of calls: who is making which, in whose place, what a hold changes; a call somebody makes to us (COA-2, COA-4, ATO-2)."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Task
from app.care import planning
from app.care.models import Enrolment, PlannedCall
from app.messaging.models import Message
from app.people import care_team
from app.people.models import Patient, Staff
from app.people.perimeter import actor_of
from app.people.rota_models import StandIn
from app.treatment import courses
from app.web import words
from tests.app.web.care.conftest import TUESDAY_TEN
from tests.app.web.care.test_call_sheet import CALM, Sheet, call_of
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.factories import World
from tests.support.chain import Chain


def test_a_call_that_runs_says_who_has_it_since_when_and_is_not_offered_again(
    claire: TestClient, sign_in: SignIn, chain: Chain, marie: Patient, coach: Enrolment, world: World
) -> None:
    chain.until(TUESDAY_TEN)
    chain.clock.forward(minutes=7)
    Sheet(claire, chain, marie).begins(call=str(call_of(chain, coach).id))
    chain.clock.forward(minutes=5)
    seen = said(sign_in(world.luc).get("/calls"))
    assert "10 h 00 HOARAU Marie" in seen  # the hour it was planned at, under "planned hour"
    assert "Heure prévue" in seen
    assert "En cours depuis 10 h 07, par Claire Payet" in seen
    assert "Appeler HOARAU" not in seen
    listed = said(sign_in(world.luc).get("/"))
    assert listed.count("Appel commencé à 10 h 07, brouillon de Claire Payet") == 1 and "1 brouillon" not in listed
    assert "Appel prévu" not in listed, "it has begun"
    assert f'1 brouillon : <a href="/patients/{marie.id}/call">HOARAU Marie</a>' in claire.get("/").text.replace("\u00a0", " ")
    assert "Reprendre" in said(claire.get("/calls"))


def test_a_call_past_its_hour_says_how_long_ago_before_it_is_late_and_after(
    claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment
) -> None:
    """COA-2: a programme calls it late after an hour; until then nobody should read a passed hour as still to come."""
    chain.until(TUESDAY_TEN - timedelta(minutes=30))
    assert "Prévu il y a" not in said(claire.get("/calls"))
    chain.until(TUESDAY_TEN + timedelta(minutes=40))
    assert "Prévu il y a 40 min" in said(claire.get("/calls"))
    chain.until(TUESDAY_TEN + timedelta(minutes=75))
    late = said(claire.get("/calls"))
    assert "En retard de 1 h 15" in late and "Prévu il y a" not in late


def test_a_hold_says_its_end(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    """ATO-2: the call goes on, and says how long the tablets are held."""
    with chain.database.transaction() as session:
        course = courses.running(session, marie.id)
        assert course is not None
        by, now = actor_of(chain.world.lebon), chain.clock.now()
        patient = session.get_one(Patient, marie.id)
        courses.hold(session, course, patient, from_day=date(2026, 11, 23), until_day=date(2026, 11, 30), reason="diarrhée", by=by, now=now)
        planning.of_patient(session, marie.id, now=now)
    chain.until(TUESDAY_TEN)
    page = said(claire.get("/calls"))
    assert "Prévu traitement suspendu jusqu'au lun. 30 nov." in page


def test_a_call_after_a_stay_in_hospital_says_so_in_words(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    """ATO-2: a code on the page is a word in no language; every label that planning writes has its own in each."""
    chain.until(TUESDAY_TEN)
    with chain.database.transaction() as session:
        session.get_one(PlannedCall, call_of(chain, coach).id).label = planning.DISCHARGE
    page = said(claire.get("/calls"))
    assert "Prévu retour d'hospitalisation" in page and "discharge" not in page
    assert {key for label in planning.LABELS for key in words.LANGUAGES if not words.has(key, f"care_calls.label.{label}")} == set()


def test_a_call_of_today_whose_nurse_is_not_at_work_is_to_be_taken_back(
    claire: TestClient, sign_in: SignIn, chain: Chain, marie: Patient, coach: Enrolment, world: World
) -> None:
    """HZ-27: as the list says it. Not to herself, nor of a call still to come while she works then, nor of a later day."""
    chain.until(TUESDAY_TEN - timedelta(hours=1))
    luc = sign_in(world.luc)
    back = "Claire Payet, service fini"
    with chain.database.transaction() as session:
        for begins in (TUESDAY_TEN - timedelta(hours=20), TUESDAY_TEN - timedelta(minutes=30)):
            hours = {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
            care_team.put_on_shift(session, session.get_one(Staff, world.claire.id), kind="ward", **hours)
    assert back not in said(luc.get("/calls")), "she comes in half an hour, and is there at the hour of the call"
    chain.until(TUESDAY_TEN + timedelta(minutes=40))
    page = said(luc.get("/calls"))
    assert page.count(back) == 1 and "à reprendre Prévu il y a 40 min" in page, "the calls of the days after stay hers"
    assert back not in said(claire.get("/calls"))


def test_an_absent_nurses_calls_are_her_stand_ins(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment, world: World) -> None:
    chain.until(TUESDAY_TEN)
    assert "COACH Claire Payet" in said(claire.get("/calls"))
    with chain.database.transaction() as session:
        until = chain.clock.now() + timedelta(days=2)
        away = {"absent_id": world.claire.id, "by_id": world.luc.id, "starts_at": TUESDAY_TEN - timedelta(days=1), "ends_at": until}
        session.add(StandIn(service_id=marie.service_id, **away, written_by=str(actor_of(world.ines)), written_at=TUESDAY_TEN))
    page = said(claire.get("/calls"))
    assert f"COACH {world.luc.name} à la place de Claire Payet, absence jusqu'au" in page


def test_the_list_leads_to_where_a_received_call_is_noted(claire: TestClient, sign_in: SignIn, chain: Chain, world: World) -> None:
    """From the telephone at the ear to its form in one press; whoever makes no calls is not led there."""
    link = '<a href="/calls#incoming-q">Noter un appel reçu</a>'
    assert link in claire.get("/").text
    assert 'id="incoming-q"' in claire.get("/calls").text
    assert "/calls#incoming" not in sign_in(world.paul).get("/").text


def test_whoever_telephones_is_found_by_name_and_their_call_begins(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """COA-4: from the page of calls, with what was written already."""
    found = claire.post("/calls/incoming/find", data={"q": "hoarau", "caller": "relative", "reason": "sa mère tousse"})
    page = said(found)
    assert "1 patient trouvé" in page and "HOARAU Marie" in page
    assert 'name="reason" value="sa mère tousse"' in found.text
    begun = {"direction": "incoming", "caller": "relative", "reason": "sa mère tousse"}
    assert claire.post(f"/patients/{marie.id}/call/begin", data=begun).status_code == 303
    opened = said(claire.get(f"/patients/{marie.id}/call"))
    assert "Oncologie médicale, bonjour, Claire Payet à l'appareil. Qui est à l'appareil ?" in opened
    assert "Je vous appelle" not in opened and "Est-ce un bon moment" not in opened


def test_an_unknown_caller_is_kept_as_a_task_with_number_and_words(claire: TestClient, chain: Chain, marie: Patient) -> None:
    answer = claire.post("/calls/incoming/unknown", data={"q": "06 39 98 77 66", "reason": "veut parler de son traitement"})
    assert answer.status_code == 303
    assert "L'appel est gardé dans la file" in said(claire.get("/calls?kept=yes"))
    with chain.read() as session:
        task = session.scalars(select(Task).where(Task.kind == "unknown_caller")).one()
        message = session.get_one(Message, task.message_id)
    assert (task.detail["number"], message.body) == ("+33639987766", "veut parler de son traitement")
    listed = said(claire.get("/"))
    assert "Appel reçu d'un inconnu" in listed and "veut parler de son traitement" in listed
    assert chain.alerts() == []


def test_a_danger_told_by_an_unknown_caller_rings_at_once(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: with a name alone, without a number. One thing on the list: the alert, with the words."""
    claire.post("/calls/incoming/unknown", data={"q": "Madame Técher, sans numéro", "reason": "son mari n'arrive plus à respirer"})
    (alert,) = chain.alerts()
    assert (alert.level, alert.patient_id) == ("urgent", None)
    assert "Madame Técher, sans numéro : son mari n'arrive plus à respirer" in said(claire.get(f"/alerts/{alert.id}"))
    listed = claire.get("/list")
    assert listed.text.count("<li data-key=") == 1 and "Madame Técher, sans numéro" in said(listed)
    with chain.read() as session:
        assert session.scalars(select(Task).where(Task.closed_at.is_(None))).all() == []


def test_a_call_without_a_word_is_refused_and_keeps_what_was_typed(claire: TestClient, chain: Chain, marie: Patient) -> None:
    answer = claire.post("/calls/incoming/unknown", data={"q": "06 39 98 77 66", "reason": " "})
    assert answer.status_code == 422
    assert "Écrivez pourquoi on a appelé." in said(answer)
    assert 'value="06 39 98 77 66"' in answer.text


def test_a_closed_call_is_read_again_with_its_hours_and_its_length_put_right(
    claire: TestClient, sign_in: SignIn, chain: Chain, marie: Patient, coach: Enrolment, world: World
) -> None:
    """AMA-5, AMA-6: planned, begun and closed are three hours, and each is named."""
    chain.until(TUESDAY_TEN)
    chain.clock.forward(minutes=7)
    sheet = Sheet(claire, chain, marie)
    sheet.begins(call=str(call_of(chain, coach).id))
    assert "prévu à 10 h 00 · commencé à 10 h 07" in said(claire.get(f"/patients/{marie.id}/call"))
    sheet.answers(temperature="36,9", intake="all", weight="71,5")
    chain.clock.forward(minutes=9)
    whole = {**CALM, "n-symptoms": "sort de chez elle", "f-caregiver": "sa fille est fatiguée", "sure": "yes"}
    assert sheet.sends("close", **whole, outcome="none", words="À rappeler vendredi").status_code == 303
    where = f"/patients/{marie.id}/contacts/{sheet.contact().id}"
    assert f'href="{where}"' in claire.get(f"/patients/{marie.id}/timeline?kind=calls").text
    page = said(claire.get(where))
    for told in ("Prévu à mar. 24 nov., 10 h 00", "Commencé à mar. 24 nov., 10 h 07", "Clos à mar. 24 nov., 10 h 16", "9 minutes"):
        assert told in page, page
    for told in ("Poids 71,5 kg", "sa fille est fatiguée", "Pas demandé : sort de chez elle", "Rien à faire", "À rappeler vendredi"):
        assert told in page, page
    refused = claire.post(f"{where}/retime", data={"minutes": "0", "why": "raccroché tard"})
    assert refused.status_code == 422 and 'value="raccroché tard"' in refused.text
    assert claire.post(f"{where}/retime", data={"minutes": "6", "why": "raccroché tard"}).status_code == 303
    assert "6 minutes · durée corrigée : raccroché tard" in said(sign_in(world.lebon).get(where))
