"""Cyclone mode: for some hours everybody of the team is reached, whatever the rota says. Nothing else is moved, dropped or sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import members
from app.people.models import Role, Service, Staff
from app.people.perimeter import Viewer
from app.people.rota_models import Storm

HOURS = (24, 48, 72)
"""How long it may last at once; begun again, it lasts longer (house rule, 2026-11-23: 72 h at most, so that nobody forgets it running)."""
LONGEST = timedelta(hours=72)
LONGEST_REASON = 200
"""The reason stands on every page of the service."""
TEAM = (Role.NURSE, Role.COORDINATOR)


def running(session: Session, service_id: int | None, now: datetime) -> Storm | None:
    """The one that runs in this service, None for none. Its end needs nobody: past its hour it is over."""
    if service_id is None:
        return None
    inside = (Storm.service_id == service_id, Storm.until_at > now, Storm.begins_at <= now, Storm.ended_at.is_(None))
    return session.scalar(select(Storm).where(*inside).order_by(Storm.id.desc()).limit(1))


def team(session: Session, service_id: int, now: datetime) -> list[Staff]:
    """Whom the team means besides its shift while it runs: every nurse and coordinator with an open account. Nobody when none runs."""
    if running(session, service_id, now) is None:
        return []
    there = (members.belongs(service_id), Staff.active, Staff.role.in_(TEAM))
    return list(session.scalars(select(Staff).where(*there).order_by(Staff.id)))


def begin(session: Session, *, hours: int | None, reason: str, by: Viewer, now: datetime) -> Storm:
    """It runs from now on; one that runs already is prolonged: its row ends, a new one takes its place.

    Raises FieldErrors for hours that are no choice, no reason or one too long, Refusal for an earlier end than the one it has.
    """
    service_id = _service_id(session, by)
    problems: dict[str, str] = {}
    if hours not in HOURS:
        problems["hours"] = "Choose 24, 48 or 72 hours."
    if not reason.strip():
        problems["reason"] = "Write why: the reason stands on every page of the service."
    elif len(reason.strip()) > LONGEST_REASON:
        problems["reason"] = "Write the reason in 200 characters at most."
    if problems or hours is None:
        raise FieldErrors(problems)
    until, before = now + timedelta(hours=hours), running(session, service_id, now)
    if before is not None and until <= before.until_at:
        raise Refusal("Cyclone mode already runs longer than that. Choose more hours, or end it.", field="hours", status=422)
    if before is not None:
        before.ended_at, before.ended_by = now, str(by.actor)
    row = Storm(service_id=service_id, begins_at=now, until_at=until, reason=reason.strip(), begun_by=str(by.actor))
    session.add(row)
    session.flush()
    _record(session, by, "storm.prolonged" if before else "storm.begun", row, now, before=before)
    return row


def end(session: Session, storm_id: int, *, by: Viewer, now: datetime) -> Storm:
    """It is over, before its hour: everything is at once as the rota says. Raises NotFound when this one does not run any more."""
    row = running(session, _service_id(session, by), now)
    if row is None or row.id != storm_id:
        raise NotFound("This cyclone mode")
    row.ended_at, row.ended_by = now, str(by.actor)
    session.flush()
    _record(session, by, "storm.ended", row, now)
    return row


def _service_id(session: Session, by: Viewer) -> int:
    """The service is held, so that of two who begin at once the second finds the first."""
    by.require("manage_service")
    assert by.service_id is not None  # manage_service belongs to a role of a service
    session.execute(select(Service.id).where(Service.id == by.service_id).with_for_update())
    return by.service_id


def _record(session: Session, by: Viewer, action: str, row: Storm, now: datetime, *, before: Storm | None = None) -> None:
    audit.record(
        session,
        actor=by.actor,
        action=action,
        subject=f"storm:{row.id}",
        service_id=row.service_id,
        before={"until": before.until_at.isoformat()} if before else None,
        after={"until": (row.ended_at or row.until_at).isoformat()},
        reason=row.reason,
        now=now,
    )
