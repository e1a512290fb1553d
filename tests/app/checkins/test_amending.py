"""A text within ninety seconds of the last one amends it: nothing is lost, nothing asked twice, one text a turn (FR-02, U1 to U6, U11)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.checkins.models import AnswerRow
from app.checkins.texts import conversation
from app.messaging.models import Message
from app.people.models import Patient
from tests.support.chain import MARIE, Chain

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def asked(chain: Chain, marie: Patient) -> Patient:
    """Marie has her first question of the day: A diarrhoea, B sore mouth, C hands and feet."""
    chain.until(WEDNESDAY_TEN)
    return marie


def rows(chain: Chain) -> list[tuple[str, str | None, str, bool]]:
    """Every answer ever kept: key, value, note, still standing."""
    with chain.read() as session:
        found = session.scalars(select(AnswerRow).order_by(AnswerRow.id))
        return [(row.key, row.value, row.note, row.replaced_at is None) for row in found]


def outgoing(chain: Chain) -> list[str]:
    with chain.read() as session:
        sent = select(Message.key).where(Message.direction == "out", Message.key != "not_emergency")
        return list(session.scalars(sent.order_by(Message.id)))


def test_what_does_not_fit_the_open_question_replaces_the_answer_before_it(chain: Chain, asked: Patient) -> None:
    """The temperature is open: three scores are a second thought about the first question."""
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=60)
    said = chain.says(MARIE, "0 0 2")
    assert [text[:40] for text in said] == ["Suivi Baie : votre température maintenan"]
    assert rows(chain) == [
        ("diarrhea", "0", "", True),
        ("mouth_sores", "0", "", True),
        ("hand_foot", "0", "", False),
        ("hand_foot", "2", "amended", True),
    ]
    judged = chain.judgements(chain.checkin(asked, WEDNESDAY))
    assert len(judged) == 2
    assert judged[1].inputs["answers"]["hand_foot"] == {"number": "2"}
    assert chain.last_heard().reading["notes"] == ["amended"]  # type: ignore[index]  # it was read


def test_what_fits_the_open_question_is_its_answer(chain: Chain, asked: Patient) -> None:
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=5)
    chain.says(MARIE, "37,2")
    assert chain.answers(chain.checkin(asked, WEDNESDAY))["temperature"] == "37.2"


@pytest.mark.parametrize(("seconds", "is_amended"), [(90, True), (91, False)])
def test_ninety_seconds(chain: Chain, asked: Patient, seconds: int, is_amended: bool) -> None:
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=seconds)
    said = chain.says(MARIE, "0 0 2")
    assert (chain.answers(chain.checkin(asked, WEDNESDAY))["hand_foot"] == "2") is is_amended
    assert said[0].startswith("Suivi Baie : votre température" if is_amended else "Pardon, je n'ai pas compris")


def test_ninety_seconds_are_counted_between_the_texts_not_between_their_readings(chain: Chain, asked: Patient) -> None:
    """The reader was away for an hour: the second text still came ten seconds after the first."""
    first = chain.keep(MARIE, "0 0 0")
    chain.clock.forward(seconds=10)
    second = chain.keep(MARIE, "0 0 2")
    chain.clock.forward(hours=1)
    conversation.process(chain.database, second, now=chain.clock.now())
    chain.send()
    assert chain.message(first).state == chain.message(second).state == "read"
    assert chain.answers(chain.checkin(asked, WEDNESDAY)) == {"diarrhea": "0", "mouth_sores": "0", "hand_foot": "2"}
    assert len(chain.received()) == 2  # the first question, and the next one once


def test_a_text_written_before_the_question_left_is_no_answer_to_it(chain: Chain, asked: Patient) -> None:
    """Two texts wait to be read; the second would fit the question that the first one brings, but was not written in answer to it."""
    chain.says(MARIE, "0 0 0")
    chain.says(MARIE, "37")  # now yes or no is open
    chain.clock.forward(minutes=5)
    first = chain.keep(MARIE, "2")
    second = chain.keep(MARIE, "1")
    chain.clock.forward(seconds=30)
    conversation.process(chain.database, first, now=chain.clock.now())
    conversation.process(chain.database, second, now=chain.clock.now())
    chain.send()
    assert chain.answers(chain.checkin(asked, WEDNESDAY))["chest_pain"] == "yes"
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_the_same_twice_changes_nothing_and_gets_no_text(chain: Chain, asked: Patient) -> None:
    """U6, U11: sent twice by an impatient thumb."""
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=3)
    assert chain.says(MARIE, "0 0 0") == []
    assert [note for _, _, note, _ in rows(chain)] == ["", "", ""]
    assert chain.tasks() == []


def test_a_part_that_says_which(chain: Chain, asked: Patient) -> None:
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=20)
    chain.says(MARIE, "C 2")
    assert chain.answers(chain.checkin(asked, WEDNESDAY)) == {"diarrhea": "0", "mouth_sores": "0", "hand_foot": "2"}


def test_a_lone_digit_amends_nobody_knows_what_and_is_asked_about(chain: Chain, asked: Patient) -> None:
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=20)
    assert chain.says(MARIE, "2")[0].startswith("Pardon, je n'ai pas compris. La température lue")
    assert chain.answers(chain.checkin(asked, WEDNESDAY))["hand_foot"] == "0"


def test_the_whole_again_after_a_half(chain: Chain, asked: Patient) -> None:
    """Two of three scores, then all three within the twenty seconds: nothing is asked for any more."""
    chain.says(MARIE, "0 1")
    chain.clock.forward(seconds=8)
    said = chain.says(MARIE, "0 1 2")
    chain.wait(seconds=30)
    assert chain.answers(chain.checkin(asked, WEDNESDAY)) == {"diarrhea": "0", "mouth_sores": "1", "hand_foot": "2"}
    assert [text[:26] for text in said] == ["Suivi Baie : votre tempéra"]
    assert outgoing(chain) == ["q_multi", "reask_part", "q_temp"]
    assert len(chain.received()) == 2  # the part was never asked for


def test_no_then_yes_to_the_chest_is_a_danger_at_once(chain: Chain, asked: Patient) -> None:
    """The next scores are open; "enfin si" is about the question before, and raises."""
    for words in ("0 0 0", "37", "2"):
        chain.says(MARIE, words)
    chain.clock.forward(seconds=15)
    assert chain.says(MARIE, "enfin si")[0].startswith("Appelez le 15 ou le 112 MAINTENANT")
    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("urgent", "assessment")]
    assert ("chest_pain", "no", "", False) in rows(chain)
    assert ("chest_pain", "yes", "amended", True) in rows(chain)


def test_a_fever_thought_better_of_is_kept_as_the_temperature(chain: Chain, asked: Patient) -> None:
    """37.0, then 38.5 while yes or no is open: the danger is heard, and the value is not lost either."""
    chain.says(MARIE, "0 0 0")
    chain.says(MARIE, "37")
    chain.clock.forward(seconds=30)
    assert chain.says(MARIE, "38,5") == [
        "Suivi Baie : cette température demande un avis sans attendre. Appelez le 0199001234 maintenant. Si personne ne répond : 15. "
        "Une infirmière est prévenue."
    ]
    assert chain.answers(chain.checkin(asked, WEDNESDAY))["temperature"] == "38.5"
    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("urgent", "danger")]


def test_thought_better_of_downwards_the_alert_stays(chain: Chain, asked: Patient) -> None:
    chain.says(MARIE, "0 0 0")
    chain.says(MARIE, "38,5")
    chain.clock.forward(seconds=30)
    chain.says(MARIE, "37,5")
    assert chain.answers(chain.checkin(asked, WEDNESDAY))["temperature"] == "37.5"
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


# --- After the end -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ended(chain: Chain, asked: Patient) -> Patient:
    """Everything was answered; the last question was A nausea, B vomiting, C tiredness, and the echo has left."""
    for words in ("0 0 0", "37", "2", "0 0 0"):
        chain.says(MARIE, words)
    chain.clock.forward(seconds=40)
    return asked


def test_after_the_end_a_value_amends_the_last_answer_and_is_echoed(chain: Chain, ended: Patient) -> None:
    said = chain.says(MARIE, "0 0 1")
    assert said == [
        "Noté : diarrhée 0, bouche douloureuse 0, mains et pieds 0, température 37,0, poitrine non, nausées 0, vomissements 0, fatigue 1. "
        "Merci. Une erreur ? Répondez ERREUR dans les 2 h."
    ]
    checkin = chain.checkin(ended, WEDNESDAY)
    assert (checkin.state, checkin.not_asked) == ("done", ["stools"])
    assert chain.judgements(checkin)[-1].inputs["answers"]["fatigue"] == {"number": "1"}


def test_after_the_end_worse_is_promised_a_call(chain: Chain, ended: Patient) -> None:
    said = chain.says(MARIE, "0 0 3")
    assert len(said) == 1
    assert "fatigue 3. Une infirmière vous appelle avant" in said[0]
    assert [alert.level for alert in chain.alerts()] == ["high"]


def test_half_way_until_the_answer_that_was_missing(chain: Chain, asked: Patient) -> None:
    """HZ-20: two of three, then words not understood: the tiredness is unknown and a person reads. All three within the minute: done."""
    for text in ("0 0 0", "37", "2", "A 0 B 0", "bof"):
        chain.says(MARIE, text)
    checkin = chain.checkin(asked, WEDNESDAY)
    assert (checkin.state, checkin.closed_at) == ("partial", chain.clock.now())
    chain.clock.forward(seconds=20)
    [echoed] = chain.says(MARIE, "0 0 1")
    assert "nausées 0, vomissements 0, fatigue 1" in echoed
    checkin = chain.checkin(asked, WEDNESDAY)
    assert (checkin.state, checkin.not_asked) == ("done", ["stools"])
    assert chain.tasks() == ["to_read"]


def test_after_the_end_words_are_said_unasked(chain: Chain, ended: Patient) -> None:
    """Never lost: its own check-in of the day, and a nurse reads it. One text answers it."""
    assert len(chain.says(MARIE, "et j'ai mal au ventre")) == 1
    assert chain.checkin(ended, WEDNESDAY, "unprompted").state == "done"
    assert chain.tasks() == ["to_read"]


@pytest.mark.parametrize("words", ["non", "Non merci"])
def test_no_in_reply_to_the_echo_makes_nothing_zero(chain: Chain, asked: Patient, words: str) -> None:
    """The echo ends with "a mistake?": no is the natural answer, and says nothing about symptoms."""
    for text in ("2 0 0", "37", "2", "0 0 0", "3"):
        chain.says(MARIE, text)
    chain.clock.forward(seconds=20)
    chain.says(MARIE, words)
    said = chain.answers(chain.checkin(asked, WEDNESDAY))
    assert (said["diarrhea"], said["stools"]) == ("2", "3")
    assert not [note for _, _, note, _ in rows(chain) if note == "amended"]


def test_later_than_ninety_seconds_a_person_reads_it(chain: Chain, ended: Patient) -> None:
    chain.clock.forward(seconds=60)
    chain.says(MARIE, "0 0 1")
    assert chain.answers(chain.checkin(ended, WEDNESDAY))["fatigue"] == "0"
    assert chain.tasks() == ["to_read"]
