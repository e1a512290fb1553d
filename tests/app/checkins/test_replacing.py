"""A later answer about the tablets takes the place of one the patient was not told: the nurse has one thing to tell, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import select

from app.alerts import answering, asked, asking, replacing
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest, RequestState, Task
from app.checkins.rhythm import corrected, ordered, planning
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict, Refusal
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.protocols import shelf
from app.treatment import days
from app.treatment.models import Course
from tests.factories import World, a_course, a_patient

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
"""A Wednesday, the third day of Marie's first cycle."""
TODAY, FRIDAY, SATURDAY = (date(2026, 11, day) for day in (25, 27, 28))
HOUR = timedelta(hours=1)
HOLD = Decision(DoctorAnswer.HOLD_UNTIL, "Hydratation.", until_day=FRIDAY)
OPEN = Decision(DoctorAnswer.HOLD_UNTIL, "Bilan d'abord.")
STOP = Decision(DoctorAnswer.STOP, "Toxicité.")
RESUME = Decision(DoctorAnswer.CONTINUE, "Bilan normal.", resume=True)
LATER = Decision(DoctorAnswer.CONTINUE, "Samedi.", from_day=SATURDAY, resume=True)
CONTINUE = Decision(DoctorAnswer.CONTINUE, "Sans lien.")
LESS = Decision(DoctorAnswer.REDUCE_TO, "Palier.", dose_mg=Decimal(1000), strengths=(Decimal(500),))
LEAST = Decision(DoctorAnswer.REDUCE_TO, "Palier 2.", dose_mg=Decimal(500), strengths=(Decimal(500),))
SEE, ADMIT = Decision(DoctorAnswer.SEE_TODAY), Decision(DoctorAnswer.ADMIT)
SEE_LATER = Decision(DoctorAnswer.SEE_TODAY, at=time(17), place="Urgences")
ADMIT_AND_HOLD = Decision(DoctorAnswer.ADMIT, hold=True)

Answer = Callable[..., int]


@pytest.fixture
def answer(database: Database, world: World, clock: HandClock) -> Answer:
    """Marie takes capecitabine; each call asks about her and is answered at once by Dr Lebon."""
    clock.at = TEN
    with database.transaction() as session:
        shelf.seed(session, TEN)
        marie = a_patient(session, world, now=TEN)
        course = a_course(session, world, marie, now=TEN, first_intake=date(2026, 11, 23), strengths=(Decimal(500), Decimal(150)))
        planning.plan(session, course, now=TEN)

    def one(decision: Decision, *, at: datetime = TEN, level: str = "high") -> int:
        with database.transaction() as session:
            patient, question = session.get_one(Patient, marie.id), f"{decision} ?"
            request = asking.ask(session, patient, by=viewer_of(world.claire), now=at, question=question, level=level)
            ordered.answer(session, request.id, decision, by=viewer_of(world.lebon), now=at)
            return request.id

    return one


def _states(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(DoctorRequest.state).order_by(DoctorRequest.id)))


def _takes(database: Database, *on: date) -> list[bool]:
    with database.reading() as session:
        course = session.scalars(select(Course)).one()
        return [bool(days.day_of(course, day).doses) for day in on]


@pytest.mark.parametrize(
    ("first", "then", "left"),
    [
        (HOLD, OPEN, 1),
        (HOLD, HOLD, 1),
        (HOLD, STOP, 1),
        (HOLD, ADMIT_AND_HOLD, 1),
        (LESS, STOP, 1),
        (HOLD, RESUME, 1),
        (LESS, LEAST, 1),
        (OPEN, LATER, 2),  # nobody has told her to stop until Saturday
        (CONTINUE, HOLD, 2),
        (HOLD, LESS, 2),  # the days without tablets and the dose after them both stand
        (LESS, HOLD, 2),
        (SEE, HOLD, 2),  # she must still come
        (ADMIT, HOLD, 2),
        (SEE, SEE_LATER, 1),
        (ADMIT, SEE, 2),
        (HOLD, SEE, 2),
    ],
)
def test_what_gives_way_and_what_is_told_beside(
    database: Database, world: World, answer: Answer, first: Decision, then: Decision, left: int
) -> None:
    numbers = [answer(first), answer(then, at=TEN + HOUR)]
    with database.reading() as session:
        told = sorted(one.id for one in asking.to_tell(session, viewer=viewer_of(world.claire)))
    assert told == numbers[-left:]
    assert _states(database) == (["replaced", "answered"] if left == 1 else ["answered"] * 2)


def test_the_later_one_says_what_it_replaced_and_is_no_later(database: Database, world: World, answer: Answer) -> None:
    """Held at 10:00, to tell by 12:00; until further notice at 11:00: still by 12:00, and the first climbs no more."""
    first, then = answer(HOLD), answer(OPEN, at=TEN + HOUR)
    with database.transaction() as session:
        old, new = session.get_one(DoctorRequest, first), session.get_one(DoctorRequest, then)
        assert (old.state, old.next_step_at, new.respond_by) == (RequestState.REPLACED, None, TEN + 2 * HOUR)
        assert (replacing.replaced_by(old), [one.id for one in replacing.replaced(session, new)]) == (then, [first])
        assert (old.answer, old.answer_words) == ("hold_until", "Hydratation."), "its words stay"
        line = old.events[-1]
        assert (line.kind, line.detail["doctor"], line.detail["answer"]) == ("replaced", "Dr Aurore Lebon", "hold_until")
        assert asked.due(session, TEN + 9 * HOUR) == [then]
        with pytest.raises(Conflict, match="The answer of Dr Aurore Lebon replaced this one"):
            answering.tell(session, first, by=viewer_of(world.claire), now=TEN + HOUR, reached=True, words="Jusqu'à vendredi.")


def test_two_hours_for_one_visit_are_one_task(database: Database, world: World, answer: Answer) -> None:
    """Told to come, then at 17:00: one task asks whether she came. The second was a slip: the first asks again."""
    first = answer(SEE)
    with database.transaction() as session:
        answering.tell(session, first, by=viewer_of(world.claire), now=TEN, reached=True, words="Venez cet après-midi.")
    then = answer(SEE_LATER, at=TEN + HOUR)

    def asked_for() -> list[int]:
        with database.reading() as session:
            open_ = select(Task).where(Task.kind == "was_seen", Task.closed_at.is_(None))
            return [task.detail["request_id"] for task in session.scalars(open_)]

    assert (asked_for(), _states(database)) == ([then], ["told", "answered"])
    with database.transaction() as session:
        ended = session.scalars(select(Task).where(Task.kind == "was_seen", Task.closed_at.is_not(None))).one()
        assert (ended.detail["request_id"], ended.closing_note) == (first, "replaced")
        corrected.correct(session, then, CONTINUE, reason="Mauvais patient.", by=viewer_of(world.lebon), now=TEN + HOUR)
    assert asked_for() == [first]


def test_what_was_to_be_told_at_once_still_is(database: Database, answer: Answer) -> None:
    """Asked at once, held at 10:00, to tell by 10:30; asked at leisure at 10:10, until further notice: by 10:30 too, on the same ladder."""
    answer(HOLD, level="urgent")
    then = answer(OPEN, at=TEN + HOUR / 6, level="moderate")
    with database.reading() as session:
        new = session.get_one(DoctorRequest, then)
        assert (new.level, new.respond_by, new.next_step_at) == ("urgent", TEN + HOUR / 2, TEN + HOUR / 6)
        assert [rung["after_minutes"] for rung in new.ladder] == [0, 5, 10, 15]


def test_of_two_requests_answered_at_the_same_second_one_is_told(
    database: Database, world: World, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither doctor may miss the other's order, though each waits a second for the other once the answer is written."""
    both_wrote, decide = Barrier(2), answering.decide

    def slowly(*given: Any, **named: Any) -> None:
        decide(*given, **named)
        with suppress(BrokenBarrierError):
            both_wrote.wait(1)

    answer(CONTINUE)
    monkeypatch.setattr(answering, "decide", slowly)
    with database.transaction() as session:
        marie = session.scalars(select(Patient)).one()
        asked_of = [asking.ask(session, marie, by=viewer_of(world.claire), now=TEN, question=f"{n} ?", level="high").id for n in "ab"]

    def hold(number: int) -> None:
        with database.transaction() as session:
            ordered.answer(session, number, OPEN, by=viewer_of(world.lebon), now=TEN)

    with ThreadPoolExecutor(2) as both:
        list(both.map(hold, asked_of))
    assert sorted(_states(database)[1:]) == ["answered", "replaced"]


def test_what_was_told_is_not_replaced(database: Database, world: World, answer: Answer) -> None:
    first = answer(HOLD)
    with database.transaction() as session:
        answering.tell(session, first, by=viewer_of(world.claire), now=TEN, reached=True, words="Jusqu'à vendredi.")
    answer(OPEN, at=TEN + HOUR)
    assert _states(database) == ["told", "answered"]


@pytest.mark.parametrize("then", [OPEN, STOP, RESUME])
def test_the_later_one_was_a_slip_and_the_hold_before_it_is_what_is_told(
    database: Database, world: World, answer: Answer, then: Decision
) -> None:
    """Answered about the wrong patient: "continue" would have her swallow what the first forbids; "held until Friday" is told."""
    answer(HOLD)
    wrong, at = answer(then, at=TEN + HOUR), TEN + 2 * HOUR
    with pytest.raises(Refusal, match="held until 2026-11-27: to continue is to resume it"), database.transaction() as session:
        corrected.correct(session, wrong, CONTINUE, reason="Mauvais patient.", by=viewer_of(world.lebon), now=at)
    with database.transaction() as session:
        marie, request = session.scalars(select(Patient)).one(), session.get_one(DoctorRequest, wrong)
        held = corrected.held_without(session, request, marie, at)
        assert held is not None and held.until_day == FRIDAY
        corrected.correct(session, wrong, HOLD, reason="Mauvais patient.", by=viewer_of(world.lebon), now=at)
    assert _states(database) == ["replaced", "answered"]
    assert _takes(database, TODAY, FRIDAY, SATURDAY) == [False, False, True]


@pytest.mark.parametrize("then", [LEAST, STOP])
def test_the_later_one_was_a_slip_and_the_first_is_told_after_all(database: Database, world: World, answer: Answer, then: Decision) -> None:
    """Answered about the wrong patient: her own dose stands again, in the treatment and on the nurses' list, and climbs."""
    first, wrong = answer(LESS), answer(then, at=TEN + HOUR)
    at = TEN + 2 * HOUR
    with database.transaction() as session:
        corrected.correct(session, wrong, CONTINUE, reason="Mauvais patient.", by=viewer_of(world.lebon), now=at)
    assert _states(database) == ["answered", "answered"]
    with database.reading() as session:
        assert days.dose_on(session.scalars(select(Course)).one(), TODAY).mg == Decimal(1000)
        old = session.get_one(DoctorRequest, first)
        assert (old.respond_by, old.next_step_at, old.events[-1].kind) == (at + 2 * HOUR, at, "brought_back")


@pytest.mark.parametrize(("standing", "said"), [(HOLD, "until 2026-11-27"), (OPEN, "until further notice")])
def test_no_later_answer_says_continue_while_tablets_are_forbidden(
    database: Database, world: World, answer: Answer, standing: Decision, said: str
) -> None:
    """On the page and by telephone, whether or not the hold was told: the day of resuming is asked for, and nothing is kept."""
    answer(standing)
    with pytest.raises(Refusal, match=f"held {said}: to continue is to resume it"):
        answer(CONTINUE, at=TEN + HOUR)
    with database.transaction() as session:
        asks = viewer_of(world.claire)
        request = asking.ask(session, session.scalars(select(Patient)).one(), by=asks, now=TEN, question="Et là ?", level="high")
    with pytest.raises(Refusal, match="to continue is to resume it"), database.transaction() as session:
        ordered.answer_by_telephone(session, request.id, CONTINUE, doctor_id=world.lebon.id, said_at=TEN, by=asks, now=TEN)
    assert _states(database) == ["answered", "asked"]
    answer(RESUME, at=TEN + HOUR)
    assert _takes(database, TODAY, FRIDAY) == [True, True]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("then", [CONTINUE, RESUME, LATER, HOLD, LESS, ADMIT_AND_HOLD])
def test_nothing_of_a_stopped_treatment_goes_on_until_the_stop_is_corrected(
    database: Database, world: World, answer: Answer, then: Decision, told: bool
) -> None:
    """On the page, by telephone, by a correction, whether or not the stop was told: who stopped it is said, nothing is kept."""
    seen, first = answer(SEE), answer(STOP, at=TEN + HOUR)
    asks, at = viewer_of(world.claire), TEN + 2 * HOUR
    said = f"stopped on 2026-11-25 by Dr Aurore Lebon .D{first}.: nothing of it is continued"
    if told:
        with database.transaction() as session:
            answering.tell(session, first, by=asks, now=at, reached=True, words="Vous arrêtez.")
    with pytest.raises(Refusal, match=said):
        answer(then, at=at)
    with database.transaction() as session:
        number = asking.ask(session, session.scalars(select(Patient)).one(), by=asks, now=at, question="Et là ?", level="high").id
    with pytest.raises(Refusal, match=said), database.transaction() as session:
        ordered.answer_by_telephone(session, number, then, doctor_id=world.lebon.id, said_at=at, by=asks, now=at)
    with pytest.raises(Refusal, match=r"A later answer changed|stopped on"), database.transaction() as session:
        corrected.correct(session, seen, then, reason="Essai.", by=viewer_of(world.lebon), now=at)
    assert _states(database) == ["answered", "told" if told else "answered", "asked"]
    with database.transaction() as session:
        ordered.answer(session, number, Decision(DoctorAnswer.STOP, "Doliprane."), by=viewer_of(world.lebon), now=at)
    assert _states(database)[1] != "replaced", "what has stopped stays stopped, with other words: the slip is still there to correct"
    with pytest.raises(Refusal, match=said), database.transaction() as session:
        corrected.correct(session, number, then, reason="Essai.", by=viewer_of(world.lebon), now=at)
    with database.transaction() as session:
        corrected.correct(session, first, CONTINUE, reason="Mauvais patient.", by=viewer_of(world.lebon), now=at)
    assert _takes(database, TODAY, FRIDAY) == [True, True]


def test_a_shorter_hold_is_refused_and_says_how_to_give_tablets_sooner(database: Database, world: World, answer: Answer) -> None:
    """A patient told "until Thursday" would take tablets that another answer forbids until Friday."""
    answer(HOLD)
    with pytest.raises(Refusal, match="already held until 2026-11-27"):
        answer(Decision(DoctorAnswer.HOLD_UNTIL, "Moins.", until_day=TODAY + timedelta(days=1)), at=TEN + HOUR)
    answer(OPEN, at=TEN + HOUR)
    with pytest.raises(Refusal, match="until further notice"):
        answer(HOLD, at=TEN + 2 * HOUR)
    assert _states(database) == ["replaced", "answered"]
    answer(RESUME, at=TEN + 3 * HOUR)
    assert all(_takes(database, TODAY, FRIDAY)), "a hold nobody lived leaves nothing"
