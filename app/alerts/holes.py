"""A hole of the rota, or a leaver on it, is a task for the head of the service; the act that fills it ends the task (HZ-29)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.core.audit import SYSTEM, Actor
from app.people import coverage, members
from app.people.models import Role, Service, Staff

Detail = dict[str, Any]
HOLE, LEAVER = "rota_hole", "rota_leaver"
FILLED = "filled on the rota"
"""What stands on a task that the rota itself ended; its detail says so too, in a word that screens put in words."""


def services(session: Session) -> list[int]:
    """Every service: a rota is looked at each day whether or not anybody changes it."""
    return list(session.scalars(select(Service.id).order_by(Service.id)))


def check(session: Session, service_id: int, now: datetime, by: Actor = SYSTEM) -> int:
    """One task per hole of the coming week and per leaver still written; those the rota has filled end, by whoever filled them.

    A task that a person closed with a note stays closed: they said how these hours are covered. Returns how many are open.
    """
    service = session.get_one(Service, service_id)
    standing: dict[str, tuple[str, Detail, datetime]] = {}
    for hole in coverage.holes(session, service, now):
        hours: Detail = {"from": hole.starts_at.isoformat(), "until": hole.ends_at.isoformat(), "hours": hole.kind}
        standing[f"{HOLE}:{service.id}:{hole.starts_at.isoformat()}"] = (HOLE, hours, max(hole.starts_at, now))
    for leaver in coverage.leavers(session, service, now):
        who: Detail = {"name": leaver.staff.name, "staff_id": leaver.staff.id, "from": leaver.starts_at.isoformat()}
        standing[f"{LEAVER}:{service.id}:{leaver.staff.id}"] = (LEAVER, who, max(leaver.starts_at, now))
    for key, (kind, detail, due_at) in standing.items():
        _stand(session, service, key, kind, detail, due_at, now=now, by=by)
    open_ones = select(Task).where(Task.service_id == service.id, Task.kind.in_((HOLE, LEAVER)), Task.closed_at.is_(None))
    for task in session.scalars(open_ones):
        if task.key not in standing and not _is_past(task, now):
            tasks.end(session, task, by=by, now=now, words=FILLED, filled=True)
    return len(standing)


def _stand(session: Session, service: Service, key: str, kind: str, detail: Detail, due_at: datetime, *, now: datetime, by: Actor) -> None:
    task = tasks.make(
        session, service_id=service.id, kind=kind, key=key, detail=detail, due_at=due_at, owner_id=_head(session, service), now=now, by=by
    )
    if task.closed_at is not None:
        if task.detail.get("filled"):  # filled once, and empty again
            tasks.reopen(session, task, by=by, now=now, due_at=due_at, reason="empty again")
            task.detail = detail
    elif task.detail != detail:
        task.detail = detail
    session.flush()


def _head(session: Session, service: Service) -> int | None:
    """The first coordinator who is there; None: the whole team sees the task."""
    there = (members.belongs(service.id), Staff.role == Role.COORDINATOR, Staff.active)
    return session.scalar(select(Staff.id).where(*there).order_by(Staff.id).limit(1))


def _is_past(task: Task, now: datetime) -> bool:
    """A hole that went by unfilled is not filled: its task waits for a person to say what happened."""
    until = task.detail.get("until")
    return bool(until) and datetime.fromisoformat(str(until)) <= now
