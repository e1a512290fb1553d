"""What changed since a shift ended: alerts by what happened to them, answers told, silences, stays and treatment; one line each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent, DoctorRequest
from app.checkins.models import CheckIn, CheckInState
from app.core.audit import AuditRow
from app.insight.lines import Line
from app.insight.open_items import mine
from app.people.models import Patient
from app.people.perimeter import Viewer, visible_to
from triage.terms import Level

ALERT_STEPS = ("raised", "risen", "closed", "reopened", "taken", "handed_over", "returned", "decided")
TRAIL = (
    "absence.recorded",
    "absence.changed",
    "absence.undone",
    "absence.over",
    "course.started",
    "course.held",
    "course.hold_taken_back",
    "course.resumed",
    "course.dose_changed",
    "course.stopped",
    "course.stop_taken_back",
    "cycle.postponed",
    "companion.stopped",
)
"""Stays, deaths and treatment, as the audit trail keeps them with who and why."""


def since(session: Session, viewer: Viewer, begins: datetime) -> list[Line]:
    """Everything that changed for the viewer's service after this instant, kind by kind."""
    found = [*_steps(session, viewer, begins), *_told(session, viewer, begins)]
    return [*found, *_silent(session, viewer, begins), *_trail(session, viewer, begins)]


def _steps(session: Session, viewer: Viewer, since: datetime) -> Iterator[Line]:
    """Alerts that something happened to: one line each, with its steps; what was undone within its seconds is not told."""
    query = select(AlertEvent, Alert).join(Alert, Alert.id == AlertEvent.alert_id).where(*mine(Alert, viewer), AlertEvent.at > since)
    found: dict[int, tuple[Alert, list[AlertEvent]]] = {}
    undone: set[int] = set()
    for event, alert in session.execute(query.where(AlertEvent.kind.in_((*ALERT_STEPS, "merged", "undone"))).order_by(AlertEvent.id)):
        if event.kind == "undone":
            undone.add(int(event.detail.get("event_id", 0)))
        elif event.kind != "merged" or _is_new_danger(event, found.get(alert.id)):
            found.setdefault(alert.id, (alert, []))[1].append(event)
    for alert, events in found.values():
        steps = tuple(event for event in events if event.id not in undone)
        if steps:
            yield Line(
                kind="story",
                at=steps[0].at,
                key=alert.subject,
                patient_id=alert.patient_id,
                level=Level.of(alert.level),
                row=alert,
                steps=steps,
            )


def _is_new_danger(event: AlertEvent, told: tuple[Alert, list[AlertEvent]] | None) -> bool:
    """Does it report a danger that no step of this alert has named yet? Whatever else is reported again stands in the alert."""
    named = {code for step in (told[1] if told else ()) for code in step.detail.get("dangers") or ()}
    return bool(set(event.detail.get("dangers") or ()) - named)


def _told(session: Session, viewer: Viewer, since: datetime) -> Iterator[Line]:
    """Answers of doctors that the patient knows by now."""
    told = select(DoctorRequest).where(*mine(DoctorRequest, viewer), DoctorRequest.told_at > since)
    for one in session.scalars(told):
        key, at = f"patient:{one.patient_id}", one.told_at or since
        yield Line(kind="told", at=at, key=key, patient_id=one.patient_id, owner_id=one.told_by_id, row=one)


def _silent(session: Session, viewer: Viewer, since: datetime) -> Iterator[Line]:
    silent = (CheckIn.state == CheckInState.SILENT, CheckIn.closed_at > since)
    for one in session.scalars(select(CheckIn).where(*mine(CheckIn, viewer), *silent)):
        yield Line(kind="silent", at=one.closed_at or one.due_at, key=f"patient:{one.patient_id}", patient_id=one.patient_id, row=one)


def _trail(session: Session, viewer: Viewer, since: datetime) -> Iterator[Line]:
    kept = (AuditRow.chain == viewer.service_id, AuditRow.action.in_(TRAIL), AuditRow.acted_at > since)
    seen = select(Patient.id).where(visible_to(viewer))
    for row in session.scalars(select(AuditRow).where(*kept, AuditRow.patient_id.in_(seen))):
        kind = row.action.replace(".", "_")
        detail = row.change.get("after") or {}
        yield Line(kind=kind, at=row.acted_at, key=f"patient:{row.patient_id}", patient_id=row.patient_id, row=row, detail=detail)
