"""The JSON interface, version 1: the same crafts as the screens, for programs that carry a service's token."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from app.checkins.judging import measured
from app.checkins.models import CheckIn
from app.checkins.rhythm import watched
from app.checkins.texts import verifying
from app.core.audit import Actor
from app.core.errors import FieldErrors, Refusal
from app.messaging import inbox
from app.people import enrolling, members, patients, services
from app.people.enrolling import NewPatient
from app.people.models import Patient, Role, Service, Staff
from app.people.perimeter import Viewer, viewer_of, visible_to
from app.people.watching import NewWatching
from app.treatment import measures
from app.web.api import examples, treatment, views
from app.web.api.shapes import (
    LARGEST_ID,
    CheckInOut,
    CheckInStatus,
    CourseOut,
    MeasureIn,
    MeasureOut,
    MessageOut,
    PatientIn,
    PatientOut,
    Problem,
    RenewalIn,
    WatchingIn,
)
from app.web.api.treatment import CourseIn
from app.web.deps import Now, Reads, TheTools, Writes
from app.web.patient import enrolment, prescribed

PREFIX = "/api/v1"
PAGE = 200


class _Plain(APIRoute):
    """Answers a body or an address that cannot be read with one sentence, and one beside each field."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                fields = {_place(one["loc"]): one["msg"].removeprefix("Value error, ") for one in error.errors()}
                return JSONResponse({"error": "Some fields need attention. Nothing was saved.", "fields": fields}, 422)
            except HTTPException as error:
                if error.status_code != 400:
                    raise
                return JSONResponse({"error": "This body is not JSON in UTF-8. Nothing was saved."}, 400)

        return told


def _place(loc: tuple[int | str, ...]) -> str:
    """The field as the caller wrote it; "body" when the body as a whole cannot be read."""
    named = any(isinstance(part, str) for part in loc[1:])
    return ".".join(str(part) for part in loc[1:]) if named else str(loc[0])


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No living token."},
    403: {"model": Problem, "description": "The role does not allow it."},
    404: {"model": Problem, "description": "Absent, or in another service."},
    409: {"model": Problem, "description": "Somebody acted first, or the state does not allow it."},
    422: {"model": Problem, "description": "A field is missing or implausible; nothing was saved."},
}
router = APIRouter(prefix=PREFIX, route_class=_Plain, responses=_PROBLEMS)
_bearer = HTTPBearer(auto_error=False, description="A token of `vigie token create`.")


def caller(tools: TheTools, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Viewer:
    """The program that calls: its service is its perimeter, whatever it asks for. Raises Refusal 401."""
    with tools.database.reading() as session:
        holder = services.token_holder(session, credentials.credentials) if credentials else None
    if holder is None:
        raise Refusal("Send a living token: Authorization: Bearer TOKEN.", status=401)
    return Viewer(Actor("service", holder.id, holder.name or f"token {holder.id}"), Role(holder.role), holder.service_id)


Caller = Annotated[Viewer, Depends(caller)]
Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
absent = BeforeValidator(lambda value: None if value == "" else value)
PatientQuery = Annotated[Annotated[int, Field(ge=1, le=LARGEST_ID)] | None, absent, Query()]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most this many, newest first.")]


def person(session: Session, who: Viewer, login: str, ability: str) -> Viewer:
    """Who acts: the person named, of the token's service, or the program itself when nobody is. Both must be allowed to."""
    who.require(ability)
    if not login:
        return who
    staff = session.scalar(select(Staff).where(Staff.login == login.lower(), members.belongs(who.service_id), Staff.active))
    if staff is None:
        raise FieldErrors({"by": "Nobody of this service has this login."})
    named = viewer_of(staff, who.service_id)
    named.require(ability)
    # The trail says that a program spoke for this person: it is not the same as the person signed in.
    return Viewer(Actor("staff", staff.id, f"{staff.name} ({who.actor.name})"), named.role, named.service_id, named.language)


@router.post("/patients", status_code=201, summary="Enrol a patient")
def enrol(body: PatientIn, who: Caller, session: Writes, tools: TheTools, now: Now) -> PatientOut:
    """Create a patient with consent, referring oncologist and respondent. A number held by another patient needs shared_phone."""
    by = person(session, who, body.by, "enrol")
    service = session.get_one(Service, who.service_id)
    doctor = _doctor(session, service, body.oncologist)
    new, watch = _new_patient(body, doctor), _watching(session, service, body.watching, doctor)
    prescribed.check(session, service, new, watch, place="watching.", now=now)
    patient = enrolling.enrol(session, service, new, by=by.actor, now=now, allow_fiction=not tools.settings.is_production)
    if watch is not None:
        watched.record(session, patient, watch, by=by.actor, now=now)
    verifying.ask_all(session, patient, by=by.actor, now=now)
    return views.patient(session, patient)


def _doctor(session: Session, service: Service, login: str) -> int | None:
    return session.scalar(select(Staff.id).where(Staff.login == login.lower(), members.belongs(service.id)))


def _watching(session: Session, service: Service, body: WatchingIn | None, oncologist_id: int | None) -> NewWatching | None:
    if body is None:
        return None
    prescriber = _doctor(session, service, body.prescriber) if body.prescriber else oncologist_id
    return NewWatching(prescriber, body.activity, body.from_day, body.until_day, body.weight_kg, body.special_conditions)


def _new_patient(body: PatientIn, oncologist_id: int | None) -> NewPatient:
    relative = body.respondent
    return NewPatient(
        family_name=body.family_name,
        given_names=body.given_names,
        birth_name=body.birth_name,
        birth_date=body.birth_date,
        sex=body.sex,
        language=body.language,
        timezone=body.timezone,
        phone=body.phone,
        phone_verified=body.phone_verified,
        shared_phone=body.shared_phone,
        by_call=body.by_call,
        oncologist_id=oncologist_id,
        respondent_name=relative.name if relative else "",
        respondent_relation=relative.relation if relative else "",
        respondent_phone=relative.phone if relative else "",
        answered_by="respondent" if relative and relative.answers else "patient",
        consent_follow_up=body.consent.follow_up,
        consent_sms_words=body.consent.sms_words,
        consent_sheet=body.consent.sheet_version,
        parental_authority=body.consent.parental_authority,
        check_in_hour=body.check_in_hour,
    )


@router.get("/patients/{patient_id}", summary="A patient")
def read_patient(patient_id: Id, who: Caller, session: Writes, now: Now) -> PatientOut:
    """The patient with consents and running treatment. Opening the file is recorded (SEC-27)."""
    return views.patient(session, opened(session, patient_id, who, now, "api: patient"))


def opened(session: Session, patient_id: int, who: Viewer, now: datetime, where: str) -> Patient:
    patient = patients.get(session, patient_id, viewer=who)
    patients.chart_opened(session, patient, by=who.actor, now=now, where=where)
    return patient


@router.post("/patients/{patient_id}/courses", status_code=201, summary="Start a treatment")
def start_course(patient_id: Id, body: CourseIn, who: Caller, session: Writes, now: Now) -> CourseOut:
    """Start the treatment and plan its check-ins. send_first_text: the first text leaves at once, before the patient goes."""
    by = person(session, who, body.by, "enrol")
    patient = patients.get(session, patient_id, viewer=who)
    try:
        course = enrolment.begin(session, patient, treatment.prescription(body), by=by.actor, now=now, first_text=body.send_first_text)
    except FieldErrors as error:
        raise FieldErrors({treatment.as_written(name): said for name, said in error.fields.items()}) from error
    return treatment.course(course)


@router.post("/patients/{patient_id}/watching", status_code=201, summary="Prescribe or renew the watching")
def prescribe_watching(patient_id: Id, body: RenewalIn, who: Caller, session: Writes, now: Now) -> PatientOut:
    """Write a prescription of the watching; questions that stopped at the end of the last one begin again at once."""
    by = person(session, who, body.by, "enrol")
    patient = patients.get(session, patient_id, viewer=who)
    new = _watching(session, patient.service, body, patient.oncologist_id)
    assert new is not None
    watched.record(session, patient, new, by=by.actor, now=now)
    return views.patient(session, patient)


@router.post("/patients/{patient_id}/measures", status_code=201, summary="Record a measure")
def record_measure(patient_id: Id, body: MeasureIn, who: Caller, session: Writes, now: Now) -> MeasureOut:
    """Keep a weight, temperature or laboratory value with its unit, time and origin. Nothing is converted or rounded.

    A value that a rule of the patient's protocol looks at is judged at once, and may raise an alert; a temperature within 24 hours.
    """
    by = person(session, who, body.by, "record_measure")
    patient = patients.get(session, patient_id, viewer=who)
    row = measures.record(
        session,
        patient,
        kind=body.kind,
        value=str(body.value),
        unit=body.unit,
        lln="" if body.lln is None else f"{body.lln:f}",
        uln="" if body.uln is None else f"{body.uln:f}",
        taken_at=body.taken_at,
        source=body.source,
        by=by.actor,
        now=now,
    )
    measured.judge(session, patient, row, now=now)
    return views.measure(row)


@router.get("/checkins", summary="Check-ins")
def list_checkins(
    who: Caller,
    session: Reads,
    patient: PatientQuery = None,
    status: Annotated[CheckInStatus | None, absent, Query()] = None,
    limit: Limit = PAGE,
) -> list[CheckInOut]:
    """Planned and past check-ins of the service, latest due first."""
    found = select(CheckIn).join(Patient, CheckIn.patient_id == Patient.id).where(visible_to(who))
    if patient is not None:
        found = found.where(CheckIn.patient_id == patient)
    if status is not None:
        found = found.where(CheckIn.state == status)
    rows = session.scalars(found.order_by(CheckIn.due_at.desc(), CheckIn.id.desc()).limit(limit))
    return [views.checkin(row) for row in rows]


@router.get("/messages", summary="Texts of a patient")
def list_messages(
    who: Caller, session: Writes, now: Now, patient: Annotated[int, Query(ge=1, le=LARGEST_ID)], limit: Limit = PAGE
) -> list[MessageOut]:
    """Everything said to and heard from a patient, newest first. Opening the file is recorded."""
    opened(session, patient, who, now, "api: messages")
    return [views.message(row) for row in inbox.story(session, patient, limit=limit)]


@router.get("/openapi.json", include_in_schema=False)
def openapi(tools: TheTools) -> JSONResponse:
    """This interface, described; on a demonstration each example names rows that are there, so that it succeeds as it stands."""
    with tools.database.reading() as session:
        return JSONResponse(examples.described(router, session, now=tools.clock.now(), public_url=tools.settings.public_url))
