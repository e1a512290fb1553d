"""What was said of the tablets, over real weeks of Marie's capecitabine."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.clock import HandClock
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.treatment import courses, days, intakes
from app.treatment.models import Course
from tests.factories import World, a_course, a_patient

MARIE = Actor("patient", 1, "Marie Hoarau")


def say(session: Session, course: Course, clock: HandClock, value: str, on: date, checkin_id: int | None = None) -> None:
    patient = session.get_one(Patient, course.patient_id)
    intakes.report(session, course, patient, value=value, on=on, source="sms", by=MARIE, now=clock.now(), checkin_id=checkin_id)


def started(session: Session, world: World, clock: HandClock) -> Course:
    """1500 mg twice a day, 14 days on, 7 off, first intake on Wednesday 4 November 2026."""
    patient = a_patient(session, world, now=clock.now())
    return a_course(session, world, patient, now=clock.now(), first_intake=date(2026, 11, 4))


def test_five_missed_and_five_extra_are_not_a_perfect_week(world: World, session: Session, clock: HandClock) -> None:
    course = started(session, world, clock)
    say(session, course, clock, "missed:5+extra:5", date(2026, 11, 10))

    week = intakes.adherence(session, course, first=date(2026, 11, 4), last=date(2026, 11, 10))

    assert (week.taking.scheduled, week.taking.missed, week.taking.extra) == (14, 5, 5)
    assert week.share == Decimal("0.643")
    assert week.taking.over


def test_rest_days_owe_nothing_and_an_intake_then_is_an_event(world: World, session: Session, clock: HandClock) -> None:
    course = started(session, world, clock)
    say(session, course, clock, "off_day", date(2026, 11, 24))

    rest = intakes.adherence(session, course, first=date(2026, 11, 18), last=date(2026, 11, 24))

    assert rest.taking.scheduled == 0
    assert rest.share is None
    assert rest.taking.over


def test_held_days_leave_the_denominator(world: World, session: Session, clock: HandClock) -> None:
    course = started(session, world, clock)
    courses.hold(
        session,
        course,
        session.get_one(Patient, course.patient_id),
        from_day=date(2026, 11, 7),
        until_day=date(2026, 11, 10),
        reason="diarrhée",
        by=actor_of(world.lebon),
        now=clock.now(),
    )
    say(session, course, clock, "all", date(2026, 11, 10))

    week = intakes.adherence(session, course, first=date(2026, 11, 4), last=date(2026, 11, 10))

    assert week.taking.scheduled == 6
    assert week.share == Decimal("1.000")


def test_a_correction_replaces_and_both_rows_stay(world: World, session: Session, clock: HandClock) -> None:
    course = started(session, world, clock)
    say(session, course, clock, "missed:4", date(2026, 11, 10), checkin_id=7)
    say(session, course, clock, "missed:1", date(2026, 11, 10), checkin_id=7)

    week = intakes.adherence(session, course, first=date(2026, 11, 4), last=date(2026, 11, 10))

    assert week.taking.missed == 1
    assert len(intakes.standing(session, course.id)) == 1


def test_overlapping_weeks_are_counted_once_and_silent_days_are_told(world: World, session: Session, clock: HandClock) -> None:
    course = started(session, world, clock)
    say(session, course, clock, "missed:2", date(2026, 11, 12), checkin_id=1)
    say(session, course, clock, "missed:3", date(2026, 11, 15), checkin_id=2)

    span = intakes.adherence(session, course, first=date(2026, 11, 4), last=date(2026, 11, 15))

    assert (span.taking.scheduled, span.taking.missed) == (14, 3)
    assert span.silent_days == 5


def test_of_two_weeks_that_overlap_the_worse_one_counts(world: World, session: Session, clock: HandClock) -> None:
    """Three missed of 4-10 November, then one of 7-13: "one missed" would hide the first week. Extra and stop stay, whichever counts."""
    course = started(session, world, clock)
    say(session, course, clock, "missed:3", date(2026, 11, 10), checkin_id=1)
    say(session, course, clock, "missed:1+extra:1", date(2026, 11, 13), checkin_id=2)

    span = intakes.adherence(session, course, first=date(2026, 11, 4), last=date(2026, 11, 17))
    assert (span.taking.missed, span.taking.scheduled, span.taking.extra, span.silent_days) == (3, 14, 1, 7)

    say(session, course, clock, "all", date(2026, 11, 17), checkin_id=3)
    say(session, course, clock, "stopped", date(2026, 11, 16), checkin_id=4)
    both = intakes.adherence(session, course, first=date(2026, 11, 4), last=date(2026, 11, 17))
    assert (both.taking.missed, both.taking.scheduled, both.taking.extra, both.silent_days, both.stopped) == (3, 28, 1, 0, True)


def test_a_cycle_nobody_said_began_is_unknown_not_zero(world: World, session: Session, clock: HandClock) -> None:
    """HZ-20: missing is never zero."""
    course = started(session, world, clock)

    assert days.scheduled(course, date(2026, 11, 24), date(2026, 11, 26)) is None
    assert days.day_of(course, date(2026, 11, 25)).awaiting_start


def test_stopped_says_nothing_of_how_many_were_missed(world: World, session: Session, clock: HandClock) -> None:
    course = started(session, world, clock)
    say(session, course, clock, "stopped", date(2026, 11, 10))

    week = intakes.adherence(session, course, first=date(2026, 11, 4), last=date(2026, 11, 10))

    assert week.stopped
    assert week.share is None


def test_a_patient_followed_from_cycle_four_is_in_cycle_four(world: World, session: Session, clock: HandClock) -> None:
    patient = a_patient(session, world, now=clock.now())
    course = a_course(session, world, patient, now=clock.now(), first_intake=date(2026, 11, 4), cycle=4)

    assert (days.day_of(course, date(2026, 11, 6)).cycle, days.day_of(course, date(2026, 11, 6)).cycle_day) == (4, 3)
    assert days.day_of(course, date(2026, 11, 3)).cycle is None
