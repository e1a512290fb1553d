"""What stands over the list: how many wait, load against capacity, what the alerts of a month led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState, Outcome
from app.care import contacts
from app.care.contact_models import Contact
from app.insight.placing import Place
from app.people.models import Patient, Role, Service, Shift, Staff
from app.people.perimeter import Viewer

CAPACITY = 12
"""Alerts that a nurse can treat in a day (design guide, principle 5)."""

ACTIONS = (
    Outcome.ADVICE,
    Outcome.NURSE_PROTOCOL,
    Outcome.DOCTOR_INFORMED,
    Outcome.DOCTOR_DECISION,
    Outcome.SEEN_SAME_DAY,
    Outcome.SENT_TO_EMERGENCY,
    Outcome.REFERRED,
)
"""Outcomes that are an action for the patient: nothing to do, already managed, not an event, not reached and other are not."""
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Measures:
    """waiting: rows put aside. opened: alerts of the day. nurses: on a ward shift today.
    drafts: this person's calls saved half-way, and whose.

    acted, closed: alerts of the last 30 days closed with an action, and closed.
    """

    waiting: int
    opened: int
    nurses: int
    drafts: Sequence[tuple[Contact, Patient]]
    acted: int
    closed: int

    @property
    def capacity(self) -> int:
        """Alerts the nurses of the day can treat."""
        return CAPACITY * self.nurses

    @property
    def share(self) -> int | None:
        """Closed with an action, in hundredths; None when none was closed."""
        return round(100 * self.acted / self.closed) if self.closed else None


def of_day(session: Session, places: Sequence[Place], *, viewer: Viewer, now: datetime) -> Measures:
    """The measures of the viewer's service now; ``places``: its whole list."""
    service = session.get_one(Service, viewer.service_id)
    zone = ZoneInfo(service.timezone)
    begins = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    ends = begins + timedelta(days=1)
    there = (Shift.service_id == service.id, Shift.kind == "ward", Shift.starts_at < ends, Shift.ends_at > begins)
    nurses = select(func.count(func.distinct(Staff.id))).join(Shift, Shift.staff_id == Staff.id).where(*there, Staff.role == Role.NURSE)
    closed = (Alert.service_id == service.id, Alert.state == AlertState.CLOSED, Alert.closed_at > now - MONTH)
    acted = func.count().filter(Alert.outcome.in_(ACTIONS))
    ended = session.execute(select(acted, func.count()).where(*closed)).one()
    opened = select(func.count()).where(Alert.service_id == service.id, Alert.opened_at >= begins)
    return Measures(
        waiting=sum(1 for place in places if place.items[0].waits),
        opened=session.scalar(opened) or 0,
        nurses=session.scalar(nurses.where(Staff.active)) or 0,
        drafts=contacts.drafts(session, viewer=viewer),
        acted=ended[0],
        closed=ended[1],
    )
