"""Floods and money: a danger is heard before anything else, a number has its limits, a day its budget (FR-14, HZ-24, U7, U11, U34)."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.checkins.texts import conversation
from app.insight import watch
from app.messaging import budget, inbox, outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.messaging.postman import Postman
from app.people.models import Patient, Service
from notifications import policy, wording
from notifications.messages import Channel, Failure, Inbound, Outgoing, Reason, Receipt
from notifications.transports.simulator import Simulator
from tests.app.checkins.conftest import MONDAY_TEN
from tests.support.chain import MARIE, Chain

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
STRANGER = "+33639980099"


def arrive(chain: Chain, texts: list[tuple[str, str]]) -> list[int]:
    """Many texts are kept at once; nobody has read them."""
    with chain.database.transaction() as session:
        return [
            inbox.keep(session, Inbound("simulator", f"in-{n}", number, chain.world.service.number, words), now=chain.clock.now())[0].id
            for n, (number, words) in enumerate(texts)
        ]


def queue_for_others(chain: Chain, count: int) -> None:
    """Texts of every other purpose wait for other people."""
    others = [purpose for purpose in Purpose if purpose is not Purpose.SAFETY]
    with chain.database.transaction() as session:
        service = session.get_one(Service, chain.world.service.id)
        for n in range(count):
            outbox.queue(
                session,
                key="help",
                purpose=others[n % len(others)],
                dedup_key=f"flood-{n}",
                service=service,
                to=f"+4477009001{n % 100:02d}",
                now=chain.clock.now(),
            )


class Hanging(Simulator):
    """A carrier that never answers for anybody but Marie until the test lets it; it notes the order in which it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []
        self.released, self.told, self.busy = threading.Event(), threading.Event(), threading.Event()

    def send(self, message: Outgoing) -> Receipt:
        self.order.append(message.to.address)
        if message.to.address == MARIE:
            receipt = super().send(message)
            self.told.set()
            return receipt
        self.busy.set()
        assert self.released.wait(60)
        raise Failure(Reason.RATE_LIMITED, "enough", permanent=False)  # the round ends, and the thread with it


def test_nothing_goes_before_a_safety_text_not_even_a_call_that_hangs(chain: Chain, marie: Patient) -> None:
    """Ten seconds: same transaction as the alert, rung at commit, a thread of its own. None of a thousand texts comes between."""
    queue_for_others(chain, 1000)
    carrier = Hanging()
    postman = Postman(chain.database, {Channel.SMS: carrier}, chain.clock.now, idle=60)
    postman.start()
    try:
        outbox.bell.set()
        assert carrier.busy.wait(30)  # the other thread hangs in its first call
        message_id = chain.keep(MARIE, "je saigne beaucoup")
        conversation.process(chain.database, message_id, now=chain.clock.now())
        assert carrier.told.wait(30)  # no timing: with idle=60 s, only the bell can have woken it
        assert carrier.order[1:] == [MARIE]
    finally:
        postman._stopping.set()
        carrier.released.set()
        postman.stop()
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_with_one_thread_it_is_the_very_next_text(chain: Chain, marie: Patient) -> None:
    """The net under the bell (the worker's round) takes it first too."""
    queue_for_others(chain, 50)
    message_id = chain.keep(MARIE, "je saigne beaucoup")
    conversation.process(chain.database, message_id, now=chain.clock.now())
    claim = chain.worker.postman._store.claim_due(chain.clock.now())
    assert claim is not None
    assert claim.message.to.address == MARIE
    assert claim.message.body.startswith("Appelez le 15 ou le 112 MAINTENANT")


# --- Texts that arrive ---------------------------------------------------------------------------------------------------------------


def test_a_danger_behind_five_hundred_texts_of_others_is_heard_in_the_same_round(chain: Chain, marie: Patient) -> None:
    crowd = [(f"+3363998{1000 + n}", "bonjour") for n in range(500)]
    ids = arrive(chain, [*crowd, (MARIE, "je saigne beaucoup")])
    chain.worker.run_once()
    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("urgent", "danger")]
    assert chain.message(ids[-1]).state == "read"
    assert chain.received()[0].startswith("Appelez le 15 ou le 112 MAINTENANT")
    assert chain.message(ids[300]).state == "unread"  # these are read in the next rounds
    for _ in range(2):
        chain.worker.run_once()
    assert {chain.message(number).state for number in ids} == {"read", "queue"}


def test_a_danger_behind_five_hundred_texts_of_the_same_number(chain: Chain, marie: Patient) -> None:
    """Heard at once; thirty are read, the others wait in one task; nothing but the safety text answers what is beyond."""
    ids = arrive(chain, [*((MARIE, "bonjour") for _ in range(500)), (MARIE, "je saigne beaucoup")])
    conversation.process(chain.database, ids[-1], now=chain.clock.now())
    chain.send()
    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("urgent", "danger")]
    assert [text[:39] for text in chain.received()] == ["Appelez le 15 ou le 112 MAINTENANT et d"]
    assert [chain.message(number).state for number in ids] == ["read"] * 30 + ["queue"] * 471
    with chain.read() as session:
        flood = session.scalars(select(Task).where(Task.kind == "flood")).one()
    assert (flood.patient_id, flood.detail["number"], flood.detail["texts"], len(flood.detail["also"])) == (marie.id, MARIE, 471, 200)


def test_the_danger_of_a_flood_is_told_once_whoever_reads_it_first(chain: Chain, marie: Patient) -> None:
    """The worker hears it ahead of its turn, the web process reads it in its turn: one alert, one safety text."""
    ids = arrive(chain, [(MARIE, "bonjour"), (MARIE, "merci"), (MARIE, "je saigne beaucoup")])
    chain.worker.run_once()
    conversation.process(chain.database, ids[-1], now=chain.clock.now())
    chain.send()
    assert len(chain.alerts()) == 1
    assert len([text for text in chain.received() if text.startswith("Appelez le 15")]) == 1
    assert chain.message(ids[-1]).patient_id == marie.id


def test_beyond_thirty_texts_in_ten_minutes_nothing_answers(chain: Chain, marie: Patient) -> None:
    for _ in range(30):
        assert len(chain.says(MARIE, "j'ai mal aux dents")) == 1
    assert chain.says(MARIE, "j'ai mal aux dents") == []
    assert "flood" in chain.tasks()
    assert [text[:20] for text in chain.says(MARIE, "je n'arrive plus à respirer")] == ["Appelez le 15 ou le "]
    assert chain.says(MARIE, "AIDE") == []
    chain.clock.forward(minutes=10)
    assert chain.says(MARIE, "AIDE")[0].startswith("Suivi Baie : répondez par des chiffres")


def test_stop_is_obeyed_in_a_flood(chain: Chain, marie: Patient) -> None:
    for _ in range(31):
        chain.says(MARIE, "merci")
    assert chain.says(MARIE, "STOP")[0].startswith("C'est fait : plus de SMS")
    assert "opted_out" in chain.tasks()


def test_a_flood_of_a_stranger_is_one_task_and_one_answer(chain: Chain, marie: Patient) -> None:
    """U11, SEC-16."""
    said = [text for _ in range(40) for text in chain.says(STRANGER, "allo")]
    assert len(said) == 1
    assert sorted(chain.tasks()) == ["flood", "unknown_number"]


# --- Texts that leave ----------------------------------------------------------------------------------------------------------------


def test_a_number_gets_forty_texts_a_day_and_a_safety_text_beyond(chain: Chain, marie: Patient) -> None:
    for n in range(50):
        chain.clock.forward(minutes=12)  # never thirty texts in ten minutes
        chain.says(MARIE, "AIDE" if n % 2 else "info")
    assert len(chain.received()) == 40
    chain.worker.run_once()
    assert "undeliverable" in chain.tasks()  # not silently: a person knows
    assert chain.says(MARIE, "je saigne beaucoup")[0].startswith("Appelez le 15")
    chain.clock.forward(hours=24)
    assert len(chain.says(MARIE, "AIDE")) == 1


def spend(chain: Chain, segments: int) -> None:
    with chain.database.transaction() as session:
        session.get_one(Service, chain.world.service.id).sms_per_day = segments


def test_segments_are_counted_as_the_carrier_counts_them(chain: Chain, marie: Patient) -> None:
    """SEC-02: every text of the catalogue, with its longest values, in both languages."""
    expected = 0
    with chain.database.transaction() as session:
        service = session.get_one(Service, chain.world.service.id)
        for n, (key, language) in enumerate((key, language) for key in wording.catalogue() for language in ("fr", "en")):
            if key == "link":
                continue
            values = wording.longest(key)
            body = outbox.queue(
                session,
                key=key,
                purpose=Purpose.ADMINISTRATIVE,
                dedup_key=f"{key}{language}",
                service=service,
                language=language,
                values=values,
                to=f"+4477009001{n % 100:02d}",
                now=chain.clock.now(),
            ).body
            expected += policy.length(body).segments if body else 0
        assert expected > 100
        assert budget.spent(session, service, chain.clock.now()) == expected


def test_at_four_fifths_and_at_the_end_a_person_is_told_once(chain: Chain, marie: Patient) -> None:
    spend(chain, 10)
    for n in range(10):
        chain.clock.forward(seconds=61)
        chain.says(MARIE, "AIDE")
        chain.worker.run_once()
        chain.worker.run_once()
        with chain.read() as session:
            told = [task.detail["percent"] for task in session.scalars(select(Task).where(Task.kind == "sms_budget").order_by(Task.id))]
            seen = [finding.kind for finding in watch.sweep(session, chain.clock.now())]
        assert told == ([] if n < 7 else [80] if n < 9 else [80, 100])
        assert ("sms_budget" in seen) is (n >= 7)


def test_a_spent_budget_holds_questions_and_nothing_else(chain: Chain, marie: Patient) -> None:
    """Wednesday's check-in waits; a safety text, an answer to the patient and a page to staff leave; Thursday it is asked."""
    chain.until(WEDNESDAY_TEN - timedelta(minutes=30))
    spend(chain, 1)
    chain.says(MARIE, "AIDE")
    chain.until(WEDNESDAY_TEN)
    assert chain.checkin(marie, WEDNESDAY).state == "planned"
    assert chain.says(MARIE, "je saigne beaucoup")[0].startswith("Appelez le 15")
    assert len(chain.says(MARIE, "APPEL")) == 1
    chain.until(WEDNESDAY_TEN + timedelta(hours=23))
    assert chain.checkin(marie, WEDNESDAY).state == "open"
    assert chain.received()[-1].startswith("Suivi Baie : depuis 7 jours")


def test_a_budget_spent_for_days_puts_the_check_in_on_the_call_list(chain: Chain, marie: Patient) -> None:
    spend(chain, 0)
    chain.until(MONDAY_TEN + timedelta(days=5))
    assert chain.checkin(marie, WEDNESDAY).state == "expired"
    assert "past_window" in chain.tasks()
    assert chain.received() == []


def test_a_dialogue_under_way_is_not_cut_short(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    spend(chain, 1)
    assert chain.says(MARIE, "0 0 0")[0].startswith("Suivi Baie : votre température")


def test_a_reminder_waits_for_the_next_day(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.until(datetime(2026, 11, 26, 6, 30, tzinfo=UTC))
    spend(chain, 0)
    chain.until(datetime(2026, 11, 26, 7, 10, tzinfo=UTC))
    assert len(chain.received()) == 1
    spend(chain, 3000)
    chain.wait(minutes=16)
    assert chain.received()[1].startswith("Suivi Baie : il manque vos réponses d'hier")


def test_a_check_in_asked_by_telephone_costs_nothing_and_waits_for_nothing(chain: Chain) -> None:
    marie = chain.follow()
    with chain.database.transaction() as session:
        session.get_one(Patient, marie.id).channels = ["call"]
    spend(chain, 0)
    chain.until(WEDNESDAY_TEN)
    assert chain.checkin(marie, WEDNESDAY).state == "open"


@pytest.mark.parametrize("purpose", [Purpose.SAFETY, Purpose.STAFF])
def test_no_limit_stands_before_safety_and_staff(chain: Chain, marie: Patient, purpose: Purpose) -> None:
    with chain.database.transaction() as session:
        for n in range(45):
            row = outbox.queue(
                session,
                key="help",
                purpose=purpose,
                dedup_key=f"n{n}",
                patient=session.get_one(Patient, marie.id),
                now=chain.clock.now(),
            )
        assert row.state == "queued"
        assert budget.too_many(session, row, chain.clock.now()) is False
    with chain.read() as session:
        assert len(list(session.scalars(select(Message.id).where(Message.state == "queued", Message.purpose == purpose)))) == 45
