"""The other services of somebody who works in several: what is urgent there is counted, never shown (HZ-23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.people import members
from app.people.models import Service
from app.people.perimeter import Viewer
from triage.terms import Level


@dataclass(frozen=True)
class Ward:
    """One service of this person. here: the one the screen shows. urgent: its urgent alerts that are not closed, none counted here."""

    id: int
    name: str
    here: bool
    urgent: int = 0


def wards(session: Session, viewer: Viewer) -> Sequence[Ward]:
    """Where this person works, their home first; empty for whoever works in one service only. A number crosses, no patient does."""
    if viewer.actor.kind != "staff" or viewer.actor.id is None:
        return ()
    found = members.services_of(session, viewer.actor.id)
    if len(found) < 2:
        return ()
    others = [one.id for one in found if one.id != viewer.service_id]
    urgent = _urgent(session, others) if viewer.may("see_alerts") else {}
    return [_ward(one, viewer, urgent) for one in found]


def _ward(service: Service, viewer: Viewer, urgent: dict[int, int]) -> Ward:
    return Ward(service.id, service.name, service.id == viewer.service_id, urgent.get(service.id, 0))


def _urgent(session: Session, service_ids: Sequence[int]) -> dict[int, int]:
    there = (Alert.service_id.in_(service_ids), Alert.level == Level.URGENT.word, Alert.state != AlertState.CLOSED)
    return dict(list(session.execute(select(Alert.service_id, func.count()).where(*there).group_by(Alert.service_id))))
