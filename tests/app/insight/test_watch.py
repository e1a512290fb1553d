"""The watchman: each thing made late or stuck, one by one, is named (HZ-04, HZ-18, REL-06, REL-07, FR-05)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import asking, handling
from app.alerts.handling import Reason
from app.alerts.models import Alert, DoctorRequest
from app.care import enrolments
from app.care.models import Enrolment, PlannedCall
from app.checkins.models import AnswerRow, CheckIn
from app.core import clock as real
from app.core.clock import HandClock
from app.core.db import Database
from app.insight import watch
from app.insight.models import Heartbeat
from app.messaging.models import Message
from app.people.models import Patient, Staff
from app.people.perimeter import viewer_of
from app.protocols.models import ProtocolVersion
from tests.factories import World
from tests.support.chain import MARIE, Chain
from triage.terms import Level

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def chain(database: Database, clock: HandClock, world: World) -> Chain:
    """Marie is followed, her Wednesday check-in is open, everything is in order."""
    chain = Chain(database, clock, world)
    chain.follow()
    chain.until(WEDNESDAY_TEN)
    with chain.read() as session:
        assert watch.sweep(session, clock.now()) == []
    return chain


def found(chain: Chain) -> list[str]:
    with chain.read() as session:
        return [finding.kind for finding in watch.sweep(session, chain.clock.now())]


def do(chain: Chain, act: Callable[[Session], object]) -> None:
    with chain.database.transaction() as session:
        act(session)


def test_a_text_nobody_understood(chain: Chain) -> None:
    chain.keep(MARIE, "bonjour")
    chain.clock.forward(minutes=2)

    assert found(chain) == ["unread"]


def test_a_text_that_does_not_leave(chain: Chain) -> None:
    chain.keep(MARIE, "aide")
    from app.checkins.texts import conversation

    conversation.process(chain.database, chain.last_heard().id, now=chain.clock.now())
    chain.clock.forward(minutes=6)

    assert found(chain) == ["unsent"]


def test_a_text_that_did_not_arrive_and_nobody_was_told(chain: Chain) -> None:
    do(
        chain,
        lambda session: session.execute(
            update(Message).where(Message.direction == "out").values(state="undelivered", settled_at=chain.clock.now())
        ),
    )
    chain.clock.forward(minutes=6)

    assert found(chain) == ["untold"]


def test_a_check_in_that_was_not_opened(chain: Chain) -> None:
    chain.clock.at = datetime(2026, 11, 27, 9, 6, tzinfo=UTC)
    do(
        chain,
        lambda session: session.execute(update(CheckIn).where(CheckIn.state == "open").values(state="done", closed_at=chain.clock.now())),
    )

    assert found(chain) == ["not_opened"]


def test_a_reminder_a_silence_and_an_end_that_are_missing(chain: Chain) -> None:
    late = chain.clock.now() - timedelta(minutes=6)
    do(chain, lambda session: session.execute(update(CheckIn).where(CheckIn.state == "open").values(remind_at=late)))
    assert found(chain) == ["no_reminder"]
    do(chain, lambda session: session.execute(update(CheckIn).where(CheckIn.state == "open").values(remind_at=None, silent_at=late)))
    assert found(chain) == ["no_silence"]
    do(chain, lambda session: session.execute(update(CheckIn).where(CheckIn.state == "open").values(silent_at=None)))
    assert found(chain) == ["no_end"]


def test_a_ladder_that_stands_still(chain: Chain) -> None:
    """REL-07: every open alert has a next step, less than 60 s late."""

    def raise_one(session: Session) -> None:
        marie = session.scalars(select(Patient)).one()
        reason = Reason(kind="assessment", level=Level.URGENT, detail={})
        handling.consider(session, service=marie.service, patient=marie, reason=reason, now=chain.clock.now())

    do(chain, raise_one)
    chain.clock.forward(seconds=61)
    assert found(chain) == ["late_step"]
    do(chain, lambda session: session.execute(update(Alert).values(next_step_at=None)))
    assert found(chain) == ["no_step"]


def test_a_request_to_a_doctor_that_stands_still(chain: Chain) -> None:
    """HZ-03: what was asked of a doctor, and an answer nobody told, never stop climbing unseen."""

    def ask(session: Session) -> None:
        marie, claire = session.scalars(select(Patient)).one(), session.scalars(select(Staff).where(Staff.login == "claire")).one()
        asking.ask(session, marie, by=viewer_of(claire), now=chain.clock.now(), question="Poursuivre ?", level="urgent")

    do(chain, ask)
    chain.clock.forward(seconds=61)
    assert found(chain) == ["late_request"]
    do(chain, lambda session: session.execute(update(DoctorRequest).values(next_step_at=None, state="answered")))
    assert found(chain) == ["no_request_step"]


def test_an_answer_without_a_verdict(chain: Chain) -> None:
    """HZ-01."""

    def answer(session: Session) -> None:
        checkin = session.scalars(select(CheckIn).where(CheckIn.state == "open")).one()
        row = AnswerRow(
            checkin_id=checkin.id, key="diarrhea", kind="severity_0_4", value="4", source="sms", said_by="patient:1", at=chain.clock.now()
        )
        session.add(row)

    do(chain, answer)

    assert found(chain) == ["unjudged"]


def test_a_patient_nothing_is_planned_for(chain: Chain) -> None:
    do(chain, lambda session: session.execute(update(CheckIn).values(state="cancelled", closed_at=chain.clock.now())))

    assert found(chain) == ["no_plan"]
    with chain.read() as session:
        (finding,) = watch.sweep(session, chain.clock.now())
        assert finding.ids == (session.scalars(select(Patient.id)).one(),)


def test_a_planned_call_that_stands_still_and_a_follow_up_without_calls(chain: Chain) -> None:
    """COA-2, ATO-2: a call is made, or late, then missed; an open follow-up always has calls ahead."""
    claire, luc, now = viewer_of(chain.world.claire), chain.world.luc, chain.clock.now()

    def follow(session: Session) -> None:
        row = enrolments.propose(session, session.scalars(select(Patient)).one(), "coach", by=claire, now=now)
        enrolments.adhesion(session, row.id, nurse_id=claire.actor.id, stand_in_id=luc.id, met_at=now, by=claire, now=now)

    do(chain, follow)
    chain.clock.forward(hours=25)
    assert "no_call_plan" not in found(chain)
    do(chain, lambda session: session.execute(update(Enrolment).values(planned_until=now.date())))
    assert "no_call_plan" in found(chain)
    do(chain, lambda session: session.execute(update(PlannedCall).values(due_at=now - timedelta(minutes=1))))
    assert "stuck_call" in found(chain)
    chain.worker.run_once()
    assert not {"no_call_plan", "stuck_call"} & set(found(chain))


def test_a_treatment_without_rules(chain: Chain) -> None:
    """HZ-18: the patients are named."""
    do(chain, lambda session: session.execute(update(ProtocolVersion).values(state="retired")))

    assert found(chain) == ["no_protocol"]


def test_ready_while_the_worker_beats_and_nothing_is_stuck(chain: Chain) -> None:
    with chain.read() as session:
        assert watch.readiness(session, chain.clock.now(), real.wall()) == []
        late = real.wall() + timedelta(minutes=3)
        (reason,) = watch.readiness(session, chain.clock.now(), late)
    assert reason.startswith("the worker has been silent for 18")


def test_not_ready_without_any_worker_or_with_a_backlog(chain: Chain) -> None:
    chain.keep(MARIE, "bonjour")
    chain.clock.forward(minutes=2)
    do(chain, lambda session: [session.delete(row) for row in session.scalars(select(Heartbeat))])

    with chain.read() as session:
        reasons = watch.readiness(session, chain.clock.now(), real.wall())
    assert reasons == [
        "no worker has ever run on this database: start vigie work",
        "1 texts received are not understood yet",
    ]


def test_a_beat_is_real_time_whatever_the_turned_clock_says(chain: Chain) -> None:
    chain.clock.at = datetime(2030, 1, 1, tzinfo=UTC)
    with chain.database.transaction() as session:
        watch.beat(session, "worker", real.wall(), {"done": 3})

    with chain.read() as session:
        row = session.get_one(Heartbeat, "worker")
    assert row.at.year < 2030
    assert row.detail == {"done": 3}
    assert row.at.date() >= date(2020, 1, 1)
