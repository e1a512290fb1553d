"""What comes after a doctor's answer and before it is told: said on top of the page, in the list, and ticked by whoever tells."""

from __future__ import annotations

import html
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from app.alerts import answering, asking, handling, since_answer, tasks
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest
from app.alerts.reasons import Reason
from app.checkins.rhythm import ordered
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.treatment.models import Hold
from tests.app.web.conftest import TEN, SignIn
from tests.app.web.ward import text
from tests.factories import World
from triage.terms import Level

POTASSIUM = {"kind": "potassium", "value": "7.4", "unit": "mmol/L", "taken_at": "2026-11-25T09:12:00+01:00", "grade": 4, "version": "5.0"}
SODIUM = {**POTASSIUM, "kind": "sodium", "value": "124", "grade": 3}
CONTINUE = Decision(DoctorAnswer.CONTINUE, "RAS.")
OPEN = Decision(DoctorAnswer.HOLD_UNTIL, "Bilan d'abord.")
LESS = Decision(DoctorAnswer.REDUCE_TO, "Palier.", dose_mg=Decimal(1000), strengths=(Decimal(500),))
SEE = Decision(DoctorAnswer.SEE_TODAY)


def _answered(database: Database, world: World, marie: Patient, decision: Decision, now: datetime) -> int:
    with database.transaction() as session:
        asked = asking.ask(session, marie, by=viewer_of(world.claire), now=now, question=f"{decision} ?", level="moderate")
        return ordered.answer(session, asked.id, decision, by=viewer_of(world.lebon), now=now).id


def _grave(database: Database, marie: Patient, now: datetime) -> None:
    """Potassium of grade 4: an urgent alert; sodium of grade 3: to be read today."""
    with database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        handling.consider(
            session, service=patient.service, patient=patient, reason=Reason("result", Level.URGENT, {"result": POTASSIUM}), now=now
        )
        made = {"service_id": patient.service_id, "patient_id": patient.id, "detail": {"result": SODIUM}}
        tasks.make(session, kind="result_to_read", key="result_to_read:1", now=now, **made)  # type: ignore[arg-type]  # fields by name


def _text(answer: object) -> str:
    return html.unescape(answer.text).replace("\u202f", " ").replace("\xa0", " ")  # type: ignore[attr-defined]  # a response


def test_a_grave_result_after_the_answer_is_on_top_and_takes_a_tick(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """To continue, answered at 10:00; potassium 7.4 and sodium 124 arrive at 10:08: nobody says "continue" without having read it."""
    number = _answered(database, world, marie, CONTINUE, TEN)
    address, told = f"/requests/{number}", {"whom": "patient", "reached": "yes", "words": "Vous continuez."}
    assert 'name="sure"' not in claire.get(address).text and "Du nouveau" not in _text(claire.get("/"))
    clock.forward(minutes=8)
    _grave(database, marie, clock.at)
    with database.transaction() as session:
        for said, at in (("Ca va mal", TEN - timedelta(minutes=5)), ("Je vomis du sang", clock.at)):
            text(session, world, marie, said, at=at, reading={"dangers": ["bleeding"]})
    for reader in (claire, sign_in(world.lebon)):
        top = _text(reader.get(address)).split("<blockquote")[0]
        assert "Depuis cette réponse, à 10 h 08 : Potassium 7,4 mmol/L" in top and "alerte ouverte (Urgent)" in top
        assert 'href="/alerts/1"' in top and "Résultat à lire : Sodium 124" in top and 'href="/tasks/1"' in top
    captions = [one.split("</figcaption>")[0] for one in _text(claire.get(address)).split("<figcaption")[1:]]
    assert ["écrit après cette réponse" in one for one in captions] == [True, False]
    assert "Du nouveau depuis cette réponse · Dr Aurore Lebon : continuer" in _text(claire.get("/"))
    with database.transaction() as session:  # closing them tells the doctor nothing
        handling.take(session, 1, by=viewer_of(world.claire), now=clock.at)
        handling.close(session, 1, by=viewer_of(world.claire), now=clock.at, outcome="advice", words="Rappelée.", spoke_to="patient")
        tasks.close(session, 1, by=viewer_of(world.claire), now=clock.at, words="Lu.")
    assert "Du nouveau depuis cette réponse · Dr Aurore Lebon : continuer" in _text(claire.get("/"))
    refused = claire.post(f"{address}/tell", data=told)
    assert refused.status_code == 422 and "Vous continuez." in refused.text and "cochez la ligne" in _text(refused)
    tick = _text(refused).split('name="sure"')[1].split("</label>")[0]
    assert "Potassium 7,4" in tick and "Sodium 124" in tick and "HOARAU Marie" in tick
    assert claire.post(f"{address}/tell", data={**told, "reached": "no"}).status_code == 303, "a call in vain says nothing"
    assert claire.post(f"{address}/tell", data={**told, "sure": "yes"}).status_code == 303
    assert "Depuis cette réponse" not in _text(claire.get(address))


@pytest.mark.parametrize(("decision", "ticks"), [(CONTINUE, True), (LESS, True), (OPEN, False), (SEE, False)])
def test_only_what_gives_tablets_takes_the_tick_and_only_for_something_grave(
    database: Database, world: World, marie: Patient, clock: HandClock, decision: Decision, ticks: bool
) -> None:
    """A moderate report after the answer asks for none; a danger asks for one wherever tablets are given."""
    number = _answered(database, world, marie, decision, TEN)
    clock.forward(minutes=8)
    for level, needed in ((Level.MODERATE, False), (Level.HIGH, ticks)):
        with database.transaction() as session:
            patient = session.get_one(Patient, marie.id)
            handling.consider(session, service=patient.service, patient=patient, reason=Reason("danger", level, {}), now=clock.at)
        with database.reading() as session:
            assert since_answer.takes_a_tick(session, session.get_one(DoctorRequest, number), clock.at) is needed


def test_a_dose_said_by_telephone_is_confirmed_with_what_came_since(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """Reduce, said at 9:50 and written at 10:00; potassium 7.4 at 10:08: the doctor reads it before the dose holds."""
    with database.transaction() as session:
        asked = asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question="Réduire ?", level="moderate").id
    said = {"doctor": str(world.lebon.id), "said_at": "09:50", "answer": "reduce_to", "dose_mg": "1000", "words": "Deux tiers."}
    assert claire.post(f"/requests/{asked}/telephone", data=said).status_code == 303
    clock.forward(minutes=8)
    _grave(database, marie, clock.at)
    lebon = sign_in(world.lebon)
    assert "Depuis cette réponse, à 10 h 08 : Potassium 7,4" in _text(lebon.get(f"/requests/{asked}")).split("<blockquote")[0]
    refused = lebon.post(f"/requests/{asked}/confirm")
    assert refused.status_code == 422 and "Je confirme cette réponse malgré : Potassium 7,4" in _text(refused)
    assert claire.post(f"/requests/{asked}/confirm", data={"sure": "yes"}).status_code == 403
    assert lebon.post(f"/requests/{asked}/confirm", data={"sure": "yes"}).status_code == 303
    with database.reading() as session:
        assert session.get_one(DoctorRequest, asked).answer == "reduce_to"


def test_an_answer_to_continue_that_another_order_forbids_is_not_said_unread(
    database: Database, claire: TestClient, world: World, marie: Patient, clock: HandClock
) -> None:
    """Two doctors: "continue" at 10:00, held until further notice at 10:05. The first is still to be told."""
    number = _answered(database, world, marie, CONTINUE, TEN)
    clock.forward(minutes=5)
    held = _answered(database, world, marie, OPEN, clock.at)
    page = _text(claire.get(f"/requests/{number}")).split("<blockquote")[0]
    assert "Traitement suspendu jusqu'à nouvel avis par une autre décision" in page
    with pytest.raises(Refusal, match="stands against this answer"), database.transaction() as session:
        answering.tell(session, number, by=viewer_of(world.claire), now=clock.at, reached=True, words="Continuez.")
    assert "par une autre décision" not in _text(claire.get(f"/requests/{held}"))


def test_of_a_stopped_treatment_the_form_says_so_before_and_an_older_continue_is_not_said_unread(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """Two doctors: "continue" at 10:00, stopped at 10:05. The next question says by whom, and where a slip is corrected."""
    number = _answered(database, world, marie, CONTINUE, TEN)
    clock.forward(minutes=5)
    stop = _answered(database, world, marie, Decision(DoctorAnswer.STOP, "Toxicité."), clock.at)
    top = _text(claire.get(f"/requests/{number}")).split("<blockquote")[0]
    assert "Traitement arrêté le mer. 25 nov. 2026 par Dr Aurore Lebon : cette réponse fait prendre" in top
    assert f'href="/requests/{stop}"' in top
    with pytest.raises(Refusal, match="stands against this answer"), database.transaction() as session:
        answering.tell(session, number, by=viewer_of(world.claire), now=clock.at, reached=True, words="Continuez.")
    assert claire.post(f"/requests/{number}/tell", data={"reached": "yes", "words": "Arrêt.", "sure": "yes"}).status_code == 303
    with database.transaction() as session:
        again = asking.ask(session, marie, by=viewer_of(world.claire), now=clock.at, question="Et là ?", level="moderate").id
    lebon = sign_in(world.lebon)
    for reader in (lebon, claire):
        page = _text(reader.get(f"/requests/{again}"))
        assert "Le traitement est arrêté le mer. 25 nov. 2026 par Dr Aurore Lebon" in page and f"/requests/{stop}#correct" in page
    page = _text(lebon.get(f"/requests/{again}"))
    assert "Continuer sans changement" not in page and "Réduire à cette dose" not in page and "Laisser arrêté" in page
    refused = lebon.post(f"/requests/{again}/answer", data={"answer": "continue", "words": "RAS bilan."})
    assert refused.status_code == 422 and "RAS bilan." in refused.text
    assert f"Le traitement a été arrêté le mer. 25 nov. 2026 par Dr Aurore Lebon (D{stop})" in _text(refused), "no raw date"
    assert "ne peut plus être continué" not in _text(lebon.get(f"/requests/{stop}")), "corrected, it runs again"
    lebon.post(f"/requests/{again}/answer", data={"answer": "stop", "words": "Paracétamol.", "sure": "yes"})
    assert "laisser le traitement arrêté" in _text(claire.get("/")) or "Laisser le traitement arrêté" in _text(
        claire.get(f"/requests/{again}")
    )


HELD = Decision(DoctorAnswer.HOLD_UNTIL, "Hydratation.", until_day=date(2026, 11, 27))
DOSE = "réduire à 1000 mg par prise (2 de 500 mg), au lieu de 1500 mg (3 de 500 mg)"


@pytest.mark.parametrize(
    ("hold", "said", "brief"),
    [
        (HELD, "suspendu jusqu'au ven. 27 nov. ; à la reprise, le sam. 28 nov. :", "à la reprise le sam. 28 nov. (traitement"),
        (OPEN, "suspendu jusqu'à nouvel avis ; à la reprise :", "à la reprise (traitement suspendu jusqu'à nouvel avis)"),
    ],
)
@pytest.mark.parametrize("hold_first", [True, False])
def test_a_lower_dose_and_a_hold_of_two_answers_are_one_thing_to_tell(
    database: Database,
    claire: TestClient,
    sign_in: SignIn,
    world: World,
    marie: Patient,
    clock: HandClock,
    hold: Decision,
    said: str,
    brief: str,
    hold_first: bool,
) -> None:
    """Whichever of two questions is answered first: no "from today" of a day whose tablets are held; resumed, its day follows."""
    numbers = {}
    for one in (hold, LESS) if hold_first else (LESS, hold):
        numbers[one] = _answered(database, world, marie, one, clock.at)
        clock.forward(minutes=5)
    address = f"/requests/{numbers[LESS]}"
    told = _text(claire.get(address)).split('class="answered"')[1].split("</b>")[0]
    assert f"Traitement {said} {DOSE}" in told and "peut-être" not in told and "mer. 25 nov." not in told
    assert f"réduire à 1000 mg par prise, {brief}" in _text(claire.get("/"))
    assert 'name="sure"' not in claire.get(address).text, "what it says is true: nothing stands against it"
    with database.transaction() as session:
        again = asking.ask(session, marie, by=viewer_of(world.claire), now=clock.at, question="Et là ?", level="moderate").id
    form = _text(sign_in(world.lebon).get(f"/requests/{again}"))
    assert f"Le traitement est {said.split(' ;')[0]} : la" in form and "la nouvelle dose vaut à la reprise" in form
    resumed = Decision(DoctorAnswer.CONTINUE, "Bilan normal.", from_day=date(2026, 11, 26), resume=True)
    with database.transaction() as session:
        ordered.answer(session, again, resumed, by=viewer_of(world.lebon), now=clock.at)
    told = _text(claire.get(address)).split('class="answered"')[1].split("</b>")[0]
    assert f"suspendu jusqu'au mer. 25 nov. ; à la reprise, le jeu. 26 nov. : {DOSE}" in told


def test_a_lower_dose_kept_before_it_named_its_hold_takes_a_tick(
    database: Database, world: World, marie: Patient, clock: HandClock
) -> None:
    """Its day is covered by a hold it does not name: nobody says it unread."""
    number = _answered(database, world, marie, LESS, TEN)
    clock.forward(minutes=5)
    _answered(database, world, marie, OPEN, clock.at)
    with database.transaction() as session:
        old = session.get_one(DoctorRequest, number)
        assert since_answer.forbidden(session, old, clock.at) is None
        old.answer_detail = {**old.answer_detail, "taken_from": "2026-11-25"}
        old.answer_detail = {name: value for name, value in old.answer_detail.items() if name != "held_until"}
        hold = since_answer.forbidden(session, old, clock.at)
        assert isinstance(hold, Hold) and hold.until_day is None
        assert since_answer.takes_a_tick(session, old, clock.at)


def test_a_resumption_said_by_telephone_has_its_day_and_is_confirmed_knowing_the_danger(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """Held to Friday; "again on Saturday" said at 9:50, potassium 7.4 already open: the day is asked of the nurse, shown and kept."""
    _answered(database, world, marie, HELD, TEN - timedelta(minutes=20))
    with database.transaction() as session:
        reason = Reason("result", Level.URGENT, {"result": POTASSIUM})
        handling.consider(
            session, service=world.service, patient=session.get_one(Patient, marie.id), reason=reason, now=TEN - timedelta(minutes=15)
        )
        asked = asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question="Reprendre ?", level="moderate").id
    said = {"doctor": str(world.lebon.id), "said_at": "09:50", "answer": "continue", "resume": "yes", "words": "Samedi."}
    refused = claire.post(f"/requests/{asked}/telephone", data=said)
    assert refused.status_code == 422 and "Écrivez le jour à partir duquel" in _text(refused) and "Samedi." in refused.text
    assert 'name="from_day"' in refused.text
    assert claire.post(f"/requests/{asked}/telephone", data={**said, "from_day": "2026-11-28"}).status_code == 303
    lebon = sign_in(world.lebon)
    page = _text(lebon.get(f"/requests/{asked}"))
    confirm = page.split("/confirm")[1].split("</form>")[0]
    assert "Reprendre le traitement, à partir du sam. 28 nov." in page
    assert "Signes de danger encore ouverts : Potassium 7,4" in confirm and 'name="sure"' in confirm and "ouverts : Urgent" not in page
    assert lebon.post(f"/requests/{asked}/confirm").status_code == 422
    assert lebon.post(f"/requests/{asked}/confirm", data={"sure": "yes"}).status_code == 303
    with database.reading() as session:
        assert session.get_one(DoctorRequest, asked).answer_detail["from_day"] == "2026-11-28"
