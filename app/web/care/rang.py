"""What the page of calls says at once when somebody unknown told a danger: the alert, the words to say, where to ring back (HZ-01)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.checkins.texts import dangers
from app.people.models import Service
from app.web.care import aloud
from app.web.patient import callers
from app.web.render import Page
from triage.terms import Level


@dataclass(frozen=True)
class Rang:
    """A danger that somebody unknown told. say: what to tell them now; None when it does not ask for the emergency number."""

    alert: Alert
    say: aloud.Said | None
    call_back: str


def of(page: Page, session: Session, alert_id: int) -> Rang | None:
    """The open alert of a call nobody knows; None for any other."""
    alert = session.get(Alert, alert_id)
    if alert is None or alert.service_id != page.viewer.service_id or alert.patient_id is not None or alert.state == AlertState.CLOSED:
        return None
    codes = sorted({code for event in alert.events for code in event.detail.get("dangers") or ()})
    service = session.get_one(Service, alert.service_id)
    is_urgent = bool(codes) and dangers.level_of(codes) is Level.URGENT
    say = aloud.in_danger(page, service, dangers.text_for(codes), None, codes) if is_urgent else None
    return Rang(alert, say, callers.call_back([event.detail for event in alert.events]) or alert.subject.partition("number:")[2])
