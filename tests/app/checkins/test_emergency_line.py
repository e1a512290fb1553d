"""FR-14, HZ-24: the first text of each cycle says that this is no emergency service, 15 or 112; it counts in the five, one segment."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.checkins.rhythm import agenda
from app.people.models import Patient
from app.treatment import courses
from notifications import policy
from tests.support.chain import MARIE, Chain

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LINE = "Suivi Baie : vos questions du jour suivent. Ce numéro n'est pas un service d'urgence. En urgence, appelez le 15 ou le 112."


def first_texts(chain: Chain) -> list[str]:
    chain.until(WEDNESDAY_TEN)
    return [text[:30] for text in chain.received()]


def test_it_is_the_first_text_of_a_course_that_was_not_welcomed(chain: Chain) -> None:
    marie = chain.follow(told=False)
    chain.until(WEDNESDAY_TEN)
    assert chain.received()[0] == LINE
    assert chain.received()[1].startswith("Suivi Baie : depuis 7 jours")
    assert chain.checkin(marie, date(2026, 11, 25)).texts_sent == 2
    assert policy.length(LINE).segments == 1


def test_it_is_said_in_english_too(chain: Chain) -> None:
    chain.follow(told=False, language="en")
    chain.until(WEDNESDAY_TEN)
    assert chain.received()[0] == (
        "Suivi Baie: today's questions follow. This number is not an emergency service. In an emergency call 15 or 112."
    )


def test_the_welcome_says_it_for_the_first_cycle(chain: Chain) -> None:
    marie = chain.follow(told=False)
    with chain.database.transaction() as session:
        agenda.first_now(session, courses.get(session, chain.course(marie).id), now=chain.clock.now())
    chain.send()
    assert "Ce n'est pas un numéro d'urgence : en urgence, le 15." in chain.received()[0]
    chain.until(WEDNESDAY_TEN)
    assert LINE not in chain.received()


def test_once_a_cycle(chain: Chain) -> None:
    """Friday and the Monday after are of the same cycle; the question about the new round opens the next one, with the line before it."""
    chain.follow(told=False)
    chain.until(datetime(2026, 12, 14, 10, 0, tzinfo=UTC))
    texts = chain.received()
    assert texts.count(LINE) == 2
    second = texts.index(LINE, 1)
    assert texts[second + 1].startswith("Suivi Baie : avez-vous commencé la nouvelle série")
    assert len([text for text in texts[:second] if text.startswith("Suivi Baie : depuis 7 jours")]) > 1


@pytest.mark.parametrize("told", [True, False])
def test_the_line_counts_in_the_five(chain: Chain, told: bool) -> None:
    """With it, the detail of stools is the text too many: it is not asked, and written down."""
    marie = chain.follow(told=told)
    chain.until(WEDNESDAY_TEN)
    for words in ("1 0 0", "37", "2", "0 0 0"):
        chain.says(MARIE, words)
    checkin = chain.checkin(marie, date(2026, 11, 25))
    assert checkin.texts_sent == 5
    assert (checkin.not_asked, checkin.asking) == (([], ["stools"]) if told else (["stools"], []))


def test_a_check_in_asked_by_telephone_sends_none(chain: Chain) -> None:
    marie = chain.follow(told=False)
    with chain.database.transaction() as session:
        session.get_one(Patient, marie.id).channels = ["call"]
    chain.until(WEDNESDAY_TEN)
    assert chain.received() == []
    assert chain.checkin(marie, date(2026, 11, 25)).texts_sent == 0
