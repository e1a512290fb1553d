"""SEC-14, HZ-14: what arrives is kept once, before anyone understands it, and read by one reader."""

from __future__ import annotations

import threading
from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import func, select

from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.messaging import inbox
from app.messaging.models import Message
from app.people import services
from notifications.messages import Inbound
from tests.app.messaging.conftest import MARIE, Ward

TEXT = Inbound("twilio", "SM1", MARIE, "+33199001234", "2 0 1")


def keep(database: Database, clock: HandClock, inbound: Inbound) -> tuple[Message, bool]:
    with database.transaction() as session:
        return inbox.keep(session, inbound, now=clock.now())


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


def test_a_text_is_kept_as_it_came(ward: Ward) -> None:
    row, is_new = keep(ward.database, ward.clock, replace(TEXT, body=" jé mal\u200d o vantr 😀 ", media=1))
    assert is_new
    assert (row.direction, row.state, row.body, row.media) == ("in", "unread", " jé mal\u200d o vantr 😀 ", 1)
    assert (row.address, row.number, row.service_id, row.created_at) == (MARIE, "+33199001234", ward.world.service.id, ward.clock.now())
    assert row.patient_id is None


def test_the_same_message_counts_once_for_ever(ward: Ward) -> None:
    """SEC-14: replayed ten times, over days, even with other words."""
    first, _ = keep(ward.database, ward.clock, TEXT)
    for _ in range(10):
        ward.clock.forward(days=3)
        again, is_new = keep(ward.database, ward.clock, replace(TEXT, body="other words"))
        assert (again.id, again.body, is_new) == (first.id, "2 0 1", False)
    assert count(ward.database) == 1


def test_ten_thousand_calls_in_any_order_are_a_thousand_texts(ward: Ward) -> None:
    """SEC-14: each text told ten times, late and out of order; a hundred calls a minute."""
    calls = [replace(TEXT, carrier_id=f"SM{n}", body=f"le {n}") for n in range(1000)] * 10
    Random(14).shuffle(calls)
    new = 0
    for start in range(0, len(calls), 100):
        ward.clock.forward(minutes=1)
        with ward.database.transaction() as session:
            new += sum(inbox.keep(session, call, now=ward.clock.now())[1] for call in calls[start : start + 100])
    with ward.database.reading() as session:
        kept = {row.carrier_id: row.body for row in session.scalars(select(Message))}
    assert (new, kept) == (1000, {f"SM{n}": f"le {n}" for n in range(1000)})


def test_the_same_name_from_another_carrier_is_another_message(ward: Ward) -> None:
    assert keep(ward.database, ward.clock, TEXT)[1]
    assert keep(ward.database, ward.clock, replace(TEXT, carrier="simulator"))[1]


def test_the_same_call_reaching_eight_processes_at_once_counts_once(ward: Ward) -> None:
    databases = [Database(ward.database.url.render_as_string(hide_password=False)) for _ in range(8)]
    start, results = threading.Barrier(8), []

    def work(database: Database) -> None:
        start.wait()
        results.append(keep(database, ward.clock, TEXT)[1])

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for database in databases:
        database.dispose()
    assert sorted(results) == [False] * 7 + [True]
    assert count(ward.database) == 1


def test_one_reader_takes_it_and_a_reader_that_fails_gives_it_back(ward: Ward) -> None:
    """Commit 1 and commit 2: if understanding fails, the text is unread again."""
    row, _ = keep(ward.database, ward.clock, TEXT)
    with pytest.raises(RuntimeError), ward.database.transaction() as session:
        assert inbox.claim(session, row.id, now=ward.clock.now()) is not None
        raise RuntimeError("a defect while reading")
    with ward.database.transaction() as session:
        assert inbox.unread(session) == [row.id]
        taken = inbox.claim(session, row.id, now=ward.clock.now())
        assert taken is not None
        inbox.file(taken, patient_id=ward.marie.id, reading={"heard": "answer"})
    with ward.database.transaction() as session:
        assert inbox.claim(session, row.id, now=ward.clock.now()) is None
        assert inbox.unread(session) == []
        (told,) = inbox.story(session, ward.marie.id)
    assert (told.state, told.read_at, told.reading) == ("read", ward.clock.now(), {"heard": "answer"})


def test_two_readers_at_once_one_takes_it(ward: Ward) -> None:
    row, _ = keep(ward.database, ward.clock, TEXT)
    other = Database(ward.database.url.render_as_string(hide_password=False))
    start, taken = threading.Barrier(2), []

    def work(database: Database) -> None:
        start.wait()
        with database.transaction() as session:
            taken.append(inbox.claim(session, row.id, now=ward.clock.now()) is not None)

    threads = [threading.Thread(target=work, args=(database,)) for database in (ward.database, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    other.dispose()
    assert sorted(taken) == [False, True]


def test_what_a_person_must_read_waits_in_the_queue_until_seen(ward: Ward) -> None:
    row, _ = keep(ward.database, ward.clock, replace(TEXT, address="+33639980077"))
    with ward.database.transaction() as session:
        taken = inbox.claim(session, row.id, now=ward.clock.now())
        assert taken is not None
        inbox.file(taken, for_a_person=True)
        assert taken.state == "queue"
    with ward.database.transaction() as session:
        inbox.seen_by_person(session.get_one(Message, row.id), now=ward.clock.now())
    assert ward.row(row).state == "read"


def test_what_the_carrier_did_with_a_stop_is_remembered(ward: Ward) -> None:
    row, _ = keep(ward.database, ward.clock, replace(TEXT, body="Arrêt", opt_out="STOP"))
    with ward.database.transaction() as session:
        taken = inbox.claim(session, row.id, now=ward.clock.now())
        assert taken is not None
        inbox.file(taken, patient_id=ward.marie.id, reading={"heard": "command"})
    assert ward.row(row).reading == {"opt_out": "STOP", "heard": "command"}


@pytest.mark.parametrize(("sender", "kept"), [("0639980001", MARIE), ("INFO", "INFO"), ("x" * 50, "x" * 32)])
def test_numbers_are_kept_in_one_form_and_names_as_they_are(ward: Ward, sender: str, kept: str) -> None:
    assert keep(ward.database, ward.clock, replace(TEXT, address=sender))[0].address == kept


def test_a_text_belongs_to_the_service_written_to(ward: Ward) -> None:
    with ward.database.transaction() as session:
        other = services.open_service(
            session,
            session.merge(ward.world.hospital),
            name="Hématologie",
            sms_name="Suivi Cap",
            phone="0199005678",
            number="+33199005678",
            timezone="Indian/Reunion",
            by=SYSTEM,
            now=ward.clock.now(),
        )
    written = keep(ward.database, ward.clock, replace(TEXT, number="+33199005678"))[0]
    retired = keep(ward.database, ward.clock, replace(TEXT, carrier_id="SM2", number="+33199009999"))[0]
    assert (written.service_id, retired.service_id) == (other.id, ward.world.service.id)


def test_before_any_service_exists_the_carrier_keeps_the_text(database: Database, clock: HandClock) -> None:
    with pytest.raises(Refusal) as refused:
        keep(database, clock, TEXT)
    assert refused.value.status == 503


@pytest.mark.parametrize("body", ["", "a" * 2000, "2\r\n0", "\ufffd", "🤒" * 100])
def test_any_words_can_be_kept(ward: Ward, body: str) -> None:
    assert keep(ward.database, ward.clock, replace(TEXT, body=body))[0].body == body
