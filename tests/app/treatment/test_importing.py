"""Files of results: tried before they are written, each bad row with its reason, nothing twice, nobody else's patient."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import HandClock
from app.core.errors import Conflict, NotFound, Refusal
from app.people import services
from app.people.models import Patient, Role
from app.people.perimeter import Viewer, viewer_of
from app.treatment import importing
from app.treatment.import_models import FILE_MOVES, FileState, ResultFile
from app.treatment.models import Measure
from tests.factories import PASSWORD, World, a_patient

HEAD = "patient;birth_date;kind;value;unit;lln;uln;taken_at;source"


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


@pytest.fixture
def claire(world: World) -> Viewer:
    return viewer_of(world.claire)


def brought(session: Session, world: World, clock: HandClock, text: str, patient: Patient | None = None) -> ResultFile:
    viewer = viewer_of(world.claire)
    return importing.bring(session, world.service, text.encode(), name="lab.csv", patient=patient, viewer=viewer, now=clock.now())


def written(session: Session, file: ResultFile, viewer: Viewer, clock: HandClock) -> list[Measure]:
    """What the page does, in one transaction: each patient's rows, then the file is settled."""
    trial, found = importing.try_out(session, file, viewer=viewer, now=clock.now()), []
    for patient_id, rows in trial.by_patient.items():
        found += importing.keep(session, file, patient_id, rows, viewer=viewer, now=clock.now())
    importing.settle(session, file, trial, len(found), viewer=viewer, now=clock.now())
    return found


def kept(session: Session) -> list[tuple[int, str, Decimal, str]]:
    return [(row.patient_id, row.kind, row.value, row.unit) for row in session.scalars(select(Measure).order_by(Measure.id))]


def test_a_file_is_tried_then_written_then_adds_nothing_a_second_time(
    session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer
) -> None:
    """The whole road: two good rows (a CTCAE term, a French name), three bad ones that are kept aside with their reasons."""
    text = "\n".join(
        [
            HEAD,
            f"{marie.id};14/03/1955;neutrophils;1,2;10*9/L;1,5;7,5;17/11/2026 08:10;labo Nord",
            f"{marie.id};1955-03-14;Platelet count decreased;140;G/L;150;400;2026-11-17 08:10;labo Nord",
            f"{marie.id};14/03/1955;neutrophils;1,2;furlongs;;;17/11/2026 08:10;labo Nord",
            f"{marie.id};14/03/1956;neutrophils;1,1;10*9/L;;;17/11/2026 08:10;labo Nord",
            f"{marie.id};14/03/1955;humeur;3;G/L;;;17/11/2026;labo Nord",
        ]
    )
    file = brought(session, world, clock, text)
    trial = importing.try_out(session, file, viewer=claire, now=clock.now())
    assert [(line, row.kind, row.value) for line, _, row in trial.new] == [
        (2, "neutrophils", Decimal("1.2")),
        (3, "platelets", Decimal(140)),
    ]
    assert [(one.line, list(one.why)) for one in trial.aside] == [
        (4, ["furlongs is not a unit of this measure; it is measured in 10*9/L."]),
        (5, ["The birth date is not the one of this patient's file."]),
        (6, ["humeur is not a measure we know.", "Write the day and the hour it was taken."]),
    ]
    assert kept(session) == [], "nothing is written before somebody agrees"

    assert [row.lln for row in written(session, file, claire, clock)] == [Decimal("1.5"), Decimal(150)]
    assert kept(session) == [(marie.id, "neutrophils", Decimal("1.2"), "10*9/L"), (marie.id, "platelets", Decimal(140), "G/L")]
    assert (file.state, file.written, file.known, file.text) == (FileState.WRITTEN, 2, 0, "")
    assert [one.line for one in importing.set_aside(file)] == [4, 5, 6]
    assert importing.set_aside(file)[0].why == trial.aside[0].why, "a row set aside says the same for ever"
    with pytest.raises(Conflict):
        written(session, file, claire, clock)

    again = brought(session, world, clock, text)
    trial = importing.try_out(session, again, viewer=claire, now=clock.now())
    assert (len(trial.new), [line for line, _, _ in trial.known]) == (0, [2, 3])
    assert written(session, again, claire, clock) == []
    assert len(kept(session)) == 2


def test_a_file_that_was_interrupted_is_tried_again_and_adds_the_rest(
    session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer
) -> None:
    """The process dies after the first patient: nothing is lost, nothing is twice, and the counts say what this press kept."""
    jean = a_patient(session, world, now=clock.now(), family_name="Payet", given_names="Jean", phone="+33639980002")
    rows = [f"{who.id};14/03/1955;weight;61;kg;;;17/11/2026 08:10;labo" for who in (marie, jean)]
    file = brought(session, world, clock, "\n".join([HEAD, *rows]))
    trial = importing.try_out(session, file, viewer=claire, now=clock.now())
    importing.keep(session, file, marie.id, trial.by_patient[marie.id], viewer=claire, now=clock.now())
    assert file.state == FileState.TRIED
    assert [row.patient_id for row in written(session, file, claire, clock)] == [jean.id]
    assert (file.written, file.known, len(kept(session))) == (1, 1, 2)


def test_the_hour_is_the_one_on_the_patients_wall(session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer) -> None:
    """08:10 in Paris in November is 07:10 UTC; an offset that is written is obeyed; the future is refused."""
    text = (
        "kind,value,unit,taken_at,source\n"
        "weight,61.5,kg,2026-11-17 08:10,cabinet\n"
        "weight,61.4,kg,2026-11-16T08:10+04:00,cabinet\n"
        'weight,"61,3",kg,2026-11-19 08:10,cabinet\n'
    )
    trial = importing.try_out(session, brought(session, world, clock, text, marie), viewer=claire, now=clock.now())
    assert [row.taken_at.isoformat() for _, _, row in trial.new] == ["2026-11-17T08:10:00+01:00", "2026-11-16T08:10:00+04:00"]
    assert [row.taken_at.utctimetuple().tm_hour for _, _, row in trial.new] == [7, 4]
    assert [list(one.why) for one in trial.aside] == [["This time is in the future."]]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("neutrophils;150000;10*9/L;;;17/11/2026 08:10;labo", "This value is outside"),
        ("neutrophils;beaucoup;10*9/L;;;17/11/2026 08:10;labo", "Write a number such as 37.2"),
        ("neutrophils;1,2;10*9/L;7,5;1,5;17/11/2026 08:10;labo", "The upper limit is below the lower one."),
        ("neutrophils;1,2;10*9/L;;;17/11/2026 08:10;", "Say where this value comes from."),
        ("weight;61;lb;;;17/11/2026 08:10;labo", "Give this measure in kg."),
        ("neutrophils;1,2;10*9/L;17/11/2026 08:10;labo", "This row does not have the 7 cells of the first line."),
    ],
)
def test_one_bad_row_says_why(session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer, row: str, why: str) -> None:
    file = brought(session, world, clock, f"kind;value;unit;lln;uln;taken_at;source\n{row}\n", marie)
    trial = importing.try_out(session, file, viewer=claire, now=clock.now())
    assert not trial.new
    assert why in trial.aside[0].why[0]


def test_a_row_of_another_services_patient_is_an_unknown_patient(
    session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer
) -> None:
    """SEC-24: their number and their birth date change nothing; nor is their service's file found."""
    elsewhere = services.open_service(
        session,
        world.hospital,
        name="Pneumologie",
        sms_name="Suivi Pneumo",
        phone="0199005678",
        number="+33199005678",
        timezone="Europe/Paris",
        by=claire.actor,
        now=clock.now(),
    )
    other = a_patient(session, world, now=clock.now(), family_name="Techer", given_names="Willy", phone="+33639980055")
    other.service_id = elsewhere.id
    session.flush()
    row = f"{other.id};14/03/1955;weight;70;kg;;;17/11/2026 08:10;labo"
    file = brought(session, world, clock, f"{HEAD}\n{row}\n")
    trial = importing.try_out(session, file, viewer=claire, now=clock.now())
    assert [list(one.why) for one in trial.aside] == [["This patient does not exist, or is not in your service."]]
    far = services.engage(
        session,
        world.hospital,
        login="far",
        name="Far",
        role=Role.NURSE,
        password=PASSWORD,
        service=elsewhere,
        by=claire.actor,
        now=clock.now(),
    )
    with pytest.raises(NotFound):
        importing.get(session, file.id, viewer=viewer_of(far))


def test_a_file_of_one_patient_takes_no_row_of_another(
    session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer
) -> None:
    """Two things must agree; on one patient's own page the file's are compared when they are written."""
    text = f"{HEAD}\n{marie.id + 1};;weight;61;kg;;;17/11/2026 08:10;labo\n;15/03/1955;weight;61;kg;;;17/11/2026 08:10;labo\n"
    trial = importing.try_out(session, brought(session, world, clock, text, marie), viewer=claire, now=clock.now())
    assert [list(one.why) for one in trial.aside] == [
        ["This row names another patient."],
        ["The birth date is not the one of this patient's file."],
    ]


def test_what_is_no_table_of_results_is_refused_whole(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    for text, why in (
        ("", "These columns are missing: kind, value, unit, taken_at, source."),
        ("kind;value;unit\nweight;61;kg\n", "These columns are missing: taken_at, source."),
        ("kind;value;unit;taken_at;source\n", "This file has no row of results."),
        ("kind;value;unit;taken_at;source\n" + "weight;61;kg;x;y\n" * (importing.MOST_ROWS + 1), "This file has more than 1000 rows."),
        ("x" * (importing.LARGEST + 1), "This file is larger than 1000000 bytes."),
    ):
        with pytest.raises(Refusal) as refusal:
            brought(session, world, clock, text, marie)
        assert why in str(refusal.value)
    assert session.scalars(select(ResultFile)).all() == []


def test_a_spreadsheet_of_an_office_is_read(session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer) -> None:
    """Windows letters and a µ: what Excel saves in France."""
    text = "kind;value;unit;taken_at;source\ncréatinine;82;µmol/L;17/11/2026 08:10;hôpital\n"
    file = importing.bring(session, world.service, text.encode("cp1252"), name="x", patient=marie, viewer=claire, now=clock.now())
    trial = importing.try_out(session, file, viewer=claire, now=clock.now())
    assert [(row.kind, row.unit, row.source) for _, _, row in trial.new] == [("creatinine", "µmol/L", "hôpital")]


def test_what_is_settled_does_not_move(session: Session, world: World, clock: HandClock, marie: Patient, claire: Viewer) -> None:
    """Every pair of the table of moves: written and dropped are ends, and a dropped file keeps nothing."""
    assert {state: set(after) for state, after in FILE_MOVES.items()} == {
        "tried": {"written", "dropped"},
        "written": set(),
        "dropped": set(),
    }
    file = brought(session, world, clock, "kind;value;unit;taken_at;source\nweight;61;kg;17/11/2026 08:10;labo\n", marie)
    importing.drop(session, file, viewer=claire, now=clock.now() + timedelta(minutes=1))
    assert (file.state, file.text, kept(session)) == (FileState.DROPPED, "", [])
    with pytest.raises(Conflict):
        written(session, file, claire, clock)
    with pytest.raises(Conflict):
        importing.drop(session, file, viewer=claire, now=clock.now())
