"""What became known of a patient after a doctor's answer and before it is told; and the days without tablets that stand against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import raising, stopped
from app.alerts.models import FOR_THE_DOCTOR, Alert, AlertEvent, DoctorAnswer, DoctorRequest, RequestState, Task
from app.alerts.stopped import Stopped
from app.people.models import Patient
from app.treatment import courses, days, supplies
from app.treatment.models import Hold
from triage import calendar
from triage.terms import Level

GIVES_TABLETS = (DoctorAnswer.CONTINUE, DoctorAnswer.REDUCE_TO)
"""Answers after which tablets are swallowed: what came since may forbid them (house rule, 2026-11-23)."""


@dataclass(frozen=True)
class News:
    """An alert, with what was added to it since the answer, or a grave result to read that came since. at: the first of it."""

    at: datetime
    alert: Alert | None = None
    details: tuple[Mapping[str, Any], ...] = ()
    task: Task | None = None


def news(session: Session, request: DoctorRequest) -> Sequence[News]:
    """Grave things that the doctor did not know of; nothing once the answer was told, or while there is none.

    An order of tablets said by telephone that waits for its doctor is an answer too, of the hour at which it was said.
    """
    given = request.answered_at if request.state == RequestState.ANSWERED else None
    if request.state in FOR_THE_DOCTOR and request.spoken:
        given = datetime.fromisoformat(request.spoken["said_at"])
    return [*_alerts(session, request, given), *_results(session, request, given)] if given else ()


def _alerts(session: Session, request: DoctorRequest, answered_at: datetime) -> list[News]:
    """Something milder that joined a grave alert is not grave: the level is that of each report.

    Of closed alerts too: whoever closed one did not thereby tell the doctor, whose answer knows nothing of it.
    """
    told = select(Alert, AlertEvent).join(AlertEvent, AlertEvent.alert_id == Alert.id)
    told = told.where(Alert.patient_id == request.patient_id)
    told = told.where(AlertEvent.at > answered_at, AlertEvent.kind.in_(raising.REPORTS)).order_by(AlertEvent.id)
    found: dict[int, News] = {}
    for alert, event in session.execute(told):
        if raising.level_of(event.detail) >= Level.HIGH:
            first = found.get(alert.id) or News(event.at, alert)
            found[alert.id] = News(first.at, alert, (*first.details, event.detail))
    return list(found.values())


def _results(session: Session, request: DoctorRequest, answered_at: datetime) -> list[News]:
    mine = (Task.patient_id == request.patient_id, Task.kind == "result_to_read")
    found = session.scalars(select(Task).where(*mine, Task.created_at > answered_at).order_by(Task.id))
    return [News(task.created_at, task=task) for task in found]


def forbidden(session: Session, request: DoctorRequest, now: datetime) -> Hold | Stopped | None:
    """The hold that covers the day from which an answer says to take tablets, or the end of the treatment: another order than its own.

    A reduction that says itself that it waits for the end of a hold is not forbidden by it.
    """
    if request.answer not in GIVES_TABLETS or request.state != RequestState.ANSWERED:
        return None
    course, detail = courses.running(session, request.patient_id), request.answer_detail
    if course is None:
        return stopped.of(session, request.patient_id)
    begins = str(detail.get("taken_from", detail.get("from_day", "")))
    if "held_until" in detail or detail.get("taken_from") == "":
        return None
    medicine = supplies.medicine_of(course, str(detail.get("medicine", "")))
    today = calendar.local_day(now, session.get_one(Patient, request.patient_id).timezone)
    return days.standing_hold(days.holds_of(medicine), max(today, date.fromisoformat(begins)) if begins else today)


def waits_to_be_admitted(requests: Iterable[DoctorRequest], absence_id: int) -> bool:
    """Was this stay in hospital ordered by an answer that nobody has told the patient yet? Then they are at home."""
    untold = (one for one in requests if one.state == RequestState.ANSWERED and one.answer == DoctorAnswer.ADMIT)
    return any(one.answer_detail.get("did", {}).get("absence") == absence_id for one in untold)


def takes_a_tick(session: Session, request: DoctorRequest, now: datetime) -> bool:
    """Does something stand against saying it as it is, or confirming it? Whoever does then ticks that they have read it."""
    waits = request.spoken.get("answer") if request.state in FOR_THE_DOCTOR else None
    if (request.answer or waits) not in GIVES_TABLETS:
        return False
    return bool(news(session, request)) or forbidden(session, request, now) is not None
