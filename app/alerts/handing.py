"""Who has an alert and how long it stays theirs: what passes from hand to hand, and the hour it is the team's again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.alerts import reasons
from app.alerts.models import Alert, AlertState
from app.alerts.raising import kept, note, record
from app.core.errors import Refusal
from app.people import members, stand_ins
from app.people.models import Service, Staff
from app.people.perimeter import Viewer, viewer_of
from triage.terms import Level


def held_until(session: Session, alert: Alert, now: datetime) -> datetime:
    """When an owned alert without outcome goes back to the team: after its level's limit, or at the end of the owner's shift."""
    service = session.get_one(Service, alert.service_id)
    level = Level.of(alert.level)
    limit = reasons.deadline(service, level, now, reasons.HELD[level])
    ends = stand_ins.shift_ends(session, alert.owner_id, now) if alert.owner_id else None
    return min(limit, ends) if ends else limit


def hand_over(
    session: Session, alert: Alert, *, to_staff_id: int, by: Viewer, now: datetime, words: str = "", absent_known: bool = False
) -> Alert:
    """Pass it to a colleague of the service who may act. The owner hands over; a colleague may take over an owned one the same way.

    absent_known: whoever hands over an urgent alert has said that this colleague is not at work; without it such a hand-over is refused,
    because the alert would then wait under a name, for nobody.
    """
    colleague = session.get(Staff, to_staff_id)
    if (
        colleague is None
        or not colleague.active
        or not members.works_in(session, colleague, alert.service_id)
        or not viewer_of(colleague).may("act_on_alerts")
    ):
        raise Refusal("Choose a colleague of this service who treats alerts.", field="to", status=422)
    if alert.state in (AlertState.NEW, AlertState.CLOSED):
        raise Refusal("Only an alert that somebody has taken can be handed over. Take it first.")
    if not absent_known and _is_for_nobody(session, alert, colleague, by, now):
        raise Refusal(
            "{name} is not at work now: this urgent alert would stay with nobody. Choose somebody who is there, or tick that you know.",
            field="absent_known",
            status=422,
            name=colleague.name,
        )
    before, as_it_was = session.get(Staff, alert.owner_id) if alert.owner_id else None, kept(alert)
    alert.state, alert.owner_id, alert.owned_since = AlertState.TAKEN, colleague.id, now
    alert.next_step_at = held_until(session, alert, now)
    alert.stamp += 1
    given = {"to": colleague.name, "to_id": colleague.id, "note": words}
    taken = {"from": before.id if before else None, "from_name": before.name if before else ""}
    note(session, alert, "handed_over", by=by.actor, now=now, detail=given | taken | as_it_was)
    record(session, alert, "alert.handed_over", by=by.actor, now=now, before=before.id if before else None, after=colleague.id)
    return alert


def _is_for_nobody(session: Session, alert: Alert, colleague: Staff, by: Viewer, now: datetime) -> bool:
    """Urgent, and given to somebody else who is off duty."""
    urgent = Level.of(alert.level) is Level.URGENT
    return urgent and colleague.id != by.actor.id and stand_ins.is_off(session, colleague.id, alert.service_id, now)
