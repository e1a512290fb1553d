"""Taken against scheduled, supplies, dose intensity, four sources: the eight to write first, by name, counted by hand (FR-32)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.triage.tablets import CAPECITABINE, MONDAY, D, cycles, march, needs
from triage.adherence import (
    DEFINITIONS,
    REASONS,
    Figure,
    Fill,
    Reported,
    Window,
    day_by_day,
    mpr,
    pdc,
    persistence,
    pill_count,
    rdi,
    reconcile,
    taking,
    weekly_seconds,
)
from triage.calendar import Dose, Pattern, Span, doses_between, expected

# --- The eight to write first -------------------------------------------------------------------------------------------------------


def test_14_7_cycle_28_days_of_tablets_pdc_1_through_day_42() -> None:
    """(1) Odette: 28 days of tablets last two cycles of 21 days; plain PDC says 28 of 42 and misleads."""
    odette = needs(cycles(CAPECITABINE, 4))
    tablets = [Fill(0, D(28))]
    assert pdc(tablets, Window(0, 42), odette).value == 1
    assert pdc(tablets, Window(0, 43), odette).value == D("0.965517"), "day 43 is the 29th intake day: 28/29"
    assert pdc(tablets, Window(0, 42)).value == D("0.666667")


def test_5_missed_and_5_extra_is_below_100_and_an_over_intake() -> None:
    """(2) Bernard: 28 due, 5 missed, 5 extra: 23 of 28, and an event. The two never cancel."""
    bernard = taking([Reported(scheduled=28, missed=5, extra=5)])
    assert (bernard.missed, bernard.extra, bernard.share.value) == (5, 5, D("0.821429"))
    assert bernard.over


def test_hold_7_of_14_days_adherence_unchanged_rdi_falls() -> None:
    """(3) Colette: held on days 8-14, 14 intakes due and taken; dose intensity is half of what was planned."""
    held = cycles(CAPECITABINE, 1, (Span(march(9), march(15)),))
    due = doses_between(held, MONDAY, march(22))
    assert due == 14
    assert taking([Reported(scheduled=due, missed=0, extra=0)]).share.value == 1
    dose = (Dose(MONDAY, D(1500)),)
    received, planned = expected(held, dose, MONDAY, march(22)), expected(cycles(CAPECITABINE, 1), dose, MONDAY, march(22))
    assert received and planned
    assert rdi(received.mg, 21, planned.mg, 21).value == D("0.5")
    assert rdi(received.mg, 28, planned.mg, 21).value == D("0.375"), "and a late next cycle lowers it further"
    assert pdc([Fill(0, D(7))], Window(0, 21), needs(held)).value == 1


def test_off_day_yes_is_an_event() -> None:
    """(4) Daniel took tablets in his rest week: an event whatever the share, and never a correct intake."""
    daniel = taking([Reported(scheduled=14, missed=0, extra=0, off_day=True)])
    assert (daniel.off_day, daniel.over, daniel.share.value) == (True, True, D(1))
    seen = day_by_day({march(15): 2, march(16): 0}, {march(15): 2, march(16): 2})
    assert (seen.off_day_intakes, seen.off_day, seen.extra, seen.missed, seen.share.value) == (2, True, 0, 0, D(1))


def test_dose_cut_mid_cycle_expected_count_uses_both_strengths() -> None:
    """(5) Elise: 1650 mg (3 of 500, 1 of 150) for 7 days, then 1150 mg (2 and 1). 70 of 500 and 28 of 150 should be gone."""
    doses = (Dose(MONDAY, D(1650), ((D(500), 3), (D(150), 1))), Dose(march(9), D(1150), ((D(500), 2), (D(150), 1))))
    due = expected(cycles(CAPECITABINE, 1), doses, MONDAY, march(22))
    count = pill_count(due, dispensed={D(500): 120, D(150): 60}, counted={D(500): 50, D(150): 32})
    assert count.expected_left == {D(500): 50, D(150): 32}
    assert (count.difference, count.share.value) == ({D(500): 0, D(150): 0}, D(1))
    short = pill_count(due, dispensed={D(500): 120, D(150): 60}, counted={D(500): 56, D(150): 34})
    assert short.difference == {D(500): 6, D(150): 2}, "more left than expected: two intakes seem missed"


def test_weekly_drug_taken_twice_is_an_emergency() -> None:
    """(6) Simone, methotrexate on Thursdays. Any second intake in less than seven days; late by a day counts too: a person decides."""
    thursday = date(2026, 3, 5)
    weekly = Pattern(1, weekday=4)
    once = {thursday: 1, thursday + timedelta(days=7): 1}
    assert weekly_seconds(weekly, once) == ()
    assert weekly_seconds(weekly, once | {march(9): 1}) == (march(9), march(12))
    assert weekly_seconds(weekly, {thursday: 2}) == (thursday,)
    assert weekly_seconds(weekly, {march(4): 1, thursday: 1}) == (thursday,)
    assert weekly_seconds(CAPECITABINE, {thursday: 3, march(6): 3}) == (), "not a weekly medicine"


def test_pill_count_and_report_disagree_unresolved_both_kept() -> None:
    """(7) Fernand says none missed; a fifth of his tablets are still in the box. Nothing is overwritten, a person must look."""
    found = reconcile({"report": D("1"), "pill_count": D("0.8"), "refill": None, "cap": None})
    assert (found.state, found.figures) == ("unresolved", {"report": D("1"), "pill_count": D("0.8"), "refill": None, "cap": None})
    assert found.apart == D("0.2")


def test_hospital_stay_days_leave_the_denominator() -> None:
    """(8) Gisele, ten days in hospital out of 28, every day medicine: 18 days are hers, 18 were taken."""
    stay = Span(march(9), march(18))
    gisele = cycles(Pattern(1), 1, (stay,))
    due = doses_between(gisele, MONDAY, march(29))
    assert due == 18
    assert taking([Reported(scheduled=due, missed=0, extra=0)]).share.value == 1
    assert pdc([Fill(0, D(18))], Window(0, 28), needs(gisele)).value == 1


# --- Taking, events, persistence, sources -------------------------------------------------------------------------------------------


def test_what_nobody_knows_is_left_out_and_said() -> None:
    """Irene: two weeks told, one week whose cycle nobody confirmed, one whose number was not given."""
    irene = taking([Reported(14, 1, 0), Reported(14, 0, 0), Reported(None, 0, 0), Reported(14, None, 1)])
    assert (irene.scheduled, irene.missed, irene.extra, irene.share.value) == (28, 1, 1, D("0.964286"))
    assert taking([]).share.value is None
    assert taking([Reported(4, 6, 0)]).share.value is None, "more missed than due: one of the two is wrong"
    assert taking([Reported(0, 0, 0)]).share.value is None, "nothing was due"


def test_a_day_with_too_many_does_not_repair_a_day_with_too_few() -> None:
    """Jean: 1 of 2 on the 2nd, 3 of 2 on the 3rd, 2 of 2 on the 4th, not known on the 5th: 5 of 6, one missed, one extra."""
    jean = day_by_day(
        {march(2): 2, march(3): 2, march(4): 2, march(5): 2, march(6): None},
        {march(2): 1, march(3): 3, march(4): 2, march(5): None, march(6): 2},
    )
    assert (jean.scheduled, jean.missed, jean.extra, jean.off_day_intakes, jean.share.value) == (6, 1, 1, 0, D("0.833333"))


def test_a_hold_is_not_a_stop() -> None:
    assert (persistence(MONDAY, None, march(31)).days, persistence(MONDAY, None, march(31)).ongoing) == (30, True)
    assert (persistence(MONDAY, march(20), march(31)).days, persistence(MONDAY, march(20), march(31)).ongoing) == (19, False)
    assert persistence(MONDAY, None, march(1)).days == 0


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        ({"report": "1", "pill_count": "0.96"}, "agree"),
        ({"report": "1", "pill_count": "0.95"}, "agree"),  # exactly the tolerance
        ({"report": "1", "pill_count": "0.949"}, "unresolved"),
        ({"report": "1", "pill_count": "1.06"}, "unresolved"),
        ({"report": "1.1", "refill": "1"}, "agree"),  # days covered cannot show more than all of them
        ({"report": "1", "refill": "0.9"}, "unresolved"),
        ({"report": "0.97", "pill_count": "1.0", "cap": "0.61"}, "unresolved"),
        ({"report": "1"}, "single"),
        ({}, "none"),
    ],
)
def test_sources_agree_or_are_unresolved(figures: dict[str, str], state: str) -> None:
    found = reconcile({name: D(figures[name]) if name in figures else None for name in ("report", "pill_count", "refill", "cap")})
    assert found.state == state


def test_a_count_knows_what_came_and_what_went() -> None:
    """Marcel: 40 left, 60 dispensed, 5 dropped; 28 intakes of two due: 39 should be left, 43 are: two intakes seem missed."""
    due = expected(cycles(CAPECITABINE, 1), (Dose(MONDAY, D(1000), ((D(500), 2),)),), MONDAY, march(15))
    count = pill_count(due, before={D(500): 40}, dispensed={D(500): 60}, returned={D(500): 5}, counted={D(500): 43})
    assert (count.expected_left, count.difference, count.share.value) == ({D(500): 39}, {D(500): 4}, D("0.928571"))
    assert pill_count(None, counted={D(500): 43}).share.value is None, "a cycle nobody confirmed"
    assert pill_count(due, dispensed={D(500): 60, D(150): 20}, counted={D(500): 4}).share.value is None, "the 150 were not counted"


PLANNED = expected(cycles(CAPECITABINE, 1), (Dose(MONDAY, D(1000), ((D(500), 2),)),), MONDAY, march(15))
NOTHING = expected(cycles(CAPECITABINE, 1), (Dose(MONDAY, D(1000)),), march(16), march(20))

REASONED = [
    ("no day", lambda: pdc([Fill(0, D(1))], Window(0, 0)), "empty_window"),
    ("no fill before the end", lambda: pdc([Fill(9, D(1))], Window(0, 9)), "before_first_fill"),
    ("nobody measured it", lambda: pdc([Fill(0, None)], Window(0, 9)), "unknown_supply"),
    ("rest days alone", lambda: pdc([Fill(0, D(1))], Window(0, 9), {20: D(1)}), "no_intake_day"),
    ("no fill inside", lambda: mpr([Fill(0, D(1))], Window(1, 9)), "no_fill_in_window"),
    ("nobody measured it", lambda: mpr([Fill(1, None)], Window(1, 9)), "unknown_supply"),
    ("nothing was due", lambda: taking([]).share, "nothing_due"),
    ("more missed than due", lambda: taking([Reported(1, 2, 0)]).share, "more_missed_than_due"),
    ("and so nothing is known to be gone", lambda: taking([Reported(1, 2, 9)]).gone, "more_missed_than_due"),
    ("a cycle nobody confirmed", lambda: pill_count(None, counted={D(500): 1}).share, "unknown_schedule"),
    ("a strength not counted", lambda: pill_count(PLANNED, dispensed={D(150): 9}, counted={D(500): 1}).share, "not_counted"),
    ("counted in a rest week", lambda: pill_count(NOTHING, before={D(500): 9}, counted={D(500): 9}).share, "nothing_due"),
    ("nothing planned", lambda: rdi(D(5), 7, D(0), 7), "nothing_planned"),
    ("no planned time", lambda: rdi(D(5), 7, D(5), 0), "nothing_planned"),
    ("no time yet", lambda: rdi(D(5), 0, D(5), 7), "nothing_planned"),
]


@pytest.mark.parametrize(("made", "reason"), [row[1:] for row in REASONED], ids=[row[0] for row in REASONED])
def test_a_figure_that_is_not_defined_says_why(made: Callable[[], Figure], reason: str) -> None:
    """HZ-20: missing is never zero, and a screen can say why."""
    figure = made()
    assert (figure.value, figure.reason, reason in REASONS) == (None, reason, True)


def test_the_shortest_spans_are_defined() -> None:
    assert pdc([Fill(0, D(1))], Window(0, 1)).value == mpr([Fill(0, D(1))], Window(0, 1)).value == 1
    assert rdi(D("0.5"), 1, D(1), 1).value == rdi(D("0.25"), 1, D("0.5"), 1).value == D("0.5")
    assert taking([Reported(1, 1, 0)]).share.value == 0


def test_treatment_that_stops_today_has_stopped() -> None:
    assert (persistence(MONDAY, march(5), march(5)).ongoing, persistence(MONDAY, march(6), march(5)).ongoing) == (False, True)
    assert persistence(MONDAY, march(6), march(5)).days == persistence(MONDAY, march(5), march(5)).days == 4


def test_one_intake_at_rest_is_enough_and_each_is_counted() -> None:
    rest = {march(16): 0, march(17): 0, march(18): None, march(19): 0}
    seen = day_by_day(rest, {march(16): 1, march(17): 2, march(18): 5})
    assert (seen.off_day, seen.off_day_intakes, seen.gone.reason) == (True, 3, "nothing_due")
    assert day_by_day(rest, {march(16): 1}).off_day and not day_by_day(rest, {march(16): 0}).off_day
    both = day_by_day({march(15): 2, march(16): 0}, {march(15): 2, march(16): 2})
    assert both.gone.value == 2, "four gone of two due"


def test_a_day_without_intake_is_no_second_intake() -> None:
    assert weekly_seconds(Pattern(1, weekday=4), {date(2026, 3, 5): 1, march(7): 0, date(2026, 3, 12): 1}) == ()


def test_a_strength_that_was_due_and_never_came_is_missing_from_the_box() -> None:
    """Due: 56 of 500. Handed out: 60 of 150 by mistake; all are left, and 56 of 500 too few."""
    count = pill_count(PLANNED, dispensed={D(150): 60}, counted={D(150): 60})
    assert (count.expected_left, count.difference) == ({D(500): -56, D(150): 60}, {D(500): 56, D(150): 0})
    assert count.share.value == 0
    bare = expected(cycles(CAPECITABINE, 1), (Dose(MONDAY, D(1000)),), MONDAY, march(15))
    plainly = pill_count(bare, dispensed={D(500): 56}, counted={D(500): 14})
    assert (plainly.expected_left, plainly.difference, plainly.share.value) == (None, None, D("0.75"))


def test_a_source_alone_keeps_its_figure() -> None:
    alone = reconcile({"report": D("0.9"), "cap": None})
    assert (alone.figures, alone.apart) == ({"report": D("0.9"), "cap": None}, None)


def test_every_figure_has_its_definition_in_both_languages() -> None:
    assert set(DEFINITIONS) == {
        "taking",
        "missed",
        "extra",
        "off_day",
        "pdc",
        "pdc_intake_days",
        "mpr",
        "mpr_capped",
        "rdi",
        "persistence",
        "sources",
    }
    for name, text in DEFINITIONS.items():
        assert set(text) == {"fr", "en"} and all(text.values()), name
        for sentence in text["fr"].split("."):
            assert len(sentence.split()) <= 12, (name, sentence)
