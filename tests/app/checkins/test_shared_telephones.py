"""Two patients on one telephone: what it is sent and answered, naming nobody (SEC-09, SEC-16, HZ-10)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.checkins.rhythm import agenda
from app.treatment.models import Course
from tests.app.checkins.test_links import WEDNESDAY_TEN, token_in
from tests.support.chain import MARIE, Chain


def two_on_one_telephone(chain: Chain) -> None:
    chain.follow()
    chain.follow(family_name="Payet", given_names="Jean", birth_date=date(1950, 7, 2), shared_phone=True)


def test_a_further_text_of_a_shared_telephone_is_answered_once_an_hour_at_most(chain: Chain) -> None:
    """SEC-16, SEC-09: silence would say that nobody reads; the text names nobody."""
    two_on_one_telephone(chain)
    chain.until(WEDNESDAY_TEN)
    assert len(chain.says(MARIE, "2")) == 2  # the links of the day
    (read,) = chain.says(MARIE, "Jean 2")
    assert read.startswith("Suivi Baie : une infirmière lira votre message.")
    assert chain.says(MARIE, "SMS") == []
    chain.clock.forward(minutes=61)
    assert chain.says(MARIE, "SMS") == [read]
    chain.until(datetime(2026, 11, 25, 18, 0, tzinfo=UTC))
    (closed,) = chain.says(MARIE, "2")
    assert closed.startswith("Suivi Baie : fermé jusqu'à")


def test_the_word_link_brings_new_links_to_a_shared_telephone_a_few_times_a_day(chain: Chain) -> None:
    """SEC-08, SEC-16: after five wrong birthdays the page says to text LIEN; it must be true there as well."""
    two_on_one_telephone(chain)
    chain.until(WEDNESDAY_TEN)
    first = {token_in(words) for words in chain.says(MARIE, "lien")}
    second = {token_in(words) for words in chain.says(MARIE, "lien")}
    assert (len(first), len(second), first & second) == (2, 2, set())
    for _ in range(2):
        chain.says(MARIE, "lien")
    assert not any("/q/" in words for words in chain.says(MARIE, "lien"))


def test_the_text_of_a_shared_telephone_promises_no_answer_by_text(chain: Chain) -> None:
    """SEC-16: nobody could say whose answer it is."""
    two_on_one_telephone(chain)
    chain.until(WEDNESDAY_TEN)
    for words in chain.received():
        assert "Lien pour une seule personne. Sans internet : " in words
        assert "SMS" not in words


@pytest.mark.parametrize(
    ("changes", "key"),
    [({}, "welcome_1"), ({"shared_phone": True, "phone": "+33639980006"}, "welcome_link"), ({"consent_sms_words": False}, "welcome_link")],
)
def test_the_welcome_asks_for_a_number_only_where_questions_come_in_words(chain: Chain, changes: dict[str, object], key: str) -> None:
    """The first text is true for the way the questions will come."""
    patient = chain.follow(**changes)
    with chain.database.transaction() as session:
        course = session.scalars(select(Course)).one()
        first = agenda.first_now(session, course, now=chain.clock.now())[0]
        assert (first.key, "Répondez par des chiffres" in first.body) == (key, key == "welcome_1")
        assert first.patient_id == patient.id
        assert agenda.first_now(session, course, now=chain.clock.now())[0].id == first.id
