"""A doctor's answer admits somebody: asked, told, arrived. Until a person says that they arrived, they are at home."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import admission, answering, arrival, asking, handling, sending_help, spoken, tasks
from app.alerts.answering import Decision
from app.alerts.models import Alert, DoctorAnswer, DoctorRequest, Task
from app.checkins.rhythm import corrected, freezing, ordered, staying
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict, Refusal
from app.demo.dice import Dice
from app.demo.team import Team
from app.people import absences
from app.people.models import Absence, FollowUp, Patient, Shift
from app.people.perimeter import actor_of, viewer_of
from tests.factories import World
from triage.terms import Level

Raise = Callable[..., Alert]
TODAY = date(2026, 11, 18)


@pytest.fixture
def request_(database: Database, world: World, marie: Patient, clock: HandClock) -> DoctorRequest:
    """Dr Lebon admits Marie; nobody has told her."""
    with database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        asked = asking.ask(session, patient, by=viewer_of(world.claire), now=clock.now(), question="Fièvre 38,2.", level="urgent")
        return ordered.answer(session, asked.id, Decision(DoctorAnswer.ADMIT), by=viewer_of(world.lebon), now=clock.now())


def tell(session: Session, world: World, request: DoctorRequest, clock: HandClock) -> None:
    words = "Elle vient ce matin."
    answering.tell(session, request.id, by=viewer_of(world.claire), now=clock.now(), reached=True, words=words)


def stay_of(session: Session, patient: Patient) -> Absence:
    (row,) = absences.standing(session, patient.id)
    return row


def to_do(session: Session, kind: str = admission.KIND) -> list[Task]:
    return list(session.scalars(select(Task).where(Task.kind == kind, Task.closed_at.is_(None))))


def test_asked_told_arrived(database: Database, world: World, marie: Patient, request_: DoctorRequest, clock: HandClock) -> None:
    """Told, whoever told it checks within 4 h of the clock that she arrived, high on the list; not come, it is asked again."""
    luc = viewer_of(world.luc)
    with database.transaction() as session:
        assert (admission.stage(session, stay_of(session, marie)), to_do(session)) == ("asked", [])
        clock.forward(minutes=10)
        tell(session, world, request_, clock)
        (task,) = to_do(session)
        assert (task.patient_id, task.owner_id, task.due_at) == (marie.id, world.claire.id, clock.now() + timedelta(hours=4))
        assert tasks.LEVELS[task.kind] is Level.HIGH
        assert admission.stage(session, stay_of(session, marie)) == "told"
        assert session.get_one(Patient, marie.id).follow_up == FollowUp.FROZEN
    with database.transaction() as session:
        for seen, words, field in (("", "x", "seen"), ("no", " ", "note")):
            with pytest.raises(Refusal) as refused:
                admission.answer(session, task.id, seen=seen, words=words, by=luc, now=clock.now())
            assert refused.value.field == field
        admission.answer(session, task.id, seen="no", words="Sa fille l'amène ce soir.", by=luc, now=clock.forward(hours=4))
        (waits,) = to_do(session)
        assert waits.due_at == clock.now() + timedelta(hours=4)
        assert [(one["who"], one["words"]) for one in waits.detail["not_yet"]] == [(world.luc.name, "Sa fille l'amène ce soir.")]
        assert admission.stage(session, stay_of(session, marie)) == "told"
    with database.transaction() as session:
        admission.answer(session, task.id, seen="yes", words="", by=luc, now=clock.forward(hours=1))
        assert (to_do(session), admission.stage(session, stay_of(session, marie))) == ([], "arrived")
    with database.transaction() as session, pytest.raises(Conflict):
        admission.answer(session, task.id, seen="no", words="Absente.", by=luc, now=clock.now())


@pytest.mark.parametrize(("told", "due"), [(timedelta(minutes=10), time(15)), (timedelta(hours=6), time(20))])
def test_the_hour_the_doctor_gave_is_that_of_the_check(
    database: Database, world: World, marie: Patient, clock: HandClock, told: timedelta, due: time
) -> None:
    """To come at 15:00, told at 10:10: checked at 15:00; told at 16:00 only, four hours later. An hour that has passed is refused."""
    clock.at = datetime(2026, 11, 18, 10, tzinfo=ZoneInfo(marie.timezone))
    lebon = viewer_of(world.lebon)
    with database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        asked = asking.ask(session, patient, by=viewer_of(world.claire), now=clock.now(), question="Fièvre.", level="urgent")
    with pytest.raises(Refusal, match="This hour has passed"), database.transaction() as session:
        ordered.answer(session, asked.id, Decision(DoctorAnswer.ADMIT, at=time(9)), by=lebon, now=clock.now())
    with database.transaction() as session:
        ordered.answer(session, asked.id, Decision(DoctorAnswer.ADMIT, at=time(15)), by=lebon, now=clock.now())
    clock.at += told
    with database.transaction() as session:
        tell(session, world, asked, clock)
        (task,) = to_do(session)
        assert task.due_at.astimezone(ZoneInfo(marie.timezone)).time() == due


def test_an_urgent_alert_asks_for_help_until_she_has_arrived(
    database: Database, world: World, marie: Patient, raise_: Raise, request_: DoctorRequest, clock: HandClock
) -> None:
    """An order that nobody told, or that was told and not followed, is no stay in hospital: calls in vain are still to be decided on."""
    claire = viewer_of(world.claire)
    with database.transaction() as session:
        tell(session, world, request_, clock)
    clock.forward(minutes=5)
    urgent = raise_(Level.URGENT, rules=["fever"])
    with database.transaction() as session:
        corrected.correct(
            session, request_.id, Decision(DoctorAnswer.ADMIT, "Lit 12."), reason="Lit.", by=viewer_of(world.lebon), now=clock.now()
        )
        handling.take(session, urgent.id, by=claire, now=clock.now())
        with pytest.raises(Refusal, match="Say to whom you spoke"):
            handling.close(session, urgent.id, by=claire, now=clock.now(), outcome="sent_to_emergency", words="SAMU")
    for _ in range(3):
        with database.transaction() as session:
            handling.call_logged(session, urgent.id, by=claire, now=clock.forward(minutes=1), reached=False, whom="patient")
    with database.transaction() as session:
        alert = session.get_one(Alert, urgent.id)
        assert sending_help.is_needed(session, alert) and not sending_help.allowed(session, alert)
        with pytest.raises(Refusal, match="record who decided about sending help"):
            handling.close(session, urgent.id, by=claire, now=clock.now(), outcome="sent_to_emergency", words="SAMU")
        tell(session, world, request_, clock)
        assert not spoken.is_elsewhere(session, alert), "told is not arrived"
        (task,) = to_do(session)
        admission.answer(session, task.id, seen="yes", words="", by=claire, now=clock.now())
        assert spoken.is_elsewhere(session, alert)


def test_an_order_answers_no_help_that_was_sent_and_an_arrival_does(
    database: Database, world: World, marie: Patient, raise_: Raise, clock: HandClock, request: pytest.FixtureRequest
) -> None:
    claire, urgent = viewer_of(world.claire), raise_(Level.URGENT, rules=["fever"])
    with database.transaction() as session:
        handling.take(session, urgent.id, by=claire, now=clock.now())
        sent = {"what": "help_sent", "decided_by": "Claire Payet", "why": "ne respire plus"}
        handling.decide(session, urgent.id, by=claire, now=clock.now(), **sent)
    order = request.getfixturevalue("request_")
    with database.transaction() as session:
        tell(session, world, order, clock)
        assert [len(to_do(session, kind)) for kind in (arrival.KIND, admission.KIND)] == [1, 1]
        admission.answer(session, to_do(session)[0].id, seen="yes", words="", by=claire, now=clock.now())
        assert [len(to_do(session, kind)) for kind in (arrival.KIND, admission.KIND)] == [0, 0]


def test_corrected_nobody_is_to_arrive_and_told_again_they_are(
    database: Database, world: World, marie: Patient, request_: DoctorRequest, clock: HandClock
) -> None:
    lebon = viewer_of(world.lebon)
    with database.transaction() as session:
        tell(session, world, request_, clock)
        (task,) = to_do(session)
    for decision, left in ((Decision(DoctorAnswer.CONTINUE), []), (Decision(DoctorAnswer.ADMIT), [task.id])):
        clock.forward(minutes=10)
        with database.transaction() as session:
            corrected.correct(session, request_.id, decision, reason="Erreur.", by=lebon, now=clock.now())
            assert to_do(session) == [], "not before it is told"
            tell(session, world, request_, clock)
            assert [one.id for one in to_do(session)] == left
    with database.reading() as session:
        (again,) = to_do(session)
        assert (again.due_at, again.detail["absence_id"]) == (clock.now() + timedelta(hours=4), stay_of(session, marie).id)


def test_a_stay_that_ends_asks_no_more_and_opened_again_it_does(
    database: Database, world: World, marie: Patient, request_: DoctorRequest, clock: HandClock
) -> None:
    by = actor_of(world.claire)
    with database.transaction() as session:
        tell(session, world, request_, clock)
        patient, stay = session.get_one(Patient, marie.id), stay_of(session, marie)
        staying.end(session, patient, stay.id, how="mistake", reason="Refuse.", said_by="elle-même", by=by, now=clock.now())
        assert to_do(session) == []
        staying.reopen(session, patient, stay.id, reason="Vient enfin.", by=by, now=clock.forward(hours=5))
        (task,) = to_do(session)
        assert task.due_at == clock.now(), "the hour it had has passed"
        death = freezing.record(session, patient, absences.DEATH, from_day=TODAY, by=by, now=clock.now())
        assert to_do(session) == []
        freezing.undo(session, patient, death.id, by=by, now=clock.now(), reason="Homonyme.")
        assert [one.id for one in to_do(session)] == [task.id]
        freezing.record(session, patient, absences.HOSPITAL, from_day=TODAY, by=by, now=clock.now())
        assert to_do(session) == [], "a nurse noted the stay herself"


@pytest.mark.parametrize(("spoke", "how", "state"), [("", "mistake", "new"), ("patient", "mistake", "closed"), ("", "home", "closed")])
def test_a_stay_that_never_was_opens_the_urgent_alert_again_that_closed_because_of_it(
    database: Database, world: World, marie: Patient, raise_: Raise, clock: HandClock, spoke: str, how: str, state: str
) -> None:
    """Noted by a slip of the finger, the wrong patient: nobody was asked to whom they spoke, and nothing else asks after her."""
    claire, urgent = viewer_of(world.claire), raise_(Level.URGENT, rules=["fever"])
    with database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        handling.take(session, urgent.id, by=claire, now=clock.now())
        stay = freezing.record(session, patient, absences.HOSPITAL, from_day=TODAY, by=claire.actor, now=clock.now())
        handling.close(session, urgent.id, by=claire, now=clock.forward(minutes=1), outcome="advice", words="", spoke_to=spoke)
        said = {"how": how, "reason": "Mauvais dossier.", "said_by": "sa fille"}
        staying.end(session, patient, stay.id, by=claire.actor, now=clock.forward(minutes=1), **said)
    with database.reading() as session:
        alert = session.get_one(Alert, urgent.id)
        assert (alert.state, alert.next_step_at is not None) == (state, state == "new")
        assert (alert.events[-1].detail.get("reason") == "Mauvais dossier.") is (state == "new")


def test_of_somebody_noted_in_hospital_already_nobody_asks(database: Database, world: World, marie: Patient, clock: HandClock) -> None:
    with database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        freezing.record(session, patient, absences.HOSPITAL, from_day=TODAY, by=actor_of(world.claire), now=clock.now())
        asked = asking.ask(session, patient, by=viewer_of(world.claire), now=clock.now(), question="La garder ?", level="high")
        ordered.answer(session, asked.id, Decision(DoctorAnswer.ADMIT), by=viewer_of(world.lebon), now=clock.now())
        tell(session, world, asked, clock)
        assert to_do(session) == []


def test_the_team_of_the_demonstration_asks_in_time_whether_they_arrived(
    database: Database, world: World, marie: Patient, request_: DoctorRequest, clock: HandClock
) -> None:
    """A fictional ward must not fill with people whom nobody looked for."""
    begins = clock.now()
    with database.transaction() as session:
        spans = {"starts_at": begins - timedelta(hours=1), "ends_at": begins + timedelta(hours=9)}
        session.add(Shift(service_id=world.service.id, staff_id=world.claire.id, kind="on_call", **spans))
        tell(session, world, request_, clock)
        ((at, act),) = Team(database, world.service.id, Dice(21), begins + timedelta(days=9)).sees(session, [], to_do(session))
        assert at < to_do(session)[0].due_at
    act(at)
    with database.reading() as session:
        assert (to_do(session), admission.stage(session, stay_of(session, marie))) == ([], "arrived")
