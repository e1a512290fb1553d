"""COACH: opened face to face with a named nurse, weekly appointments with an hour, late then missed, an opinion at the end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.care import calls, endings, enrolments, stages
from app.care.models import CallState, EnrolmentState, Opinion
from app.core.clock import HandClock
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal
from app.people import absences
from app.people.perimeter import actor_of, viewer_of
from tests.app.care.conftest import Follow, planned, tick
from tests.factories import World, a_course, a_patient

HOUR = timedelta(hours=1)


def at(day: str, hour: str) -> datetime:
    """A winter hour of Paris."""
    return datetime.fromisoformat(f"{day}T{hour}:00+01:00").astimezone(UTC)


def test_coa_1_no_call_before_the_adhesion_visit_which_names_a_nurse_and_a_stand_in(
    session: Session, world: World, clock: HandClock
) -> None:
    """COA-1."""
    marie, claire, now = a_patient(session, world, now=clock.now()), viewer_of(world.claire), clock.now()
    row = enrolments.propose(session, marie, "coach", by=claire, now=now)
    with pytest.raises(Refusal, match="record the visit face to face first; it names the nurse and the stand-in"):
        enrolments.may_call(session, row)
    assert planned(session, row) == []
    with pytest.raises(FieldErrors) as said:
        enrolments.adhesion(session, row.id, nurse_id=world.claire.id, stand_in_id=world.claire.id, met_at=now + HOUR, by=claire, now=now)
    assert set(said.value.fields) == {"stand_in", "met_at"}
    with pytest.raises(FieldErrors) as said:
        enrolments.adhesion(session, row.id, nurse_id=world.lebon.id, stand_in_id=None, met_at=now, by=claire, now=now)
    assert set(said.value.fields) == {"nurse", "stand_in"}
    enrolments.adhesion(session, row.id, nurse_id=world.claire.id, stand_in_id=world.luc.id, met_at=now, by=claire, now=now)
    enrolments.may_call(session, row)
    assert (row.state, row.stage, row.nurse_id, row.stand_in_id) == (EnrolmentState.OPEN, "follow_up", world.claire.id, world.luc.id)


def test_coa_2_weekly_calls_have_a_day_and_an_hour_are_late_after_one_hour_and_missed_the_next_day(
    session: Session, world: World, clock: HandClock, follow: Follow
) -> None:
    """COA-2: opened on Wednesday 18 November 2026; Tuesday 24 November, 10:00."""
    row = follow(a_patient(session, world, now=clock.now()), "coach", clock.now())
    first, second, *_ = planned(session, row)
    assert (first.due_at, second.due_at) == (at("2026-11-24", "10:00"), at("2026-12-01", "10:00"))
    assert len(planned(session, row)) == 8
    tick(session, at("2026-11-24", "10:59"))
    assert (first.state, first.owner_id) == (CallState.PLANNED, world.claire.id)
    tick(session, at("2026-11-24", "11:00"))
    assert (first.state, first.late_at) == (CallState.LATE, at("2026-11-24", "11:00"))
    tick(session, at("2026-11-24", "23:59"))
    assert first.state == CallState.LATE
    tick(session, at("2026-11-25", "00:00"))
    assert (first.state, first.owner_id) == (CallState.MISSED, None)  # the whole team's
    tick(session, at("2026-11-28", "09:00"))
    assert [call.state for call in calls.open_of(session, row.patient_id)][:2] == ["missed", "planned"]
    calls.done(session, first.id, contact_id=None, by=actor_of(world.luc), now=at("2026-11-28", "09:10"))
    assert first.state == CallState.DONE
    with pytest.raises(Conflict, match="already done"):
        calls.done(session, first.id, contact_id=None, by=actor_of(world.luc), now=at("2026-11-28", "09:11"))


def test_a_call_is_moved_by_hand_with_who_and_why_and_the_plan_leaves_it_there(
    session: Session, world: World, clock: HandClock, follow: Follow
) -> None:
    row = follow(a_patient(session, world, now=clock.now()), "coach", clock.now())
    luc, first = viewer_of(world.luc), planned(session, row)[0]
    tick(session, at("2026-11-25", "08:00"))
    assert first.state == CallState.MISSED
    with pytest.raises(Refusal, match="This hour is past"):
        calls.move(session, first.id, due_at=at("2026-11-24", "12:00"), why="en consultation", by=luc, now=at("2026-11-25", "08:00"))
    with pytest.raises(Refusal, match="Write why"):
        calls.move(session, first.id, due_at=at("2026-11-27", "15:20"), why=" ", by=luc, now=at("2026-11-25", "08:00"))
    calls.move(session, first.id, due_at=at("2026-11-27", "15:20"), why="en consultation", by=luc, now=at("2026-11-25", "08:00"))
    stages.agree(session, row.id, [(3, "09:00")], by=luc, now=at("2026-11-25", "08:00"))  # Thursdays from now on
    assert (first.state, first.due_at, first.owner_id) == (CallState.PLANNED, at("2026-11-27", "15:20"), world.claire.id)
    assert (first.moved_by, first.moved_words) == (f"staff:{world.luc.id}", "en consultation")
    assert [call.due_at for call in planned(session, row)][:3] == [
        at("2026-11-26", "09:00"),
        at("2026-11-27", "15:20"),
        at("2026-12-03", "09:00"),
    ]


def test_the_level_of_any_past_day_is_read_back_and_a_raised_level_doubles_the_calls(
    session: Session, world: World, clock: HandClock, follow: Follow
) -> None:
    row = follow(a_patient(session, world, now=clock.now()), "coach", clock.now())
    claire = viewer_of(world.claire)
    stages.change(session, row.id, "level", "reinforced", why="grade 2, seule chez elle", by=claire, now=at("2026-11-26", "09:00"))
    assert [call.original_day.day for call in planned(session, row)][:4] == [24, 27, 1, 4]
    stages.change(session, row.id, "level", "standard", why="va mieux", by=claire, now=at("2026-12-10", "09:00"))
    days = [date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 25), date(2026, 11, 26), date(2026, 12, 9), date(2026, 12, 10)]
    assert [stages.value_on(row, "level", day) for day in days] == ["", "standard", "standard", "reinforced", "reinforced", "standard"]
    assert (row.changes[-1].said_by_name, row.changes[-1].why) == ("Claire Payet", "va mieux")
    with pytest.raises(Refusal, match="Write why"):
        stages.change(session, row.id, "level", "reinforced", why="", by=claire, now=at("2026-12-10", "09:00"))
    with pytest.raises(Refusal, match="Choose one of the list"):
        stages.change(session, row.id, "level", "gold", why="?", by=claire, now=at("2026-12-10", "09:00"))
    with pytest.raises(Refusal, match="A later change"):
        stages.change(session, row.id, "level", "reinforced", why="?", on=date(2026, 12, 1), by=claire, now=at("2026-12-10", "09:00"))


def test_coa_7_the_opinion_is_offered_at_the_end_and_a_refusal_is_data(
    session: Session, world: World, clock: HandClock, follow: Follow
) -> None:
    """COA-7."""
    claire, now = viewer_of(world.claire), clock.now()
    row = follow(a_patient(session, world, now=now), "coach", now)
    with pytest.raises(Refusal, match="asked at the end"):
        endings.give_opinion(session, row.id, None, by=claire, now=now)
    endings.end(session, row.id, reason="treatment_completed", by=claire, now=now)
    assert (row.state, row.opinion) == (EnrolmentState.ENDED, Opinion.OFFERED)
    assert {call.why for call in planned(session, row, CallState.CANCELLED)} == {"ended"}
    with pytest.raises(FieldErrors):
        endings.give_opinion(session, row.id, {"useful": "yes"}, by=claire, now=now)
    endings.give_opinion(session, row.id, None, by=claire, now=now + HOUR)
    assert (row.opinion, row.opinion_at, row.opinion_answers) == (Opinion.REFUSED, now + HOUR, {})
    answers = {"useful": "yes", "reassured": "partly", "too_much": "no"}
    endings.give_opinion(session, row.id, answers, by=claire, now=now + 2 * HOUR)
    assert (row.opinion, row.opinion_answers) == (Opinion.GIVEN, answers)


def test_nobody_is_called_after_a_death_and_a_death_noted_by_mistake_brings_the_calls_back(
    session: Session, world: World, clock: HandClock, follow: Follow
) -> None:
    now = clock.now()
    marie = a_patient(session, world, now=now)
    a_course(session, world, marie, now=now)
    row = follow(marie, "coach", now)
    death = absences.record(session, marie, absences.DEATH, from_day=now.date(), by=actor_of(world.claire), now=now)
    tick(session, now)
    assert (row.state, row.end_reason, row.opinion, calls.open_of(session, marie.id)) == (EnrolmentState.ENDED, "death", "", [])
    absences.undo(session, marie, death.id, by=actor_of(world.claire), now=now + HOUR, reason="un homonyme")
    tick(session, now + HOUR)
    assert (row.state, len(calls.open_of(session, marie.id))) == (EnrolmentState.OPEN, 8)


def test_another_service_sees_none_of_it(session: Session, world: World, clock: HandClock, follow: Follow) -> None:
    row = follow(a_patient(session, world, now=clock.now()), "coach", clock.now())
    alma = viewer_of(world.alma)
    with pytest.raises(NotFound):
        enrolments.get(session, row.id, viewer=alma)
    with pytest.raises(NotFound):
        calls.get(session, planned(session, row)[0].id, viewer=alma)
    with pytest.raises(Refusal, match="Your role"):
        calls.move(session, planned(session, row)[0].id, due_at=clock.now() + HOUR, why="x", by=viewer_of(world.paul), now=clock.now())


def test_a_programme_whose_file_is_gone_does_not_keep_the_calls_of_others_from_being_late(
    session: Session, world: World, clock: HandClock, follow: Follow
) -> None:
    marie = follow(a_patient(session, world, now=clock.now()), "coach", clock.now())
    jean = follow(a_patient(session, world, now=clock.now(), given_names="Jean", phone="+33639980002"), "coach", clock.now())
    first, other = planned(session, marie)[0], planned(session, jean)[0]
    jean.version_on = date(2012, 1, 1)
    session.flush()
    assert set(calls.late_due(session, at("2026-11-24", "11:00"))) == {first.id, other.id}
    with pytest.raises(Refusal, match="The file of the programme coach of 2012-01-01 is missing"):
        enrolments.may_call(session, jean)
