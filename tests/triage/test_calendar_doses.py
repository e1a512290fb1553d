"""Dose in mg, count in tablets; a dose cut in the middle of a cycle. Expected values counted by hand (FR-31, SEC-38)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.calendar import Course, Dose, Expected, NoExactTablets, Pattern, Span, dose_on, expected, tablets_for

MONDAY = date(2026, 3, 2)


def march(day: int) -> date:
    return date(2026, 3, day)


def mg(*strengths: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(s) for s in strengths)


TABLETS = [
    ("Odette, capecitabine 1500 mg", "1500", mg("500", "150"), {"500": 3}),
    ("Bernard, capecitabine 1650 mg", "1650", mg("150", "500"), {"500": 3, "150": 1}),
    ("Colette, capecitabine 1800 mg", "1800", mg("500", "150"), {"500": 3, "150": 2}),
    ("Daniel, capecitabine 1350 mg: no 500 fits, nine of 150", "1350", mg("500", "150"), {"150": 9}),
    ("Elise, temozolomide 255 mg", "255", mg("5", "20", "100", "140", "180", "250"), {"250": 1, "5": 1}),
    (
        "Fernand, temozolomide 280 mg: two tablets, the largest first",
        "280",
        mg("5", "20", "100", "140", "180", "250"),
        {"180": 1, "100": 1},
    ),
    (
        "Olga, temozolomide 380 mg: of two ways with three tablets, the one that begins larger",
        "380",
        mg("5", "20", "100", "140", "180", "250"),
        {"180": 2, "20": 1},
    ),
    ("Gisele, sunitinib 37.5 mg", "37.5", mg("12.5", "25", "50"), {"25": 1, "12.5": 1}),
    ("Henri, methotrexate 17.5 mg", "17.5", mg("2.5"), {"2.5": 7}),
    ("Irene, trifluridine 55 mg", "55", mg("15", "20"), {"20": 2, "15": 1}),
    ("Jean, dexamethasone 0.5 mg", "0.5", mg("0.5"), {"0.5": 1}),
    ("Karim, everolimus 1 mg of 1 mg", "1", mg("1", "5"), {"1": 1}),
    ("Lise, thirty tablets and no more", "75", mg("2.5"), {"2.5": 30}),
    ("Marc, one tablet over the dose never hides the way to it", "9", mg("7", "3"), {"3": 3}),
    ("Nina, the way that begins smaller is found too", "16", mg("10", "6", "2"), {"10": 1, "6": 1}),
]


@pytest.mark.parametrize(("dose", "strengths", "tablets"), [row[1:] for row in TABLETS], ids=[row[0] for row in TABLETS])
def test_a_dose_in_mg_is_a_count_of_tablets(dose: str, strengths: tuple[Decimal, ...], tablets: dict[str, int]) -> None:
    assert tablets_for(Decimal(dose), strengths) == {Decimal(s): n for s, n in tablets.items()}


REFUSED = [
    ("850", mg("150", "500"), "850 mg cannot be made of tablets of 500 and 150 mg; the nearest are 800 and 900 mg"),
    ("100", mg("500", "150"), "100 mg cannot be made of tablets of 500 and 150 mg; the nearest is 150 mg"),
    ("1500", mg(), "no tablet strength is given"),
    ("0", mg("500"), "a dose of 0 mg: expected more than 0"),
    ("1500", mg("500", "0"), "a tablet of 0 mg: expected more than 0"),
    ("1500", mg("500", "150", "0"), "a tablet of 0 mg: expected more than 0"),
    ("1500", mg("0"), "a tablet of 0 mg: expected more than 0"),
    ("77.5", mg("2.5"), "77.5 mg would be more than 30 tablets in one intake"),
    ("0.5", mg("1"), "0.5 mg cannot be made of tablets of 1 mg; the nearest is 1 mg"),
    ("0.5", mg("0.5", "0"), "a tablet of 0 mg: expected more than 0"),
    ("-1", mg("0.5"), "a dose of -1 mg: expected more than 0"),
    ("100000", mg("2.5"), "100000 mg would be more than 30 tablets in one intake"),
]


@pytest.mark.parametrize(("dose", "strengths", "sentence"), REFUSED, ids=[row[0] + " of " + "+".join(map(str, row[1])) for row in REFUSED])
def test_nothing_is_rounded_to_a_tablet(dose: str, strengths: tuple[Decimal, ...], sentence: str) -> None:
    """SEC-38: a dose that no whole tablets make is refused with the reason, never rounded."""
    with pytest.raises(NoExactTablets) as refused:
        tablets_for(Decimal(dose), strengths)
    assert str(refused.value) == sentence


@given(st.integers(1, 400), st.sets(st.integers(1, 60), min_size=1, max_size=4))
def test_tablets_always_add_up_to_the_dose(dose: int, strengths: set[int]) -> None:
    try:
        found = tablets_for(Decimal(dose), [Decimal(s) for s in strengths])
    except NoExactTablets:
        return
    assert sum(strength * count for strength, count in found.items()) == dose
    assert set(found) <= {Decimal(s) for s in strengths} and min(found.values()) >= 1


FULL = Dose(MONDAY, Decimal(1650), ((Decimal(500), 3), (Decimal(150), 1)))
CUT = Dose(march(9), Decimal(1150), ((Decimal(500), 2), (Decimal(150), 1)))
ODETTE = Course(Pattern(2, 14, 7), MONDAY, (MONDAY,))


def test_a_dose_cut_mid_cycle_counts_both_strengths() -> None:
    """Days 1-7 at 1650 mg twice a day: 42 of 500 and 14 of 150. Days 8-14 at 1150 mg: 28 of 500 and 14 of 150."""
    assert expected(ODETTE, (FULL, CUT), MONDAY, march(22)) == Expected(28, Decimal(39200), {Decimal(500): 70, Decimal(150): 28})
    assert expected(ODETTE, (FULL, CUT), march(8), march(9)) == Expected(4, Decimal(5600), {Decimal(500): 10, Decimal(150): 4})
    assert [dose_on((CUT, FULL), march(day)) for day in (1, 2, 8, 9, 31)] == [None, FULL, FULL, CUT, CUT]


def test_a_restart_at_a_lower_dose_after_a_hold() -> None:
    """Held 9 to 15 March, cycle 2 on the 23rd at 1150 mg: 14 intakes of the first, none held, 4 of the second by the 24th."""
    course = Course(Pattern(2, 14, 7), MONDAY, (MONDAY, march(23)), (Span(march(9), march(15)),))
    lower = Dose(march(23), Decimal(1150), CUT.tablets)
    found = expected(course, (FULL, lower), MONDAY, march(24))
    assert found == Expected(18, Decimal(14 * 1650 + 4 * 1150), {Decimal(500): 14 * 3 + 4 * 2, Decimal(150): 18})


def test_what_is_not_known_is_not_counted() -> None:
    """A cycle nobody confirmed, a day before the first dose is known: no number; tablets not given: mg alone."""
    assert expected(ODETTE, (FULL,), MONDAY, march(23)) is None
    assert expected(ODETTE, (CUT,), MONDAY, march(3)) is None
    assert expected(ODETTE, (CUT,), march(16), march(20)) == Expected(0, Decimal(0), {})
    bare = Dose(march(9), Decimal(1150))
    assert expected(ODETTE, (FULL, bare), march(8), march(9)) == Expected(4, Decimal(5600), None)


def test_half_days_hold_half_the_tablets() -> None:
    evening = Course(Pattern(2, 14, 7, first_intake_evening=True), MONDAY, (MONDAY,))
    assert expected(evening, (FULL,), MONDAY, MONDAY) == Expected(1, Decimal(1650), {Decimal(500): 3, Decimal(150): 1})
    assert expected(evening, (FULL,), march(16), march(16)) == Expected(1, Decimal(1650), {Decimal(500): 3, Decimal(150): 1})
    assert expected(evening, (FULL,), MONDAY, march(22)) == Expected(28, Decimal(46200), {Decimal(500): 84, Decimal(150): 28})
