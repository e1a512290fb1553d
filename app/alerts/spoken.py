"""Was somebody spoken to about an alert since it was opened, opened again, or rose? An urgent one does not close before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import admission
from app.alerts.models import Alert, AlertEvent
from app.care.contact_models import Contact, ContactState
from app.people import absences

WITH_THEM = ("patient", "relative", "home_nurse")
"""The patient, or somebody who may be beside them. A doctor reached says nothing of how the patient is."""

BEGINS = ("reopened", "risen")
"""After these, a word of before says nothing any more (house rule, 2026-11-23)."""


def since_opened(session: Session, alert: Alert) -> list[AlertEvent]:
    """Its story since it was last opened or rose, oldest first."""
    events = list(session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id)))
    last = max((event.id for event in events if event.kind in BEGINS), default=0)
    return [event for event in events if event.id > last]


def calls(session: Session, alert: Alert) -> list[AlertEvent]:
    """Calls noted on it since then."""
    return [event for event in since_opened(session, alert) if event.kind == "called"]


def reached_at(session: Session, alert: Alert) -> datetime | None:
    """When the patient, or somebody with them, was last reached by a call noted on it since then."""
    return max((event.at for event in since_opened(session, alert) if _reached(event)), default=None)


def anybody(session: Session, alert: Alert, *, after: datetime | None = None) -> bool:
    """Was the patient, or somebody with them, spoken to since then? A call noted, a doctor's answer told by voice, a closed call sheet.

    after: leave out what was said before this instant.
    """
    story = (event for event in since_opened(session, alert) if after is None or event.at >= after)
    if any(event.kind == "doctor_told" or _reached(event) for event in story):
        return True
    if alert.patient_id is None:
        return False
    sheet = select(Contact.id).where(
        Contact.patient_id == alert.patient_id,
        Contact.service_id == alert.service_id,
        Contact.state == ContactState.CLOSED,
        Contact.reached,
        Contact.caller.in_(WITH_THEM),
        Contact.ended_at >= max(_began(session, alert), after or alert.opened_at),
    )
    return session.scalar(sheet.limit(1)) is not None


def _reached(event: AlertEvent) -> bool:
    return event.kind == "called" and bool(event.detail.get("reached")) and event.detail.get("whom") in WITH_THEM


def _began(session: Session, alert: Alert) -> datetime:
    began = select(AlertEvent.at).where(AlertEvent.alert_id == alert.id, AlertEvent.kind.in_(BEGINS))
    return session.scalar(began.order_by(AlertEvent.id.desc()).limit(1)) or alert.opened_at


def is_elsewhere(session: Session, alert: Alert) -> bool:
    """Is there nobody to telephone: a number that is no patient's, a death or a stay in hospital that a person of the service noted?

    Somebody a doctor admits is at home until a person says that they arrived.
    """
    if alert.patient_id is None:
        return True
    died = absences.death(absences.standing(session, alert.patient_id)) is not None
    return died or admission.in_hospital(session, alert.patient_id)
