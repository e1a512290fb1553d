"""Opt out, freeze, end: automatic messages stop, the reason is kept, and no delivery report brings them back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import Refusal
from app.people import patients
from app.people.models import FollowUp, Patient, Reachability
from app.people.perimeter import actor_of
from tests.factories import World, a_patient


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


def _change(
    session: Session, world: World, clock: HandClock, patient: Patient, to: FollowUp, reason: str = "hospitalisée", **more: object
) -> None:
    patients.change_follow_up(session, patient, to, by=actor_of(world.claire), now=clock.now(), reason=reason, **more)  # type: ignore[arg-type]  # fields by name


def test_opting_out_is_told_once_and_can_be_undone(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """The caller makes the nurse's task when it is new: monitoring ends."""
    by = actor_of(world.claire)
    assert patients.opt_out(session, marie, by=by, now=clock.now(), reason="STOP") is True
    assert patients.opt_out(session, marie, by=by, now=clock.now(), reason="STOP") is False
    assert (marie.reachability, marie.opted_out_at) == (Reachability.OPTED_OUT, clock.now())
    assert patients.opt_in(session, marie, by=by, now=clock.now()) is True
    assert patients.opt_in(session, marie, by=by, now=clock.now()) is False
    assert (marie.reachability, marie.opted_out_at) == (Reachability.REACHABLE, None)


def test_a_freeze_keeps_its_reason_and_its_end(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    _change(session, world, clock, marie, FollowUp.FROZEN, until=date(2026, 11, 25))
    assert (marie.reachability, marie.follow_up_reason, marie.follow_up_until) == (Reachability.FROZEN, "hospitalisée", date(2026, 11, 25))
    trail = session.scalar(select(AuditRow).where(AuditRow.action == "follow_up.frozen"))
    assert trail is not None
    assert (trail.change, trail.reason) == ({"before": "active", "after": "frozen"}, "hospitalisée")
    _change(session, world, clock, marie, FollowUp.ACTIVE, reason="rentrée")
    assert marie.reachability == Reachability.REACHABLE


@pytest.mark.parametrize("to", [FollowUp.FROZEN, FollowUp.ENDED])
def test_stopping_needs_a_reason(session: Session, world: World, clock: HandClock, marie: Patient, to: FollowUp) -> None:
    with pytest.raises(Refusal, match="Write the reason"):
        _change(session, world, clock, marie, to, reason=" ")
    assert (marie.follow_up, marie.reachability) == (FollowUp.ACTIVE, Reachability.REACHABLE)


def test_a_freeze_cannot_end_yesterday(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    with pytest.raises(Refusal, match="already past"):
        _change(session, world, clock, marie, FollowUp.FROZEN, until=date(2026, 11, 17))
    assert marie.follow_up == FollowUp.ACTIVE


@pytest.mark.parametrize("to", [FollowUp.FROZEN, FollowUp.ENDED])
def test_what_ended_is_not_frozen_nor_ended_again(session: Session, world: World, clock: HandClock, marie: Patient, to: FollowUp) -> None:
    _change(session, world, clock, marie, FollowUp.ENDED, reason="fin du traitement")
    with pytest.raises(Refusal, match="Follow-up is ended"):
        _change(session, world, clock, marie, to)


def test_what_ended_comes_back_with_a_reason_only(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """HZ-35: a death written on the wrong chart is taken back, and the file says why."""
    _change(session, world, clock, marie, FollowUp.ENDED, reason="décès", kind="death")
    assert (marie.follow_up_kind, marie.reachability) == ("death", Reachability.FROZEN)
    with pytest.raises(Refusal, match="Write the reason"):
        _change(session, world, clock, marie, FollowUp.ACTIVE, reason=" ")
    _change(session, world, clock, marie, FollowUp.ACTIVE, reason="erreur de dossier")
    assert (marie.follow_up, marie.follow_up_kind, marie.reachability) == (FollowUp.ACTIVE, "", Reachability.REACHABLE)


def test_opting_in_again_does_not_lift_a_freeze(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    by = actor_of(world.claire)
    patients.opt_out(session, marie, by=by, now=clock.now(), reason="STOP")
    _change(session, world, clock, marie, FollowUp.FROZEN)
    assert marie.reachability == Reachability.OPTED_OUT
    patients.opt_in(session, marie, by=by, now=clock.now())
    assert marie.reachability == Reachability.FROZEN


def test_resuming_does_not_undo_an_opt_out(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    _change(session, world, clock, marie, FollowUp.FROZEN)
    patients.opt_out(session, marie, by=actor_of(world.claire), now=clock.now(), reason="STOP")
    _change(session, world, clock, marie, FollowUp.ACTIVE, reason="rentrée")
    assert marie.reachability == Reachability.OPTED_OUT


def test_a_delivery_report_is_noted_but_never_lifts_a_freeze(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    patients.reached(session, marie, Reachability.UNDELIVERED, now=clock.now())
    assert marie.reachability == Reachability.UNDELIVERED
    _change(session, world, clock, marie, FollowUp.FROZEN)
    patients.reached(session, marie, Reachability.REACHABLE, now=clock.now())
    assert marie.reachability == Reachability.FROZEN


def test_opening_a_chart_leaves_a_trace(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    """SEC-27."""
    patients.chart_opened(session, marie, by=actor_of(world.luc), now=clock.now(), where="patient page")
    row = session.scalar(select(AuditRow).where(AuditRow.action == "chart.opened"))
    assert row is not None
    assert (row.actor_name, row.patient_id, row.reason) == ("Luc Morel", marie.id, "patient page")
