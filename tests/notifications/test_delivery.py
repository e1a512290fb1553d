"""REL-01, HZ-02, HZ-06, HZ-07: the sending loop, with a store in memory and telephones or the Twilio stand-in at the end of the line."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from notifications import delivery, policy
from notifications.delivery import Claim, Tally, drain
from notifications.messages import Channel, Failure, Outgoing, Reason, Receipt, Recipient, State
from notifications.transports.base import Transport
from notifications.transports.simulator import Simulator, ends, refuses
from notifications.transports.twilio_sms import TwilioSms
from tests.notifications.conftest import MARIE, SERVICE
from tests.support.twilio_faults import down, garbage, lost_answer, refuse, slow_down
from tests.support.twilio_standin import TOKEN, TwilioStandIn

TEN = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # 10:00 in Paris
PAUL = "+33639980002"


@dataclass
class Row:
    message: Outgoing
    due: datetime
    expires: datetime | None = None
    state: State = State.QUEUED
    attempts: int = 0
    lease: datetime | None = None
    carrier_id: str = ""
    failure: Failure | None = None


@dataclass
class MemoryStore:
    """The five promises of delivery.Store, in a list."""

    rows: list[Row] = field(default_factory=list)

    def add(self, body: str, to: str = MARIE, *, zone: str = "", expires: datetime | None = None, state: State = State.QUEUED) -> Row:
        message = Outgoing(len(self.rows) + 1, Recipient(Channel.SMS, to, zone), SERVICE, body)
        self.rows.append(Row(message, TEN, expires, state, attempts=int(state is State.SENDING)))
        return self.rows[-1]

    def claim_due(self, now: datetime) -> Claim | None:
        for row in self.rows:
            if row.state not in (State.QUEUED, State.SENDING) or row.due > now or (row.lease and row.lease > now):
                continue
            unsure = row.state is State.SENDING
            row.state, row.lease, row.attempts = State.SENDING, now + policy.ATTEMPT_LEASE, row.attempts + 1
            return Claim(row.message, row.attempts, unsure, TEN, row.expires)
        return None

    def sent(self, claim: Claim, carrier: str, receipt: Receipt, now: datetime) -> None:
        row = self._row(claim)
        row.state, row.carrier_id = receipt.state, receipt.carrier_id

    def failed(self, claim: Claim, failure: Failure, now: datetime, *, retry_at: datetime | None) -> None:
        row = self._row(claim)
        row.failure, row.lease, row.due = failure, None, retry_at or row.due
        row.state = delivery.final_state(failure) if retry_at is None else State.SENDING if failure.maybe_sent else State.QUEUED

    def postponed(self, claim: Claim, until: datetime) -> None:
        row = self._row(claim)
        row.state, row.lease, row.due = State.QUEUED, None, until

    def known(self, carrier: str, carrier_ids: Collection[str]) -> set[str]:
        return {row.carrier_id for row in self.rows} & set(carrier_ids)

    def _row(self, claim: Claim) -> Row:
        return self.rows[claim.message.id - 1]


@dataclass
class Ward:
    """A store, telephones and a clock turned by hand."""

    now: datetime = TEN
    store: MemoryStore = field(default_factory=MemoryStore)
    phones: Simulator = field(default_factory=Simulator)
    transport: Transport | None = None

    def drain(self, **later: float) -> Tally:
        self.now += timedelta(**later)
        return drain(self.store, {Channel.SMS: self.transport or self.phones}, lambda: self.now)

    def drain_until_settled(self) -> None:
        for _ in range(30):
            self.drain(hours=1)


@pytest.fixture
def ward() -> Ward:
    return Ward()


def temporary(**more: object) -> Failure:
    return Failure(Reason.CARRIER, "down", permanent=False, **more)  # type: ignore[arg-type]  # fields by name


def test_what_is_due_leaves_in_order_and_once(ward: Ward) -> None:
    for body in ("one", "two", "three"):
        ward.store.add(body)
    assert ward.drain() == Tally(sent=3)
    assert ward.drain(hours=5) == Tally()
    assert ward.phones.texts(MARIE) == ["one", "two", "three"]
    assert [row.state for row in ward.store.rows] == [State.DELIVERED] * 3


def test_a_permanent_failure_is_recorded_and_not_tried_again(ward: Ward) -> None:
    ward.phones.faults[MARIE] = refuses(Failure(Reason.NOT_MOBILE, "landline", permanent=True, code="21614"))
    row = ward.store.add("hello")
    assert ward.drain() == Tally(failed=1)
    ward.phones.faults.clear()
    ward.drain_until_settled()
    assert (row.state, row.failure and row.failure.code) == (State.FAILED, "21614")
    assert ward.phones.texts(MARIE) == []


def test_a_temporary_failure_is_tried_again_after_its_pause(ward: Ward) -> None:
    ward.phones.faults[MARIE] = refuses(temporary())
    row = ward.store.add("hello")
    assert ward.drain() == Tally(retried=1)
    assert row.due == TEN + timedelta(seconds=15)
    ward.phones.faults.clear()
    assert ward.drain(seconds=14) == Tally()
    assert ward.drain(seconds=1) == Tally(sent=1)


def test_trying_ends_in_a_failure_a_person_sees(ward: Ward) -> None:
    ward.phones.faults[MARIE] = refuses(temporary())
    row = ward.store.add("hello")
    ward.drain_until_settled()
    assert (row.state, row.attempts) == (State.FAILED, len(policy.BACK_OFF) + 1)


def test_what_is_past_its_hour_is_marked_not_sent(ward: Ward) -> None:
    """HZ-08, U34."""
    row = ward.store.add("good morning", expires=TEN + timedelta(hours=2))
    assert ward.drain(hours=2) == Tally(failed=1)
    assert row.state is State.EXPIRED
    assert ward.phones.texts(MARIE) == []


def test_a_question_that_failed_at_dusk_does_not_leave_at_night(ward: Ward) -> None:
    """REL-04, HZ-11: quiet hours hold for retries too."""
    row = ward.store.add("question", zone="Europe/Paris")
    safety = ward.store.add("call 15", PAUL)
    ward.now = datetime(2026, 11, 18, 19, 30, tzinfo=UTC)  # 20:30 in Paris
    assert ward.drain() == Tally(sent=1, postponed=1)
    assert row.due == datetime(2026, 11, 19, 7, 0, tzinfo=UTC)
    assert safety.state is State.DELIVERED
    ward.now = row.due
    assert ward.drain() == Tally(sent=1)


def test_in_doubt_at_night_it_is_looked_up_but_not_sent(ward: Ward) -> None:
    row = ward.store.add("question", zone="Europe/Paris", state=State.SENDING)
    ward.now = datetime(2026, 11, 18, 22, 0, tzinfo=UTC)
    assert ward.drain() == Tally(postponed=1)
    assert (row.state, ward.phones.texts(MARIE)) == (State.QUEUED, [])


@pytest.mark.parametrize("had_left", [True, False])
def test_a_message_whose_sender_died_is_looked_up_first(ward: Ward, had_left: bool) -> None:
    """HZ-02."""
    row = ward.store.add("hello", state=State.SENDING)
    if had_left:
        ward.phones.send(row.message)
    assert ward.drain() == (Tally(found=1) if had_left else Tally(sent=1))
    assert ward.phones.texts(MARIE) == ["hello"]
    assert row.carrier_id == ward.phones.received(MARIE)[0].carrier_id


def test_in_doubt_and_past_its_hour_it_is_still_looked_up(ward: Ward) -> None:
    left = ward.store.add("left", expires=TEN, state=State.SENDING)
    ward.phones.send(left.message)
    lost = ward.store.add("lost", PAUL, expires=TEN, state=State.SENDING)
    assert ward.drain(minutes=1) == Tally(found=1, failed=1)
    assert (left.state, lost.state) == (State.DELIVERED, State.EXPIRED)
    assert ward.phones.texts(PAUL) == []


def test_the_same_words_sent_twice_on_purpose_are_both_sent(ward: Ward) -> None:
    """The first one's identifier is known to be ours: it is not taken for the second."""
    ward.store.add("Pardon, je n'ai pas compris.")
    ward.drain()
    ward.store.add("Pardon, je n'ai pas compris.", state=State.SENDING)
    assert ward.drain(minutes=2) == Tally(sent=1)
    assert len(ward.phones.texts(MARIE)) == 2


class Broken(Simulator):
    """Takes the message, then a defect of ours."""

    def send(self, message: Outgoing) -> Receipt:
        super().send(message)
        if message.to.address == MARIE:
            raise KeyError("defect")
        return Receipt("x", State.SENT)


def test_a_defect_concerns_one_message_and_leaves_a_doubt(ward: Ward) -> None:
    ward.phones = Broken()
    bad, good = ward.store.add("hello"), ward.store.add("hello", PAUL)
    assert ward.drain() == Tally(sent=1, retried=1)
    assert bad.failure is not None
    assert (bad.state, bad.failure.reason, good.state) == (State.SENDING, Reason.DEFECT, State.SENT)
    assert ward.drain(seconds=15) == Tally(found=1)


def test_a_zone_nobody_knows_stops_that_message_only(ward: Ward) -> None:
    bad = ward.store.add("hello", zone="Europe/Toulouse")
    ward.store.add("hello", PAUL)
    assert ward.drain() == Tally(sent=1, retried=1)
    assert bad.failure is not None
    assert bad.failure.reason is Reason.DEFECT


def test_a_round_ends_when_the_carrier_asks_for_a_pause(ward: Ward) -> None:
    slow = Failure(Reason.RATE_LIMITED, "slow down", permanent=False, retry_after=timedelta(seconds=40))
    ward.phones.faults[MARIE] = refuses(slow)
    first = ward.store.add("hello")
    ward.store.add("hello", PAUL)
    assert ward.drain() == Tally(retried=1)
    assert first.due == TEN + timedelta(seconds=40)


def test_a_round_ends_when_the_carrier_seems_down(ward: Ward) -> None:
    for number in range(6):
        ward.phones.faults[f"+3363998001{number}"] = refuses(temporary())
        ward.store.add("hello", f"+3363998001{number}")
    assert ward.drain() == Tally(retried=3)


def test_bad_numbers_do_not_look_like_a_carrier_that_is_down(ward: Ward) -> None:
    for number in range(6):
        ward.phones.faults[f"+3363998001{number}"] = refuses(Failure(Reason.BAD_NUMBER, "gone", permanent=True))
        ward.store.add("hello", f"+3363998001{number}")
    ward.store.add("hello")
    assert ward.drain() == Tally(failed=6, sent=1)


def test_without_a_transport_the_message_waits(ward: Ward) -> None:
    row = ward.store.add("hello")
    assert drain(ward.store, {}, lambda: TEN) == Tally(retried=1)
    assert row.state is State.QUEUED


def test_a_round_has_a_limit(ward: Ward) -> None:
    for _ in range(5):
        ward.store.add("hello")
    assert drain(ward.store, {Channel.SMS: ward.phones}, lambda: TEN, limit=2) == Tally(sent=2)


def test_a_carrier_may_know_the_end_at_once(ward: Ward) -> None:
    ward.phones.faults[MARIE] = ends(State.UNDELIVERED, "30003")
    row = ward.store.add("hello")
    ward.drain()
    assert row.state is State.UNDELIVERED


# --- The same, with the real client and the stand-in ---


@pytest.mark.parametrize(
    ("faults", "copies"),
    [
        pytest.param([lost_answer()], 1, id="lost answer"),
        pytest.param([garbage()], 1, id="garbage"),
        pytest.param([down(503), down(500)], 1, id="server errors"),
        pytest.param([slow_down(2), lost_answer()], 1, id="slow down then lost answer"),
        pytest.param([down(502), refuse(21611), garbage()], 1, id="one of each"),
        pytest.param([refuse(21610)], 0, id="opted out"),
    ],
)
def test_whatever_the_carrier_does_the_patient_gets_it_once(
    ward: Ward, twilio: TwilioSms, standin: TwilioStandIn, faults: list[Callable[..., object]], copies: int
) -> None:
    """REL-01, REL-11: at least once when it can be, and never twice."""
    standin.script(*faults)  # type: ignore[arg-type]  # any fault of the stand-in
    ward.transport, ward.now = twilio, datetime.now(UTC)
    row = ward.store.add("Suivi Baie : nausées depuis 7 jours ?")
    for _ in range(10):
        ward.drain(minutes=5)
    assert standin.sent_to(MARIE) == ["Suivi Baie : nausées depuis 7 jours ?"] * copies
    assert row.state is (State.SENT if copies else State.FAILED)
    assert row.carrier_id == (standin.messages[0]["sid"] if copies else "")


def test_a_lookup_that_fails_keeps_the_doubt(ward: Ward, twilio: TwilioSms, standin: TwilioStandIn) -> None:
    """Not knowing is no reason to send twice."""
    standin.script(lost_answer())
    ward.transport, ward.now = twilio, datetime.now(UTC)
    row = ward.store.add("hello")
    ward.drain()
    standin.token = "changed meanwhile"
    try:
        assert ward.drain(minutes=1) == Tally(retried=1)
        assert (row.state, len(standin.messages)) == (State.SENDING, 1)
    finally:
        standin.token = TOKEN
    assert ward.drain(minutes=1) == Tally(found=1)
    assert len(standin.messages) == 1
