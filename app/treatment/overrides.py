"""An exception for one patient: an oncologist changes numbers of the protocol followed, with a reason and an end, and may end it sooner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import Conflict, FieldErrors, NotFound, Said
from app.people.models import Patient
from app.protocols import exceptions, versions
from app.protocols.exceptions import Decided
from app.protocols.models import ProtocolVersion
from app.treatment.models import Course, PatientOverride

LONGEST = timedelta(days=90)
"""An exception that lasts longer is a protocol: it is written again, by somebody who looks again (issue of 2026-11-22)."""


def decide(
    session: Session,
    course: Course,
    patient: Patient,
    base: ProtocolVersion,
    changes: Mapping[str, Decimal | None],
    *,
    reason: str,
    ends_on: date | None,
    by: Actor,
    now: datetime,
) -> PatientOverride:
    """From today (the patient's) to ends_on, this patient is judged by ``base`` with these numbers; nobody else is.

    Raises FieldErrors beside what is missing, Conflict while another exception holds, Refusal for a number that the parser refuses:
    the floor of red flags can only be made stricter.
    """
    today = now.astimezone(ZoneInfo(patient.timezone)).date()
    problems = _problems(base, changes, reason, ends_on, today)
    if problems or ends_on is None:
        raise FieldErrors(problems)
    if standing(session, course.id, today) is not None:
        raise Conflict("An exception already holds for this patient. End it first; a new one may change several numbers.")
    count = session.scalar(select(func.count()).select_from(PatientOverride).where(PatientOverride.patient_id == patient.id)) or 0
    numbers = {name: at for name, at in changes.items() if at is not None}
    decided = Decided(f"patient-{patient.id}-{count + 1}", max(today, base.effective_from), ends_on, reason.strip(), by.name, numbers)
    version = exceptions.place(session, base, decided, service_id=patient.service_id, by=by, now=now)
    row = PatientOverride(
        patient_id=patient.id,
        course_id=course.id,
        base_id=base.id,
        version_id=version.id,
        changes={name: str(at) for name, at in numbers.items()},
        reason=decided.reason,
        starts_on=today,
        ends_on=ends_on,
        decided_by=str(by),
        decided_by_name=by.name,
        decided_at=now,
    )
    session.add(row)
    session.flush()
    before = {name: str(versions.load(base).thresholds[name].at) for name in numbers}
    _note(session, patient, row, "override.decided", by=by, now=now, reason=row.reason, before=before, after=_told(row))
    return row


def _problems(
    base: ProtocolVersion, changes: Mapping[str, Decimal | None], reason: str, ends_on: date | None, today: date
) -> dict[str, str]:
    thresholds = versions.load(base).thresholds
    problems: dict[str, str] = {}
    if not changes or not changes.keys() <= thresholds.keys():
        problems["threshold"] = "Choose the number to change."
    if any(at is None for at in changes.values()):
        problems["at"] = "Write the new number, with a comma or a point."
    elif any(at == thresholds[name].at for name, at in changes.items() if name in thresholds):
        problems["at"] = "This is the number the protocol already has."
    if not reason.strip():
        problems["reason"] = "Write the reason of the exception."
    if ends_on is None:
        problems["ends_on"] = "Write the last day of the exception."
    elif not today <= ends_on <= today + LONGEST:
        problems["ends_on"] = Said("An exception ends between today and {day}, {n} days at most.", day=str(today + LONGEST), n=LONGEST.days)
    return problems


def end(session: Session, patient: Patient, override_id: int, *, by: Actor, now: datetime) -> PatientOverride:
    """The protocol itself holds again from now on. Raises NotFound for another patient's, Conflict when it has ended."""
    row = session.get(PatientOverride, override_id)
    if row is None or row.patient_id != patient.id:
        raise NotFound("This exception")
    if row.ended_at is not None or row.ends_on < now.astimezone(ZoneInfo(patient.timezone)).date():
        raise Conflict("This exception has already ended.")
    row.ended_at, row.ended_by = now, str(by)
    session.flush()
    _note(session, patient, row, "override.ended", by=by, now=now, before=_told(row), after={"ended": now.isoformat()})
    return row


def standing(session: Session, course_id: int, on: date) -> PatientOverride | None:
    """The exception that holds for this treatment that day, if there is one."""
    mine = select(PatientOverride).where(
        PatientOverride.course_id == course_id,
        PatientOverride.starts_on <= on,
        PatientOverride.ends_on >= on,
        PatientOverride.ended_at.is_(None),
    )
    return session.scalar(mine.order_by(PatientOverride.id.desc()).limit(1))


def of_patient(session: Session, patient_id: int) -> list[PatientOverride]:
    """All ever decided, the latest first."""
    mine = select(PatientOverride).where(PatientOverride.patient_id == patient_id)
    return list(session.scalars(mine.order_by(PatientOverride.id.desc())))


def _told(row: PatientOverride) -> dict[str, object]:
    return {"changes": dict(row.changes), "from": row.starts_on.isoformat(), "until": row.ends_on.isoformat(), "version": row.version_id}


def _note(
    session: Session,
    patient: Patient,
    row: PatientOverride,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: object,
    after: object,
    reason: str = "",
) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"patient_override:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )
