"""What a nurse asks a doctor about one patient: asked, opened, withdrawn. The answer is in answering.py, the climb in asked.py."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import asked, handling, heard, raising
from app.alerts.models import FOR_THE_DOCTOR, REQUEST_MOVES, Alert, AlertState, DoctorRequest, RequestEvent, RequestState
from app.care.contact_models import Contact
from app.core import audit
from app.core.audit import Actor
from app.core.errors import Conflict, NotFound, Refusal
from app.people import members
from app.people.models import Patient, Role, Service, Staff
from app.people.perimeter import Viewer
from triage.terms import Level

LEVELS = (Level.URGENT, Level.HIGH, Level.MODERATE)
WORST_FIRST = {level.word: rank for rank, level in enumerate(LEVELS)}


def ask(
    session: Session,
    patient: Patient,
    *,
    by: Viewer,
    now: datetime,
    question: str,
    level: str,
    changed: str = "",
    proposed: str = "",
    doctor_id: int | None = None,
    alert_id: int | None = None,
    contact_id: int | None = None,
    filled: Collection[str] = (),
) -> DoctorRequest:
    """Ask the patient's oncologist, or the doctor named. The same question asked twice while it is open is one request.

    A danger in the question or in what changed, unless it is open already, is told at once by an alert of its own, and a patient in
    danger is asked about now, whatever was chosen. filled: lines of ``changed`` that the form proposed: they have raised what they had to.
    An alert of the asker waits for the answer, unless it is urgent: an urgent one never waits. Raises Refusal without a question, without
    a level, or for somebody who is no doctor of the service.
    """
    by.require("ask_doctor")
    _check(question, level, by)
    doctor = _doctor(session, patient, doctor_id)
    alert = _asked_from(session, patient, alert_id, contact_id, by)
    if (same := _asked_already(session, patient, doctor, question.strip())) is not None:
        return same
    said = "\n".join([question.strip(), *_own(changed, filled)]).strip()
    signs = heard.codes(patient, said, by.language)
    danger = heard.of_ours(session, patient, said, signs, by=by, now=now) if signs else heard.urgent(session, patient.id)
    level = max(level, danger.level if danger else level, key=Level.of)
    service = session.get_one(Service, patient.service_id)
    request = DoctorRequest(
        service_id=service.id,
        patient_id=patient.id,
        alert_id=alert_id,
        contact_id=contact_id,
        doctor_id=doctor.id,
        asked_by_id=by.actor.id,
        asked_at=now,
        level=level,
        question=question.strip(),
        changed=changed.strip(),
        proposed=proposed.strip(),
        raised_at=now,
        **asked.climb_to_the_doctor(service, Level.of(level), now),
    )
    session.add(request)
    session.flush()
    note(session, request, "asked", by=by.actor, now=now, detail={"to": doctor.name, "note": request.question})
    if signs:
        note(session, request, "danger", by=by.actor, now=now, detail={"dangers": sorted(signs)})
    record(session, request, "request.asked", by=by.actor, now=now, after={"level": level, "doctor": doctor.id})
    if alert is not None:
        told = {"to": doctor.name, "note": request.question, "request_id": request.id}
        raising.note(session, alert, "doctor_asked", by=by.actor, now=now, detail=told)
        _let_wait(session, alert, request, by=by, now=now)
    return request


def _check(question: str, level: str, by: Viewer) -> None:
    if by.actor.kind != "staff":
        raise Refusal("A doctor is asked by a person: say who asks.", field="by", status=422)
    if not question.strip():
        raise Refusal("Write the question: the doctor reads it first.", field="question", status=422)
    if level not in WORST_FIRST:
        raise Refusal("Say how soon an answer is needed.", field="level", status=422)


def _asked_from(session: Session, patient: Patient, alert_id: int | None, contact_id: int | None, by: Viewer) -> Alert | None:
    """The alert it is asked from. Raises NotFound for an alert or a call of another patient."""
    alert = handling.get(session, alert_id, viewer=by) if alert_id is not None else None
    if alert is not None and alert.patient_id != patient.id:
        raise NotFound("This alert")
    contact = session.get(Contact, contact_id) if contact_id is not None else None
    if contact_id is not None and (contact is None or contact.patient_id != patient.id):
        raise NotFound("This call")
    return alert


def _own(changed: str, filled: Collection[str]) -> list[str]:
    """The lines of what changed that the nurse wrote herself; spaces are a browser's to change."""
    proposed = {" ".join(line.split()) for line in filled}
    return [line for line in changed.splitlines() if " ".join(line.split()) not in proposed]


def _doctor(session: Session, patient: Patient, doctor_id: int | None) -> Staff:
    doctor = session.get(Staff, doctor_id or patient.oncologist_id)
    if doctor is None or not doctor.active or not members.works_in(session, doctor, patient.service_id) or doctor.role != Role.ONCOLOGIST:
        raise Refusal("Choose a doctor of this service.", field="doctor", status=422)
    return doctor


def _asked_already(session: Session, patient: Patient, doctor: Staff, question: str) -> DoctorRequest | None:
    """A button pressed twice asks once."""
    mine = (DoctorRequest.patient_id == patient.id, DoctorRequest.doctor_id == doctor.id, DoctorRequest.question == question)
    return session.scalar(select(DoctorRequest).where(*mine, DoctorRequest.state.in_(FOR_THE_DOCTOR)))


def _let_wait(session: Session, alert: Alert, request: DoctorRequest, *, by: Viewer, now: datetime) -> None:
    """The asker's own alert is put aside until the answer is due; what may not be put aside keeps its own clock."""
    if alert.owner_id != by.actor.id or alert.state == AlertState.CLOSED:
        return
    try:
        handling.wait(session, alert.id, by=by, now=now, until=request.respond_by)
    except Refusal:
        return


def back_to_the_asker(session: Session, request: DoctorRequest, kind: str, *, by: Actor, now: datetime, detail: dict[str, Any]) -> None:
    """The alert that waited for the doctor is in its owner's hands again, and its story says why."""
    alert = session.get(Alert, request.alert_id) if request.alert_id is not None else None
    if alert is None:
        return
    raising.note(session, alert, kind, by=by, now=now, detail={**detail, "request_id": request.id})
    if alert.state == AlertState.WAITING and alert.owner_id == request.asked_by_id:
        alert.state = AlertState.IN_PROGRESS
        alert.next_step_at = handling.held_until(session, alert, now)
    alert.stamp += 1
    session.flush()


def get(session: Session, request_id: int, *, viewer: Viewer) -> DoctorRequest:
    """The request, if it is in the viewer's service. Raises NotFound."""
    mine = viewer.service_id if viewer.may("see_alerts") else None
    wanted = select(DoctorRequest).where(DoctorRequest.id == request_id, DoctorRequest.service_id == mine)
    request = session.scalar(wanted.execution_options(populate_existing=True))
    if request is None:
        raise NotFound("This request")
    return request


def seen(session: Session, request_id: int, *, by: Viewer, now: datetime) -> DoctorRequest:
    """A doctor opened it. The ladder goes on: having read is not having answered. Opened again, or by a nurse, nothing changes."""
    request = get(session, request_id, viewer=by)
    if not by.may("answer_requests") or by.actor.kind != "staff" or request.state != RequestState.ASKED:
        return request
    if claim(session, request, RequestState.SEEN, seen_at=now, seen_by_id=by.actor.id):
        note(session, request, "seen", by=by.actor, now=now)
    return request


def withdraw(session: Session, request_id: int, *, by: Viewer, now: datetime, reason: str) -> DoctorRequest:
    """No answer is needed any more, with the reason; the alert that waited comes back. Raises Refusal, or Conflict once it is answered."""
    by.require("ask_doctor")
    request = get(session, request_id, viewer=by)
    if not reason.strip():
        raise Refusal("Write why no answer is needed any more.", field="reason", status=422)
    done = {"withdrawn_at": now, "withdrawn_by_id": by.actor.id, "withdrawn_reason": reason.strip(), "next_step_at": None}
    if not claim(session, request, RequestState.WITHDRAWN, **done):
        raise taken(session, request, now)
    note(session, request, "withdrawn", by=by.actor, now=now, detail={"note": reason.strip()})
    record(session, request, "request.withdrawn", by=by.actor, now=now, reason=reason.strip())
    back_to_the_asker(session, request, "doctor_withdrawn", by=by.actor, now=now, detail={"note": reason.strip()})
    return request


def claim(session: Session, request: DoctorRequest, to: RequestState, **values: object) -> bool:
    """The move, if nobody made another first; of two who answer at once one wins. The row is read again either way."""
    leaving = [state for state, moves in REQUEST_MOVES.items() if to in moves]
    mine = update(DoctorRequest).where(DoctorRequest.id == request.id, DoctorRequest.state.in_(leaving))
    done = session.execute(mine.values(state=to, stamp=DoctorRequest.stamp + 1, **values))
    session.refresh(request)
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE always has one


def taken(session: Session, request: DoctorRequest, now: datetime) -> Conflict:
    """Who was first, and when."""
    if request.state == RequestState.WITHDRAWN:
        return Conflict("{name} withdrew this request {ago}.", **_who(session, request.withdrawn_by_id, request.withdrawn_at, now))
    if request.state == RequestState.REPLACED:
        last = [event for event in request.events if event.kind == "replaced"][-1]
        return Conflict("The answer of {name} replaced this one {ago}.", name=last.detail["doctor"], ago=now - last.at)
    if request.state == RequestState.TOLD:
        return Conflict("{name} told the patient {ago}.", **_who(session, request.told_by_id, request.told_at, now))
    if request.state == RequestState.ANSWERED and request.spoken_to_id is not None and request.confirmed_at is None:
        doctor = session.get_one(Staff, request.answered_by_id).name
        noted = _who(session, request.spoken_to_id, request.answered_at, now)
        return Conflict("{name} wrote down the answer of {doctor} {ago}, told by telephone.", doctor=doctor, **noted)
    if request.state == RequestState.ANSWERED:
        return Conflict("{name} answered this request {ago}.", **_who(session, request.answered_by_id, request.answered_at, now))
    return Conflict("No doctor has answered this request yet.")


def _who(session: Session, staff_id: int | None, at: datetime | None, now: datetime) -> dict[str, Any]:
    staff = session.get(Staff, staff_id) if staff_id else None
    return {"name": staff.name if staff else "?", "ago": now - (at or now)}


# --- What is open -------------------------------------------------------------------------------------------------------------------


def open_requests(session: Session, *, viewer: Viewer) -> list[DoctorRequest]:
    """Those of the service that wait for a doctor, the most urgent first, then by the hour of their answer."""
    return _of_service(session, viewer, DoctorRequest.state.in_(FOR_THE_DOCTOR))


def to_tell(session: Session, *, viewer: Viewer) -> list[DoctorRequest]:
    """Answers that no patient has been told yet, in the same order."""
    return _of_service(session, viewer, DoctorRequest.state == RequestState.ANSWERED)


def to_confirm(session: Session, *, viewer: Viewer) -> list[DoctorRequest]:
    """What this doctor said by telephone, was written down by a nurse, and holds already: to be confirmed."""
    told = (DoctorRequest.spoken_to_id.is_not(None), DoctorRequest.confirmed_at.is_(None), DoctorRequest.answered_by_id == viewer.actor.id)
    return _of_service(session, viewer, *told)


def _of_service(session: Session, viewer: Viewer, *conditions: Any) -> list[DoctorRequest]:
    mine = viewer.service_id if viewer.may("see_alerts") else None
    rows = session.scalars(select(DoctorRequest).where(DoctorRequest.service_id == mine, *conditions))
    return sorted(rows, key=lambda row: (WORST_FIRST[row.level], row.respond_by, row.id))


# --- What is written down -----------------------------------------------------------------------------------------------------------


def note(session: Session, request: DoctorRequest, kind: str, *, by: Actor, now: datetime, detail: dict[str, Any] | None = None) -> None:
    """Write one line of the request's story."""
    session.add(RequestEvent(request_id=request.id, at=now, kind=kind, actor=str(by), actor_name=by.name, detail=detail or {}))
    session.flush()


def record(
    session: Session, request: DoctorRequest, action: str, *, by: Actor, now: datetime, after: object = None, reason: str = ""
) -> None:
    """The same act in the audit trail."""
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"request:{request.id}",
        service_id=request.service_id,
        patient_id=request.patient_id,
        after=after,
        reason=reason,
        now=now,
    )
