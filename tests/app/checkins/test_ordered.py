"""A doctor's answer changes the treatment and the plan in one transaction; a nurse who writes down a telephone call decides no dose."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.alerts import asking
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest, RequestState, Task
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import called_in, ordered, planning
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import FieldErrors, Refusal
from app.people import absences
from app.people.models import FollowUp, Patient, Staff
from app.people.perimeter import viewer_of
from app.protocols import shelf
from app.treatment import courses, days
from app.treatment.models import Course
from tests.factories import World, a_course, a_patient

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
"""A Wednesday, the third day of Marie's first cycle."""
TODAY = TEN.date()


@pytest.fixture
def request_(database: Database, world: World, clock: HandClock) -> DoctorRequest:
    """Marie takes capecitabine since Monday, her check-ins are planned; Claire asks Dr Lebon."""
    clock.at = TEN
    with database.transaction() as session:
        shelf.seed(session, TEN)
        marie = a_patient(session, world, now=TEN)
        course = a_course(session, world, marie, now=TEN, first_intake=date(2026, 11, 23), strengths=(Decimal(500), Decimal(150)))
        planning.plan(session, course, now=TEN)
        return asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question="Diarrhée de grade 3.", level="high")


def _answer(database: Database, request: DoctorRequest, who: Staff, decision: Decision) -> DoctorRequest:
    with database.transaction() as session:
        return ordered.answer(session, request.id, decision, by=viewer_of(who), now=TEN)


def _said(database: Database, request: DoctorRequest, world: World, decision: Decision, *, at: datetime = TEN) -> DoctorRequest:
    with database.transaction() as session:
        by = viewer_of(world.claire)
        return ordered.answer_by_telephone(session, request.id, decision, doctor_id=world.lebon.id, said_at=at, by=by, now=TEN)


def _course(database: Database, request: DoctorRequest) -> Course:
    with database.reading() as session:
        whole = (selectinload(Course.doses), selectinload(Course.holds))
        return session.scalars(select(Course).where(Course.patient_id == request.patient_id).options(*whole)).one()


def _takes(database: Database, request: DoctorRequest, *on: date) -> list[bool]:
    with database.reading() as session:
        course = session.scalars(select(Course).where(Course.patient_id == request.patient_id)).one()
        return [bool(days.day_of(course, day).doses) for day in on]


def _planned(database: Database, request: DoctorRequest) -> set[date]:
    with database.reading() as session:
        mine = (CheckIn.patient_id == request.patient_id, CheckIn.state == CheckInState.PLANNED)
        return set(session.scalars(select(CheckIn.day).where(*mine)))


def _state(database: Database, request: DoctorRequest) -> str:
    with database.reading() as session:
        return session.get_one(DoctorRequest, request.id).state


def test_hold_until_a_day_leaves_these_days_without_tablets(database: Database, world: World, request_: DoctorRequest) -> None:
    """Held from today to Friday included: Wednesday to Friday without tablets, Saturday with."""
    _answer(database, request_, world.lebon, Decision(DoctorAnswer.HOLD_UNTIL, "Reprise samedi.", until_day=date(2026, 11, 27)))
    assert _takes(database, request_, *(TODAY + timedelta(days=n) for n in range(-1, 4))) == [True, False, False, False, True]
    assert _state(database, request_) == RequestState.ANSWERED


def test_an_open_hold_lasts_until_a_doctor_says_that_it_goes_on(database: Database, world: World, request_: DoctorRequest) -> None:
    _answer(database, request_, world.lebon, Decision(DoctorAnswer.HOLD_UNTIL, "Bilan d'abord."))
    assert not any(_takes(database, request_, TODAY, TODAY + timedelta(days=10)))
    with database.transaction() as session:
        marie = session.get_one(Patient, request_.patient_id)
        again = asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question="Bilan normal : reprendre ?", level="moderate")
    _answer(database, again, world.lebon, Decision(DoctorAnswer.CONTINUE, from_day=date(2026, 11, 28), resume=True))
    assert _takes(database, request_, date(2026, 11, 27), date(2026, 11, 28)) == [False, True]


def test_reduce_to_a_dose_changes_the_tablets(database: Database, world: World, request_: DoctorRequest) -> None:
    """1150 mg are two tablets of 500 and one of 150."""
    given = Decision(DoctorAnswer.REDUCE_TO, "Grade 3.", dose_mg=Decimal(1150), strengths=(Decimal(500), Decimal(150)))
    answered = _answer(database, request_, world.lebon, given)
    dose = days.dose_on(_course(database, request_), TODAY)
    assert (dose.mg, dose.tablets) == (Decimal(1150), ((Decimal(500), 2), (Decimal(150), 1)))
    assert answered.answer_detail["tablets"] == [["500", 2], ["150", 1]]
    assert answered.answer_detail["before_mg"] == "1500"


@pytest.mark.parametrize(("dose", "sentence"), [("1500", "a reduction is less"), ("15000", "from 0.1 to 10000|a reduction is less")])
def test_a_dose_that_is_not_less_is_refused_and_nothing_is_kept(
    database: Database, world: World, request_: DoctorRequest, dose: str, sentence: str
) -> None:
    with pytest.raises(Refusal, match=sentence):
        _answer(database, request_, world.lebon, Decision(DoctorAnswer.REDUCE_TO, "Grade 3.", dose_mg=Decimal(dose)))
    assert _state(database, request_) == RequestState.ASKED, "the claim is undone with the rest"
    assert _course(database, request_).doses[1:] == []


def test_stop_ends_the_check_ins(database: Database, world: World, request_: DoctorRequest) -> None:
    assert _planned(database, request_)
    with pytest.raises(Refusal, match="why the treatment stops"):
        _answer(database, request_, world.lebon, Decision(DoctorAnswer.STOP))
    _answer(database, request_, world.lebon, Decision(DoctorAnswer.STOP, "Progression."))
    assert _planned(database, request_) == set()
    assert _course(database, request_).stop_reason == "Progression."


def test_to_be_seen_today_leaves_the_questions_until_a_person_says_who_came(
    database: Database, world: World, request_: DoctorRequest
) -> None:
    """Wednesday is a check-in day; the service closes at 18:00. An order is no visit; a yes is one, and the day asks nothing more."""
    before = _planned(database, request_)
    _answer(database, request_, world.lebon, Decision(DoctorAnswer.SEE_TODAY, "À 15 h."))
    assert _planned(database, request_) == before and TODAY in before
    with database.transaction() as session:
        assert absences.visit_days(session, request_.patient_id) == frozenset(), "nobody said that she came"
        task = session.scalars(select(Task).where(Task.kind == "was_seen")).one()
        assert (task.closed_at, task.due_at) == (None, TEN.replace(hour=18))
        by = viewer_of(world.claire)
        for seen, words in (("", "Vue."), ("no", " ")):
            with pytest.raises(Refusal):
                called_in.answer(session, task.id, seen=seen, words=words, by=by, now=TEN)
        called_in.answer(session, task.id, seen="yes", words="", by=by, now=TEN + timedelta(hours=5))
        assert absences.visit_days(session, request_.patient_id) == {TODAY}
    assert _planned(database, request_) == before - {TODAY}


def test_whoever_did_not_come_keeps_the_questions_of_the_day(database: Database, world: World, request_: DoctorRequest) -> None:
    before = _planned(database, request_)
    _answer(database, request_, world.lebon, Decision(DoctorAnswer.SEE_TODAY))
    with database.transaction() as session:
        task = session.scalars(select(Task).where(Task.kind == "was_seen")).one()
        called_in.answer(session, task.id, seen="no", words="Absente, rappelée.", by=viewer_of(world.claire), now=TEN + timedelta(hours=8))
        assert (task.closing_note, task.detail["seen"]) == ("Absente, rappelée.", "no")
        assert absences.visit_days(session, request_.patient_id) == frozenset()
    assert _planned(database, request_) == before


def test_admitted_asks_nothing(database: Database, world: World, request_: DoctorRequest) -> None:
    with database.transaction() as session:
        marie = session.get_one(Patient, request_.patient_id)
        again = asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question="Déshydratée.", level="urgent")
    _answer(database, again, world.lebon, Decision(DoctorAnswer.ADMIT))
    assert _planned(database, request_) == set()
    with database.reading() as session:
        assert session.get_one(Patient, request_.patient_id).follow_up == FollowUp.FROZEN


def test_what_was_said_by_telephone_stops_tablets_at_once_and_is_confirmed(
    database: Database, world: World, request_: DoctorRequest
) -> None:
    """The nurse names the doctor and the hour; the tablets stop; the doctor confirms on their own page."""
    with pytest.raises(Refusal, match="within the last 24 hours"):
        _said(database, request_, world, Decision(DoctorAnswer.HOLD_UNTIL, "Arrêt."), at=TEN + timedelta(minutes=1))
    _said(database, request_, world, Decision(DoctorAnswer.HOLD_UNTIL, "Arrêt jusqu'à vendredi.", until_day=date(2026, 11, 27)))
    assert _takes(database, request_, TODAY) == [False]
    with database.reading() as session:
        row = session.get_one(DoctorRequest, request_.id)
        assert (row.state, row.answered_by_id, row.spoken_to_id, row.confirmed_at) == ("answered", world.lebon.id, world.claire.id, None)
        assert [one.id for one in asking.to_confirm(session, viewer=viewer_of(world.lebon))] == [request_.id]
    with database.transaction() as session:
        ordered.confirm(session, request_.id, by=viewer_of(world.lebon), now=TEN)
    with database.reading() as session:
        assert asking.to_confirm(session, viewer=viewer_of(world.lebon)) == []
    assert len(_course(database, request_).holds) == 1


def test_a_nurse_decides_no_dose_what_was_said_by_telephone_waits_for_the_doctor(
    database: Database, world: World, request_: DoctorRequest
) -> None:
    """The platform proposes; only a prescriber changes a dose."""
    said = Decision(DoctorAnswer.REDUCE_TO, "Deux tiers de la dose.", dose_mg=Decimal(1000), strengths=(Decimal(500),))
    with pytest.raises(Refusal) as refused:
        _answer(database, request_, world.claire, said)
    assert refused.value.status == 403
    _said(database, request_, world, said)
    assert days.dose_on(_course(database, request_), TODAY).mg == 1500, "nothing holds yet"
    assert _state(database, request_) == RequestState.ASKED, "the doctor's ladder goes on"
    with database.transaction() as session, pytest.raises(Refusal) as nobody:
        ordered.confirm(session, request_.id, by=viewer_of(world.claire), now=TEN)
    assert nobody.value.status == 403
    with database.transaction() as session:
        ordered.confirm(session, request_.id, by=viewer_of(world.lebon), now=TEN)
    assert days.dose_on(_course(database, request_), TODAY).mg == 1000
    assert _state(database, request_) == RequestState.ANSWERED


def test_without_a_treatment_nothing_is_held(database: Database, world: World, request_: DoctorRequest) -> None:
    with database.transaction() as session:
        marie = session.get_one(Patient, request_.patient_id)
        course = courses.running(session, marie.id)
        assert course is not None
        courses.stop(session, course, marie, on=TODAY, reason="Choix du patient.", by=viewer_of(world.lebon).actor, now=TEN)
    with pytest.raises(
        (Refusal, FieldErrors), match="was stopped on 2026-11-25 by Dr Aurore Lebon: nothing of it is continued, held or reduced"
    ):
        _answer(database, request_, world.lebon, Decision(DoctorAnswer.HOLD_UNTIL, "x"))
    with pytest.raises(Refusal, match="A new treatment is to be prescribed"):
        _answer(database, request_, world.lebon, Decision(DoctorAnswer.CONTINUE, "x"))
    assert _state(database, request_) == RequestState.ASKED
