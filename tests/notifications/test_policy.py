"""Quiet hours, back-off, opt-out words, and the length of a text as the carrier bills it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from notifications import policy
from notifications.messages import Failure, Reason


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "hour", "allowed"),
    [
        ("Europe/Paris", "2026-11-18T07:59:59", "2026-11-18T08:00"),
        ("Europe/Paris", "2026-11-18T08:00", "2026-11-18T08:00"),
        ("Europe/Paris", "2026-11-18T19:59:59", "2026-11-18T19:59:59"),
        ("Europe/Paris", "2026-11-18T20:00", "2026-11-19T08:00"),
        ("Europe/Paris", "2026-12-31T23:30", "2027-01-01T08:00"),
        ("Indian/Reunion", "2026-11-18T20:00", "2026-11-19T08:00"),
        ("Indian/Reunion", "2026-11-18T12:00", "2026-11-18T12:00"),
        ("America/New_York", "2028-02-28T22:00", "2028-02-29T08:00"),
        # The night the clocks change: eight on the wall is what counts.
        ("Europe/Paris", "2027-03-27T21:00", "2027-03-28T08:00"),
        ("Europe/Paris", "2027-10-30T21:00", "2027-10-31T08:00"),
    ],
)
def test_no_text_leaves_at_night_on_the_patients_wall(zone: str, hour: str, allowed: str) -> None:
    """HZ-11, REL-04: 20:00 to 08:00 in the patient's zone, over zones, summer time, leap day and year end."""
    assert policy.first_allowed(at(hour, zone), zone) == at(allowed, zone)
    assert policy.is_quiet(at(hour, zone), zone) is (hour != allowed)
    assert not policy.is_quiet(at(allowed, zone), zone)


def test_two_years_of_hours_are_all_moved_to_the_day() -> None:
    """REL-04, in four zones, every three hours."""
    for zone in ("Europe/Paris", "Indian/Reunion", "America/New_York", "Pacific/Auckland"):
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        while moment.year < 2028:
            allowed = policy.first_allowed(moment, zone)
            assert 8 <= allowed.astimezone(ZoneInfo(zone)).hour < 20
            assert timedelta(0) <= allowed - moment <= timedelta(hours=13)
            moment += timedelta(hours=3)


def test_an_unknown_zone_is_not_guessed() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        policy.is_quiet(datetime(2026, 11, 18, tzinfo=UTC), "Europe/Toulouse")


def temporary(retry_after: timedelta | None = None) -> Failure:
    return Failure(Reason.CARRIER, "down", permanent=False, retry_after=retry_after)


def test_pauses_grow_then_a_person_takes_over() -> None:
    now = datetime(2026, 11, 18, 9, tzinfo=UTC)
    tries = [policy.next_try(n, temporary(), now) for n in range(1, 13)]
    seconds = [(moment - now).total_seconds() if moment else None for moment in tries]
    assert seconds == [15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, None]


def test_a_longer_pause_asked_by_the_carrier_is_kept_and_a_shorter_one_is_not() -> None:
    now = datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert policy.next_try(1, temporary(timedelta(seconds=90)), now) == now + timedelta(seconds=90)
    assert policy.next_try(3, temporary(timedelta(seconds=2)), now) == now + timedelta(seconds=60)


def test_a_permanent_failure_is_never_tried_again() -> None:
    failure = Failure(Reason.NOT_MOBILE, "landline", permanent=True)
    assert policy.next_try(1, failure, datetime(2026, 11, 18, 9, tzinfo=UTC)) is None


# Expected values: Twilio's own calculator (npm sms-segments-calculator 1.3.0), which agreed on 842 of 842 generated texts.
@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("é" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # A pair is never cut: 152 + a pair does not fit in 153, so the third segment begins earlier.
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("a" * 153 + "€" + "a" * 151, "GSM-7", 306, 2),
        ("ç", "UCS-2", 1, 1),
        ("Ç", "GSM-7", 1, 1),
        ("ç" + "a" * 69, "UCS-2", 70, 1),
        ("ç" + "a" * 70, "UCS-2", 71, 2),
        ("ç" + "a" * 133, "UCS-2", 134, 2),
        ("ç" + "a" * 134, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("a" * 66 + "😀" + "a" * 10, "UCS-2", 78, 2),
        ("38,5 °C", "UCS-2", 7, 1),
        ("l’appétit", "UCS-2", 9, 1),
    ],
)
def test_length_as_the_carrier_counts_it(text: str, encoding: str, units: int, segments: int) -> None:
    """SEC-02."""
    assert policy.length(text) == policy.Length(encoding, units, segments)


def test_the_characters_that_break_a_text_are_named_once() -> None:
    assert policy.not_gsm7("reçu à l’hôpital, reçu") == "ç’ô"
    assert policy.not_gsm7("é è à ù ì ò É Ç € [ok]") == ""


@pytest.mark.parametrize("word", ["stop", "STOP.", "Arrêté", "arret", "ARRETT", "fin", "End", " quit ", "opt out"])
def test_an_opt_out_word_is_no_natural_answer(word: str) -> None:
    """SEC-18."""
    assert policy.opt_out_answers(["1", word]) == [word]


def test_ordinary_answers_are_no_opt_out() -> None:
    assert policy.opt_out_answers(["0", "oui", "non", "1 0 2", "j'ai arrêté le traitement", "enfin", "37,2"]) == []
