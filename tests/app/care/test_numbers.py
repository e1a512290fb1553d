"""Every live number by hand: numerator, denominator, and nothing at all when there is nothing to divide by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.care import calls, endings, followed, numbers, programmes
from app.care.contact_models import Contact
from app.care.models import Enrolment
from app.care.numbers import FIGURES, live
from app.core.errors import Refusal
from app.people.perimeter import actor_of, viewer_of
from app.protocols import shelf
from app.treatment import courses
from tests.app.care.conftest import Follow, tick
from tests.factories import World, a_course, a_patient

START = datetime(2026, 12, 7, 8, 0, tzinfo=UTC)
"""Monday 7 December 2026, 09:00 in Paris."""


def spoke(session: Session, world: World, row: Enrolment, day: int, hour: str, minutes: int, *, makes: bool = True, **more: object) -> None:
    """A closed call on that day of December at that hour of Paris; it makes the planned call of the day, if one is still open."""
    at = datetime.fromisoformat(f"2026-12-{day:02}T{hour}:00+01:00").astimezone(UTC)
    tick(session, at)
    values = {"direction": "outgoing", "outcome": "none", **more}
    contact = Contact(
        service_id=row.service_id,
        patient_id=row.patient_id,
        enrolment_id=row.id,
        state="closed",
        by_id=world.claire.id,
        started_at=at,
        ended_at=at + timedelta(minutes=minutes),
        saved_at=at,
        seconds=60 * minutes,
        **values,
    )
    session.add(contact)
    session.flush()
    for call in [one for one in calls.open_of(session, row.patient_id) if one.due_at.date() == at.date() and makes]:
        calls.done(session, call.id, contact_id=contact.id, by=actor_of(world.claire), now=contact.ended_at or at)


def test_the_numbers_of_calls_of_three_weeks(session: Session, world: World, follow: Follow) -> None:
    """COA-4, AMA-4, AMA-6: Marie and Jean since Monday 7 December; Tuesdays 8, 15 and 22 at 10:00."""
    marie = follow(a_patient(session, world, now=START), "coach", START)
    jean = follow(a_patient(session, world, now=START, given_names="Jean", phone="+33639980002"), "coach", START)
    spoke(session, world, marie, 8, "10:05", 10)
    spoke(session, world, jean, 8, "10:50", 8)
    spoke(session, world, marie, 10, "16:00", 6, makes=False, direction="incoming", outcome="level_1")
    spoke(session, world, marie, 15, "11:20", 12, outcome="level_1")  # 80 minutes late
    spoke(session, world, jean, 15, "10:00", 20, outcome="level_2")
    spoke(session, world, marie, 22, "10:10", 1, makes=False, reached=False)
    spoke(session, world, jean, 22, "10:20", 10)
    now = START + timedelta(days=20)
    tick(session, now)
    found = live(session, "coach", viewer=viewer_of(world.claire), now=now)
    assert found is not None
    assert [figure.key for figure in found.figures] == found.programme.indicators
    by_key = {figure.key: figure for figure in found.figures}
    assert {key: (figure.numerator, figure.denominator) for key, figure in by_key.items()} == {
        "active_per_nurse": (2, 1),
        "on_time": (4, 6),
        "phases": (5, 6),
        "outgoing_to_incoming": (5, 1),
        "calls_per_patient": (6, 2),
        "calls_and_hours": (pytest.approx(67 / 60), None),
        "intervention_rate": (3, 6),
        "doctor_rate": (1, 6),
        "mean_call_minutes": (66, 6),
        "nurse_minutes_per_patient_month": (67, pytest.approx(40 / 30)),
        "rdi": (0, 0),
        "persistence": (0, 0),
        "stops": (0, 2),
        "admissions": (0, 2),
    }
    assert by_key["mean_call_minutes"].value == 11
    assert by_key["nurse_minutes_per_patient_month"].value == pytest.approx(50.25)
    assert (by_key["rdi"].value, by_key["persistence"].value, by_key["stops"].value) == (None, None, 0)  # not known is not zero
    assert [(part.key, part.numerator, part.denominator, part.missed) for part in by_key["phases"].parts] == [
        ("weekly", 5, 6, 1),
        ("twice_a_week", 0, 0, 0),
    ]
    assert [(part.key, part.numerator) for part in by_key["active_per_nurse"].parts] == [("Claire Payet", 2)]


def test_ama_7_and_ato_5_intensity_persistence_and_reasons_and_the_list_sorted_on_intensity(
    session: Session, world: World, follow: Follow
) -> None:
    """AMA-7, ATO-5: Marie held for 14 of her 28 days, Jean never, Rose treated elsewhere, Luce stopped for toxicity on day 20."""
    shelf.seed(session, START)
    rows, first = {}, START.date()
    for n, name in enumerate(("Marie", "Jean", "Rose", "Luce")):
        patient = a_patient(session, world, now=START, family_name=name, given_names=name, phone=f"+3363998000{n}")
        if name != "Rose":
            a_course(
                session,
                world,
                patient,
                now=START,
                agent="ibrutinib",
                protocol_slug="ibrutinib-continuous",
                dose_mg=Decimal(420),
                times_per_day=1,
                days_on=28,
                days_off=0,
            )
        rows[name] = (patient, follow(patient, "ama-oral", START, anchor_day=first))
    by, claire = actor_of(world.lebon), viewer_of(world.claire)
    course = {name: courses.running(session, patient.id) for name, (patient, _) in rows.items()}
    marie, luce = course["Marie"], course["Luce"]
    assert marie is not None
    assert luce is not None
    courses.hold(
        session, marie, rows["Marie"][0], from_day=first + timedelta(days=14), until_day=None, reason="cytopénie", by=by, now=START
    )
    stopped = START + timedelta(days=20)
    courses.stop(session, luce, rows["Luce"][0], on=stopped.date(), reason="saignements", by=by, now=stopped)
    assert live_figure(session, world, "stops", stopped).parts[0].key == "not_said"  # somebody must say why
    endings.end(session, rows["Luce"][1].id, reason="toxicity", by=claire, now=stopped)
    now = START + timedelta(days=27)
    listed = followed.listed(session, "ama-oral", viewer=claire, now=now, sort="rdi")
    assert [(one.patient.family_name, one.rdi[1]) for one in listed] == [("Marie", Decimal("0.5")), ("Jean", 1), ("Rose", None)]
    assert listed[0].rdi[0] == 0  # nobody said anything of the 14 days with tablets
    rdi = live_figure(session, world, "rdi", now)
    assert (rdi.value, [(part.key, part.numerator, part.denominator) for part in rdi.parts]) == (
        0.75,
        [("lowest", 0.0, 2), ("under_80", 1, 2)],
    )
    later = START + timedelta(days=92)
    persistence = live_figure(session, world, "persistence", later)
    assert [(part.key, part.numerator, part.denominator, part.value) for part in persistence.parts] == [
        ("3", 3, 4, 0.75),
        ("6", 0, 0, None),
        ("12", 0, 0, None),
    ]
    assert [(part.key, part.numerator) for part in live_figure(session, world, "stops", later).parts] == [("toxicity", 1), ("held", 1)]


def live_figure(session: Session, world: World, key: str, now: datetime) -> numbers.Figure:
    found = live(session, "ama-oral", viewer=viewer_of(world.claire), now=now)
    assert found is not None
    return next(figure for figure in found.figures if figure.key == key)


def test_every_indicator_can_be_worked_out_and_said_and_nobody_outside_reads_it(session: Session, world: World) -> None:
    assert set(programmes.load().indicators) == set(FIGURES)
    with pytest.raises(Refusal, match="Your role"):
        live(session, "coach", viewer=viewer_of(world.alma), now=START)
    assert live(session, "nowhere", viewer=viewer_of(world.claire), now=START) is None
