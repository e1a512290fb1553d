"""What was told or raised since the last check-in, and what became of it: better or worse is never said without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import undoing
from app.alerts.models import Alert, AlertEvent, AlertState
from app.insight import quotes
from app.insight.facts import REASONS
from app.messaging.models import Message
from app.people import absences
from app.people.models import Absence, Patient
from app.web.patient.chart_data import Heard
from app.web.ward.saying import level_of
from triage.terms import Level

FATE = (
    "called",
    "waiting",
    "handed_over",
    "returned",
    "decided",
    "doctor_asked",
    "doctor_answered",
    "doctor_corrected",
    "doctor_replaced",
    "closed",
    "reopened",
)
"""What became of an alert, as its events tell it; who has it is said by the alert itself."""

TOLD = tuple(kind for kind in REASONS if kind != "reopened")
LAST_STEPS = 4
MOST = 6
"""Alerts named at once; the story has every one."""


@dataclass(frozen=True)
class Told:
    """One alert that is open, or that was raised again today or since the last check-in. said: why, each with the words it was told in."""

    alert: Alert
    said: Sequence[tuple[AlertEvent, Message | None]]
    fate: Sequence[AlertEvent]
    forbids: bool
    level: str

    @property
    def is_open(self) -> bool:
        """Somebody must still act."""
        return self.alert.state != AlertState.CLOSED


@dataclass(frozen=True)
class Lately:
    """forbids: something newer or graver stands than what the last check-in scored, so no score is called better or unchanged."""

    told: Sequence[Told] = ()
    stays: Sequence[Absence] = ()

    @property
    def forbids(self) -> bool:
        """May a score that went down be called better? Not while this holds."""
        return any(one.forbids for one in self.told) or bool(self.stays)


def of(session: Session, patient: Patient, scored: Heard | None, now: datetime) -> Lately:
    """scored: the last check-in with scores, whose comparison stands below."""
    midnight = now.astimezone(ZoneInfo(patient.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = _answered_at(scored, now)
    mine = select(Alert).where(Alert.patient_id == patient.id)
    since = min(midnight, asked)
    recent = mine.where((Alert.state != AlertState.CLOSED) | (Alert.raised_at >= since) | (Alert.closed_at >= since))
    alerts = list(session.scalars(recent.order_by(Alert.id)))
    named = quotes.named(session, {event.detail.get("message_id") for alert in alerts for event in alert.events})
    found = [one for alert in alerts if (one := _told(alert, named, scored, since=since, asked=asked))]
    found.sort(key=lambda one: (one.is_open, Level.of(one.level), one.said[0][0].at), reverse=True)
    return Lately(found[:MOST], [row for row in absences.standing(session, patient.id) if row.kind in absences.STAYS])


def _answered_at(scored: Heard | None, now: datetime) -> datetime:
    """When the first of the compared scores was given: a danger told between them and their judgement is newer than they are."""
    if scored is None:
        return now - timedelta(days=14)
    return min((row.at for row in scored.standing if row.key in scored.scores), default=scored.at)


def _told(alert: Alert, named: dict[int, Message], scored: Heard | None, *, since: datetime, asked: datetime) -> Told | None:
    is_open = alert.state != AlertState.CLOSED
    why = [event for event in alert.events if event.kind in TOLD and (is_open or event.at >= since)]
    if not why and not is_open and alert.closed_at is not None and alert.closed_at >= asked:
        why = [event for event in alert.events if event.kind in TOLD]  # raised before, closed since: its end is news
    if not why:
        return None
    shown = sorted(why, key=lambda event: (level_of(event.detail), event.at), reverse=True)[:LAST_STEPS]
    return Told(
        alert=alert,
        said=[(event, named.get(event.detail.get("message_id") or 0)) for event in shown],
        fate=[event for event in undoing.standing(alert.events) if event.kind in FATE and event.at >= min(one.at for one in why)][
            -LAST_STEPS:
        ],
        forbids=any(_forbids(event, scored, is_open=is_open, asked=asked) for event in why),
        level=max((level_of(event.detail) for event in shown), default=Level.of(alert.level)).word if not is_open else alert.level,
    )


def _forbids(event: AlertEvent, scored: Heard | None, *, is_open: bool, asked: datetime) -> bool:
    """Newer than the scores, or grave and still open. What the scores themselves raised is told by them, unless it is urgent."""
    level = level_of(event.detail)
    if scored is not None and event.detail.get("checkin_id") == scored.assessment.checkin_id and not event.detail.get("dangers"):
        return is_open and level >= Level.URGENT
    if scored is not None and event.detail.get("assessment_id") == scored.assessment.id:
        return is_open and level >= Level.URGENT
    return event.at >= asked or (is_open and level >= Level.HIGH)
