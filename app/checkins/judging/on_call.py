"""How grave what a call has told is, by the engine that judges it, and what such a call may end in (AMA-4, HZ-01)."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import raising
from app.alerts.models import Alert, AlertState
from app.care.contact_models import Contact, ContactOutcome
from app.checkins.judging import dealt, previewing
from app.checkins.models import CheckIn
from app.people import respondents
from app.people.models import Patient
from app.people.perimeter import Viewer
from app.protocols import looks
from triage.terms import Level

log = structlog.get_logger(__name__)


def level(session: Session, patient: Patient, checkin: CheckIn | None, *, now: datetime) -> Level:
    """Of what stands unhandled: the answers and words of the check-in, and an urgent alert that is open. Values of the chart ring apart.

    What cannot be judged is high: a person looks.
    """
    alert = open_alert(session, patient)
    if alert is not None and Level.of(alert.level) is Level.URGENT:
        return Level.URGENT
    if checkin is None or checkin.opened_at is None:
        return Level.NONE
    try:
        with session.begin_nested():
            return _told(session, patient, checkin, now)
    except Exception:
        log.exception("the level of a call could not be worked out", checkin_id=checkin.id)
        return Level.HIGH


def _told(session: Session, patient: Patient, checkin: CheckIn, now: datetime) -> Level:
    seen = previewing.preview(session, patient, checkin, {}, by=respondents.may_speak(patient)[0], now=now)
    if seen is None:
        return Level.NONE
    chart = {rule.id for rule in seen.protocol.rules if looks.standing(seen.protocol, rule)}
    fired = [step for step in seen.assessment.steps if step.fired and step.rule not in chart]
    held = dealt.steps(session, checkin, seen.protocol, fired)
    return max((step.level for step in fired if step.rule not in held), default=Level.NONE)


def open_alert(session: Session, patient: Patient) -> Alert | None:
    """The alert of this patient that is not closed."""
    mine = (Alert.service_id == patient.service_id, Alert.patient_id == patient.id, Alert.state != AlertState.CLOSED)
    return session.scalar(select(Alert).where(*mine).order_by(Alert.id.desc()).limit(1))


def unfit(told: Level, outcome: str, words: str) -> dict[str, str]:
    """What keeps a call that told this from closing so, all of it at once, beside what it is about; {} when nothing does."""
    if told < Level.HIGH:
        return {}
    found = {} if words.strip() else {"words": "Write what was done about it: what was told is high or urgent."}
    if outcome == ContactOutcome.NONE:
        found["outcome"] = "What was told is high or urgent, or an urgent alert is open. Choose nurse under a protocol, or doctor."
    return found


def link(session: Session, patient: Patient, contact: Contact, *, by: Viewer, now: datetime) -> None:
    """The alert that stays open says in its story that this call was made, and how it ended."""
    alert = open_alert(session, patient)
    words = "\n".join(one for one in (contact.words, contact.doctor_order) if one)
    if alert is not None and words:
        raising.note(session, alert, "note", by=by.actor, now=now, detail={"note": words, "contact_id": contact.id})
