"""Raise or merge: in the same transaction as the reason. The level only rises until a person closes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.alerts import reasons
from app.alerts.models import Alert, AlertEvent, AlertState
from app.alerts.reasons import Reason
from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.people import reading, routes
from app.people.models import Patient, Service
from app.people.perimeter import Viewer
from triage.terms import Level

REPORTS = ("raised", "risen", "merged")
"""What is noted at the same instant as one of these is told by the same text: its words, and the answers in it, are one report."""

KEPT = ("state", "owner_id", "owned_since", "next_step_at", "raised_at", "rung")
"""What an act changes of an alert, as its event keeps it for whoever takes the act back."""


def consider(
    session: Session, *, service: Service, patient: Patient | None, reason: Reason, now: datetime, by: Actor = SYSTEM, subject: str = ""
) -> Alert | None:
    """The open alert of this subject, raised or merged; None below moderate, which stays on the patient's page.

    subject: "patient:ID" by default, "number:+33…" for a sender nobody knows.
    """
    if reason.level < Level.MODERATE:
        return None
    name = subject or (f"patient:{patient.id}" if patient else "")
    if not name:
        raise ValueError("an alert needs a patient or a subject")
    if patient is not None and (need := reading.interpreter_for(patient)):
        reason = replace(reason, detail={**reason.detail, "interpreter": need})  # whoever telephones must know before dialling (HZ-36)
    if route := routes.of(session, service.id, reason.level.word):
        reason = replace(reason, ladder=list(route.rungs))  # who is there is for the service to say; how long there is stays the protocol's
    alert = _open(session, service.id, name)
    if alert is None:
        alert = _raise(session, service, patient, name, reason, by=by, now=now)
        if alert is not None:
            return alert
        alert = _open(session, service.id, name)  # another transaction raised it in between
        assert alert is not None
    _merge(session, service, alert, reason, by=by, now=now)
    return alert


def _open(session: Session, service_id: int, subject: str) -> Alert | None:
    mine = select(Alert).where(Alert.service_id == service_id, Alert.subject == subject, Alert.state != AlertState.CLOSED)
    return session.scalar(mine.with_for_update().execution_options(populate_existing=True))


def _raise(
    session: Session, service: Service, patient: Patient | None, subject: str, reason: Reason, *, by: Actor, now: datetime
) -> Alert | None:
    alert = Alert(
        service_id=service.id,
        patient_id=patient.id if patient else None,
        subject=subject,
        level=reason.level.word,
        kind=reason.kind,
        opened_at=now,
        raised_at=now,
        respond_by=reasons.respond_by(service, reason, now),
        ladder=list(reason.rungs),
        next_step_at=reasons.first_step(service, reason, now),
        assessment_id=reason.assessment_id,
    )
    try:
        with session.begin_nested():
            session.add(alert)
            session.flush()
    except IntegrityError:
        return None
    note(session, alert, "raised", by=by, now=now, detail=_said(reason))
    record(session, alert, "alert.raised", by=by, now=now, after={"level": alert.level, "kind": alert.kind})
    return alert


def _merge(session: Session, service: Service, alert: Alert, reason: Reason, *, by: Actor, now: datetime) -> None:
    if reason.assessment_id is not None and reason.level >= Level.of(alert.level):
        alert.assessment_id = reason.assessment_id  # a milder one since does not take the place of what raised it
    if reason.level <= Level.of(alert.level):
        heard = list(session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id, AlertEvent.at >= alert.raised_at)))
        if reason.signature not in {event.detail.get("signature") for event in heard}:
            note(session, alert, "merged", by=by, now=now, detail={**_said(reason), "together": _is_one_report(reason, heard, now)})
            alert.stamp += 1
            _climb_again(service, alert, reason, now)
            if alert.state == AlertState.WAITING and reason.level == Level.of(alert.level):
                back_to_team(session, alert, now=now, why="worse")
        session.flush()
        return
    before = alert.level
    alert.level, alert.kind, alert.raised_at = reason.level.word, reason.kind, now
    alert.ladder, alert.rung = list(reason.rungs), 0
    alert.respond_by = reasons.respond_by(service, reason, now)
    alert.next_step_at = reasons.first_step(service, reason, now)
    detail = _said(reason)
    if reason.level is Level.URGENT and alert.owner_id is not None:
        # Whoever took an amber alert has not seen the danger: it belongs to the team again, and pages.
        detail["taken_from"] = alert.owner_id
        alert.state, alert.owner_id, alert.owned_since = AlertState.NEW, None, None
    alert.stamp += 1
    note(session, alert, "risen", by=by, now=now, detail=detail)
    record(session, alert, "alert.risen", by=by, now=now, before=before, after=alert.level)
    if alert.state == AlertState.WAITING:
        back_to_team(session, alert, now=now, why="worse")


def _is_one_report(reason: Reason, heard: list[AlertEvent], now: datetime) -> bool:
    """Was it told by the same text as what was just noted? Two texts that waited together are read at one instant: their numbers differ."""
    just = [event for event in heard if event.at == now and event.kind in REPORTS]
    named = {event.detail["message_id"] for event in just if event.detail.get("message_id")}
    text = reason.detail.get("message_id")
    return bool(just) and (text is None or not named or text in named)


def _climb_again(service: Service, alert: Alert, reason: Reason, now: datetime) -> None:
    """A new danger on an urgent alert that nobody took calls everybody again, from the first rung; the deadline it missed stays missed.

    Only once the ladder has been climbed to its end: somebody who writes every four minutes would otherwise put off the on-call for ever.
    """
    if reason.level is not Level.URGENT or alert.state != AlertState.NEW or alert.rung < len(alert.ladder):
        return
    alert.ladder, alert.rung, alert.raised_at = list(reason.rungs), 0, now
    alert.next_step_at = reasons.first_step(service, reason, now)


def _said(reason: Reason) -> dict[str, Any]:
    said = {**reason.detail, "kind": reason.kind, "signature": reason.signature}
    if reason.assessment_id is not None:
        said["assessment_id"] = reason.assessment_id
    return said


def level_of(detail: Mapping[str, Any]) -> Level:
    """The level of the reason that an event tells, which may be milder than its alert's."""
    parts = str(detail.get("signature", "")).split("|")
    return Level.of(parts[1]) if len(parts) > 1 else Level.NONE


def back_to_team(session: Session, alert: Alert, *, now: datetime, why: str, words: str = "", by: Viewer | None = None) -> None:
    """Nobody's again: new, un-owned, ladder from the first rung, at once."""
    from_whom, before = alert.owner_id, kept(alert)
    alert.state, alert.owner_id, alert.owned_since = AlertState.NEW, None, None
    alert.rung, alert.raised_at, alert.next_step_at = 0, now, now
    alert.stamp += 1
    actor = by.actor if by else SYSTEM
    note(session, alert, "returned", by=actor, now=now, detail={"why": why, "from": from_whom, "note": words} | before)
    record(session, alert, "alert.returned", by=actor, now=now, before=from_whom, reason=why)


def kept(alert: Alert) -> dict[str, Any]:
    """What an act is about to change, as its event keeps it: {"before": …}."""
    values = {name: getattr(alert, name) for name in KEPT}
    return {"before": {name: one.isoformat() if isinstance(one, datetime) else one for name, one in values.items()}}


def note(session: Session, alert: Alert, kind: str, *, by: Actor, now: datetime, detail: dict[str, Any] | None = None) -> None:
    """Write one line of the alert's story."""
    session.add(AlertEvent(alert_id=alert.id, at=now, kind=kind, level=alert.level, actor=str(by), actor_name=by.name, detail=detail or {}))
    session.flush()


def record(
    session: Session, alert: Alert, action: str, *, by: Actor, now: datetime, before: object = None, after: object = None, reason: str = ""
) -> None:
    """The same act in the audit trail."""
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"alert:{alert.id}",
        service_id=alert.service_id,
        patient_id=alert.patient_id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )
