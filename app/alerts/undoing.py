"""Ten seconds to take an act back: take, close, put aside, hand over. By whoever did it, and as long as nothing has followed.

Later, what was closed is opened again with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import arrival, one_call, promised, sending_help, tasks
from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.alerts.raising import KEPT, note, record
from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.perimeter import Viewer

LASTS = timedelta(seconds=10)
"""House rule, 2026-11-23: a slip of the finger is seen at once; what is older is mended by an act of its own, with a reason."""

ACTS = ("taken", "closed", "waiting", "handed_over", "returned")
BESIDE = ("told", "merged")
"""What may happen in those seconds without making the act another's: a delivery report, a further report of the same level."""


def last_act(session: Session, alert_id: int, *, by: Actor, now: datetime) -> AlertEvent | None:
    """The act of this person that may still be taken back; None when it is too late, or when something has followed."""
    story = select(AlertEvent).where(AlertEvent.alert_id == alert_id, AlertEvent.kind.not_in(BESIDE))
    event = session.scalar(story.order_by(AlertEvent.id.desc()).limit(1))
    if event is None or event.kind not in ACTS or event.actor != str(by) or "before" not in event.detail:
        return None
    return event if now - event.at <= LASTS else None


def undo(session: Session, alert: Alert, *, by: Viewer, now: datetime) -> Alert:
    """Everything as it was before this person's last act; the story keeps both. Raises Refusal when it is too late."""
    event = last_act(session, alert.id, by=by.actor, now=now)
    if event is None:
        raise Refusal("Too late to undo: ten seconds have passed, or something has followed. Nothing was changed.")
    if event.kind == "closed" and _another_is_open(session, alert):
        raise Refusal("This patient already has an open alert. Work on that one.")
    before = {name: _read(name, event.detail["before"][name]) for name in KEPT}
    if event.kind == "closed":
        before |= {"outcome": "", "outcome_note": "", "closed_at": None, "closed_by_id": None}
    done = session.execute(update(Alert).where(Alert.id == alert.id, Alert.stamp == alert.stamp).values(**before, stamp=Alert.stamp + 1))
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        raise Refusal("Too late to undo: ten seconds have passed, or something has followed. Nothing was changed.")
    if event.kind == "closed":
        for task_id in one_call.of_close(session, alert).ended:
            task = session.get_one(Task, task_id)
            tasks.reopen(session, task, by=by.actor, now=now, due_at=task.due_at, reason="undone")
        arrival.take_back(session, alert, by=by.actor, now=now)
        promised.take_back(session, alert, by=by.actor, now=now)
    session.refresh(alert)
    note(session, alert, "undone", by=by.actor, now=now, detail={"act": event.kind, "event_id": event.id})
    record(session, alert, "alert.undone", by=by.actor, now=now, before=event.kind, after=alert.state)
    return alert


def reopen(session: Session, alert: Alert, *, by: Viewer, now: datetime, reason: str) -> Alert:
    """Open a closed alert again, with a reason, and the calls its close had ended; refused while the patient has another open alert.

    Its limit and its ladder go on from where they were: what the patient was promised does not move because somebody closed it by mistake.
    """
    if not reason.strip():
        raise Refusal("Write why it is opened again.", field="reason", status=422)
    if alert.state != AlertState.CLOSED:
        raise Refusal("This alert is already open.")
    if _another_is_open(session, alert):
        raise Refusal("This patient already has an open alert. Work on that one.")
    _open_again(session, alert, by=by.actor, now=now, reason=reason.strip())
    return alert


def never_there(session: Session, patient_id: int, *, since: datetime, by: Actor, now: datetime, reason: str) -> Alert | None:
    """A stay in hospital noted at ``since`` never was: an urgent alert that closed since with nobody spoken to, because of it, opens again.

    The last one, unless another is open; None where there is none.
    """
    closed = (Alert.patient_id == patient_id, Alert.state == AlertState.CLOSED, Alert.closed_at >= since)
    for alert in session.scalars(select(Alert).where(*closed).order_by(Alert.closed_at.desc(), Alert.id.desc())):
        decided = sending_help.decision(session, alert) is not None
        if sending_help.must_speak(session, alert) and not decided and not _another_is_open(session, alert):
            _open_again(session, alert, by=by, now=now, reason=reason)
            return alert
    return None


def _open_again(session: Session, alert: Alert, *, by: Actor, now: datetime, reason: str) -> None:
    before = alert.outcome
    alert.state, alert.owner_id, alert.owned_since = AlertState.NEW, None, None
    alert.outcome, alert.outcome_note, alert.closed_at, alert.closed_by_id = "", "", None, None
    alert.next_step_at = now
    alert.stamp += 1
    calls = one_call.begin_again(session, alert, by=by, now=now, reason=reason)
    note(session, alert, "reopened", by=by, now=now, detail={"reason": reason, "outcome_before": before, "calls": calls})
    record(session, alert, "alert.reopened", by=by, now=now, before=before, reason=reason)


def _read(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value is not None and name in ("owned_since", "next_step_at", "raised_at") else value


def _another_is_open(session: Session, alert: Alert) -> bool:
    same = (Alert.service_id == alert.service_id, Alert.subject == alert.subject, Alert.state != AlertState.CLOSED)
    return session.scalar(select(Alert.id).where(*same)) is not None


def standing(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    """Those of an alert that nobody took back: on paper, an undone close would say that an ambulance left."""
    found = list(events)
    taken_back = {event.detail.get("event_id") for event in found if event.kind == "undone"}
    return [event for event in found if event.id not in taken_back]
