"""FR-10: the prescription of the watching, written down with its bounds; how much of it is left on a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.core.clock import HandClock
from app.core.errors import FieldErrors
from app.people import watching
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.people.watching import NewWatching, Phase, Standing
from app.people.watching_models import Watching
from app.treatment import measures
from tests.factories import World, a_patient

TODAY = date(2026, 11, 18)


def asked(world: World, **changes: object) -> NewWatching:
    values: dict[str, object] = {
        "prescriber_id": world.lebon.id,
        "activity": "outside_list",
        "from_day": TODAY,
        "until_day": TODAY + timedelta(days=364),
        "weight_kg": Decimal("62.5"),
        "conditions": "Vit seule, fille joignable.",
    }
    return NewWatching(**{**values, **changes})  # type: ignore[arg-type]  # fields by name


def recorded(session: Session, world: World, clock: HandClock, patient: Patient, **changes: object) -> Watching:
    return watching.record(session, patient, asked(world, **changes), by=actor_of(world.ines), today=TODAY, now=clock.now())


def test_a_year_is_accepted_and_a_day_more_refused(session: Session, world: World, clock: HandClock) -> None:
    """FR-10: 365 days, the first and the last counted: 18 November 2026 to 17 November 2027."""
    marie = a_patient(session, world, now=clock.now())
    row = recorded(session, world, clock, marie, until_day=date(2027, 11, 17))
    assert (row.until_day - row.from_day).days + 1 == 365
    assert watching.longest_from(TODAY) == date(2027, 11, 17)
    with pytest.raises(FieldErrors) as refused:
        recorded(session, world, clock, marie, until_day=date(2027, 11, 18))
    assert set(refused.value.fields) == {"until_day"}
    assert "365" in refused.value.fields["until_day"]
    assert len(watching.of_patient(session, marie.id)) == 1


def test_age_weight_and_conditions_are_kept(session: Session, world: World, clock: HandClock) -> None:
    """FR-10: born on 14 March 1955, Marie is 71 on the first day; on her birthday in 2027 she would be 72."""
    marie = a_patient(session, world, now=clock.now())
    row = recorded(session, world, clock, marie)
    assert (row.age_years, row.weight_kg, row.conditions) == (71, Decimal("62.5"), "Vit seule, fille joignable.")
    assert (row.prescriber.name, row.recorded_by_name) == ("Dr Aurore Lebon", "Inès Caron")
    assert watching.age_on(date(1955, 3, 14), date(2027, 3, 13)) == 71
    assert watching.age_on(date(1955, 3, 14), date(2027, 3, 14)) == 72


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prescriber_id": None}, "prescriber_id"),
        ({"activity": "télésurveillance"}, "activity"),
        ({"weight_kg": None}, "weight_kg"),
        ({"weight_kg": Decimal("19.9")}, "weight_kg"),
        ({"weight_kg": Decimal("300.1")}, "weight_kg"),
        ({"from_day": None}, "from_day"),
        ({"until_day": None}, "until_day"),
        ({"until_day": TODAY - timedelta(days=1), "from_day": TODAY - timedelta(days=30)}, "until_day"),
        ({"until_day": TODAY, "from_day": TODAY + timedelta(days=1)}, "until_day"),
        ({"from_day": date(1955, 3, 13), "until_day": date(1955, 4, 13)}, "from_day"),
        ({"conditions": "x" * 2001}, "conditions"),
    ],
)
def test_what_is_missing_or_not_possible_is_said_beside_its_field(
    session: Session, world: World, clock: HandClock, changes: dict[str, object], field: str
) -> None:
    """FR-10: nothing is guessed, and nothing is kept of a refused prescription."""
    marie = a_patient(session, world, now=clock.now())
    with pytest.raises(FieldErrors) as refused:
        recorded(session, world, clock, marie, **changes)
    assert field in refused.value.fields
    assert watching.of_patient(session, marie.id) == []


def test_a_nurse_prescribes_no_watching(session: Session, world: World, clock: HandClock) -> None:
    """FR-10: the prescriber is a doctor of the service, whoever writes it down."""
    with pytest.raises(FieldErrors, match="attention"):
        recorded(session, world, clock, a_patient(session, world, now=clock.now()), prescriber_id=world.claire.id)


def test_the_bounds_of_a_weight_are_those_of_a_measure() -> None:
    """One scale for the same kilograms."""
    assert measures.PLAUSIBLE["weight"] == ("kg", watching.LIGHTEST, watching.HEAVIEST)


def test_every_activity_says_where_its_name_comes_from() -> None:
    """FR-10: named so that it maps to the list."""
    for one in watching.activities().values():
        assert one.source.strip(), one.key
        assert one.title["fr"].strip(), one.key
        assert one.title["en"].strip(), one.key


def days(first: str, last: str, *, struck: bool = False) -> Watching:
    row = Watching(from_day=date.fromisoformat(first), until_day=date.fromisoformat(last))
    if struck:
        row.removed_at = datetime(2026, 2, 1, tzinfo=UTC)
    return row


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], Standing(Phase.NONE)),
        ([days("2026-01-01", "2026-12-19")], Standing(Phase.FAR, date(2026, 12, 19))),
        ([days("2026-01-01", "2026-12-18")], Standing(Phase.SOON, date(2026, 12, 18))),
        ([days("2026-01-01", "2026-11-26")], Standing(Phase.SOON, date(2026, 11, 26))),
        ([days("2026-01-01", "2026-11-25")], Standing(Phase.NEAR, date(2026, 11, 25))),
        ([days("2026-01-01", "2026-11-18")], Standing(Phase.NEAR, date(2026, 11, 18))),
        ([days("2026-01-01", "2026-11-17")], Standing(Phase.OVER, date(2026, 11, 17))),
        ([days("2026-01-01", "2026-11-25"), days("2026-11-26", "2027-06-01")], Standing(Phase.FAR, date(2027, 6, 1))),
        ([days("2026-01-01", "2026-11-25"), days("2026-11-27", "2027-06-01")], Standing(Phase.NEAR, date(2026, 11, 25))),
        ([days("2026-01-01", "2026-11-17"), days("2026-11-19", "2027-06-01")], Standing(Phase.OVER, date(2026, 11, 17))),
        ([days("2026-12-01", "2027-06-01")], Standing(Phase.FAR)),
        ([days("2026-01-01", "2026-12-31", struck=True)], Standing(Phase.NONE)),
    ],
    ids=[
        "none",
        "31 left",
        "30 left",
        "8 left",
        "7 left",
        "last day",
        "over",
        "renewed",
        "a hole to come",
        "in the hole",
        "later",
        "struck",
    ],
)
def test_how_much_is_left(rows: list[Watching], expected: Standing) -> None:
    """FR-10, on 18 November 2026: told from 30 days before, again from 7, and over the day after the last."""
    assert watching.standing(rows, TODAY) == expected


def test_one_struck_through_stays_readable_and_counts_for_nothing(session: Session, world: World, clock: HandClock) -> None:
    marie = a_patient(session, world, now=clock.now())
    row = recorded(session, world, clock, marie)
    with pytest.raises(FieldErrors):
        watching.strike(session, marie, row.id, reason="  ", by=actor_of(world.claire), now=clock.now())
    watching.strike(session, marie, row.id, reason="mauvais dossier", by=actor_of(world.claire), now=clock.now())
    [kept] = watching.of_patient(session, marie.id)
    assert (kept.removed_by_name, kept.removed_reason) == ("Claire Payet", "mauvais dossier")
    assert watching.of_everyone(session) == {}
