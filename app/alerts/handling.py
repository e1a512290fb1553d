"""What people do with an alert: take, call, wait, hand over, decide, close, undo, reopen. One owner at a time; conflicts told in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import arrival, handing, one_call, promised, sending_help, spoken, tasks, undoing
from app.alerts.handing import held_until
from app.alerts.models import ALERT_MOVES, Alert, AlertEvent, AlertState, Outcome
from app.alerts.raising import back_to_team, consider, kept, note, record
from app.alerts.reasons import Reason
from app.core.audit import SYSTEM
from app.core.errors import Conflict, NotFound, Refusal
from app.people import care_team
from app.people.models import Service, Staff
from app.people.perimeter import Viewer
from triage.terms import Level

__all__ = [
    "Reason",
    "back_to_team",
    "call_logged",
    "close",
    "consider",
    "decide",
    "get",
    "hand_over",
    "held_until",
    "latest_wait",
    "open_alerts",
    "owned",
    "release",
    "reopen",
    "take",
    "told",
    "undo",
    "wait",
]

NEEDS_NOTE = {Outcome.OTHER, Outcome.NURSE_PROTOCOL, Outcome.DOCTOR_DECISION}
"""Outcomes that say nothing without words: which protocol, which doctor and decision, what else."""


def get(session: Session, alert_id: int, *, viewer: Viewer) -> Alert:
    """The alert, if it is in the viewer's service. Raises NotFound."""
    mine = viewer.service_id if viewer.may("see_alerts") else None
    alert = session.scalar(select(Alert).where(Alert.id == alert_id, Alert.service_id == mine).execution_options(populate_existing=True))
    if alert is None:
        raise NotFound("This alert")
    return alert


def open_alerts(session: Session, *, viewer: Viewer) -> list[Alert]:
    """Every alert of the viewer's service that is not closed."""
    mine = viewer.service_id if viewer.may("see_alerts") else None
    return list(session.scalars(select(Alert).where(Alert.service_id == mine, Alert.state != AlertState.CLOSED).order_by(Alert.id)))


def take(session: Session, alert_id: int, *, by: Viewer, now: datetime) -> Alert:
    """Become the owner. Taking one's own again changes nothing; somebody else's raises Conflict with who and since when."""
    alert = _acting(session, alert_id, by)
    before = kept(alert)
    claimed = session.execute(
        update(Alert)
        .where(Alert.id == alert_id, Alert.state == AlertState.NEW)
        .values(state=AlertState.TAKEN, owner_id=by.actor.id, owned_since=now, stamp=Alert.stamp + 1)
    )
    session.refresh(alert)
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        if alert.owner_id == by.actor.id and alert.state != AlertState.CLOSED:
            return alert
        raise _conflict(session, alert, now)
    alert.next_step_at = held_until(session, alert, now)
    note(session, alert, "taken", by=by.actor, now=now, detail=before)
    record(session, alert, "alert.taken", by=by.actor, now=now)
    return alert


def call_logged(session: Session, alert_id: int, *, by: Viewer, now: datetime, reached: bool, whom: str, words: str = "") -> Alert:
    """A telephone call was made: to whom, whether somebody answered, what was said. The owner keeps the alert longer."""
    alert = owned(session, alert_id, by=by, now=now)
    _move(alert, AlertState.IN_PROGRESS)
    alert.next_step_at = held_until(session, alert, now)
    note(session, alert, "called", by=by.actor, now=now, detail={"reached": reached, "whom": whom, "note": words})
    record(session, alert, "alert.called", by=by.actor, now=now, after={"reached": reached, "whom": whom})
    return alert


def latest_wait(service: Service, now: datetime) -> datetime:
    """The last instant anything may be put aside until: the end of the service's next working day."""
    today = now.astimezone(ZoneInfo(service.timezone)).date()
    for offset in range(1, care_team.HORIZON_DAYS):
        if spans := care_team.spans_of(service, today + timedelta(days=offset)):
            return spans[-1][1]
    return now + timedelta(days=1)


def wait(
    session: Session,
    alert_id: int,
    *,
    by: Viewer,
    now: datetime,
    until: datetime | None = None,
    until_worse: bool = False,
    words: str = "",
) -> Alert:
    """Put aside until a time, or until worse, at the latest until the end of the next working day. Whatever gets worse comes back at once.

    Refusal for urgent, for the past, and beyond that day.
    """
    alert = owned(session, alert_id, by=by, now=now)
    if Level.of(alert.level) is Level.URGENT:
        raise Refusal("An urgent alert does not wait. Call, hand over, or close it with what was decided.")
    last = latest_wait(session.get_one(Service, alert.service_id), now)
    until = last if until_worse and until is None else until
    if until is None or until <= now:
        raise Refusal("This time is past. Choose a later one.", field="until", status=422)
    if until > last:
        raise Refusal("An alert waits until the next working day at most. Choose an earlier time.", field="until", status=422)
    before = kept(alert)
    _move(alert, AlertState.WAITING)
    alert.next_step_at = until
    said = {"until": until.isoformat(), "worse": until_worse, "note": words}
    note(session, alert, "waiting", by=by.actor, now=now, detail=said | before)
    record(session, alert, "alert.waiting", by=by.actor, now=now, after=until.isoformat())
    return alert


def release(session: Session, alert_id: int, *, by: Viewer, now: datetime, words: str = "") -> Alert:
    """Give it back to the team; its ladder starts again."""
    alert = owned(session, alert_id, by=by, now=now)
    back_to_team(session, alert, now=now, why="released", words=words, by=by)
    return alert


def hand_over(
    session: Session, alert_id: int, *, to_staff_id: int, by: Viewer, now: datetime, words: str = "", absent_known: bool = False
) -> Alert:
    """Pass it to a colleague who may act; an urgent one to somebody who is not at work only knowingly (``absent_known``)."""
    alert, known = _acting(session, alert_id, by), absent_known
    return handing.hand_over(session, alert, to_staff_id=to_staff_id, by=by, now=now, words=words, absent_known=known)


def close(session: Session, alert_id: int, *, by: Viewer, now: datetime, outcome: str, words: str = "", spoke_to: str = "") -> Alert:
    """End it with what was done. Only its owner closes; some outcomes need words, not reached a call; an urgent alert never.

    spoke_to: who was reached (``spoken.WITH_THEM``), when that call is noted with the close; an urgent alert needs it, or a call noted
    before (``sending_help.check``). The call the patient had asked for ends in the same act when somebody was reached; else it stays to be
    made, at its own hour, and so does the call that a text promised. Sent to emergency, somebody checks that help arrived.
    """
    if outcome not in set(Outcome):
        raise Refusal("Choose what was done.", field="outcome", status=422)
    if spoke_to and spoke_to not in spoken.WITH_THEM:
        raise Refusal("Choose to whom you spoke: the patient, a relative or the home nurse.", field="spoke", status=422)
    alert = owned(session, alert_id, by=by, now=now)
    tasks.hold(session, alert.patient_id)
    if spoke_to:
        alert = call_logged(session, alert_id, by=by, now=now, reached=True, whom=spoke_to)
    chosen = Outcome(outcome)
    sending_help.check(session, alert, chosen, words)
    if chosen is Outcome.NOT_REACHED and not any(_in_vain(event) for event in alert.events):
        raise Refusal("Note the call that nobody answered first: not reached says that somebody tried.", field="outcome", status=422)
    if chosen in NEEDS_NOTE and not words.strip():
        raise Refusal("Write what was done: this outcome says nothing without it.", field="note", status=422)
    before = kept(alert)
    calls = one_call.end(session, alert, by=by.actor, now=now, outcome=chosen, words=words.strip())
    promised.keep(session, alert, by=by.actor, now=now, outcome=chosen)
    _move(alert, AlertState.CLOSED)
    alert.outcome, alert.outcome_note, alert.closed_at, alert.closed_by_id = chosen, words.strip(), now, by.actor.id
    alert.next_step_at = None
    note(
        session,
        alert,
        "closed",
        by=by.actor,
        now=now,
        detail={"outcome": str(chosen), "note": words.strip(), "calls": list(calls.ended), "calls_left": list(calls.left)} | before,
    )
    record(session, alert, "alert.closed", by=by.actor, now=now, after=str(chosen), reason=words.strip())
    if chosen is Outcome.SENT_TO_EMERGENCY:
        arrival.ask(session, alert, by=by.actor, now=now)
    return alert


def decide(session: Session, alert_id: int, *, by: Viewer, now: datetime, what: str, decided_by: str, why: str) -> Alert:
    """Its owner records a decision about sending help, where nobody could be reached."""
    return sending_help.decide(session, owned(session, alert_id, by=by, now=now), by=by, now=now, what=what, decided_by=decided_by, why=why)


def undo(session: Session, alert_id: int, *, by: Viewer, now: datetime) -> Alert:
    """Take one's own last act back, within ten seconds."""
    return undoing.undo(session, _acting(session, alert_id, by), by=by, now=now)


def reopen(session: Session, alert_id: int, *, by: Viewer, now: datetime, reason: str) -> Alert:
    """Open a closed alert again, with a reason, and the calls its close had ended; refused while the patient has another open alert."""
    alert = _acting(session, alert_id, by)
    return undoing.reopen(session, alert, by=by, now=now, reason=reason)


def told(session: Session, alert: Alert, *, message_id: int | None, now: datetime, understood: bool = True) -> None:
    """What the patient was told: a safety text is queued, or (None) it cannot leave, and the alert says NOT told in capitals.

    understood: False when it leaves in a language they do not read. It then counts as not told whatever the carrier reports: its arrival
    must not reassure anybody.
    """
    alert.told, alert.told_message_id = ("queued", message_id) if message_id is not None else ("not_told", None)
    if message_id is not None and not understood:
        alert.told, alert.told_message_id = "unreadable", None
    alert.stamp += 1
    note(session, alert, "told", by=SYSTEM, now=now, detail={"told": alert.told, "message_id": message_id})


def _in_vain(event: AlertEvent) -> bool:
    return event.kind == "called" and not event.detail.get("reached")


def _acting(session: Session, alert_id: int, by: Viewer) -> Alert:
    by.require("act_on_alerts")
    if by.actor.kind != "staff":
        raise Refusal("An alert is treated by a person: say who acts.", field="by", status=422)
    return get(session, alert_id, viewer=by)


def owned(session: Session, alert_id: int, *, by: Viewer, now: datetime) -> Alert:
    """The alert, locked, if this person has it. Raises Refusal when nobody has taken it, Conflict with who has."""
    alert = _acting(session, alert_id, by)
    locked = session.scalar(select(Alert).where(Alert.id == alert.id).with_for_update().execution_options(populate_existing=True))
    assert locked is not None
    if locked.state == AlertState.NEW:
        raise Refusal("Take the alert first: an alert has one owner, and the list shows who.")
    if locked.state == AlertState.CLOSED or locked.owner_id != by.actor.id:
        raise _conflict(session, locked, now)
    return locked


def _move(alert: Alert, to: AlertState) -> None:
    if to != alert.state and to not in ALERT_MOVES[AlertState(alert.state)]:
        raise Refusal("This step is not possible: the alert is {state}.", state=alert.state)
    alert.state = to
    alert.stamp += 1


def _conflict(session: Session, alert: Alert, now: datetime) -> Conflict:
    if alert.state == AlertState.CLOSED:
        closer = session.get(Staff, alert.closed_by_id) if alert.closed_by_id else None
        return Conflict("{name} closed this alert {ago}.", name=closer.name if closer else "?", ago=_ago(alert.closed_at, now))
    owner = session.get(Staff, alert.owner_id) if alert.owner_id else None
    return Conflict("{name} took this alert {ago}.", name=owner.name if owner else "?", ago=_ago(alert.owned_since, now))


def _ago(then: datetime | None, now: datetime) -> timedelta:
    return now - then if then else timedelta(0)
