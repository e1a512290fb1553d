"""What is particular to one patient, on screen: an exception decided and ended, a medicine, a result, marks (point 3 and 8)."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.alerts.models import Alert, Task
from app.checkins.models import AssessmentRow
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import outbox
from app.messaging.outbox import Purpose
from app.people.models import Patient
from app.protocols import versions
from app.protocols.models import ProtocolVersion
from app.treatment.models import Measure, OtherMedicine, PatientOverride
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the protocols of Monday are in force."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def lebon(sign_in: SignIn, world: World) -> TestClient:
    return sign_in(world.lebon)


@pytest.fixture
def paul(sign_in: SignIn, world: World) -> TestClient:
    return sign_in(world.paul)


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


EXCEPTION = {"threshold": "fever", "at": "37,6", "reason": "Splénectomie : fièvre plus basse.", "ends_on": "2026-12-10"}
RESULT = {"kind": "platelets", "value": "40", "unit": "G/L", "lln": "150", "uln": "400", "day": "2026-11-25", "hour": "08:30"}


def test_a_doctor_decides_an_exception_and_ends_it(lebon: TestClient, database: Database, morning: Morning) -> None:
    where = f"/patients/{morning.jean.id}/particulars"
    assert lebon.post(f"{where}/override", data=EXCEPTION).status_code == 303
    text = lebon.get(where).text
    assert "37,6 °C" in text and "fever" not in text, "a threshold is named as a person reads it"
    assert "Splénectomie : fièvre plus basse." in text
    assert "Dr Aurore Lebon" in text
    assert "Changer un seuil" not in text

    with database.reading() as session:
        row = session.scalars(select(PatientOverride)).one()
    assert lebon.post(f"{where}/end", data={"id": str(row.id)}).status_code == 303
    assert "1 exception terminée" in lebon.get(where).text


def test_the_history_lists_both_values_who_when_and_why(lebon: TestClient, database: Database, morning: Morning) -> None:
    """FR-06: while it holds, and once it has ended, to whoever opens the page."""
    where = f"/patients/{morning.jean.id}/particulars"
    lebon.post(f"{where}/override", data=EXCEPTION)
    with database.reading() as session:
        row = session.scalars(select(PatientOverride)).one()
        before = versions.load(session.get_one(ProtocolVersion, row.base_id)).thresholds["fever"].at
    both = f"{before.normalize():f}".replace(".", ",") + " °C avant, 37,6 °C depuis"
    standing = html.unescape(lebon.get(where).text)
    lebon.post(f"{where}/end", data={"id": str(row.id)})
    for page in (standing, html.unescape(lebon.get(where).text)):
        assert both in page.replace("\u202f", " ").replace("\u00a0", " ")
        assert "Dr Aurore Lebon" in page
        assert EXCEPTION["reason"] in page.replace("\u202f", " ").replace("\u00a0", " ")
        assert "25 nov. 2026" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": ""}, "Écrivez le motif"),
        ({"ends_on": "2027-11-01"}, "90 jours au plus"),
        ({"at": "beaucoup"}, "Écrivez le nouveau nombre"),
        ({"threshold": ""}, "Choisissez le nombre"),
        ({"threshold": "floor_fever", "at": "39"}, "never_mute"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    lebon: TestClient, database: Database, morning: Morning, change: dict[str, str], sentence: str
) -> None:
    answer = lebon.post(f"/patients/{morning.jean.id}/particulars/override", data=EXCEPTION | change)

    assert answer.status_code == 422
    assert sentence in answer.text
    with database.reading() as session:
        assert session.scalars(select(PatientOverride)).all() == []


def test_a_nurse_reads_exceptions_and_decides_none(claire: TestClient, morning: Morning) -> None:
    where = f"/patients/{morning.jean.id}/particulars"
    assert "Changer un seuil" not in claire.get(where).text
    assert claire.post(f"{where}/override", data=EXCEPTION).status_code == 403


def test_a_medicine_is_recorded_judged_and_stopped(claire: TestClient, database: Database, morning: Morning) -> None:
    where = f"/patients/{morning.jean.id}/particulars"
    done = claire.post(f"{where}/medicine", data={"code": "coumarin", "first_on": "2026-10-01"})
    assert done.status_code == 303 and "Médicament inscrit." in claire.get(done.headers["location"]).text
    assert "Antivitamine K" in claire.get(where).text
    with database.reading() as session:
        row = session.scalars(select(OtherMedicine)).one()
        judged = session.scalars(select(AssessmentRow).order_by(AssessmentRow.id.desc())).first()
        assert judged is not None
        assert "coumarin" in judged.inputs["exposures"]

    wrong = claire.post(f"{where}/stopped", data={"id": str(row.id), "last_on": "2030-01-01"})
    assert wrong.status_code == 422 and wrong.text.count("autofocus") == 1
    assert f'id="stopped_{row.id}" name="last_on" type="date" class="short" value="2030-01-01"' in wrong.text
    assert claire.post(f"{where}/stopped", data={"id": str(row.id), "last_on": "2026-11-10"}).status_code == 303
    assert claire.post(f"{where}/medicine", data={"code": "sugar", "first_on": "demain"}).status_code == 422


def test_a_result_typed_in_is_judged_at_once(claire: TestClient, database: Database, morning: Morning) -> None:
    where = f"/patients/{morning.jean.id}/particulars"
    assert claire.post(f"{where}/measure", data=RESULT).status_code == 303
    with database.reading() as session:
        row = session.scalars(select(Measure).where(Measure.kind == "platelets")).one()
        assert (str(row.value), row.unit, str(row.lln)) == ("40.0000", "G/L", "150.0000")
        alert = session.scalars(select(Alert).where(Alert.patient_id == morning.jean.id)).one()
        assert alert.level in ("high", "urgent")
    assert claire.post(f"{where}/measure", data=RESULT | {"hour": ""}).status_code == 422
    assert claire.post(f"{where}/measure", data=RESULT | {"value": "about 40"}).status_code == 422


def test_a_refused_value_is_seen_and_a_kept_one_is_said_back(claire: TestClient, database: Database, morning: Morning) -> None:
    """Everything wrong is said at once at the head of the form, the page opens at the first field, and what was typed is still there."""
    where = f"/patients/{morning.jean.id}/particulars"
    fresh = claire.get(where).text
    assert 'id="measure_hour" name="hour" type="time" value="10:00"' in fresh and 'value="2026-11-25"' in fresh, (
        "now, on the patient's wall"
    )
    assert 'id="kept"' not in fresh and "autofocus" not in fresh

    wrong = html.unescape(
        claire.post(f"{where}/measure", data=RESULT | {"kind": "weight", "value": "615", "unit": "mmHg", "hour": ""}).text
    )
    form = wrong.split('id="value"')[1].split("</form>")[0].replace("\u202f", " ").replace("\u00a0", " ")
    assert "Rien n'est gardé. 2 points sont à corriger :" in form and 'role="alert"' in form
    assert '<a href="#measure_unit">Donnez cette mesure en kg.</a>' in form and '<a href="#measure_hour">Écrivez le jour' in form
    assert wrong.count("autofocus") == 1 and 'name="unit" type="text" value="mmHg"' in form.split("autofocus")[0]
    assert 'value="615"' in form and '<option value="weight" selected>' in form

    done = claire.post(
        f"{where}/measure", data=RESULT | {"kind": "weight", "value": "61,5", "unit": "", "hour": "09:10", "lln": "", "uln": ""}
    )
    told = said(claire.get(done.headers["location"]))
    assert "Résultat gardé : Poids 61,5 kg , mer. 25 nov., 9 h 10." in told, told[told.index("Résultat gardé") :][:80]
    assert "L'alerte déjà ouverte le reste : cette valeur n'en ouvre pas d'autre." in told
    with database.reading() as session:
        number = session.scalars(select(Measure.id).where(Measure.kind == "weight")).one()
    elsewhere = f"/patients/{morning.marie.id}/particulars?kept=measure&value={number}"
    assert "61,5" not in claire.get(elsewhere).text, "another patient's value"


def test_a_blood_pressure_is_one_entry_judged_once_and_its_task_is_linked(claire: TestClient, database: Database, morning: Morning) -> None:
    """190/120: two measures of one instant in their own unit, one thing to do, and the page leads to it."""
    where = f"/patients/{morning.jean.id}/particulars"
    pressure = {"kind": "systolic", "value": "190/120", "unit": "mmHg", "day": "2026-11-25", "hour": "09:30"}
    turned = claire.post(f"{where}/measure", data=pressure | {"value": "80/120"})
    assert turned.status_code == 422 and "le plus grand nombre" in turned.text
    limited = claire.post(f"{where}/measure", data=pressure | {"lln": "90", "uln": "140"})
    assert limited.status_code == 422 and "chaque nombre à part" in limited.text
    done = claire.post(f"{where}/measure", data=pressure)
    page = claire.get(done.headers["location"])
    with database.reading() as session:
        rows = session.scalars(select(Measure).where(Measure.kind.in_(("systolic", "diastolic"))).order_by(Measure.id)).all()
        task = session.scalars(select(Task).where(Task.kind == "result_to_read")).one()
        assert [(row.kind, int(row.value), row.unit, row.taken_at) for row in rows] == [
            ("systolic", 190, "mm[Hg]", rows[0].taken_at),
            ("diastolic", 120, "mm[Hg]", rows[0].taken_at),
        ]
    told = page.text.split('id="kept"')[1].split("</div>")[0]
    assert "<b>190 mmHg</b>" in told.replace("\u202f", " ") and "<b>120 mmHg</b>" in told and f'href="/tasks/{task.id}"' in told


def test_marks_on_the_record(claire: TestClient, database: Database, morning: Morning) -> None:
    where = f"/patients/{morning.jean.id}/particulars"
    assert claire.post(f"{where}/cautions", data={"stoma": "yes", "diabetes": "yes"}).status_code == 303
    with database.reading() as session:
        assert session.get_one(Patient, morning.jean.id).cautions == ["stoma", "diabetes"]


def test_the_secretary_reads_and_changes_nothing(paul: TestClient, morning: Morning) -> None:
    where = f"/patients/{morning.jean.id}/particulars"
    assert paul.get(where).status_code == 200
    assert paul.post(f"{where}/cautions", data={"stoma": "yes"}).status_code == 403
    assert paul.post(f"{where}/nothing", data={}).status_code == 404


# --- The alert beside it --------------------------------------------------------------------------------------------------------------


def test_the_panel_keeps_three_numbers_apart_and_names_the_exception(
    lebon: TestClient, claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """A laboratory grade with its version, a clinician's, the exception in words; the patient's scores stay under their own name."""
    where = f"/patients/{morning.jean.id}/particulars"
    assert lebon.post(f"{where}/override", data=EXCEPTION).status_code == 303
    grade = {"term": "Fatigue", "version": "6.0", "grade": "2", "onset_day": "", "note": ""}
    assert claire.post(f"/patients/{morning.jean.id}/grades", data=grade).status_code == 303
    few = RESULT | {"kind": "neutrophils", "value": "0,3", "lln": "1,8", "uln": "7,5"}
    assert claire.post(f"{where}/measure", data=few).status_code == 303
    with database.reading() as session:
        alert = session.scalars(select(Alert).where(Alert.patient_id == morning.jean.id)).one()
        judged = alert.assessment_id
    text = claire.get(f"/alerts/{alert.id}").text

    assert "Grade CTCAE v5.0 (laboratoire, 0-4)" in text
    assert "Neutropénie" in text and "Neutrophil count decreased" not in text
    assert "Grade CTCAE (clinicien, 0-5)" in text
    assert "CTCAE 6.0" in text
    assert "Exception pour ce patient" in text
    assert "Exception en cours" in text
    assert "Splénectomie" in claire.get(f"/assessments/{judged}").text


def test_what_the_patient_was_told_is_shown_with_its_guideline(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    with database.transaction() as session:
        row = session.scalars(select(AssessmentRow).where(AssessmentRow.patient_id == morning.jean.id).order_by(AssessmentRow.id)).all()[-1]
        jean = session.get_one(Patient, morning.jean.id)
        outbox.queue(
            session,
            key="care_fatigue",
            purpose=Purpose.ADVICE,
            dedup_key="advice",
            patient=jean,
            checkin_id=row.checkin_id,
            now=clock.now(),
        )
    text = claire.get(f"/alerts/{morning.tiredness.id}").text

    assert "Conseil donné au patient" in text
    assert "Fatigue : alternez repos courts" in text


def test_a_draft_is_a_draft_wherever_it_is_followed(claire: TestClient, database: Database, morning: Morning) -> None:
    """Outside the demo nobody begins on one; a patient who is on one all the same is seen to be."""
    with database.transaction() as session:
        session.execute(update(ProtocolVersion).values(depth="draft"))
    assert "Brouillon" in claire.get(f"/patients/{morning.jean.id}").text
    assert "Brouillon" in claire.get(f"/alerts/{morning.tiredness.id}").text
