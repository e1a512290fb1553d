"""COA-5, AMA-5, FR-07: what the doctor sees and does in a corridor, what the nurse asks, writes down and tells."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling
from app.alerts.models import Alert, DoctorRequest, RequestState
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.treatment import courses, days
from tests.app.web.conftest import TEN, SignIn
from tests.factories import World
from triage.terms import Level


@pytest.fixture
def marie(marie: Patient, database: Database, world: World) -> Patient:
    """Wednesday 10:00, day 3 of capecitabine; Claire has an alert of hers in hand."""
    with database.transaction() as session:
        reason = Reason(kind="assessment", level=Level.HIGH, detail={})
        alert = handling.consider(session, service=world.service, patient=marie, reason=reason, now=TEN)
        assert alert is not None
        handling.take(session, alert.id, by=viewer_of(world.claire), now=TEN)
        return marie


def _ask(database: Database, claire: TestClient, marie: Patient, **typed: str) -> int:
    with database.reading() as session:
        alert = session.scalars(select(Alert.id).where(Alert.patient_id == marie.id)).one()
    data = {"question": "Diarrhée de grade 3 depuis hier : poursuivre ?", "level": "high", "alert": str(alert), "doctor": "", **typed}
    answer = claire.post(f"/patients/{marie.id}/ask", data=data)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].removeprefix("/requests/"))


def _row(database: Database, number: int) -> DoctorRequest:
    with database.reading() as session:
        return session.get_one(DoctorRequest, number)


def _dose(database: Database, marie: Patient) -> tuple[int, bool]:
    """mg of an intake today, and whether tablets are taken today."""
    with database.reading() as session:
        course = courses.running(session, marie.id)
        assert course is not None
        return int(days.dose_on(course, TEN.date()).mg), bool(days.day_of(course, TEN.date()).doses)


def test_from_the_question_to_the_patient_told(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """Claire asks at 10:00; Dr Lebon holds for three days with two presses at 10:20; Claire calls twice and has told at 10:40."""
    form = claire.get(f"/patients/{marie.id}/ask")
    assert form.status_code == 200 and "Dr Aurore Lebon" in form.text
    number = _ask(database, claire, marie)
    clock.forward(minutes=20)
    lebon = sign_in(world.lebon)
    home = lebon.get("/doctor").text
    assert "HOARAU Marie" in home and "Diarrhée de grade 3 depuis hier" in home and "Claire Payet" in home
    page = lebon.get(f"/requests/{number}").text
    assert "capécitabine" in page.lower() and all(
        f'value="{one}"' in page for one in ("continue", "reduce_to", "stop", "see_today", "admit")
    )
    assert _row(database, number).state == RequestState.SEEN
    sent = lebon.post(f"/requests/{number}/answer", data={"answer": "hold_until", "until": "2026-11-27", "words": "Hydratation."})
    assert sent.headers["location"] == f"/doctor?answered={number}"
    assert "Claire Payet le dira au patient" in lebon.get(sent.headers["location"]).text
    assert _dose(database, marie) == (1500, False)
    with database.reading() as session:
        alert = session.scalars(select(Alert).where(Alert.patient_id == marie.id)).one()
        assert (alert.state, alert.owner_id) == ("in_progress", world.claire.id)

    row = claire.get("/").text.replace("\u202f", " ").replace("\xa0", " ")
    assert "Dr Aurore Lebon : suspendre jusqu&#39;au ven. 27 nov." in row, "what, not only that"

    beside = claire.get(f"/patients/{marie.id}/open").text
    assert "<p><q>Hydratation.</q>" in beside and "<p><q>Diarrhée de grade 3" not in beside, "the answer stands there, not the question"
    telling = claire.get(f"/requests/{number}").text
    assert "dernier jour sans comprimés ven. 27 nov." in telling and "Hydratation." in telling
    claire.post(f"/requests/{number}/tell", data={"whom": "patient", "reached": "no"})
    missing = claire.post(f"/requests/{number}/tell", data={"whom": "patient", "reached": "yes", "words": ""})
    assert missing.status_code == 422 and "Écrivez ce qui a été dit" in missing.text
    clock.forward(minutes=20)
    claire.post(f"/requests/{number}/tell", data={"whom": "patient", "reached": "yes", "words": "Plus de comprimés jusqu'à vendredi soir."})
    assert _row(database, number).state == RequestState.TOLD
    told = claire.get(f"/requests/{number}").text
    assert "appelé sans réponse" in told and "jusqu&#39;à vendredi soir" in told


def test_a_dose_is_reduced_with_its_tablets(database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient) -> None:
    number = _ask(database, claire, marie)
    lebon = sign_in(world.lebon)
    typed = {"answer": "reduce_to", "dose_mg": "1100", "strengths": "500", "from_day": "2026-11-25", "words": "Palier 1."}
    refused = lebon.post(f"/requests/{number}/answer", data=typed)
    assert refused.status_code == 422 and 'value="1100"' in refused.text, "what was typed stands there again"
    assert _row(database, number).answer == ""
    lebon.post(f"/requests/{number}/answer", data={**typed, "dose_mg": "1000"})
    assert _dose(database, marie) == (1000, True)
    told = claire.get(f"/requests/{number}").text.replace("\u202f", " ").replace("\xa0", " ").replace("&#39;", "'")
    assert "<b>Réduire à 1000 mg par prise (2 de 500 mg), au lieu de 1500 mg (3 de 500 mg), à partir du mer. 25 nov." in told
    assert "Une prise d'aujourd'hui est peut-être déjà avalée" in told


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("2026-12-08", "à partir du lun. 14 déc."),  # the rest of the first cycle: its next one is planned for the 14th
        ("2026-12-06", "à partir du dim. 6 déc."),
    ],
)
def test_a_reduction_is_told_from_a_day_of_intake(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, first: str, told: str
) -> None:
    """Capecitabine since 23 November, 14 days in 21: a day of rest is no day to open the box. The treatment's page says the same day."""
    number, lebon = _ask(database, claire, marie), sign_in(world.lebon)
    typed = {"answer": "reduce_to", "dose_mg": "1000", "strengths": "500", "from_day": first, "words": "Palier 1."}
    assert lebon.post(f"/requests/{number}/answer", data=typed).status_code == 303
    page = claire.get(f"/requests/{number}").text.replace("\u202f", " ").replace("\xa0", " ").split('class="answered"')[1]
    assert f"(3 de 500 mg), {told}" in page.split("</b>")[0] and "peut-être" not in page.split("</b>")[0]
    assert f"réduire à 1000 mg par prise, {told}" in claire.get("/").text.replace("\u202f", " ").replace("\xa0", " ")
    treatment = lebon.get(f"/patients/{marie.id}/treatment").text.replace("\xa0", " ")
    assert f"Depuis le {told.removeprefix('à partir du ')} 2026 : 1000 mg par prise" in treatment


def test_a_stop_takes_its_reason_from_the_button(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    number = _ask(database, claire, marie)
    lebon = sign_in(world.lebon)
    empty = lebon.post(f"/requests/{number}/answer", data={"answer": "stop", "words": "", "sure": "yes"})
    assert empty.status_code == 422 and "pourquoi le traitement s" in empty.text
    stop = {"answer": "stop", "why": "Progression", "words": ""}
    unsure = lebon.post(f"/requests/{number}/answer", data=stop)
    assert unsure.status_code == 422 and "Cochez la ligne" in unsure.text, "one slip of the thumb ends no treatment"
    lebon.post(f"/requests/{number}/answer", data={**stop, "sure": "yes"})
    with database.reading() as session:
        assert courses.running(session, marie.id) is None
    assert _row(database, number).answer_words == "Progression"


@pytest.mark.parametrize("typed", [{"answer": ""}, {"answer": "hold_until", "until": "day", "until_day": ""}, {"answer": "double"}])
def test_an_answer_left_half_way_is_asked_again(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, typed: dict[str, str]
) -> None:
    number = _ask(database, claire, marie)
    assert sign_in(world.lebon).post(f"/requests/{number}/answer", data=typed).status_code == 422
    assert _row(database, number).state == RequestState.ASKED


def test_a_nurse_decides_no_dose_on_the_screen(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    """She writes what the doctor said; the dose waits for the doctor's own press."""
    number = _ask(database, claire, marie)
    assert claire.post(f"/requests/{number}/answer", data={"answer": "reduce_to", "dose_mg": "1000"}).status_code == 403
    said = {"doctor": str(world.lebon.id), "said_at": "10:00", "answer": "reduce_to", "dose_mg": "1000", "words": "Deux tiers."}
    assert claire.post(f"/requests/{number}/telephone", data=said).status_code == 303
    assert _dose(database, marie) == (1500, True)
    assert "Rien n&#39;est changé" in claire.get(f"/requests/{number}").text
    assert claire.post(f"/requests/{number}/confirm").status_code == 403
    assert _dose(database, marie) == (1500, True)
    lebon = sign_in(world.lebon)
    home = lebon.get("/doctor").text
    assert "1 réponse dite au téléphone" in home and "dit au téléphone, à confirmer" in home
    assert "demande pour vous" not in home, "what waits for a confirmation is no ordinary request"
    done = lebon.post(f"/requests/{number}/confirm")
    assert _dose(database, marie) == (1000, True)
    assert "Réponse confirmée\xa0: réduire" in lebon.get(done.headers["location"]).text


def test_a_hold_said_by_telephone_is_on_the_doctors_page_to_confirm(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    number = _ask(database, claire, marie)
    said = {"doctor": str(world.lebon.id), "said_at": "09:50", "answer": "hold_until", "until": "open", "words": "On arrête."}
    claire.post(f"/requests/{number}/telephone", data=said)
    assert _dose(database, marie) == (1500, False), "the tablets stop at once"
    lebon = sign_in(world.lebon)
    assert "1 parole au téléphone à confirmer" in lebon.get("/doctor").text
    done = lebon.post(f"/requests/{number}/confirm")
    assert "à confirmer" not in lebon.get("/doctor").text
    home = lebon.get(done.headers["location"]).text
    assert "Réponse confirmée\xa0: suspendre" in home and "Réponse envoyée" not in home


def test_a_doctor_lands_on_their_requests_and_a_nurse_on_the_list(sign_in: SignIn, browser: TestClient, world: World) -> None:
    for staff, first in ((world.lebon, "/doctor"), (world.claire, "/")):
        answer = browser.post("/sign-in", data={"login": staff.login, "password": "a long enough password"})
        assert answer.headers["location"] == first
    assert "Rien ne vous attend" in sign_in(world.lebon).get("/doctor").text


def test_the_perimeter_of_a_request(database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient) -> None:
    """A secretary reads and does nothing; for an administrator, who opens no chart, it does not exist; nurses have no such home."""
    number = _ask(database, claire, marie)
    assert claire.get("/doctor").status_code == 403
    paul, alma = sign_in(world.paul), sign_in(world.alma)
    assert paul.get(f"/requests/{number}").status_code == 200
    assert paul.get(f"/patients/{marie.id}/ask").status_code == 403
    for act in ("answer", "confirm", "telephone", "tell", "withdraw"):
        assert paul.post(f"/requests/{number}/{act}", data={"reached": "yes", "words": "x", "reason": "x"}).status_code == 403
        assert alma.post(f"/requests/{number}/{act}", data={"reached": "yes"}).status_code in (403, 404)
    assert alma.get(f"/requests/{number}").status_code in (403, 404)
    assert _row(database, number).state == RequestState.ASKED


def test_the_least_hurried_question_says_and_has_one_working_day(
    database: Database, claire: TestClient, world: World, marie: Patient, clock: HandClock
) -> None:
    """Moderate is the next working day: asked on Friday at three, it is answered by Monday at three, and no word promises "today"."""
    clock.at = TEN + timedelta(days=2, hours=5)
    form = claire.get(f"/patients/{marie.id}/ask").text
    assert "d&#39;ici un jour ouvré" in form and "dans la journée" not in form
    assert _row(database, _ask(database, claire, marie, level="moderate")).respond_by == TEN + timedelta(days=5, hours=5)


def test_a_late_request_says_so(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    _ask(database, claire, marie)
    clock.at = TEN + timedelta(hours=3)
    assert "en retard de 1" in sign_in(world.lebon).get("/doctor").text


def test_an_answer_given_by_a_slip_is_corrected_and_told_again(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    """Stop instead of hold: the link is in the message itself; the nurse reads what she had told wrong."""
    number = _ask(database, claire, marie)
    lebon = sign_in(world.lebon)
    sent = lebon.post(f"/requests/{number}/answer", data={"answer": "stop", "words": "Toxicité.", "sure": "yes"})
    assert f"/requests/{number}#correct" in lebon.get(sent.headers["location"]).text
    claire.post(f"/requests/{number}/tell", data={"whom": "patient", "reached": "yes", "words": "On arrête."})
    typed = {"answer": "hold_until", "until": "2026-11-27", "words": "Hydratation."}
    refused = lebon.post(f"/requests/{number}/correct", data=typed)
    assert refused.status_code == 422 and "ce qui était faux" in refused.text and "Hydratation." in refused.text
    assert claire.post(f"/requests/{number}/correct", data={**typed, "reason": "x"}).status_code == 403
    done = lebon.post(f"/requests/{number}/correct", data={**typed, "reason": "Bouton d'à côté."})
    assert "Réponse corrigée" in lebon.get(done.headers["location"]).text
    assert _dose(database, marie) == (1500, False), "held, not stopped"
    telling = claire.get(f"/requests/{number}").text
    assert "Arrêter le traitement (Dr Aurore Lebon)" in telling and "Claire Payet l&#39;avait dit au patient" in telling
    assert "Bouton d&#39;à côté." in telling and "C&#39;est dit" in telling


def test_a_hold_corrected_into_continue_under_another_hold_asks_like_a_fresh_answer(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    """Held to Friday and told; held until further notice by a second answer, which is then a slip: to continue is to resume, with a day."""
    first = _ask(database, claire, marie)
    lebon = sign_in(world.lebon)
    lebon.post(f"/requests/{first}/answer", data={"answer": "hold_until", "until": "2026-11-27"})
    claire.post(f"/requests/{first}/tell", data={"whom": "patient", "reached": "yes", "words": "Jusqu'à vendredi."})
    then = _ask(database, claire, marie)
    fresh = _continue_form(lebon.get(f"/requests/{then}").text)
    lebon.post(f"/requests/{then}/answer", data={"answer": "hold_until", "until": "open"})
    form = _continue_form(lebon.get(f"/requests/{then}").text)
    for said in (
        'name="resume" value="yes"',
        "continuer, c&#39;est le reprendre",
        'name="from_day" value="2026-11-25"',
        "Reprendre le traitement",
    ):
        assert said in fresh and said in form
    leave = '<button class="quiet wide" name="until" value="2026-11-27">Laisser la suspension, jusqu'
    assert leave in lebon.get(f"/requests/{then}").text and leave not in lebon.get(f"/requests/{first}").text
    plain = {"answer": "continue", "reason": "Trop long.", "words": "RAS"}
    refused = lebon.post(f"/requests/{then}/correct", data=plain)
    assert refused.status_code == 422 and "suspendu jusqu&#39;au" in refused.text and all(f in refused.text for f in ("Trop long.", "RAS"))
    assert "Suspendre, jusqu&#39;à nouvel avis" in claire.get(f"/requests/{then}").text, "the nurse is never told to continue"
    lebon.post(f"/requests/{then}/correct", data={**plain, "resume": "yes", "from_day": "2026-11-25"})
    assert _dose(database, marie) == (1500, True), "resumed: every hold has ended"
    assert "<b>Reprendre le traitement, à partir du" in claire.get(f"/requests/{then}").text
    alone = _ask(database, claire, marie)
    lebon.post(f"/requests/{alone}/answer", data={"answer": "hold_until", "until": "open"})
    assert 'name="resume"' not in _continue_form(lebon.get(f"/requests/{alone}").text), "the only hold is the one taken back"
    stopped = _ask(database, claire, marie, question="Arrêter ?")
    lebon.post(f"/requests/{stopped}/answer", data={"answer": "stop", "words": "Toxicité.", "sure": "yes"})
    assert 'name="resume"' in _continue_form(lebon.get(f"/requests/{stopped}").text), "nothing runs, and the hold before it would be back"


def _continue_form(page: str) -> str:
    return page.split('name="answer" value="continue">')[1].split("</form>")[0]


def test_the_tablets_offered_are_the_patients_own_and_the_call_is_headed_as_one(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    number = _ask(database, claire, marie)
    page = sign_in(world.lebon).get(f"/requests/{number}").text
    assert 'value="500"' in page and "ce que le patient a" in page and "500 ; 150" not in page
    assert "1. Continuer" not in page
    nurse = claire.get(f"/requests/{number}").text
    assert "Réponse du médecin, reçue au téléphone" in nurse and "Votre réponse" not in nurse
