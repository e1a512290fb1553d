"""Step what is due up its copied ladder, until a person takes it. A ladder never ends in nothing: its last rung repeats."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import reasons
from app.alerts.handling import back_to_team
from app.alerts.models import Alert, AlertState
from app.alerts.raising import note, record
from app.core.audit import SYSTEM
from app.messaging import outbox
from app.messaging.models import Message, Out
from app.people import care_team
from app.people.models import Patient, Role, Service, Staff
from triage.terms import Level

NO_REPORT = timedelta(minutes=15)
"""A safety text without delivery report after this time counts as not told (HZ-07)."""


def due(session: Session, now: datetime, *, limit: int = 100) -> list[int]:
    """Ids of alerts whose next step is due, the most urgent deadline first."""
    waiting = select(Alert.id).where(Alert.state != AlertState.CLOSED, Alert.next_step_at <= now)
    return list(session.scalars(waiting.order_by(Alert.respond_by).limit(limit)))


def step(session: Session, alert_id: int, now: datetime) -> bool:
    """One step: the next rung of a new alert, or an owned one without outcome back to the team. False when another process made it."""
    alert = session.get(Alert, alert_id, populate_existing=True)
    if alert is None or alert.state == AlertState.CLOSED or alert.next_step_at is None or alert.next_step_at > now:
        return False
    claimed = session.execute(update(Alert).where(Alert.id == alert_id, Alert.stamp == alert.stamp).values(stamp=Alert.stamp + 1))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return False
    session.refresh(alert)
    if alert.state == AlertState.WAITING:
        back_to_team(session, alert, now=now, why="wait_over")
    elif alert.state != AlertState.NEW:
        back_to_team(session, alert, now=now, why="no_outcome")
    else:
        _climb(session, alert, now)
    return True


def _climb(session: Session, alert: Alert, now: datetime) -> None:
    service = session.get_one(Service, alert.service_id)
    rung = alert.ladder[min(alert.rung, len(alert.ladder) - 1)]
    people = _people(session, service, alert, str(rung["notify"]), now)
    reached = [person.name for person in people if _ping(session, service, alert, person, now)]
    alert.rung += 1
    alert.next_step_at = _next_step(service, alert, now)
    note(session, alert, "stepped", by=SYSTEM, now=now, detail={"notify": rung["notify"], "reached": reached, "rung": alert.rung})
    record(session, alert, "alert.stepped", by=SYSTEM, now=now, after={"notify": rung["notify"], "reached": len(reached)})


def _next_step(service: Service, alert: Alert, now: datetime) -> datetime:
    level = Level.of(alert.level)
    if alert.rung >= len(alert.ladder):
        return reasons.deadline(service, level, now, reasons.REPEAT[level])
    planned = reasons.deadline(service, level, alert.raised_at, timedelta(minutes=alert.ladder[alert.rung]["after_minutes"]))
    return max(planned, now)


def _people(session: Session, service: Service, alert: Alert, notify: str, now: datetime) -> list[Staff]:
    """Who a rung means now. When it means nobody, everybody who may act: an alert must reach somebody."""
    people: list[Staff] = []
    if notify in ("team", "on_call"):
        people = care_team.on_duty(session, service.id, now, "ward" if notify == "team" else "on_call")
    elif notify == "prescriber" and alert.patient_id is not None:
        patient = session.get_one(Patient, alert.patient_id)
        people = [patient.oncologist] if patient.oncologist.active else []
    elif notify == "head":
        heads = select(Staff).where(Staff.service_id == service.id, Staff.role == Role.COORDINATOR, Staff.active)
        people = list(session.scalars(heads.order_by(Staff.id)))
    if people or notify == "team":
        return people  # an empty ward still has the list on its screens; the next rung is on its way
    acting = (Role.NURSE, Role.ONCOLOGIST, Role.COORDINATOR)
    return list(
        session.scalars(select(Staff).where(Staff.service_id == service.id, Staff.role.in_(acting), Staff.active).order_by(Staff.id))
    )


def _ping(session: Session, service: Service, alert: Alert, person: Staff, now: datetime) -> bool:
    """A content-free text: a level and a reference, never who or what (SEC-01, HZ-30)."""
    if not person.phone:
        return False
    outbox.queue_staff(
        session,
        service=service,
        staff=person,
        key="staff_alert",
        values={"level": alert.level, "ref": f"A{alert.id}"},
        dedup_key=f"alert:{alert.id}:{alert.raised_at.isoformat()}:{alert.rung}:{person.id}",
        alert_id=alert.id,
        now=now,
    )
    return True


def follow_deliveries(session: Session, now: datetime, *, limit: int = 200) -> int:
    """Write on each open alert whether its safety text arrived; when it did not, the alert is the team's again at once."""
    watched = select(Alert).where(Alert.state != AlertState.CLOSED, Alert.told_message_id.is_not(None), Alert.told != "delivered")
    changed = 0
    for alert in session.scalars(watched.order_by(Alert.id).limit(limit)):
        message = session.get_one(Message, alert.told_message_id)
        state = _told(message, now)
        if state == alert.told:
            continue
        alert.told = state
        alert.stamp += 1
        changed += 1
        detail: dict[str, Any] = {"told": state, "message_id": message.id, "why": message.error_code or message.state}
        note(session, alert, "told", by=SYSTEM, now=now, detail=detail)
        if state == "not_told" and alert.state == AlertState.NEW:
            alert.next_step_at = now
        session.flush()
    return changed


def _told(message: Message, now: datetime) -> str:
    if message.state == Out.DELIVERED:
        return "delivered"
    if message.state in (Out.FAILED, Out.UNDELIVERED, Out.EXPIRED):
        return "not_told"
    if now - message.created_at >= NO_REPORT:
        return "not_told"
    return "sent" if message.state == Out.SENT else "queued"
