"""The JSON interface: what is asked of a doctor, the answer, and that the patient was told. A person acts, and is named."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import answering, asking, replacing
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, DoctorRequest
from app.checkins.rhythm import ordered
from app.core.errors import FieldErrors, Refusal
from app.people import members, patients
from app.people.models import Staff
from app.web.api.doors import PAGE, Caller, Id, Limit, PatientQuery, person, router
from app.web.api.shapes import LARGEST_ID, Body, By, Day, Level, Text
from app.web.api.treatment import Mg
from app.web.deps import Now, Reads, Writes

__all__ = ["router"]

Words = Annotated[Text, Field(max_length=2000)]
Named = Annotated[By, Field(min_length=1)]


class RequestIn(Body):
    """A question to a doctor. doctor: a login of the service; left out, the patient's own oncologist. alert_id: asked from this alert."""

    question: Annotated[Text, Field(min_length=1, max_length=2000)]
    level: Level = "moderate"
    changed: Annotated[Text, Field(max_length=4000)] = ""
    proposed: Annotated[Text, Field(max_length=4000)] = ""
    doctor: Annotated[Text, Field(max_length=120)] = ""
    alert_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    by: Named


class AnswerIn(Body):
    """A doctor's answer. until_day: of hold_until, the last day without tablets, null until a doctor says more. dose_mg: of reduce_to.

    resume: continue, although the treatment is held; from_day: the first day the answer holds, today when left out. hold: of admit, no
    tablets until somebody resumes. at, place: of see_today and admit, the hour on the patient's wall (HH:MM) and where.
    """

    answer: Literal["continue", "hold_until", "reduce_to", "stop", "see_today", "admit"]
    words: Words = ""
    from_day: Day | None = None
    until_day: Day | None = None
    dose_mg: Mg | None = None
    strengths: Annotated[list[Mg], Field(max_length=6, default_factory=list)]
    medicine: Annotated[Text, Field(max_length=80)] = ""
    resume: bool = False
    hold: bool = False
    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    place: Annotated[Text, Field(max_length=200)] = ""
    by: Named


class TellIn(Body):
    """A call to say the answer to the patient: whether somebody was reached, who, and what was said.

    sure: it was said although a grave alert or result came since the answer, or another order holds the tablets; refused without it (422).
    """

    reached: bool
    whom: Literal["patient", "relative", "other"] = "patient"
    words: Words = ""
    sure: bool = False
    by: Named


class RequestOut(BaseModel):
    """A request. doctor, asked_by, answered_by, told_by: logins. respond_by: of the answer; once answered, of telling the patient.

    replaced_by: the request whose answer took the place of this one's before the patient was told.
    """

    id: int
    patient_id: int
    alert_id: int | None
    level: str
    state: str
    question: str
    doctor: str | None
    asked_by: str | None
    asked_at: datetime
    respond_by: datetime
    answer: str | None
    answer_detail: dict[str, Any]
    answer_words: str
    answered_by: str | None
    answered_at: datetime | None
    told_by: str | None
    told_at: datetime | None
    replaced_by: int | None


@router.get("/requests", summary="Requests to doctors")
def list_requests(
    who: Caller,
    session: Reads,
    state: Literal["asked", "seen", "answered", "told", "withdrawn", "replaced"] | None = None,
    patient: PatientQuery = None,
    limit: Limit = PAGE,
) -> list[RequestOut]:
    """Requests of the service, newest first."""
    who.require("see_alerts")
    found = select(DoctorRequest).where(DoctorRequest.service_id == who.service_id)
    for column, wanted in ((DoctorRequest.state, state), (DoctorRequest.patient_id, patient)):
        if wanted is not None:
            found = found.where(column == wanted)
    return [_shown(session, row) for row in session.scalars(found.order_by(DoctorRequest.id.desc()).limit(limit))]


@router.post("/patients/{patient_id}/requests", status_code=201, summary="Ask a doctor")
def ask(patient_id: Id, body: RequestIn, who: Caller, session: Writes, now: Now) -> RequestOut:
    """Ask the patient's oncologist, or another of the service. It climbs until a doctor answers."""
    by = person(session, who, body.by, "ask_doctor")
    patient = patients.get(session, patient_id, viewer=who)
    row = asking.ask(
        session,
        patient,
        by=by,
        now=now,
        question=body.question,
        level=body.level,
        changed=body.changed,
        proposed=body.proposed,
        doctor_id=_doctor(session, patient.service_id, body.doctor),
        alert_id=body.alert_id,
    )
    return _shown(session, row)


def _doctor(session: Session, service_id: int, login: str) -> int | None:
    if not login:
        return None
    found = session.scalar(select(Staff.id).where(Staff.login == login.lower(), members.belongs(service_id)))
    if found is None:
        raise FieldErrors({"doctor": "Nobody of this service has this login."})
    return found


@router.post("/requests/{request_id}/answer", summary="Answer as a doctor")
def answer(request_id: Id, body: AnswerIn, who: Caller, session: Writes, now: Now) -> RequestOut:
    """The treatment and the plan of check-ins change with it. Only an oncologist answers: `by` names one."""
    by = person(session, who, body.by, "answer_requests")
    chosen = DoctorAnswer(body.answer)
    if body.until_day is not None and chosen is not DoctorAnswer.HOLD_UNTIL:
        raise Refusal("Only a hold has a last day.", field="until_day", status=422)
    decision = Decision(
        chosen,
        body.words,
        from_day=body.from_day,
        until_day=body.until_day,
        dose_mg=body.dose_mg if chosen is DoctorAnswer.REDUCE_TO else None,
        strengths=tuple(body.strengths),
        medicine=body.medicine,
        resume=body.resume and chosen is DoctorAnswer.CONTINUE,
        hold=body.hold and chosen is DoctorAnswer.ADMIT,
        at=time.fromisoformat(body.at) if body.at and chosen in answering.CALLED_IN else None,
        place=body.place if chosen in answering.CALLED_IN else "",
    )
    return _shown(session, ordered.answer(session, request_id, decision, by=by, now=now))


@router.post("/requests/{request_id}/tell", summary="Say that the patient was told")
def tell(request_id: Id, body: TellIn, who: Caller, session: Writes, now: Now) -> RequestOut:
    """Somebody called to say the answer. Nobody reached: the attempt is kept, and it climbs on."""
    by = person(session, who, body.by, "act_on_alerts")
    told = {"reached": body.reached, "sure": body.sure}
    row = answering.tell(session, request_id, by=by, now=now, whom=body.whom, words=body.words, **told)
    return _shown(session, row)


def _shown(session: Session, row: DoctorRequest) -> RequestOut:
    ids = {row.doctor_id, row.asked_by_id, row.answered_by_id, row.told_by_id} - {None}
    logins = {one.id: one.login for one in session.scalars(select(Staff).where(Staff.id.in_(ids)))}
    return RequestOut(
        id=row.id,
        patient_id=row.patient_id,
        alert_id=row.alert_id,
        level=row.level,
        state=row.state,
        question=row.question,
        doctor=logins.get(row.doctor_id),
        asked_by=logins.get(row.asked_by_id),
        asked_at=row.asked_at,
        respond_by=row.respond_by,
        answer=row.answer or None,
        answer_detail={name: value for name, value in row.answer_detail.items() if name != "did"},
        answer_words=row.answer_words,
        answered_by=logins.get(row.answered_by_id or 0),
        answered_at=row.answered_at,
        told_by=logins.get(row.told_by_id or 0),
        told_at=row.told_at,
        replaced_by=replacing.replaced_by(row),
    )
