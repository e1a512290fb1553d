"""A service's texts of the day against its budget: a person is told at four fifths and at the end, once a day each."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.messaging import budget
from app.people import care_team
from app.people.models import Service

LOOK = timedelta(hours=1)
"""Service hours within which somebody looks why so much is sent (house rule, 2026-11-22)."""


def due(session: Session, now: datetime) -> list[int]:
    """Services whose spending has reached a mark that nobody was told of today."""
    services = session.scalars(select(Service).order_by(Service.id)).all()
    return [service.id for service in services if _untold(session, service, now)]


def tell(session: Session, service_id: int, now: datetime) -> list[Task]:
    """One task a mark and a day: what was spent, of how much."""
    service = session.get_one(Service, service_id)
    spent = budget.spent(session, service, now)
    return [
        tasks.make(
            session,
            service_id=service.id,
            kind="sms_budget",
            key=_key(service, mark, now),
            detail={"why": f"budget_{mark}", "percent": mark, "spent": spent, "budget": service.sms_per_day},
            due_at=care_team.add_service_time(service, now, LOOK),
            now=now,
        )
        for mark in _untold(session, service, now)
    ]


def _untold(session: Session, service: Service, now: datetime) -> list[int]:
    reached = budget.percent(session, service, now)
    marks = [mark for mark in (budget.WARNED_AT, budget.SPENT_AT) if reached >= mark]
    return [mark for mark in marks if session.scalar(select(Task.id).where(Task.key == _key(service, mark, now))) is None]


def _key(service: Service, mark: int, now: datetime) -> str:
    return f"sms_budget:{service.id}:{now.astimezone(ZoneInfo(service.timezone)).date()}:{mark}"
