"""The plan as visible rows: what is asked when, and what becomes of it when the treatment changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.checkins.models import CheckIn
from app.checkins.rhythm import agenda
from app.core.audit import SYSTEM
from app.people import patients
from app.people.models import FollowUp, Patient
from app.people.perimeter import actor_of
from app.protocols import shelf, versions
from app.treatment import courses
from app.treatment.models import Course
from tests.support.chain import Chain


def rows(chain: Chain, *, state: str = "planned") -> list[tuple[str, str]]:
    with chain.read() as session:
        mine = select(CheckIn).where(CheckIn.state == state).order_by(CheckIn.day, CheckIn.kind)
        return [(f"{row.day:%d/%m}", row.kind) for row in session.scalars(mine)]


FIRST_PLAN = [
    ("25/11", "regular"),
    ("27/11", "regular"),
    ("29/11", "regular"),
    ("01/12", "regular"),
    ("03/12", "regular"),
    ("05/12", "regular"),
    ("07/12", "regular"),
    ("10/12", "regular"),
    ("14/12", "cycle_start"),
    ("17/12", "cycle_start"),
    ("20/12", "cycle_start"),
]
"""Cycle 1 of capecitabine begun on 23 November: days 3, 5, 7, 9, 11, 13, 15, 18 of the file, then "was the next round started?"."""


def change(chain: Chain, act) -> None:  # type: ignore[no-untyped-def]  # a small script over session, patient and course
    with chain.database.transaction() as session:
        course = session.scalars(select(Course)).one()
        patient = session.get_one(Patient, course.patient_id)
        act(session, patient, course)
        agenda.plan(session, course, now=chain.clock.now())


def test_four_weeks_ahead_from_the_rhythm_of_the_file(chain: Chain, marie: Patient) -> None:
    assert rows(chain) == FIRST_PLAN


def test_planning_twice_changes_nothing(chain: Chain, marie: Patient) -> None:
    """HZ-06: rows are made once, whoever plans."""
    with chain.database.transaction() as session:
        course = session.scalars(select(Course)).one()
        assert agenda.plan(session, course, now=chain.clock.now()) == agenda.Plan()
    assert rows(chain) == FIRST_PLAN


def test_a_day_later_the_plan_reaches_a_day_further(chain: Chain, marie: Patient) -> None:
    chain.clock.forward(days=3)
    change(chain, lambda *_: None)

    assert ("23/12", "cycle_start") in rows(chain)
    assert ("25/11", "regular") in rows(chain)


def test_a_hold_moves_the_next_cycle_and_keeps_the_questions(chain: Chain, marie: Patient) -> None:
    """Side effects outlast the tablets: a held patient is still asked; the next round waits for the end of the hold."""
    change(
        chain,
        lambda session, patient, course: courses.hold(
            session,
            course,
            patient,
            from_day=date(2026, 12, 10),
            until_day=date(2026, 12, 17),
            reason="neutropénie",
            by=actor_of(chain.world.lebon),
            now=chain.clock.now(),
        ),
    )

    assert rows(chain)[:8] == FIRST_PLAN[:8]
    assert rows(chain)[8:] == [("16/12", "regular"), ("18/12", "cycle_start"), ("21/12", "cycle_start")]
    assert rows(chain, state="cancelled") == [("14/12", "cycle_start"), ("17/12", "cycle_start"), ("20/12", "cycle_start")]


def test_a_cancelled_day_that_is_wanted_again_is_taken_up_again(chain: Chain, marie: Patient) -> None:
    """Freeze and thaw: the same rows, none twice."""
    _follow_up(chain, FollowUp.FROZEN)
    assert rows(chain) == []
    assert rows(chain, state="cancelled") == FIRST_PLAN
    _follow_up(chain, FollowUp.ACTIVE)
    assert rows(chain) == FIRST_PLAN


def _follow_up(chain: Chain, to: FollowUp) -> None:
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        patients.change_follow_up(session, patient, to, by=SYSTEM, now=chain.clock.now(), reason="visite")
        agenda.replan_patient(session, patient, now=chain.clock.now())


def test_a_freeze_with_an_end_thaws_by_itself(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        patients.change_follow_up(
            session, patient, FollowUp.FROZEN, by=SYSTEM, now=chain.clock.now(), reason="séjour", until=date(2026, 11, 28)
        )
        agenda.replan_patient(session, patient, now=chain.clock.now())

    chain.until(datetime(2026, 11, 28, 8, 0, tzinfo=UTC))

    assert rows(chain)[:6] == FIRST_PLAN[2:8]
    assert chain.received() == []


def test_a_stopped_treatment_is_asked_about_no_more(chain: Chain, marie: Patient) -> None:
    change(
        chain,
        lambda session, patient, course: courses.stop(
            session, course, patient, on=date(2026, 11, 23), reason="progression", by=actor_of(chain.world.lebon), now=chain.clock.now()
        ),
    )

    assert rows(chain) == []
    with chain.read() as session:
        assert {row.why for row in session.scalars(select(CheckIn))} == {"the treatment has stopped"}


def test_a_cycle_confirmed_by_a_nurse_is_planned_and_not_asked_again(chain: Chain, marie: Patient) -> None:
    chain.clock.at = datetime(2026, 12, 14, 8, 0, tzinfo=UTC)
    with chain.database.transaction() as session:
        course = session.scalars(select(Course)).one()
        patient = session.get_one(Patient, course.patient_id)
        agenda.confirm_cycle(
            session, course, patient, number=2, started_on=date(2026, 12, 14), by=actor_of(chain.world.claire), now=chain.clock.now()
        )

    assert rows(chain)[8:] == [
        ("18/12", "regular"),
        ("23/12", "regular"),
        ("27/12", "regular"),
        ("31/12", "regular"),
        ("04/01", "cycle_start"),
        ("07/01", "cycle_start"),
        ("10/01", "cycle_start"),
    ]


def test_another_hour_moves_what_is_planned(chain: Chain, marie: Patient) -> None:
    change(chain, lambda session, patient, course: setattr(patient, "check_in_hour", 16))

    with chain.read() as session:
        hours = {row.due_at.astimezone(ZoneInfo("Europe/Paris")).hour for row in session.scalars(select(CheckIn))}
    assert hours == {16}


def test_nothing_is_planned_for_an_hour_that_has_passed(chain: Chain) -> None:
    chain.clock.at = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
    chain.follow(course={"first_intake": date(2026, 11, 23)})

    assert rows(chain)[0] == ("27/11", "regular")


def test_nothing_is_asked_before_the_first_intake(chain: Chain) -> None:
    chain.follow(course={"first_intake": date(2026, 12, 7)})

    assert rows(chain)[0] == ("09/12", "regular")


def test_a_version_to_come_plans_its_own_days(chain: Chain, marie: Patient) -> None:
    """A new version applies from its date, also in mid-cycle."""
    path, text = next((path, text) for path, text in shelf.stock().documents.items() if "capecitabine" in str(path))
    changed = text.replace("effective_from = 2026-11-22", "effective_from = 2026-12-01").replace(
        "days = [3, 5, 9, 11, 13]", "days = [3, 5, 10]"
    )
    assert changed != text, path
    with chain.database.transaction() as session:
        versions.adopt(session, changed, service_id=chain.world.service.id, by=actor_of(chain.world.lebon), now=chain.clock.now())
        agenda.replan_service(session, chain.world.service.id, "capecitabine-14-7", now=chain.clock.now())

    assert rows(chain)[:6] == [
        ("25/11", "regular"),
        ("27/11", "regular"),
        ("29/11", "regular"),
        ("02/12", "regular"),
        ("07/12", "regular"),
        ("10/12", "regular"),
    ]


def test_the_clocks_go_back_in_paris_and_not_in_saint_denis(chain: Chain) -> None:
    """HZ-11: the hour is the patient's wall's, before and after the change; one check-in a day, none twice."""
    chain.clock.at = datetime(2027, 10, 28, 7, 0, tzinfo=UTC)
    chain.follow(course={"first_intake": date(2027, 10, 28)})
    chain.follow(family_name="Payet", phone="+33639980003", timezone="Indian/Reunion", course={"first_intake": date(2027, 10, 28)})

    with chain.read() as session:
        zones = {patient.id: patient.timezone for patient in session.scalars(select(Patient))}
        for patient_id, zone in zones.items():
            mine = list(session.scalars(select(CheckIn).where(CheckIn.patient_id == patient_id).order_by(CheckIn.day)))
            local = [row.due_at.astimezone(ZoneInfo(zone)) for row in mine]
            assert {at.hour for at in local} == {10}
            assert [at.date() for at in local] == sorted({row.day for row in mine})
    utc = {(row.patient_id, f"{row.day:%d/%m}"): row.due_at.hour for row in _all(chain)}
    marie, jean = sorted(zones)
    assert (utc[marie, "30/10"], utc[marie, "01/11"]) == (8, 9)
    assert (utc[jean, "30/10"], utc[jean, "01/11"]) == (6, 6)


def test_two_simulated_years_in_four_zones(chain: Chain) -> None:
    """HZ-11: one check-in per due day, none outside 8 to 20 h on the patient's wall, whatever the clocks do."""
    zones = ("Europe/Paris", "Indian/Reunion", "America/New_York", "Pacific/Auckland")
    for number, zone in enumerate(zones):
        chain.follow(
            family_name=f"Zone {number}",
            phone=f"+3363998010{number}",
            timezone=zone,
            check_in_hour=8,
            course={"protocol_slug": "ibrutinib-continuous", "agent": "ibrutinib", "times_per_day": 1, "days_on": 28, "days_off": 0},
        )
    seen: set[tuple[int, date]] = set()
    with chain.database.transaction() as session:
        for _ in range(26):
            chain.clock.at += timedelta(days=28)
            for course in session.scalars(select(Course).order_by(Course.id)):
                agenda.plan(session, course, now=chain.clock.now())
        for row in session.scalars(select(CheckIn)):
            zone = zones[row.patient_id - min(r.id for r in session.scalars(select(Patient)))]
            at = row.due_at.astimezone(ZoneInfo(zone))
            assert (row.patient_id, row.day) not in seen
            seen.add((row.patient_id, row.day))
            assert (at.date(), at.hour) == (row.day, 8)
    assert len(seen) > 4 * 30


def _all(chain: Chain) -> list[CheckIn]:
    with chain.read() as session:
        return list(session.scalars(select(CheckIn)))


def test_the_first_texts_leave_at_once_and_once(chain: Chain, marie: Patient) -> None:
    """The first text is seen before the patient goes."""
    for _ in range(2):
        with chain.database.transaction() as session:
            agenda.first_now(session, session.scalars(select(Course)).one(), now=chain.clock.now())
    chain.send()

    assert chain.received() == [
        "Suivi Baie : bonjour. Vos questions arriveront ici dès mercredi, 10 h. Répondez par des chiffres. "
        "Ce n'est pas un numéro d'urgence : en urgence, le 15.",
        "Suivi Baie : sans réponse, nous vous appelons. AIDE : de l'aide. APPEL : une infirmière. "
        "LIEN : répondre sur internet. STOP : plus de SMS.",
    ]


def test_the_first_check_in_may_leave_with_them(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        agenda.first_now(session, session.scalars(select(Course)).one(), now=chain.clock.now(), check_in=True)
    chain.send()

    assert len(chain.received()) == 3
    assert chain.received()[2].startswith("Suivi Baie : depuis 7 jours")
    assert chain.checkin(marie, date(2026, 11, 23)).state == "open"
