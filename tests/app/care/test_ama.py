"""AMA: the haematologist opens, then two calls a week inside each cycle, on working days, at the agreed hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from app.care import calls, enrolments, planning
from app.care.models import EnrolmentState
from app.care.planning import Plan
from app.core.errors import Refusal
from app.people.perimeter import actor_of, viewer_of
from app.protocols import shelf, versions
from app.treatment import courses
from tests.app.care.conftest import Follow, planned
from tests.factories import World, a_course, a_patient

PARIS = ZoneInfo("Europe/Paris")
OPENED = datetime(2026, 12, 14, 7, 0, tzinfo=UTC)
"""Monday 14 December 2026, 08:00 in Paris: first day of the first cycle of 21 days."""
AGREED = [(0, "09:30"), (4, "15:00")]
"""Mondays and Fridays: Christmas and New Year are Fridays."""


def test_ama_1_no_call_before_the_referring_doctor_validates_which_keeps_doctor_date_and_protocol_version(
    session: Session, world: World
) -> None:
    """AMA-1."""
    now, claire = OPENED, viewer_of(world.claire)
    shelf.seed(session, now)
    marie = a_patient(session, world, now=now)
    a_course(session, world, marie, now=now)
    row = enrolments.propose(session, marie, "ama", by=claire, now=now)
    enrolments.adhesion(session, row.id, nurse_id=world.claire.id, stand_in_id=world.luc.id, met_at=now, by=claire, now=now)
    with pytest.raises(Refusal, match="Dr Aurore Lebon has not validated the file"):
        enrolments.may_call(session, row)
    assert (row.state, planned(session, row)) == (EnrolmentState.PROPOSED, [])
    with pytest.raises(Refusal, match="Your role"):
        enrolments.validate(session, row.id, by=claire, now=now)
    later = now + timedelta(hours=2)
    enrolments.validate(session, row.id, by=viewer_of(world.lebon), now=later)
    enrolments.may_call(session, row)
    in_force = versions.in_force(session, "capecitabine-14-7", now.date(), world.service.id)
    assert in_force is not None
    assert (row.validated_by_id, row.validated_at, row.validated_version_id) == (world.lebon.id, later, in_force.id)
    assert row.version_on == date(2006, 11, 1)  # of the programme
    assert len(planned(session, row)) == 16  # eight weeks, twice a week


def test_ama_2_six_calls_in_each_cycle_at_the_agreed_hours_holidays_move_two_and_a_cycle_a_week_late_moves_the_rest(
    session: Session, world: World, follow: Follow
) -> None:
    """AMA-2."""
    shelf.seed(session, OPENED)
    marie = a_patient(session, world, now=OPENED)
    course = a_course(session, world, marie, now=OPENED)
    row = follow(marie, "ama", OPENED, slots=AGREED)
    first = [call for call in planned(session, row) if call.cycle == 1]
    assert [(call.original_day.day, call.due_at.astimezone(PARIS).strftime("%d %H:%M"), call.moved_why) for call in first] == [
        (14, "14 09:30", ""),
        (18, "18 15:00", ""),
        (21, "21 09:30", ""),
        (25, "24 15:00", "holiday"),
        (28, "28 09:30", ""),
        (1, "31 15:00", "holiday"),
    ]
    assert [call.original_day.day for call in planned(session, row) if call.cycle == 2] == [4, 8, 11, 15, 18, 22]
    before = [call.id for call in planned(session, row)]
    late = OPENED + timedelta(days=28)  # the second cycle began a week late: the first had eight calls, the second still has six
    for call in planned(session, row):
        if call.due_at < late:
            calls.done(session, call.id, contact_id=None, by=actor_of(world.claire), now=call.due_at)
    courses.confirm_cycle(session, course, marie, number=2, started_on=late.date(), by=actor_of(world.claire), now=late)
    planning.of_patient(session, marie.id, now=late)
    second = [call for call in planned(session, row) if call.cycle == 2 and call.original_day >= late.date()]
    assert [(call.number, call.original_day.day) for call in second] == [(1, 11), (2, 15), (3, 18), (4, 22), (5, 25), (6, 29)]
    assert set(before) <= {call.id for call in planned(session, row)}  # no call was dropped
    assert planning.plan(session, row, now=late) == Plan()  # twice changes nothing


def test_a_treatment_that_is_not_known_here_has_its_cycles_from_the_day_that_was_written(
    session: Session, world: World, follow: Follow
) -> None:
    """AMA-2: intravenous, nothing of it in the treatment's calendar: 21 days as the programme's file says."""
    row = follow(a_patient(session, world, now=OPENED), "ama", OPENED, anchor_day=OPENED.date(), slots=AGREED)
    assert [[call.original_day.day for call in planned(session, row) if call.cycle == cycle] for cycle in (1, 2)] == [
        [14, 18, 21, 25, 28, 1],
        [4, 8, 11, 15, 18, 22],
    ]
    assert (row.validated_by_id, row.validated_version_id) == (world.lebon.id, None)
