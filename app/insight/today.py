"""What the ward's day looks like beside the list: who is there, what was asked and answered, what was closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.checkins.models import CheckIn, CheckInState
from app.insight import teams
from app.insight.teams import Teams
from app.people import care_team
from app.people.models import Patient, Service, Staff
from app.people.perimeter import Viewer, visible_to

ANSWERED = (CheckInState.DONE, CheckInState.PARTIAL)
ASKED = (*ANSWERED, CheckInState.OPEN, CheckInState.SILENT)
LAST_CLOSED = 6


@dataclass(frozen=True)
class Today:
    """asked, answered: check-ins that began in the last 24 hours. opens_at: the next opening of a closed service, None of an open one."""

    asked: int
    answered: int
    closed: Sequence[tuple[Alert, Patient | None]]
    closed_count: int
    on_call: Sequence[Staff]
    teams: Teams
    opens_at: datetime | None


def today(session: Session, *, viewer: Viewer, now: datetime) -> Today | None:
    """The day of the viewer's service; None for whoever has none."""
    service = session.get(Service, viewer.service_id) if viewer.service_id is not None and viewer.may("see_alerts") else None
    if service is None:
        return None
    zone = ZoneInfo(service.timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    states = dict(
        session.execute(
            select(CheckIn.state, func.count())
            .where(CheckIn.service_id == service.id, CheckIn.opened_at >= now - timedelta(hours=24))
            .group_by(CheckIn.state)
        ).all()
    )
    mine = (Alert.service_id == service.id, Alert.state == AlertState.CLOSED, Alert.closed_at >= midnight)
    seen = select(Patient.id).where(visible_to(viewer))
    closed = session.execute(
        select(Alert, Patient)
        .outerjoin(Patient, Patient.id == Alert.patient_id)
        .where(*mine, Alert.patient_id.is_(None) | Alert.patient_id.in_(seen))
        .order_by(Alert.closed_at.desc())
        .limit(LAST_CLOSED)
    )
    return Today(
        asked=sum(n for state, n in states.items() if state in ASKED),
        answered=sum(n for state, n in states.items() if state in ANSWERED),
        closed=[(alert, patient) for alert, patient in closed],
        closed_count=session.scalar(select(func.count()).where(*mine)) or 0,
        on_call=care_team.on_duty(session, service.id, now, "on_call"),
        teams=teams.around(session, service, now),
        opens_at=None if care_team.is_open(service, now) else care_team.next_opening(service, now),
    )
