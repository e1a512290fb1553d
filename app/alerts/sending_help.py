"""An urgent alert closes when somebody was spoken to; else by attempts, a relative, a doctor, then a recorded decision about sending help.

It is never closed as not reached. While nobody was spoken to, only such a decision lets it close, with the outcome that says so.
Sending help never waits for the other steps; sending nobody waits for all of them (house rules, 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.alerts import arrival, spoken
from app.alerts.models import Alert, AlertEvent, Outcome
from app.alerts.raising import note, record
from app.core.errors import Refusal
from app.people.models import Patient
from app.people.perimeter import Viewer
from triage.terms import Level


class Help(StrEnum):
    """What was decided: an ambulance or the police is sent; somebody known goes and looks; nobody is sent."""

    SENT = "help_sent"
    SOMEONE_GOES = "someone_goes"
    NOBODY = "nobody_sent"


OUTCOMES = {
    Help.SENT: frozenset({Outcome.SENT_TO_EMERGENCY}),
    Help.SOMEONE_GOES: frozenset({Outcome.REFERRED, Outcome.DOCTOR_DECISION}),
    Help.NOBODY: frozenset({Outcome.DOCTOR_DECISION}),
}
LIKELY = (Outcome.SENT_TO_EMERGENCY, Outcome.ADVICE, Outcome.SEEN_SAME_DAY, Outcome.DOCTOR_INFORMED, Outcome.DOCTOR_DECISION)
"""Of an urgent alert, offered first and in this order: from nothing open to the next one open in eight keys (design guide)."""
ATTEMPTS = 2
"""Calls to the patient in vain before somebody decides that nobody is sent (house rule, 2026-11-23)."""


def nobody_reached(session: Session, alert: Alert) -> bool:
    """Was the patient, or somebody with them, called since it was opened, and nobody spoken to?"""
    made = [one for one in spoken.calls(session, alert) if one.detail.get("whom") in spoken.WITH_THEM]
    return bool(made) and not spoken.anybody(session, alert)


def must_speak(session: Session, alert: Alert) -> bool:
    """Is it urgent, with somebody to telephone whom nobody has spoken to since it was opened?"""
    urgent = Level.of(alert.level) is Level.URGENT
    return urgent and not spoken.is_elsewhere(session, alert) and not spoken.anybody(session, alert)


def is_needed(session: Session, alert: Alert) -> bool:
    """Does this alert close by a decision about sending help alone: somebody called in vain, or already decided?"""
    tried = nobody_reached(session, alert) or decision(session, alert) is not None
    return tried and must_speak(session, alert)


def decision(session: Session, alert: Alert) -> AlertEvent | None:
    """The last one recorded since the alert was opened."""
    return next((one for one in reversed(spoken.since_opened(session, alert)) if one.kind == "decided"), None)


def left_to_try(session: Session, alert: Alert) -> list[str]:
    """Steps still to make before nobody is sent: patient, relative, doctor; each a call noted in the story."""
    made = spoken.calls(session, alert)
    tried = [one.detail.get("whom") for one in made]
    left = ["patient"] if tried.count("patient") < ATTEMPTS else []
    left += ["relative"] if "relative" not in tried and _has_relative(session, alert) else []
    spoke = any(one.detail.get("whom") == "doctor" and one.detail.get("reached") for one in made)
    return left if spoke else [*left, "doctor"]


def _has_relative(session: Session, alert: Alert) -> bool:
    patient = session.get(Patient, alert.patient_id) if alert.patient_id is not None else None
    return patient is not None and any(one.phone for one in patient.respondents)


def decide(session: Session, alert: Alert, *, by: Viewer, now: datetime, what: str, decided_by: str, why: str) -> Alert:
    """Write who decided what about sending help, and why; its owner's act. Raises Refusal beside what is missing."""
    if what not in set(Help):
        raise Refusal("Choose what was decided about sending help.", field="what", status=422)
    if not decided_by.strip():
        raise Refusal("Write who decided.", field="decided_by", status=422)
    if not why.strip():
        raise Refusal("Write why: the next reader was not there.", field="why", status=422)
    if spoken.anybody(session, alert):
        raise Refusal("This decision is recorded while nobody could be spoken to. Somebody was: close with what was done.", status=422)
    if what == Help.NOBODY and left_to_try(session, alert):
        raise Refusal(
            "Before nobody is sent: call the patient twice, a relative, and speak with a doctor. Note each call.", field="what", status=422
        )
    alert.stamp += 1
    said = {"what": what, "decided_by": decided_by.strip(), "note": why.strip()}
    note(session, alert, "decided", by=by.actor, now=now, detail=said)
    record(session, alert, "alert.decided", by=by.actor, now=now, after={"what": what, "decided_by": decided_by.strip()})
    if what != Help.NOBODY:
        arrival.ask(session, alert, by=by.actor, now=now)
    return alert


def allowed(session: Session, alert: Alert) -> Sequence[Outcome]:
    """Outcomes it may close with: those of the decision where one is needed, none before; an urgent one never as not reached."""
    if Level.of(alert.level) is not Level.URGENT:
        return tuple(Outcome)
    if not is_needed(session, alert):
        return (*LIKELY, *(one for one in Outcome if one not in LIKELY and one is not Outcome.NOT_REACHED))
    made = decision(session, alert)
    return tuple(one for one in Outcome if made is not None and one in OUTCOMES[Help(made.detail["what"])])


def check(session: Session, alert: Alert, outcome: Outcome, words: str) -> None:
    """Raises Refusal when this close leaves in danger somebody whom nobody reached and nobody decided about, or does not say why."""
    if Level.of(alert.level) is not Level.URGENT:
        return
    if outcome is Outcome.NOT_REACHED:
        raise Refusal(
            "An urgent alert is not closed as not reached. Try the relative and the doctor, then record the decision about sending help.",
            field="outcome",
            status=422,
        )
    if must_speak(session, alert):
        _check_decided(session, alert, outcome)
    if outcome is Outcome.NO_ACTION and not words.strip():
        raise Refusal("Write why nothing was done: this alert was urgent.", field="note", status=422)


def _check_decided(session: Session, alert: Alert, outcome: Outcome) -> None:
    if decision(session, alert) is not None:
        if outcome not in allowed(session, alert):
            raise Refusal("Choose the outcome that says what was decided about sending help.", field="outcome", status=422)
        return
    if is_needed(session, alert):
        raise Refusal("Nobody was reached: record who decided about sending help, what, and why. Then close.", field="outcome", status=422)
    raise Refusal("Say to whom you spoke, or note the call first: an urgent alert does not close before.", field="spoke", status=422)
