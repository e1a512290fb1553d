"""A laboratory value, a blood pressure, a medicine written down: judged at once, rung once, recomputed to itself (FR-08, HZ-06)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.checkins.judging import assessing, context, measured
from app.checkins.models import AssessmentRow
from app.core.errors import FieldErrors
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.protocols import looks
from app.treatment import measures, medicines
from app.treatment.models import Course, CourseState, CycleStart
from tests.support.chain import MARIE, Chain
from triage.terms import Answer, Context, Exposure, Measured

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def arrives(chain: Chain, patient: Patient, kind: str, value: str, unit: str = "10*9/L", *, ago: float = 1, **limits: str) -> Alert | None:
    """A value comes from the laboratory, taken so many hours ago."""
    now = chain.clock.now()
    with chain.database.transaction() as session:
        person = session.get_one(Patient, patient.id)
        by = actor_of(chain.world.claire)
        kept: dict[str, Any] = {
            "kind": kind,
            "value": value,
            "unit": unit,
            "taken_at": now - timedelta(hours=ago),
            "source": "lab",
            **limits,
        }
        row = measures.record(session, person, by=by, now=now, **kept)
        return measured.judge(session, person, row, now=now)


def takes(chain: Chain, patient: Patient, code: str, **when: Any) -> Alert | None:
    now = chain.clock.now()
    with chain.database.transaction() as session:
        person = session.get_one(Patient, patient.id)
        days = {"first_on": WEDNESDAY - timedelta(days=9), **when}
        row = medicines.record(session, person, code=code, known=looks.known_medicines(), by=actor_of(chain.world.claire), now=now, **days)
        return measured.judge_medicine(session, person, row, now=now)


def rows(chain: Chain) -> list[AssessmentRow]:
    with chain.read() as session:
        return list(session.scalars(select(AssessmentRow).order_by(AssessmentRow.id)))


def close_alerts(chain: Chain, outcome: str = "advice_given") -> None:
    with chain.database.transaction() as session:
        session.execute(update(Alert).values(state=AlertState.CLOSED, outcome=outcome, closed_at=chain.clock.now()))


def test_few_neutrophils_in_the_first_cycle_are_urgent_at_once(chain: Chain, marie: Patient) -> None:
    """The early DPD window: the alert names the rule, the value and the grade with its version."""
    chain.until(WEDNESDAY_TEN)
    alert = arrives(chain, marie, "Neutrophil count decreased", "0,4")

    assert alert is not None
    assert alert.level == "urgent"
    (row,) = rows(chain)
    assert row.checkin_id is None
    assert row.inputs["only"] == {"measure": "neutrophils"}
    assert {"term": "Neutrophil count decreased", "version": "5.0", "grade": 4, "reason": ""} in row.result["grades"]
    with chain.read() as session:
        detail = session.scalars(select(AlertEvent.detail).where(AlertEvent.kind == "raised")).one()
        assert "fluoropyrimidine-early-neutropenia" in detail["rules"]
        assert list(assessing.mismatches(session)) == []


def test_a_value_no_rule_looks_at_is_kept_and_nothing_else(chain: Chain, marie: Patient) -> None:
    assert arrives(chain, marie, "calcium", "2.3", "mmol/L") is None
    assert rows(chain) == []


def to_read(chain: Chain) -> list[dict[str, Any]]:
    with chain.read() as session:
        return [task.detail["result"] for task in session.scalars(select(Task).where(Task.kind == "result_to_read").order_by(Task.id))]


def test_a_severe_value_that_no_rule_looks_at_is_read_by_a_person_once(chain: Chain, marie: Patient) -> None:
    """Hyperkalaemia by CTCAE v5.0: above 6.0 to 7.0 mmol/L grade 3, above 7.0 grade 4."""
    assert arrives(chain, marie, "potassium", "6.0", "mmol/L", ago=3) is None
    assert to_read(chain) == [], "grade 2"
    for _ in range(2):
        assert arrives(chain, marie, "potassium", "6.9", "mmol/L") is None
    (one,) = to_read(chain)
    assert (one["value"], one["unit"], one["grade"], one["version"]) == ("6.9", "mmol/L", 3, "5.0")


@pytest.mark.parametrize(
    ("kind", "calm", "grave", "unit"),
    [
        ("systolic", "159", "160", "mm[Hg]"),
        ("diastolic", "99", "100", "mm[Hg]"),
        ("weight", "56.1", "56", "kg"),
        ("weight", "83.9", "84", "kg"),
    ],
)
def test_a_grave_measure_of_the_home_is_read_by_a_person_too(
    chain: Chain, marie: Patient, kind: str, calm: str, grave: str, unit: str
) -> None:
    """CTCAE v5.0, grade 3: Hypertension from 160 or 100 mm[Hg], Weight loss and gain from 20 % of the 70 kg before treatment."""
    chain.until(WEDNESDAY_TEN)
    assert arrives(chain, marie, "weight", "70", "kg", ago=24 * 9) is None
    assert arrives(chain, marie, kind, calm, unit, ago=2) is None
    assert to_read(chain) == [], "grade 2"
    for _ in range(2):
        assert arrives(chain, marie, kind, grave, unit) is None
    assert [(one["kind"], one["value"], one["grade"]) for one in to_read(chain)] == [(kind, grave, 3)]


def test_a_value_that_threatens_life_pages_though_no_rule_looks_at_it(chain: Chain, marie: Patient) -> None:
    alert = arrives(chain, marie, "potassium", "7.2", "mmol/L")
    assert alert is not None and (alert.level, alert.kind) == ("urgent", "result")
    again = arrives(chain, marie, "potassium", "7.2", "mmol/L")
    assert again is not None and again.stamp == alert.stamp, "the same value rings once"
    assert to_read(chain) == []


def test_a_value_that_a_rule_made_an_alert_of_is_no_task_beside_it(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    assert arrives(chain, marie, "Neutrophil count decreased", "0,4") is not None
    assert to_read(chain) == []
    with chain.read() as session:
        assert session.scalars(select(Alert.kind)).all() == ["assessment"]


@pytest.mark.parametrize(("kind", "severe", "threatening"), [("platelets", "26", "12"), ("neutrophils", "0.6", "0.3")])
def test_a_value_that_threatens_life_is_urgent_whatever_a_rule_made_of_it(
    chain: Chain, marie: Patient, kind: str, severe: str, threatening: str
) -> None:
    """CTCAE v5.0: platelets < 25, neutrophils < 0.5 are grade 4. The protocol's rule asks for four hours, past the early window."""
    with chain.database.transaction() as session:
        session.execute(update(CycleStart).values(number=5))
    chain.until(WEDNESDAY_TEN)
    first = arrives(chain, marie, kind, severe, ago=2)
    assert first is not None and (first.level, first.kind) == ("high", "assessment"), "grade 3: the rule of the protocol is enough"
    alert = arrives(chain, marie, kind, threatening)
    assert alert is not None and (alert.id, alert.level) == (first.id, "urgent"), "raised, not doubled"
    assert alert.respond_by == WEDNESDAY_TEN + timedelta(minutes=30) and alert.assessment_id == rows(chain)[-1].id
    again = arrives(chain, marie, kind, threatening)
    assert again is not None and again.stamp == alert.stamp, "once"
    assert to_read(chain) == [] and len(chain.alerts()) == 1


def test_who_has_no_treatment_any_more_is_told_of_too(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        session.execute(update(Course).values(state=CourseState.STOPPED, stopped_on=chain.clock.now().date()))
    arrives(chain, marie, "potassium", "6.9", "mmol/L")
    assert [one["grade"] for one in to_read(chain)] == [3]


def test_an_ordinary_value_is_judged_and_nobody_is_called(chain: Chain, marie: Patient) -> None:
    assert arrives(chain, marie, "platelets", "210") is None
    assert [row.level for row in rows(chain)] == ["none"]


def test_an_old_value_does_not_ring_again_because_another_arrives(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    assert arrives(chain, marie, "platelets", "40") is not None
    close_alerts(chain)

    assert arrives(chain, marie, "bilirubin", "12", "umol/L", lln="5", uln="21") is None
    assert arrives(chain, marie, "neutrophils", "3.1") is None  # an alternative of the very rule that rang
    assert chain.alerts() == []


def test_nor_at_the_answers_that_follow(chain: Chain, marie: Patient) -> None:
    """One value, one alarm: the trace keeps saying it, the telephone of the nurse does not."""
    chain.until(WEDNESDAY_TEN)
    assert arrives(chain, marie, "platelets", "40") is not None
    close_alerts(chain)
    assert arrives(chain, marie, "neutrophils", "3.1") is None

    assert chain.says(MARIE, "0 0 0")
    judged = chain.judgements(chain.checkin(marie, WEDNESDAY))
    assert [row.level for row in judged] == ["high"]
    assert chain.alerts() == []


def test_a_lower_value_the_next_day_rings_again(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    assert arrives(chain, marie, "platelets", "40") is not None
    close_alerts(chain)
    chain.wait(hours=24)

    assert arrives(chain, marie, "platelets", "38") is not None


def test_a_patient_who_was_not_reached_is_told_of_again(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    assert arrives(chain, marie, "platelets", "40") is not None
    close_alerts(chain, "not_reached")
    chain.says(MARIE, "0 0 0")

    assert [alert.level for alert in chain.alerts()] == ["high"]


def test_a_worse_answer_still_rings_beside_a_value_already_told(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    assert arrives(chain, marie, "neutrophils", "0.4") is not None  # urgent
    close_alerts(chain)
    said = chain.says(MARIE, "0 2 0")

    assert [alert.level for alert in chain.alerts()] == ["high"]  # what is new, not the urgent of this morning
    assert not said[0].startswith("Appelez")


def test_a_result_older_than_the_last_known_is_history(chain: Chain, marie: Patient) -> None:
    assert arrives(chain, marie, "platelets", "210") is None
    assert arrives(chain, marie, "platelets", "40", ago=30) is None
    assert len(rows(chain)) == 1


def test_a_fever_written_down_is_still_judged_like_an_answer(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    alert = arrives(chain, marie, "temperature", "38.4", "Cel")

    assert alert is not None
    assert alert.level == "urgent"
    assert arrives(chain, marie, "temperature", "39", "Cel", ago=0.5) is not None
    with chain.read() as session:
        assert list(assessing.mismatches(session)) == []


def test_a_blood_pressure_of_crisis_pages(chain: Chain) -> None:
    odette = chain.follow(
        course={"protocol_slug": "sunitinib-28-14", "agent": "sunitinib", "times_per_day": 1, "days_on": 28, "days_off": 14}
    )
    assert arrives(chain, odette, "systolic", "135", "mm[Hg]") is None
    alert = arrives(chain, odette, "diastolic", "125", "mm[Hg]")

    assert alert is not None
    assert alert.level == "urgent"


def test_both_numbers_of_a_pressure_are_judged_once(chain: Chain) -> None:
    """190/125: one judgement that read both, one event of one alert; each alone would ring, and no task is left beside it."""
    odette = chain.follow(
        course={"protocol_slug": "sunitinib-28-14", "agent": "sunitinib", "times_per_day": 1, "days_on": 28, "days_off": 14}
    )
    now, by = chain.clock.now(), actor_of(chain.world.claire)
    with chain.database.transaction() as session:
        person = session.get_one(Patient, odette.id)
        both = [
            measures.record(
                session, person, kind=kind, value=value, unit="mmHg", taken_at=now - timedelta(hours=1), source="screen", by=by, now=now
            )
            for kind, value in measures.written("systolic", "190/125")
        ]
        measured.judge(session, person, both[0], now=now, beside=both[1])
    with chain.read() as session:
        assert [event.kind for event in session.scalars(select(AlertEvent).order_by(AlertEvent.id))] == ["raised"]
        assert session.scalars(select(Alert.level)).one() == "urgent"
        (row,) = session.scalars(select(AssessmentRow)).all()
        assert row.inputs["only"] == {"measure": "systolic", "also": "diastolic"}
        assert list(assessing.mismatches(session)) == []
    assert to_read(chain) == []


def test_brivudine_is_urgent_once(chain: Chain, marie: Patient) -> None:
    """Forbidden with a fluoropyrimidine: told when it is recorded, not at every text of the four weeks after."""
    chain.until(WEDNESDAY_TEN)
    alert = takes(chain, marie, "brivudine")
    assert alert is not None
    assert alert.level == "urgent"
    close_alerts(chain)
    chain.says(MARIE, "0 0 0")
    chain.says(MARIE, "37,1")

    assert chain.alerts() == []


def test_a_coumarin_is_an_anticoagulant_too(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    assert takes(chain, marie, "coumarin") is None  # information only
    chain.says(MARIE, "0 0 0")
    first = chain.judgements(chain.checkin(marie, WEDNESDAY))[0]

    assert first.inputs["exposures"]["anticoagulant"] == first.inputs["exposures"]["coumarin"] == ["2026-11-16", None]
    assert first.inputs["exposures"]["capecitabine"] == ["2026-11-23", None]
    assert first.inputs["treatment_day"] == 3


@pytest.mark.parametrize(("code", "first_on", "field"), [("aspirin?", WEDNESDAY, "code"), ("coumarin", date(2026, 12, 24), "first_on")])
def test_a_medicine_nobody_asks_about_or_to_come_is_refused(chain: Chain, marie: Patient, code: str, first_on: date, field: str) -> None:
    chain.until(WEDNESDAY_TEN)
    with pytest.raises(FieldErrors) as refused:
        takes(chain, marie, code, first_on=first_on)
    assert set(refused.value.fields) == {field}


def test_a_baseline_is_the_last_value_before_the_first_intake(chain: Chain, marie: Patient) -> None:
    now = chain.clock.now()
    for value, days in (("1.9", 40), ("2.4", 3), ("2.0", -1)):
        with chain.database.transaction() as session:
            person, taken = session.get_one(Patient, marie.id), now - timedelta(days=days)
            kept = {"kind": "neutrophils", "value": value, "unit": "10*9/L", "source": "lab", "lln": "1.8"}
            measures.record(session, person, taken_at=taken, by=actor_of(chain.world.claire), now=now + timedelta(days=2), **kept)
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 0 0")
    seen = chain.judgements(chain.checkin(marie, WEDNESDAY))[0].inputs

    assert seen["measures"]["neutrophils"] == {"value": "2", "unit": "10*9/L", "on": "2026-11-24", "lln": "1.8"}
    assert seen["measures_baseline"]["neutrophils"]["value"] == "2.4"


def test_a_row_from_before_the_new_facts_recomputes_to_itself(chain: Chain, marie: Patient) -> None:
    """FR-08: what an old row did not keep is unknown to the engine, as it was then."""
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "1 0 0")
    (row,) = rows(chain)
    young = ("measures_before", "measures_baseline", "treatment_day", "exposures", "adherence")
    old = {name: value for name, value in row.inputs.items() if name not in young}
    said, seen = context.from_json(old)

    assert (seen.treatment_day, seen.exposures, seen.adherence, seen.measures_baseline) == (None, {}, None, {})
    with chain.database.transaction() as session:
        kept = {"patient_id": row.patient_id, "version_id": row.version_id, "fingerprint": row.fingerprint, "at": row.at}
        from app.protocols import versions
        from app.protocols.models import ProtocolVersion
        from triage import engine, explain

        judged = engine.assess(versions.load(session.get_one(ProtocolVersion, row.version_id)), said, seen)
        session.add(AssessmentRow(level=judged.level.word, inputs=old, result=explain.to_dict(judged), **kept))
    with chain.read() as session:
        assert list(assessing.mismatches(session)) == []


def test_the_new_facts_are_kept_and_read_back_exactly() -> None:
    low = Measured(Decimal("0.40"), "10*9/L", WEDNESDAY, Decimal("1.8"), Decimal("7.5"))
    seen = Context(
        asked_on=WEDNESDAY,
        measures={"neutrophils": low},
        measures_before={"weight": (Measured(Decimal("70"), "kg", WEDNESDAY), Measured(Decimal("69.5"), "kg", WEDNESDAY))},
        measures_baseline={"creatinine": Measured(Decimal("71"), "umol/L", WEDNESDAY, uln=Decimal(90))},
        treatment_day=38,
        exposures={"coumarin": Exposure(date(2026, 3, 1)), "sorivudine": Exposure(date(2026, 1, 1), date(2026, 10, 4))},
        adherence=Decimal("96.42857142857142857142857143"),
    )
    said = {"temperature": Answer("temperature", Decimal("37.0"))}

    assert context.from_json(context.to_json(said, seen)) == (said, seen)


def test_other_words_for_a_rule_that_did_not_fire_are_no_alteration(chain: Chain, marie: Patient) -> None:
    """FR-08: what was decided must come out the same; how a quiet rule tells its values may get better with a version."""
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 2 0")
    (row,) = rows(chain)
    kept = {"patient_id": row.patient_id, "version_id": row.version_id, "fingerprint": row.fingerprint, "at": row.at, "level": row.level}
    for fired in (False, True):
        told = [
            {**step, "inputs": {"fr": "autrement", "en": "otherwise"}} if step["fired"] is fired else step for step in row.result["steps"]
        ]
        with chain.database.transaction() as session:
            session.add(AssessmentRow(inputs=row.inputs, result={**row.result, "steps": told}, **kept))
    with chain.read() as session:
        (sentence,) = assessing.mismatches(session)
    assert sentence.startswith("assessment 3:")
