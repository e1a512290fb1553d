"""AMA oral therapy: a year of calls from the first intake; holds label them, stays pause them, the follow-up ends before the drug."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from app.care import calls, endings, letters, planning
from app.care.endings import STOPS
from app.care.models import CallState, Enrolment, EnrolmentState, PlannedCall
from app.core.errors import Refusal
from app.people import absences, stays
from app.people.models import Patient
from app.people.perimeter import actor_of, viewer_of
from app.protocols import shelf
from app.treatment import courses
from app.treatment.models import Course
from tests.app.care.circle import GP, PHARMACIST, around
from tests.app.care.conftest import Follow, live, planned, tick
from tests.factories import World, a_course, a_patient
from triage import calendar

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
"""Tuesday 5 January 2027, 10:00 in Paris: the first intake."""
CALLS = (
    "2027-01-20",
    "2027-02-04",
    "2027-02-19",
    "2027-03-05",
    "2027-03-22",
    "2027-04-05",
    "2027-04-20",
    "2027-05-05",
    "2027-05-20",
    "2027-06-04",
    "2027-06-18",
    "2027-07-02",
    "2027-08-04",
    "2027-09-03",
    "2027-10-04",
    "2027-11-04",
    "2027-12-03",
    "2028-01-04",
)
"""Day 15, 30 … 180, then the 4th of each month. Day 180 is a Sunday and the day after it past the phase: the Friday before."""


@pytest.fixture
def followed(session: Session, world: World, follow: Follow) -> tuple[Patient, Course, Enrolment]:
    shelf.seed(session, START)
    marie = a_patient(session, world, now=START)
    course = a_course(
        session,
        world,
        marie,
        now=START,
        agent="ibrutinib",
        protocol_slug="ibrutinib-continuous",
        dose_mg=Decimal(420),
        times_per_day=1,
        days_on=28,
        days_off=0,
    )
    return marie, course, follow(marie, "ama-oral", START)


def days(rows: list[PlannedCall]) -> list[str]:
    return [row.due_at.astimezone(PARIS).date().isoformat() for row in rows]


def test_ato_1_and_ato_4_a_year_of_calls_then_the_follow_up_ends_and_the_treatment_continues(
    session: Session, world: World, followed: tuple[Patient, Course, Enrolment]
) -> None:
    """ATO-1, ATO-4: the worker alone makes the year; every call is made five minutes after its hour."""
    marie, course, row = followed
    around(session, marie, GP, world.claire, START)
    around(session, marie, PHARMACIST, world.claire, START, granted=False)
    now = START
    while now < START + timedelta(days=364):
        tick(session, now)
        for call in [one for one in calls.open_of(session, marie.id) if one.due_at <= now + timedelta(days=7)]:
            calls.done(session, call.id, contact_id=None, by=actor_of(world.claire), now=call.due_at + timedelta(minutes=5))
        now += timedelta(days=7)
    assert days(planned(session, row)) == list(CALLS)
    assert {call.due_at.astimezone(PARIS).hour for call in planned(session, row)} == {10}
    assert [sum(call.phase == phase for call in planned(session, row)) for phase in ("every_15_days", "monthly")] == [12, 6]
    tick(session, START + timedelta(days=364))
    assert row.state == EnrolmentState.OPEN
    tick(session, START + timedelta(days=365))
    assert (row.state, row.end_reason, course.state) == (EnrolmentState.ENDED_CONTINUING, "treatment_continues", "active")
    assert (row.stage, row.opinion, planned(session, row, CallState.CANCELLED)) == ("exit", "offered", [])
    written = {(letter.kind, letter.to_name): letter.state for letter in letters.of_patient(session, marie.id)}
    assert written == {("handover", "Dr Paule Técher"): "draft", ("handover", "Hugo Vitry"): "withheld"}
    now_call = endings.whom_to_call(session, marie, "fr")
    assert now_call is not None
    assert now_call.words.startswith("Le suivi par téléphone est terminé, le traitement continue.")
    assert (now_call.phone, now_call.people) == ("0199001234", ())


def test_while_it_runs_the_page_names_the_nurse_and_the_stand_in(
    session: Session, world: World, followed: tuple[Patient, Course, Enrolment]
) -> None:
    now_call = endings.whom_to_call(session, followed[0], "en")
    assert now_call is not None
    assert (now_call.words, [person.name for person in now_call.people]) == ("", ["Claire Payet", "Luc Morel"])


def test_ato_2_a_hold_of_14_days_labels_the_calls_and_cancels_none(
    session: Session, world: World, followed: tuple[Patient, Course, Enrolment]
) -> None:
    """ATO-2: held from 1 to 14 February: the call of the 4th says so, the others do not."""
    marie, course, row = followed
    by = actor_of(world.lebon)
    tick(session, START)
    before = days(planned(session, row))
    courses.hold(session, course, marie, from_day=date(2027, 2, 1), until_day=date(2027, 2, 14), reason="neutropénie", by=by, now=START)
    planning.of_patient(session, marie.id, now=START)
    assert days(planned(session, row)) == before
    assert [call.label for call in planned(session, row)] == ["", "hold", ""]
    courses.resume(session, course, marie, on=date(2027, 2, 4), by=by, now=START)
    planning.of_patient(session, marie.id, now=START)
    assert [call.label for call in planned(session, row)] == ["", "", ""]


def test_ato_2_an_admission_pauses_the_calls_and_one_is_made_within_48_hours_of_discharge(
    session: Session, world: World, followed: tuple[Patient, Course, Enrolment]
) -> None:
    """ATO-2: in hospital from Monday 18 January to Tuesday 9 February at 15:00; the calls of 20 January and 4 February fall into it."""
    marie, _, row = followed
    by, admitted = actor_of(world.claire), datetime(2027, 1, 18, 8, 0, tzinfo=UTC)
    live(session, START, admitted)
    stay = absences.record(session, marie, absences.HOSPITAL, from_day=date(2027, 1, 18), by=by, now=admitted)
    live(session, admitted, datetime(2027, 2, 9, 2, 0, tzinfo=UTC))
    assert {call.state for call in planned(session, row)} == {"paused"}
    discharged = datetime(2027, 2, 9, 14, 0, tzinfo=UTC)
    absences.undo(session, marie, stay.id, by=by, now=discharged)
    tick(session, discharged)
    first, *rest = calls.open_of(session, marie.id)
    assert (first.due_at, first.number, first.label) == (datetime(2027, 2, 10, 9, 0, tzinfo=UTC), 1, "discharge")
    assert first.due_at - discharged <= timedelta(hours=48)
    assert {(call.number, call.why) for call in planned(session, row, CallState.CANCELLED)} == {(2, "in_hospital")}
    assert days(rest)[:2] == ["2027-02-19", "2027-03-05"]
    assert first.owner_id == world.claire.id
    tick(session, discharged + timedelta(hours=1))
    assert len(calls.open_of(session, marie.id)) == len(rest) + 1  # once


def test_ato_2_a_short_stay_between_two_calls_adds_the_call_of_the_discharge(
    session: Session, world: World, followed: tuple[Patient, Course, Enrolment]
) -> None:
    """ATO-2: from 6 to 8 January, told afterwards with its last day; the numbered calls stay where they were."""
    marie, _, row = followed
    before = days(planned(session, row))
    by, now = actor_of(world.claire), START + timedelta(days=1)
    absences.record(session, marie, absences.HOSPITAL, from_day=date(2027, 1, 6), until_day=date(2027, 1, 7), by=by, now=now)
    tick(session, now)
    assert {call.state for call in planned(session, row)} == {"paused"}
    thursday_night = datetime(2027, 1, 7, 23, 5, tzinfo=UTC)
    absences.end_over(session, marie, now=thursday_night)
    tick(session, thursday_night)
    assert [(call.label, call.due_at) for call in planned(session, row) if call.label] == [
        ("discharge", datetime(2027, 1, 8, 9, 0, tzinfo=UTC))
    ]
    assert days([call for call in planned(session, row) if not call.label]) == before


def test_ato_2_a_stay_written_by_mistake_leaves_the_calls_where_they_were(
    session: Session, world: World, followed: tuple[Patient, Course, Enrolment]
) -> None:
    """ATO-2: nobody comes back from a hospital they never saw, and nobody is called twice."""
    marie, _, row = followed
    before = [(call.due_at, call.label) for call in planned(session, row)]
    by, now = actor_of(world.claire), START + timedelta(days=1)
    stay = absences.record(session, marie, absences.HOSPITAL, from_day=calendar.local_day(now, marie.timezone), by=by, now=now)
    tick(session, now)
    assert {call.state for call in planned(session, row)} == {"paused"}
    slip = {"how": stays.How.MISTAKE, "reason": "mauvais dossier", "said_by": "Claire"}
    stays.end(session, marie, stay.id, **slip, by=by, now=now + timedelta(minutes=2))
    tick(session, now + timedelta(minutes=3))
    assert [(call.due_at, call.label) for call in planned(session, row)] == before
    assert {call.state for call in planned(session, row)} == {"planned"}


def test_ato_2_a_first_intake_put_off_moves_the_calls_and_keeps_their_rows(session: Session, world: World, follow: Follow) -> None:
    """ATO-2: from 5 to 12 January."""
    marie = a_patient(session, world, now=START)
    row = follow(marie, "ama-oral", START, anchor_day=date(2027, 1, 5))
    kept = [call.id for call in planned(session, row)]
    row.anchor_day = date(2027, 1, 12)
    planning.plan(session, row, now=START + timedelta(hours=1))
    found = planned(session, row)
    assert ([call.id for call in found], days(found)[:2]) == (kept[: len(found)], ["2027-01-27", "2027-02-11"])
    assert {call.moved_why for call in found[:2]} == {"start"}


@pytest.mark.parametrize("reason", STOPS)
def test_ato_5_a_stop_has_one_of_the_eight_reasons(
    session: Session, world: World, followed: tuple[Patient, Course, Enrolment], reason: str
) -> None:
    """ATO-5."""
    _, _, row = followed
    endings.end(session, row.id, reason=reason, words="dit par sa fille", by=viewer_of(world.claire), now=START)
    assert (row.state, row.end_reason, row.end_note) == (EnrolmentState.ENDED, reason, "dit par sa fille")


def test_ato_5_a_stop_without_reason_is_refused(session: Session, world: World, followed: tuple[Patient, Course, Enrolment]) -> None:
    """ATO-5."""
    _, _, row = followed
    claire = viewer_of(world.claire)
    assert STOPS == ("toxicity", "progression", "patient_choice", "interaction", "pregnancy_plan", "cost_supply", "death", "other")
    with pytest.raises(Refusal, match="Choose why"):
        endings.end(session, row.id, reason="", by=claire, now=START)
    with pytest.raises(Refusal, match="“other” says nothing alone"):
        endings.end(session, row.id, reason="other", by=claire, now=START)
    assert row.state == EnrolmentState.OPEN
    endings.end(session, row.id, reason="toxicity", by=claire, now=START)
    with pytest.raises(Refusal, match="not possible from there"):
        endings.end(session, row.id, reason="toxicity", by=claire, now=START)
    endings.reopen(session, row.id, why="erreur de dossier", by=claire, now=START + timedelta(minutes=5))
    assert (row.state, row.end_reason, len(calls.open_of(session, row.patient_id))) == (EnrolmentState.OPEN, "", 3)
