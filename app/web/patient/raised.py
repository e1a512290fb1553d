"""What values raised when they were judged: each alert with its words, each task to read one, by the instant at which it was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Alert, AlertEvent, Task
from app.checkins.judging import graded
from app.people.models import Patient
from app.people.perimeter import visible_to
from app.web.render import Page
from app.web.ward.saying import Saying, level_of

RAISED = ("raised", "risen", "merged")


@dataclass(frozen=True)
class Raised:
    """One alert that values raised, or would raise, or one task to read a value; what would be opened has no page yet."""

    href: str
    patient: str
    level: str
    why: tuple[str, ...]


def at(page: Page, session: Session, instant: datetime, *, patient_id: int | None = None) -> list[Raised]:
    """Alerts, then tasks, that values judged at this instant raised; of one patient, or of all that the reader may see."""
    seen = (visible_to(page.viewer), *((Patient.id == patient_id,) if patient_id else ()))
    return _alerts(page, session, instant, seen) + _to_read(page, session, instant, seen)


def _alerts(page: Page, session: Session, instant: datetime, seen: Sequence[ColumnElement[bool]]) -> list[Raised]:
    """One line an alert, by the highest it says, the highest first: a rule and a grade may both speak of one value.

    Words of a text or of a check-in that came at the same instant are not theirs.
    """
    told = select(AlertEvent, Alert, Patient).join(Alert, Alert.id == AlertEvent.alert_id).join(Patient, Patient.id == Alert.patient_id)
    rows = session.execute(told.where(AlertEvent.at == instant, AlertEvent.kind.in_(RAISED), *seen).order_by(AlertEvent.id))
    told_by: dict[int, list[Mapping[str, Any]]] = {}
    who: dict[int, str] = {}
    for event, alert, patient in rows.all():
        if not (event.detail.get("checkin_id") or event.detail.get("message_id")):
            told_by.setdefault(alert.id, []).append(event.detail)
            who[alert.id] = patient.full_name
    found = [(alert_id, sorted(details, key=lambda one: -level_of(one))) for alert_id, details in told_by.items()]
    saying = Saying(page)
    return [
        Raised(f"/alerts/{alert_id}", who[alert_id], level_of(details[0]).word, tuple(why for one in details for why in saying.why(one)))
        for alert_id, details in sorted(found, key=lambda pair: -level_of(pair[1][0]))
    ]


def _to_read(page: Page, session: Session, instant: datetime, seen: Sequence[ColumnElement[bool]]) -> list[Raised]:
    """Tasks made at that instant to read a grave value."""
    made = select(Task, Patient).join(Patient, Patient.id == Task.patient_id).where(Task.kind == graded.TASK, Task.created_at == instant)
    saying, level = Saying(page), tasks.LEVELS[graded.TASK].word
    found = session.execute(made.where(*seen).order_by(Task.id)).all()
    return [Raised(f"/tasks/{task.id}", patient.full_name, level, (saying.task(task),)) for task, patient in found]
