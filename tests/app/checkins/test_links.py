"""Links to the form: what a text says, and the words LINK and SMS (SEC-01 to SEC-05, SEC-16, HZ-10)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.checkins import links
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Base
from app.core.errors import Refusal
from app.messaging.models import FormLink, Message
from app.people import services
from app.people.models import Patient, Service
from app.people.perimeter import actor_of
from notifications import policy
from tests.support.chain import MARIE, Chain
from tests.support.filling import Page
from tests.support.links import guard, token_in

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

# --- What the text says --------------------------------------------------------------------------------------------------------------


def test_the_text_is_neutral_and_its_link_works(by_link: Chain) -> None:
    """SEC-01 to SEC-03: one segment, nothing of the record, an address that opens this check-in. Stored with asterisks as long (SEC-02)."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)

    (received,) = by_link.received()
    token = token_in(received)
    assert received == f"Suivi Baie : vos questions du jour, 2 minutes : http://127.0.0.1:8000/q/{token} Sans internet, répondez SMS."
    assert policy.length(received).segments == 1
    with by_link.read() as session:
        link, how = links.open_link(session, token, now=by_link.clock.now())
        assert how == "live"
        assert link is not None
        assert link.checkin_id == by_link.checkin(marie, WEDNESDAY).id
        assert link.patient_id == marie.id
        stored = session.scalars(select(Message.body).where(Message.key == "link")).one()
    assert stored != received
    assert policy.length(stored) == policy.length(received)


def test_nothing_in_the_database_opens_a_form(by_link: Chain) -> None:
    """SEC-05: every string of every column of every table is tried as a token; none is one. 128 bits of seed, another one each time."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN + timedelta(days=1))
    tokens = {token_in(words) for words in by_link.received()}
    assert len(tokens) == 2  # the questions, and the reminder
    guard(by_link, max(tokens), marie, 14, 3)

    tried = 0
    with by_link.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(table.select()):
                for cell in row:
                    for word in re.findall(r"[A-Za-z0-9_=-]{8,}", str(cell)):
                        for piece in {word[i : i + 22] for i in range(max(1, len(word) - 21))} | {word}:
                            assert piece not in tokens, f"a token stands in {table.name}"
                            tried += 1
        seeds = session.scalars(select(FormLink.seed)).all()
        assert len(set(seeds)) == len(seeds)
        assert all(re.fullmatch(r"[0-9a-f]{32}", seed) for seed in seeds)
        assert all("*" * 22 in body for body in session.scalars(select(Message.body).where(Message.link_id.is_not(None))))
        assert all(links.open_link(session, seed, now=by_link.clock.now())[1] == "unknown" for seed in seeds)
    assert tried > 500


def test_without_consent_to_words_it_is_a_link_and_no_answer_of_ours_names_a_symptom(chain: Chain) -> None:
    """A link, not a nurse's call. Figures answer nothing that was asked: a person reads them; what we write back names nothing."""
    marie = chain.follow(consent_sms_words=False)
    chain.until(WEDNESDAY_TEN)
    assert [text.key for text in chain.texts_to(MARIE)] == ["link_call"]
    assert chain.tasks() == []
    assert chain.checkin(marie, WEDNESDAY).state == "open"

    (following,) = chain.says(MARIE, "0 1 0")
    token_in(following)
    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {}

    (promised,) = chain.says(MARIE, "SMS")
    assert promised == "C'est noté : une infirmière vous appelle avant 12 h. Si cela ne peut pas attendre : 0199001234. Urgence : 15."
    with chain.read() as session:
        tasks = session.scalars(select(Task).order_by(Task.id))
        assert [(task.kind, task.detail["why"]) for task in tasks] == [("to_read", "nothing_open"), ("call_back", "no_internet")]
    assert "diarrhée" not in " ".join(chain.received()).casefold()


def test_two_people_on_one_telephone_get_a_link_each(chain: Chain) -> None:
    """SEC-16, HZ-10: the couple test. The texts are alike; the birthday tells whose form it is.

    What either of them writes is attached to nobody: a nurse reads it, and each gets a link, once a day.
    """
    marie = chain.follow()
    jean = chain.follow(family_name="Payet", given_names="Jean", birth_date=date(1950, 7, 2), shared_phone=True)
    chain.until(WEDNESDAY_TEN)

    first, second = (token_in(words) for words in chain.received())
    assert chain.tasks() == []
    with chain.read() as session:
        owner = {token: links.open_link(session, token, now=chain.clock.now())[0].patient_id for token in (first, second)}  # type: ignore[union-attr]  # there is one
    assert sorted(owner.values()) == sorted([marie.id, jean.id])
    jeans = next(token for token, who in owner.items() if who == jean.id)
    assert guard(chain, jeans, jean, 14, 3) is None  # Marie's
    assert guard(chain, jeans, jean, 2, 7) is not None

    answers = chain.says(MARIE, "2 1 0")
    assert len({token_in(words) for words in answers}) == 2
    assert chain.tasks() == ["shared_number"]
    assert not any("/q/" in words for words in chain.says(MARIE, "2 1 0"))


def test_the_style_is_chosen_with_a_reason_and_written_down(chain: Chain, clock: HandClock) -> None:
    """The trail holds the new style and its reason; none without one, and no style nobody knows."""
    with chain.database.transaction() as session:
        service = session.scalars(select(Service)).one()
        with pytest.raises(Refusal, match="reason"):
            services.choose_style(session, service, "link", reason=" ", by=actor_of(chain.world.ines), now=clock.now())
        with pytest.raises(Refusal, match="words or link"):
            services.choose_style(session, service, "letters", reason="essai", by=actor_of(chain.world.ines), now=clock.now())
        services.choose_style(session, service, "link", reason="moins de SMS", by=actor_of(chain.world.ines), now=clock.now())
    with chain.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "service.sms_style")).one()
        assert (row.change, row.reason) == ({"before": "words", "after": "link"}, "moins de SMS")


# --- LINK and SMS --------------------------------------------------------------------------------------------------------------------


def test_lien_at_any_time(chain: Chain, marie: Patient) -> None:
    """In words as well: to the open check-in; to "something is wrong" when none is open."""
    (before,) = chain.says(MARIE, "LIEN")
    assert before.startswith("Suivi Baie : pour dire ce qui ne va pas : http://127.0.0.1:8000/q/")
    assert before.endswith(" En urgence : le 15.")
    chain.until(WEDNESDAY_TEN)
    (during,) = chain.says(MARIE, "lien svp")
    assert during.startswith("Suivi Baie : vos questions du jour")

    with chain.read() as session:
        own, _ = links.open_link(session, token_in(before), now=chain.clock.now() - timedelta(days=2))
        asked, _ = links.open_link(session, token_in(during), now=chain.clock.now())
        assert own is not None
        assert asked is not None
        assert (own.checkin_id, asked.checkin_id) == (None, chain.checkin(marie, WEDNESDAY).id)
    assert chain.tasks() == []
    assert chain.says(MARIE, "0 0 0")[0].startswith("Suivi Baie : votre température")  # the question is still open


def test_sms_brings_the_questions_where_consent_allows(by_link: Chain) -> None:
    by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    (asked,) = by_link.says(MARIE, "SMS")
    assert asked.startswith("Suivi Baie : depuis 7 jours, de 0 (non) à 4 (très fort) : A ")
    assert by_link.says(MARIE, "0 0 0")[0].startswith("Suivi Baie : votre température")


def test_no_internet_said_in_ones_own_words_is_sms_and_no_misreading(by_link: Chain) -> None:
    by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    (asked,) = by_link.says(MARIE, "cest quoi ca jai pas internet")
    assert asked.startswith("Suivi Baie : depuis 7 jours, de 0 (non) à 4 (très fort) : A ")
    (again,) = by_link.says(MARIE, "3")
    assert again.startswith("Pardon, je n'ai pas compris.")  # asked once more, not given up
    assert by_link.says(MARIE, "0 0 0")[0].startswith("Suivi Baie : votre température")


@pytest.mark.parametrize("words", ["1", "2", "non", "0 0 0", "2 ou 3 fois seulement", "37,2"])
def test_what_no_text_asked_is_answered_by_nothing(by_link: Chain, words: str) -> None:
    """HZ-20: on ibrutinib "1" in reply to a link became an irregular heartbeat, "2" the denial of a fall nobody had asked about."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    (said,) = by_link.says(MARIE, words)
    assert said.startswith("Suivi Baie : un chiffre seul ne suffit pas. Vos questions : ")
    checkin = by_link.checkin(marie, WEDNESDAY)
    assert (by_link.answers(checkin), checkin.state, by_link.alerts(), by_link.tasks()) == ({}, "open", [], ["to_read"])


def test_a_question_read_on_a_page_is_not_answered_by_text(by_link: Chain) -> None:
    """SMS brought the first question; its answer on the form opened the next, which no text has shown."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    by_link.says(MARIE, "SMS")
    checkin = by_link.checkin(marie, WEDNESDAY)
    page = Page(by_link, marie)
    for key in ("diarrhea", "mouth_sores", "hand_foot"):
        page.says(key, "0")
    by_link.says(MARIE, "39")
    assert "temperature" not in by_link.answers(checkin)
    assert [alert.level for alert in by_link.alerts()] == ["urgent"]  # a danger is heard all the same


def test_a_danger_outranks_the_style(by_link: Chain) -> None:
    by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    safety = by_link.says(MARIE, "je saigne beaucoup")[0]
    assert safety.startswith("Appelez le 15")
