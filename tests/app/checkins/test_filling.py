"""One door for the form and the telephone: the same answers give the same judgement, alert, advice and echo as by text.

FR-02, FR-32, HZ-08, HZ-24, SEC-08, SEC-09.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.alerts.models import Alert, AlertEvent
from app.checkins.judging import assessing
from app.checkins.models import AnswerRow
from app.checkins.pages import filling
from app.checkins.texts import understanding
from app.messaging.models import Message
from app.people.models import Patient
from notifications import wording
from tests.support.chain import Chain
from tests.support.filling import WEDNESDAY, Page, me, shown

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


# --- The same as by text ------------------------------------------------------------------------------------------------------------

NINE = {
    "diarrhea": "2",
    "mouth_sores": "1",
    "hand_foot": "0",
    "temperature": "37.1",
    "chest_pain": "no",
    "nausea": "1",
    "vomiting": "0",
    "fatigue": "1",
    "stools": "5",
}


def test_nine_answers_by_text_by_form_and_by_call_are_one_judgement(chain: Chain) -> None:
    """Same questions, same answers, same triage: result, level, alert, deadline, echo and advice, to the letter."""
    by_text = chain.follow(family_name="Hoarau", phone="+33639980001")
    by_form = chain.follow(family_name="Payet", phone="+33639980002")
    by_call = chain.follow(family_name="Grondin", phone="+33639980003")
    chain.until(WEDNESDAY_TEN)

    for words in ("2 1 0", "37,1", "2", "1 0 1", "5"):
        said = chain.says(by_text.phone, words)
    form, call = Page(chain, by_form), Page(chain, by_call, "call")
    filled = [form.fills(**NINE), call.fills(**NINE)]

    people = (by_text, by_form, by_call)
    checkins = [chain.checkin(person, WEDNESDAY) for person in people]
    assert [row.state for row in checkins] == ["done"] * 3
    assert [row.not_asked for row in checkins] == [[]] * 3
    assert [chain.answers(row) for row in checkins] == [NINE] * 3
    judged = [chain.judgements(row)[-1] for row in checkins]
    assert judged[0].level not in ("none", "info")  # an alert, so that there is something to compare
    assert judged[0].result == judged[1].result == judged[2].result
    assert judged[0].level == judged[1].level == judged[2].level
    alerts = [alert_of(chain, person) for person in people]
    assert len({(a.level, a.kind, a.respond_by, str(sorted(reasons_of(chain, a)))) for a in alerts}) == 1
    assert [one.text for one in filled] == [said[0], said[0]]
    assert len({tuple(sorted(said_later(chain, person))) for person in people}) == 1
    with chain.read() as session:
        assert list(assessing.mismatches(session)) == []


def alert_of(chain: Chain, patient: Patient) -> Alert:
    with chain.read() as session:
        return session.scalars(select(Alert).where(Alert.patient_id == patient.id)).one()


def reasons_of(chain: Chain, alert: Alert) -> list[str]:
    with chain.read() as session:
        events = session.scalars(
            select(AlertEvent).where(AlertEvent.alert_id == alert.id, AlertEvent.kind.in_(("raised", "merged", "risen")))
        )
        return sorted({rule for event in events for rule in event.detail.get("rules", ())})


def said_later(chain: Chain, patient: Patient) -> list[str]:
    """The advice that goes with it, sent or shown."""
    with chain.read() as session:
        mine = (Message.patient_id == patient.id, Message.direction == "out", Message.purpose == "advice")
        return list(session.scalars(select(Message.key).where(*mine)))


@pytest.mark.parametrize("source", ["form", "call"])
def test_a_mild_symptom_has_the_same_advice_on_the_page(chain: Chain, source: str) -> None:
    """What a page shows is not sent as well; the file knows that it was said."""
    by_text = chain.follow(family_name="Hoarau", phone="+33639980001")
    other = chain.follow(family_name="Payet", phone="+33639980002")
    chain.until(WEDNESDAY_TEN)
    for words in ("0 0 0", "37,1", "2", "1 0 0"):
        chain.says(by_text.phone, words)
    page = Page(chain, other, source)
    filled = page.fills(nausea="1")

    assert said_later(chain, by_text) == said_later(chain, other) == ["care_nausea"]
    assert filled.advice is not None
    assert filled.advice[0] == "care_nausea"
    assert wording.render(*filled.advice[:1], "fr", filled.advice[1])  # ready to be shown
    chain.wait(minutes=5)
    assert len(chain.received(other.phone)) == 1  # the first question


@pytest.mark.parametrize("source", ["form", "call"])
def test_a_calm_one_is_echoed_on_the_page_and_nothing_is_sent(chain: Chain, marie: Patient, source: str) -> None:
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie, source)
    filled = page.fills()

    assert filled.said is not None
    assert (filled.said[0], filled.urgent, filled.alert) == ("confirm", False, None)
    assert filled.text.startswith("Noté : diarrhée 0, ")
    assert wording.render(filled.said[0], "fr", filled.said[1]) == filled.text
    assert len(chain.received()) == 1
    assert page.is_now().state == "done"
    with chain.read() as session:
        rows = session.scalars(select(AnswerRow)).all()
        assert {row.source for row in rows} == {source}
        assert {row.said_by for row in rows} == {f"patient:{marie.id}"}
        assert {row.asked_by for row in rows} == {f"staff:{chain.world.claire.id}" if source == "call" else ""}


# --- Dangers ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["form", "call"])
def test_a_danger_rings_at_its_answer_is_shown_and_sent(chain: Chain, marie: Patient, source: str) -> None:
    """HZ-24: not at the end of the form. The safety text is on the page and on its way; the questions stop."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie, source)
    filled = page.says("temperature", "39.2")
    chain.send()

    assert filled.urgent
    assert filled.said is not None
    assert filled.said[0] == "urgent_fever"
    assert wording.render(filled.said[0], "fr", filled.said[1]) == filled.text == chain.received()[-1]
    assert filled.alert is not None
    assert [(alert.level, alert.id) for alert in chain.alerts()] == [("urgent", filled.alert.id)]
    assert chain.alerts()[0].told_message_id is not None
    assert page.is_now().closed_at == chain.clock.now()
    assert "chest_pain" in page.is_now().not_asked


def test_the_same_danger_sent_twice_is_shown_twice_and_sent_once(chain: Chain, marie: Patient) -> None:
    """The network was lost on the way back: the page is sent again, and what to do now is there again."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    first = page.says("temperature", "39.2")
    chain.clock.forward(minutes=1)
    again = page.says("temperature", "39.2")
    chain.send()

    assert (again.urgent, again.said, again.text) == (True, first.said, first.text)
    assert [words for words in chain.received() if words == first.text] == [first.text]
    assert len(chain.judgements(page.checkin)) == 1


def test_without_a_thermometer_the_sign_that_can_be_felt_is_asked(chain: Chain, marie: Patient) -> None:
    """As by text; hot and shivering is a danger without any number."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    assert not page.says("temperature", None).urgent
    for key in ("diarrhea", "mouth_sores", "hand_foot"):
        page.says(key, "0")
    assert page.next() == "feels_hot"
    filled = page.says("feels_hot", "yes")

    assert filled.urgent
    assert filled.said is not None
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    stopped = page.is_now()  # the questions stop, as after the same word in a text
    assert (stopped.closed_at, stopped.why) == (chain.clock.now(), "danger")
    assert stopped.not_asked == ["chest_pain", "nausea", "vomiting", "fatigue", "stools"]


def test_not_hot_and_no_thermometer_goes_on(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    page.says("temperature", None)
    page.says("feels_hot", "no")
    assert page.next() == "diarrhea"
    page.fills()
    assert page.is_now().state == "partial"  # the temperature is unknown, never normal
    assert chain.answers(page.checkin)["temperature"] is None


# --- Words --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["form", "call"])
def test_a_danger_in_words_on_a_page(chain: Chain, marie: Patient, source: str) -> None:
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie, source)
    filled = page.tells("je n'arrive plus à respirer")
    chain.send()

    assert filled.urgent
    assert filled.said is not None
    assert filled.said[0] == "urgent_15"
    assert chain.received()[-1] == filled.text
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    heard = chain.last_heard()
    assert (heard.body, heard.carrier, heard.patient_id) == ("je n'arrive plus à respirer", source, marie.id)


def test_something_is_wrong_opens_its_own_check_in(chain: Chain, marie: Patient) -> None:
    """In words, judged and drawn like any other; a nurse reads them, and the page says when."""
    with chain.database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        filled = filling.words(
            session, patient, "j'ai des boutons sur les bras depuis hier", by=me(marie), source="form", now=chain.clock.now()
        )
    assert filled.said is not None
    assert filled.checkin.kind == "unprompted"
    assert filled.text
    assert shown(chain, marie) == [filled.said[0]]
    assert chain.received() == []
    assert chain.tasks() == ["to_read"]


def test_words_sent_twice_are_kept_once(chain: Chain, marie: Patient) -> None:
    for _ in range(2):
        with chain.database.transaction() as session:
            patient = session.get_one(Patient, marie.id)
            filled = filling.words(session, patient, "je saigne beaucoup", by=me(marie), source="form", now=chain.clock.now())
            assert filled.urgent
        chain.clock.forward(minutes=1)
        chain.send()
    with chain.read() as session:
        assert len(session.scalars(select(Message).where(Message.direction == "in")).all()) == 1
    assert len(chain.received()) == 1


def test_words_whose_reading_fails_wait_and_their_danger_does_not(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the words, tell a person, then be clever: the worker reads them once the defect is mended."""
    with monkeypatch.context() as broken:
        broken.setattr(understanding, "understand", lambda *_args, **_more: 1 / 0)
        with chain.database.transaction() as session:
            patient = session.get_one(Patient, marie.id)
            filled = filling.words(session, patient, "je saigne beaucoup", by=me(marie), source="form", now=chain.clock.now())
    assert filled.urgent
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    assert chain.last_heard().state == "unread"
    chain.wait(seconds=30)
    heard = chain.last_heard()
    assert heard.state != "unread"
    assert (heard.patient_id, (heard.reading or {})["said_by"]) == (marie.id, f"patient:{marie.id}")
