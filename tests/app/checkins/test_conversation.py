"""One door for every text: kept once, read in order, never lost, never attached to a guess (SEC-14, SEC-16, HZ-10, HZ-14, REL-01)."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.alerts.models import AlertEvent, Task
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.texts import conversation
from app.messaging import inbox
from app.messaging.models import Message
from app.people.models import Patient
from notifications.messages import Inbound
from tests.support.chain import MARIE, Chain

STRANGER = "+33639980099"
WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def keep_twice(chain: Chain, words: str, sid: str) -> list[int]:
    """The carrier calls twice with the same identifier."""
    ids = []
    for _ in range(2):
        with chain.database.transaction() as session:
            inbound = Inbound("twilio", sid, MARIE, chain.world.service.number, words)
            ids.append(inbox.keep(session, inbound, now=chain.clock.now())[0].id)
    return ids


def test_the_same_text_delivered_twice_counts_once(chain: Chain, marie: Patient) -> None:
    """HZ-14: one answer, one alert, one reply, however often it is delivered and processed."""
    chain.until(WEDNESDAY_TEN)
    first, second = keep_twice(chain, "2 1 0", "SM42")
    assert first == second
    for _ in range(3):
        conversation.process(chain.database, first, now=chain.clock.now())
    chain.worker.run_once()

    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {"diarrhea": "2", "mouth_sores": "1", "hand_foot": "0"}
    with chain.read() as session:
        assert len(list(session.scalars(select(AnswerRow)))) == 3
        assert [event.kind for event in session.scalars(select(AlertEvent))].count("raised") == 1
    assert len(chain.received()) == 2


def test_the_words_stay_readable_letter_for_letter(chain: Chain, marie: Patient) -> None:
    words = "  bof…  \n2 mais ça va 👍"
    chain.says(MARIE, words)

    heard = chain.last_heard()
    assert heard.body == words
    assert heard.reading is not None
    assert heard.reading["heard"] in ("ask_again", "answer", "symptom")


def test_an_unknown_number_is_attached_to_nobody_and_read_by_a_nurse(chain: Chain, marie: Patient) -> None:
    """SEC-16: quarantine with a task; answered once a day, however much it writes (U11)."""
    answers = [chain.says(STRANGER, words) for words in ("bonjour", "2 1 0", "vous etes qui ?")]

    assert answers == [["Suivi Baie : nous ne savons pas qui écrit. Une infirmière lira votre message. Urgence : 15."], [], []]
    with chain.read() as session:
        texts = list(session.scalars(select(Message).where(Message.direction == "in").order_by(Message.id)))
        task = session.scalars(select(Task)).one()
    assert {(text.state, text.patient_id) for text in texts} == {("queue", None)}
    assert (task.kind, task.detail["number"], [task.message_id, *task.detail["also"]]) == (
        "unknown_number",
        STRANGER,
        [text.id for text in texts],
    )
    chain.clock.forward(days=1)
    assert len(chain.says(STRANGER, "allo")) == 1


def test_a_shared_telephone_answers_for_nobody(chain: Chain) -> None:
    """SEC-16, HZ-10: the couple test."""
    marie = chain.follow()
    chain.follow(family_name="Payet", given_names="Jean", shared_phone=True)
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "2 1 0")

    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {}
    with chain.read() as session:
        task = session.scalars(select(Task).where(Task.kind == "shared_number")).one()
    assert len(task.detail["among"]) == 2
    assert chain.last_heard().patient_id is None


def test_two_patients_of_one_relative_are_told_apart_by_nobody(chain: Chain) -> None:
    lucie = {"respondent_name": "Lucie", "respondent_relation": "fille", "respondent_phone": "+33639980002"}
    chain.follow(**lucie)
    chain.follow(family_name="Payet", phone="+33639980003", **lucie)
    chain.says("+33639980002", "il va mieux")

    assert "shared_number" in chain.tasks()


def test_a_patient_who_is_also_a_relative_writes_for_herself(chain: Chain) -> None:
    marie = chain.follow()
    chain.follow(family_name="Payet", phone="+33639980003", respondent_name="Marie", respondent_relation="épouse", respondent_phone=MARIE)
    chain.says(MARIE, "bonjour docteur")

    assert chain.last_heard().patient_id == marie.id


def test_the_next_text_is_never_read_before_the_one_it_followed(chain: Chain, marie: Patient) -> None:
    """Two texts arrive; the second one's process is called first."""
    chain.until(WEDNESDAY_TEN)
    first = chain.keep(MARIE, "0 0 0")
    second = chain.keep(MARIE, "37,2")
    assert conversation.process(chain.database, second, now=chain.clock.now()) is True
    assert conversation.process(chain.database, first, now=chain.clock.now()) is False

    checkin = chain.checkin(marie, WEDNESDAY)
    assert chain.answers(checkin)["temperature"] == "37.2"


def test_ten_threads_reading_the_same_two_texts(chain: Chain, marie: Patient) -> None:
    """Web and workers race: each text is understood once, in order."""
    chain.until(WEDNESDAY_TEN)
    ids = [chain.keep(MARIE, words) for words in ("0 0 0", "37,2")]
    start = threading.Barrier(10)
    understood: list[bool] = []

    def read(message_id: int) -> None:
        start.wait()
        understood.append(conversation.process(chain.database, message_id, now=chain.clock.now()))

    threads = [threading.Thread(target=read, args=(ids[n % 2],)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain.send()

    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {
        "diarrhea": "0",
        "mouth_sores": "0",
        "hand_foot": "0",
        "temperature": "37.2",
    }
    with chain.read() as session:
        assert len(list(session.scalars(select(AnswerRow)))) == 4
    asked = [text.split(" ? ")[0] for text in chain.received()[1:]]
    assert asked == ["Suivi Baie : avez-vous mal dans la poitrine, ou le souffle court au repos"]  # what was answered is asked no more


# --- What cannot be read ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def broken_reader(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("the reader is broken")

    monkeypatch.setattr("triage.replies.read", broken)
    return monkeypatch


def test_a_text_that_cannot_be_read_is_tried_again_then_alarms(chain: Chain, marie: Patient, broken_reader: pytest.MonkeyPatch) -> None:
    """House, walk a: unread, retried, and after five minutes an alert of its own; a person reads it."""
    chain.says(MARIE, "bonjour")
    heard = chain.last_heard()
    assert (heard.state, heard.attempts, chain.alerts()) == ("unread", 1, [])
    chain.wait(minutes=4)
    assert chain.alerts() == []
    chain.wait(minutes=1)

    (alert,) = chain.alerts()
    assert (alert.level, alert.kind, alert.patient_id) == ("high", "unread", marie.id)
    assert chain.last_heard().state == "queue"
    assert chain.last_heard().body == "bonjour"


def test_a_bad_text_never_stops_the_queue(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.follow(family_name="Payet", phone="+33639980003")
    from triage import replies

    real = replies.read

    def fussy(text: str, *rest: object) -> object:
        if "poison" in text:
            raise RuntimeError("poison")
        return real(text, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr("triage.replies.read", fussy)
    chain.keep(MARIE, "poison")
    chain.keep("+33639980003", "merci")
    chain.keep(MARIE, "merci")
    chain.worker.run_once()

    with chain.read() as session:
        states = [text.state for text in session.scalars(select(Message).where(Message.direction == "in").order_by(Message.id))]
    assert states == ["unread", "read", "read"]


def test_a_scan_that_fails_leaves_the_text_unread_and_alarms(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("the word lists are broken")

    monkeypatch.setattr("triage.replies.scan", broken)
    chain.says(MARIE, "je saigne")
    assert chain.last_heard().state == "unread"
    chain.wait(minutes=6)

    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("high", "unread")]


def test_an_unread_text_of_a_stranger_alarms_under_its_number(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("the word lists are broken")

    monkeypatch.setattr("triage.replies.scan", broken)
    chain.says(STRANGER, "je saigne")
    chain.wait(minutes=6)

    assert [alert.subject for alert in chain.alerts()] == [f"number:{STRANGER}"]


# --- Corrections --------------------------------------------------------------------------------------------------------------------


def test_a_correction_keeps_the_old_value_and_never_lowers_the_alert(chain: Chain, marie: Patient) -> None:
    """HZ-14: the worst of the day stands until a person closes."""
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "2 0 0")
    (before,) = chain.alerts()
    chain.says(MARIE, "q1=0 pas 2")
    chain.says(MARIE, "erreur question 1 : 0")

    (alert,) = chain.alerts()
    assert (alert.id, alert.level) == (before.id, before.level)
    checkin = chain.checkin(marie, WEDNESDAY)
    assert chain.answers(checkin)["diarrhea"] == "0"
    with chain.read() as session:
        story = [
            (row.value, row.note, row.replaced_at is not None)
            for row in session.get_one(CheckIn, checkin.id).answers
            if row.key == "diarrhea"
        ]
    assert story[0] == ("2", "", True)
    assert story[-1] == ("0", "correction", False)


def test_a_correction_upwards_raises(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 0 0")
    assert chain.alerts() == []
    chain.says(MARIE, "correction question 2 : 2")

    assert [alert.level for alert in chain.alerts()] == ["high"]


def test_after_two_hours_a_person_corrects(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "2 0 0")
    chain.clock.forward(hours=2, minutes=1)
    chain.says(MARIE, "correction question 1 : 0")

    assert chain.answers(chain.checkin(marie, WEDNESDAY))["diarrhea"] == "2"
    assert chain.tasks() == ["to_read"]
