"""Links to the form: what a text says, who may open it, until when, and what it tells whoever finds it (SEC-05 to SEC-10, HZ-10)."""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app.alerts.models import Task
from app.checkins import filling, links
from app.checkins.models import CheckIn
from app.core import audit
from app.core.audit import Actor, AuditRow
from app.core.clock import HandClock
from app.core.db import Base
from app.core.errors import Refusal
from app.messaging.models import FormLink, FormVisit, Message
from app.people import services
from app.people.models import Patient, Service
from app.people.perimeter import actor_of
from notifications import policy
from tests.support.chain import MARIE, Chain

WEDNESDAY = date(2026, 11, 25)
THURSDAY = date(2026, 11, 26)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ADDRESS = re.compile(r"http://127\.0\.0\.1:8000/q/([A-Za-z0-9_-]{22})(?= |$)")


@pytest.fixture
def by_link(chain: Chain) -> Chain:
    """The service asks by link."""
    with chain.database.transaction() as session:
        service = session.scalars(select(Service)).one()
        services.choose_style(session, service, "link", reason="essai", by=actor_of(chain.world.ines), now=chain.clock.now())
    return chain


def token_in(words: str) -> str:
    found = ADDRESS.search(words)
    assert found, words
    return found[1]


def me(patient: Patient) -> Actor:
    return Actor("patient", patient.id, patient.full_name)


def state(chain: Chain, token: str) -> str:
    with chain.read() as session:
        return links.open_link(session, token, now=chain.clock.now())[1]


def guard(chain: Chain, token: str, patient: Patient, day: int, month: int) -> str | None:
    with chain.database.transaction() as session:
        link, _ = links.open_link(session, token, now=chain.clock.now())
        assert link is not None
        return links.pass_guard(session, link, day=day, month=month, said_by=me(patient), now=chain.clock.now())


# --- What the text says -------------------------------------------------------------------------------------------------------------


def test_the_text_is_neutral_and_its_link_works(by_link: Chain) -> None:
    """SEC-01 to SEC-03: one segment, nothing of the record, an address that opens this check-in."""
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


def test_the_carrier_counts_what_the_database_counted(by_link: Chain) -> None:
    """SEC-02: the asterisks have the length of the token, and the same alphabet for the carrier."""
    by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    (left,) = by_link.received()
    with by_link.read() as session:
        stored = session.scalars(select(Message.body).where(Message.key == "link")).one()
    assert policy.length(stored) == policy.length(left)
    assert stored != left


def test_words_in_the_text_need_the_patients_consent(chain: Chain) -> None:
    """Issue 4, point 2: without it the link, not a nurse's call."""
    marie = chain.follow(consent_sms_words=False)
    chain.until(WEDNESDAY_TEN)

    assert [text.key for text in chain.texts_to(MARIE)] == ["link"]
    assert chain.tasks() == []
    assert chain.checkin(marie, WEDNESDAY).state == "open"


def test_two_people_on_one_telephone_get_a_link_each(chain: Chain) -> None:
    """SEC-16, HZ-10: the couple test. The texts are alike; the birthday tells whose form it is."""
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


def test_a_text_from_a_shared_telephone_is_answered_by_a_link_to_each_once_a_day(chain: Chain) -> None:
    """SEC-16: it is attached to nobody, and a nurse reads it; SMS answers are refused with a link sent to each."""
    chain.follow()
    chain.follow(family_name="Payet", given_names="Jean", shared_phone=True)
    chain.until(WEDNESDAY_TEN)

    answers = chain.says(MARIE, "2 1 0")
    assert len({token_in(words) for words in answers}) == 2
    assert chain.tasks() == ["shared_number"]
    assert not any("/q/" in words for words in chain.says(MARIE, "2 1 0"))


# --- LINK and SMS -------------------------------------------------------------------------------------------------------------------


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


def test_sms_without_consent_to_words_makes_a_nurse_call(chain: Chain) -> None:
    chain.follow(consent_sms_words=False)
    chain.until(WEDNESDAY_TEN)
    (promised,) = chain.says(MARIE, "SMS")
    assert promised == "C'est noté : une infirmière vous appelle avant 12 h. Si cela ne peut pas attendre : 0199001234. Urgence : 15."
    with chain.read() as session:
        (task,) = session.scalars(select(Task))
        assert (task.kind, task.detail["why"]) == ("call_back", "no_internet")


def test_a_reply_in_link_style_is_read_as_before(by_link: Chain) -> None:
    """Whoever answers a neutral text by numbers is understood: the first group is open."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    by_link.says(MARIE, "0 0 0")
    assert list(by_link.answers(by_link.checkin(marie, WEDNESDAY)).values()) == ["0", "0", "0"]


def test_without_consent_no_answer_of_ours_names_a_symptom(chain: Chain) -> None:
    """The words of the patient are read; what we write back is a link, a promise or a thank-you."""
    marie = chain.follow(consent_sms_words=False)
    chain.until(WEDNESDAY_TEN)
    (following,) = chain.says(MARIE, "0 1 0")
    token_in(following)
    assert "diarrhée" not in " ".join(chain.received()).casefold()
    assert len(chain.answers(chain.checkin(marie, WEDNESDAY))) == 3


def test_a_danger_outranks_the_style(by_link: Chain) -> None:
    by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    (safety,) = by_link.says(MARIE, "je saigne beaucoup")
    assert safety.startswith("Appelez le 15")


# --- Until when ---------------------------------------------------------------------------------------------------------------------


def test_it_ends_with_the_window_to_the_second(by_link: Chain) -> None:
    """SEC-08."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    end = by_link.checkin(marie, WEDNESDAY).silent_at
    assert end is not None
    by_link.clock.at = end - timedelta(seconds=1)
    assert state(by_link, token) == "live"
    by_link.clock.at = end
    assert state(by_link, token) == "ended"  # whether or not the worker has come by
    by_link.worker.run_once()
    assert state(by_link, token) == "ended"
    with by_link.read() as session:
        assert session.scalars(select(FormLink.ended_why)).first() == "window"


def test_the_reminder_carries_a_link_that_works(by_link: Chain) -> None:
    """The link lives as long as its check-in, and each reminder carries a working one."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    remind_at = by_link.checkin(marie, WEDNESDAY).remind_at
    assert remind_at is not None
    by_link.until(remind_at)
    first, reminder = by_link.received()
    assert reminder.startswith("Suivi Baie : il manque vos réponses : http")
    assert token_in(first) != token_in(reminder)
    assert {state(by_link, token_in(words)) for words in (first, reminder)} == {"live"}


def test_answered_by_text_ends_the_links(by_link: Chain) -> None:
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    for words in ("0 0 0", "0 0 0", "37", "0 0", "non", "non", "0", "non"):
        if by_link.checkin(marie, WEDNESDAY).closed_at is None:
            by_link.says(MARIE, words)
    assert by_link.checkin(marie, WEDNESDAY).closed_at is not None
    assert state(by_link, token) == "answered"


def test_a_link_of_its_own_ends_after_a_day(chain: Chain, marie: Patient) -> None:
    token = token_in(chain.says(MARIE, "LIEN")[0])
    chain.clock.forward(hours=23, minutes=59)
    assert state(chain, token) == "live"
    chain.clock.forward(minutes=1)
    assert state(chain, token) == "ended"


def test_looking_changes_nothing(by_link: Chain) -> None:
    """SEC-07: a bot opens it fifty times, then the patient passes the guard."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    assert {state(by_link, token) for _ in range(50)} == {"live"}
    assert guard(by_link, token, marie, 14, 3) is not None


def test_an_address_nobody_gave_is_unknown(chain: Chain) -> None:
    assert state(chain, "A" * 22) == "unknown"


# --- The guard ----------------------------------------------------------------------------------------------------------------------


def test_five_wrong_birthdays_lock_it_and_make_one_task(by_link: Chain) -> None:
    """SEC-10: no answer stored, one task, and the right day no longer helps."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    for day in (1, 2, 3, 4):
        assert guard(by_link, token, marie, day, 3) is None
    assert state(by_link, token) == "live"
    assert guard(by_link, token, marie, 5, 3) is None

    assert state(by_link, token) == "locked"
    assert guard(by_link, token, marie, 14, 3) is None
    assert by_link.tasks() == ["link_locked"]
    assert by_link.answers(by_link.checkin(marie, WEDNESDAY)) == {}
    with by_link.read() as session:
        assert session.scalars(select(FormVisit)).all() == []
        assert session.scalars(select(AuditRow).where(AuditRow.action == "link.locked")).one().patient_id == marie.id
        assert list(audit.verify(session)) == []


def test_a_right_one_between_forgets_the_wrong_ones(by_link: Chain) -> None:
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    for day in (1, 2, 3, 4):
        guard(by_link, token, marie, day, 3)
    assert guard(by_link, token, marie, 14, 3) is not None
    for day in (1, 2, 3, 4):
        guard(by_link, token, marie, day, 3)
    assert state(by_link, token) == "live"


def test_a_hundred_at_once_stay_five(by_link: Chain) -> None:
    """SEC-10: counted by condition. Twenty browsers, five guesses each, at the same moment; one task."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    opened: list[str | None] = []

    def guess(browser: int) -> None:
        for day in range(1, 6):
            opened.append(guard(by_link, token, marie, day, 1 + browser % 12))

    browsers = [threading.Thread(target=guess, args=(number,)) for number in range(20)]
    for browser in browsers:
        browser.start()
    for browser in browsers:
        browser.join()
    assert len(opened) == 100
    assert set(opened) == {None}
    assert by_link.tasks() == ["link_locked"]
    with by_link.read() as session:
        assert session.scalars(select(FormLink.wrong)).one() == 5


def test_new_links_give_no_endless_guesses(chain: Chain, marie: Patient) -> None:
    """366 birthdays, five guesses a link: after twenty guesses about a patient in a day even the right one is refused, until the morrow."""
    tried = 0
    while tried < links.TRIES:
        token = token_in(chain.says(MARIE, "LIEN")[0])
        chain.clock.forward(minutes=30)
        for _ in range(4):
            guard(chain, token, marie, 1 + tried % 28, 6)
            tried += 1
    token = token_in(chain.says(MARIE, "LIEN")[0])
    assert guard(chain, token, marie, 14, 3) is None
    chain.clock.forward(hours=25)
    token = token_in(chain.says(MARIE, "LIEN")[0])
    assert guard(chain, token, marie, 14, 3) is not None


def test_a_visit_is_short_and_knows_who_answers(by_link: Chain) -> None:
    """SEC-06: the token is swapped for a cookie of two hours; only its fingerprint is kept."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    cookie = guard(by_link, token_in(by_link.received()[0]), marie, 14, 3)
    assert cookie is not None
    with by_link.read() as session:
        visit = links.visit_of(session, cookie, now=by_link.clock.now())
        assert visit is not None
        assert cookie not in visit.token_hash
        assert links.speaker(session, visit) == me(marie)
        assert links.visit_of(session, cookie, now=by_link.clock.now() + timedelta(hours=2)) is None
        assert links.visit_of(session, "x", now=by_link.clock.now()) is None


def test_who_may_answer_on_the_form_is_somebody_of_the_file(by_link: Chain) -> None:
    """HZ-10: the answers are marked with who gave them, by the visit."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    cookie = guard(by_link, token_in(by_link.received()[0]), marie, 14, 3)
    with by_link.database.transaction() as session:
        visit = links.visit_of(session, cookie or "", now=by_link.clock.now())
        assert visit is not None
        row = session.get_one(CheckIn, by_link.checkin(marie, WEDNESDAY).id)
        filling.answer(session, row, "temperature", "37.2", by=links.speaker(session, visit), source="form", now=by_link.clock.now())
    with by_link.read() as session:
        said = session.execute(text("select said_by, source from answer")).one()
    assert tuple(said) == (f"patient:{marie.id}", "form")


def test_the_style_is_chosen_with_a_reason_and_written_down(chain: Chain, clock: HandClock) -> None:
    """Issue 4, point 2."""
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
