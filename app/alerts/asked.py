"""How a request climbs: to a doctor until one answers, then to the nurses until one has told the patient. It never ends in nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import paging, reasons
from app.alerts.models import FOR_THE_DOCTOR, DoctorRequest, RequestEvent, RequestState
from app.alerts.paging import Words
from app.core.audit import SYSTEM
from app.people import care_team, members, stand_ins
from app.people.models import Role, Service, Staff
from triage.terms import Level

ANSWER_WITHIN = {Level.URGENT: timedelta(minutes=15), Level.HIGH: timedelta(hours=2), Level.MODERATE: timedelta(hours=10)}
"""When a doctor must have answered: urgent in clock time, the others in service hours (house rule, 2026-11-23)."""

TELL_WITHIN = {Level.URGENT: timedelta(minutes=30), Level.HIGH: timedelta(hours=2), Level.MODERATE: timedelta(hours=10)}
"""When the patient must have been told, counted from the answer, in the same hours (house rule, 2026-11-23)."""

DOCTOR_LADDERS: dict[Level, list[dict[str, Any]]] = {
    Level.URGENT: [
        {"after_minutes": 0, "notify": "doctor"},
        {"after_minutes": 5, "notify": "doctor"},
        {"after_minutes": 10, "notify": "stand_in"},
        {"after_minutes": 15, "notify": "head"},
    ],
    Level.HIGH: [
        {"after_minutes": 0, "notify": "doctor"},
        {"after_minutes": 60, "notify": "doctor"},
        {"after_minutes": 120, "notify": "stand_in"},
        {"after_minutes": 180, "notify": "head"},
    ],
    Level.MODERATE: [
        {"after_minutes": 0, "notify": "doctor"},
        {"after_minutes": 300, "notify": "doctor"},
        {"after_minutes": 600, "notify": "stand_in"},
        {"after_minutes": 900, "notify": "head"},
    ],
}
"""Rungs climbed until a doctor answers; minutes count like the deadline's (house rule, 2026-11-23: the alert chain's own hours)."""

TELL_LADDERS: dict[Level, list[dict[str, Any]]] = {
    Level.URGENT: [
        {"after_minutes": 0, "notify": "asker"},
        {"after_minutes": 5, "notify": "team"},
        {"after_minutes": 10, "notify": "on_call"},
        {"after_minutes": 15, "notify": "head"},
    ],
    Level.HIGH: [
        {"after_minutes": 0, "notify": "asker"},
        {"after_minutes": 60, "notify": "team"},
        {"after_minutes": 120, "notify": "head"},
    ],
    Level.MODERATE: [
        {"after_minutes": 0, "notify": "asker"},
        {"after_minutes": 300, "notify": "team"},
        {"after_minutes": 600, "notify": "head"},
    ],
}
"""Rungs climbed until a nurse has told the patient (house rule, 2026-11-23)."""

REPEAT = {Level.URGENT: timedelta(minutes=5), Level.HIGH: timedelta(hours=1), Level.MODERATE: timedelta(hours=10)}
"""The last rung repeats at this pace (HZ-03: a ladder never ends in nothing)."""

WAYS = ("text", "email")
"""How they are told. Nobody is rung up by a machine for a question: the nurse who asks has the doctor's number beside it."""


def climb_to_the_doctor(service: Service, level: Level, now: datetime) -> dict[str, Any]:
    """The columns of a request that begins to climb: to a doctor."""
    return _from_the_first_rung(service, level, now, DOCTOR_LADDERS[level], ANSWER_WITHIN[level])


def climb_to_the_nurses(service: Service, level: Level, now: datetime) -> dict[str, Any]:
    """The same once it is answered: the patient waits to be told."""
    return _from_the_first_rung(service, level, now, TELL_LADDERS[level], TELL_WITHIN[level])


def _from_the_first_rung(service: Service, level: Level, now: datetime, ladder: list[dict[str, Any]], within: timedelta) -> dict[str, Any]:
    first = reasons.deadline(service, level, now, timedelta(minutes=ladder[0]["after_minutes"]))
    return {"respond_by": reasons.deadline(service, level, now, within), "ladder": list(ladder), "rung": 0, "next_step_at": first}


def due(session: Session, now: datetime, *, limit: int = 100) -> list[int]:
    """Ids of requests whose next step is due, the nearest deadline first."""
    open_ = (*FOR_THE_DOCTOR, RequestState.ANSWERED)
    waiting = select(DoctorRequest.id).where(DoctorRequest.state.in_(open_), DoctorRequest.next_step_at <= now)
    return list(session.scalars(waiting.order_by(DoctorRequest.respond_by).limit(limit)))


def step(session: Session, request_id: int, now: datetime) -> bool:
    """The next rung of one request. False when another process made it, or somebody answered meanwhile."""
    request = session.get(DoctorRequest, request_id, populate_existing=True)
    if request is None or request.next_step_at is None or request.next_step_at > now:
        return False
    mine = update(DoctorRequest).where(DoctorRequest.id == request.id, DoctorRequest.stamp == request.stamp)
    claimed = session.execute(mine.values(stamp=DoctorRequest.stamp + 1))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return False
    session.refresh(request)
    service = session.get_one(Service, request.service_id)
    notify = str(request.ladder[min(request.rung, len(request.ladder) - 1)]["notify"])
    reached = [person.name for person in people_of(session, service, request, notify, now) if _ping(session, service, request, person, now)]
    detail = {"notify": notify, "reached": reached, "rung": request.rung + 1}
    request.rung += 1
    request.next_step_at = _next_step(service, request, now)
    session.add(RequestEvent(request_id=request.id, at=now, kind="stepped", actor=str(SYSTEM), actor_name=SYSTEM.name, detail=detail))
    session.flush()
    return True


def _next_step(service: Service, request: DoctorRequest, now: datetime) -> datetime:
    level = Level.of(request.level)
    if request.rung >= len(request.ladder):
        return reasons.deadline(service, level, now, REPEAT[level])
    minutes = timedelta(minutes=request.ladder[request.rung]["after_minutes"])
    return max(reasons.deadline(service, level, request.raised_at, minutes), now)


def people_of(session: Session, service: Service, request: DoctorRequest, notify: str, now: datetime) -> list[Staff]:
    """Who a rung means now. When it means nobody, everybody who may act: a request must reach somebody."""
    found: list[Staff] = []
    if notify == "doctor":
        found = [stand_ins.instead_of(session, session.get_one(Staff, request.doctor_id), now, service.id)]
        if Level.of(request.level) is Level.URGENT and stand_ins.is_off(session, found[0].id, service.id, now):
            found += [
                one for one in _on_call(session, service, now) if one.id != found[0].id
            ]  # it does not wait for whoever comes next week
    elif notify == "stand_in":
        found = _on_call(session, service, now) or _others(session, request)
    elif notify == "asker":
        asker = session.get_one(Staff, request.asked_by_id)
        there = care_team.on_duty(session, service.id, now, "ward")
        found = [asker] if not there or asker.id in {one.id for one in there} else there
    return [one for one in found if one.active and members.works_in(session, one, service.id)] or paging.meant_by(
        session, service, notify, now
    )


def _on_call(session: Session, service: Service, now: datetime) -> list[Staff]:
    return [one for one in care_team.on_duty(session, service.id, now, "on_call") if one.role == Role.ONCOLOGIST]


def _others(session: Session, request: DoctorRequest) -> list[Staff]:
    """The other doctors of the service, when none is on call."""
    doctors = (members.belongs(request.service_id), Staff.role == Role.ONCOLOGIST, Staff.active, Staff.id != request.doctor_id)
    return list(session.scalars(select(Staff).where(*doctors).order_by(Staff.id)))


def _ping(session: Session, service: Service, request: DoctorRequest, person: Staff, now: datetime) -> bool:
    """Content-free words: a level and a reference, never who or what (SEC-01, HZ-30)."""
    key = "staff_answer" if request.state == RequestState.ANSWERED else "staff_request"
    words = Words(text=key, call=key, values={"level": request.level, "ref": f"D{request.id}"})
    reason = f"request:{request.id}:{request.raised_at.isoformat()}:{request.rung}"
    return bool(paging.page(session, service, person, WAYS, words, reason=reason, now=now))
