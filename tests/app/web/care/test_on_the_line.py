"""Somebody is on the telephone: what is typed is kept without a button, whose words they are, what a danger makes the nurse say."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.care.models import Enrolment
from app.checkins.models import AnswerRow
from app.messaging.models import Message
from app.people import respondents
from app.people.models import Patient
from app.people.perimeter import viewer_of
from tests.app.web.care.conftest import TUESDAY_TEN
from tests.app.web.care.test_call_sheet import CALM, Sheet
from tests.app.web.test_nurse import said
from tests.support.chain import Chain


def field(page: str, name: str) -> str:
    """What stands in a field of the page."""
    found = re.search(rf'id="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def words_label(page: str) -> str:
    found = re.search(r'<label for="told">([^<]*)', page)
    assert found is not None
    return found[1].strip()


def test_a_number_that_cannot_stand_is_kept_as_typed_until_it_is_put_right(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: 394 for 39,4. Left, it is found again beside its sentence, the call does not close over it, and it is no answer."""
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", reason="ordonnance")
    typed = {"checkin": "0", "who": sheet.who, "key": "temperature", "value": "394"}
    assert claire.post(f"/patients/{marie.id}/call/answer", data=typed).status_code == 422
    page = sheet.page()
    assert field(page, "v-temperature") == "394"
    assert 'id="value-error-temperature"' in page
    with chain.read() as session:
        assert session.scalars(select(AnswerRow)).all() == []
    refused = sheet.sends("close", outcome="none")
    assert refused.status_code == 422
    assert 'href="#q-temperature"' in refused.text.split('id="missing"')[1].split("</ol>")[0]
    assert sheet.contact().state == "draft"
    sheet.answers(temperature="39,4")
    assert field(sheet.page(), "v-temperature") == ""
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_a_number_taken_away_does_not_come_back(claire: TestClient, chain: Chain, marie: Patient) -> None:
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    typed = {"checkin": "0", "who": sheet.who, "key": "weight", "value": "715"}
    claire.post(f"/patients/{marie.id}/call/answer", data={**typed, "key": "temperature"})
    assert field(sheet.page(), "v-temperature") == "715"
    assert claire.post(f"/patients/{marie.id}/call/answer", data={**typed, "key": "temperature", "value": ""}).status_code == 303
    assert field(sheet.page(), "v-temperature") == ""


def test_a_note_that_holds_a_danger_rings_when_the_page_is_left(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: whoever leaves the sheet half filled may not come back to close it. Once for the call."""
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", reason="ordonnance")
    left = {**sheet.hidden(), "block": "support", "f-caregiver": "elle n'arrive plus à respirer", "leaving": "yes"}
    left.pop("stamp")
    for _ in range(2):
        assert claire.post(f"/patients/{marie.id}/call/save", data=left, headers={"HX-Request": "true"}).status_code == 200
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    with chain.read() as session:
        assert len(session.scalars(select(Message).where(Message.body == "elle n'arrive plus à respirer")).all()) == 1


def test_all_that_keeps_a_call_from_closing_is_said_at_once(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    """A grade, a new medicine, a number with a slip, half an hour agreed, the note of a danger: one refusal, then none."""
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    sheet.begins()
    sheet.answers(temperature="39,1", diarrhea="2", intake="all")
    claire.post(f"/patients/{marie.id}/call/answer", data={"checkin": "0", "who": sheet.who, "key": "weight", "value": "7155"})
    typed = {"f-new_medicines": "yes", "term-0": "Diarrhea", "outcome": "level_1", "next_day": "2026-11-26", "next_hour": ""}
    refused = sheet.sends("close", **typed).text
    listed = refused.split('id="missing"')[1].split("</ol>")[0]
    places = re.findall(r'<li><a href="#([^"]+)">', listed)
    wanted = {"f-identity_checked", "f-symptoms", "q-weight", "protocol_ref", "next_day", "words", "f-new_medicines_which"}
    assert wanted <= set(places), wanted - set(places)
    nothing = sheet.sends("close", **{**typed, "outcome": "none"}).text.split('id="missing"')[1].split("</ol>")[0]
    assert {"outcome-none", "words"} <= set(re.findall(r'href="#([^"]+)"', nothing))  # the note too, before another outcome is chosen
    sheet.answers(weight="71,5")
    whole = {**CALM, "term-0": "Diarrhea", "grade-0": "1", "sure": "yes", "outcome": "level_1", "protocol_ref": "diarrhoea"}
    done = sheet.sends("close", **whole, words="Envoyée aux urgences")
    assert done.status_code == 303, said(done)


def test_where_whoever_telephones_can_be_rung_back_is_kept(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: the line drops; the number that the daughter gave is among those to call, on the sheet, the alert and the file."""
    asked = {"q": "Hoarau", "number": "06 39 98 77 66", "caller": "relative", "reason": "papa a mal dans la poitrine"}
    found = claire.post("/calls/incoming/find", data=asked).text
    form = found.split(f'action="/patients/{marie.id}/call/begin"')[1].split("</form>")[0]
    typed = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert claire.post(f"/patients/{marie.id}/call/begin", data=typed).status_code == 303
    (alert,) = chain.alerts()
    for page in (f"/patients/{marie.id}/call", f"/alerts/{alert.id}", f"/patients/{marie.id}"):
        assert 'href="tel:0639987766"' in claire.get(page).text and "qui a appelé : rappeler ici" in said(claire.get(page)), page


def test_a_danger_in_the_reason_is_said_at_once_on_the_sheet(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: the daughter must not hang up unadvised; what is said is what a fever of 39,2 makes the nurse say."""
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", caller="relative", reason="elle n'arrive plus à respirer")
    page = said(claire.get(f"/patients/{marie.id}/call"))
    assert page.index("Danger : dites ceci maintenant") < page.index("Appel entrant")
    assert "le 15" in page.split("Danger : dites ceci maintenant")[1].split("Danger entendu")[0]
    assert "essoufflement" in page.split("Danger entendu")[1]
    (alert,) = chain.alerts()
    assert f'href="/alerts/{alert.id}"' in sheet.page()


def test_the_head_of_the_sheet_says_what_is_taken_and_which_day_it_is(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Nobody asks about tablets without their name, dose and day in sight."""
    head = said(claire.get(f"/patients/{marie.id}/call")).split("Qui répond")[0]
    assert "apécitabine" in head
    assert re.search(r"\d+ mg", head)
    assert re.search(r"cycle \d+, jour \d+", head), head


def test_a_reason_that_is_no_danger_makes_nobody_say_anything(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-23."""
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", caller="relative", reason="changer l'heure du rendez-vous")
    assert 'id="warned"' not in sheet.page()


def test_a_relative_who_telephones_is_the_one_whose_words_are_kept(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-10: named on the way in, she is on the sheet, in what it keeps and in the file; a relative without a name may be anybody's."""
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", caller="relative", caller_name="Lucie", reason="maman est fatiguée")
    page = sheet.page()
    assert words_label(page) == "Avec ses mots (Lucie Hoarau (fille))"
    speaker = re.search(r'name="who" value="([^"]+)"', page)
    assert speaker is not None
    assert speaker[1].startswith("respondent:")
    sheet.who = speaker[1]
    sheet.sends("words", told="elle dort mal")
    sheet.sends("save")
    assert sheet.contact().form["answers"] == "relative"
    assert "Lucie Hoarau (fille)" in said(claire.get(f"/patients/{marie.id}/call")).split("Gardé à")[1]


@pytest.mark.parametrize("name", ["Paul Grondin", ""])
def test_a_relative_nobody_declared_is_never_the_patient(claire: TestClient, chain: Chain, marie: Patient, name: str) -> None:
    """HZ-10: her brother is not on the file, and a neighbour gave no name: offered as such, their words and the form say so."""
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", caller="relative", caller_name=name, reason="maman est fatiguée")
    assert words_label(sheet.page()) == "Avec ses mots (un proche, non déclaré)"
    sheet.who = f"relative:{marie.id}"
    assert sheet.sends("words", told="elle dort mal").status_code == 303
    with chain.read() as session:
        message = session.scalars(select(Message).where(Message.body == "elle dort mal")).one()
    assert (message.reading or {})["said_by"] == f"relative:{marie.id}"
    sheet.sends("save")
    assert sheet.contact().form["answers"] == "relative"


def test_where_a_relative_answers_the_call_is_hers_unless_somebody_says_otherwise(claire: TestClient, chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        lucie = patient.respondents[0]
        respondents.answered_by(session, patient, lucie.id, by=viewer_of(chain.world.claire).actor, now=chain.clock.now())
    sheet = Sheet(claire, chain, marie)
    assert re.search(r'<option value="relative" selected', sheet.page())
    sheet.begins(direction="incoming", reason="maman est fatiguée")  # from the page of calls, where nobody said who it was
    assert sheet.contact().caller == "relative"
    assert "Lucie" in words_label(sheet.page())


def test_a_danger_told_by_somebody_unknown_is_said_at_once_and_can_be_rung_back(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: an urgent alert with its link, what to tell the caller now, where to ring back as they said it, never the service's name."""
    call = {"q": "Zitouni, sa fille", "reason": "son père n'arrive plus à respirer"}
    answer = claire.post("/calls/incoming/unknown", data=call)
    (alert,) = chain.alerts()
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calls?rang={alert.id}")
    page = claire.get(f"/calls?rang={alert.id}")
    notice = page.text.replace("\xa0", " ").split('class="care-rang" role="alert"')[1].split("</section>")[0]
    assert f'href="/alerts/{alert.id}"' in notice
    assert "Danger : dites ceci maintenant" in notice
    assert "le 15 ou le 112" in notice
    assert 'name="number"' in notice
    assert claire.post(f"/calls/incoming/{alert.id}/number", data={"number": "06 39 98 poste 12"}).status_code == 303
    assert "06 39 98 poste 12" in said(claire.get(f"/calls?rang={alert.id}"))
    panel = said(claire.get(f"/alerts/{alert.id}"))
    assert "06 39 98 poste 12 l'appelant" in panel
    assert "Appelant inconnu" in panel
    assert "Aucun patient actif n'a ce numéro" not in panel
    listed = said(claire.get("/list"))
    assert "Appelant inconnu" in listed
    assert "Zitouni, sa fille : son père n'arrive plus à respirer" in listed
    assert "Oncologie médicale" not in listed
    handed = said(claire.get("/handover"))
    line = handed[handed.index("Appelant inconnu") :][:300]
    assert "« Zitouni, sa fille : son père n'arrive plus à respirer »" in line


def test_a_number_given_with_the_call_is_the_one_to_ring_back(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """In any format: one that can be read is the number of the row; another stands as it was typed."""
    call = {"q": "Belkacem, sa fille", "reason": "sa mère vomit du sang", "number": "06 39 98 77 66"}
    claire.post("/calls/incoming/unknown", data=call)
    (alert,) = chain.alerts()
    assert alert.subject == "number:+33639987766"
    assert "Belkacem, sa fille : sa mère vomit du sang" in said(claire.get(f"/alerts/{alert.id}"))
    assert "+33 6 39 98 77 66" in said(claire.get(f"/calls?rang={alert.id}"))
    claire.post("/calls/incoming/unknown", data={**call, "reason": "veut parler de son traitement", "number": "0639 98"})
    handed = said(claire.get("/handover"))
    assert "veut parler de son traitement" in handed[handed.rindex("Appelant inconnu") :][:300]
    task = re.search(r'href="(/tasks/\d+)"', claire.get("/list").text)
    assert task is not None
    assert "0639 98 l'appelant" in said(claire.get(task[1]))


def test_the_notice_of_an_unknown_call_shows_no_other_alert(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """The address names an alert: one of a patient, or of nobody, says nothing here."""
    Sheet(claire, chain, marie).begins(direction="incoming", caller="relative", reason="elle n'arrive plus à respirer")
    (alert,) = chain.alerts()
    for number in (alert.id, 9999):
        assert "care-rang" not in claire.get(f"/calls?rang={number}").text
