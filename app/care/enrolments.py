"""Who is followed in which programme: proposed, met face to face, validated by the doctor, open, ended with a reason. Everything dated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import letters, planning, programmes
from app.care.models import ENROLMENT_MOVES, Enrolment, EnrolmentState, StageChange
from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people.models import FollowUp, Patient, Staff
from app.people.perimeter import Viewer, visible_to
from app.protocols import versions
from app.treatment import courses
from app.treatment.models import Course
from triage import calendar

RUNNING = (EnrolmentState.PROPOSED, EnrolmentState.OPEN)
Slots = Sequence[tuple[int | None, str]]


def get(session: Session, enrolment_id: int, *, viewer: Viewer) -> Enrolment:
    """The enrolment, if it is in the viewer's service. Raises NotFound."""
    mine = select(Enrolment).join(Patient, Patient.id == Enrolment.patient_id).where(Enrolment.id == enrolment_id, visible_to(viewer))
    found = session.scalar(mine)
    if found is None:
        raise NotFound("This follow-up")
    return found


def of_patient(session: Session, patient_id: int) -> list[Enrolment]:
    """Every programme this patient was ever proposed, latest first."""
    return list(session.scalars(select(Enrolment).where(Enrolment.patient_id == patient_id).order_by(Enrolment.id.desc())))


def propose(
    session: Session,
    patient: Patient,
    slug: str,
    *,
    by: Viewer,
    now: datetime,
    anchor_day: date | None = None,
    slots: Slots = (),
) -> Enrolment:
    """Begin a programme under its version of today. anchor_day: when no treatment is known here, the first intake or cycle.

    Raises Refusal when the patient already follows it, or is no longer followed; FieldErrors for a slot that is no hour.
    """
    by.require("make_calls")
    today = calendar.local_day(now, patient.timezone)
    programme = programmes.in_force(slug, today)
    if programme is None:
        raise Refusal("There is no programme {slug} today. Choose another one.", field="programme", status=422, slug=slug)
    if patient.follow_up == FollowUp.ENDED:
        raise Refusal("Follow-up of this patient has ended: begin it again first.", status=422)
    if running(session, patient.id, slug) is not None:
        raise Refusal("This patient already follows this programme. Nothing was changed.")
    course = courses.running(session, patient.id)
    row = Enrolment(
        service_id=patient.service_id,
        patient_id=patient.id,
        programme=slug,
        version_on=programme.effective_from,
        course_id=course.id if course else None,
        anchor_day=anchor_day or (course.first_intake if course else None),
        slots=checked(slots),
        proposed_at=now,
        proposed_by=str(by.actor),
    )
    session.add(row)
    session.flush()
    reach(row, "proposed", by=by.actor, on=today, now=now)
    changed(row, "level", programme.levels[0].key, by=by.actor, on=today, why="", now=now)
    note(session, row, "enrolment.proposed", by=by.actor, now=now, after={"programme": slug, "version": row.version_on.isoformat()})
    return row


def running(session: Session, patient_id: int, slug: str) -> Enrolment | None:
    """The one that is proposed or open."""
    mine = (Enrolment.patient_id == patient_id, Enrolment.programme == slug, Enrolment.state.in_(RUNNING))
    return session.scalar(select(Enrolment).where(*mine))


def adhesion(
    session: Session,
    enrolment_id: int,
    *,
    nurse_id: int | None,
    stand_in_id: int | None,
    met_at: datetime | None,
    by: Viewer,
    now: datetime,
) -> Enrolment:
    """The visit face to face took place; it names one nurse and a stand-in (COA-1). Raises FieldErrors beside each field."""
    by.require("make_calls")
    row = locked(session, enrolment_id, by)
    programme = programmes.of(row)
    problems: dict[str, str] = {}
    if not may_own(session, row, nurse_id, programme.owners.named.roles):
        problems["nurse"] = "Name the nurse who calls this patient."
    if not may_own(session, row, stand_in_id, programme.owners.stand_in.roles):
        problems["stand_in"] = "Name who stands in when the nurse is away."
    elif stand_in_id == nurse_id:
        problems["stand_in"] = "The stand-in is somebody else than the nurse."
    if met_at is None or met_at > now:
        problems["met_at"] = "Write the day of the visit, once it has taken place."
    if row.state not in RUNNING:
        raise Refusal("This follow-up is over. Propose it again first.")
    if problems:
        raise FieldErrors(problems)
    assert nurse_id is not None and stand_in_id is not None and met_at is not None
    patient = session.get_one(Patient, row.patient_id)
    today = calendar.local_day(now, patient.timezone)
    row.adhesion_at, row.adhesion_by = met_at, str(by.actor)
    changed(row, "nurse", str(nurse_id), by=by.actor, on=today, why="", now=now)
    changed(row, "stand_in", str(stand_in_id), by=by.actor, on=today, why="", now=now)
    note(session, row, "enrolment.adhesion", by=by.actor, now=now, after={"nurse": nurse_id, "stand_in": stand_in_id})
    _open_if_ready(session, row, by=by.actor, now=now)
    return row


def validate(session: Session, enrolment_id: int, *, by: Viewer, now: datetime, because: str = "") -> Enrolment:
    """The referring doctor validates the file; doctor, instant and version of the protocol are kept (AMA-1).

    because: why another doctor than the referring one does. Raises Refusal.
    """
    by.require("validate_programme")
    row = locked(session, enrolment_id, by)
    patient = session.get_one(Patient, row.patient_id)
    if row.state not in RUNNING:
        raise Refusal("This follow-up is over. Propose it again first.")
    if by.actor.id != patient.oncologist_id and not because.strip():
        raise Refusal("You are not the referring doctor: write why you validate instead.", field="because", status=422)
    if row.validated_at is not None:
        return row
    row.validated_by_id, row.validated_at = by.actor.id, now
    row.validated_version_id = _version_of(session, row, patient, now)
    kept = {"doctor": by.actor.id, "protocol_version": row.validated_version_id, "programme": row.version_on.isoformat()}
    note(session, row, "enrolment.validated", by=by.actor, now=now, after=kept, reason=because.strip())
    _open_if_ready(session, row, by=by.actor, now=now)
    return row


def why_not_call(session: Session, enrolment: Enrolment) -> Refusal | None:
    """What forbids a call of this follow-up; None when nothing does. Whoever telephones us is always answered."""
    programme = programmes.of(enrolment)
    if enrolment.state == EnrolmentState.PROPOSED and programme.opening.adhesion_visit and enrolment.adhesion_at is None:
        return Refusal("No call yet: record the visit face to face first; it names the nurse and the stand-in.")
    if enrolment.state == EnrolmentState.PROPOSED:
        patient = session.get_one(Patient, enrolment.patient_id)
        return Refusal("No call yet: {doctor} has not validated the file. Ask for it first.", doctor=patient.oncologist.name)
    if enrolment.state != EnrolmentState.OPEN:
        return Refusal("This follow-up is over: no call belongs to it any more. Note what was said as an incoming call.")
    return None


def may_call(session: Session, enrolment: Enrolment) -> None:
    """Raises Refusal with the reason when no call can start (COA-1, AMA-1)."""
    refusal = why_not_call(session, enrolment)
    if refusal is not None:
        raise refusal


# --- Under the doors -------------------------------------------------------------------------------------------------------------------


def locked(session: Session, enrolment_id: int, by: Viewer) -> Enrolment:
    """The row, which nobody else changes until the transaction ends. Raises NotFound."""
    row = get(session, enrolment_id, viewer=by)
    session.refresh(row, with_for_update=True)
    return row


def may_own(session: Session, row: Enrolment, staff_id: int | None, roles: Sequence[str]) -> bool:
    """Is this person of the service, at work, in one of these roles?"""
    found = session.get(Staff, staff_id) if staff_id else None
    return found is not None and found.active and found.service_id == row.service_id and found.role in roles


def _version_of(session: Session, row: Enrolment, patient: Patient, now: datetime) -> int | None:
    """The version of the protocol the doctor validates. Raises Refusal when a treatment runs and no protocol holds."""
    course = session.get(Course, row.course_id) if row.course_id else None
    if course is None:
        return None
    today = calendar.local_day(now, patient.timezone)
    found = course.pinned_version_id or getattr(versions.in_force(session, course.protocol_slug, today, row.service_id), "id", None)
    if found is None:
        raise Refusal("No protocol holds for this treatment today: nothing can be validated. Tell the pharmacist.")
    return found


def _open_if_ready(session: Session, row: Enrolment, *, by: Actor, now: datetime) -> None:
    programme = programmes.of(row)
    met = row.adhesion_at is not None or not programme.opening.adhesion_visit
    validated = row.validated_at is not None or not programme.opening.doctor_validates
    if row.state != EnrolmentState.PROPOSED or not (met and validated):
        return
    move(row, EnrolmentState.OPEN)
    row.opened_at = now
    today = calendar.local_day(now, session.get_one(Patient, row.patient_id).timezone)
    reach(row, "open", by=by, on=today, now=now)
    note(session, row, "enrolment.opened", by=by, now=now)
    planning.plan(session, row, now=now)
    letters.prepare(session, row, "opening", by=by, now=now)


def move(row: Enrolment, to: EnrolmentState) -> None:
    """Along the table of moves. Raises Refusal."""
    if to not in ENROLMENT_MOVES[EnrolmentState(row.state)]:
        raise Refusal("This follow-up is {state}: this step is not possible from there.", state=row.state)
    row.state, row.stamp = to, row.stamp + 1


def reach(row: Enrolment, at: str, *, by: Actor, on: date, now: datetime) -> None:
    """The stage that this step reaches by itself, if the programme has one."""
    stage = next((stage for stage in programmes.of(row).stages if stage.at == at), None)
    if stage is not None and row.stage != stage.key:
        changed(row, "stage", stage.key, by=by, on=on, why="", now=now)


def changed(row: Enrolment, kind: str, to: str, *, by: Actor, on: date, why: str, now: datetime) -> None:
    """Write it, and its line in the history."""
    columns = {"nurse": "nurse_id", "stand_in": "stand_in_id"}
    column = columns.get(kind, kind)
    before = getattr(row, column)
    setattr(row, column, int(to) if kind in columns else to)
    row.changes.append(
        StageChange(
            kind=kind,
            before="" if before is None else str(before),
            after=to,
            on_day=on,
            why=why,
            said_by=str(by),
            said_by_name=by.name,
            at=now,
        )
    )
    row.stamp += 1


def checked(slots: Slots) -> list[list[int | str | None]]:
    """Days of the week and hours as a row keeps them. Raises FieldErrors."""
    for weekday, hour in slots:
        if (weekday is not None and not 0 <= weekday <= 6) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", hour):
            raise FieldErrors({"slots": "Write each hour as 10:00, with its day of the week."})
    return [[weekday, hour] for weekday, hour in slots]


def note(
    session: Session,
    row: Enrolment,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    """The act on this follow-up, in the trail."""
    session.flush()
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"enrolment:{row.id}",
        service_id=row.service_id,
        patient_id=row.patient_id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )
