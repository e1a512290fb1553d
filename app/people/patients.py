"""Find a patient, opt out and in, freeze and end the follow-up. Enrolment is in enrolling.py."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import NotFound, Refusal
from app.people import reading
from app.people.models import FOLLOW_UP_MOVES, FollowUp, Patient, Reachability
from app.people.perimeter import Viewer, visible_to
from notifications import wording

LANGUAGES = wording.LANGUAGES
"""Languages a patient may be written to in: those that texts exist in, found in the files."""
READS = (*LANGUAGES, reading.NONE)
"""What the file may say of the language a patient reads; with the last one nothing is sent, and nurses call."""


def holders(session: Session, service_id: int, number: str) -> list[Patient]:
    """The patients of a service, not ended, who have this number; several when the telephone is shared."""
    mine = Patient.service_id == service_id
    return list(
        session.scalars(select(Patient).where(mine, Patient.phone == number, Patient.follow_up != FollowUp.ENDED).order_by(Patient.id))
    )


def get(session: Session, patient_id: int, *, viewer: Viewer) -> Patient:
    """The patient, if the viewer may see them. Raises NotFound otherwise, so that a guess tells nothing."""
    patient = session.scalar(select(Patient).where(Patient.id == patient_id, visible_to(viewer)))
    if patient is None:
        raise NotFound("This patient")
    return patient


def folded(text: str) -> str:
    """Lower case without accents or punctuation: what names are searched by."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def search(session: Session, words: str, *, viewer: Viewer, limit: int = 20) -> list[Patient]:
    """Patients by parts of their names, by the last digits (three or more) of their number, or by both."""
    digits = re.sub(r"\D", "", words)
    if len(digits) >= 9:
        digits = digits.lstrip("0")  # the national form begins with 0, the number in the file does not
    parts = folded(re.sub(r"\d", " ", words)).split()
    if not parts and len(digits) < 3:
        return []
    found = select(Patient).where(visible_to(viewer)).order_by(Patient.search_name, Patient.id).limit(limit)
    if digits:
        found = found.where(Patient.phone.endswith(digits))
    for part in parts:
        found = found.where(Patient.search_name.contains(part, autoescape=True))
    return list(session.scalars(found))


def opt_out(session: Session, patient: Patient, *, by: Actor, now: datetime, reason: str) -> bool:
    """Texts end at once. Returns True when this is new: the caller then makes the nurse's task, because monitoring ends."""
    if patient.opted_out_at is not None:
        return False
    patient.opted_out_at, patient.reachability = now, Reachability.OPTED_OUT
    _note(session, patient, "patient.opted_out", by=by, now=now, reason=reason)
    return True


def opt_in(session: Session, patient: Patient, *, by: Actor, now: datetime) -> bool:
    """Texts may leave again. Returns True when the patient had opted out."""
    if patient.opted_out_at is None:
        return False
    patient.opted_out_at, patient.reachability = None, _reachable(patient)
    _note(session, patient, "patient.opted_in", by=by, now=now, reason="")
    return True


def reached(session: Session, patient: Patient, reachability: Reachability, *, now: datetime) -> None:
    """Note how the patient can be reached; an opt-out or a freeze is never overwritten by a delivery report."""
    if patient.reachability in (Reachability.OPTED_OUT, Reachability.FROZEN) or patient.reachability == reachability:
        return
    patient.reachability = reachability
    session.flush()


def change_follow_up(
    session: Session, patient: Patient, to: FollowUp, *, by: Actor, now: datetime, reason: str, until: date | None = None, kind: str = ""
) -> None:
    """Freeze, resume or end the automatic messages, with a reason. Raises Refusal for a move that does not exist.

    kind: which rule of app.people.absences does it. An end is taken back with a reason too: somebody was told that follow-up was over.
    """
    if to not in FOLLOW_UP_MOVES[FollowUp(patient.follow_up)]:
        raise Refusal("Follow-up is {state}: this step is not possible from there.", state=patient.follow_up)
    if to is not FollowUp.ACTIVE and not reason.strip():
        raise Refusal("Write the reason: the file must say why messages stopped.", field="reason", status=422)
    if patient.follow_up == FollowUp.ENDED and not reason.strip():
        raise Refusal("Write the reason: the file must say why follow-up begins again.", field="reason", status=422)
    if until is not None and until < now.astimezone(ZoneInfo(patient.timezone)).date():
        raise Refusal("This day is already past. Choose the day messages start again.", field="until", status=422)
    before = patient.follow_up
    patient.follow_up, patient.follow_up_reason, patient.follow_up_until = to, reason, until
    patient.follow_up_kind = "" if to is FollowUp.ACTIVE else kind
    if patient.opted_out_at is None:
        patient.reachability = _reachable(patient)
    _note(session, patient, f"follow_up.{to}", by=by, now=now, reason=reason, before=before, after=str(to))


def _reachable(patient: Patient) -> Reachability:
    return Reachability.REACHABLE if patient.follow_up == FollowUp.ACTIVE else Reachability.FROZEN


def _note(
    session: Session, patient: Patient, action: str, *, by: Actor, now: datetime, reason: str, before: object = None, after: object = None
) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"patient:{patient.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )


def chart_opened(session: Session, patient: Patient, *, by: Actor, now: datetime, where: str) -> None:
    """Opening a chart leaves a trace (SEC-27)."""
    _note(session, patient, "chart.opened", by=by, now=now, reason=where)
