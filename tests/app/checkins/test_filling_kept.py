"""On a page nothing is lost, nothing counts twice, and what comes late is told apart (HZ-08, SEC-07 to SEC-09)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.checkins import links
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.pages import filling
from app.core.errors import Refusal
from app.messaging.models import FormLink
from app.people.models import Patient
from tests.support.chain import MARIE, Chain
from tests.support.filling import WEDNESDAY, Page, me, shown

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


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
    chain.says(MARIE, "2")  # the page showed the chest question, no text did
    assert "chest_pain" not in chain.answers(page.checkin)
    assert "poitrine" in chain.says(MARIE, "SMS")[0]
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
    """By telephone there is no window."""
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
