"""HZ-03, AMA-4: a nurse asks, a doctor answers, the nurse tells; whatever nobody does climbs until somebody does it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.alerts import answering, asked, asking, handling
from app.alerts.answering import Decision
from app.alerts.models import REQUEST_MOVES, Alert, AlertState, DoctorAnswer, DoctorRequest, RequestState
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict, NotFound, Refusal
from app.messaging.models import Message
from app.people import care_team, services
from app.people.models import Patient, Role, Staff
from app.people.perimeter import viewer_of
from app.people.rota_models import StandIn
from tests.factories import PASSWORD, World
from triage.terms import Level

Raise = Callable[..., Alert]
CLAIRE, LEBON, MERCIER, INES = "+33639980101", "+33639980102", "+33639980103", "+33639980104"
CONTINUE = Decision(DoctorAnswer.CONTINUE, "La diarrhée est de grade 1.")


@pytest.fixture
def mercier(database: Database, world: World, clock: HandClock) -> Staff:
    """Dr Mercier, another oncologist of the ward; everybody has a telephone."""
    with database.transaction() as session:
        added = {"login": "mercier", "name": "Dr Jean Mercier", "role": Role.ONCOLOGIST, "password": PASSWORD}
        doctor = services.engage(session, world.hospital, service=world.service, by=SYSTEM, now=clock.now(), **added)  # type: ignore[arg-type]  # fields by name
        doctor.phone = MERCIER
        for staff, phone in ((world.claire, CLAIRE), (world.lebon, LEBON), (world.ines, INES)):
            session.get_one(Staff, staff.id).phone = phone
        starts, ends = clock.now() - timedelta(days=1), clock.now() + timedelta(days=30)
        care_team.put_on_shift(session, world.claire, kind="ward", starts_at=starts, ends_at=ends)
        return doctor


Ask = Callable[..., DoctorRequest]


@pytest.fixture
def ask(database: Database, world: World, clock: HandClock, marie: Patient) -> Ask:
    def one(level: Level = Level.URGENT, **more: object) -> DoctorRequest:
        with database.transaction() as session:
            patient = session.get_one(Patient, marie.id)
            said = {"question": "Poursuivre la capécitabine ?", "level": level.word, **more}
            return asking.ask(session, patient, by=viewer_of(world.claire), now=clock.now(), **said)  # type: ignore[arg-type]  # fields by name

    return one


def _decide(database: Database, request: DoctorRequest, who: Staff, now: datetime, decision: Decision = CONTINUE) -> None:
    with database.transaction() as session:
        row = asking.get(session, request.id, viewer=viewer_of(who))
        answering.decide(session, row, decision, by=viewer_of(who), now=now)


def _again(database: Database, request: DoctorRequest) -> DoctorRequest:
    with database.reading() as session:
        return session.get_one(DoctorRequest, request.id)


def _minutes(database: Database, clock: HandClock, minutes: int) -> dict[int, list[str]]:
    """Who gets a text at which minute, the metronome looking each minute."""
    seen: dict[int, list[str]] = {}
    for minute in range(minutes + 1):
        before = len(_texts(database))
        with database.transaction() as session:
            ids = asked.due(session, clock.now())
        for number in ids:
            with database.transaction() as session:
                asked.step(session, number, clock.now())
        if new := _texts(database)[before:]:
            seen[minute] = [address for address, _ in new]
        clock.forward(minutes=1)
    return seen


def _texts(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        mine = select(Message.address, Message.body).where(Message.key.in_(("staff_request", "staff_answer"))).order_by(Message.id)
        return [(address, body) for address, body in session.execute(mine)]


@pytest.mark.usefixtures("mercier")
def test_an_urgent_request_climbs_at_each_minute_until_a_doctor_answers(
    database: Database, ask: Ask, clock: HandClock, world: World
) -> None:
    """HZ-03: the doctor at once, again at 5, another doctor at 10, the head at 15, and then for ever each 5 minutes."""
    request = ask(Level.URGENT)
    assert request.respond_by == clock.now() + timedelta(minutes=15)
    assert _minutes(database, clock, 25) == {0: [LEBON], 5: [LEBON], 10: [MERCIER], 15: [INES], 20: [INES], 25: [INES]}
    _decide(database, request, world.lebon, clock.now())
    assert _minutes(database, clock, 15)[0] == [CLAIRE], "it is Claire who asked: she tells the patient"
    assert not any("Hoarau" in body or "capécitabine" in body for _, body in _texts(database)), "SEC-01: a level and a reference"


def test_having_been_seen_is_not_having_been_answered(database: Database, ask: Ask, clock: HandClock, world: World, mercier: Staff) -> None:
    request = ask(Level.URGENT)
    with database.transaction() as session:
        asking.seen(session, request.id, by=viewer_of(world.claire), now=clock.now())
    assert _again(database, request).state == RequestState.ASKED, "a nurse who looks is no doctor"
    with database.transaction() as session:
        asking.seen(session, request.id, by=viewer_of(mercier), now=clock.now())
    assert (_again(database, request).state, _again(database, request).seen_by_id) == (RequestState.SEEN, mercier.id)
    assert _minutes(database, clock, 5) == {0: [LEBON], 5: [LEBON]}


def test_whoever_stands_in_for_the_doctor_is_called_in_their_place(
    database: Database, ask: Ask, clock: HandClock, world: World, mercier: Staff
) -> None:
    with database.transaction() as session:
        day = timedelta(days=1)
        span = {"starts_at": clock.now() - day, "ends_at": clock.now() + day, "written_by": "staff:1", "written_at": clock.now()}
        session.add(StandIn(service_id=world.service.id, absent_id=world.lebon.id, by_id=mercier.id, **span))
    ask(Level.URGENT)
    assert _minutes(database, clock, 1) == {0: [MERCIER]}


def test_an_urgent_question_to_a_doctor_who_is_off_goes_to_whoever_is_on_call_as_well(
    database: Database, ask: Ask, clock: HandClock, world: World, mercier: Staff
) -> None:
    """Dr Lebon comes next week, Dr Mercier is on call: both are told at once. What can wait goes to the doctor who was asked."""
    with database.transaction() as session:
        span = {"starts_at": clock.now() - timedelta(hours=1), "ends_at": clock.now() + timedelta(hours=8)}
        care_team.put_on_shift(session, mercier, kind="on_call", **span)
    ask(Level.HIGH, question="Une prise oubliée ?")
    assert _minutes(database, clock, 1) == {0: [LEBON]}
    ask(Level.URGENT)
    assert _minutes(database, clock, 1) == {0: [LEBON, MERCIER]}


@pytest.mark.usefixtures("mercier")
def test_a_request_that_is_not_urgent_climbs_in_service_hours(database: Database, ask: Ask, clock: HandClock) -> None:
    """Asked on Friday at 17:30, the ward closing at 18:00: the second call to the doctor is on Monday at 8:30."""
    clock.at = datetime.fromisoformat("2026-11-20T17:30:00+01:00")
    request = ask(Level.HIGH)
    assert request.respond_by == datetime.fromisoformat("2026-11-23T09:30:00+01:00")
    assert _minutes(database, clock, 90) == {0: [LEBON]}
    assert _again(database, request).next_step_at == datetime.fromisoformat("2026-11-23T08:30:00+01:00")


def test_of_two_doctors_who_answer_at_once_one_wins_and_the_other_is_told_who(
    database: Database, ask: Ask, clock: HandClock, world: World, mercier: Staff
) -> None:
    """HZ-28: two answers would be two orders."""
    request = ask()

    def answer(who: Staff) -> str:
        try:
            _decide(database, request, who, clock.now())
        except Conflict as conflict:
            return str(conflict.values["name"])
        return "won"

    with ThreadPoolExecutor(2) as both:
        found = list(both.map(answer, (world.lebon, mercier)))
    winner = {world.lebon.id: world.lebon, mercier.id: mercier}[_again(database, request).answered_by_id or 0]
    assert sorted(found) == sorted(["won", winner.name])


@pytest.mark.usefixtures("mercier")
def test_an_answer_nobody_tells_climbs_too(database: Database, ask: Ask, clock: HandClock, world: World) -> None:
    request = ask(Level.MODERATE)
    _decide(database, request, world.lebon, clock.now(), Decision(DoctorAnswer.HOLD_UNTIL))
    again = _again(database, request)
    assert again.level == "high", "what changes the patient's day is not told tomorrow"
    assert again.respond_by == clock.now() + timedelta(hours=2)
    assert _minutes(database, clock, 180) == {0: [CLAIRE], 60: [CLAIRE], 120: [INES], 180: [INES]}


def test_the_patient_is_told_by_voice_and_attempts_in_vain_are_kept(
    database: Database, ask: Ask, clock: HandClock, world: World, mercier: Staff
) -> None:
    request = ask()
    by = viewer_of(world.luc)

    def tell(**said: object) -> DoctorRequest:
        with database.transaction() as session:
            return answering.tell(session, request.id, by=by, now=clock.now(), **said)  # type: ignore[arg-type]  # fields by name

    with pytest.raises(Conflict, match="No doctor has answered"):
        tell(reached=True, words="Continuez.")
    _decide(database, request, mercier, clock.now())
    assert tell(reached=False).state == RequestState.ANSWERED
    with pytest.raises(Refusal, match="what was said"):
        tell(reached=True)
    done = tell(reached=True, whom="relative", words="Sa fille a répété : elle continue, deux comprimés matin et soir.")
    assert (done.state, done.told_by_id, done.next_step_at) == (RequestState.TOLD, world.luc.id, None)
    with pytest.raises(Conflict, match="Luc Morel told the patient"):
        tell(reached=True, words="encore")
    with database.reading() as session:
        kinds = [event.kind for event in session.get_one(DoctorRequest, request.id).events]
    assert kinds == ["asked", "answered", "tried", "told"]


def test_the_alert_waits_for_the_doctor_and_comes_back_to_whoever_asked(
    database: Database, ask: Ask, raise_: Raise, clock: HandClock, world: World
) -> None:
    alert = raise_(Level.MODERATE)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    request = ask(Level.HIGH, alert_id=alert.id)
    with database.reading() as session:
        waiting = session.get_one(Alert, alert.id)
        assert (waiting.state, waiting.next_step_at) == (AlertState.WAITING, request.respond_by)
    _decide(database, request, world.lebon, clock.forward(minutes=20))
    with database.reading() as session:
        back = session.get_one(Alert, alert.id)
        assert (back.state, back.owner_id) == (AlertState.IN_PROGRESS, world.claire.id)
        assert [event.kind for event in back.events] == ["raised", "taken", "doctor_asked", "waiting", "doctor_answered"]
        assert back.events[-1].detail["note"] == CONTINUE.words


def test_an_urgent_alert_never_waits_for_the_doctor(database: Database, ask: Ask, raise_: Raise, clock: HandClock, world: World) -> None:
    alert = raise_(Level.URGENT)
    with database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(world.claire), now=clock.now())
    ask(alert_id=alert.id)
    with database.reading() as session:
        assert session.get_one(Alert, alert.id).state == AlertState.TAKEN


def test_withdrawn_with_a_reason_it_asks_nobody_any_more(database: Database, ask: Ask, clock: HandClock, world: World) -> None:
    request = ask()

    def withdraw(reason: str) -> None:
        with database.transaction() as session:
            asking.withdraw(session, request.id, by=viewer_of(world.luc), now=clock.now(), reason=reason)

    with pytest.raises(Refusal, match="no answer is needed"):
        withdraw(" ")
    withdraw("Vue en consultation.")
    assert _minutes(database, clock, 5) == {}
    with pytest.raises(Conflict, match="Luc Morel withdrew"):
        _decide(database, request, world.lebon, clock.now())


def test_only_a_doctor_of_the_service_answers(database: Database, ask: Ask, clock: HandClock, world: World) -> None:
    """Contract: the oncologist alone decides doses; outside the service the request does not exist."""
    request = ask()
    for who in (world.claire, world.ines, world.paul, world.noe):
        with pytest.raises(Refusal) as refused:
            _decide(database, request, who, clock.now())
        assert refused.value.status == 403
    with pytest.raises(NotFound):
        _decide(database, request, world.alma, clock.now())
    assert _again(database, request).state == RequestState.ASKED


def test_a_question_is_asked_in_words_to_a_doctor_and_once(database: Database, ask: Ask, world: World) -> None:
    for wrong, field in (({"question": "  "}, "question"), ({"doctor_id": world.luc.id}, "doctor")):
        with pytest.raises(Refusal) as refused:
            ask(**wrong)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        ask(contact_id=41)
    assert ask().id == ask().id, "a button pressed twice"


def test_every_move_between_states_is_in_the_table(database: Database, ask: Ask) -> None:
    for before in RequestState:
        for after in RequestState:
            request = ask(question=f"{before} {after}")
            with database.transaction() as session:
                row = session.get_one(DoctorRequest, request.id)
                row.state = before
                session.flush()
                assert asking.claim(session, row, after) == (after in REQUEST_MOVES[before])
