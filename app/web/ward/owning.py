"""What only whoever acts on an alert needs of it: how it may close, what is left to try, how long it may wait, which replies are ready."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.alerts import promised, replies, sending_help, undoing
from app.alerts.models import Alert, AlertEvent
from app.alerts.raising import REPORTS, level_of
from app.checkins.models import AssessmentRow
from app.core.audit import Actor
from app.insight import teams
from app.insight.quotes import SILENT
from app.insight.teams import Presence
from app.people import care_team
from app.people.models import Patient, Service
from app.web.patient import chart_data
from app.web.render import Page
from triage.engine.house import WAITING
from triage.terms import Level

USUAL_CTCAE = "5.0"
"""The version a grade is given in when the protocol names none: labels and dose tables are written for it."""


def grade_version(session: Session, alert: Alert) -> str:
    """The CTCAE version of the protocol that judged."""
    judged = session.get(AssessmentRow, alert.assessment_id) if alert.assessment_id else None
    protocol = chart_data.protocol_of(session, judged.version_id if judged else None)
    return (protocol.ctcae if protocol else "") or USUAL_CTCAE


def of_owner(page: Page, session: Session, alert: Alert | None, patient: Patient | None) -> dict[str, Any]:
    """What only whoever acts on it needs: replies, how it may close, what is left to try."""
    if not page.viewer.may("act_on_alerts"):
        return {}
    found: dict[str, Any] = {"offers": replies.offers(session, patient, alert, page.now) if patient else ()}
    if alert is None:
        return found
    needed, speak = sending_help.is_needed(session, alert), sending_help.must_speak(session, alert)
    return found | {
        "outcomes": sending_help.allowed(session, alert),
        "must_speak": speak,
        "help_needed": needed,
        "help_left": sending_help.left_to_try(session, alert) if speak else (),
        "decided": sending_help.decision(session, alert) if needed else None,
        "promised": promised.standing(session, alert),
        "undoable": undoing.last_act(session, alert.id, by=page.viewer.actor, now=page.now) is not None,
    }


def colleagues(page: Page, session: Session) -> Sequence[Presence]:
    """Who it may be handed to, whoever is there now first."""
    if page.who is None or page.viewer.service_id is None:
        return ()
    return teams.presence(session, chart_data.colleagues(session, page.who.staff_id, page.viewer.service_id), page.now)


def waits(session: Session, alert: Alert, now: datetime) -> list[datetime]:
    """Times an alert may be put aside until: in one, two, four hours, and the next opening."""
    service = session.get_one(Service, alert.service_id)
    soon = [now + timedelta(hours=hours) for hours in (1, 2, 4)]
    tomorrow = care_team.next_opening(service, now + timedelta(hours=12))
    return [at for at in (*soon, tomorrow) if care_team.is_open(service, at)]


def came_since(alert: Alert, read: int, by: Actor) -> list[AlertEvent]:
    """What joined an alert after its event ``read``, the last that this person saw when they began to close it; oldest first.

    Closed over, a new danger would be nobody's: it was told to an alert that somebody ended without having read it.
    """
    return [event for event in alert.events if event.id > read and event.kind in REPORTS and event.actor != str(by)]


def is_of_silence(alert: Alert) -> bool:
    """Does it tell first of an answer that did not come? The reason of a silence is asked of whoever closes such an alert, and of no other.

    Whoever closes a chest pain is not kept by last week's silence, whatever else the alert tells.
    """
    told = [(level_of(event.detail), _is_silent(event)) for event in alert.events if event.kind in REPORTS]
    silent = max((level for level, is_silent in told if is_silent), default=Level.NONE)
    return silent > max((level for level, is_silent in told if not is_silent), default=Level.NONE)


def _is_silent(event: AlertEvent) -> bool:
    """No answer at all, or a red flag still unknown when its questions closed."""
    rules = set(event.detail.get("rules") or ())
    return event.detail.get("kind") in SILENT or (bool(rules) and rules <= {WAITING})
