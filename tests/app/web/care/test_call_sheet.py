"""The call sheet: a planned call from the list to its outcome, saved half-way, graded, judged (COA-1 to COA-4, AMA-3, AMA-4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import DoctorRequest
from app.care.contact_models import Contact
from app.care.models import Enrolment, PlannedCall
from app.checkins.models import AnswerRow, AssessmentRow
from app.people.models import Patient
from app.treatment.models import ClinicianGrade, Measure
from tests.app.web.care.conftest import TUESDAY_TEN
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.factories import World
from tests.support.chain import MARIE, Chain

CALM = {"f-identity_checked": "yes", "f-answers": "patient", "f-new_medicines": "no", "f-autonomy": "ps1", "f-basic_needs": "fine"}


class Sheet:
    """One nurse with the telephone at her ear."""

    def __init__(self, browser: TestClient, chain: Chain, patient: Patient) -> None:
        self.browser, self.chain, self.patient = browser, chain, patient
        self.who = f"patient:{patient.id}"

    def page(self) -> str:
        answer = self.browser.get(f"/patients/{self.patient.id}/call")
        assert answer.status_code == 200, answer.text
        return answer.text

    def begins(self, **values: str) -> int:
        return self.browser.post(f"/patients/{self.patient.id}/call/begin", data={"direction": "outgoing", **values}).status_code

    def hidden(self) -> dict[str, Any]:
        page = self.page()
        found = {name: re.search(rf'name="{name}"[^>]*value="(\d+)"', page) for name in ("contact", "checkin")}
        stamp = re.search(r'name="stamp" form="sheet" value="(\d+)"', page)
        assert stamp is not None
        blocks = re.findall(r'name="block" form="sheet" value="(\w+)"', page)
        return {name: match[1] for name, match in found.items() if match} | {"stamp": stamp[1], "who": self.who, "block": blocks}

    def sends(self, act: str, **values: Any) -> Any:
        return self.browser.post(f"/patients/{self.patient.id}/call/{act}", data={**self.hidden(), **values})

    def answers(self, **given: str) -> None:
        for key, value in given.items():
            data = {"checkin": self.hidden()["checkin"], "who": self.who, "key": key, "value": value}
            assert self.browser.post(f"/patients/{self.patient.id}/call/answer", data=data).status_code == 303, key

    def contact(self) -> Contact:
        with self.chain.read() as session:
            return session.scalars(select(Contact).where(Contact.patient_id == self.patient.id).order_by(Contact.id.desc()).limit(1)).one()


def call_of(chain: Chain, enrolment: Enrolment) -> PlannedCall:
    with chain.read() as session:
        return session.scalars(
            select(PlannedCall).where(PlannedCall.enrolment_id == enrolment.id).order_by(PlannedCall.due_at).limit(1)
        ).one()


def test_a_planned_call_from_the_list_to_closed_under_a_written_protocol(
    claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment
) -> None:
    """COA-2, COA-3, AMA-3, AMA-4, AMA-6: with an hour, begun from the list, half kept, closed whole, timed, the call done."""
    chain.until(TUESDAY_TEN)
    call = call_of(chain, coach)
    page = said(claire.get("/calls"))
    assert "10 h 00" in page.replace("\u202f", " ")
    assert "HOARAU Marie" in page

    sheet = Sheet(claire, chain, marie)
    assert sheet.begins(call=str(call.id)) == 303
    assert "Appel sortant" in said(claire.get(f"/patients/{marie.id}/call"))
    assert sheet.sends("save", **{"f-autonomy": "ps1", "n-weight": "pas de balance"}).status_code == 303
    assert sheet.sends("save", block="support", **{"f-caregiver": "fatiguée"}).status_code == 303  # one block alone, as while typing
    chain.clock.forward(minutes=4)
    page = sheet.page()  # come back later: what was typed stands
    assert re.search(r'value="ps1" checked', page)
    assert 'value="pas de balance"' in page
    assert "fatiguée</textarea>" in page

    sheet.answers(
        diarrhea="2", stools="2", mouth_sores="0", hand_foot="0", temperature="37,1", nausea="0", vomiting="0", fatigue="0", intake="all"
    )
    chain.clock.forward(minutes=5)
    refused = sheet.sends("close", **CALM, outcome="level_1", protocol_ref="", **{"n-weight": "pas de balance", "term-0": "Diarrhea"})
    assert refused.status_code == 422
    told = said(refused)
    assert "Tout ce qui est écrit est gardé" in told
    assert "Choisissez le protocole écrit" in told
    assert sheet.contact().state == "draft"
    assert sheet.contact().form["symptoms"] == [{"term": "Diarrhea", "grade": "", "since": ""}]  # kept, though it cannot close

    whole = {**CALM, "n-weight": "pas de balance", "term-0": "Diarrhea", "grade-0": "1", "since-0": "2026-11-23", "sure": "yes"}
    done = sheet.sends("close", **whole, outcome="level_1", protocol_ref="diarrhoea", words="Conseils donnés, rappel demain")
    assert (done.status_code, done.headers.get("location")) == (303, "/calls"), said(done)
    contact = sheet.contact()
    assert (contact.state, contact.outcome, contact.protocol_ref, contact.seconds) == ("closed", "level_1", "diarrhoea", 540)
    assert contact.form["temperature"] == "37.1"  # asked once, by the protocol's own question
    assert call_of(chain, coach).state == "done"
    with chain.read() as session:
        assert [(row.term, row.grade) for row in session.scalars(select(ClinicianGrade))] == [("Diarrhea", 1)]
        assert {(row.kind, str(row.value.normalize())) for row in session.scalars(select(Measure))} == {("temperature", "37.1")}
        assert session.scalar(select(AnswerRow.source).where(AnswerRow.key == "diarrhea")) == "call"
    assert "Aujourd'hui : Aucun appel prévu." in said(claire.get("/calls"))


def test_a_colleague_is_told_and_takes_over_what_was_half_filled(
    claire: TestClient, sign_in: SignIn, chain: Chain, marie: Patient, coach: Enrolment, world: World
) -> None:
    """Leaving and coming back, or a colleague resuming, loses nothing."""
    chain.until(TUESDAY_TEN)
    mine = Sheet(claire, chain, marie)
    mine.begins(call=str(call_of(chain, coach).id))
    mine.sends("save", **{"f-caregiver": "sa fille est fatiguée"})
    luc = Sheet(sign_in(world.luc), chain, marie)
    assert "Claire Payet a une fiche ouverte" in said(luc.browser.get(f"/patients/{marie.id}/call"))
    number = str(mine.contact().id)
    assert luc.browser.post(f"/patients/{marie.id}/call/take-over", data={"contact": number}).status_code == 303
    assert "sa fille est fatiguée" in luc.page()
    stale = claire.post(f"/patients/{marie.id}/call/save", data={"contact": number, "stamp": "2", "who": mine.who})
    assert stale.status_code == 409
    assert luc.contact().form["caregiver"] == "sa fille est fatiguée"


def test_no_call_before_the_visit_but_whoever_telephones_is_answered(
    claire: TestClient, chain: Chain, marie: Patient, world: World
) -> None:
    """COA-1, COA-4: refused with the reason on the page; an incoming call has a caller and a reason, and is no planned call."""
    claire.post(f"/patients/{marie.id}/programmes/propose", data={"programme": "coach"})
    sheet = Sheet(claire, chain, marie)
    assert sheet.begins(direction="incoming", caller="relative", caller_name="Lucie Hoarau", reason="elle vomit") == 303
    page = said(claire.get(f"/patients/{marie.id}/call"))
    assert "Appel entrant" in page
    assert "elle vomit" in page
    done = sheet.sends("close", outcome="none")
    assert (done.status_code, done.headers.get("location")) == (303, "/")
    contact = sheet.contact()
    assert (contact.direction, contact.caller, contact.planned_call_id, contact.outcome) == ("incoming", "relative", None, "none")


def test_what_is_typed_is_judged_beside_its_field_and_a_danger_says_at_once_what_to_say(
    claire: TestClient, chain: Chain, marie: Patient
) -> None:
    """FR-32, HZ-01: before the field is left; nothing is stored, nothing rings."""
    chain.until(TUESDAY_TEN)

    def seen(**values: str) -> str:
        answer = claire.post(f"/patients/{marie.id}/call/seen", data={"checkin": "0", "who": f"patient:{marie.id}", **values})
        assert answer.status_code == 200, answer.text
        return said(answer)

    assert "Aucun" in seen(key="temperature", value="36,9")
    hot = seen(key="temperature", value="39,2")
    assert "Danger : dites ceci maintenant" in hot
    assert "Je préviens l'équipe maintenant" in hot
    assert "essoufflement" in seen(told="elle n'arrive plus à respirer")
    assert seen(key="temperature", value="").strip() == ""
    assert chain.alerts() == []
    with chain.read() as session:
        assert session.scalars(select(AnswerRow)).all() == []


def test_a_secretary_sees_the_calls_and_makes_none(sign_in: SignIn, chain: Chain, marie: Patient, coach: Enrolment, world: World) -> None:
    """CS1-3: the button is absent, and the address refuses too."""
    paul = sign_in(world.paul)
    page = paul.get("/calls").text
    assert "HOARAU" in page
    assert "/call/begin" not in page
    assert paul.post(f"/patients/{marie.id}/call/begin", data={"direction": "outgoing"}).status_code == 403
    assert paul.post(f"/calls/{call_of(chain, coach).id}/move", data={"day": "2026-11-26", "hour": "10:00", "why": "x"}).status_code == 403


def test_a_call_is_moved_with_a_reason_seen_by_everyone(claire: TestClient, chain: Chain, coach: Enrolment) -> None:
    call = call_of(chain, coach)
    refused = claire.post(f"/calls/{call.id}/move", data={"day": "2026-11-26", "hour": "11:30", "why": ""})
    assert refused.status_code == 422
    assert 'value="11:30"' in refused.text
    assert claire.post(f"/calls/{call.id}/move", data={"day": "2026-11-26", "hour": "11:30", "why": "scanner mardi"}).status_code == 303
    page = said(claire.get("/calls")).replace("\u202f", " ")
    assert "11 h 30" in page
    assert "scanner mardi" in page


def test_level_2_names_the_doctor_puts_the_question_in_their_list_and_never_loses_what_was_chosen(
    claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment, world: World
) -> None:
    """AMA-4: the outcome chosen half-way survives an answer given after it; closing asks the doctor in the same breath."""
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    sheet.begins(call=str(call_of(chain, coach).id))
    chosen = {"concluding": "yes", "outcome": "level_2", "doctor_id": str(world.lebon.id), "words": "inquiète", "next_day": "2026-11-26"}
    assert sheet.sends("save", block="outcome", **{**chosen, "next_hour": "09:30"}).status_code == 303
    sheet.answers(diarrhea="3", intake="all", weight="71,5")
    page = sheet.page()
    assert re.search(r'value="level_2" checked', page)
    assert 'value="09:30"' in page

    whole = {**CALM, **chosen, "next_hour": "09:30", "doctor_hour": "09:55", "term-0": "Diarrhea", "grade-0": "not_gradable", "sure": "yes"}
    done = sheet.sends("close", **whole, doctor_question="Faut-il stopper la capécitabine ?")
    assert done.status_code == 303, said(done)
    contact = sheet.contact()
    assert (contact.outcome, contact.doctor_id, contact.words, contact.form["weight"]) == ("level_2", world.lebon.id, "inquiète", "71.5")
    assert contact.form["intakes"] == "all"
    with chain.read() as session:
        request = session.scalars(select(DoctorRequest)).one()
        assert (request.question, request.contact_id, request.doctor_id) == (
            "Faut-il stopper la capécitabine ?",
            contact.id,
            world.lebon.id,
        )
        assert [row.due_at for row in session.scalars(select(PlannedCall).where(PlannedCall.moved_why == "hand"))] == [
            datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
        ]


def test_a_danger_written_in_any_note_is_shown_at_once_and_rings_at_the_close(
    claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment
) -> None:
    """HZ-01: whichever field the nurse writes it in."""
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", caller="relative", reason="sa fille appelle")
    kept = claire.post(
        f"/patients/{marie.id}/call/save",
        data={**sheet.hidden(), "block": "support", "f-caregiver": "elle n'arrive plus à respirer"},
        headers={"HX-Request": "true"},
    )
    assert "essoufflement" in said(kept)
    assert chain.alerts() == []
    refused = sheet.sends("close", outcome="none", **{"f-caregiver": "elle n'arrive plus à respirer"})
    assert refused.status_code == 422  # and the alert did not wait for the rest of the sheet
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    whole = {"outcome": "level_1", "protocol_ref": "diarrhoea", "words": "15 appelé", "f-caregiver": "elle n'arrive plus à respirer"}
    assert sheet.sends("close", **whole).status_code == 303
    assert len(chain.alerts()) == 1
    chain.send()
    assert len([text for text in chain.texts_to(MARIE) if text.purpose == "safety"]) == 1


def test_why_somebody_telephones_is_searched_for_danger_before_anything_is_asked(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-01: a family doctor is in haste; whatever becomes of the sheet, an urgent alert holds the words, once."""
    sheet = Sheet(claire, chain, marie)
    assert sheet.begins(direction="incoming", caller="gp", reason="Fièvre 38,9 ce matin, elle n'arrive plus à respirer") == 303
    (alert,) = chain.alerts()
    assert (alert.level, alert.kind, alert.state) == ("urgent", "danger", "new")
    panel = said(claire.get(f"/alerts/{alert.id}"))
    assert "essoufflement" in panel
    words, story = panel.split("Ses mots")[1].split("Déroulé")
    assert words.count("elle n'arrive plus à respirer") == story.count("elle n'arrive plus à respirer") == 1
    refused = sheet.sends("close", outcome="none")
    assert refused.status_code == 422
    assert "Choisissez infirmière sous protocole, ou médecin" in said(refused)
    asked = {"outcome": "level_2", "doctor_id": str(chain.world.lebon.id), "doctor_hour": "10:00"}
    assert sheet.sends("close", **asked, doctor_order="Rappelée, envoyée aux urgences").status_code == 303
    assert [(one.id, one.state) for one in chain.alerts()] == [(alert.id, "new")]
    assert "Rappelée, envoyée aux urgences" in said(claire.get(f"/alerts/{alert.id}"))


def test_each_thing_is_asked_once_and_a_refused_sheet_opens_at_the_list_of_all_that_is_missing(
    claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment
) -> None:
    """Who answers is chosen above the questions, weight and doses are the protocol's own; what is missing of them is said beside them."""
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    sheet.begins(call=str(call_of(chain, coach).id))
    page = sheet.page()
    assert said(claire.get(f"/patients/{marie.id}/call")).count("Qui répond") == 2  # the block of the identity, and the one choice
    assert 'name="f-answers"' not in page
    assert page.count("Poids") == 0
    assert "Prises depuis le dernier contact" not in page
    sheet.answers(temperature="36,9")
    refused = sheet.sends("close", **{**CALM, "f-identity_checked": ""}, outcome="none", sure="yes").text
    listed = re.findall(r'<li><a href="#([^"]+)">', refused.split('id="missing"')[1].split("</ol>")[0])
    assert listed[0] == "f-identity_checked"
    assert {"q-weight", "q-intake"} <= set(listed)
    assert all(f'id="{at}"' in refused for at in listed)  # each leads to its field
    assert refused.count("autofocus") == 1
    assert (
        refused.index('id="q-weight"') < refused.index('id="f-weight-error"') < refused.index("</section>", refused.index('id="q-weight"'))
    )
    sheet.answers(intake="all", weight="71,5")
    assert sheet.sends("close", **CALM, outcome="none", sure="yes", **{"n-symptoms": "tout demandé"}).status_code == 303
    assert (sheet.contact().form["answers"], sheet.contact().form["weight"], sheet.contact().form["intakes"]) == ("patient", "71.5", "all")


def test_whoever_answers_is_told_to_the_form(claire: TestClient, chain: Chain, marie: Patient) -> None:
    sheet = Sheet(claire, chain, marie)
    sheet.begins(direction="incoming", caller="gp", reason="ordonnance")
    sheet.sends("save")
    assert sheet.contact().form["answers"] == "professional"


def test_a_call_that_told_a_danger_never_ends_in_nothing(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    """AMA-4, HZ-01: the level on the page is the level that is kept, and the outcome answers it, with words."""
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    sheet.begins(call=str(call_of(chain, coach).id))
    sheet.answers(temperature="39,1", diarrhea="0", intake="all", weight="71,5")
    with chain.read() as session:
        assert session.scalars(select(AssessmentRow.level).order_by(AssessmentRow.id.desc())).first() == "urgent"
    assert "Urgent Cette fiche se ferme par une action sous protocole ou par le médecin" in said(claire.get(f"/patients/{marie.id}/call"))
    whole = {**CALM, "sure": "yes"}
    refused = sheet.sends("close", **whole, outcome="none")
    assert refused.status_code == 422
    assert "une alerte urgente est ouverte" in said(refused)
    asked = {"outcome": "level_2", "doctor_id": str(chain.world.lebon.id), "doctor_hour": "10:00", "n-symptoms": "tout demandé"}
    silent = sheet.sends("close", **whole, **asked, words=" ")
    assert silent.status_code == 422
    assert "Écrivez ce qui a été fait" in said(silent)
    done = sheet.sends("close", **whole, **asked, words="Vue aux urgences à 11 h")
    assert done.status_code == 303, said(done)
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_a_calm_call_with_no_alert_open_still_ends_in_nothing(claire: TestClient, chain: Chain, marie: Patient, coach: Enrolment) -> None:
    """HZ-23: the rule is for what is grave alone."""
    chain.until(TUESDAY_TEN)
    sheet = Sheet(claire, chain, marie)
    sheet.begins(call=str(call_of(chain, coach).id))
    sheet.answers(temperature="36,9", diarrhea="0", intake="all", weight="71,5")
    done = sheet.sends("close", **CALM, outcome="none", sure="yes", **{"n-symptoms": "tout demandé"})
    assert done.status_code == 303, said(done)


def test_a_call_about_an_appointment_raises_nothing(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-23."""
    Sheet(claire, chain, marie).begins(direction="incoming", caller="relative", reason="changer l'heure du rendez-vous de jeudi")
    assert chain.alerts() == []
