"""The published rhythms, day by day, written by hand before the program was asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from app.care import programmes, slots
from app.care.slots import Anchors
from app.people.models import Service
from app.people.services import WEEKDAYS_8_TO_18

ORAL, AMA, COACH = (programmes.in_force(slug, date(2026, 1, 1)) for slug in ("ama-oral", "ama", "coach"))
WARD = Service(timezone="Europe/Paris", hours=WEEKDAYS_8_TO_18, country="FR", holidays_region="")


def d(text: str) -> date:
    return date.fromisoformat(text)


EVERY_15_DAYS = (
    "2026-01-20",
    "2026-02-04",
    "2026-02-19",
    "2026-03-06",
    "2026-03-21",
    "2026-04-05",
    "2026-04-20",
    "2026-05-05",
    "2026-05-20",
    "2026-06-04",
    "2026-06-19",
    "2026-07-04",
)
MONTHLY = ("2026-08-04", "2026-09-04", "2026-10-04", "2026-11-04", "2026-12-04", "2027-01-04")


def test_ato_1_first_intake_5_january_twelve_calls_to_day_180_then_six_monthly_none_after_day_365() -> None:
    """ATO-1."""
    anchors = Anchors(d("2026-01-05"), d("2026-01-05"), (), "follow_up", "standard")
    found = slots.asked(ORAL, anchors, d("2028-12-31"))
    assert [(slot.phase, slot.number, slot.day) for slot in found] == [
        *(("every_15_days", n, d(day)) for n, day in enumerate(EVERY_15_DAYS, 1)),
        *(("monthly", n, d(day)) for n, day in enumerate(MONTHLY, 1)),
    ]
    assert (found[11].day - d("2026-01-05")).days == 180
    assert max(slot.day for slot in found) <= d("2027-01-05")  # day 365


@pytest.mark.parametrize("first_intake", ["2026-01-31", "2027-08-31", "2028-02-29", "2027-03-04"])
def test_ato_1_from_any_first_intake_there_are_twelve_and_six_inside_the_year(first_intake: str) -> None:
    """ATO-1."""
    found = slots.asked(ORAL, Anchors(d(first_intake), d(first_intake), (), "", "standard"), d("2031-01-01"))
    assert [sum(slot.phase == phase for slot in found) for phase in ("every_15_days", "monthly")] == [12, 6]
    assert (found[-1].day - d(first_intake)).days <= 365


def test_ato_1_week_ends_and_holidays_move_a_call_and_all_eighteen_stay() -> None:
    """ATO-1: 21 March, 5 April (Easter), 4 July, 4 October 2026 are no working days; the nearest one holds the call."""
    asked = slots.asked(ORAL, Anchors(d("2026-01-05"), d("2026-01-05"), (), "", "standard"), d("2027-12-31"))
    placed = slots.placed(ORAL, asked, WARD, lambda _: "Europe/Paris", d("2026-01-05"))
    moved = {slot.day: (slot.due_at.date(), slot.moved_why) for slot in placed if slot.moved_why}
    assert moved == {
        d("2026-03-21"): (d("2026-03-20"), "closed"),
        d("2026-04-05"): (d("2026-04-07"), "closed"),  # Easter Sunday, then Easter Monday
        d("2026-07-04"): (d("2026-07-03"), "closed"),
        d("2026-10-04"): (d("2026-10-05"), "closed"),
    }
    assert len({slot.due_at for slot in placed}) == 18
    assert placed[0].due_at == datetime(2026, 1, 20, 9, 0, tzinfo=UTC)  # 10:00 in winter
    assert placed[8].due_at == datetime(2026, 5, 20, 8, 0, tzinfo=UTC)  # 10:00 in summer


def test_ama_2_six_calls_inside_each_cycle_of_21_days_at_the_agreed_hours_and_a_holiday_moves_one() -> None:
    """AMA-2: R-CHOP-like; 8, 14 and 25 May 2026 are public holidays, the 14th a Thursday."""
    cycles = ((1, d("2026-04-20")), (2, d("2026-05-11")), (3, d("2026-06-01")))
    anchors = Anchors(d("2026-04-20"), d("2026-04-10"), cycles, "follow_up", "standard", ((0, "09:30"), (3, "15:00")))
    asked = slots.asked(AMA, anchors, d("2026-06-21"))
    assert [slot.day for slot in asked if slot.cycle == 2] == [
        d("2026-05-11"),
        d("2026-05-14"),
        d("2026-05-18"),
        d("2026-05-21"),
        d("2026-05-25"),
        d("2026-05-28"),
    ]
    assert [[slot.number for slot in asked if slot.cycle == cycle] for cycle in (1, 2, 3)] == [[1, 2, 3, 4, 5, 6]] * 3
    placed = slots.placed(AMA, asked, WARD, lambda _: "Europe/Paris", d("2026-04-20"))
    second = [slot.due_at for slot in placed if slot.cycle == 2]
    assert [at.date() for at in second] == [
        d("2026-05-11"),
        d("2026-05-15"),
        d("2026-05-18"),
        d("2026-05-21"),
        d("2026-05-26"),
        d("2026-05-28"),
    ]
    assert [at.astimezone(UTC).time() for at in second] == [time(7, 30), time(13, 0)] * 3  # 09:30 and 15:00 in Paris, moved ones too
    assert [slot.moved_why for slot in placed if slot.cycle == 2] == ["", "holiday", "", "", "holiday", ""]


def test_ama_2_a_call_moved_at_the_end_of_its_cycle_stays_inside_it() -> None:
    """AMA-2: the cycle ends on Friday 1 May 2026, a holiday: its last call is made the day before."""
    anchors = Anchors(d("2026-04-11"), d("2026-04-01"), ((1, d("2026-04-11")), (2, d("2026-05-02"))), "", "standard")
    placed = slots.placed(AMA, slots.asked(AMA, anchors, d("2026-05-01")), WARD, lambda _: "Europe/Paris", d("2026-04-11"))
    assert (placed[-1].day, placed[-1].due_at, placed[-1].moved_why) == (
        d("2026-05-01"),
        datetime(2026, 4, 30, 12, 30, tzinfo=UTC),
        "holiday",
    )
    assert len(placed) == 6


def test_coa_2_one_call_a_week_and_two_while_the_level_is_raised() -> None:
    """COA-2."""
    opened = d("2026-06-03")
    weekly = slots.asked(COACH, Anchors(None, opened, (), "follow_up", "standard"), d("2026-06-30"))
    assert [slot.day for slot in weekly] == [d("2026-06-09"), d("2026-06-16"), d("2026-06-23"), d("2026-06-30")]
    raised = slots.asked(COACH, Anchors(None, opened, (), "follow_up", "reinforced"), d("2026-06-16"))
    assert [slot.day for slot in raised] == [d("2026-06-05"), d("2026-06-09"), d("2026-06-12"), d("2026-06-16")]


def test_the_hour_is_the_patients_and_the_call_falls_inside_opening_hours() -> None:
    """10:00 in La Réunion is 07:00 or 08:00 in Paris: nobody is there before 08:00."""
    anchors = Anchors(None, d("2026-11-02"), (), "", "standard")
    [first, *_] = slots.placed(COACH, slots.asked(COACH, anchors, d("2026-11-10")), WARD, lambda _: "Indian/Reunion", d("2026-11-02"))
    assert (first.due_at, first.moved_why) == (datetime(2026, 11, 3, 7, 0, tzinfo=UTC), "hours")  # 11:00 there, 08:00 here
