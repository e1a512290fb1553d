"""Undelivered, unreachable, opted out, silent: four states that come and go; the next way; the relative (HZ-07, HZ-25, SEC-19, U66)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.alerts import handling
from app.checkins.rhythm import reaching
from app.core.audit import AuditRow
from app.messaging.models import Message
from app.people import patients, pauses
from app.people.models import Patient, Respondent, Staff
from app.people.perimeter import actor_of, viewer_of
from notifications import policy
from notifications.messages import Failure, Outgoing, Reason, Receipt, State
from notifications.transports.simulator import ends, refuses
from tests.support.chain import MARIE, Chain

WEDNESDAY, THURSDAY, FRIDAY = date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)
LUCIE = "+33639980002"
LINK = "Suivi Baie : vos questions du jour, 2 minutes : "
PARIS = "Europe/Paris"
TOLD = "Suivi Baie : pas de nouvelles d'une personne que vous accompagnez. Merci de la contacter. Urgence : 15."
FULL = ends(State.UNDELIVERED, "30003")
LANDLINE = refuses(Failure(Reason.NOT_MOBILE, "landline", permanent=True))


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def unreported(_message: Outgoing) -> Receipt:
    """The carrier takes it and says nothing more."""
    return Receipt("SM-lost", State.SENT)


def lucie(chain: Chain, *, told: bool = True, phone: str = LUCIE, language: str = "", channels: tuple[str, ...] = ()) -> Patient:
    """Marie, 71, and her daughter, who does not answer for her."""
    marie = chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille", respondent_phone=phone)
    with chain.database.transaction() as session:
        one = session.scalars(select(Respondent)).one()
        one.told_of_silence, one.language = told, language
        session.get_one(Patient, marie.id).channels = list(channels)
    return marie


def reach(chain: Chain) -> str:
    with chain.read() as session:
        return session.scalars(select(Patient.reachability)).one()


def ways(chain: Chain) -> list[tuple[str, str]]:
    """The steps written on the story of Wednesday's check-in."""
    with chain.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "checkin.way").order_by(AuditRow.seq))
        return [(row.change["after"]["way"], row.change["after"]["why"]) for row in rows if row.change["after"]["day"] == "2026-11-25"]


# --- Four states, and back ----------------------------------------------------------------------------------------------------------


def test_undelivered_and_back_with_the_next_report(chain: Chain, marie: Patient) -> None:
    chain.phones.faults[MARIE] = FULL
    chain.until(paris(WEDNESDAY, 10))
    assert reach(chain) == "undelivered"
    chain.phones.faults.clear()
    chain.until(paris(THURSDAY, 8))
    assert reach(chain) == "reachable"


def test_no_report_within_fifteen_minutes_is_undelivered_too(chain: Chain, marie: Patient) -> None:
    """Neither delivered nor failed: after 15 minutes nobody may believe that it arrived."""
    chain.phones.faults[MARIE] = unreported
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=14)
    assert (reach(chain), chain.tasks()) == ("reachable", [])
    chain.wait(minutes=1)

    assert (reach(chain), chain.tasks()) == ("undelivered", ["undeliverable"])
    assert [alert.kind for alert in chain.alerts()] == ["undelivered"]
    assert ways(chain) == [("call", "no_report")]


def test_unreachable_and_back_when_the_telephone_writes(chain: Chain, marie: Patient) -> None:
    chain.phones.faults[MARIE] = LANDLINE
    chain.until(paris(WEDNESDAY, 10))
    assert reach(chain) == "unreachable"
    chain.phones.faults.clear()
    chain.says(MARIE, "bonjour")
    assert reach(chain) == "reachable"


def test_opted_out_and_back_with_the_word(chain: Chain, marie: Patient) -> None:
    chain.says(MARIE, "STOP")
    assert reach(chain) == "opted_out"
    chain.says(MARIE, "bonjour")
    assert reach(chain) == "opted_out"
    chain.says(MARIE, "REPRENDRE")
    assert reach(chain) == "reachable"


def test_silent_and_back_with_an_answer(chain: Chain, marie: Patient) -> None:
    chain.until(paris(THURSDAY, 10))
    assert reach(chain) == "silent"
    chain.until(paris(FRIDAY, 10))
    assert reach(chain) == "silent"
    chain.says(MARIE, "0 0 0")
    assert reach(chain) == "reachable"


def test_silent_and_back_with_a_call(chain: Chain, marie: Patient) -> None:
    chain.until(paris(THURSDAY, 10))
    (alert,) = chain.alerts()
    with chain.database.transaction() as session:
        by, now = viewer_of(session.get_one(Staff, chain.world.claire.id)), chain.clock.now()
        handling.take(session, alert.id, by=by, now=now)
        handling.call_logged(session, alert.id, by=by, now=now, reached=True, whom="patient")
    chain.wait(minutes=1)
    assert reach(chain) == "reachable"


def test_whom_no_question_reached_is_not_silent(chain: Chain, marie: Patient) -> None:
    """U66: a telephone that is off is undelivered to the end; silence would say that somebody chose not to answer."""
    chain.phones.faults[MARIE] = FULL
    chain.until(paris(THURSDAY, 12))
    assert reach(chain) == "undelivered"


# --- The next way -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [FULL, unreported], ids=["full", "unreported"])
def test_the_relative_comes_next(chain: Chain, fault: object) -> None:
    """Neutral text, working link; no task while that way is tried, and nothing clinical on Lucie's telephone."""
    lucie(chain)
    chain.phones.faults[MARIE] = fault  # type: ignore[assignment]  # any fault of the stand-in
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=16)
    chain.send()

    (text,) = chain.received(LUCIE)
    assert text.startswith(LINK)
    assert "Hoarau" not in text
    assert (chain.tasks(), chain.alerts()) == ([], [])
    assert [way for way, _ in ways(chain)] == ["relative"]


def test_then_a_person_when_the_relative_s_telephone_fails_too(chain: Chain) -> None:
    lucie(chain)
    chain.phones.faults[MARIE] = chain.phones.faults[LUCIE] = FULL
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=1)

    assert [way for way, _ in ways(chain)] == ["relative", "call"]
    assert chain.tasks() == ["undeliverable"]
    assert [alert.kind for alert in chain.alerts()] == ["undelivered"]


def test_a_dead_number_is_told_to_a_person_even_when_the_relative_is_asked(chain: Chain) -> None:
    """SEC-19: somebody must find the right number."""
    lucie(chain)
    chain.phones.faults[MARIE] = LANDLINE
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=1)
    assert len(chain.received(LUCIE)) == 1
    assert chain.tasks() == ["undeliverable"]


@pytest.mark.parametrize(("told", "channels"), [(False, ()), (True, ("sms", "call", "relative"))], ids=["not_allowed", "call_first"])
def test_nobody_is_written_to_against_the_patient_s_word(chain: Chain, told: bool, channels: tuple[str, ...]) -> None:
    lucie(chain, told=told, channels=channels)
    chain.phones.faults[MARIE] = FULL
    chain.until(paris(THURSDAY, 12))
    assert [text for text in chain.received(LUCIE) if text.startswith(LINK)] == []
    assert "undeliverable" in chain.tasks()


def test_the_list_may_begin_with_the_relative(chain: Chain) -> None:
    lucie(chain, channels=("relative", "sms", "call"))
    chain.until(paris(WEDNESDAY, 10))
    assert (len(chain.received(MARIE)), len(chain.received(LUCIE))) == (0, 1)
    chain.until(paris(THURSDAY, 10))
    assert [alert.kind for alert in chain.alerts()] == ["silence"]


def test_the_list_may_begin_with_the_telephone(chain: Chain) -> None:
    """A call with an hour, no text; and a STOP said one day does not end the follow-up of somebody who is telephoned."""
    lucie(chain, channels=("call", "relative", "sms"))
    chain.until(paris(WEDNESDAY, 10))
    assert (chain.received(MARIE), chain.received(LUCIE)) == ([], [])
    assert chain.tasks() == ["call_back"]
    chain.says(MARIE, "STOP")
    assert chain.checkin(_marie(chain), FRIDAY).state == "planned"


def _marie(chain: Chain) -> Patient:
    with chain.read() as session:
        return session.scalars(select(Patient)).one()


# --- The relative who is told -------------------------------------------------------------------------------------------------------


def test_the_relative_is_told_between_the_reminder_and_the_call_list(chain: Chain) -> None:
    """In a window of high risk, asked at 10:00: the question again at 17:00, the relative at 19:00, the call list at 10:00, as in HOURS."""
    lucie(chain)
    chain.until(paris(WEDNESDAY, 10))
    chain.until(paris(WEDNESDAY, 16, 59))
    assert len(chain.received()) == 1
    chain.until(paris(WEDNESDAY, 17))
    assert chain.received() == [chain.received()[0]] * 2
    chain.until(paris(WEDNESDAY, 18, 59))
    assert chain.received(LUCIE) == []
    chain.until(paris(WEDNESDAY, 19))
    assert chain.received(LUCIE) == [TOLD]
    chain.until(paris(THURSDAY, 9, 59))
    assert (chain.received(LUCIE), len(chain.received()), chain.alerts()) == ([TOLD], 2, [])
    chain.until(paris(THURSDAY, 10))
    assert [alert.kind for alert in chain.alerts()] == ["silence"]
    assert [way for way, _ in ways(chain)] == ["relative_told"]


def test_a_relative_is_told_on_the_evening_after_the_reminder_not_two_hours_before_the_call_list() -> None:
    """48 hours from Wednesday 10:00: the reminder Thursday 10:00, three quarters at 22:00, so 19:00. By day, or without reminder: as is."""
    opened, listed = paris(WEDNESDAY, 10), paris(date(2026, 11, 27), 10)
    assert reaching.told_at(opened, listed, paris(THURSDAY, 10), "Europe/Paris") == paris(THURSDAY, 19)
    assert reaching.told_at(opened, listed, None, "Europe/Paris") == paris(THURSDAY, 22)
    late = paris(WEDNESDAY, 19, 30)
    assert reaching.told_at(opened, paris(THURSDAY, 10), late, "Europe/Paris") == paris(THURSDAY, 9, 30), "two waking hours after it"
    assert reaching.told_at(paris(WEDNESDAY, 8), paris(date(2026, 11, 27), 8), paris(THURSDAY, 8), "Europe/Paris") == paris(THURSDAY, 19)


HOURS = [
    # asked, reminder, relative told, call list; d+1: Thursday. Window of high risk, 12 h and 24 h; the night is 20:00 to 8:00.
    ("8:00", "17:00", "19:00", "8:00 d+1"),
    ("9:00", "17:00", "19:00", "9:00 d+1"),  # in the morning it would leave one hour before the call list
    ("10:00", "17:00", "19:00", "10:00 d+1"),
    ("11:00", "17:00", "19:00", "11:00 d+1"),
    ("12:00", "8:00 d+1", "10:00 d+1", "12:00 d+1"),  # two hours for the patient, two for the relative
    ("14:00", "8:00 d+1", "10:00 d+1", "14:00 d+1"),
    ("15:00", "8:00 d+1", "10:00 d+1", "15:00 d+1"),
    ("17:00", "8:00 d+1", "11:00 d+1", "17:00 d+1"),
    ("18:00", "8:00 d+1", "12:00 d+1", "18:00 d+1"),
    ("19:00", "8:00 d+1", "13:00 d+1", "19:00 d+1"),
]


def at(written: str) -> datetime:
    hour, _, later = written.partition(" ")
    return paris(THURSDAY if later else WEDNESDAY, *(int(part) for part in hour.split(":")))


@pytest.mark.parametrize(("asked", "reminded", "relative", "listed"), HOURS, ids=[row[0] for row in HOURS])
def test_each_step_leaves_two_waking_hours_before_the_next(asked: str, reminded: str, relative: str, listed: str) -> None:
    """Capecitabine, cycle 1, days 3 to 16: written by hand. The call list never comes later than the protocol's 24 hours (HZ-05)."""
    opened, silent = at(asked), at(asked) + timedelta(hours=24)
    reminder = reaching.reminder_at(opened, timedelta(hours=12), silent, lambda one: policy.first_allowed(one, PARIS), PARIS)
    assert (reminder, reaching.told_at(opened, silent, reminder, PARIS), silent) == (at(reminded), at(relative), at(listed))


@pytest.mark.parametrize(
    ("hours", "asked", "reminded", "relative"),
    [
        ((24, 48), paris(WEDNESDAY, 10), paris(THURSDAY, 10), paris(THURSDAY, 19)),
        ((24, 48), paris(WEDNESDAY, 18), paris(THURSDAY, 18), paris(FRIDAY, 8)),
        ((24, 36), paris(WEDNESDAY, 10), paris(THURSDAY, 10), paris(THURSDAY, 13)),
        ((24, 36), paris(WEDNESDAY, 18), paris(THURSDAY, 17), paris(THURSDAY, 19)),
        ((6, 16), paris(WEDNESDAY, 10), paris(WEDNESDAY, 16), paris(WEDNESDAY, 19)),
        ((6, 16), paris(WEDNESDAY, 14), paris(WEDNESDAY, 17), paris(WEDNESDAY, 19)),
        ((6, 16), paris(WEDNESDAY, 18), paris(THURSDAY, 8), paris(THURSDAY, 9)),
    ],
    ids=lambda one: f"{one[0]}_{one[1]}" if isinstance(one, tuple) else f"{one:%a_%H%M}",
)
def test_the_other_windows_of_the_library(hours: tuple[int, int], asked: datetime, reminded: datetime, relative: datetime) -> None:
    """24 and 48 hours, 24 and 36, 6 and 16. In the last row there is no room: half-way to the call list, after the reminder."""
    remind_after, silent = timedelta(hours=hours[0]), asked + timedelta(hours=hours[1])
    reminder = reaching.reminder_at(asked, remind_after, silent, lambda one: policy.first_allowed(one, PARIS), PARIS)
    assert (reminder, reaching.told_at(asked, silent, reminder, PARIS)) == (reminded, relative)


def test_a_relative_is_never_told_in_the_minute_of_the_reminder() -> None:
    """24 hours from Wednesday: where the night puts both to 8:00, two hours later, else half-way to the call list; no room left, as is."""
    for opened, at in ((paris(WEDNESDAY, 10), paris(THURSDAY, 9)), (paris(WEDNESDAY, 12), paris(THURSDAY, 10))):
        assert reaching.told_at(opened, opened + timedelta(hours=24), paris(THURSDAY, 8), "Europe/Paris") == at
    eight, two = paris(WEDNESDAY, 8), paris(THURSDAY, 2)
    assert reaching.told_at(eight, eight + timedelta(hours=24), paris(THURSDAY, 8), "Europe/Paris") == two


def nobody_answers(chain: Chain, until: datetime) -> None:
    """From Wednesday 10:00; the worker is there when the reminder leaves, and when a relative would be told."""
    for hour in (paris(WEDNESDAY, 17), paris(WEDNESDAY, 19), until):
        chain.until(hour)


def test_in_her_own_language(chain: Chain) -> None:
    lucie(chain, language="en")
    nobody_answers(chain, paris(THURSDAY, 9))
    assert chain.received(LUCIE) == ["Suivi Baie: no news from someone you support. Please contact them. Emergency: 15 or 112."]


@pytest.mark.parametrize("why", ["no_consent", "answered", "frozen", "paused"])
def test_no_relative_is_told_without_consent_or_without_a_silence(chain: Chain, why: str) -> None:
    lucie(chain, told=why != "no_consent")
    chain.until(paris(WEDNESDAY, 10))
    if why == "answered":
        chain.says(MARIE, "0 0 0")
    if why == "frozen":
        chain.says(MARIE, "je suis hospitalisée")
    if why == "paused":
        pause(chain, FRIDAY)
    nobody_answers(chain, paris(THURSDAY, 12))
    assert chain.received(LUCIE) == []


def test_the_one_who_gets_the_questions_is_not_told_of_her_own_silence(chain: Chain) -> None:
    lucie(chain)
    with chain.database.transaction() as session:
        session.scalars(select(Patient)).one().answered_by = "respondent"
        session.scalars(select(Respondent)).one().answers = True
        session.scalars(select(Respondent)).one().phone_verified_at = chain.clock.now()
    nobody_answers(chain, paris(THURSDAY, 12))
    assert TOLD not in chain.received(LUCIE)


# --- The pause ----------------------------------------------------------------------------------------------------------------------


def pause(chain: Chain, until: date, reason: str = "en voyage, prévenue") -> None:
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        pauses.pause(session, patient, until=until, reason=reason, by=actor_of(chain.world.claire), now=chain.clock.now())


def test_a_paused_silence_is_a_silence_with_its_reason(chain: Chain, marie: Patient) -> None:
    pause(chain, THURSDAY)
    chain.until(paris(THURSDAY, 12))

    row = chain.checkin(marie, WEDNESDAY)
    assert (row.state, row.ended_as, row.silence_reason, row.silence_note) == ("silent", "reason", "paused", "en voyage, prévenue")
    assert chain.alerts() == []
    assert reach(chain) == "silent"


def test_a_pause_ends_by_itself(chain: Chain, marie: Patient) -> None:
    """FR-04: Thursday is the last day; Friday's check-in, silent on Saturday, rings."""
    pause(chain, THURSDAY)
    chain.until(paris(date(2026, 11, 28), 10))
    assert [alert.kind for alert in chain.alerts()] == ["silence"]


def test_a_pause_silences_nothing_else(chain: Chain, marie: Patient) -> None:
    pause(chain, FRIDAY)
    chain.phones.faults[MARIE] = FULL
    chain.until(paris(WEDNESDAY, 11))
    assert [alert.kind for alert in chain.alerts()] == ["undelivered"]
    chain.says(MARIE, "je saigne beaucoup")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_deliveries_of_a_lost_report_that_comes_late(chain: Chain, marie: Patient) -> None:
    """U9: the report comes after all: the number is reachable again; the task stays for whoever was told."""
    chain.phones.faults[MARIE] = unreported
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=15)
    assert reach(chain) == "undelivered"
    with chain.database.transaction() as session:
        from app.messaging import reports

        text = session.scalars(select(Message).where(Message.purpose == "question")).one()
        reports.hear(session, text, State.DELIVERED, now=chain.clock.now())
    assert (reach(chain), chain.tasks()) == ("reachable", ["undeliverable"])


def test_opting_in_while_frozen_stays_frozen(chain: Chain, marie: Patient) -> None:
    chain.says(MARIE, "STOP")
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        assert patients.opt_in(session, patient, by=actor_of(chain.world.claire), now=chain.clock.now())
    assert reach(chain) == "reachable"
