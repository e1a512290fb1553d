"""Which days of a cycle hold intakes, counted by hand for one named person per pattern (FR-31: the calendar decides every date)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from triage.calendar import WEEKDAYS, Course, Day, Pattern, day_of, doses_between, next_start, weekday_of

MONDAY = date(2026, 3, 2)


def march(day: int) -> date:
    return date(2026, 3, day)


def calendar_page(pattern: Pattern, first: date, days: int) -> str:
    """One digit per day from the first intake on: intakes due, with confirmed starts as often as the cycle is long."""
    length = pattern.length or days
    starts = tuple(first + timedelta(days=n) for n in range(0, days, length))
    course = Course(pattern, first, starts)
    return "".join(str(day_of(course, first + timedelta(days=n)).doses) for n in range(days))


PAGES = [
    ("Odette, capecitabine 14/7", Pattern(2, 14, 7), MONDAY, "22222222222222" + "0000000" + "2222"),
    (
        "Yvonne, capecitabine from the evening of day 1 to the morning of day 15",
        Pattern(2, 14, 7, first_intake_evening=True),
        MONDAY,
        "12222222222222" + "1000000" + "1222",
    ),
    (
        "Marcel, trifluridine/tipiracil days 1-5 and 8-12 of 28",
        Pattern(2, blocks=((1, 5), (8, 12)), cycle_days=28),
        MONDAY,
        "22222" + "00" + "22222" + "0000000000000000" + "22222" + "00" + "22",
    ),
    (
        "Marcel again, from the evening of day 1: each block ends on the morning after",
        Pattern(2, blocks=((1, 5), (8, 12)), cycle_days=28, first_intake_evening=True),
        MONDAY,
        "12222" + "10" + "12222" + "1000000000000000",
    ),
    ("Lucien, temozolomide 5/23", Pattern(1, 5, 23), MONDAY, "11111" + "0" * 23 + "111"),
    ("Ginette, temozolomide with radiation, 42 of 70", Pattern(1, blocks=((1, 42),), cycle_days=70), MONDAY, "1" * 42 + "0" * 28 + "1"),
    ("Roger, lenalidomide maintenance: a 28-day cycle without rest", Pattern(1, blocks=((1, 28),), cycle_days=28), MONDAY, "1" * 30),
    ("Simone, methotrexate every Thursday, prescribed on a Monday", Pattern(1, weekday=4), MONDAY, "0001000" * 3),
    ("Paulette, methotrexate every Monday", Pattern(1, weekday=1), MONDAY, "1000000" * 2),
    ("Armand, vinorelbine on Mondays, three weeks of four", Pattern(1, 21, 7, weekday=1), MONDAY, "1000000" * 3 + "0000000" + "1000000"),
    ("Denise, prednisone every other day", Pattern(1, every=2), MONDAY, "1010101"),
    ("Jean, every other day in the first ten of twenty", Pattern(1, 10, 10, every=2), MONDAY, "1010101010" + "0" * 10 + "101"),
    ("Ali, everolimus, continuous", Pattern(1), MONDAY, "1" * 40),
    ("Rose, olaparib, continuous from an evening on: no morning is last", Pattern(2, first_intake_evening=True), MONDAY, "1" + "2" * 39),
    ("Fatou, three a day from the evening on", Pattern(3, 2, 3, first_intake_evening=True), MONDAY, "13200" + "132"),
]


@pytest.mark.parametrize(("pattern", "first", "page"), [row[1:] for row in PAGES], ids=[row[0] for row in PAGES])
def test_the_intakes_of_each_day(pattern: Pattern, first: date, page: str) -> None:
    """FR-31. Also: a day is an intake day exactly when something is due on it."""
    assert calendar_page(pattern, first, len(page)) == page


def test_marcel_takes_twenty_doses_whether_he_begins_in_the_morning_or_the_evening() -> None:
    morning = Pattern(2, blocks=((1, 5), (8, 12)), cycle_days=28)
    evening = Pattern(2, blocks=((1, 5), (8, 12)), cycle_days=28, first_intake_evening=True)
    for pattern in (morning, evening):
        assert doses_between(Course(pattern, MONDAY, (MONDAY,)), march(2), march(29)) == 20


def test_the_gap_between_two_blocks_is_rest_and_the_next_cycle_waits_for_a_yes() -> None:
    course = Course(Pattern(2, blocks=((1, 5), (8, 12)), cycle_days=28), MONDAY, (MONDAY,))
    assert day_of(course, march(7)) == Day(march(7), 1, 6, False, 0)
    assert day_of(course, march(9)) == Day(march(9), 1, 8, True, 2)
    assert next_start(course) == march(30)
    assert day_of(course, march(30)) == Day(march(30), 1, 29, None, None, awaiting_start=True)


def test_a_weekly_medicine_has_no_cycle_to_confirm() -> None:
    course = Course(Pattern(1, weekday=4), MONDAY, (MONDAY,))
    assert next_start(course) is None
    assert day_of(course, date(2026, 7, 2)) == Day(date(2026, 7, 2), 1, 123, True, 1)
    assert day_of(course, date(2026, 7, 3)).on_day is False


REFUSED = [
    ({"blocks": ((1, 5), (8, 12))}, "cycle_days"),
    ({"cycle_days": 28}, "blocks"),
    ({"blocks": ((1, 5),), "cycle_days": 28, "days_on": 5}, "not both"),
    ({"blocks": ((5, 1),), "cycle_days": 28}, "in order"),
    ({"blocks": ((0, 5),), "cycle_days": 28}, "in order"),
    ({"blocks": ((1, 5), (5, 9)), "cycle_days": 28}, "in order"),
    ({"blocks": ((8, 12), (1, 5)), "cycle_days": 28}, "in order"),
    ({"blocks": ((1, 29),), "cycle_days": 28}, "in order"),
    ({"weekday": 0}, "weekday"),
    ({"weekday": 8}, "weekday"),
    ({"every": 0}, "every"),
    ({"weekday": 3, "every": 2}, "weekday"),
    ({"first_intake_evening": True, "times_per_day": 1}, "evening"),
    ({"first_intake_evening": True, "weekday": 3}, "evening"),
    ({"first_intake_evening": True, "every": 2}, "evening"),
    ({"first_intake_evening": True, "blocks": ((1, 5), (6, 9)), "cycle_days": 28}, "morning after"),
    ({"first_intake_evening": True, "blocks": ((1, 28),), "cycle_days": 28}, "morning after"),
]


@pytest.mark.parametrize(("wrong", "sentence"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_a_pattern_nobody_can_live_says_why(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Pattern(**{"times_per_day": 2, **wrong})  # type: ignore[arg-type]  # fields by name


def test_named_days() -> None:
    assert (WEEKDAYS[0], weekday_of("monday"), weekday_of("thursday"), weekday_of("sunday")) == ("monday", 1, 4, 7)
    with pytest.raises(ValueError, match="'jeudi'"):
        weekday_of("jeudi")


LIVED = [
    # a pattern at the edge of what can be lived, and the first days of it from Monday 2 March on
    ({"weekday": 1}, "2000000"),
    ({"weekday": 7}, "0000002"),
    ({"every": 3}, "2002002"),
    ({"days_on": 1, "days_off": 3}, "2000"),
    ({"days_on": 3, "days_off": 0}, "2222222"),
    ({"blocks": ((1, 1), (3, 3)), "cycle_days": 4}, "2020"),
    ({"blocks": ((1, 2), (3, 4)), "cycle_days": 4}, "2222"),
    ({"blocks": ((2, 3),), "cycle_days": 3}, "022"),
    ({"blocks": ((1, 3),), "cycle_days": 4, "first_intake_evening": True}, "1221"),
    ({"blocks": ((1, 1), (3, 3)), "cycle_days": 4, "first_intake_evening": True}, "1111"),
    ({"days_on": 3, "days_off": 1, "first_intake_evening": True}, "1221"),
]


@pytest.mark.parametrize(("days", "page"), LIVED, ids=[str(row[0]) for row in LIVED])
def test_the_narrowest_patterns_are_lived(days: dict[str, object], page: str) -> None:
    pattern = Pattern(**{"times_per_day": 2, **days})  # type: ignore[arg-type]  # fields by name
    assert calendar_page(pattern, MONDAY, len(page)) == page


def test_what_a_pattern_says_when_it_is_refused() -> None:
    """The sentence is shown to whoever writes a protocol."""
    told: dict[str, dict[str, Any] | None] = {
        "cycle_days goes with blocks": {"cycle_days": 28},
        "blocks need cycle_days, the length of the cycle": {"blocks": ((1, 5),)},
        "blocks or days on and off, not both": {"blocks": ((1, 5),), "cycle_days": 28, "days_off": 2, "days_on": 5},
        "a weekday and one day in so many exclude each other": {"weekday": 3, "every": 2},
        "a first intake in the evening needs two or more a day, day after day": {"first_intake_evening": True, "every": 2},
        "a first intake in the evening needs the morning after each block": {
            "first_intake_evening": True,
            "blocks": ((1, 3),),
            "cycle_days": 3,
        },
        "unknown weekday 'lundi': expected one of monday, tuesday, wednesday, thursday, friday, saturday, sunday": None,
    }
    for sentence, days in told.items():
        with pytest.raises(ValueError) as refused:
            weekday_of("lundi") if days is None else Pattern(**{"times_per_day": 2, **days})
        assert str(refused.value) == sentence
