"""A doctor's slip has a way back: the treatment and the plan stand as the new answer says, and the patient is told again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.alerts import answering, asking, correcting
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest, RequestState, Task
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import corrected, ordered, planning
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict, Refusal
from app.people import absences
from app.people.models import FollowUp, Patient, Staff
from app.people.perimeter import viewer_of
from app.protocols import shelf
from app.treatment import courses, days
from app.treatment.models import Course, CourseState, Hold
from tests.factories import World, a_course, a_patient

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
"""A Wednesday, the third day of Marie's first cycle."""
TODAY = TEN.date()
FRIDAY = date(2026, 11, 27)
HOLD = Decision(DoctorAnswer.HOLD_UNTIL, "Hydratation.", until_day=FRIDAY)
STOP = Decision(DoctorAnswer.STOP, "Toxicité.")
SLIP = "Bouton d'à côté."


@pytest.fixture
def request_(database: Database, world: World, clock: HandClock) -> DoctorRequest:
    clock.at = TEN
    with database.transaction() as session:
        shelf.seed(session, TEN)
        marie = a_patient(session, world, now=TEN)
        course = a_course(session, world, marie, now=TEN, first_intake=date(2026, 11, 23), strengths=(Decimal(500), Decimal(150)))
        planning.plan(session, course, now=TEN)
        return asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question="Diarrhée de grade 3.", level="high")


@pytest.fixture
def answer(database: Database, world: World, request_: DoctorRequest) -> Callable[[Decision], None]:
    def one(decision: Decision) -> None:
        with database.transaction() as session:
            ordered.answer(session, request_.id, decision, by=viewer_of(world.lebon), now=TEN)

    return one


@pytest.fixture
def correct(database: Database, world: World, request_: DoctorRequest) -> Callable[..., None]:
    def one(decision: Decision, *, at: datetime = TEN, who: Staff | None = None, reason: str = SLIP) -> None:
        with database.transaction() as session:
            corrected.correct(session, request_.id, decision, reason=reason, by=viewer_of(who or world.lebon), now=at)

    return one


Answer, Correct = Callable[[Decision], None], Callable[..., None]


def _takes(database: Database, request: DoctorRequest, *on: date) -> list[bool]:
    with database.reading() as session:
        course = session.scalars(select(Course).where(Course.patient_id == request.patient_id)).one()
        return [bool(days.day_of(course, day).doses) for day in on]


def _planned(database: Database, request: DoctorRequest) -> set[date]:
    with database.reading() as session:
        mine = (CheckIn.patient_id == request.patient_id, CheckIn.state == CheckInState.PLANNED)
        return set(session.scalars(select(CheckIn.day).where(*mine)))


def _row(database: Database, request: DoctorRequest) -> DoctorRequest:
    with database.reading() as session:
        return session.get_one(DoctorRequest, request.id)


def test_stopped_by_a_slip_instead_of_held(database: Database, request_: DoctorRequest, answer: Answer, correct: Correct) -> None:
    """The course runs again, held to Friday, and its check-ins are planned as if nobody had slipped."""
    expected = _planned(database, request_)
    answer(STOP)
    assert _planned(database, request_) == set()
    correct(HOLD)
    with database.reading() as session:
        course = courses.running(session, request_.patient_id)
        assert course is not None and (course.state, course.stopped_on, course.stop_reason) == (CourseState.ACTIVE, None, "")
        assert [(hold.from_day, hold.until_day, hold.reason) for hold in course.holds] == [(TODAY, FRIDAY, "Hydratation.")]
    assert _takes(database, request_, TODAY, FRIDAY, FRIDAY + timedelta(days=1)) == [False, False, True]
    assert expected - {TODAY} and _planned(database, request_) >= {day for day in expected if day > FRIDAY}


def test_a_hold_of_today_never_was_and_one_lived_for_two_days_ends_yesterday(
    database: Database, request_: DoctorRequest, answer: Answer, correct: Correct
) -> None:
    answer(HOLD)
    correct(Decision(DoctorAnswer.CONTINUE, "Continuer."))
    assert _takes(database, request_, TODAY, FRIDAY) == [True, True]
    with database.reading() as session:
        assert session.scalars(select(Hold.withdrawn_at)).all() == [TEN], "the row stays"
        assert session.scalars(select(Course)).one().holds == []
    correct(Decision(DoctorAnswer.HOLD_UNTIL, "Sans fin."))
    correct(Decision(DoctorAnswer.CONTINUE), at=TEN + timedelta(days=2))
    assert _takes(database, request_, TODAY, TODAY + timedelta(days=1), FRIDAY) == [False, False, True]


def test_the_dose_before_is_in_force_again_and_the_new_one_is_less_than_it(
    database: Database, request_: DoctorRequest, answer: Answer, correct: Correct
) -> None:
    answer(Decision(DoctorAnswer.REDUCE_TO, "Palier.", dose_mg=Decimal(150), strengths=(Decimal(150),)))
    correct(Decision(DoctorAnswer.REDUCE_TO, "Palier.", dose_mg=Decimal(1150), strengths=(Decimal(500), Decimal(150))))
    with database.reading() as session:
        dose = days.dose_on(session.scalars(select(Course)).one(), TODAY)
        assert (dose.mg, dose.tablets) == (Decimal(1150), ((Decimal(500), 2), (Decimal(150), 1)))
    correct(HOLD)
    with database.reading() as session:
        dose = days.dose_on(session.scalars(select(Course)).one(), TODAY)
        assert (dose.mg, dose.tablets) == (Decimal(1500), ((Decimal(500), 3),))


def test_resumed_by_a_slip_is_held_as_before(database: Database, world: World, request_: DoctorRequest, correct: Correct) -> None:
    """Held to Friday since yesterday, and from today until further notice: both end, and both are back."""
    with database.transaction() as session:
        marie, course = session.get_one(Patient, request_.patient_id), session.scalars(select(Course)).one()
        ordered_on = TODAY - timedelta(days=1)
        for start, last in ((ordered_on, FRIDAY), (TODAY, None)):
            by = viewer_of(world.lebon).actor
            courses.hold(session, course, marie, from_day=start, until_day=last, reason="Bilan.", by=by, now=TEN)
        ordered.answer(session, request_.id, Decision(DoctorAnswer.CONTINUE, resume=True), by=viewer_of(world.lebon), now=TEN)
    assert _takes(database, request_, FRIDAY) == [True]
    with pytest.raises(Refusal, match="to continue is to resume it"):
        correct(Decision(DoctorAnswer.CONTINUE, "Rester suspendu."))
    correct(Decision(DoctorAnswer.HOLD_UNTIL, "Rester suspendu."))
    assert _takes(database, request_, ordered_on, FRIDAY, FRIDAY + timedelta(days=30)) == [False] * 3


def test_admitted_by_a_slip_is_asked_again(database: Database, request_: DoctorRequest, answer: Answer, correct: Correct) -> None:
    expected = _planned(database, request_)
    answer(Decision(DoctorAnswer.ADMIT))
    correct(Decision(DoctorAnswer.SEE_TODAY))
    with database.reading() as session:
        assert session.get_one(Patient, request_.patient_id).follow_up == FollowUp.ACTIVE
        assert list(absences.standing(session, request_.patient_id)) == []
        assert [row.closed_at for row in session.scalars(select(Task).where(Task.kind == "was_seen"))] == [None]
    assert _planned(database, request_) == expected
    correct(Decision(DoctorAnswer.CONTINUE, "Mauvais patient."))
    with database.reading() as session:
        assert [row.closing_note for row in session.scalars(select(Task).where(Task.kind == "was_seen"))] == ["undone"]


def test_admitted_and_held_by_a_slip_goes_home_and_takes_tablets(
    database: Database, request_: DoctorRequest, answer: Answer, correct: Correct
) -> None:
    """One answer does the stay and a hold until further notice; its correction takes both back."""
    expected = _planned(database, request_)
    answer(Decision(DoctorAnswer.ADMIT, "Neutropénie fébrile.", hold=True))
    assert _planned(database, request_) == set()
    with database.reading() as session:
        assert session.get_one(Patient, request_.patient_id).follow_up == FollowUp.FROZEN
        assert [(row.from_day, row.until_day, row.reason) for row in session.scalars(select(Hold))] == [
            (TODAY, None, "Neutropénie fébrile.")
        ]
    correct(Decision(DoctorAnswer.CONTINUE, "Mauvais patient."))
    assert _takes(database, request_, TODAY, FRIDAY) == [True, True]
    assert _planned(database, request_) == expected
    correct(Decision(DoctorAnswer.ADMIT))
    assert _takes(database, request_, FRIDAY) == [True], "a stay alone takes no tablet away"


def test_whoever_told_it_tells_again_and_both_answers_stay(
    database: Database, world: World, request_: DoctorRequest, answer: Answer, correct: Correct
) -> None:
    """Told at 10:05 that it stops; corrected at 10:10: to be told within 30 minutes of the clock."""
    answer(STOP)
    with database.transaction() as session:
        at = TEN + timedelta(minutes=5)
        answering.tell(session, request_.id, by=viewer_of(world.claire), now=at, reached=True, words="On arrête.")
    at = TEN + timedelta(minutes=10)
    correct(HOLD, at=at)
    row = _row(database, request_)
    assert (row.state, row.answer, row.told_by_id, row.level) == (RequestState.ANSWERED, "hold_until", None, "urgent")
    assert (row.respond_by, row.next_step_at) == (at + timedelta(minutes=30), at)
    with database.reading() as session:
        assert [one.id for one in asking.to_tell(session, viewer=viewer_of(world.claire))] == [row.id]
        events = session.get_one(DoctorRequest, row.id).events
        assert [event.kind for event in events] == ["asked", "answered", "told", "corrected"]
        before = correcting.corrections(session.get_one(DoctorRequest, row.id))
    assert [(one["answer"], one["note"], one["told_by"]) for one in before] == [("stop", "Toxicité.", "Claire Payet")]
    assert events[-1].detail["note"] == SLIP


def test_who_may_correct_and_when(
    database: Database, world: World, request_: DoctorRequest, answer: Answer, correct: Correct, clock: HandClock
) -> None:
    with pytest.raises(Conflict, match="No doctor has answered"):
        correct(HOLD)
    answer(STOP)
    with pytest.raises(Refusal) as nurse:
        correct(HOLD, who=world.claire)
    assert nurse.value.status == 403
    with pytest.raises(Refusal) as without:
        correct(HOLD, reason=" ")
    assert without.value.field == "reason"
    with pytest.raises(Refusal, match="a reduction is less"):
        correct(Decision(DoctorAnswer.REDUCE_TO, "x", dose_mg=Decimal(9000)))
    row = _row(database, request_)
    assert (row.answer, row.state) == ("stop", RequestState.ANSWERED), "nothing of it is kept"
    with database.reading() as session:
        assert courses.running(session, request_.patient_id) is None


def test_an_answer_under_a_later_one_is_not_corrected(
    database: Database, world: World, request_: DoctorRequest, answer: Answer, correct: Correct
) -> None:
    """Held this morning and told, stopped since by another request: taking the hold back would say nothing of the stop."""
    answer(HOLD)
    with database.transaction() as session:
        answering.tell(session, request_.id, by=viewer_of(world.claire), now=TEN, reached=True, words="Jusqu'à vendredi.")
        marie = session.get_one(Patient, request_.patient_id)
        later = TEN + timedelta(hours=1)
        again = asking.ask(session, marie, by=viewer_of(world.claire), now=later, question="Grade 4.", level="high")
        ordered.answer(session, again.id, STOP, by=viewer_of(world.lebon), now=later)
    with pytest.raises(Refusal, match="A later answer"):
        correct(Decision(DoctorAnswer.CONTINUE), at=TEN + timedelta(hours=2))


def test_the_reason_kept_is_the_doctors_never_the_question(database: Database, request_: DoctorRequest, answer: Answer) -> None:
    answer(Decision(DoctorAnswer.HOLD_UNTIL, until_day=FRIDAY))
    with database.reading() as session:
        assert session.scalars(select(Hold.reason)).one() == f"Dr Aurore Lebon, D{request_.id}"


@pytest.mark.parametrize("called_in", [DoctorAnswer.SEE_TODAY, DoctorAnswer.ADMIT])
def test_whoever_must_come_in_is_told_within_half_an_hour(
    database: Database, request_: DoctorRequest, answer: Answer, called_in: DoctorAnswer
) -> None:
    answer(Decision(called_in))
    row = _row(database, request_)
    assert (row.level, row.respond_by) == ("urgent", TEN + timedelta(minutes=30))
