"""REL-01, HZ-02, HZ-06: the delivery store on both databases: who leaves first, two processes, and death at every step."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import select

from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import outbox, reports
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.messaging.postman import OutboxStore, Postman
from app.people import patients
from app.people.models import FollowUp, Patient
from notifications import delivery, policy
from notifications.delivery import Claim, Tally
from notifications.messages import Channel, DeliveryUpdate, Failure, Inbound, Outgoing, Reason, Receipt, State
from notifications.transports.simulator import Simulator, refuses
from tests.app.messaging.conftest import MARIE, Ward

PAUL = "+33639980002"


def temporary(**more: object) -> Failure:
    return Failure(Reason.CARRIER, "down", permanent=False, **more)  # type: ignore[arg-type]  # fields by name


def test_safety_leaves_before_the_question_that_was_queued_first(ward: Ward) -> None:
    question = ward.queue("q_intake", Purpose.QUESTION)
    echo = ward.queue("help", Purpose.CONFIRMATION)
    safety = ward.queue("urgent_15", Purpose.SAFETY)
    ward.carry()
    assert ward.phones.texts(MARIE) == [safety.body, echo.body, question.body]


def test_texts_of_one_kind_leave_in_the_order_they_were_queued(ward: Ward) -> None:
    """U1, U2."""
    rows = [ward.queue(f"q_{kind}", Purpose.QUESTION, values={}) for kind in ("intake", "pain", "weight")]
    ward.carry()
    assert ward.phones.texts(MARIE) == [row.body for row in rows]


def test_a_later_text_waits_for_the_one_before_it_but_not_for_hours(ward: Ward) -> None:
    ward.queue("q_pain", Purpose.QUESTION, not_before=ward.clock.now() - timedelta(seconds=1))
    ward.queue("q_weight", Purpose.QUESTION)
    ward.phones.faults[MARIE] = refuses(temporary())
    assert ward.carry() == Tally(retried=1)
    for _ in range(5):
        ward.carry(minutes=5)
    ward.phones.faults.clear()
    ward.carry(minutes=1)
    assert [text[:32] for text in ward.phones.texts(MARIE)] == ["Suivi Baie : votre poids ce mati"]


def test_a_safety_text_overtakes_one_in_trouble(ward: Ward) -> None:
    ward.queue("q_pain", Purpose.QUESTION)
    ward.phones.faults[MARIE] = refuses(temporary())
    ward.carry()
    ward.phones.faults.clear()
    safety = ward.queue("urgent_15", Purpose.SAFETY)
    assert ward.carry() == Tally(sent=1)
    assert ward.phones.texts(MARIE) == [safety.body]


def test_another_person_does_not_wait(ward: Ward) -> None:
    ward.queue("q_pain", Purpose.QUESTION)
    ward.queue("q_weight", Purpose.QUESTION, to=PAUL)
    ward.phones.faults[MARIE] = refuses(temporary())
    assert ward.carry() == Tally(sent=1, retried=1)


def test_a_message_held_by_another_process_is_left_alone_until_its_lease_ends(ward: Ward) -> None:
    ward.queue(dedup_key="a")
    ward.queue(dedup_key="b")
    other = OutboxStore(ward.database, "another process")
    claim = other.claim_due(ward.clock.now())
    assert claim is not None
    assert not claim.unsure
    assert ward.carry() == Tally()  # neither that one, nor the next to the same person
    assert ward.carry(seconds=policy.ATTEMPT_LEASE.total_seconds()) == Tally(sent=2)
    assert len(ward.phones.texts(MARIE)) == 2


def test_nothing_but_safety_joins_a_call_under_way(ward: Ward) -> None:
    ward.queue("q_pain", Purpose.QUESTION)
    assert OutboxStore(ward.database, "a process that hangs").claim_due(ward.clock.now()) is not None
    echo = ward.queue("help", Purpose.CONFIRMATION)
    safety = ward.queue("urgent_15", Purpose.SAFETY)
    assert ward.carry() == Tally(sent=1)
    assert ward.phones.texts(MARIE) == [safety.body]
    ward.carry(minutes=2)
    assert ward.phones.texts(MARIE)[1] == echo.body


def test_in_doubt_and_frozen_since_it_is_looked_up_but_not_sent(ward: Ward) -> None:
    row = ward.queue("q_pain", Purpose.QUESTION)
    assert OutboxStore(ward.database, "a process that died").claim_due(ward.clock.now()) is not None
    with ward.database.transaction() as session:
        patient = session.get_one(Patient, ward.marie.id)
        patients.change_follow_up(session, patient, FollowUp.FROZEN, by=SYSTEM, now=ward.clock.now(), reason="in hospital")
    assert ward.carry(minutes=2) == Tally(failed=1)
    assert (ward.row(row).state, ward.phones.texts(MARIE)) == ("expired", [])


def test_postponed_to_the_morning_by_the_store(ward: Ward) -> None:
    """REL-04: due at dusk, carried after a stop, at night."""
    ward.clock.at = datetime(2026, 11, 18, 18, 59, tzinfo=UTC)  # 19:59 in Paris
    row = ward.queue("q_pain", Purpose.QUESTION)
    assert ward.carry(minutes=10) == Tally(postponed=1)
    assert (ward.row(row).state, ward.row(row).due_at) == ("queued", datetime(2026, 11, 19, 7, 0, tzinfo=UTC))


def test_a_result_that_comes_after_the_lease_changes_nothing(ward: Ward) -> None:
    row = ward.queue()
    slow = OutboxStore(ward.database, "a slow process")
    claim = slow.claim_due(ward.clock.now())
    assert claim is not None
    ward.carry(minutes=2)
    before = ward.row(row)
    slow.failed(claim, Failure(Reason.REFUSED, "late", permanent=True), ward.clock.now(), retry_at=None)
    slow.sent(claim, "simulator", Receipt("late"), ward.clock.now())
    slow.postponed(claim, ward.clock.now() + timedelta(hours=1))
    after = ward.row(row)
    assert (before.state, before.carrier_id, before.attempts) == (after.state, after.carrier_id, after.attempts)
    assert after.state == "delivered"


def test_a_callback_during_the_call_is_not_undone_by_its_answer(ward: Ward) -> None:
    row = ward.queue()
    store = OutboxStore(ward.database)
    claim = store.claim_due(ward.clock.now())
    assert claim is not None
    with ward.database.transaction() as session:
        reports.apply(session, DeliveryUpdate("twilio", "SM1", "delivered", State.DELIVERED, our_id=row.id), now=ward.clock.now())
    store.sent(claim, "twilio", Receipt("SM1"), ward.clock.now())
    assert (ward.row(row).state, ward.row(row).carrier_id) == ("delivered", "SM1")
    store.failed(claim, temporary(maybe_sent=True), ward.clock.now(), retry_at=ward.clock.now())
    assert ward.row(row).state == "delivered"


def test_a_permanent_failure_is_listed_and_marks_the_patient(ward: Ward) -> None:
    ward.phones.faults[MARIE] = refuses(Failure(Reason.OPTED_OUT, "opted out", permanent=True, code="21610"))
    row = ward.queue()
    assert ward.carry() == Tally(failed=1)
    assert (ward.row(row).state, ward.row(row).error_code) == ("failed", "opted_out")
    assert ward.patient().opted_out_at == ward.clock.now()
    with ward.database.reading() as session:
        assert [m.id for m in reports.unreached(session, ward.clock.now())] == [row.id]


def test_after_an_hour_of_stop_what_is_due_leaves_once_and_what_is_late_is_listed(ward: Ward) -> None:
    """HZ-05, REL-10."""
    due = [ward.queue(dedup_key=f"d{i}") for i in range(5)]
    late = ward.queue("q_pain", Purpose.QUESTION, expires_at=ward.clock.now() + timedelta(minutes=30))
    assert ward.carry(hours=1) == Tally(sent=5, failed=1)
    assert ward.carry() == Tally()
    assert {ward.row(row).state for row in due} == {"delivered"}
    assert ward.row(late).state == "expired"
    with ward.database.reading() as session:
        assert [m.id for m in reports.unreached(session, ward.clock.now())] == [late.id]


def test_a_message_carries_how_long_it_is_worth(ward: Ward) -> None:
    ward.queue(expires_at=ward.clock.now() + timedelta(minutes=40))
    ward.carry(minutes=10)
    assert ward.phones.received(MARIE)[0].message.valid_for == timedelta(minutes=30)


# --- Several processes ---


class OneAtATime(Simulator):
    """A carrier that notices when two messages to one person are under way together."""

    def __init__(self) -> None:
        super().__init__()
        self.busy: Counter[str] = Counter()
        self.together = 0
        self.gate = threading.Lock()

    def send(self, message: Outgoing) -> Receipt:
        with self.gate:
            self.busy[message.to.address] += 1
            self.together += self.busy[message.to.address] > 1
        receipt = super().send(message)
        with self.gate:
            self.busy[message.to.address] -= 1
        return receipt


def test_eight_processes_send_each_message_once_and_one_at_a_time(ward: Ward) -> None:
    """HZ-06: 8 workers, 160 rows to 20 people: 160 sends, each person's in order."""
    with ward.database.transaction() as session:
        patient = session.get_one(Patient, ward.marie.id)
        for turn in range(8):
            for person in range(20):
                values = {"purpose": Purpose.ADMINISTRATIVE, "patient": patient, "now": ward.clock.now(), "to": f"+336399801{person:02d}"}
                outbox.queue(session, key="help", dedup_key=f"{person}:{turn}", **values)  # type: ignore[arg-type]  # fields by name
    carrier = OneAtATime()
    databases = [Database(ward.database.url.render_as_string(hide_password=False)) for _ in range(8)]
    errors: list[BaseException] = []

    def work(database: Database) -> None:
        try:
            postman = Postman(database, {Channel.SMS: carrier}, ward.clock.now)
            while postman.round().touched:
                pass
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for database in databases:
        database.dispose()
    assert errors == []
    ward.carry(minutes=2)
    with ward.database.reading() as session:
        rows = list(session.scalars(select(Message)))
    assert {row.state for row in rows} == {"delivered"}
    for person in range(20):
        got = [r.message.id for r in carrier.received(f"+336399801{person:02d}")]
        assert len(got) == 8
        assert got == sorted(got)
    assert carrier.together == 0


# --- Death at every step ---


T = TypeVar("T")


class Killed(BaseException):
    """The process dies here."""


class Mortal:
    """A store and a carrier whose process dies at the n-th step: before or after any call that touches the world."""

    def __init__(self, store: OutboxStore, phones: Simulator, dies_at: int) -> None:
        self.store, self.phones, self.left = store, phones, dies_at
        self.name = phones.name

    def _step(self, call: Callable[[], T]) -> T:
        self._breathe()
        result = call()
        self._breathe()
        return result

    def _breathe(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def claim_due(self, now: datetime) -> Claim | None:
        return self._step(lambda: self.store.claim_due(now))

    def sent(self, claim: Claim, carrier: str, receipt: Receipt, now: datetime) -> None:
        self._step(lambda: self.store.sent(claim, carrier, receipt, now))

    def failed(self, claim: Claim, failure: Failure, now: datetime, *, retry_at: datetime | None) -> None:
        self._step(lambda: self.store.failed(claim, failure, now, retry_at=retry_at))

    def postponed(self, claim: Claim, until: datetime) -> None:
        self._step(lambda: self.store.postponed(claim, until))

    def known(self, carrier: str, carrier_ids: Collection[str]) -> set[str]:
        return self._step(lambda: self.store.known(carrier, carrier_ids))

    def send(self, message: Outgoing) -> Receipt:
        return self._step(lambda: self.phones.send(message))

    def find(self, message: Outgoing, *, after: datetime) -> list[Receipt]:
        return self._step(lambda: list(self.phones.find(message, after=after)))

    def heard(self, number: str, *, after: datetime, before: datetime) -> list[Inbound]:
        return []


def test_wherever_the_process_dies_each_message_arrives_exactly_once(ward: Ward) -> None:
    """REL-01, HZ-02: a process that dies at step 0, then 1, then 2... until one lives through; the same words each time."""
    clock: HandClock = ward.clock
    lived, dies_at = False, 0
    while not lived:
        clock.forward(hours=3)  # one number has its limit of texts a day
        rows = [ward.queue("help", Purpose.ADMINISTRATIVE, f"{dies_at}:{i}") for i in range(3)]
        mortal = Mortal(OutboxStore(ward.database), ward.phones, dies_at)
        try:
            delivery.drain(mortal, {Channel.SMS: mortal}, clock.now)
            lived = True
        except Killed:
            clock.forward(minutes=2)
            # The one that takes over may die as well, somewhere else.
            second = Mortal(OutboxStore(ward.database), ward.phones, dies_at // 2)
            try:
                delivery.drain(second, {Channel.SMS: second}, clock.now)
            except Killed:
                clock.forward(minutes=2)
            ward.carry()
        assert {ward.row(row).state for row in rows} == {"delivered"}
        dies_at += 1
        assert len(ward.phones.texts(MARIE)) == 3 * dies_at
    assert dies_at > 12
    with ward.database.reading() as session:
        identifiers = list(session.scalars(select(Message.carrier_id)))
    assert len(set(identifiers)) == 3 * dies_at


def test_the_thread_sends_when_the_bell_rings_and_survives_a_bad_round(ward: Ward) -> None:
    arrived = threading.Event()

    class Ringing(Simulator):
        def send(self, message: Outgoing) -> Receipt:
            receipt = super().send(message)
            arrived.set()
            return receipt

    broken = iter([True])

    def now() -> datetime:
        if next(broken, False):
            raise OSError("the database is away")
        return ward.clock.now()

    phones = Ringing()
    postman = Postman(ward.database, {Channel.SMS: phones}, now, idle=0.05)
    postman.start()
    try:
        ward.queue()
        assert arrived.wait(10)
    finally:
        postman.stop()
    assert len(phones.texts(MARIE)) == 1


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_purpose_has_a_rank_and_a_life(purpose: Purpose) -> None:
    assert outbox.PRIORITY[purpose] in range(len(Purpose))
    assert outbox.LIFE[purpose] > timedelta(0)
