"""HZ-01: a danger written in a question to a doctor, or in the answer, raises an urgent alert; a patient in danger is asked about now."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import answering, asking, handling
from app.alerts.answering import Decision
from app.alerts.models import Alert, AlertState, DoctorAnswer, DoctorRequest
from app.alerts.reasons import Reason
from app.checkins.rhythm import freezing, ordered, staying
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.web.doctor import danger
from tests.app.web.conftest import SignIn
from tests.factories import World, a_course, a_patient
from triage.terms import Level

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
CHEST = "Douleur dans la poitrine et essoufflee depuis ce matin"


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock) -> Patient:
    """Wednesday 10:00, nothing is open for Marie."""
    clock.at = TEN
    with database.transaction() as session:
        return a_patient(session, world, now=TEN)


def _ask(claire: TestClient, marie: Patient, **typed: str) -> int:
    answer = claire.post(f"/patients/{marie.id}/ask", data={"question": "Poursuivre ?", "level": "moderate", **typed})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].removeprefix("/requests/"))


def _open(database: Database, marie: Patient) -> list[tuple[str, list[Any], list[Any]]]:
    """Of each open alert: its level, the dangers, the words in its story."""
    with database.reading() as session:
        found = session.scalars(select(Alert).where(Alert.patient_id == marie.id, Alert.state != AlertState.CLOSED))
        return [
            (
                one.level,
                [event.detail["dangers"] for event in one.events if event.detail.get("dangers")],
                [event.detail["note"] for event in one.events if event.kind == "note"],
            )
            for one in found
        ]


def _row(database: Database, number: int) -> DoctorRequest:
    with database.reading() as session:
        return session.get_one(DoctorRequest, number)


def test_a_danger_in_the_question_is_told_at_once(database: Database, claire: TestClient, marie: Patient) -> None:
    number = _ask(claire, marie, question=CHEST)
    assert _open(database, marie) == [("urgent", [["chest_pain", "dyspnea"]], [CHEST])]
    row = _row(database, number)
    assert (row.level, row.respond_by) == ("urgent", TEN + timedelta(minutes=15))
    page = claire.get(f"/requests/{number}").text
    assert "Signes de danger dans ces mots" in page and "Une alerte est ouverte" in page


def test_asking_about_an_open_danger_leaves_the_patient_s_words_and_is_no_second_report(
    database: Database, world: World, claire: TestClient, marie: Patient, clock: HandClock
) -> None:
    """Marie's chest hurts; Claire asks what to do. The list keeps Marie's words. A danger that nobody had told raises as before."""
    with database.transaction() as session:
        reason = Reason("danger", Level.URGENT, {"dangers": ["chest_pain"], "said": "jai mal dans la poitrine"})
        handling.consider(session, service=world.service, patient=session.get_one(Patient, marie.id), reason=reason, now=TEN)

    def row() -> str:
        text = re.sub(r"<[^>]+>", " ", html.unescape(claire.get("/list").text)).replace("\u202f", " ").replace("\xa0", " ")
        return re.sub(r"\s+", " ", text.split("HOARAU Marie")[1])

    clock.forward(minutes=5)
    number = _ask(claire, marie, question="Douleur dans la poitrine sous capécitabine, que faire ?")
    assert "jai mal dans la poitrine" in row() and "sous capécitabine" not in row() and "à nouveau" not in row()
    assert [dangers for _, dangers, _ in _open(database, marie)] == [[["chest_pain"]]]
    assert (_row(database, number).level, "Signes de danger" in claire.get(f"/requests/{number}").text) == ("urgent", True)
    _ask(claire, marie, question="Et fièvre 39 depuis une heure ?")
    assert _open(database, marie)[0][1] == [["chest_pain"], ["fever"]] and "à nouveau" in row()


def test_what_the_nurse_added_to_what_changed_is_heard(database: Database, claire: TestClient, marie: Patient) -> None:
    number = _ask(claire, marie, changed="Tablettes prises.\nToux et fievre 38.6 ce matin")
    [(level, dangers, _)] = _open(database, marie)
    assert (level, dangers, _row(database, number).level) == ("urgent", [["fever"]], "urgent")


def test_a_calm_question_opens_nothing(database: Database, claire: TestClient, marie: Patient) -> None:
    number = _ask(claire, marie, question="Pas de fièvre, pas d'essoufflement : poursuivre ?")
    assert _open(database, marie) == [] and _row(database, number).level == "moderate"
    assert "Signes de danger dans ces mots" not in claire.get(f"/requests/{number}").text


def test_a_program_is_heard_like_the_screen(database: Database, api: TestClient, marie: Patient) -> None:
    asked = api.post(f"/patients/{marie.id}/requests", json={"question": "Continuer ?", "changed": CHEST, "by": "claire"})
    assert (asked.status_code, asked.json()["level"]) == (201, "urgent")
    assert [level for level, _, _ in _open(database, marie)] == ["urgent"]


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        ("Elle me dit avoir 39 de fièvre.", ["urgent"]),
        ("Continuer ; si fièvre ou essoufflement, appeler le 15.", []),
        ("En cas de douleur thoracique, appeler le 15.", []),
        ("Appelez le 15 si cela revient.", []),
        ("Elle doit appeler le SAMU. Surveiller la fièvre ; ECG pour la douleur thoracique.", []),
        ("Appelez le 15. Je l'ai eue : elle saigne, 38.6 ce matin.", ["urgent"]),
    ],
)
def test_a_danger_in_the_answer_is_heard_and_an_order_for_later_is_not(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, words: str, levels: list[str]
) -> None:
    number = _ask(claire, marie)
    sent = sign_in(world.lebon).post(f"/requests/{number}/answer", data={"answer": "continue", "words": words})
    assert sent.status_code == 303
    assert [level for level, _, _ in _open(database, marie)] == levels
    assert all(notes == [words] for _, _, notes in _open(database, marie))


def _in_danger(database: Database, world: World, marie: Patient) -> int:
    with database.transaction() as session:
        reason = Reason("danger", Level.URGENT, {"dangers": ["dyspnea"]})
        alert = handling.consider(session, service=world.service, patient=marie, reason=reason, now=TEN)
        assert alert is not None
        return alert.id


def test_a_patient_in_danger_is_asked_about_now(database: Database, world: World, claire: TestClient, marie: Patient) -> None:
    _in_danger(database, world, marie)
    row = _row(database, _ask(claire, marie))
    assert (row.level, row.respond_by) == ("urgent", TEN + timedelta(minutes=15))


def test_to_continue_in_an_open_danger_takes_a_tick(
    database: Database, world: World, claire: TestClient, sign_in: SignIn, marie: Patient
) -> None:
    """Nobody spoke to Marie: one tick more, and the words stay. Called since, told another answer since, it takes one still."""
    number = _ask(claire, marie)
    alert = _in_danger(database, world, marie)
    lebon = sign_in(world.lebon)
    assert "Signes de danger encore ouverts" in lebon.get(f"/requests/{number}").text
    typed = {"answer": "continue", "words": "Poursuivre sans changement."}
    refused = lebon.post(f"/requests/{number}/answer", data=typed)
    assert refused.status_code == 422 and "Poursuivre sans changement." in refused.text and 'name="sure"' in refused.text
    assert _row(database, number).answer == ""
    with database.transaction() as session:
        handling.take(session, alert, by=viewer_of(world.claire), now=TEN)
        handling.call_logged(session, alert, by=viewer_of(world.claire), now=TEN, reached=True, whom="patient", words="Respire mieux.")
        other = asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question="Voir ?", level="urgent", alert_id=alert).id
        ordered.answer(session, other, Decision(DoctorAnswer.SEE_TODAY), by=viewer_of(world.lebon), now=TEN)
        answering.tell(session, other, by=viewer_of(world.claire), now=TEN, reached=True, words="Venez à 15 h.")
    page = _text(lebon, f"/requests/{number}")
    assert "Signes de danger encore ouverts : essoufflement" in page and "L'alerte n'est pas close." in page
    assert lebon.post(f"/requests/{number}/answer", data=typed).status_code == 422
    with database.transaction() as session:
        handling.close(session, alert, by=viewer_of(world.claire), now=TEN, outcome="advice", words="Respire bien.")
    assert "Signes de danger encore ouverts" not in _text(lebon, f"/requests/{number}")
    assert lebon.post(f"/requests/{number}/answer", data=typed).status_code == 303


def test_a_grave_value_takes_the_tick_and_a_high_symptom_does_not(database: Database, world: World, marie: Patient) -> None:
    """Neutrophils graded 3 that a rule made high, jaundice, diarrhoea: of the last alone is a doctor not stopped."""
    for detail, stands in (({"values": [[{"kind": "anc"}]]}, True), ({"dangers": ["jaundice"]}, True), ({"rules": ["diarrhea"]}, False)):
        with database.transaction() as session:
            reason = Reason("assessment", Level.HIGH, dict(detail))
            alert = handling.consider(session, service=world.service, patient=marie, reason=reason, now=TEN)
            assert alert is not None and (danger.standing(session, marie.id) is alert) is stands, detail
            alert.state = AlertState.CLOSED


@pytest.mark.parametrize("answer", [{"answer": "hold_until", "until": "open"}, {"answer": "stop", "why": "DPD", "sure": "yes"}])
def test_what_takes_tablets_away_beside_an_urgent_alert_is_told_as_soon(
    database: Database, world: World, claire: TestClient, sign_in: SignIn, marie: Patient, answer: dict[str, str]
) -> None:
    """Asked calmly; the danger came after. To continue keeps the delay of the question: two hours, as asked."""
    with database.transaction() as session:
        a_course(session, world, marie, now=TEN)
    number, calm = _ask(claire, marie, level="high"), _ask(claire, marie, level="high", question="Un peu de paracétamol ?")
    _in_danger(database, world, marie)
    lebon = sign_in(world.lebon)
    assert lebon.post(f"/requests/{calm}/answer", data={"answer": "continue", "sure": "yes"}).status_code == 303
    assert lebon.post(f"/requests/{number}/answer", data=answer).status_code == 303
    for one, level, after in ((number, "urgent", 30), (calm, "high", 120)):
        row = _row(database, one)
        assert (row.level, row.respond_by) == (level, TEN + timedelta(minutes=after))


def test_to_continue_at_home_says_that_the_stay_in_hospital_stands(
    database: Database, world: World, claire: TestClient, sign_in: SignIn, marie: Patient
) -> None:
    """On the doctor's form, then on the page to tell; ended, on neither."""
    number, lebon, away = _ask(claire, marie), sign_in(world.lebon), "Séjour à l'hôpital toujours ouvert : messages gelés."
    assert away not in _text(lebon, f"/requests/{number}")
    with database.transaction() as session:
        by = {"by": viewer_of(world.claire).actor, "now": TEN}
        stay = freezing.record(session, session.get_one(Patient, marie.id), absences.HOSPITAL, from_day=TEN.date(), reason="Chute", **by).id
    form = _text(lebon, f"/requests/{number}").split('name="answer" value="continue"')[1].split("</form>")[0]
    page = f"/patients/{marie.id}/stays/{stay}"
    assert away in form and f'href="{page}"' in form and lebon.get(page).status_code == 200
    assert lebon.post(f"/requests/{number}/answer", data={"answer": "continue"}).status_code == 303
    assert away in _text(claire, f"/requests/{number}")
    with database.transaction() as session:
        staying.end(session, session.get_one(Patient, marie.id), stay, how="home", reason="Sortie", said_by="Elle", **by)
    assert away not in _text(claire, f"/requests/{number}")


def test_a_stale_page_says_who_wrote_the_doctor_s_answer_down(
    database: Database, world: World, claire: TestClient, sign_in: SignIn, marie: Patient
) -> None:
    """Dr Lebon told Claire by telephone; her page, opened before, still offers the six answers."""
    number = _ask(claire, marie)
    typed = {"answer": "see_today", "doctor": str(world.lebon.id), "said_at": "09:58"}
    assert claire.post(f"/requests/{number}/telephone", data=typed).status_code == 303
    late = sign_in(world.lebon).post(f"/requests/{number}/answer", data={"answer": "continue"})
    said = html.unescape(late.text).replace("\u202f", " ").replace("\xa0", " ")
    assert late.status_code == 409 and f"Noté par {world.claire.name}" in said and f"réponse de {world.lebon.name}" in said
    assert "a répondu à cette demande" not in said


def _text(client: TestClient, address: str) -> str:
    return html.unescape(client.get(address).text).replace("\u202f", " ").replace("\xa0", " ")


def test_who_was_spoken_to_before_this_alert_is_said_where_nobody_was_since(
    database: Database, world: World, claire: TestClient, sign_in: SignIn, marie: Patient, clock: HandClock
) -> None:
    """Reached at 10:00 and sent to emergency at 10:05; she writes again at 10:10. The doctor and the nurse read it."""
    first = _in_danger(database, world, marie)
    with database.transaction() as session:
        by = viewer_of(world.luc)
        handling.take(session, first, by=by, now=TEN)
        handling.call_logged(session, first, by=by, now=TEN, reached=True, whom="patient", words="Respire mal.")
        then = TEN + timedelta(minutes=5)
        handling.close(session, first, by=by, now=then, outcome="sent_to_emergency", words="SAMU parti.")
    clock.forward(minutes=10)
    _in_danger(database, world, marie)
    form = _text(claire, f"/patients/{marie.id}/ask")
    known = f"par {world.luc.name} : Envoyé aux urgences. Patient ou proche joint"
    assert known in form and "« SAMU parti. »" in form
    page = _text(sign_in(world.lebon), f"/requests/{_ask(claire, marie)}")
    red, below = page.split("Signes de danger encore ouverts")[1].split("<h2>Ce qui est connu</h2>")
    assert "depuis cette alerte ; avant elle" in red and known in red and "Personne n'a encore parlé" not in red
    assert known in below and f'href="/alerts/{first}"' in below


def test_the_tick_is_enough(database: Database, world: World, claire: TestClient, sign_in: SignIn, marie: Patient) -> None:
    number = _ask(claire, marie)
    _in_danger(database, world, marie)
    sent = sign_in(world.lebon).post(f"/requests/{number}/answer", data={"answer": "continue", "sure": "yes"})
    assert sent.status_code == 303 and _row(database, number).answer == "continue"
