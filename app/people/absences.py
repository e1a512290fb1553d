"""Why nobody is asked for a while, or any more: visit, stay in hospital or in hospital at home, wrong number, death, end of follow-up.

Each is a row that says who told it, from when, until when. The state of the follow-up is worked out from the rows that stand, so that
taking one back gives what the others ask for. Planning, and texts that wait, follow in app.checkins.rhythm.freezing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import SYSTEM, Actor, AuditRow
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import patients
from app.people.models import Absence, FollowUp, Patient
from triage import calendar

VISIT, HOSPITAL, HOME_HOSPITAL, WRONG_NUMBER, DEATH, END = "visit", "hospital_stay", "home_hospital", "wrong_number", "death", "end"
WATCHING_OVER = "watching_over"
"""The prescription of the watching has ended and was not renewed. Nobody records it by hand: see app.checkins.rhythm.watched."""
KINDS = (VISIT, HOSPITAL, HOME_HOSPITAL, WRONG_NUMBER, DEATH, END)
STAYS = (HOSPITAL, HOME_HOSPITAL)
ENDS = (DEATH, END)
NEEDS_REASON = (WRONG_NUMBER, END)
"""The others say by their name why nobody is asked."""

UNKNOWN_END = timedelta(days=7)
"""A freeze without an end is told to a person after this time, and every such time again (house rule, 2026-11-22)."""


def record(
    session: Session,
    patient: Patient,
    kind: str,
    *,
    from_day: date | None,
    until_day: date | None = None,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> Absence:
    """Write it down; it begins at once when its day has come. until_day: the last day, of stays only.

    What a text says freezes; only a person of the service ends a follow-up. Raises FieldErrors with a sentence beside each field.
    """
    today = calendar.local_day(now, patient.timezone)
    _check(kind, from_day, until_day, reason, today)
    assert from_day is not None
    row = Absence(
        patient_id=patient.id,
        kind=kind,
        from_day=from_day,
        until_day=from_day if kind == VISIT else until_day if kind in STAYS else None,
        reason=reason.strip(),
        said_by=str(by),
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    _note(session, patient, row, "recorded", by=by, now=now, reason=row.reason)
    if row.until_day is not None and row.until_day < today:
        row.begun_at = row.ended_at = now  # told afterwards: a trace, nothing to stop any more
    elif from_day <= today:
        begin(session, patient, row, by=by, now=now)
    return row


def _check(kind: str, from_day: date | None, until_day: date | None, reason: str, today: date) -> None:
    problems: dict[str, str] = {}
    if kind not in KINDS:
        problems["kind"] = "Choose what happens: visit, stay, wrong number, death or end of follow-up."
    if from_day is None:
        problems["from_day"] = "Write the date."
    elif kind == VISIT and from_day < today:
        problems["from_day"] = "This day is already past. Choose today or a later day."
    elif kind in (DEATH, WRONG_NUMBER) and from_day > today:
        problems["from_day"] = "This day is still to come. Write the day it happened."
    if kind in STAYS and from_day and until_day and until_day < from_day:
        problems["until_day"] = "The last day is before the first. Check both."
    if kind in NEEDS_REASON and not reason.strip():
        problems["reason"] = "Write the reason: the file must say why messages stopped."
    if problems:
        raise FieldErrors(problems)


def stop_watching(session: Session, patient: Patient, *, now: datetime) -> Absence:
    """The prescription of the watching is over: texts freeze until it is renewed. Twice is one absence."""
    found = watching_over(session, patient.id)
    if found is not None:
        return found
    today = calendar.local_day(now, patient.timezone)
    row = Absence(patient_id=patient.id, kind=WATCHING_OVER, from_day=today, until_day=None, said_by=str(SYSTEM), recorded_at=now)
    session.add(row)
    _note(session, patient, row, "recorded", by=SYSTEM, now=now)
    begin(session, patient, row, now=now)
    return row


def watching_over(session: Session, patient_id: int) -> Absence | None:
    """The freeze of a prescription that has ended, while it stands."""
    return next((row for row in standing(session, patient_id) if row.kind == WATCHING_OVER), None)


def begin(session: Session, patient: Patient, row: Absence, *, by: Actor = SYSTEM, now: datetime) -> None:
    """Its day has come: what it asks for holds. A word of the service replaces what a text had told of the same kind."""
    if row.begun_at is not None or row.ended_at is not None:
        return
    row.begun_at = now
    for other in standing(session, patient.id):
        if other.id != row.id and other.kind == row.kind and not _of_service(other) and _of_service(row):
            other.ended_at, other.ended_by = now, str(by)
    _follow(session, patient, by=by, now=now)


def begin_due(session: Session, now: datetime, *, limit: int = 200) -> list[int]:
    """Rows whose first day has come, on the patient's own wall."""
    waiting = select(Absence, Patient).join(Patient, Patient.id == Absence.patient_id)
    waiting = waiting.where(Absence.begun_at.is_(None), Absence.ended_at.is_(None)).order_by(Absence.from_day, Absence.id)
    found = [row.id for row, patient in session.execute(waiting) if row.from_day <= calendar.local_day(now, patient.timezone)]
    return found[:limit]


def over(session: Session, now: datetime) -> list[int]:
    """Patients with a row whose last day is past, on their own wall."""
    known = (Absence.begun_at.is_not(None), Absence.ended_at.is_(None), Absence.until_day.is_not(None))
    rows = session.execute(select(Absence, Patient).join(Patient, Patient.id == Absence.patient_id).where(*known).order_by(Absence.id))
    return list(dict.fromkeys(p.id for row, p in rows if row.until_day is not None and row.until_day < calendar.local_day(now, p.timezone)))


def end_over(session: Session, patient: Patient, *, now: datetime) -> None:
    """Rows whose last day is past end by themselves."""
    today = calendar.local_day(now, patient.timezone)
    for row in standing(session, patient.id):
        if row.until_day is not None and row.until_day < today:
            row.ended_at, row.ended_by = now, str(SYSTEM)
            _note(session, patient, row, "over", by=SYSTEM, now=now)
    _follow(session, patient, by=SYSTEM, now=now)


def undo(session: Session, patient: Patient, absence_id: int, *, by: Actor, now: datetime, reason: str = "") -> Absence:
    """It is over, or was written by mistake. A death, an end, a wrong number need a reason. Raises NotFound, Refusal."""
    row = session.scalar(select(Absence).where(Absence.id == absence_id, Absence.patient_id == patient.id).with_for_update())
    if row is None:
        raise NotFound("This absence")
    if row.ended_at is not None:
        raise Refusal("This is already over. Nothing was changed.")
    if row.kind in (*ENDS, WRONG_NUMBER) and not reason.strip():
        raise Refusal("Write the reason: the file must say why follow-up begins again.", field="reason", status=422)
    row.ended_at, row.ended_by = now, str(by)
    _note(session, patient, row, "undone", by=by, now=now, reason=reason.strip())
    if row.begun_at is not None:
        _follow(session, patient, by=by, now=now, reason=reason.strip())
    return row


def last_day(session: Session, patient: Patient, absence_id: int, *, until_day: date | None, by: Actor, now: datetime) -> Absence:
    """The end of a stay is known now, or has changed. Raises NotFound, FieldErrors."""
    row = session.scalar(select(Absence).where(Absence.id == absence_id, Absence.patient_id == patient.id).with_for_update())
    if row is None or row.kind not in STAYS or row.ended_at is not None:
        raise NotFound("This absence")
    if until_day is None or until_day < row.from_day:
        raise FieldErrors({"until_day": "Write the last day, on or after the first."})
    row.until_day = until_day
    _note(session, patient, row, "changed", by=by, now=now)
    if row.begun_at is not None and until_day >= calendar.local_day(now, patient.timezone):
        _follow(session, patient, by=by, now=now)
    return row


def standing(session: Session, patient_id: int) -> list[Absence]:
    """What has begun and is not over, oldest first."""
    mine = (Absence.patient_id == patient_id, Absence.begun_at.is_not(None), Absence.ended_at.is_(None))
    return list(session.scalars(select(Absence).where(*mine).order_by(Absence.id)))


def standing_of(session: Session, patient_ids: Iterable[int]) -> dict[int, list[Absence]]:
    """The same for many patients at once; who has none is left out."""
    mine = (Absence.patient_id.in_(list(patient_ids)), Absence.begun_at.is_not(None), Absence.ended_at.is_(None))
    found: dict[int, list[Absence]] = {}
    for row in session.scalars(select(Absence).where(*mine).order_by(Absence.id)):
        found.setdefault(row.patient_id, []).append(row)
    return found


def death(rows: Iterable[Absence]) -> Absence | None:
    """The death that a person of the service noted; what a text says is to be confirmed, and nobody is taken for dead by it."""
    return next((row for row in rows if row.kind == DEATH and _of_service(row)), None)


def death_undone(session: Session, patient_id: int, *, since: datetime | None) -> AuditRow | None:
    """Who took back a noted death since then, when, and why; None when none was, or when one stands."""
    if since is None or death(standing(session, patient_id)) is not None:
        return None
    undone = (AuditRow.patient_id == patient_id, AuditRow.action == "absence.undone", AuditRow.acted_at >= since)
    found = session.scalars(select(AuditRow).where(*undone).order_by(AuditRow.id.desc()))
    return next((row for row in found if (row.change.get("after") or {}).get("kind") == DEATH), None)


def of_patient(session: Session, patient_id: int) -> list[Absence]:
    """Every row ever written, latest first."""
    return list(
        session.scalars(select(Absence).where(Absence.patient_id == patient_id).order_by(Absence.from_day.desc(), Absence.id.desc()))
    )


def visit_days(session: Session, patient_id: int) -> frozenset[date]:
    """Days on which the patient is seen at the service: nothing is asked then."""
    mine = (Absence.patient_id == patient_id, Absence.kind == VISIT, Absence.ended_at.is_(None))
    return frozenset(session.scalars(select(Absence.from_day).where(*mine)))


def open_ended(session: Session, now: datetime) -> list[Absence]:
    """Freezes that began ``UNKNOWN_END`` ago or more and have no last day: nobody would notice that they never end. A watching that is
    over has a task of its own, which stays."""
    old = (
        Absence.begun_at <= now - UNKNOWN_END,
        Absence.ended_at.is_(None),
        Absence.until_day.is_(None),
        Absence.kind.not_in((VISIT, WATCHING_OVER)),
    )
    frozen = (Patient.id == Absence.patient_id, Patient.follow_up == FollowUp.FROZEN)
    return list(session.scalars(select(Absence).join(Patient, Patient.id == Absence.patient_id).where(*old, *frozen).order_by(Absence.id)))


# --- The state of the follow-up -----------------------------------------------------------------------------------------------------


def _of_service(row: Absence) -> bool:
    return row.said_by.startswith(("staff:", "service:", "system"))


def _follow(session: Session, patient: Patient, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Active, frozen or ended, as the standing rows ask: an end before a freeze, and of freezes the one that lasts longest."""
    session.flush()
    rows = [row for row in standing(session, patient.id) if row.kind != VISIT]
    ends = [row for row in rows if row.kind in ENDS and _of_service(row)]
    row = ends[-1] if ends else max(rows, key=lambda one: (one.until_day or date.max, one.id), default=None)
    if row is None:
        if patient.follow_up != FollowUp.ACTIVE and patient.follow_up_kind:  # a freeze of another origin is not ours to lift
            _again(session, patient, by=by, now=now, reason=reason or "over")
        return
    to = FollowUp.ENDED if ends else FollowUp.FROZEN
    until = row.until_day + timedelta(days=1) if row.until_day else None
    if patient.follow_up == FollowUp.ENDED and to is FollowUp.FROZEN:
        _again(session, patient, by=by, now=now, reason=reason or "over")
    if patient.follow_up == to:
        patient.follow_up_kind, patient.follow_up_reason, patient.follow_up_until = row.kind, row.reason, until
    else:
        patients.change_follow_up(session, patient, to, by=by, now=now, reason=row.reason or row.kind, until=until, kind=row.kind)
        patient.follow_up_reason = row.reason
    session.flush()


def _again(session: Session, patient: Patient, *, by: Actor, now: datetime, reason: str) -> None:
    """Followed again. A number that somebody else has been given meanwhile is shared from now on: no text is attached to a guess."""
    others = [one for one in patients.holders(session, patient.service_id, patient.phone) if one.id != patient.id] if patient.phone else []
    for one in (patient, *others) if others else ():
        one.shared_phone = True
    patients.change_follow_up(session, patient, FollowUp.ACTIVE, by=by, now=now, reason=reason)


def _note(session: Session, patient: Patient, row: Absence, act: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    session.flush()
    audit.record(
        session,
        actor=by,
        action=f"absence.{act}",
        subject=f"absence:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after={"kind": row.kind, "from": row.from_day.isoformat(), "until": row.until_day.isoformat() if row.until_day else None},
        reason=reason,
        now=now,
    )
