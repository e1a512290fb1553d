"""The tablets of one patient on screen: figures with their definitions, sources that disagree, a box, a count, a cause (FR-32)."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.core.audit import Actor
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient, Staff
from app.treatment import days, intakes
from app.treatment.courses import NewCompanion
from app.treatment.models import Course, IntakeReport
from app.treatment.supply_models import Dispensing, PillCount
from tests.app.web.conftest import SignIn
from tests.factories import World, a_course, a_patient
from triage.calendar import Pattern, next_start

MARIE = Actor("patient", 1, "Marie Hoarau")


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris; cycle 1 began on the 11th."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock) -> Patient:
    """14 intake days from 11 to 24 November; she says she missed two of the first week, and took two in addition."""
    with database.transaction() as session:
        patient = a_patient(session, world, now=clock.now())
        course = a_course(session, world, patient, now=clock.now(), first_intake=date(2026, 11, 11), strengths=(Decimal(500),))
        for on, value in ((date(2026, 11, 17), "missed:2+extra:2"), (date(2026, 11, 24), "all")):
            intakes.report(session, course, patient, value=value, on=on, source="sms", by=MARIE, now=clock.now())
        return patient


def words(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))).replace("\u00a0", " ").replace("\u202f", " ")


def test_missed_extra_and_rest_days_stand_apart_and_every_figure_has_its_definition(claire: TestClient, marie: Patient) -> None:
    """FR-32: 26 correct of 28; two missed, two extra; 2 missed + 2 extra is never 100 %."""
    page = claire.get(f"/patients/{marie.id}").text
    told = words(page)
    assert re.search(r"Oubliées 2 .* En trop 2 .* Un jour de repos non", told)
    assert "92,9 %" in told and "26 sur 28" in told
    assert "PDC, jours de prise aucune boîte notée" in told and "RDI, intensité de dose 100,0 %" in told and "15 jours en cours" in told
    assert page.count("<summary>Définition") == 10
    assert "Les prises en trop ne compensent jamais les oublis." in told
    assert "Une pause n'est pas un arrêt." in told


def test_a_box_and_a_count_that_disagree_are_shown_unresolved(claire: TestClient, marie: Patient, database: Database) -> None:
    """84 tablets, 12 left where none should be: 85.7 % gone; she says 100 %. Nobody is corrected."""
    box = {"on_day": "2026-11-10", "strength_mg": "500", "tablets": "84", "place": "hospital"}
    assert claire.post(f"/patients/{marie.id}/tablets/box", data=box).status_code == 303
    count = {"on_day": "2026-11-24", "tablets_500": "12", "returned_500": "", "source": "photo"}
    assert claire.post(f"/patients/{marie.id}/tablets/count", data=count).status_code == 303
    told = words(claire.get(f"/patients/{marie.id}/tablets").text)
    assert "Quatre sources non résolu" in told and "14,3 points d'écart" in told
    assert "Le patient 100,0 % Comptage 85,7 % Délivrances 100,0 % Bouchon électronique rien" in told
    assert re.search(r"10 nov\S* : 84 comprimés de 500 mg, pharmacie de l'hôpital", told)
    assert "il reste 12 de 500 mg, photo" in told
    with database.reading() as session:
        assert [(r.missed, r.extra) for r in session.scalars(select(IntakeReport).order_by(IntakeReport.id))] == [(2, 2), (0, 0)]


@pytest.fixture
def rose(database: Database, world: World, clock: HandClock) -> Patient:
    """She takes lapatinib beside capecitabine; nobody wrote down which tablets."""
    with database.transaction() as session:
        patient = a_patient(session, world, now=clock.now(), given_names="Rose")
        lapatinib = NewCompanion("lapatinib", Decimal(1250), Pattern(1))
        a_course(session, world, patient, now=clock.now(), first_intake=date(2026, 11, 11), companions=(lapatinib,))
        return patient


def test_a_second_medicine_has_a_page_of_its_own(sign_in: SignIn, world: World, rose: Patient, database: Database) -> None:
    """FR-32: her box of lapatinib is written on its own page and on no other."""
    claire, page = sign_in(world.claire), f"/patients/{rose.id}/tablets"
    box = {"on_day": "2026-11-10", "strength_mg": "250", "tablets": "70", "place": "town", "medicine": "lapatinib"}
    answer = claire.post(f"{page}/box", data=box)
    assert answer.headers["location"] == f"{page}?medicine=lapatinib"
    own = words(claire.get(answer.headers["location"]).text)
    assert "70 comprimés de 250 mg" in own and "Le patient dit ses prises pour tout le traitement" in own
    assert "comprimés de 250 mg" not in words(claire.get(page).text)
    wrong = claire.post(f"{page}/box", data=box | {"tablets": ""})
    assert wrong.status_code == 422 and '<b aria-current="page">Lapatinib</b>' in wrong.text
    with database.reading() as session:
        (row,) = session.scalars(select(Dispensing))
        assert row.companion_id is not None


def test_english_readers_have_the_same_page(sign_in: SignIn, world: World, marie: Patient, database: Database) -> None:
    with database.transaction() as session:
        session.get_one(Staff, world.luc.id).language = "en"
    told = words(sign_in(world.luc).get(f"/patients/{marie.id}/tablets").text)
    assert re.search(r"Missed 2 .* Extra 2 .* On a rest day no", told)
    assert "Correct intakes 92.9 %" in told and "A hold is not a stop." in told and "no box written down" in told


@pytest.mark.parametrize(
    ("act", "typed", "field"),
    [
        ("box", {"on_day": "2026-11-26", "strength_mg": "500", "tablets": "84", "place": "town"}, "box_on_day"),
        ("box", {"on_day": "", "strength_mg": "500", "tablets": "84", "place": "town"}, "box_on_day"),
        ("box", {"on_day": "2026-11-24", "strength_mg": "cinq cents", "tablets": "84", "place": "town"}, "box_strength_mg"),
        ("box", {"on_day": "2026-11-24", "strength_mg": "500", "tablets": "8,5", "place": "town"}, "box_tablets"),
    ],
)
def test_what_cannot_be_comes_back_with_its_sentence(
    claire: TestClient, marie: Patient, database: Database, act: str, typed: dict[str, str], field: str
) -> None:
    answer = claire.post(f"/patients/{marie.id}/tablets/{act}", data=typed)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    with database.reading() as session:
        assert session.scalars(select(Dispensing)).all() == []


@pytest.mark.parametrize("typed", [{"tablets_500": "douze"}, {"tablets_500": ""}, {"tablets_500": "3000"}])
def test_a_count_that_is_no_number_is_not_zero(claire: TestClient, marie: Patient, database: Database, typed: dict[str, str]) -> None:
    """HZ-20: an empty field was not counted; nothing is guessed."""
    answer = claire.post(f"/patients/{marie.id}/tablets/count", data={"on_day": "2026-11-24", "source": "nurse", **typed})
    assert answer.status_code == 422 and "Écrivez le nombre de comprimés" in words(answer.text)
    with database.reading() as session:
        assert session.scalars(select(PillCount)).all() == []


def test_a_cause_of_the_list_is_kept_and_asked_once(claire: TestClient, marie: Patient, database: Database) -> None:
    page = claire.get(f"/patients/{marie.id}/tablets").text
    [number] = re.findall(r'name="report" value="([0-9]+)"', page)
    assert claire.post(f"/patients/{marie.id}/tablets/cause", data={"report": number, "cause": "rien"}).status_code == 422
    assert claire.post(f"/patients/{marie.id}/tablets/cause", data={"report": number, "cause": "side_effect"}).status_code == 303
    told = words(claire.get(f"/patients/{marie.id}/tablets").text)
    assert "effet secondaire" in told and "Pourquoi des prises" not in told


def test_the_secretary_counts_nothing(sign_in: SignIn, world: World, marie: Patient, database: Database) -> None:
    paul = sign_in(world.paul)
    assert paul.post(f"/patients/{marie.id}/tablets/box", data={}).status_code == 403
    with database.reading() as session:
        assert session.scalars(select(Course)).one().holds == []


def test_the_oncologist_changes_the_dose_postpones_and_writes_a_hospital_stay(
    sign_in: SignIn, world: World, marie: Patient, database: Database
) -> None:
    """FR-31: from the 26th 1000 mg, cycle 2 on 9 December instead of the 2nd, two days in hospital.

    The 26th is a day of rest: the page says the first day on which the new dose is taken, as whoever tells it does.
    """
    lebon, address = sign_in(world.lebon), f"/patients/{marie.id}/treatment"
    dose = {"from_day": "2026-11-26", "dose_mg": "1000", "strengths": "500", "reason": "main-pied"}
    assert lebon.post(f"{address}/dose", data={**dose, "strengths": "400"}).status_code == 422
    assert lebon.post(f"{address}/postpone", data={"to_day": "2026-12-02", "reason": "plaquettes"}).status_code == 422
    for act, typed in (
        ("dose", dose),
        ("postpone", {"to_day": "2026-12-09", "reason": "plaquettes"}),
        ("hold", {"from_day": "2026-11-20", "until_day": "2026-11-21", "kind": "hospital", "reason": "fièvre"}),
    ):
        assert lebon.post(f"{address}/{act}", data=typed).status_code == 303, act
    told = words(lebon.get(address).text)
    assert re.search(r"Depuis le mer. 9 déc. 2026 : 1000 mg par prise \( ?2 de 500 mg ?\)", told)
    assert re.search(r"Cycle 2 au .*9 déc. 2026 : plaquettes", told)
    assert "Hôpital. Du" in told
    with database.reading() as session:
        course = session.scalars(select(Course)).one()
        planned = next_start(days.calendar_of(course))
        assert (planned, days.dose_on(course, date(2026, 11, 26)).mg, course.holds[0].kind) == (date(2026, 12, 9), 1000, "hospital")
    chart = words(sign_in(world.claire).get(f"/patients/{marie.id}").text)
    assert "1500 mg × 2 par jour" in chart, "the dose of today, the 25th; tomorrow it is 1000"


def test_the_dose_of_a_second_medicine_is_changed_apart_with_its_own_tablets(
    sign_in: SignIn, world: World, rose: Patient, database: Database
) -> None:
    """Lapatinib from five tablets of 250 mg to four; capecitabine keeps its dose; no strength, no tablets (FR-31)."""
    lebon, address, chart = sign_in(world.lebon), f"/patients/{rose.id}/treatment", f"/patients/{rose.id}"
    page = lebon.get(address).text
    assert re.search(r'<select id="dose_medicine".*<option value="lapatinib"', page, re.S)
    dose = {"medicine": "lapatinib", "from_day": "2026-11-25", "dose_mg": "1000", "reason": "diarrhée"}
    wrong = lebon.post(f"{address}/dose", data={**dose, "strengths": "300"})
    assert (wrong.status_code, 'id="dose_strengths-error"' in wrong.text) == (422, True)
    assert re.search(r'<option value="lapatinib" selected', wrong.text), "what was chosen is still chosen"
    assert lebon.post(f"{address}/dose", data={**dose, "medicine": "aspirine"}).status_code == 422
    assert lebon.post(f"{address}/dose", data={**dose, "strengths": "250"}).status_code == 303
    told = words(lebon.get(address).text)
    assert re.search(r"Lapatinib. Depuis le .*25 nov. 2026 : 1000 mg par prise \( ?4 de 250 mg ?\)", told), told
    with database.reading() as session:
        course = session.scalars(select(Course)).one()
        assert days.dose_on(course, date(2026, 11, 26)).mg == 1500
        assert days.dose_on(course.companions[0], date(2026, 11, 26)).mg == 1000
    assert re.search(r"Lapatinib 1000 mg × 1 par jour \( ?4 de 250 mg ?\)", words(lebon.get(chart).text))
    tablets = words(lebon.get(f"{chart}/tablets", params={"medicine": "lapatinib"}).text)
    assert "Lapatinib 1000 mg × 1 par jour" in tablets and "Capécitabine 1500 mg" not in tablets
    assert lebon.post(f"{address}/dose", data={**dose, "dose_mg": "750"}).status_code == 303
    assert re.search(r"Lapatinib 750 mg × 1 par jour ·", words(lebon.get(chart).text)), "no strength was given: no tablets are made up"
