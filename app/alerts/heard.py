"""Danger signs in what a member of the staff writes of a patient: a call's reason and notes, a question to a doctor, the answer (HZ-01).

Searched in the patient's language and in that of whoever wrote. Nothing is sent to the patient here: a person is told, by an alert.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling, raising
from app.alerts.models import Alert, AlertState
from app.alerts.reasons import Reason
from app.people.models import Patient
from app.people.perimeter import Viewer
from app.protocols import words
from triage import replies
from triage.advice import NURSE_DANGERS
from triage.terms import Level

CONDITION = re.compile(r"\b(?:si|s'il|s'ils|s’il|s’ils|en cas d[e'’]|if|in case of)\b[^.;!?\n]*", re.IGNORECASE)
"""What a doctor says of a day that may come ("si fièvre, appeler le 15"): an order, not a sign that the patient has."""

CALL_FOR_HELP = re.compile(
    r"\b(?:appel|call)\w*\s+(?:(?:le|la|les|au|the|an?)\s+)?(?:15|112|911|999|samu|secours|urgences|ambulance|emergency)\b", re.IGNORECASE
)
"""Whom the patient is to call ("appelez le 15"): an order too, although the same words of a patient tell that they are very unwell."""

REPORTED = re.compile(r"\b(?:il|ils|elle|elles|patiente?|téléphone|he|she|they|phone|telephone)\b", re.IGNORECASE)
"""Who a sentence of an answer speaks of. Without it the answer orders ("surveiller la fièvre"); with it, it tells ("elle a 39")."""

SENTENCE_ENDS = re.compile(r"[;!?\n]|\.(?!\d)")
"""38.6 is one number."""


def level_of(codes: Collection[str]) -> Level:
    """Pregnancy and jaundice ask for a nurse the same day; every other danger, known or not, for somebody now."""
    return Level.HIGH if set(codes) <= NURSE_DANGERS else Level.URGENT


def codes(patient: Patient, said: str, written_in: str) -> tuple[str, ...]:
    """The danger classes that these words hold, each once."""
    spoken = dict.fromkeys((patient.language, written_in))
    return tuple(dict.fromkeys(code for language in spoken for code in replies.scan(said, language, words.words())))


def of_an_order(patient: Patient, said: str, written_in: str) -> tuple[str, ...]:
    """The same in a doctor's answer, in what it reports of the patient: what it orders is no sign that they have, and calls nobody."""
    told = [part for part in SENTENCE_ENDS.split(CALL_FOR_HELP.sub(" ", CONDITION.sub(" ", said))) if REPORTED.search(part)]
    return codes(patient, ". ".join(told), written_in)


def alarm(session: Session, patient: Patient, said: str, found: Collection[str], *, by: Viewer, now: datetime, **about: object) -> Alert:
    """An alert of these words, which stand in its story in the name of who wrote them. about: contact_id, or request_id."""
    reason = Reason("danger", level_of(found), {"dangers": sorted(found), "said": said, **about})
    alert = handling.consider(session, service=patient.service, patient=patient, reason=reason, now=now, by=by.actor)
    assert alert is not None  # high and urgent always raise
    raising.note(session, alert, "note", by=by.actor, now=now, detail={"note": said, **about})
    return alert


def of_ours(session: Session, patient: Patient, said: str, found: Collection[str], *, by: Viewer, now: datetime, **about: object) -> Alert:
    """The same of words that pass between us, a question to a doctor or the answer: of dangers that are open already they report nothing.

    The alert that tells them is given as it is: our words would stand in the place of the patient's, as if they had been told once more.
    """
    patients = (Alert.patient_id == patient.id, Alert.service_id == patient.service_id, Alert.state != AlertState.CLOSED)
    alert = session.scalar(select(Alert).where(*patients).limit(1))
    told = {
        code for event in (alert.events if alert else ()) if event.kind in raising.REPORTS for code in event.detail.get("dangers") or ()
    }
    if alert is not None and set(found) <= told:
        return alert
    return alarm(session, patient, said, found, by=by, now=now, **about)


def urgent(session: Session, patient_id: int) -> Alert | None:
    """The open urgent alert of a patient."""
    mine = (Alert.patient_id == patient_id, Alert.state != AlertState.CLOSED, Alert.level == Level.URGENT.word)
    return session.scalar(select(Alert).where(*mine).limit(1))
