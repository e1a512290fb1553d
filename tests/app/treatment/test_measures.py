"""Measures are kept as given, with unit, time and origin; nothing is converted, clamped or rounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.core.clock import HandClock
from app.core.errors import FieldErrors
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.treatment import measures
from app.treatment.models import Measure
from tests.factories import World, a_patient


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


def _record(session: Session, world: World, clock: HandClock, marie: Patient, **changes: object) -> Measure:
    values: dict[str, object] = {
        "kind": "temperature",
        "value": "37.2",
        "unit": "Cel",
        "taken_at": clock.now(),
        "source": "call",
        **changes,
    }
    return measures.record(session, marie, **values, by=actor_of(world.claire), now=clock.now())  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("kind", "written", "unit", "kept"),
    [
        ("temperature", "37,2", "Cel", Decimal("37.2")),
        ("temperature", "30", "Cel", Decimal(30)),
        ("temperature", "45.0", "Cel", Decimal(45)),
        ("weight", " 61.5 ", "kg", Decimal("61.5")),
        ("neutrophils", "0.4", "10*9/L", Decimal("0.4")),
        ("ck", "0", "U/L", Decimal(0)),
        ("thyrotropin", "12345678.1234", "mU/L", Decimal("12345678.1234")),
        ("platelets", "150", "G/L", Decimal(150)),
        ("neutrophils", "1.2", "10^9/L", Decimal("1.2")),
    ],
)
def test_kept_as_given(
    session: Session, world: World, clock: HandClock, marie: Patient, kind: str, written: str, unit: str, kept: Decimal
) -> None:
    row = _record(session, world, clock, marie, kind=kind, value=written, unit=unit)
    session.refresh(row)
    assert (row.kind, row.value, row.unit, row.source, row.entered_by) == (kind, kept, unit, "call", f"staff:{world.claire.id}")


@pytest.mark.parametrize(
    ("kind", "written", "code"),
    [
        ("systolic", "mmHg", "mm[Hg]"),
        ("diastolic", " mm Hg ", "mm[Hg]"),
        ("temperature", "°C", "Cel"),
        ("weight", "Kg", "kg"),
        ("pulse", "battements/min", "/min"),
        ("pulse", "bpm", "/min"),
    ],
)
def test_the_unit_of_a_home_measure_may_be_spelt_as_people_do(
    session: Session, world: World, clock: HandClock, marie: Patient, kind: str, written: str, code: str
) -> None:
    value = {"temperature": "38"}.get(kind, "90")
    assert _record(session, world, clock, marie, kind=kind, value=value, unit=written).unit == code


@pytest.mark.parametrize(("kind", "unit"), [("weight", "g"), ("weight", "lb"), ("temperature", "°F"), ("systolic", "kPa")])
def test_another_unit_is_refused_and_never_converted(
    session: Session, world: World, clock: HandClock, marie: Patient, kind: str, unit: str
) -> None:
    with pytest.raises(FieldErrors) as refused:
        _record(session, world, clock, marie, kind=kind, value="100", unit=unit)
    assert set(refused.value.fields) == {"unit"}


def test_a_unit_that_only_one_measure_can_have_is_known_without_being_written() -> None:
    found = {kind: measures.only_unit(kind) for kind in (*measures.PLAUSIBLE, "oxygen", "platelets", "potassium", "qtc", "hope")}
    known = {"temperature": "Cel", "weight": "kg", "pulse": "/min", "systolic": "mm[Hg]", "diastolic": "mm[Hg]", "oxygen": "%"}
    assert found == known | {"platelets": "", "potassium": "", "qtc": "", "hope": ""}


def test_a_blood_pressure_written_in_one_is_its_two_numbers() -> None:
    assert measures.written("systolic", " 190 / 120 ") == [("systolic", "190"), ("diastolic", "120")]
    assert measures.written("diastolic", "13.5/8") == [("systolic", "13.5"), ("diastolic", "8")]
    assert measures.written("systolic", "190") == [("systolic", "190")]
    assert measures.written("weight", "61/60") == [("weight", "61/60")], "refused as a number: it is no pressure"
    for turned in ("80/120", "120/120"):
        with pytest.raises(FieldErrors):
            measures.written("systolic", turned)


def test_a_ctcae_term_is_kept_as_the_measure_it_grades(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """Rules and tables look for one key: two names of the same value would hide each other."""
    row = _record(session, world, clock, marie, kind="platelet count decreased", value="40", unit="G/L", lln="150", uln="400,5")
    session.refresh(row)
    assert (row.kind, row.value, row.unit, row.lln, row.uln) == ("platelets", Decimal(40), "G/L", Decimal(150), Decimal("400.5"))
    assert _record(session, world, clock, marie, kind="Hypertension", value="140", unit="mm[Hg]").kind == "Hypertension"


@pytest.mark.parametrize(
    ("field", "change", "sentence"),
    [
        ("value", {"value": "150000"}, "This value is outside 0 to 3000 10*9/L. Check it; nothing was changed or rounded."),
        ("lln", {"lln": "normal"}, "Write a number such as 37.2 or 37,2, with four decimals at most."),
        ("uln", {"uln": "-1"}, "Write a number such as 37.2 or 37,2, with four decimals at most."),
        ("uln", {"lln": "400", "uln": "150"}, "The upper limit is below the lower one."),
    ],
)
def test_a_slip_of_unit_or_of_limits_is_refused(
    session: Session, world: World, clock: HandClock, marie: Patient, field: str, change: dict[str, str], sentence: str
) -> None:
    """150000 written with G/L is 150000 per mm3: kept, it would be a normal count for ever."""
    with pytest.raises(FieldErrors) as refused:
        _record(session, world, clock, marie, **{"kind": "platelets", "value": "150", "unit": "G/L", **change})
    assert refused.value.fields == {field: sentence}


NOT_A_NUMBER = "Write a number such as 37.2 or 37,2, with four decimals at most."


@pytest.mark.parametrize(
    ("field", "change", "sentence"),
    [
        *[
            ("value", {"value": text}, NOT_A_NUMBER)
            for text in ("", "-1", "nan", "Infinity", "1e2", "1_0", "37.2.1", "37 2", "٣٧", "37.12345", "123456789")
        ],
        ("value", {"value": "29.9"}, "This value is outside 30 to 45 Cel. Check it; nothing was changed or rounded."),
        ("value", {"value": "45.1"}, "This value is outside 30 to 45 Cel. Check it; nothing was changed or rounded."),
        (
            "value",
            {"kind": " temperature ", "value": "99"},
            "This value is outside 30 to 45 Cel. Check it; nothing was changed or rounded.",
        ),
        (
            "value",
            {"kind": "weight", "value": "615", "unit": "kg"},
            "This value is outside 20 to 300 kg. Check it; nothing was changed or rounded.",
        ),
        ("unit", {"unit": "[degF]"}, "Give this measure in Cel."),
        ("unit", {"kind": "Creatinine increased", "unit": " "}, "Write the unit."),
        ("unit", {"kind": "Creatinine increased", "unit": "u" * 21}, "Write at most 20 characters."),
        ("kind", {"kind": " "}, "Choose what was measured."),
        ("kind", {"kind": "k" * 61}, "Write at most 60 characters."),
        ("source", {"source": ""}, "Say where this value comes from."),
        ("taken_at", {"taken_at": datetime(2026, 11, 18, 9, 1, tzinfo=UTC)}, "This time is in the future."),
        ("taken_at", {"taken_at": datetime(1955, 3, 13, 12, 0, tzinfo=UTC)}, "This time is before the patient's birth."),
    ],
)
def test_refused_with_a_sentence(
    session: Session, world: World, clock: HandClock, marie: Patient, field: str, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(FieldErrors) as refusal:
        _record(session, world, clock, marie, **change)
    assert refusal.value.fields == {field: sentence}
    assert measures.series(session, marie.id, since=datetime(1900, 1, 1, tzinfo=UTC)) == []


def test_the_latest_of_each_kind_and_the_series(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    start = clock.now()
    for value in ("37.2", "38.4"):
        _record(session, world, clock, marie, value=value)
        clock.forward(hours=1)
    _record(session, world, clock, marie, kind="weight", value="61", unit="kg")
    corrected = _record(session, world, clock, marie, kind="weight", value="62", unit="kg")
    assert {kind: row.value for kind, row in measures.latest(session, marie.id, before=clock.now()).items()} == {
        "temperature": Decimal("38.4"),
        "weight": corrected.value,
    }
    assert measures.latest(session, marie.id, before=start - timedelta(seconds=1)) == {}
    since = measures.series(session, marie.id, since=start + timedelta(minutes=30))
    assert [(row.kind, row.value) for row in since] == [("temperature", Decimal("38.4")), ("weight", Decimal(61)), ("weight", Decimal(62))]
