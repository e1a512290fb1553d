"""Point 3: a treatment as prescribed; cycles a person confirmed; holds with their reason; one running treatment at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.treatment import courses, days
from app.treatment.courses import NewCourse
from app.treatment.models import Course, CourseState
from tests.factories import World, a_course, a_patient


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


@pytest.fixture
def course(session: Session, world: World, clock: HandClock, marie: Patient) -> Course:
    """Capecitabine 14/7 since 18 November 2026."""
    return a_course(session, world, marie, now=clock.now())


def test_the_first_cycle_begins_on_the_first_intake(session: Session, world: World, marie: Patient, course: Course) -> None:
    [first] = course.cycles
    assert (first.number, first.started_on, first.said_by) == (1, date(2026, 11, 18), f"staff:{world.lebon.id}")
    assert courses.running(session, marie.id) is course
    assert courses.get(session, course.id) is course


def test_the_prescription_is_in_the_trail(session: Session, course: Course) -> None:
    row = session.scalar(select(AuditRow).where(AuditRow.action == "course.started"))
    assert row is not None
    assert row.change["after"] == {
        "agent": "capecitabine",
        "protocol": "capecitabine-14-7",
        "dose_mg": "1500",
        "times_per_day": 2,
        "days": [14, 7],
        "first_intake": "2026-11-18",
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("agent", " ", "Choose the medicine."),
        ("agent", "x" * 81, "Write at most 80 characters."),
        ("protocol_slug", "homeopathy", "Choose a protocol in force that a doctor and a pharmacist of the service have signed."),
        ("dose_mg", None, "Write the dose of one intake in mg, from 0.1 to 10000."),
        ("dose_mg", Decimal("0.09"), "Write the dose of one intake in mg, from 0.1 to 10000."),
        ("dose_mg", Decimal("10000.1"), "Write the dose of one intake in mg, from 0.1 to 10000."),
        ("dose_mg", Decimal("NaN"), "Write the dose of one intake in mg, from 0.1 to 10000."),
        ("dose_mg", Decimal("Infinity"), "Write the dose of one intake in mg, from 0.1 to 10000."),
        ("dose_mg", Decimal("0.1234"), "Write the dose with three decimals at most; nothing is rounded for you."),
        ("times_per_day", None, "Write how many intakes a day, from 1 to 4."),
        ("times_per_day", 0, "Write how many intakes a day, from 1 to 4."),
        ("times_per_day", 5, "Write how many intakes a day, from 1 to 4."),
        ("days_on", None, "Write the days of intake in a cycle, from 1 to 366."),
        ("days_on", 0, "Write the days of intake in a cycle, from 1 to 366."),
        ("days_off", None, "Write the rest days of a cycle, from 0 to 90; 0 when there are none."),
        ("days_off", -1, "Write the rest days of a cycle, from 0 to 90; 0 when there are none."),
        ("days_off", 91, "Write the rest days of a cycle, from 0 to 90; 0 when there are none."),
        ("first_intake", None, "Write the day of the first intake."),
        ("first_intake", date(2025, 11, 16), "The first intake is more than a year away from today. Check the date."),
        ("cycle", 0, "Write the number of the cycle, from 1 to 200."),
        ("cycle", 201, "Write the number of the cycle, from 1 to 200."),
    ],
)
def test_a_prescription_is_refused_field_by_field(field: str, value: object, sentence: str) -> None:
    values: dict[str, object] = {
        "agent": "capecitabine",
        "protocol_slug": "capecitabine-14-7",
        "dose_mg": Decimal(1500),
        "times_per_day": 2,
        "days_on": 14,
        "days_off": 7,
        "first_intake": date(2026, 11, 18),
        field: value,
    }
    new = NewCourse(**values)  # type: ignore[arg-type]  # fields by name
    assert courses.check(new, today=date(2026, 11, 18), slugs={"capecitabine-14-7"}) == {field: sentence}


def test_nothing_is_saved_of_a_refused_prescription(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    with pytest.raises(FieldErrors):
        a_course(session, world, marie, now=clock.now(), dose_mg=None)
    assert courses.running(session, marie.id) is None


def test_a_second_treatment_waits_for_the_end_of_the_first(
    session: Session, world: World, clock: HandClock, marie: Patient, course: Course
) -> None:
    with pytest.raises(Refusal, match="already has a running treatment"):
        a_course(session, world, marie, now=clock.now(), agent="ibrutinib")
    courses.stop(session, course, marie, on=date(2026, 11, 18), reason="progression", by=actor_of(world.lebon), now=clock.now())
    assert a_course(session, world, marie, now=clock.now(), agent="ibrutinib", days_off=0).agent == "ibrutinib"


def test_the_database_itself_knows_that_one_runs_at_a_time(session: Session, course: Course) -> None:
    """Two coordinators press at the same second: the second is refused, not doubled."""
    twin = {c.key: getattr(course, c.key) for c in Course.__table__.columns if c.key != "id"}
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Course(**twin))
        session.flush()


def test_a_treatment_that_does_not_exist(session: Session) -> None:
    with pytest.raises(NotFound):
        courses.get(session, 999)


class TestCycles:
    """A cycle exists only once a person said it began."""

    def _confirm(self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course, number: int, on: date) -> None:
        courses.confirm_cycle(session, course, marie, number=number, started_on=on, by=actor_of(world.claire), now=clock.now())

    def test_in_order_and_said_twice_changes_nothing(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course
    ) -> None:
        clock.forward(days=22)
        self._confirm(session, world, clock, marie, course, 2, date(2026, 12, 9))
        self._confirm(session, world, clock, marie, course, 2, date(2026, 12, 10))
        assert [(row.number, row.started_on) for row in course.cycles] == [(1, date(2026, 11, 18)), (2, date(2026, 12, 9))]

    @pytest.mark.parametrize(
        ("number", "on"), [(3, date(2026, 12, 9)), (2, date(2026, 11, 18)), (2, date(2026, 11, 1)), (0, date(2026, 12, 9))]
    )
    def test_out_of_order_is_refused(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course, number: int, on: date
    ) -> None:
        clock.forward(days=30)
        with pytest.raises(Refusal, match=f"Cycle {number} cannot start on this day: the last one is 1"):
            self._confirm(session, world, clock, marie, course, number, on)
        assert len(course.cycles) == 1

    def test_a_day_to_come_is_refused(self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course) -> None:
        with pytest.raises(Refusal, match="still to come"):
            self._confirm(session, world, clock, marie, course, 2, date(2026, 11, 19))

    def test_followed_from_cycle_four_on(self, session: Session, world: World, clock: HandClock, marie: Patient) -> None:
        course = a_course(session, world, marie, now=clock.now(), cycle=4)
        clock.forward(days=21)
        self._confirm(session, world, clock, marie, course, 5, date(2026, 12, 9))
        assert [row.number for row in course.cycles] == [4, 5]


class TestHolds:
    """A hold is not a stop."""

    def _hold(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course, start: date, end: date | None
    ) -> None:
        by = actor_of(world.lebon)
        courses.hold(session, course, marie, from_day=start, until_day=end, reason="diarrhée", by=by, now=clock.now())

    def test_held_until_somebody_resumes(self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course) -> None:
        self._hold(session, world, clock, marie, course, date(2026, 11, 20), None)
        courses.resume(session, course, marie, on=date(2026, 11, 25), by=actor_of(world.lebon), now=clock.now())
        assert [(row.from_day, row.until_day) for row in course.holds] == [(date(2026, 11, 20), date(2026, 11, 24))]
        row = session.scalar(select(AuditRow).where(AuditRow.action == "course.resumed"))
        assert row is not None
        assert row.change == {"before": {"until": None}, "after": {"until": "2026-11-24"}}

    def test_resumed_every_hold_that_covers_the_day_ends(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course
    ) -> None:
        """To the 24th, then until further notice, then one from the 25th: tablets begin again on the 25th, and nothing holds them."""
        first, second, same = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 25)
        for start, end in ((first, same), (second, None), (same, date(2026, 11, 30)), (date(2026, 12, 2), date(2026, 12, 3))):
            self._hold(session, world, clock, marie, course, start, end)
        ended = courses.resume(session, course, marie, on=same, by=actor_of(world.lebon), now=clock.now())
        assert [row.from_day for row in ended] == [first, second, same]
        last = date(2026, 11, 24)
        assert [(row.from_day, row.until_day) for row in course.holds[:2]] == [(first, last), (second, last)]
        assert [row.from_day for row in course.holds[2:]] == [date(2026, 12, 2)], "ordered for later: it stays"
        assert days.standing_hold(course.holds, same) is None

    def test_the_day_after_its_last_says_the_plan_of_a_hold_again(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course
    ) -> None:
        """Held to the 26th, told to begin again on the 27th: that is what was planned, and no day changes."""
        self._hold(session, world, clock, marie, course, date(2026, 11, 20), date(2026, 11, 26))
        [ended] = courses.resume(session, course, marie, on=date(2026, 11, 27), by=actor_of(world.lebon), now=clock.now())
        assert (ended.from_day, ended.until_day) == (date(2026, 11, 20), date(2026, 11, 26))

    @pytest.mark.parametrize("on", [date(2026, 11, 19), date(2026, 11, 28)])
    def test_nothing_to_resume_on_that_day(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course, on: date
    ) -> None:
        self._hold(session, world, clock, marie, course, date(2026, 11, 20), date(2026, 11, 26))
        with pytest.raises(Refusal, match="No hold runs on"):
            courses.resume(session, course, marie, on=on, by=actor_of(world.lebon), now=clock.now())

    def test_needs_a_reason_and_the_right_order(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course
    ) -> None:
        with pytest.raises(Refusal, match="The hold ends before it begins"):
            self._hold(session, world, clock, marie, course, date(2026, 11, 20), date(2026, 11, 19))
        with pytest.raises(Refusal, match="Write the reason of the hold"):
            courses.hold(
                session, course, marie, from_day=date(2026, 11, 20), until_day=None, reason=" ", by=actor_of(world.lebon), now=clock.now()
            )
        assert course.holds == []


class TestStop:
    """The end of a treatment."""

    def test_keeps_day_and_reason(self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course) -> None:
        courses.stop(session, course, marie, on=date(2026, 11, 18), reason="progression", by=actor_of(world.lebon), now=clock.now())
        assert (course.state, course.stopped_on, course.stop_reason) == (CourseState.STOPPED, date(2026, 11, 18), "progression")
        assert courses.running(session, marie.id) is None

    def test_needs_a_reason(self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course) -> None:
        with pytest.raises(Refusal, match="Write why the treatment stopped"):
            courses.stop(session, course, marie, on=date(2026, 11, 18), reason="", by=actor_of(world.lebon), now=clock.now())
        assert course.state == CourseState.ACTIVE

    def test_a_stopped_treatment_neither_holds_nor_cycles_nor_stops_again(
        self, session: Session, world: World, clock: HandClock, marie: Patient, course: Course
    ) -> None:
        day, by, now = date(2026, 11, 18), actor_of(world.lebon), clock.now()
        courses.stop(session, course, marie, on=day, reason="progression", by=by, now=now)
        for act in (
            lambda: courses.stop(session, course, marie, on=day, reason="encore", by=by, now=now),
            lambda: courses.hold(session, course, marie, from_day=day, until_day=None, reason="encore", by=by, now=now),
            lambda: courses.resume(session, course, marie, on=day, by=by, now=now),
            lambda: courses.confirm_cycle(session, course, marie, number=2, started_on=day, by=by, now=now),
        ):
            with pytest.raises(Refusal, match="This treatment stopped on 2026-11-18"):
                act()
        assert course.stop_reason == "progression"
