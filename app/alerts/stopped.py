"""A treatment that was stopped: when, by whom, by which answer. Nothing of it is continued, held or reduced any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import DoctorAnswer, DoctorRequest, RequestState
from app.core.errors import Refusal
from app.people.models import Staff
from app.treatment import courses

BY_AN_ANSWER = (
    "The treatment was stopped on {day} by {who} ({ref}): nothing of it is continued, held or reduced. Stopped by a slip? Correct that "
    "answer and it runs again. Else a new treatment is to be prescribed; Stop leaves this one as it is."
)
BY_HAND = (
    "The treatment was stopped on {day} by {who}: nothing of it is continued, held or reduced. A new treatment is to be prescribed; "
    "Stop leaves this one as it is."
)


@dataclass(frozen=True)
class Stopped:
    """The last treatment of a patient who has none running. by: a name, "" when nobody knows it; request_id: the answer that stopped it."""

    on: date
    by: str
    request_id: int | None = None

    def refusal(self) -> Refusal:
        """Why nothing of it goes on, and what to do."""
        said = {"day": self.on, "who": self.by or "?"}
        if self.request_id is None:
            return Refusal(BY_HAND, field="answer", status=422, **said)
        return Refusal(BY_AN_ANSWER, field="answer", status=422, **said, ref=f"D{self.request_id}")


def of(session: Session, patient_id: int) -> Stopped | None:
    """None while a treatment runs, or when there never was one."""
    course = courses.last_stopped(session, patient_id)
    if course is None or course.stopped_on is None:
        return None
    kept = (RequestState.ANSWERED, RequestState.TOLD, RequestState.REPLACED)
    mine = (DoctorRequest.patient_id == patient_id, DoctorRequest.answer == DoctorAnswer.STOP, DoctorRequest.state.in_(kept))
    answers = session.scalars(select(DoctorRequest).where(*mine).order_by(DoctorRequest.id.desc()))
    for one in answers:
        did = one.answer_detail.get("did", {})
        if did.get("stopped") and did.get("course") == course.id:
            return Stopped(course.stopped_on, session.get_one(Staff, one.answered_by_id).name, one.id)
    return Stopped(course.stopped_on, courses.stopped_by(session, course))


def refuse(session: Session, patient_id: int) -> None:
    """Raises Refusal when the treatment was stopped and none runs since."""
    if found := of(session, patient_id):
        raise found.refusal()
