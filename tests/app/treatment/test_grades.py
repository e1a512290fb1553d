"""Clinicians' CTCAE grades are kept with term, version, author and instant, and only grow; laboratory grades are computed when asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import Conflict, FieldErrors, NotFound
from app.people.models import Patient
from app.people.perimeter import actor_of, viewer_of
from app.treatment import grades, measures
from app.treatment.grades import NewGrade
from app.treatment.models import ClinicianGrade
from tests.factories import World, a_patient


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


def _give(session: Session, world: World, clock: HandClock, marie: Patient, **changes: object) -> ClinicianGrade:
    values: dict[str, object] = {"term": "diarrhea", "version": "5.0", "grade": 3, "onset_day": date(2026, 11, 16), **changes}
    return grades.record(session, marie, NewGrade(**values), by=actor_of(world.lebon), now=clock.now())  # type: ignore[arg-type]  # fields by name


def test_a_grade_is_kept_with_its_version_and_author(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """User demand: a grade without version and author means nothing two years later."""
    row = _give(session, world, clock, marie, note="  Perfusée.  ")
    session.refresh(row)
    assert (row.term, row.ctcae_version, row.grade, row.onset_day, row.note) == ("Diarrhea", "5.0", 3, date(2026, 11, 16), "Perfusée.")
    assert (row.given_by, row.given_by_name, row.at) == (f"staff:{world.lebon.id}", "Dr Aurore Lebon", clock.now())
    trail = session.scalars(select(AuditRow).where(AuditRow.action == "grade.given")).one()
    assert (trail.patient_id, trail.change["after"]["grade"], trail.change["after"]["version"]) == (marie.id, 3, "5.0")


def test_a_term_the_library_does_not_know_is_kept_as_written(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """CTCAE has more than eight hundred terms."""
    assert _give(session, world, clock, marie, term=" Tooth  discoloration ").term == "Tooth discoloration"


def test_a_correction_is_a_new_row_that_names_the_one_it_replaces(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    first = _give(session, world, clock, marie)
    clock.forward(hours=1)
    second = _give(session, world, clock, marie, grade=2, replaces=first.id, reason="Sept selles, mais six d'habitude.")
    other = _give(session, world, clock, marie, term="Fatigue", grade=1)
    assert [row.id for row in grades.standing(session, marie.id)] == [other.id, second.id]
    assert [row.id for row in grades.of_patient(session, marie.id)] == [other.id, second.id, first.id]
    assert session.get_one(ClinicianGrade, first.id).grade == 3
    trail = session.scalars(select(AuditRow).where(AuditRow.action == "grade.corrected")).one()
    assert (trail.change["before"]["grade"], trail.change["after"]["grade"], trail.reason) == (3, 2, "Sept selles, mais six d'habitude.")


def test_a_grade_is_corrected_once(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """Two doctors who correct the same grade: the second is told, and sees the first's."""
    first = _give(session, world, clock, marie)
    _give(session, world, clock, marie, grade=2, replaces=first.id, reason="six d'habitude")
    with pytest.raises(Conflict, match="corrected by somebody else"):
        _give(session, world, clock, marie, grade=1, replaces=first.id, reason="cinq")


def test_the_database_corrects_a_grade_once_too(
    session: Session, world: World, clock: HandClock, marie: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked before either wrote."""
    first = _give(session, world, clock, marie)
    _give(session, world, clock, marie, grade=2, replaces=first.id, reason="six d'habitude")
    monkeypatch.setattr(grades, "_replaced", lambda session, patient, number: first)
    with pytest.raises(Conflict):
        _give(session, world, clock, marie, grade=1, replaces=first.id, reason="cinq")


def test_another_patient_s_grade_cannot_be_corrected(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    jean = a_patient(session, world, now=clock.now(), family_name="Payet", phone="+33639980002")
    first = _give(session, world, clock, marie)
    for number in (first.id, 10**6):
        with pytest.raises(NotFound):
            _give(session, world, clock, jean, replaces=number, reason="erreur de dossier")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("term", {"term": "  "}),
        ("term", {"term": "x" * 121}),
        ("version", {"version": "4.03"}),
        ("grade", {"grade": 6}),
        ("grade", {"grade": -1}),
        ("onset_day", {"onset_day": date(2030, 1, 1)}),
        ("onset_day", {"onset_day": date(1950, 1, 1)}),
        ("note", {"note": "x" * 2001}),
        ("reason", {"replaces": 1}),
    ],
)
def test_what_is_missing_or_impossible_is_said_beside_its_field(
    session: Session, world: World, clock: HandClock, marie: Patient, field: str, change: dict[str, object]
) -> None:
    with pytest.raises(FieldErrors) as refused:
        _give(session, world, clock, marie, **change)
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize("act", ["UPDATE clinician_grade SET grade = 1", "DELETE FROM clinician_grade"])
def test_the_database_refuses_to_change_a_grade(session: Session, world: World, clock: HandClock, marie: Patient, act: str) -> None:
    """SEC-26."""
    _give(session, world, clock, marie)
    with pytest.raises(DBAPIError, match="never changed or deleted"):
        session.execute(text(act))


@pytest.mark.parametrize(("who", "may"), [("claire", True), ("lebon", True), ("paul", False), ("noe", False), ("alma", False)])
def test_nurses_and_oncologists_grade(world: World, who: str, may: bool) -> None:
    """Paul answers the door, Noé is the pharmacist, Alma opens no chart."""
    assert viewer_of(getattr(world, who)).may("grade_toxicity") is may


# --- Laboratory ---------------------------------------------------------------------------------------------------------------------


def _measure(session: Session, world: World, marie: Patient, kind: str, value: str, unit: str, at: datetime, **limits: str) -> None:
    measures.record(
        session, marie, kind=kind, value=value, unit=unit, taken_at=at, source="lab", by=actor_of(world.claire), now=at, **limits
    )


def test_a_laboratory_value_is_graded_when_asked_with_its_baseline(
    session: Session, world: World, clock: HandClock, marie: Patient
) -> None:
    """Creatinine 1.6 x the value before treatment is grade 2, though within limits; potassium has two terms, the worst is shown."""
    began = clock.now()
    _measure(session, world, marie, "creatinine", "60", "umol/L", began - timedelta(days=2), uln="104")
    clock.forward(days=10)
    now = clock.now()
    _measure(session, world, marie, "creatinine", "96", "umol/L", now, uln="104")
    _measure(session, world, marie, "potassium", "2.9", "mmol/L", now, lln="3.5", uln="5.0")
    _measure(session, world, marie, "platelets", "220", "G/L", now, lln="150")
    _measure(session, world, marie, "hemoglobin", "110", "g/L", now)
    _measure(session, world, marie, "pulse", "80", "/min", now)
    found = grades.laboratory(session, marie, version="5.0", treated_since=began, now=now)
    assert [(row.kind, graded.term, graded.grade) for row, graded in found] == [
        ("potassium", "Hypokalemia", 3),
        ("creatinine", "Creatinine increased", 2),
        ("hemoglobin", "Anemia", None),
        ("platelets", "Platelet count decreased", 0),
    ]
    assert {graded.version for _, graded in found} == {"5.0"}
    assert "lln missing" in found[2][1].reason


def test_the_version_changes_the_grade(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """v6.0 moved neutropenia by one band."""
    _measure(session, world, marie, "neutrophils", "0.7", "10*9/L", clock.now())
    for version, grade in (("5.0", 3), ("6.0", 2)):
        [(_, graded)] = grades.laboratory(session, marie, version=version, treated_since=None, now=clock.now())
        assert (graded.version, graded.grade) == (version, grade)


def test_the_baseline_is_not_the_value_itself(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """Measured before treatment and never since: nothing to compare with."""
    _measure(session, world, marie, "weight", "61", "kg", clock.now())
    [(_, graded)] = grades.laboratory(session, marie, version="5.0", treated_since=clock.now(), now=clock.now())
    assert (graded.grade, graded.reason.split(",")[0]) == (None, "baseline missing")
