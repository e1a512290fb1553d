"""A history judged again: each check-in knows the measures, medicines and day of its own date, and nothing later (HZ-38)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.triage.histories import FIRST, check_in, contexts, judged, odette, on, weighed
from triage import replay
from triage.calendar import Course, Pattern, Span
from triage.replay import Said, Taken
from triage.terms import Exposure, Measured

# --- Measures -----------------------------------------------------------------------------------------------------------------------


def test_measures_are_known_from_their_check_in_on_the_latest_first() -> None:
    told = contexts(
        odette(check_in(3, weighed(3, "70")), check_in(9, weighed(9, "68")), check_in(10, weighed(10, "67")), check_in(11, diarrhea="0"))
    )
    known = [Measured(Decimal(kilos), "kg", on(day)) for kilos, day in (("70", 3), ("68", 9), ("67", 10))]
    assert [dict(context.measures) for context in told] == [{"weight": known[n]} for n in (0, 1, 2, 2)]
    assert [dict(context.measures_before) for context in told] == [
        {},
        {"weight": (known[0],)},
        {"weight": (known[1], known[0])},
        {"weight": (known[1], known[0])},
    ]


def test_a_measure_that_is_no_number_is_noted_and_not_used() -> None:
    empty, odd = Said("weight", "", measure=True), Said("weight", "lourd", measure=True)
    history = odette(check_in(3, empty, odd, diarrhea="0"))
    [one], [context] = judged(history), contexts(history)
    assert one.notes == ("weight: 'lourd' is not a number",)
    assert (dict(context.measures), context.due) == ({}, ("diarrhea",))


def test_a_sound_measure_is_not_noted() -> None:
    assert judged(odette(check_in(3, weighed(3, "70"), diarrhea="0")))[0].notes == ()


# --- Before treatment ---------------------------------------------------------------------------------------------------------------


def test_the_latest_value_from_before_treatment_holds_on_every_day() -> None:
    baseline = (check_in(-2, weighed(-2, "71"), diarrhea="2", trouble="1"), check_in(-9, weighed(-9, "75"), diarrhea="1"))
    for context in contexts(odette(check_in(0, diarrhea="0"), check_in(3, diarrhea="0"), baseline=baseline)):
        assert context.baseline == {"diarrhea": Decimal(2), "trouble": Decimal(1)}
        assert context.measures_baseline == {"weight": Measured(Decimal(71), "kg", on(-2))}


def test_what_was_left_blank_before_treatment_is_unknown_and_undoes_nothing() -> None:
    blank = check_in(-2, Said("weight", "", measure=True), diarrhea="", trouble="")
    [context] = contexts(odette(check_in(3, diarrhea="0"), baseline=(check_in(-9, weighed(-9, "75"), diarrhea="1"), blank)))
    assert context.baseline == {"diarrhea": Decimal(1)}
    assert context.measures_baseline == {"weight": Measured(Decimal(75), "kg", on(-9))}


def test_a_word_that_is_no_answer_stands_as_it_is_before_treatment_too() -> None:
    """It is compared with nothing, and no note of it is made on a later day."""
    history = odette(check_in(3, diarrhea="0"), baseline=(check_in(-2, diarrhea="beaucoup"),))
    [context] = contexts(history)
    assert context.baseline == {"diarrhea": "beaucoup"}
    assert judged(history)[0].notes == ()


# --- The day ------------------------------------------------------------------------------------------------------------------------

Known = tuple[int | None, int | None, bool | None, int | None]


@pytest.mark.parametrize(
    ("taken", "day", "known"),
    [
        # cycle, day of the cycle, tablets due, day of treatment
        ((Taken("onepill", FIRST),), 0, (None, None, None, None)),
        ((Taken("onepill", FIRST),), 1, (1, 1, True, 1)),
        ((Taken("onepill", FIRST),), 14, (1, 14, True, 14)),
        ((Taken("onepill", FIRST),), 15, (1, 15, False, 15)),
        ((Taken("onepill", FIRST),), 21, (1, 21, False, 21)),
        ((Taken("onepill", FIRST),), 22, (2, 1, True, 22)),
        ((Taken("onepill", FIRST, 28, 14),), 40, (1, 40, False, 40)),
        ((Taken("onepill", FIRST, 28, 14),), 43, (2, 1, True, 43)),
        ((Taken("onepill", FIRST, 28, 0),), 43, (1, 43, True, 43)),
        ((Taken("onepill", FIRST, 28),), 43, (1, 43, True, 43)),
        ((Taken("onepill", FIRST, holds=(Span(on(20), on(26)),)),), 25, (1, 25, False, 25)),
        ((Taken("onepill", FIRST, holds=(Span(on(20), on(26)),)),), 27, (2, 1, True, 27)),
        ((Taken("twopill", FIRST), Taken("onepill", on(4))), 5, (1, 2, True, 2)),
        ((Taken("twopill", on(4)),), 5, (1, 2, True, 2)),
        ((Taken("twopill", FIRST), Taken("threepill", on(4))), 5, (None, None, None, None)),
        ((), 5, (None, None, None, None)),
    ],
)
def test_a_day_is_that_of_the_medicine_of_the_protocol(taken: tuple[Taken, ...], day: int, known: Known) -> None:
    """Its own medicine, else the only one; where there is no telling which, the day is unknown."""
    [context] = contexts(odette(check_in(day, diarrhea="0"), taken=taken))
    assert context.asked_on == on(day)
    assert (context.cycle, context.cycle_day, context.on_day, context.treatment_day) == known


def test_a_medicine_is_known_from_its_first_intake_on() -> None:
    taken = (Taken("onepill", FIRST), Taken("warfarin", on(5)))
    told = contexts(odette(*(check_in(day, diarrhea="0") for day in (0, 1, 4, 5)), taken=taken))
    onepill, warfarin = {"onepill": Exposure(FIRST)}, {"warfarin": Exposure(on(5))}
    assert [dict(context.exposures) for context in told] == [{}, onepill, onepill, onepill | warfarin]


USUAL = Pattern(2, 14, 7)


@pytest.mark.parametrize(
    ("taken", "usual", "course"),
    [
        (Taken("onepill", FIRST), USUAL, Course(USUAL, FIRST, (on(1), on(22)))),
        (Taken("onepill", FIRST, 28, 14), USUAL, Course(Pattern(1, 28, 14), FIRST, (on(1),))),
        (Taken("onepill", FIRST, 28, 14), None, Course(Pattern(1, 28, 14), FIRST, (on(1),))),
        (Taken("onepill", FIRST), None, Course(Pattern(1), FIRST, (on(1),))),
        (
            Taken("onepill", FIRST, holds=(Span(on(22), on(30)),)),
            USUAL,
            Course(USUAL, FIRST, (on(1), on(31)), (Span(on(22), on(30)),)),
        ),
    ],
)
def test_cycles_began_when_they_were_due(taken: Taken, usual: Pattern | None, course: Course) -> None:
    """Up to the last day that is judged, that day included; a hold moves the start behind it."""
    assert replay.course_of(taken, usual, until=on(42)) == course


def test_a_cycle_due_on_the_last_day_has_begun() -> None:
    assert replay.course_of(Taken("onepill", FIRST), USUAL, until=on(43)).starts == (on(1), on(22), on(43))
    assert replay.course_of(Taken("onepill", FIRST), USUAL, until=on(42)).starts == (on(1), on(22))
    assert replay.course_of(Taken("onepill", FIRST), USUAL, until=on(0)).starts == ()


def test_every_cycle_up_to_the_last_check_in_is_known() -> None:
    told = contexts(odette(check_in(64, diarrhea="0"), check_in(3, diarrhea="0")))
    assert [(context.cycle, context.cycle_day) for context in told] == [(1, 3), (4, 1)]


def test_two_patients_share_nothing() -> None:
    """What was known of Odette says nothing of Marcel."""
    ill = odette(check_in(3, diarrhea="4"), check_in(5, diarrhea="4"))
    marcel = replace(odette(check_in(3, diarrhea="0")), patient="Marcel")
    alone = judged(marcel)
    judged(ill)
    assert judged(marcel) == alone
