"""What was said before a person closed its alert: it has had its turn, and does not ring again because something milder is said after it.

Only an alert that somebody closed, having reached the patient, takes its words with it; and only words and answers that whoever closed it
can have seen. Everything else rings: a danger no person has seen is never swallowed. Opened again, an alert brings its words back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent, AlertState, Outcome
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.messaging import pages
from app.messaging.models import Message
from triage.conditions import ANY
from triage.engine.house import DANGER, EXCEPTION, FLOOR, UNJUDGED, WAITING
from triage.protocol import Protocol
from triage.terms import Level, Step

UNSEEN = timedelta(minutes=1)
"""What the patient says this shortly before a close may not have been on the screen yet: it rings (house rule of Vigie, 2026-11-23)."""
NEVER = frozenset({DANGER, FLOOR, EXCEPTION, UNJUDGED, WAITING})
"""Steps of the house: words are dealt with one by one (``words``), and what nobody could judge or asked is told each time."""


def closed(session: Session, checkin: CheckIn) -> list[Alert]:
    """Alerts of this patient that a person closed after speaking with somebody, latest first."""
    mine = (Alert.patient_id == checkin.patient_id, Alert.state == AlertState.CLOSED, Alert.closed_by_id.is_not(None))
    ended = (Alert.outcome != Outcome.NOT_REACHED, Alert.closed_at.is_not(None))
    return list(session.scalars(select(Alert).where(*mine, *ended).order_by(Alert.closed_at.desc())))


def words(session: Session, message: Message, alerts: Iterable[Alert]) -> bool:
    """Were these words in an alert of ``closed``, told to whoever closed it? alerts: as ``closed`` gives them."""
    for alert in alerts:
        told = _told_in(session, alert, message)
        if told is not None and alert.closed_at is not None and told <= _seen_until(alert, message.carrier):
            return True
    return False


def _told_in(session: Session, alert: Alert, message: Message) -> datetime | None:
    """When the alert was told of these words; None when it never was."""
    events = session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id))
    named = [event.at for event in events if event.detail.get("message_id") == message.id and event.kind in ("raised", "risen", "merged")]
    if named:
        return named[-1]
    if message.alert_id is not None:  # a danger names its alert; without one only the floor of the words counts, and the hour says which
        return None
    heard = message.read_at or message.created_at
    return heard if alert.closed_at is not None and alert.opened_at <= heard <= alert.closed_at else None


def steps(session: Session, checkin: CheckIn, protocol: Protocol, fired: Iterable[Step]) -> frozenset[str]:
    """Rules that fire on answers alone which a closed alert has held already, at that level and on the same facts.

    An answer given again since, even the same one, is said anew.
    """
    asked = {rule.id: frozenset[str]().union(*(one.keys for one in rule.conditions)) for rule in protocol.rules}
    loud = [one for one in fired if one.level >= Level.MODERATE and not one.error and one.rule not in NEVER and asked.get(one.rule)]
    alerts = closed(session, checkin) if loud else []
    if not alerts:
        return frozenset()
    rows = list(session.scalars(select(AnswerRow).where(AnswerRow.checkin_id == checkin.id, AnswerRow.replaced_at.is_(None))))
    judged = list(session.scalars(select(AssessmentRow).where(AssessmentRow.checkin_id == checkin.id)))
    return frozenset(step.rule for step in loud if any(_held(alert, judged, rows, step, asked[step.rule]) for alert in alerts))


def _held(alert: Alert, judged: Iterable[AssessmentRow], rows: Iterable[AnswerRow], step: Step, keys: frozenset[str]) -> bool:
    assert alert.closed_at is not None
    read = [row for row in rows if row.key in keys or (ANY in keys and row.value != "0")]  # the worst of all is never a zero
    if not read or any(row.at > _seen_until(alert, row.source) for row in read):
        return False
    last = max(row.at for row in read)
    during = [row for row in judged if max(alert.opened_at, last) <= row.at <= alert.closed_at]
    return any(_same(one, step) for row in during for one in row.result.get("steps", ()))


def _same(one: dict[str, object], step: Step) -> bool:
    """The same rule on the same values, as it was told."""
    is_it = one.get("rule") == step.rule and bool(one.get("fired")) and one.get("inputs") == dict(step.inputs)
    return is_it and Level.of(str(one.get("level"))) >= step.level


def _seen_until(alert: Alert, source: str) -> datetime:
    """Said on a call, it was heard as it was said; from elsewhere it needs a moment to be on the screen."""
    assert alert.closed_at is not None
    return alert.closed_at if source == pages.CALL else alert.closed_at - UNSEEN
