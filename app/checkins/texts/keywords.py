"""A text that is a command in the country of the service, whatever the patient speaks; and what the carrier did with it."""

from __future__ import annotations

import re

from app.messaging.models import Message
from app.people.models import Patient, Service
from notifications import policy
from triage.terms import Escalate, Heard, Reading

STOP = Reading(Heard.COMMAND, "STOP", Escalate.NURSE)
WHICH = Reading(Heard.ASK_AGAIN, "stop_or_stopped", Escalate.NURSE)
OTHERWISE = Reading(Heard.ASK_AGAIN, "optout_intent", Escalate.NURSE)
START = Reading(Heard.COMMAND, "START")
HELP = Reading(Heard.COMMAND, "HELP")

_WITH_DIGITS = re.compile(r"(?P<word>[^\W\d]+(?: [^\W\d]+)?)(?:[\s:.,-]*\d+)+")


def of(reading: Reading, message: Message, patient: Patient, service: Service) -> Reading:
    """The reading, or the command it is by the words of the country (SEC-17). A danger is never a command.

    What the carrier did by itself is a fact: after its STOP it refuses our texts, whatever the word meant.
    """
    if reading.dangers or reading.heard is Heard.DANGER:
        return reading
    acted = (message.reading or {}).get("opt_out", "")
    if acted == "STOP":
        return STOP
    kind = policy.keyword(message.body, service.country)
    if kind == "stop":
        return STOP
    if kind == "ask":
        return WHICH
    if acted == "START" or (kind == "start" and patient.opted_out_at is not None):
        return START
    return HELP if kind == "help" else _with_digits(reading, message, service)


def _with_digits(reading: Reading, message: Message, service: Service) -> Reading:
    """ "STOP 12345" is not STOP, and no answer either: asked about, and read by a nurse (U27)."""
    match = _WITH_DIGITS.fullmatch(policy.plain(message.body))
    return OTHERWISE if match and policy.keyword(match["word"], service.country) == "stop" else reading


def is_stop(message: Message, service: Service) -> bool:
    """Does this text end the texts? Asked where no patient is known, to write nothing to somebody who wants nothing."""
    return (message.reading or {}).get("opt_out") == "STOP" or policy.keyword(message.body, service.country) == "stop"
