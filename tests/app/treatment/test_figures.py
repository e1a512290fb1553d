"""The figures of one treatment from its own rows: Marie's capecitabine since Wednesday 4 November 2026, counted by hand (FR-32)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.errors import FieldErrors, Refusal
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.treatment import courses, days, figures, intakes, orders, supplies
from app.treatment.courses import NewCompanion
from app.treatment.figures import Figures
from app.treatment.models import Course, HoldKind
from tests.factories import World, a_course, a_patient
from triage.adherence import plain
from triage.calendar import Dose, Pattern

MARIE = Actor("patient", 1, "Marie Hoarau")
NOON = datetime(2026, 11, 22, 11, tzinfo=UTC)
TODAY = date(2026, 11, 22)
D = Decimal


def november(day: int) -> date:
    return date(2026, 11, day)


@pytest.fixture
def marie(world: World, session: Session) -> Patient:
    return a_patient(session, world, now=NOON)


@pytest.fixture
def course(world: World, session: Session, marie: Patient) -> Course:
    """1500 mg twice a day, three tablets of 500, 14 days on, 7 off: intakes from 4 to 17 November, rest from 18 to 24."""
    return a_course(session, world, marie, now=NOON, first_intake=november(4), strengths=(D(500), D(150)))


def say(session: Session, course: Course, value: str, on: int) -> None:
    patient = session.get_one(Patient, course.patient_id)
    intakes.report(session, course, patient, value=value, on=november(on), source="sms", by=MARIE, now=NOON)


def hand_out(session: Session, course: Course, tablets: int, on: int, strength: int = 500, place: str = "town") -> None:
    patient = session.get_one(Patient, course.patient_id)
    supplies.dispense(
        session, course, patient, on_day=november(on), strength_mg=D(strength), tablets=tablets, place=place, by=MARIE, now=NOON
    )


def count(session: Session, course: Course, left: int, on: int, returned: int = 0) -> None:
    patient = session.get_one(Patient, course.patient_id)
    lost = {D(500): returned} if returned else {}
    supplies.count(
        session, course, patient, on_day=november(on), tablets={D(500): left}, returned=lost, source="pharmacist", by=MARIE, now=NOON
    )


def of(session: Session, course: Course) -> Figures:
    return figures.of(session, course, zone="Europe/Paris", today=TODAY)


def test_every_figure_of_a_first_cycle(session: Session, course: Course) -> None:
    """28 intakes due and 84 tablets fetched the day before. Two missed, one extra: 26 of 28, never 27. 81 tablets gone."""
    hand_out(session, course, 84, on=3)
    say(session, course, "missed:2", on=10)
    say(session, course, "extra:1", on=17)
    count(session, course, 3, on=17)

    found = of(session, course)

    taken = found.said.taking
    assert (taken.scheduled, taken.missed, taken.extra, taken.off_day, plain(taken.share.value)) == (28, 2, 1, False, "0.928571")
    assert plain(found.pdc_intake_days.value) == "1"
    assert plain(found.pdc.value) == plain(found.mpr.value) == "0.736842", "14 days of tablets over 19 days, rest days included"
    assert [plain(one.value) for one in found.rdi] == ["0.964286", "0.964286"] and found.silent_intakes == 0
    assert (found.persistence.days, found.persistence.ongoing) == (19, True)
    assert found.sources.figures == {"report": D("0.964286"), "pill_count": D("0.964286"), "refill": D(1), "cap": None}
    assert found.sources.state == "agree"
    assert intakes.adherence_percent(session, course, TODAY) == D("92.8571")


def test_a_box_that_is_too_full_is_unresolved_and_nobody_is_corrected(session: Session, course: Course) -> None:
    """None missed, she says; 12 tablets are left where none should be."""
    hand_out(session, course, 84, on=3)
    say(session, course, "all", on=10)
    say(session, course, "all", on=17)
    count(session, course, 12, on=17)
    found = of(session, course)
    assert (found.sources.state, found.sources.figures["report"], found.sources.figures["pill_count"]) == (
        "unresolved",
        D(1),
        D("0.857143"),
    )
    assert found.said.share == D("1.000")


def test_two_boxes_from_two_pharmacies_are_one_ledger_and_a_second_count_starts_from_the_first(session: Session, course: Course) -> None:
    """42 from the hospital, 42 from town. 10 November: 42 left as due. 17 November: 6 left, 6 dropped in the sink: 30 of 42 gone."""
    hand_out(session, course, 42, on=3, place="hospital")
    hand_out(session, course, 42, on=9)
    count(session, course, 42, on=10)
    assert of(session, course).sources.figures["pill_count"] == 1
    count(session, course, 6, on=17, returned=6)
    assert of(session, course).sources.figures["pill_count"] == D("0.714286")


def test_days_nobody_spoke_of_are_a_range_not_a_guess(session: Session, course: Course) -> None:
    """One week told, one silent: dose intensity lies between 14 of 28 and 28 of 28."""
    say(session, course, "all", on=10)
    found = of(session, course)
    assert ([plain(one.value) for one in found.rdi], found.silent_intakes) == (["0.5", "1"], 14)


def test_a_hospital_stay_written_down_later_leaves_the_denominator(session: Session, world: World, course: Course, marie: Patient) -> None:
    """She said "all" for 4 to 10 November; on the 12th the ward tells it had her from the 7th to the 9th: 8 due, not 14."""
    say(session, course, "all", on=10)
    courses.hold(
        session,
        course,
        marie,
        from_day=november(7),
        until_day=november(9),
        reason="pose d'un PAC",
        by=actor_of(world.lebon),
        now=NOON,
        kind=HoldKind.HOSPITAL,
    )
    found = of(session, course)
    assert (found.said.taking.scheduled, found.said.share) == (8, D("1.000"))
    assert plain(found.rdi[1].value) == "0.785714", "the dose of three days was not received: 22 of 28"


def test_a_dose_cut_in_the_middle_counts_both(session: Session, world: World, course: Course, marie: Patient) -> None:
    """From 11 November 1000 mg twice a day: 14 intakes of 3 tablets, 14 of 2; intensity 35000 of 42000 mg."""
    orders.change_dose(
        session,
        course,
        marie,
        from_day=november(11),
        dose_mg=D(1000),
        strengths=(D(500),),
        reason="main-pied",
        by=actor_of(world.lebon),
        now=NOON,
    )
    hand_out(session, course, 84, on=3)
    say(session, course, "all", on=10)
    say(session, course, "all", on=17)
    count(session, course, 14, on=17)
    found = of(session, course)
    due = days.expected(course, november(4), november(17))
    assert due is not None and due.tablets == {D(500): 70}
    assert found.sources.figures["pill_count"] == 1
    assert [plain(one.value) for one in found.rdi] == ["0.833333", "0.833333"]
    assert (days.dose_on(course, november(10)).mg, days.dose_on(course, november(11))) == (
        D(1500),
        Dose(november(11), D(1000), ((D(500), 2),)),
    )


def test_in_the_first_days_no_figure_is_made_up(session: Session, world: World, marie: Patient) -> None:
    """Day 2, a box of 28 days: no MPR of 1400 %, no intensity from 0 to 100 %, and two days without a word, not 28."""
    course = a_course(session, world, marie, now=NOON, first_intake=november(21), strengths=(D(500),))
    hand_out(session, course, 168, on=21)
    found = of(session, course)
    assert (found.mpr.reason, *(one.reason for one in found.rdi), found.silent_intakes) == ("too_early",) * 3 + (0,)
    assert (found.first, found.said.silent_days, plain(found.pdc.value)) == (november(21), 2, "1")


def test_a_cap_sees_what_nobody_says(session: Session, course: Course, marie: Patient) -> None:
    """Opened twice on the 4th, at 09:00 and past midnight (Paris), once on the 5th, twice on the 19th in the rest week. Then no more."""
    for at in ("2026-11-04T08:00", "2026-11-04T23:30", "2026-11-05T08:00", "2026-11-19T08:00", "2026-11-19T20:00", "2026-11-19T20:00"):
        supplies.cap_opened(session, course, marie, at=datetime.fromisoformat(at).replace(tzinfo=UTC), by=MARIE, now=NOON)
    assert of(session, course).sources.figures["cap"] == D("0.178571"), "5 openings of 28 intakes"


def test_without_a_word_or_a_box_nothing_is_defined(session: Session, course: Course) -> None:
    found = of(session, course)
    assert [found.pdc.value, found.pdc_intake_days.value, found.mpr.value, found.said.share] == [None] * 4
    assert found.sources.state == "none" and [plain(one.value) for one in found.rdi] == ["0", "1"]
    assert intakes.adherence_percent(session, course, TODAY) is None


def test_a_cycle_nobody_confirmed_ends_what_is_counted(session: Session, course: Course) -> None:
    """On 30 November cycle 2 was due since the 25th: figures stop at the 24th, day 21."""
    hand_out(session, course, 84, on=3)
    found = figures.of(session, course, zone="Europe/Paris", today=november(30))
    assert plain(found.pdc.value) == "0.666667" and plain(found.pdc_intake_days.value) == "1"
    before = figures.of(session, course, zone="Europe/Paris", today=november(3))
    assert (before.persistence.days, before.pdc.value, before.rdi[0].value) == (0, None, None)


# --- Orders -------------------------------------------------------------------------------------------------------------------------


def test_a_postponed_cycle_is_rest_until_the_day_given(session: Session, world: World, course: Course, marie: Patient) -> None:
    doctor = actor_of(world.lebon)
    with pytest.raises(Refusal, match="2026-11-25"):
        orders.postpone(session, course, marie, to_day=november(25), reason="neutropénie", by=doctor, now=NOON)
    orders.postpone(session, course, marie, to_day=date(2026, 12, 2), reason="neutropénie", by=doctor, now=NOON)
    assert days.day_of(course, november(30)).on_day is False
    assert days.day_of(course, date(2026, 12, 2)).awaiting_start


def test_trifluridine_and_its_companion_each_have_their_days(session: Session, world: World, marie: Patient) -> None:
    course = a_course(
        session,
        world,
        marie,
        now=NOON,
        agent="trifluridine_tipiracil",
        protocol_slug="trifluridine-tipiracil",
        dose_mg=D(55),
        days_on=None,
        days_off=None,
        blocks=((1, 5), (8, 12)),
        cycle_days=28,
        first_intake=november(2),
        strengths=(D(20), D(15)),
        companions=(NewCompanion("dexamethasone", D(4), Pattern(1, weekday=1)),),
    )
    assert (course.days_on, course.days_off, course.doses[0].tablets) == (10, 18, [["20", 2], ["15", 1]])
    page = "".join(str(days.day_of(course, november(day)).doses) for day in range(2, 18))
    assert page == "22222" + "00" + "22222" + "0000"
    assert days.together(course, november(9)).due == ("trifluridine_tipiracil", "dexamethasone")
    assert days.together(course, november(16)).due == ("dexamethasone",)
    orders.stop_companion(
        session, course, marie, course.companions[0], on=november(16), reason="insomnie", by=actor_of(world.lebon), now=NOON
    )
    assert days.together(course, november(16)).due == ()
    assert (days.treatment_day(course, november(2)), days.treatment_day(course, november(1))) == (1, None)


def test_a_second_medicine_has_boxes_counts_and_a_cap_of_its_own(session: Session, world: World, marie: Patient) -> None:
    """FR-32, by hand. Lapatinib 1250 mg, five tablets of 250 once a day since 4 November: 19 intakes to the 22nd, 95 tablets.

    70 were fetched on 4 November: they last 14 of the 19 days. On the evening of the 17th, 5 of 70 are left: 65 of the 70 due are gone.
    Its cap was opened on 3 of the 4 days from the 18th to the 21st. Capecitabine, whose boxes nobody noted, has no figure from them.
    """
    course = a_course(
        session, world, marie, now=NOON, first_intake=november(4), companions=(NewCompanion("lapatinib", D(1250), Pattern(1)),)
    )
    lapatinib = supplies.medicine_of(course, "lapatinib")
    supplies.dispense(session, lapatinib, marie, on_day=november(4), strength_mg=D(250), tablets=70, place="town", by=MARIE, now=NOON)
    supplies.count(session, lapatinib, marie, on_day=november(17), tablets={D(250): 5}, returned={}, source="nurse", by=MARIE, now=NOON)
    for day in (18, 20, 21):
        supplies.cap_opened(session, lapatinib, marie, at=datetime(2026, 11, day, 7, tzinfo=UTC), by=MARIE, now=NOON)

    found = figures.of(session, lapatinib, zone="Europe/Paris", today=TODAY)
    assert {name: value and plain(value) for name, value in found.sources.figures.items()} == {
        "report": None,
        "pill_count": "0.928571",
        "refill": "0.736842",
        "cap": "0.75",
    }
    assert plain(found.pdc.value) == "0.736842"
    assert found.silent_intakes == 19
    own = of(session, course)
    assert set(own.sources.figures.values()) == {None}
    assert own.pdc.reason == "before_first_fill"
    with pytest.raises(FieldErrors):
        supplies.medicine_of(course, "aspirine")


def test_a_hospital_stay_holds_both_medicines_an_ordered_hold_one(session: Session, world: World, marie: Patient) -> None:
    both = a_course(session, world, marie, now=NOON, first_intake=november(4), companions=(NewCompanion("lapatinib", D(1250), Pattern(1)),))
    doctor = actor_of(world.lebon)
    courses.hold(session, both, marie, from_day=november(6), until_day=november(6), reason="diarrhée", by=doctor, now=NOON)
    courses.hold(
        session, both, marie, from_day=november(8), until_day=november(8), reason="chute", by=doctor, now=NOON, kind=HoldKind.HOSPITAL
    )
    assert days.together(both, november(6)).due == ("lapatinib",)
    assert days.together(both, november(8)).due == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"dose_mg": None}, "dose_mg"),
        ({"dose_mg": D("0.05")}, "dose_mg"),
        ({"dose_mg": D(850), "strengths": (D(500), D(150))}, "strengths"),
        ({"from_day": november(3)}, "from_day"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_dose_that_cannot_be_is_refused(
    session: Session, world: World, course: Course, marie: Patient, change: dict[str, object], field: str
) -> None:
    given = {"from_day": november(11), "dose_mg": D(1000), "reason": "main-pied", **change}
    with pytest.raises(Refusal) as refused:
        orders.change_dose(session, course, marie, by=actor_of(world.lebon), now=NOON, **given)  # type: ignore[arg-type]  # fields by name
    assert (refused.value.field, len(course.doses)) == (field, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"on_day": november(23)}, "on_day"),
        ({"on_day": None}, "on_day"),
        ({"strength_mg": D(0)}, "strength_mg"),
        ({"tablets": 0}, "tablets"),
        ({"tablets": 2001}, "tablets"),
        ({"place": "market"}, "place"),
    ],
)
def test_a_box_that_cannot_be_is_refused(session: Session, course: Course, marie: Patient, change: dict[str, object], field: str) -> None:
    given = {"on_day": november(4), "strength_mg": D(500), "tablets": 84, "place": "town", **change}
    with pytest.raises(FieldErrors) as refused:
        supplies.dispense(session, course, marie, by=MARIE, now=NOON, **given)  # type: ignore[arg-type]  # fields by name
    assert set(refused.value.fields) == {field}


def test_a_cause_is_one_of_the_list(session: Session, course: Course, marie: Patient) -> None:
    say(session, course, "missed:2", on=10)
    row = intakes.standing(session, course.id)[0]
    with pytest.raises(Refusal):
        intakes.explain(session, row, course, marie, cause="lazy", by=MARIE, now=NOON)
    intakes.explain(session, row, course, marie, cause="side_effect", by=MARIE, now=NOON)
    assert row.cause == "side_effect"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"blocks": ((1, 5), (8, 12))}, "cycle_days"),
        ({"cycle_days": 28}, "blocks"),
        ({"blocks": ((1, 5), (4, 12)), "cycle_days": 28, "days_on": None, "days_off": None}, "blocks"),
        ({"blocks": ((1, 5), (8, 12)), "cycle_days": 28}, "blocks"),  # 14 on, 7 off typed as well
        ({"weekday": 8}, "weekday"),
        ({"every": 0}, "every"),
        ({"every": 29}, "every"),
        ({"first_intake_evening": True, "times_per_day": 1}, "first_intake_evening"),
    ],
)
def test_days_that_cannot_be_lived_are_told_beside_their_field(
    session: Session, world: World, marie: Patient, change: dict[str, object], field: str
) -> None:
    with pytest.raises(FieldErrors) as refused:
        a_course(session, world, marie, now=NOON, **change)
    assert set(refused.value.fields) == {field}


def test_tablets_that_do_not_make_the_dose_start_nothing(session: Session, world: World, marie: Patient) -> None:
    """SEC-38: 1500 mg is no whole number of 400 mg tablets; nothing is rounded and no treatment begins."""
    with pytest.raises(FieldErrors) as refused:
        a_course(session, world, marie, now=NOON, strengths=(D(400),))
    assert (set(refused.value.fields), courses.running(session, marie.id)) == ({"strengths"}, None)
