"""FR-16: count, median, 95th percentile and share over target, by month and level; figures worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.core.errors import NotFound, Refusal
from app.insight import delays
from app.insight.delays import Waited
from app.people.models import Patient, Service
from app.people.perimeter import viewer_of
from tests.factories import World, a_patient
from triage.terms import Level


def raised(session: Session, world: World, clock: HandClock, number: int, level: Level) -> int:
    patient = a_patient(session, world, now=clock.now(), phone=f"+3363998{number:04}", family_name=f"Nom{'abcdefghij'[number]}")
    reason = Reason(kind="assessment", level=level, detail={})
    alert = handling.consider(session, service=session.get_one(Service, world.service.id), patient=patient, reason=reason, now=clock.now())
    assert alert is not None
    return alert.id


def test_urgent_minutes_run_on_the_clock(session: Session, world: World, clock: HandClock) -> None:
    """Five alerts at once, taken after 2, 4, 6, 20 minutes and not at all; the first two called after 10; then 25 minutes have passed."""
    claire = viewer_of(world.claire)
    ids = [raised(session, world, clock, number, Level.URGENT) for number in range(1, 6)]
    begins = clock.now()
    for alert_id, minutes in zip(ids, (2, 4, 6, 20), strict=False):
        handling.take(session, alert_id, by=claire, now=begins + timedelta(minutes=minutes))
    for alert_id in ids[:2]:
        handling.call_logged(session, alert_id, by=claire, now=begins + timedelta(minutes=10), reached=True, whom="patient")
    [line] = delays.lines(session, viewer=claire, now=begins + timedelta(minutes=25))
    assert (line.month, line.level, line.count) == ("2026-11", "urgent", 5)
    assert line.taken == Waited(target=15, median=5.0, p95=20.0, over=2, pending=1), "20 minutes, and the one nobody took"
    assert line.acted == Waited(target=30, median=10.0, p95=10.0, over=0, pending=3)


def test_the_others_wait_in_service_hours(session: Session, world: World, clock: HandClock) -> None:
    """Raised on Wednesday at 17:00, taken on Thursday at 9:00: an hour of Wednesday and one of Thursday."""
    clock.at = clock.at.replace(hour=16)
    alert_id = raised(session, world, clock, 1, Level.HIGH)
    handling.take(session, alert_id, by=viewer_of(world.claire), now=clock.now() + timedelta(hours=16))
    [line] = delays.lines(session, viewer=viewer_of(world.claire), now=clock.now() + timedelta(hours=17))
    assert (line.taken.median, line.taken.over) == (120.0, 0)


def test_a_level_that_rose_is_counted_from_its_rise(session: Session, world: World, clock: HandClock) -> None:
    raised(session, world, clock, 1, Level.MODERATE)
    clock.forward(hours=2)
    patient_alert = raised_again(session, world, clock)
    handling.take(session, patient_alert, by=viewer_of(world.claire), now=clock.now() + timedelta(minutes=3))
    [line] = delays.lines(session, viewer=viewer_of(world.claire), now=clock.now() + timedelta(minutes=5))
    assert (line.level, line.taken.median) == ("urgent", 3.0)


def raised_again(session: Session, world: World, clock: HandClock) -> int:
    [alert] = handling.open_alerts(session, viewer=viewer_of(world.claire))
    patient = session.get_one(Patient, alert.patient_id)
    reason = Reason(kind="danger", level=Level.URGENT, detail={"dangers": ["fever"]})
    service = session.get_one(Service, world.service.id)
    risen = handling.consider(session, service=service, patient=patient, reason=reason, now=clock.now())
    assert risen is not None
    return risen.id


def test_who_opens_no_chart_reads_no_delay(session: Session, world: World, clock: HandClock) -> None:
    with pytest.raises(Refusal, match="role"):
        delays.lines(session, viewer=viewer_of(world.alma), now=clock.now())


def test_one_month_is_chosen_and_an_alert_is_of_the_month_its_level_began_in(session: Session, world: World, clock: HandClock) -> None:
    """FR-16: moderate on Monday 30 November, urgent on Tuesday 1 December: an alert of December, three minutes from its rise."""
    clock.at = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    raised(session, world, clock, 1, Level.MODERATE)
    raised(session, world, clock, 2, Level.HIGH)
    clock.at = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    claire = viewer_of(world.claire)
    [first, _] = sorted(handling.open_alerts(session, viewer=claire), key=lambda one: one.id)
    reason = Reason(kind="danger", level=Level.URGENT, detail={"dangers": ["fever"]})
    patient = session.get_one(Patient, first.patient_id)
    handling.consider(session, service=session.get_one(Service, world.service.id), patient=patient, reason=reason, now=clock.now())
    handling.take(session, first.id, by=claire, now=clock.now() + timedelta(minutes=3))
    now = clock.now() + timedelta(hours=1)
    november, december = (delays.lines(session, viewer=claire, now=now, month=month) for month in ("2026-11", "2026-12"))
    assert [(line.month, line.level, line.count) for line in november] == [("2026-11", "high", 1)]
    assert [(line.level, line.taken.median) for line in december] == [("urgent", 3.0)]
    assert delays.months(session, viewer=claire, now=now) == ["2026-12", "2026-11"]
    assert delays.lines(session, viewer=claire, now=now, month="2026-10") == []
    for wrong in ("novembre", "2026-13", "2026-1", "٢٠٢٦-11", "9999-12"):
        with pytest.raises(NotFound):
            delays.lines(session, viewer=claire, now=now, month=wrong)


def test_a_month_begins_at_the_services_own_midnight(session: Session, world: World, clock: HandClock) -> None:
    """FR-16: 30 November 23:30 UTC is 1 December in Paris."""
    clock.at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    raised(session, world, clock, 1, Level.URGENT)
    now = clock.now() + timedelta(hours=1)
    assert delays.lines(session, viewer=viewer_of(world.claire), now=now, month="2026-11") == []
    assert [line.month for line in delays.lines(session, viewer=viewer_of(world.claire), now=now, month="2026-12")] == ["2026-12"]
