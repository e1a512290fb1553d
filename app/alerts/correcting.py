"""A doctor corrects an answer: the new one takes its place, and whoever must tell the patient tells again. Both stay in the story.

Only the request is written here; what the two answers change in the treatment and the plan is app.checkins.rhythm.corrected.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import answering, asked, asking
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest, RequestState
from app.core.errors import Conflict, Refusal
from app.people.models import Service, Staff
from app.people.perimeter import Viewer
from triage.terms import Level

CORRECTABLE = (RequestState.ANSWERED, RequestState.TOLD)


def correct(session: Session, request: DoctorRequest, decision: Decision, *, reason: str, by: Viewer, now: datetime) -> None:
    """Raises Refusal 403 for anybody but a doctor, without a reason, or when a later answer stands on this one; Conflict when it moved."""
    by.require("answer_requests")
    if by.actor.kind != "staff":
        raise Refusal("A doctor answers in person: say who.", field="by", status=422)
    if request.state not in CORRECTABLE:
        raise asking.taken(session, request, now)
    if not reason.strip():
        raise Refusal("Write what was wrong in the first answer: whoever told it reads this.", field="reason", status=422)
    answering.check(decision)
    if stands_under_another(session, request):
        raise Refusal("A later answer changed this treatment: correct that one.", field="answer", status=422)
    before, detail = _kept(session, request), _detail(request, decision, reason, by)
    if not _claim(session, request, decision, by=by, now=now):
        raise Conflict("{name} changed this answer meanwhile. Read it again.", name=_name(session, request.answered_by_id))
    asking.note(session, request, "corrected", by=by.actor, now=now, detail={**detail, "before": before})
    asking.record(session, request, "request.corrected", by=by.actor, now=now, after={**detail, "before": before}, reason=reason.strip())
    asking.back_to_the_asker(session, request, "doctor_corrected", by=by.actor, now=now, detail=detail)
    answering.hear(session, request, decision, by=by, now=now)


def _claim(session: Session, request: DoctorRequest, decision: Decision, *, by: Viewer, now: datetime) -> bool:
    """What the patient was already told and must unlearn is told like something urgent (house rule, 2026-11-23)."""
    told = Level.URGENT if request.state == RequestState.TOLD else Level.HIGH
    level = max(told, answering.how_soon(session, request, decision))
    service = session.get_one(Service, request.service_id)
    mine = update(DoctorRequest).where(
        DoctorRequest.id == request.id, DoctorRequest.stamp == request.stamp, DoctorRequest.state.in_(CORRECTABLE)
    )
    values: dict[str, Any] = {
        "state": RequestState.ANSWERED,
        "answer": str(decision.answer),
        "answer_detail": decision.kept(),
        "answer_words": decision.words.strip(),
        "answered_by_id": by.actor.id,
        "answered_at": now,
        "confirmed_at": now,
        "spoken": {},
        "spoken_to_id": None,
        "told_by_id": None,
        "told_at": None,
        "level": level.word,
        "raised_at": now,
        **asked.climb_to_the_nurses(service, level, now),
    }
    done = session.execute(mine.values(**values, stamp=DoctorRequest.stamp + 1))
    session.refresh(request)
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE always has one


def _kept(session: Session, request: DoctorRequest) -> dict[str, Any]:
    """The answer that is replaced, as its line of the story keeps it."""
    shown = {name: value for name, value in request.answer_detail.items() if name != "did"}
    told = _name(session, request.told_by_id) if request.told_by_id else ""
    return {
        **shown,
        "answer": request.answer,
        "note": request.answer_words,
        "doctor": _name(session, request.answered_by_id),
        "told_by": told,
    }


def _detail(request: DoctorRequest, decision: Decision, reason: str, by: Viewer) -> dict[str, Any]:
    return {**decision.kept(), "answer": str(decision.answer), "note": reason.strip(), "doctor": by.actor.name}


def _name(session: Session, staff_id: int | None) -> str:
    staff = session.get(Staff, staff_id) if staff_id else None
    return staff.name if staff else "?"


def stands_under_another(session: Session, request: DoctorRequest) -> bool:
    """Was another request of this patient answered since, with something that changed the treatment or the plan?

    A stop of what had stopped changes nothing: the first stop, if it was a slip, must stay the one to correct.
    """
    since = (
        DoctorRequest.patient_id == request.patient_id,
        DoctorRequest.id != request.id,
        DoctorRequest.answered_at > request.answered_at,
    )
    later = session.scalars(select(DoctorRequest).where(*since))
    changed = [one for one in later if not one.answer_detail.get("already_stopped")]
    return any(one.answer != DoctorAnswer.CONTINUE or one.answer_detail.get("resume") for one in changed)


def corrections(request: DoctorRequest) -> list[dict[str, Any]]:
    """The answers that were replaced, oldest first, each with what was told of it."""
    return [event.detail["before"] for event in request.events if event.kind == "corrected"]
