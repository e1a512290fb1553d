"""What a patient's page tells at its end: the echo and its promise, the safety text of a danger, the hour of a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState, Task
from app.checkins.turns import moment
from app.messaging.models import Message
from app.people import care_team
from app.people.models import Patient, Service
from app.web.form.frame import frame
from app.web.render import Page
from notifications.wording import PLACEHOLDERS
from triage.terms import Level

PROMISES = frozenset({"confirm_g2", "call_promised"})
"""Texts that promise a call at an hour of their own."""

CALLS = frozenset({"urgent", "urgent_fever"})
"""Safety texts with a nurse at the other end: what is answered meanwhile serves her. The others name an emergency number first."""


@dataclass(frozen=True)
class Ring:
    """A number to press."""

    dial: str
    text: str


@dataclass(frozen=True)
class Safety:
    """What to do now, in large, with the numbers in the order of the danger. we_call: it promises a call, so that there is no other."""

    title: str
    text: str
    rings: Sequence[Ring]
    we_call: bool = False


def safety_of(page: Page, session: Session, service: Service, message: Message) -> Safety:
    """The safety text of a danger, in the reader's language. An unknown one says the emergency number alone."""
    around = frame(page, service)
    key = message.key if page.has(f"form.safety.{message.key}.title") else "urgent_15"
    values = {"sos": around["sos_words"], "minutes": minutes_of(session, message)}
    sos = Ring(service.emergency, page.say("form.safety.call", number=around["sos"]))
    ward = Ring(service.phone.replace(" ", ""), page.say("form.safety.service", number=around["phone"].replace(" ", "\u00a0")))
    rings = {
        "suicidal": (Ring("3114", page.say("form.safety.call", number="3114")), sos),
        "urgent": (ward, sos),
        "urgent_fever": (ward, sos),
    }
    title, text = (page.say(f"form.safety.{key}.{part}", **values) for part in ("title", "text"))
    return Safety(title, text, rings.get(key, (sos,)), we_call=key == "urgent")


def minutes_of(session: Session, message: Message) -> int:
    """Those of the text that left beside this page: two different promises within a minute are none."""
    if said := (message.reading or {}).get("values", {}).get("minutes"):
        return int(said)
    alert = session.get(Alert, message.alert_id) if message.alert_id else None
    return max(1, int((alert.respond_by - message.created_at).total_seconds() // 60)) if alert else 1


def hour_of(session: Session, call: Task) -> datetime:
    """When the call that was asked for comes: with the one an alert asks for, where that is sooner. One call, one hour."""
    waiting = (Alert.patient_id == call.patient_id, Alert.state != AlertState.CLOSED, Alert.respond_by > call.created_at)
    alert = session.scalars(select(Alert).where(*waiting).order_by(Alert.respond_by)).first()
    return min(call.due_at, alert.respond_by) if alert is not None and Level.of(alert.level) >= Level.MODERATE else call.due_at


def promise_of(page: Page, session: Session, patient: Patient, call: Task | None) -> str:
    """When the call that was asked for comes; "" when none was. Nothing is promised while the service is closed, nor in the past."""
    if call is None:
        return ""
    service, due = patient.service, hour_of(session, call)
    wait = page.say("form.call.cannot_wait", sos=frame(page, service)["sos_words"])
    if due <= page.now:
        return page.say("form.call.late")
    if care_team.is_open(service, page.now):
        when = PLACEHOLDERS["when"].say(moment(due, page.now, patient), page.language)
        return page.say("form.call.promised", when=when)
    opening = PLACEHOLDERS["opening"].say(moment(care_team.next_opening(service, page.now), page.now, patient), page.language)
    return f"{page.say('form.call.closed', when=opening)} {wait}"


def sentences(text: str) -> list[str]:
    """A text, one sentence a line."""
    return [part for part in re.split(r"(?<=[.?]) (?=[A-ZÉÀ])", text) if part]


def in_words(page: Page, session: Session, patient: Patient, message: Message, call: Task | None = None) -> list[str]:
    """What comes next, in the reader's language: the promise of the text that was kept, its echo left to the list beside it.

    call: the one that was asked for, whose hour stands on the page already. Another hour beside it would be a second promise.
    """
    key = f"form.said.{message.key}"
    if message.key in PROMISES and call is not None and page.now < hour_of(session, call):
        return [page.say("form.said.before_call")]
    if not page.has(key):
        return sentences(message.body)
    return [page.say(key, **promised_in(page, session, patient, message))]


def promised_in(page: Page, session: Session, patient: Patient, message: Message) -> dict[str, str]:
    """The hours and numbers a kept text promises, in the reader's language: when somebody calls, when the service opens, whom to call."""
    alert = session.get(Alert, message.alert_id) if message.alert_id else None
    due = max(alert.respond_by, message.created_at) if alert else message.created_at
    opening = care_team.next_opening(patient.service, message.created_at)
    around = frame(page, patient.service)
    return {
        "when": PLACEHOLDERS["when"].say(moment(due, message.created_at, patient), page.language),
        "opening": PLACEHOLDERS["opening"].say(moment(opening, message.created_at, patient), page.language),
        "sos": around["sos_words"],
        "tel": around["phone"],
    }
