"""Nour nurses in oncology, her home, and in haematology: she counts in both, and in nothing once it is taken away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import asking, handling, paging
from app.core.audit import SYSTEM, AuditRow
from app.core.clock import HandClock
from app.core.errors import NotFound, Refusal
from app.people import care_team, coverage, members, rota, services, stand_ins
from app.people.models import Staff
from app.people.perimeter import viewer_of
from app.people.rota import Span
from tests.factories import World
from tests.support.wards import Two, an_alert, two_services
from triage.terms import Level

HOUR = timedelta(hours=1)


@pytest.fixture
def two(session: Session, world: World, clock: HandClock) -> Two:
    return two_services(session, world, now=clock.now())


def _there(session: Session, service_id: int | None) -> set[str]:
    return set(session.scalars(select(Staff.login).where(members.belongs(service_id))))


def test_a_member_counts_at_home_and_there(session: Session, two: Two) -> None:
    assert _there(session, two.hema.id) == {"rose", "nour", "lebon"}
    assert {"nour", "claire", "lebon"} <= _there(session, two.world.service.id)
    assert "rose" not in _there(session, two.world.service.id)
    assert _there(session, None) == set(), "the administrator's home is nobody's service"
    assert members.works_in(session, two.nour, two.hema.id) and members.works_in(session, two.nour, two.world.service.id)
    assert not members.works_in(session, two.world.claire, two.hema.id)
    assert not members.works_in(session, two.world.alma, None)
    assert [one.name for one in members.services_of(session, two.nour.id)] == ["Oncologie médicale", "Hématologie"], "home first"
    assert members.services_of(session, two.world.alma.id) == []


def test_giving_and_taking_away_are_written_in_the_trail_of_that_service(session: Session, two: Two, clock: HandClock) -> None:
    members.remove(session, " NOUR ", two.hema, by=SYSTEM, now=clock.now())
    rows = select(AuditRow.action, AuditRow.chain).where(AuditRow.subject == f"staff:{two.nour.id}", AuditRow.action.like("member.%"))
    assert [tuple(row) for row in session.execute(rows.order_by(AuditRow.id))] == [
        ("member.added", two.hema.id),
        ("member.removed", two.hema.id),
    ]
    assert not members.works_in(session, two.nour, two.hema.id)


def test_who_may_not_be_a_member_is_refused(session: Session, two: Two, clock: HandClock) -> None:
    with pytest.raises(Refusal, match="already"):
        members.add(session, "nour", two.hema, by=SYSTEM, now=clock.now())
    with pytest.raises(Refusal, match="already"):
        members.add(session, "rose", two.hema, by=SYSTEM, now=clock.now())
    with pytest.raises(Refusal, match="opens no chart"):
        members.add(session, "alma", two.hema, by=SYSTEM, now=clock.now())
    with pytest.raises(NotFound):
        members.add(session, "nobody", two.hema, by=SYSTEM, now=clock.now())
    with pytest.raises(NotFound):
        members.remove(session, "rose", two.hema, by=SYSTEM, now=clock.now())
    elsewhere = services.found_hospital(session, "Clinique du Port", now=clock.now())
    two.hema.hospital_id = elsewhere.id
    session.flush()
    with pytest.raises(Refusal, match="another hospital"):
        members.add(session, "claire", two.hema, by=SYSTEM, now=clock.now())


def test_an_alert_is_handed_to_a_member_and_to_nobody_else(session: Session, two: Two, clock: HandClock) -> None:
    alert, rose = an_alert(session, two.sam, Level.HIGH, now=clock.now()), viewer_of(two.rose)
    handling.take(session, alert.id, by=rose, now=clock.now())
    with pytest.raises(Refusal, match="Choose a colleague"):
        handling.hand_over(session, alert.id, to_staff_id=two.world.claire.id, by=rose, now=clock.now())
    assert handling.hand_over(session, alert.id, to_staff_id=two.nour.id, by=rose, now=clock.now()).owner_id == two.nour.id


def test_a_doctor_of_both_is_asked_in_both(session: Session, two: Two, clock: HandClock) -> None:
    asked = asking.ask(session, two.sam, by=viewer_of(two.rose), now=clock.now(), question="Poursuivre ?", level="moderate")
    assert asked.doctor_id == two.world.lebon.id


def test_an_urgent_alert_there_means_her_only_when_she_is_on_that_rota(session: Session, two: Two, clock: HandClock) -> None:
    now = clock.now()
    care_team.put_on_shift(session, two.nour, kind="on_call", starts_at=now - HOUR, ends_at=now + HOUR)
    care_team.put_on_shift(session, two.rose, kind="on_call", starts_at=now - HOUR, ends_at=now + HOUR)
    assert [one.login for one in paging.meant_by(session, two.hema, "on_call", now)] == ["rose"]
    care_team.put_on_shift(session, two.nour, kind="on_call", starts_at=now, ends_at=now + HOUR, service_id=two.hema.id)
    assert {one.login for one in paging.meant_by(session, two.hema, "on_call", now)} == {"rose", "nour"}
    with pytest.raises(Refusal):
        care_team.put_on_shift(session, two.world.claire, kind="ward", starts_at=now, ends_at=now + HOUR, service_id=two.hema.id)


def test_whoever_is_taken_away_covers_no_hour_there_and_is_named(session: Session, two: Two, clock: HandClock) -> None:
    now = clock.now()
    span = Span(now, now + HOUR)
    care_team.put_on_shift(session, two.nour, kind="on_call", starts_at=span.starts_at, ends_at=span.ends_at, service_id=two.hema.id)
    assert coverage.uncovered(session, two.hema, span) == [] and coverage.leavers(session, two.hema, now) == []
    members.remove(session, "nour", two.hema, by=SYSTEM, now=now)
    assert [(one.starts_at, one.ends_at) for one in coverage.uncovered(session, two.hema, span)] == [tuple(span)]
    assert [one.staff.login for one in coverage.leavers(session, two.hema, now)] == ["nour"]
    assert care_team.on_duty(session, two.hema.id, now, "on_call") == []


def test_the_rota_of_each_service_takes_her_and_a_stand_in_there_is_not_one_here(session: Session, two: Two, clock: HandClock) -> None:
    now, home = clock.now(), two.world.service.id
    ines = viewer_of(two.world.ines)
    there = viewer_of(two.world.ines, two.hema.id)
    members.add(session, "ines", two.hema, by=SYSTEM, now=now)
    span = Span(now + HOUR, now + 3 * HOUR)
    shifts = [rota.write_shift(session, staff_id=two.nour.id, kind="on_call", span=span, by=by, now=now) for by in (ines, there)]
    assert [one.service_id for one in shifts] == [home, two.hema.id]
    assert two.nour in rota.people(session, two.hema.id) and two.rose not in rota.people(session, home)
    rota.stand_in(session, absent_id=two.nour.id, by_id=two.rose.id, span=span, by=there, now=now)
    at = now + 2 * HOUR
    assert [one.login for one in care_team.on_duty(session, two.hema.id, at, "on_call")] == ["rose"]
    assert [one.login for one in care_team.on_duty(session, home, at, "on_call")] == ["nour"]


def test_a_stand_in_who_was_taken_away_is_nobody(session: Session, two: Two, clock: HandClock) -> None:
    now, home = clock.now(), two.world.service.id
    members.add(session, "ines", two.hema, by=SYSTEM, now=now)
    span, there = Span(now, now + HOUR), viewer_of(two.world.ines, two.hema.id)
    rota.stand_in(session, absent_id=two.rose.id, by_id=two.nour.id, span=span, by=there, now=now)
    assert stand_ins.instead_of(session, two.rose, now, two.hema.id).login == "nour"
    assert (stand_ins.meant(session, two.hema.id, now), stand_ins.meant(session, home, now)) == ({two.rose.id: two.nour.id}, {})
    members.remove(session, "nour", two.hema, by=SYSTEM, now=now)
    assert stand_ins.instead_of(session, two.rose, now, two.hema.id).login == "rose"
    assert stand_ins.meant(session, two.hema.id, now) == {two.rose.id: two.rose.id}
