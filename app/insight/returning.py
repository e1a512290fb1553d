"""Since you left: what came, and what others closed, while this person was away from the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.insight.models import ListMemory
from app.people.models import Patient, Staff
from app.people.perimeter import Viewer, visible_to

AWAY = timedelta(minutes=30)
"""Without the list for so long, somebody has left it (the same as an idle session, SEC-22)."""

OFTEN = timedelta(minutes=1)
"""How stale ``seen_at`` may be, so that looking at a list costs a write a minute at most."""

FEW = 8


@dataclass(frozen=True)
class Change:
    """One alert that came or was closed meanwhile. who: the colleague who closed it."""

    alert: Alert
    patient: Patient | None
    who: str = ""


@dataclass(frozen=True)
class Since:
    """left_at: when this person last had the list before. came, closed: the latest ``FEW`` of each; how many there were in all."""

    left_at: datetime
    came: Sequence[Change]
    came_count: int
    closed: Sequence[Change]
    closed_count: int

    @property
    def more(self) -> int:
        """How many of both are not named."""
        return self.came_count - len(self.came) + self.closed_count - len(self.closed)


def stale(memory: ListMemory | None, now: datetime) -> bool:
    """Is there something to write down about this look at the list?"""
    return memory is None or now - memory.seen_at >= OFTEN


def memory_of(session: Session, viewer: Viewer) -> ListMemory | None:
    """What the list of the service this viewer is in remembers of them: whoever works in two has left each at its own hour."""
    return session.get(ListMemory, (viewer.actor.id, viewer.service_id))


def looked(session: Session, viewer: Viewer, now: datetime) -> None:
    """This person has the list before their eyes; after an absence, since when they had been away is kept until they have read it."""
    memory = memory_of(session, viewer)
    if memory is None:
        try:
            with session.begin_nested():
                session.add(ListMemory(staff_id=viewer.actor.id, service_id=viewer.service_id, seen_at=now, filters={}))
        except IntegrityError:
            return  # another tab of theirs wrote it first
        return
    if now - memory.seen_at > AWAY and memory.left_at is None:
        memory.left_at = memory.seen_at
    memory.seen_at = now


def read(session: Session, viewer: Viewer) -> None:
    """They have read what happened."""
    memory = memory_of(session, viewer)
    if memory is not None:
        memory.left_at = None


def remember(session: Session, viewer: Viewer, filters: Mapping[str, str], now: datetime) -> None:
    """How this person filters the list of this service from now on."""
    looked(session, viewer, now)
    session.get_one(ListMemory, (viewer.actor.id, viewer.service_id)).filters = dict(filters)


def since(session: Session, memory: ListMemory | None, *, viewer: Viewer) -> Since | None:
    """What happened since they left; None when they have not been away, or have read it."""
    if memory is None or memory.left_at is None:
        return None
    seen = select(Patient.id).where(visible_to(viewer))
    mine = (Alert.service_id == viewer.service_id, Alert.patient_id.is_(None) | Alert.patient_id.in_(seen))
    query = select(Alert, Patient, Staff.name).outerjoin(Patient, Patient.id == Alert.patient_id)
    query = query.outerjoin(Staff, Staff.id == Alert.closed_by_id).where(*mine)
    came = session.execute(query.where(Alert.opened_at > memory.left_at).order_by(Alert.id.desc())).all()
    others = (Alert.state == AlertState.CLOSED, Alert.closed_at > memory.left_at, Alert.closed_by_id != viewer.actor.id)
    closed = session.execute(query.where(*others).order_by(Alert.closed_at.desc())).all()
    return Since(
        memory.left_at,
        [Change(alert, patient) for alert, patient, _ in came[:FEW]],
        len(came),
        [Change(alert, patient, who or "") for alert, patient, who in closed[:FEW]],
        len(closed),
    )
