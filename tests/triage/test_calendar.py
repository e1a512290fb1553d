"""Which day of which cycle, what is due, and local hours across clock changes; expected values counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from tests.support.protocols import shipped
from triage.calendar import (
    Beat,
    Course,
    Day,
    Pattern,
    Planned,
    Quiet,
    Span,
    check_ins,
    day_of,
    doses_between,
    instant,
    is_quiet,
    local_day,
    next_allowed,
    next_start,
    start_questions,
    zone_of,
)

CAPECITABINE = Pattern(2, 14, 7)
MONDAY = date(2026, 3, 2)


def march(day: int) -> date:
    return date(2026, 3, day)


ODETTE = Course(CAPECITABINE, MONDAY, (MONDAY,))
"""Began on Monday 2 March as planned: on until Sunday 15, off until Sunday 22, next cycle planned on Monday 23."""


@pytest.mark.parametrize(
    ("on", "cycle", "cycle_day", "on_day", "doses", "awaiting"),
    [
        (march(1), None, None, False, 0, False),
        (march(2), 1, 1, True, 2, False),
        (march(15), 1, 14, True, 2, False),
        (march(16), 1, 15, False, 0, False),
        (march(22), 1, 21, False, 0, False),
        (march(23), 1, 22, None, None, True),
        (march(30), 1, 29, None, None, True),
    ],
)
def test_a_cycle_does_not_advance_without_a_yes(
    on: date, cycle: int | None, cycle_day: int | None, on_day: bool | None, doses: int | None, awaiting: bool
) -> None:
    assert day_of(ODETTE, on) == Day(on, cycle, cycle_day, on_day, doses, awaiting_start=awaiting)


def test_a_late_start_is_off_days_until_then() -> None:
    late = Course(CAPECITABINE, MONDAY, (MONDAY, march(30)))
    assert day_of(late, march(25)) == Day(march(25), 1, 24, False, 0)
    assert day_of(late, march(30)) == Day(march(30), 2, 1, True, 2)
    assert next_start(late) == date(2026, 4, 20)


def test_before_the_first_yes_nothing_is_known() -> None:
    planned = Course(CAPECITABINE, MONDAY)
    assert day_of(planned, march(1)) == Day(march(1), on_day=False, doses=0)
    assert day_of(planned, march(4)) == Day(march(4), awaiting_start=True)
    assert check_ins(shipped("capecitabine-14-7@2026-11-22").rhythm, planned, march(1), march(12)) == tuple(
        Planned(march(day), 1, 1, "cycle_start") for day in (2, 5, 8, 11)
    )


def test_capecitabine_is_followed_closely_in_cycle_1_then_less() -> None:
    rhythm = shipped("capecitabine-14-7@2026-11-22").rhythm
    first = check_ins(rhythm, ODETTE, march(1), march(22))
    assert [p.cycle_day for p in first] == [3, 5, 7, 9, 11, 13, 15, 18]
    assert first[0] == Planned(march(4), 1, 3)
    second = Course(CAPECITABINE, MONDAY, (MONDAY, march(23)))
    assert [(p.day, p.cycle, p.cycle_day) for p in check_ins(rhythm, second, march(23), date(2026, 4, 12))] == [
        (march(27), 2, 5),
        (date(2026, 4, 1), 2, 10),
        (date(2026, 4, 5), 2, 14),
        (date(2026, 4, 9), 2, 18),
    ]


def test_past_the_planned_start_only_one_question_is_due() -> None:
    assert check_ins([Beat(days=(1, 3, 22, 24))], ODETTE, march(21), date(2026, 4, 30)) == tuple(
        Planned(day, 2, 1, "cycle_start") for day in (march(23), march(26), march(29), date(2026, 4, 1))
    )


def test_ibrutinib_never_pauses_and_spaces_out() -> None:
    course = Course(Pattern(1), MONDAY, (MONDAY,))
    assert next_start(course) is None
    assert day_of(course, date(2027, 3, 2)) == Day(date(2027, 3, 2), 1, 366, True, 1)
    days = [p.cycle_day for p in check_ins(shipped("ibrutinib-continuous@2026-11-22").rhythm, course, MONDAY, date(2026, 11, 30))]
    assert days == [7, 14, 21, 28, 35, 42, 49, 56, 70, 84, 98, 112, 126, 140, 154, 168, 182, 210, 238, 266]


def test_sunitinib_is_asked_weekly_rest_weeks_included() -> None:
    course = Course(Pattern(1, 28, 14), MONDAY, (MONDAY,))
    days = [p.cycle_day for p in check_ins(shipped("sunitinib-28-14@2026-11-22").rhythm, course, MONDAY, date(2026, 4, 12))]
    assert days == [7, 14, 21, 28, 35, 42]
    assert day_of(course, date(2026, 3, 30)).on_day is False


@pytest.mark.parametrize(
    ("hold", "planned"),
    [
        (Span(march(9), march(12)), march(23)),
        (Span(march(20), march(25)), march(26)),
        (Span(march(20), None), None),
    ],
)
def test_a_hold_moves_the_next_start_only_when_it_stands_in_its_way(hold: Span, planned: date | None) -> None:
    held = Course(CAPECITABINE, MONDAY, (MONDAY,), (hold,))
    assert next_start(held) == planned


def test_held_days_have_no_doses_and_are_still_watched() -> None:
    held = Course(CAPECITABINE, MONDAY, (MONDAY,), (Span(march(9), None),))
    assert day_of(held, march(9)) == Day(march(9), 1, 8, False, 0, held=True)
    assert doses_between(held, MONDAY, march(15)) == 14
    days = [p.cycle_day for p in check_ins(shipped("capecitabine-14-7@2026-11-22").rhythm, held, march(9), date(2026, 4, 2))]
    assert days == [9, 11, 13, 15, 18, 24, 26, 28, 30, 32], "a hold that outlasts the cycle starts the rhythm over"
    assert start_questions(held) == ()


def test_doses_are_unknown_as_soon_as_one_day_is() -> None:
    assert doses_between(ODETTE, MONDAY, march(22)) == 28
    assert doses_between(ODETTE, MONDAY, march(23)) is None


@pytest.mark.parametrize("wrong", [(0, 14, 7), (1, 0, 7), (1, 14, -1), (1, None, 7)])
def test_a_pattern_that_cannot_be_lived_is_refused(wrong: tuple[int, int | None, int]) -> None:
    with pytest.raises(ValueError):
        Pattern(*wrong)


def test_starts_out_of_order_are_refused() -> None:
    for starts in ((march(23), MONDAY), (MONDAY, MONDAY)):
        with pytest.raises(ValueError) as refused:
            Course(CAPECITABINE, MONDAY, starts)
        assert str(refused.value) == f"confirmed cycle starts are not in order: {starts[0]}, {starts[1]}"


@pytest.mark.parametrize(
    ("zone", "day", "hour", "expected"),
    [
        ("Europe/Paris", date(2026, 1, 15), time(10), "2026-01-15T09:00"),
        ("Europe/Paris", date(2026, 7, 15), time(10), "2026-07-15T08:00"),
        ("Europe/Paris", date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # skipped: 03:30 summer time
        ("Europe/Paris", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # doubled: the first pass
        ("Indian/Reunion", date(2026, 3, 29), time(10), "2026-03-29T06:00"),
        ("Indian/Reunion", date(2026, 10, 25), time(10), "2026-10-25T06:00"),
        ("America/New_York", date(2026, 3, 8), time(2, 30), "2026-03-08T07:30"),  # skipped: 03:30 daylight time
        ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),  # doubled: the first pass
        ("Pacific/Auckland", date(2026, 9, 27), time(2, 30), "2026-09-26T14:30"),
        ("Pacific/Auckland", date(2026, 4, 5), time(2, 30), "2026-04-04T13:30"),
        ("Pacific/Noumea", date(2026, 11, 22), time(8), "2026-11-21T21:00"),
        ("Pacific/Tahiti", date(2026, 11, 22), time(8), "2026-11-22T18:00"),
    ],
)
def test_a_local_hour_is_one_instant(zone: str, day: date, hour: time, expected: str) -> None:
    assert instant(day, hour, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_patients_day_is_not_the_servers() -> None:
    evening = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
    assert local_day(evening, "Indian/Reunion") == date(2026, 11, 23)
    assert local_day(evening, "America/New_York") == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("utc", "zone", "quiet", "allowed"),
    [
        ("2026-11-22T06:59", "Europe/Paris", True, "2026-11-22T07:00"),
        ("2026-11-22T07:00", "Europe/Paris", False, "2026-11-22T07:00"),
        ("2026-11-22T18:59", "Europe/Paris", False, "2026-11-22T18:59"),
        ("2026-11-22T19:00", "Europe/Paris", True, "2026-11-23T07:00"),
        ("2026-11-22T16:00", "Indian/Reunion", True, "2026-11-23T04:00"),
        ("2026-11-22T12:00", "America/New_York", True, "2026-11-22T13:00"),
        ("2026-10-24T22:00", "Europe/Paris", True, "2026-10-25T07:00"),  # the night of 25 hours
        ("2026-03-28T23:00", "Europe/Paris", True, "2026-03-29T06:00"),  # the night of 23
    ],
)
def test_quiet_hours_are_the_patients(utc: str, zone: str, quiet: bool, allowed: str) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert is_quiet(at, zone, Quiet()) is quiet
    assert next_allowed(at, zone, Quiet()) == datetime.fromisoformat(allowed).replace(tzinfo=UTC)


def test_quiet_hours_may_lie_within_a_day() -> None:
    siesta = Quiet(time(12), time(14))
    assert [siesta.holds(time(h)) for h in (11, 12, 13, 14)] == [False, True, True, False]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="Europe/Pariss"):
        instant(MONDAY, time(10), "Europe/Pariss")


def test_the_nearest_rhythm_serves_a_day_without_a_check_in() -> None:
    protocol = shipped("capecitabine-14-7@2026-11-22")
    assert "intake" in {q.key for q in protocol.asks(1, 7)}
    assert "chest_pain" in {q.key for q in protocol.asks(1, 4)}
    assert "intake" in {q.key for q in protocol.asks(5, 20)}
    assert protocol.asks(None, None) == protocol.asks(1, 1)
    assert protocol.asks(1, 300) and shipped("ibrutinib-continuous@2026-11-22").asks(3, 9), "a cycle beyond the rhythm still asks something"


@pytest.mark.parametrize(
    ("beat", "day", "apart"),
    [
        (Beat(days=(3, 9)), 5, 2),
        (Beat(days=(3, 9)), 20, 11),
        (Beat(every=7, from_day=7, to_day=21), 5, 2),
        (Beat(every=7, from_day=7, to_day=21), 9, 0),
        (Beat(every=7, from_day=7, to_day=21), 30, 9),
        (Beat(every=7, from_day=7), 30, 0),
        (Beat(), 30, 1000000),
    ],
)
def test_how_far_a_day_is_from_a_rhythm(beat: Beat, day: int, apart: int) -> None:
    assert beat.distance(day) == apart


def test_a_rhythm_keeps_its_step_and_its_ends() -> None:
    weekly = Beat(every=7, from_day=3, to_day=17)
    assert [day for day in range(1, 30) if weekly.falls_on(1, day)] == [3, 10, 17]
    assert not Beat(first_cycle=2, days=(3,)).falls_on(1, 3) and Beat(last_cycle=2, days=(3,)).falls_on(2, 3)


def test_no_start_is_asked_on_a_held_day() -> None:
    """Planned on the 23rd, asked again on the 26th, 29th and 1 April: held from 25 to 27, the second question is not asked."""
    held = Course(CAPECITABINE, MONDAY, (MONDAY,), (Span(march(25), march(27)),))
    assert start_questions(held) == (march(23), march(29), date(2026, 4, 1))


def test_instants_are_told_in_utc() -> None:
    assert instant(MONDAY, time(10), "Indian/Reunion").tzinfo is UTC
    evening = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).astimezone(zone_of("Indian/Reunion"))
    assert next_allowed(evening, "Europe/Paris", Quiet()).tzinfo is UTC


def test_quiet_hours_that_begin_and_end_together_are_none() -> None:
    assert not any(Quiet(time(8), time(8)).holds(time(hour)) for hour in range(24))
