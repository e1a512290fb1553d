"""One door for the form and the telephone: the same answers give the same judgement, alert, advice and echo as by text.

FR-02, FR-32, HZ-08, HZ-24, SEC-08, SEC-09, issue 4 points 3 to 5.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.alerts.models import Alert, AlertEvent
from app.checkins import assessing, filling, links, understanding
from app.checkins.filling import Filled
from app.checkins.models import AnswerRow, CheckIn
from app.core.audit import Actor
from app.core.errors import Refusal
from app.messaging.models import FormLink, Message
from app.people.models import Patient
from app.people.perimeter import actor_of
from notifications import wording
from tests.support.chain import MARIE, Chain
from triage import questions

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def me(patient: Patient) -> Actor:
    return Actor("patient", patient.id, patient.full_name)


class Page:
    """One person at a page: the form, or Claire asking by telephone."""

    def __init__(self, chain: Chain, patient: Patient, source: str = "form", day: date = WEDNESDAY, kind: str = "regular") -> None:
        self.chain, self.patient, self.source = chain, patient, source
        self.checkin = chain.checkin(patient, day, kind)
        self.asked_by = actor_of(chain.world.claire) if source == "call" else None

    @property
    def _who(self) -> dict[str, Any]:
        return {"by": me(self.patient), "source": self.source, "now": self.chain.clock.now(), "asked_by": self.asked_by}

    def says(self, key: str, value: str | None) -> Filled:
        with self.chain.database.transaction() as session:
            return filling.answer(session, session.get_one(CheckIn, self.checkin.id), key, value, **self._who)

    def tells(self, words: str) -> Filled:
        with self.chain.database.transaction() as session:
            row = session.get_one(CheckIn, self.checkin.id)
            return filling.words(session, session.get_one(Patient, self.patient.id), words, checkin=row, **self._who)

    def sends(self) -> Filled:
        with self.chain.database.transaction() as session:
            return filling.finish(session, session.get_one(CheckIn, self.checkin.id), **self._who)

    def next(self) -> str | None:
        with self.chain.read() as session:
            question = filling.next_question(session, session.get_one(CheckIn, self.checkin.id))
            return question.key if question else None

    def fills(self, **given: str | None) -> Filled:
        """Every question the page asks, as given, else at its most reassuring; then sends. A danger ends it."""
        while (key := self.next()) is not None:
            with self.chain.read() as session:
                asked = filling.questions_of(session, session.get_one(CheckIn, self.checkin.id))
            best = questions.best(next(q for q in asked if q.key == key))
            filled = self.says(key, given[key] if key in given else questions.write_value(best) if best is not None else None)
            if filled.urgent:
                return filled
        return self.sends()

    def is_now(self) -> CheckIn:
        with self.chain.read() as session:
            return session.get_one(CheckIn, self.checkin.id)


def shown(chain: Chain, patient: Patient) -> list[str]:
    """What pages showed to somebody, in order."""
    with chain.read() as session:
        mine = (Message.patient_id == patient.id, Message.direction == "out", Message.carrier.in_(("form", "call")))
        return list(session.scalars(select(Message.key).where(*mine).order_by(Message.id)))


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
    """Issue 4, point 5: in words, judged and drawn like any other; a nurse reads them, and the page says when."""
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


# --- Nothing is lost ----------------------------------------------------------------------------------------------------------------


def test_resuming_goes_on_at_the_first_question_without_an_answer(chain: Chain, marie: Patient) -> None:
    """The network was lost after two answers: they are kept and judged, and the next page asks the third."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    page.says("diarrhea", "1")
    page.says("mouth_sores", "0")
    chain.clock.forward(hours=3)
    assert page.next() == "hand_foot"
    assert page.is_now().state == "partial"
    assert len(chain.judgements(page.checkin)) == 2


def test_an_answer_sent_twice_is_one(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    page.says("diarrhea", "1")
    page.says("diarrhea", "1")
    with chain.read() as session:
        assert len(session.scalars(select(AnswerRow)).all()) == 1
    assert len(chain.judgements(page.checkin)) == 1


def test_sending_twice_is_once(chain: Chain, marie: Patient) -> None:
    """SEC-07: accepted once; the second page says the same."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    first = page.fills(diarrhea="2", stools="5")
    judged = len(chain.judgements(page.checkin))
    chain.clock.forward(minutes=2)
    again = page.sends()
    assert again.said is not None
    assert first.said is not None
    assert (again.said[0], again.text) == (first.said[0], first.text)
    assert len(chain.judgements(page.checkin)) == judged
    assert len(shown(chain, marie)) == len(set(shown(chain, marie)))


def test_a_correction_keeps_the_old_row(chain: Chain, marie: Patient) -> None:
    """HZ-08: nothing is overwritten, and a lower value lowers no alert."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    page.says("diarrhea", "2")
    page.says("diarrhea", "1")
    with chain.read() as session:
        rows = session.scalars(select(AnswerRow).order_by(AnswerRow.id)).all()
        assert [(row.value, row.replaced_at is None) for row in rows] == [("2", False), ("1", True)]


def test_begun_by_text_it_goes_on_by_form_and_the_other_way(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "1 0 0")
    page = Page(chain, marie)
    assert page.next() == "temperature"
    page.says("temperature", "37.0")
    assert page.is_now().asking == ["chest_pain"]
    (asked,) = chain.says(MARIE, "2")
    assert asked.startswith("Suivi Baie : depuis 7 jours, de 0 (non) à 4 (très fort) : A nausées")
    filled = page.fills()
    assert filled.said is not None
    assert page.is_now().state == "done"
    with chain.read() as session:
        assert {row.source for row in session.scalars(select(AnswerRow))} == {"sms", "form"}


def test_a_form_finished_after_its_window_is_refused_and_loses_nothing(chain: Chain, marie: Patient) -> None:
    """SEC-08: its answers were judged when the window closed; a danger on a page still open is not thrown away."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    page.says("diarrhea", "1")
    end = page.is_now().silent_at
    assert end is not None
    chain.clock.at = end
    with pytest.raises(Refusal, match="The time for these questions is over"):
        page.sends()
    chain.worker.run_once()
    with pytest.raises(Refusal, match="has been kept and read"):
        page.sends()
    assert chain.answers(page.checkin)["diarrhea"] == "1"
    assert page.is_now().state == "partial"

    chain.clock.forward(minutes=5)
    assert page.says("temperature", "39.5").urgent
    assert "urgent" in {alert.level for alert in chain.alerts()}


def test_a_late_answer_is_kept_for_a_day_like_a_text(chain: Chain, marie: Patient) -> None:
    """HZ-08: tied to its own day, and marked late; after a day it is refused."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    chain.until(WEDNESDAY_TEN + timedelta(hours=30))
    assert page.is_now().state == "silent"
    page.says("diarrhea", "1")
    with chain.read() as session:
        row = session.scalars(select(AnswerRow)).one()
        assert (row.value, row.note) == ("1", "late")
    assert page.is_now().state == "partial"
    chain.clock.at = WEDNESDAY_TEN + timedelta(hours=49)
    with pytest.raises(Refusal, match="over"):
        page.says("mouth_sores", "1")


def test_a_nurse_who_reaches_a_silent_patient_fills_the_same_check_in(chain: Chain, marie: Patient) -> None:
    """Issue 4, point 4: by telephone there is no window."""
    chain.until(WEDNESDAY_TEN + timedelta(hours=30))
    page = Page(chain, marie, "call")
    assert page.is_now().state == "silent"
    filled = page.fills()
    assert filled.said is not None
    assert filled.said[0] == "confirm"
    assert page.is_now().state == "done"


def test_sending_ends_every_link_of_the_check_in(chain: Chain, marie: Patient) -> None:
    """SEC-08, SEC-09."""
    chain.until(WEDNESDAY_TEN)
    with chain.database.transaction() as session:
        row = session.get_one(CheckIn, chain.checkin(marie, WEDNESDAY).id)
        for _ in range(2):
            links.give(session, session.get_one(Patient, marie.id), row, now=chain.clock.now())
    Page(chain, marie).fills()
    with chain.read() as session:
        assert [link.ended_why for link in session.scalars(select(FormLink))] == ["sent", "sent"]


def test_what_is_not_possible_is_refused_beside_its_field(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    for key, value in (("temperature", "371"), ("diarrhea", "7"), ("chest_pain", "perhaps")):
        with pytest.raises(Refusal) as refused:
            page.says(key, value)
        assert refused.value.field == key
    with pytest.raises(Refusal, match="not part of the check-in"):
        page.says("nothing_of_the_kind", "1")
    with pytest.raises(Refusal, match="Nothing was answered yet"):
        page.sends()
    assert chain.answers(page.checkin) == {}


def test_nothing_left_unanswered_is_taken_for_zero(chain: Chain, marie: Patient) -> None:
    """Missing is never zero: sent after one answer, the rest is drawn as not asked."""
    chain.until(WEDNESDAY_TEN)
    page = Page(chain, marie)
    page.says("temperature", "37.0")
    page.sends()
    row = page.is_now()
    assert row.state == "partial"
    assert {"diarrhea", "chest_pain", "nausea"} <= set(row.not_asked)


def test_was_the_round_started_is_asked_on_the_form_too(chain: Chain, marie: Patient) -> None:
    """Only a yes makes the cycle advance."""
    chain.until(datetime(2026, 12, 14, 9, 30, tzinfo=UTC))
    page = Page(chain, marie, day=date(2026, 12, 14), kind="cycle_start")
    assert page.next() == "cycle_start"
    page.says("cycle_start", "started")
    page.sends()
    assert page.is_now().state == "done"
    assert chain.course(marie).cycles[-1].number == 2


def test_somebody_who_wants_no_texts_may_still_use_the_form(chain: Chain, marie: Patient) -> None:
    """HZ-26: a STOP ends texts, not the right to speak; the page answers."""
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "STOP")
    with chain.database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        filled = filling.words(session, patient, "j'ai mal au ventre", by=me(marie), source="form", now=chain.clock.now())
    assert filled.text
    assert filled.said is not None
    with chain.read() as session:
        assert session.get_one(Patient, marie.id).opted_out_at is not None
