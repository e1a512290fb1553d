"""How a stay ends: home, or written by mistake; how an ended one is opened again. Each with a reason and who says so."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import absences
from app.people.models import Absence, FollowUp, Patient
from triage import calendar


class How(StrEnum):
    """Home: the stay was, and its last day is today. Mistake: it never was."""

    HOME = "home"
    MISTAKE = "mistake"


def get(session: Session, patient: Patient, absence_id: int, *, to_change: bool = False) -> Absence:
    """A stay of this patient, whatever became of it; locked when it is to be changed. Raises NotFound."""
    mine = (Absence.id == absence_id, Absence.patient_id == patient.id, Absence.kind.in_(absences.STAYS))
    found = select(Absence).where(*mine)
    row = session.scalar(found.with_for_update() if to_change else found)
    if row is None:
        raise NotFound("This absence")
    return row


def end(session: Session, patient: Patient, absence_id: int, *, how: str, reason: str, said_by: str, by: Actor, now: datetime) -> Absence:
    """said_by: who says so, in the reader's words. Raises NotFound, FieldErrors, Refusal when it is over already."""
    row = get(session, patient, absence_id, to_change=True)
    problems = {} if how in set(How) else {"how": "Choose: home today, or written by mistake."}
    problems |= _missing(reason, "Write the reason: the file must say why follow-up begins again.")
    problems |= {} if said_by.strip() else {"said_by": "Write who says so: the patient, a relative, the ward."}
    if problems:
        raise FieldErrors(problems)
    absences.undo(session, patient, row.id, by=by, now=now, reason=f"{reason.strip()} ({said_by.strip()})")
    today = calendar.local_day(now, patient.timezone)
    if how == How.MISTAKE:
        row.begun_at = None
    elif row.from_day <= today and (row.until_day is None or row.until_day > today):
        row.until_day = today
    session.flush()
    return row


def reopen(session: Session, patient: Patient, absence_id: int, *, reason: str, by: Actor, now: datetime) -> Absence:
    """It was ended by a slip, or goes on: it stands again from its first day. Raises NotFound, FieldErrors, Refusal."""
    row = get(session, patient, absence_id, to_change=True)
    if row.ended_at is None:
        raise Refusal("This stay is not over. Nothing was changed.")
    if problems := _missing(reason, "Write why this stay is opened again."):
        raise FieldErrors(problems)
    if patient.follow_up == FollowUp.ENDED:
        raise Refusal("Follow-up has ended: take that back first.")
    if any(one.kind in absences.STAYS for one in absences.standing(session, patient.id)):
        raise Refusal("Another stay stands already. Change that one.")
    today, begun = calendar.local_day(now, patient.timezone), row.begun_at
    row.ended_at, row.ended_by, row.begun_at = None, "", None
    if row.until_day is not None and row.until_day <= today:
        row.until_day = None  # else it would be over again at the next tick
    if row.from_day <= today:
        absences.begin(session, patient, row, by=by, now=now)
        row.begun_at = begun or now
    after = {"kind": row.kind, "from": row.from_day.isoformat(), "until": row.until_day.isoformat() if row.until_day else None}
    audit.record(
        session,
        actor=by,
        action="absence.reopened",
        subject=f"absence:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after=after,
        reason=reason.strip(),
        now=now,
    )
    session.flush()
    return row


def _missing(reason: str, sentence: str) -> dict[str, str]:
    return {} if reason.strip() else {"reason": sentence}
