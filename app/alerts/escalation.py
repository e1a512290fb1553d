"""Step what is due up its copied ladder, until a person takes it. A ladder never ends in nothing: its last rung repeats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import paging, reasons
from app.alerts.handling import back_to_team
from app.alerts.models import Alert, AlertEvent, AlertState
from app.alerts.paging import Words
from app.alerts.raising import note, record
from app.core.audit import SYSTEM
from app.messaging.models import Message, Out
from app.people import routes, stand_ins
from app.people.models import Service, Staff
from triage.terms import Level

NO_REPORT = timedelta(minutes=15)
"""A safety text without delivery report after this time counts as not told (HZ-07)."""


def due(session: Session, now: datetime, *, limit: int = 100) -> list[int]:
    """Ids of alerts whose next step is due, the most urgent deadline first; then those put aside by somebody whose shift is over."""
    stepping = select(Alert.id).where(Alert.state != AlertState.CLOSED, Alert.next_step_at <= now)
    aside = select(Alert).where(Alert.state == AlertState.WAITING, Alert.next_step_at > now).order_by(Alert.id)
    left = [alert.id for alert in session.scalars(aside) if _shift_is_over(session, alert, now)]
    return [*session.scalars(stepping.order_by(Alert.respond_by).limit(limit)), *left[:limit]]


def _shift_is_over(session: Session, alert: Alert, now: datetime) -> bool:
    """Did the shift end in which its owner put it aside? Nobody else would look at it before its hour."""
    since = select(AlertEvent.at).where(AlertEvent.alert_id == alert.id, AlertEvent.kind == "waiting").order_by(AlertEvent.id.desc())
    began = session.scalar(since.limit(1))
    if alert.owner_id is None or began is None:
        return False
    ended = stand_ins.shift_ends(session, alert.owner_id, began)
    return ended is not None and ended <= now


def step(session: Session, alert_id: int, now: datetime) -> bool:
    """One step: the next rung of a new alert, or an owned one without outcome back to the team. False when another process made it."""
    alert = session.get(Alert, alert_id, populate_existing=True)
    if alert is None or alert.state == AlertState.CLOSED or alert.next_step_at is None:
        return False
    promised = alert.next_step_at
    if promised > now and not (alert.state == AlertState.WAITING and _shift_is_over(session, alert, now)):
        return False
    claimed = session.execute(update(Alert).where(Alert.id == alert_id, Alert.stamp == alert.stamp).values(stamp=Alert.stamp + 1))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return False
    session.refresh(alert)
    if alert.state == AlertState.WAITING and promised > now:
        back_to_team(session, alert, now=now, why="shift_over")
        alert.next_step_at = promised  # everybody sees it from now on; nobody is called before the hour it was put aside until
    elif alert.state == AlertState.WAITING:
        back_to_team(session, alert, now=now, why="wait_over")
    elif alert.state != AlertState.NEW:
        back_to_team(session, alert, now=now, why="no_outcome")
    else:
        _climb(session, alert, now)
    return True


def _climb(session: Session, alert: Alert, now: datetime) -> None:
    service = session.get_one(Service, alert.service_id)
    rung = alert.ladder[min(alert.rung, len(alert.ladder) - 1)]
    ways = rung.get("by") or routes.usual_ways(alert.level, str(rung["notify"]))
    people = paging.meant_by(session, service, str(rung["notify"]), now, patient_id=alert.patient_id)
    reached = {person.name: by for person in people if (by := _ping(session, service, alert, person, ways, now))}
    alert.rung += 1
    alert.next_step_at = _next_step(service, alert, now)
    detail = {"notify": rung["notify"], "reached": list(reached), "ways": reached, "rung": alert.rung}
    note(session, alert, "stepped", by=SYSTEM, now=now, detail=detail)
    record(session, alert, "alert.stepped", by=SYSTEM, now=now, after={"notify": rung["notify"], "reached": len(reached)})


def _next_step(service: Service, alert: Alert, now: datetime) -> datetime:
    level = Level.of(alert.level)
    if alert.rung >= len(alert.ladder):
        return reasons.deadline(service, level, now, reasons.REPEAT[level])
    planned = reasons.deadline(service, level, alert.raised_at, timedelta(minutes=alert.ladder[alert.rung]["after_minutes"]))
    return max(planned, now)


def _ping(session: Session, service: Service, alert: Alert, person: Staff, ways: Sequence[str], now: datetime) -> list[str]:
    """Content-free words by each way: a level and a reference, never who or what (SEC-01, HZ-30)."""
    words = Words(text="staff_alert", call="staff_call", values={"level": alert.level, "ref": f"A{alert.id}"})
    reason = f"alert:{alert.id}:{alert.raised_at.isoformat()}:{alert.rung}"
    return list(paging.page(session, service, person, ways, words, reason=reason, alert_id=alert.id, now=now))


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
