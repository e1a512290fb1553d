"""Holds, delays, two medicines, travel and clock changes: expected dates written by hand, then properties (FR-31, HZ-06)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.calendar import (
    Beat,
    Course,
    Day,
    Pattern,
    Postponed,
    Span,
    Stay,
    Together,
    check_ins,
    day_at,
    day_of,
    instant,
    intake_day,
    next_start,
    start_questions,
    together,
    treatment_day,
    zone_on,
)

MONDAY = date(2026, 3, 2)
CAPECITABINE = Pattern(2, 14, 7)
LONSURF = Pattern(2, blocks=((1, 5), (8, 12)), cycle_days=28)


def march(day: int) -> date:
    return date(2026, 3, day)


def april(day: int) -> date:
    return date(2026, 4, day)


NEXT = [
    ("Odette, nothing happened", Course(CAPECITABINE, MONDAY, (MONDAY,)), march(23)),
    ("Bernard, postponed one week by the team", Course(CAPECITABINE, MONDAY, (MONDAY,), (), (Postponed(2, march(30)),)), march(30)),
    (
        "Bernard, postponed twice: the last word counts",
        Course(CAPECITABINE, MONDAY, (MONDAY,), (), (Postponed(2, april(6)), Postponed(2, march(30)))),
        march(30),
    ),
    (
        "Colette, postponed, then held over the new day",
        Course(CAPECITABINE, MONDAY, (MONDAY,), (Span(march(28), april(2)),), (Postponed(2, march(30)),)),
        april(3),
    ),
    (
        "Colette, held with unknown end",
        Course(CAPECITABINE, MONDAY, (MONDAY,), (Span(march(28)),), (Postponed(2, march(30)),)),
        None,
    ),
    ("Daniel, delayed in a cycle long begun", Course(CAPECITABINE, MONDAY, (MONDAY, march(30)), (), (Postponed(2, march(30)),)), april(20)),
    ("Elise, no delay brings a start forward", Course(CAPECITABINE, MONDAY, (MONDAY,), (), (Postponed(2, march(20)),)), march(23)),
    ("Fernand, the first cycle itself is postponed", Course(CAPECITABINE, MONDAY, (), (), (Postponed(1, march(9)),)), march(9)),
    ("Gisele, two blocks of 28", Course(LONSURF, MONDAY, (MONDAY,)), march(30)),
    ("Henri, a hold between his blocks moves nothing", Course(LONSURF, MONDAY, (MONDAY,), (Span(march(7), march(8)),)), march(30)),
]


@pytest.mark.parametrize(("course", "planned"), [row[1:] for row in NEXT], ids=[row[0] for row in NEXT])
def test_when_the_next_cycle_is_planned(course: Course, planned: date | None) -> None:
    assert next_start(course) == planned


def test_a_postponed_week_is_rest_and_still_watched() -> None:
    """FR-31. Nobody is asked "was it started?" before the day the team gave; the days between are rest, not unknown."""
    bernard = Course(CAPECITABINE, MONDAY, (MONDAY,), (), (Postponed(2, march(30)),))
    assert day_of(bernard, march(23)) == Day(march(23), 1, 22, False, 0)
    assert day_of(bernard, march(29)) == Day(march(29), 1, 28, False, 0)
    assert day_of(bernard, march(30)) == Day(march(30), 1, 29, None, None, awaiting_start=True)
    assert start_questions(bernard) == (march(30), april(2), april(5), april(8))
    assert [p.day for p in check_ins([Beat(days=(1, 7, 14))], bernard, march(16), march(29))] == [march(23), march(29)]


def test_a_hold_inside_the_second_block_takes_those_days_alone() -> None:
    """Trifluridine/tipiracil from 2 March: days 8-12 are 9 to 13 March; held from Wednesday 11, nobody knows until when."""
    gisele = Course(LONSURF, MONDAY, (MONDAY,), (Span(march(11)),))
    page = "".join(str(day_of(gisele, MONDAY + timedelta(days=n)).doses) for n in range(16))
    assert page == "22222" + "00" + "22" + "000" + "0000"
    assert [day_of(gisele, march(d)).held for d in (10, 11, 30)] == [False, True, True]


def test_lapatinib_every_day_beside_capecitabine_in_cycles() -> None:
    """Two medicines, two calendars: what is due is known medicine by medicine, and the sum only when both are."""
    two = {"capecitabine": Course(CAPECITABINE, MONDAY, (MONDAY,)), "lapatinib": Course(Pattern(1), MONDAY, (MONDAY,))}
    first, rest, after = together(two, march(2)), together(two, march(16)), together(two, march(23))
    assert first == Together(
        march(2),
        {"capecitabine": Day(march(2), 1, 1, True, 2), "lapatinib": Day(march(2), 1, 1, True, 1)},
    )
    assert (first.doses, first.on_day, first.due) == (3, True, ("capecitabine", "lapatinib"))
    assert (rest.doses, rest.on_day, rest.due) == (1, True, ("lapatinib",)), "the rest week of one is no rest day of the other"
    assert (after.doses, after.on_day, after.due) == (None, True, ("lapatinib",)), "cycle 2 was not confirmed: the sum is unknown"


def test_abiraterone_and_prednisone_are_held_apart() -> None:
    prednisone = Course(Pattern(1), MONDAY, (MONDAY,))
    abiraterone = Course(Pattern(1), MONDAY, (MONDAY,), (Span(march(4), march(6)),))
    seen = together({"abiraterone": abiraterone, "prednisone": prednisone}, march(5))
    assert (seen.due, seen.days["abiraterone"].held, seen.days["prednisone"].held) == (("prednisone",), True, False)


@pytest.mark.parametrize(
    ("on", "day"), [(march(1), None), (march(2), 1), (march(11), 10), (march(31), 30), (date(2026, 7, 29), 150)], ids=str
)
def test_the_day_of_treatment(on: date, day: int | None) -> None:
    """From 1 on the first confirmed intake, rest days counted; unknown before it."""
    assert treatment_day(Course(CAPECITABINE, MONDAY, (MONDAY, march(23))), on) == day
    assert treatment_day(Course(CAPECITABINE, MONDAY), on) is None


# --- Travel and the small hours -----------------------------------------------------------------------------------------------------

HOLIDAY = (Stay(date(2026, 7, 10), "Indian/Reunion"), Stay(date(2026, 7, 31), "Europe/Paris"))
"""Marthe, of Lyon, in Saint-Denis from 10 to 30 July."""


@pytest.mark.parametrize(
    ("on", "zone", "ten_o_clock"),
    [
        (date(2026, 7, 9), "Europe/Paris", "2026-07-09T08:00"),
        (date(2026, 7, 10), "Indian/Reunion", "2026-07-10T06:00"),
        (date(2026, 7, 30), "Indian/Reunion", "2026-07-30T06:00"),
        (date(2026, 7, 31), "Europe/Paris", "2026-07-31T08:00"),
    ],
)
def test_marthe_travels_and_is_asked_at_ten_where_she_is(on: date, zone: str, ten_o_clock: str) -> None:
    assert zone_on(on, "Europe/Paris", HOLIDAY) == zone
    assert instant(on, time(10), zone_on(on, "Europe/Paris", HOLIDAY)) == datetime.fromisoformat(ten_o_clock).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-07-09T19:59", date(2026, 7, 9)),  # 21:59 in Lyon, 23:59 in Saint-Denis
        ("2026-07-09T20:00", date(2026, 7, 10)),  # midnight in Saint-Denis: the journey has begun
        ("2026-07-30T19:59", date(2026, 7, 30)),
        ("2026-07-30T20:30", date(2026, 7, 31)),  # half past midnight there, 22:30 in Lyon: her day has already turned once
        ("2026-07-30T22:30", date(2026, 7, 31)),
    ],
)
def test_the_date_of_a_traveller(utc: str, day: date) -> None:
    assert day_at(datetime.fromisoformat(utc).replace(tzinfo=UTC), "Europe/Paris", HOLIDAY) == day


def test_a_day_is_never_lived_twice_across_the_date_line() -> None:
    """Noumea to Montreal, 16 hours behind: asked by day, 2 December exists once, at ten in Montreal."""
    away = (Stay(date(2026, 12, 2), "America/Montreal"),)
    asked = [instant(date(2026, 12, d), time(10), zone_on(date(2026, 12, d), "Pacific/Noumea", away)) for d in (1, 2)]
    assert [a.isoformat()[:16] for a in asked] == ["2026-11-30T23:00", "2026-12-02T15:00"]


@pytest.mark.parametrize(
    ("utc", "zone", "day"),
    [
        ("2026-03-02T20:30", "Europe/Paris", march(2)),  # half past nine in the evening
        ("2026-03-02T23:30", "Europe/Paris", march(2)),  # half past midnight: still the evening of the 2nd
        ("2026-03-03T02:59", "Europe/Paris", march(2)),  # 03:59
        ("2026-03-03T03:00", "Europe/Paris", march(3)),  # 04:00: the morning of the 3rd
        ("2026-10-25T00:30", "Europe/Paris", date(2026, 10, 24)),  # 02:30, first pass
        ("2026-10-25T01:30", "Europe/Paris", date(2026, 10, 24)),  # 02:30, second pass
        ("2026-03-29T01:30", "Europe/Paris", date(2026, 3, 28)),  # 03:30, the hour of 02 was skipped
        ("2026-03-02T23:59", "Indian/Reunion", march(2)),  # 03:59
        ("2026-03-03T00:00", "Indian/Reunion", march(3)),  # 04:00
        ("2026-03-03T04:30", "America/Montreal", march(2)),  # 23:30
        ("2026-03-03T08:59", "America/Montreal", march(2)),  # 03:59
    ],
)
def test_a_dose_after_midnight_belongs_to_the_evening_before(utc: str, zone: str, day: date) -> None:
    """Until 04:00. Otherwise a late evening dose would be one missed and one extra, and on the last day an intake at rest."""
    assert intake_day(datetime.fromisoformat(utc).replace(tzinfo=UTC), zone) == day


CLOCKS = [
    # zone, day, local hour asked, UTC instant; short days have 23 hours, long ones 25
    ("Europe/Paris", "2026-03-28", time(10), "2026-03-28T09:00"),
    ("Europe/Paris", "2026-03-29", time(10), "2026-03-29T08:00"),  # short
    ("Europe/Paris", "2026-10-24", time(10), "2026-10-24T08:00"),
    ("Europe/Paris", "2026-10-25", time(10), "2026-10-25T09:00"),  # long
    ("Indian/Reunion", "2026-03-29", time(10), "2026-03-29T06:00"),  # never changes
    ("Indian/Reunion", "2026-10-25", time(10), "2026-10-25T06:00"),
    ("America/Montreal", "2026-03-07", time(10), "2026-03-07T15:00"),
    ("America/Montreal", "2026-03-08", time(10), "2026-03-08T14:00"),  # short
    ("America/Montreal", "2026-10-31", time(10), "2026-10-31T14:00"),
    ("America/Montreal", "2026-11-01", time(10), "2026-11-01T15:00"),  # long
    ("Australia/Sydney", "2026-04-04", time(10), "2026-04-03T23:00"),
    ("Australia/Sydney", "2026-04-05", time(10), "2026-04-05T00:00"),  # long, in the southern autumn
    ("Australia/Sydney", "2026-10-03", time(10), "2026-10-03T00:00"),
    ("Australia/Sydney", "2026-10-04", time(10), "2026-10-03T23:00"),  # short, in the southern spring
    ("Europe/Paris", "2026-03-29", time(2, 30), "2026-03-29T01:30"),  # an hour that does not exist: 03:30
    ("America/Montreal", "2026-03-08", time(2, 30), "2026-03-08T07:30"),  # 03:30
    ("Australia/Sydney", "2026-10-04", time(2, 30), "2026-10-03T16:30"),  # 03:30
    ("Europe/Paris", "2026-10-25", time(2, 30), "2026-10-25T00:30"),  # an hour lived twice: its first pass
    ("America/Montreal", "2026-11-01", time(1, 30), "2026-11-01T05:30"),
    ("Australia/Sydney", "2026-04-05", time(2, 30), "2026-04-04T15:30"),
]


@pytest.mark.parametrize(("zone", "day", "hour", "utc"), CLOCKS, ids=[f"{z} {d} {h:%H:%M}" for z, d, h, _ in CLOCKS])
def test_the_hour_asked_on_short_and_long_days(zone: str, day: str, hour: time, utc: str) -> None:
    assert instant(date.fromisoformat(day), hour, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


# --- Properties ---------------------------------------------------------------------------------------------------------------------

PATTERNS = st.sampled_from(
    [
        CAPECITABINE,
        LONSURF,
        Pattern(1),
        Pattern(1, weekday=4),
        Pattern(2, 14, 7, first_intake_evening=True),
        Pattern(1, every=2),
        Pattern(1, 21, 7, weekday=1),
    ]
)
HOLDS = st.lists(
    st.builds(
        lambda start, days: Span(MONDAY + timedelta(days=start), None if days is None else MONDAY + timedelta(days=start + days)),
        st.integers(-5, 60),
        st.none() | st.integers(0, 20),
    ),
    max_size=3,
).map(tuple)
DELAYS = st.lists(st.builds(lambda days: Postponed(2, MONDAY + timedelta(days=days)), st.integers(15, 60)), max_size=2).map(tuple)
SEASON = [MONDAY + timedelta(days=n) for n in range(-5, 80)]


def starts_of(pattern: Pattern, cycles: int) -> tuple[date, ...]:
    return tuple(MONDAY + timedelta(days=(pattern.length or 0) * n) for n in range(cycles if pattern.length else min(cycles, 1)))


@given(PATTERNS, st.integers(0, 3), HOLDS, DELAYS)
def test_every_day_is_exactly_one_of_intake_rest_or_unknown(
    pattern: Pattern, cycles: int, holds: tuple[Span, ...], delays: tuple[Postponed, ...]
) -> None:
    """FR-31. Nothing is due on a rest or held day, something on every intake day, and an unknown day has no number."""
    course = Course(pattern, MONDAY, starts_of(pattern, cycles), holds, delays)
    for on in SEASON:
        day = day_of(course, on)
        assert (day.doses or 0) > 0 if day.on_day else day.doses == (None if day.on_day is None else 0)
        assert (day.on_day is None) == day.awaiting_start
        if day.held:
            assert (day.on_day, day.awaiting_start) == (False, False)
        if day.cycle is None:
            assert day.cycle_day is None and not day.on_day


@given(PATTERNS, st.integers(0, 3), HOLDS, DELAYS, HOLDS)
def test_a_hold_changes_no_day_outside_it(
    pattern: Pattern, cycles: int, holds: tuple[Span, ...], delays: tuple[Postponed, ...], more: tuple[Span, ...]
) -> None:
    """HZ-06: a hold written for five days must not silently move what comes after."""
    before = Course(pattern, MONDAY, starts_of(pattern, cycles), holds, delays)
    after = Course(pattern, MONDAY, starts_of(pattern, cycles), holds + more, delays)
    for on in SEASON:
        if not any(hold.covers(on) for hold in more):
            assert day_of(after, on) == day_of(before, on)
