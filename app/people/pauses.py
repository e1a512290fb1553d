"""The alert of a silence, paused for a patient: a reason, a last day, four weeks at most. It ends by itself; nothing switches it off."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor, AuditRow
from app.core.errors import FieldErrors, Refusal
from app.people.models import Patient
from triage import calendar

LONGEST = timedelta(days=28)
"""One plan ahead (FR-04 asks for a documented maximum; house rule, 2026-11-22)."""
PAUSED = "silence.paused"


def holds(patient: Patient, today: date) -> bool:
    """Is the silence alert paused today? The last day is included. A date beyond ``LONGEST``, whoever wrote it, pauses nothing (FR-04)."""
    until = patient.silence_paused_until
    return until is not None and today <= until <= today + LONGEST


def pause(session: Session, patient: Patient, *, until: date | None, reason: str, by: Actor, now: datetime) -> None:
    """No silence alert up to this day, this day included. Raises FieldErrors without a reason, or for a day past or too far."""
    today = calendar.local_day(now, patient.timezone)
    problems: dict[str, str] = {}
    if until is None or until < today:
        problems["until"] = "Choose the last day of the pause, today or later."
    elif until > today + LONGEST:
        problems["until"] = "A pause lasts 28 days at most. Choose an earlier day; it can be made again."
    if not reason.strip():
        problems["reason"] = "Write the reason: the file must say why a silence rings no alert."
    if problems:
        raise FieldErrors(problems)
    before = patient.silence_paused_until
    patient.silence_paused_until, patient.silence_pause_reason = until, reason.strip()
    _note(session, patient, PAUSED, by=by, now=now, before=before, reason=reason.strip())


def made(session: Session, patient: Patient) -> AuditRow | None:
    """Who made the last pause, and when."""
    mine = select(AuditRow).where(AuditRow.patient_id == patient.id, AuditRow.action == PAUSED)
    return session.scalar(mine.order_by(AuditRow.id.desc()).limit(1))


def end(session: Session, patient: Patient, *, by: Actor, now: datetime) -> None:
    """Silences ring again at once. Raises Refusal when nothing is paused."""
    before = patient.silence_paused_until
    if before is None or before < calendar.local_day(now, patient.timezone):
        raise Refusal("No pause is running. Nothing was changed.")
    patient.silence_paused_until = None
    _note(session, patient, "silence.rings_again", by=by, now=now, before=before)


def _note(session: Session, patient: Patient, action: str, *, by: Actor, now: datetime, before: date | None, reason: str = "") -> None:
    session.flush()
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"patient:{patient.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before.isoformat() if before else None,
        after={"until": patient.silence_paused_until.isoformat() if patient.silence_paused_until else None},
        reason=reason,
        now=now,
    )
