"""Stages, levels, nurse and stand-in of a follow-up over time, each with who and why; the hours agreed with the patient."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.care import enrolments, planning, programmes
from app.care.models import Enrolment, EnrolmentState
from app.core.errors import Refusal
from app.people.models import Patient
from app.people.perimeter import Viewer
from triage import calendar


def change(
    session: Session,
    enrolment_id: int,
    kind: str,
    to: str,
    *,
    why: str,
    by: Viewer,
    now: datetime,
    on: date | None = None,
) -> Enrolment:
    """Another stage, level, nurse or stand-in from a day on, with who and why; calls are planned again. Raises Refusal."""
    by.require("make_calls")
    row = enrolments.locked(session, enrolment_id, by)
    today = calendar.local_day(now, session.get_one(Patient, row.patient_id).timezone)
    if not why.strip():
        raise Refusal("Write why this changes: it is read back years later.", field="why", status=422)
    if on is not None and on > today:
        raise Refusal("This day is still to come. Say it once it has.", field="on", status=422)
    if on is not None and any(change.kind == kind and change.on_day > on for change in row.changes):
        raise Refusal("A later change is already written. Choose a day after it.", field="on", status=422)
    if not _known(session, row, kind, to):
        raise Refusal("Choose one of the list.", field=kind, status=422)
    enrolments.changed(row, kind, to, by=by.actor, on=on or today, why=why.strip(), now=now)
    enrolments.note(session, row, f"enrolment.{kind}", by=by.actor, now=now, after=to, reason=why.strip())
    if kind == "nurse":
        planning.own(session, row)
    if row.state == EnrolmentState.OPEN:
        planning.plan(session, row, now=now)
    return row


def agree(session: Session, enrolment_id: int, slots: enrolments.Slots, *, by: Viewer, now: datetime) -> Enrolment:
    """The days and hours agreed with the patient; calls to come follow. Raises FieldErrors."""
    by.require("make_calls")
    row = enrolments.locked(session, enrolment_id, by)
    before, row.slots = row.slots, enrolments.checked(slots)
    enrolments.note(session, row, "enrolment.slots", by=by.actor, now=now, before=before, after=row.slots)
    if row.state == EnrolmentState.OPEN:
        planning.plan(session, row, now=now)
    return row


def value_on(enrolment: Enrolment, kind: str, day: date) -> str:
    """The stage, level, nurse or stand-in on any past day; "" before the first was written."""
    told = [change for change in enrolment.changes if change.kind == kind and change.on_day <= day]
    return max(told, key=lambda change: (change.on_day, change.id)).after if told else ""


def _known(session: Session, row: Enrolment, kind: str, to: str) -> bool:
    programme = programmes.of(row)
    if kind in ("nurse", "stand_in"):
        owner = programme.owners.named if kind == "nurse" else programme.owners.stand_in
        return to.isdigit() and enrolments.may_own(session, row, int(to), owner.roles)
    return to in {one.key for one in (programme.stages if kind == "stage" else programme.levels if kind == "level" else ())}
