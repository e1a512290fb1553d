"""A later answer takes the place of one that nobody has told the patient yet: one thing to tell. Both stay in the story.

Only requests are written here. The treatment needs nothing: a later order of the same thing holds over the earlier one by its own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import asked, asking
from app.alerts.models import DoctorAnswer, DoctorRequest, RequestEvent, RequestState
from app.core.audit import Actor
from app.people.models import Service, Staff
from triage.terms import Level

SAME_THING = {
    "stop": {"hold", "resume", "dose", "stop"},
    "hold": {"hold", "resume"},
    "resume": {"hold", "resume"},
    "dose": {"dose"},
    "see": {"see"},
}
"""What each order leaves nothing of: of two hours for one visit the later said stands.

A dose and days without tablets stand side by side: told of one, the patient needs both."""


def order_of(request: DoctorRequest) -> str:
    """What its answer orders about tablets: stop, hold, resume, dose, or see, for today; "" for none, a stop of what had stopped too."""
    if request.answer_detail.get("already_stopped"):
        return ""
    if request.answer == DoctorAnswer.HOLD_UNTIL or (request.answer == DoctorAnswer.ADMIT and request.answer_detail.get("hold")):
        return "hold"
    if request.answer == DoctorAnswer.CONTINUE:
        return "resume" if request.answer_detail.get("resume") else ""
    return {DoctorAnswer.STOP: "stop", DoctorAnswer.REDUCE_TO: "dose", DoctorAnswer.SEE_TODAY: "see"}.get(DoctorAnswer(request.answer), "")


def gives_way(older: DoctorRequest, newer: DoctorRequest, *, today: date) -> bool:
    """Is nothing of the older answer left to tell once the newer one is?

    Not when the newer one begins later: until that day the older one holds. Whoever is called in, or admitted, is told so whatever else.
    """
    begins = str(newer.answer_detail.get("from_day") or today.isoformat())
    if begins > today.isoformat() or older.answer == DoctorAnswer.ADMIT:
        return False
    new, old = order_of(newer), order_of(older)
    if new == old == "dose" and newer.answer_detail.get("medicine", "") != older.answer_detail.get("medicine", ""):
        return False
    return old in SAME_THING.get(new, set())


def settle(session: Session, request: DoctorRequest, *, by: Actor, now: datetime, today: date) -> None:
    """After an answer, or its correction: what it takes the place of is replaced; what it does so no more is to be told again."""
    others = select(DoctorRequest).where(
        DoctorRequest.patient_id == request.patient_id,
        DoctorRequest.service_id == request.service_id,
        DoctorRequest.id != request.id,
        DoctorRequest.state.in_((RequestState.ANSWERED, RequestState.REPLACED)),
    )
    for older in session.scalars(others.order_by(DoctorRequest.id)).all():
        gives = gives_way(older, request, today=today)
        if older.state == RequestState.ANSWERED and gives:
            _replace(session, older, request, by=by, now=now)
        elif older.state == RequestState.REPLACED and not gives and replaced_by(older) == request.id:
            _bring_back(session, older, by=by, now=now)


def _replace(session: Session, older: DoctorRequest, newer: DoctorRequest, *, by: Actor, now: datetime) -> None:
    """The patient has waited since the older answer: the newer one is told no later than that one was due, and no more slowly."""
    if not asking.claim(session, older, RequestState.REPLACED, next_step_at=None):
        return
    said, was = _said(session, newer), _said(session, older)
    asking.note(session, older, "replaced", by=by, now=now, detail={**said, "request_id": newer.id})
    asking.note(session, newer, "replaces", by=by, now=now, detail={**was, "request_id": older.id})
    asking.record(session, older, "request.replaced", by=by, now=now, after={"by": newer.id})
    if older.alert_id is not None and older.alert_id != newer.alert_id:
        asking.back_to_the_asker(session, older, "doctor_replaced", by=by, now=now, detail=said)
    if Level.of(older.level) > Level.of(newer.level):
        newer.level = older.level
        service = session.get_one(Service, newer.service_id)
        for name, value in asked.climb_to_the_nurses(service, Level.of(older.level), now).items():
            setattr(newer, name, value)
    newer.respond_by = min(newer.respond_by, older.respond_by)
    session.flush()


def _bring_back(session: Session, older: DoctorRequest, *, by: Actor, now: datetime) -> None:
    """What had taken its place was a slip: it is to be told again, and climbs from its first rung."""
    service = session.get_one(Service, older.service_id)
    climbs = asked.climb_to_the_nurses(service, Level.of(older.level), now)
    mine = update(DoctorRequest).where(DoctorRequest.id == older.id, DoctorRequest.stamp == older.stamp)
    values: dict[str, Any] = {"state": RequestState.ANSWERED, "raised_at": now, "stamp": DoctorRequest.stamp + 1, **climbs}
    session.execute(mine.values(**values))
    session.refresh(older)
    asking.note(session, older, "brought_back", by=by, now=now, detail={})
    asking.record(session, older, "request.brought_back", by=by, now=now)


def _said(session: Session, request: DoctorRequest) -> dict[str, Any]:
    """Its answer, as a line of a story keeps it."""
    kept = {name: value for name, value in request.answer_detail.items() if name != "did"}
    doctor = session.get_one(Staff, request.answered_by_id).name
    return {**kept, "answer": request.answer, "note": request.answer_words, "doctor": doctor}


def taken_over(request: DoctorRequest) -> RequestEvent | None:
    """The line of its story that says which answer took its place, as long as it does."""
    if request.state != RequestState.REPLACED:
        return None
    return next((event for event in reversed(request.events) if event.kind == "replaced"), None)


def replaced_by(request: DoctorRequest) -> int | None:
    """The request whose answer took the place of this one's."""
    event = taken_over(request)
    return int(event.detail["request_id"]) if event else None


def replaced(session: Session, request: DoctorRequest) -> Sequence[DoctorRequest]:
    """Answers whose place this one has taken, oldest first."""
    gone = (DoctorRequest.patient_id == request.patient_id, DoctorRequest.state == RequestState.REPLACED)
    found = session.scalars(select(DoctorRequest).where(*gone).order_by(DoctorRequest.id))
    return [one for one in found if replaced_by(one) == request.id]


def untold(session: Session, request: DoctorRequest) -> Sequence[DoctorRequest]:
    """Other answers about the same patient that nobody has told yet, oldest first."""
    waiting = (DoctorRequest.patient_id == request.patient_id, DoctorRequest.state == RequestState.ANSWERED, DoctorRequest.id != request.id)
    return session.scalars(select(DoctorRequest).where(*waiting).order_by(DoctorRequest.id)).all()
