"""The guard of a link to the form: until when it opens, how often it may be tried, what a visit knows (SEC-06 to SEC-10)."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, text

from app.checkins import links
from app.checkins.models import CheckIn
from app.checkins.pages import filling
from app.core import audit
from app.core.audit import AuditRow
from app.messaging.models import FormLink, FormVisit
from app.people.models import Patient
from tests.support.chain import MARIE, Chain
from tests.support.links import guard, me, state, token_in

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_looking_changes_nothing_and_it_ends_with_the_window_to_the_second(by_link: Chain) -> None:
    """SEC-07, SEC-08: a bot opens it fifty times, then the patient passes the guard."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    assert state(by_link, "A" * 22) == "unknown"
    assert {state(by_link, token) for _ in range(50)} == {"live"}
    assert guard(by_link, token, marie, 14, 3) is not None

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


def test_each_reminder_carries_a_link_that_works_until_the_questions_are_answered(by_link: Chain) -> None:
    """The first link goes on working beside the reminder's; answered by text, both say so, for a week."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    remind_at = by_link.checkin(marie, WEDNESDAY).remind_at
    assert remind_at is not None
    by_link.until(remind_at)
    first, reminder = by_link.received()
    assert reminder.startswith("Suivi Baie : il manque vos réponses : http")
    assert token_in(first) != token_in(reminder)
    assert {state(by_link, token_in(words)) for words in (first, reminder)} == {"live"}

    for words in ("SMS", "0 0 0", "37", "non", "0 0 0", "0", "non"):
        if by_link.checkin(marie, WEDNESDAY).closed_at is None:
            by_link.says(MARIE, words)
    closed = by_link.checkin(marie, WEDNESDAY).closed_at
    assert closed is not None
    assert {state(by_link, token_in(words)) for words in (first, reminder)} == {"answered"}
    by_link.clock.at = closed + timedelta(days=7)
    assert {state(by_link, token_in(words)) for words in (first, reminder)} == {"ended"}


def test_a_link_of_its_own_ends_after_a_day(chain: Chain, marie: Patient) -> None:
    token = token_in(chain.says(MARIE, "LIEN")[0])
    chain.clock.forward(hours=23, minutes=59)
    assert state(chain, token) == "live"
    chain.clock.forward(minutes=1)
    assert state(chain, token) == "ended"


def test_five_wrong_birthdays_in_a_row_lock_it_and_make_one_task(by_link: Chain) -> None:
    """SEC-10: a right one forgets the wrong ones before it; locked, no answer is stored and the right day no longer helps."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    token = token_in(by_link.received()[0])
    for day in (1, 2, 3, 4):
        assert guard(by_link, token, marie, day, 3) is None
    assert guard(by_link, token, marie, 14, 3) is not None
    for day in (1, 2, 3, 4):
        assert guard(by_link, token, marie, day, 3) is None
    assert state(by_link, token) == "live"
    assert guard(by_link, token, marie, 5, 3) is None

    assert state(by_link, token) == "locked"
    assert guard(by_link, token, marie, 14, 3) is None
    assert by_link.tasks() == ["link_locked"]
    assert by_link.answers(by_link.checkin(marie, WEDNESDAY)) == {}
    with by_link.read() as session:
        assert len(session.scalars(select(FormVisit)).all()) == 1
        assert session.scalars(select(AuditRow).where(AuditRow.action == "link.locked")).one().patient_id == marie.id
        assert list(audit.verify(session)) == []


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


def test_a_visit_is_short_and_its_answers_say_who_gave_them(by_link: Chain) -> None:
    """SEC-06, HZ-10: the token is swapped for a cookie of two hours; only its fingerprint is kept."""
    marie = by_link.follow()
    by_link.until(WEDNESDAY_TEN)
    cookie = guard(by_link, token_in(by_link.received()[0]), marie, 14, 3)
    assert cookie is not None
    now = by_link.clock.now()
    with by_link.database.transaction() as session:
        visit = links.visit_of(session, cookie, now=now)
        assert visit is not None
        assert cookie not in visit.token_hash
        assert links.speaker(session, visit) == me(marie)
        assert links.visit_of(session, cookie, now=now + timedelta(hours=2)) is None
        assert links.visit_of(session, "x", now=now) is None
        row = session.get_one(CheckIn, by_link.checkin(marie, WEDNESDAY).id)
        filling.answer(session, row, "temperature", "37.2", by=links.speaker(session, visit), source="form", now=now)
    with by_link.read() as session:
        said = session.execute(text("select said_by, source from answer")).one()
    assert tuple(said) == (f"patient:{marie.id}", "form")
