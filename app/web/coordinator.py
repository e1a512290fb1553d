"""The coordinator's screens: enrol in three minutes, the patients of the service, the treatment of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import ways
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import agenda
from app.core.errors import FieldErrors, NotFound, Refusal
from app.messaging.models import Message
from app.people import journeys, members, numbers, patients, watching
from app.people.access_models import StaffSession
from app.people.models import Patient, Service
from app.people.perimeter import visible_to
from app.protocols import versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses, days, orders, supplies
from app.treatment.models import Course, CourseState, HoldKind
from app.web import sheet as sheets
from app.web.deps import Reads, Writes
from app.web.patient import enrolment, prescription
from app.web.render import Page, StaffPage
from app.web.ward.saying import Saying
from triage import calendar

router = APIRouter()

NEAR_ZONES = ("Europe/Paris", "Indian/Reunion", "Indian/Mayotte", "America/Martinique", "America/Guadeloupe", "America/Cayenne")
LONGEST_LIST = 1000
FIRST_TEXTS = 5
"""What left at the enrolment: a code for each telephone, two of welcome, and the first question when it was asked at once."""


async def typed(request: Request) -> dict[str, str]:
    """Every field of the form as typed, so that nothing is lost when it comes back with its sentences."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Typed = Annotated[dict[str, str], Depends(typed)]
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


def service_of(session: Session, page: Page) -> Service:
    """The reader's service. Raises NotFound for the administrator, who has none."""
    service = session.get(Service, page.viewer.service_id) if page.viewer.service_id else None
    if service is None:
        raise NotFound("This service")
    return service


@router.get("/enrol")
def form(page: StaffPage, session: Reads) -> Response:
    """The blank form, with the service's own habits in it."""
    page.viewer.require("enrol")
    return _form(page, session, service_of(session, page), {}, {})


@router.get("/enrol/treatment")
def dosing(page: StaffPage, session: Reads, protocol_slug: str = "") -> Response:
    """The treatment's lines again, filled with what the chosen protocol's label proposes."""
    page.viewer.require("enrol")
    service = service_of(session, page)
    version = versions.in_force(session, protocol_slug, page.now.date(), service.id)
    blank = dict.fromkeys(prescription.TYPED, "")
    values = {**blank, **(enrolment.usual(version) if version else {})}
    return page.fragment("coordinator/enrol.html", "dosing", values=values, errors={}, **_chosen(page, version))


@router.post("/enrol")
def enrol(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Enrol in the service the form was opened for, or the same form with a sentence beside each field and everything typed still there."""
    page.viewer.require("enrol")
    service = enrolment.opened_for(session, values, page.who.staff_id, page.viewer.service_id) if page.who else None
    if service is None:
        return _form(page, session, service_of(session, page), values, {}, problem=page.say("enrol.not_yours"))
    fiction = not page.tools.settings.is_production
    try:
        patient, _ = enrolment.enrol(session, service, values, by=page.viewer.actor, now=page.now, allow_fiction=fiction)
    except FieldErrors as refusal:
        session.rollback()
        return _form(page, session, session.get_one(Service, service.id), values, page.field_errors(refusal))
    if page.who is not None and service.id != page.viewer.service_id:  # whoever enrolled must see what they enrolled
        members.choose(session, session.get_one(StaffSession, page.who.session_id), service.id, by=page.viewer.actor, now=page.now)
    return page.go(f"/patients/{patient.id}/enrolled")


def _form(page: Page, session: Session, service: Service, values: Mapping[str, str], errors: dict[str, str], problem: str = "") -> Response:
    given = enrolment.defaults(session, service, today=page.now.date(), reader=page.viewer.actor.id)
    shown = dict(values) if values else given.values
    version = versions.in_force(session, shown.get("protocol_slug", ""), page.now.date(), service.id)
    return page.page(
        "coordinator/enrol.html",
        422 if errors or problem else 200,
        values={"service": str(service.id), **shown},
        service=service,
        problem=problem,
        errors=errors,
        oncologists=[(str(doctor.id), doctor.name) for doctor in given.oncologists],
        protocols=[(row.slug, row.title[page.language]) for row in given.protocols],
        activities=[(one.key, one.title[page.language]) for one in watching.activities().values()],
        **_chosen(page, version),
        zones=[(zone, zone.replace("_", " ")) for zone in _zones(service.timezone)],
        hours=[(str(hour), page.say("enrol.hour", hour=hour)) for hour in range(8, 20)],
        held=enrolment.is_held(session, service, shown, allow_fiction=not page.tools.settings.is_production),
        landline=enrolment.is_landline(service, shown, allow_fiction=not page.tools.settings.is_production),
        missing=[part for part, there in (("enrol.no_oncologist", given.oncologists), ("enrol.no_protocol", given.protocols)) if not there],
    )


def _chosen(page: Page, version: ProtocolVersion | None) -> dict[str, Any]:
    return {"chosen": enrolment.about(version) if version else None, "saying": Saying(page, None)}


def _zones(own: str) -> list[str]:
    near = list(dict.fromkeys((own, *NEAR_ZONES)))
    places = {zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")}  # nobody lives in Zulu
    return near + sorted(places - set(near))


@router.get("/patients/{patient_id}/enrolled")
def enrolled(page: StaffPage, session: Writes, patient_id: Id, said: str = "") -> Response:
    """The code to type, what left, and what happens next."""
    page.viewer.require("enrol")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    if not page.is_fragment:
        patients.chart_opened(session, patient, by=page.viewer.actor, now=page.now, where="enrolled")
    sent = select(Message).where(Message.patient_id == patient.id, Message.direction == "out").order_by(Message.id).limit(FIRST_TEXTS)
    return page.answer(
        "coordinator/enrolled.html",
        "texts",
        patient=patient,
        texts=list(session.scalars(sent)),
        next=agenda.next_planned(session, patient.id),
        how=ways.of(session, patient)[0],
        course=courses.running(session, patient.id),
        held=numbers.held(session, patient, now=page.now),
        said=said if page.has(f"number.said.{said}") else "",
        may_change=True,
    )


@router.get("/patients/{patient_id}/sheet")
def sheet(page: StaffPage, session: Writes, patient_id: Id) -> Response:
    """The sheet the patient takes home, in their language, from the service's own hours (FR-14)."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    patients.chart_opened(session, patient, by=page.viewer.actor, now=page.now, where="sheet")
    return page.page("coordinator/sheet.html", patient=patient, sheet=sheets.of(session, patient, page.now))


@router.get("/patients")
def list_patients(page: StaffPage, session: Reads) -> Response:
    """Everyone followed by the service, with what they take and how they can be reached."""
    page.viewer.require("open_chart")
    running = select(Course).where(Course.state == CourseState.ACTIVE).subquery()
    rows = session.execute(
        select(Patient, running.c.agent)
        .outerjoin(running, running.c.patient_id == Patient.id)
        .where(visible_to(page.viewer))
        .order_by(Patient.search_name, Patient.id)
        .limit(LONGEST_LIST)
    ).all()
    return page.page("coordinator/patients.html", rows=rows)


@router.get("/patients/{patient_id}/treatment")
def treatment(page: StaffPage, session: Writes, patient_id: Id) -> Response:
    """The treatment, its cycles and holds, the check-ins planned, and what may be changed."""
    patient = patients.get(session, patient_id, viewer=page.viewer)
    patients.chart_opened(session, patient, by=page.viewer.actor, now=page.now, where="treatment")
    return _treatment(page, session, patient, {}, {})


@router.post("/patients/{patient_id}/treatment/{act}")
def change_treatment(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """Hold, stop, or confirm a cycle; what no longer belongs to the plan is cancelled in the same breath."""
    page.viewer.require("enrol" if act in ("cycle", "travel") else "change_course")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    course = courses.running(session, patient.id)
    if course is None or act not in _ACTS:
        raise NotFound("This treatment")
    try:
        _ACTS[act](session, page, patient, course, values)
    except Refusal as refusal:
        if not page.field_errors(refusal):
            raise
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        return _treatment(page, session, patient, values, {f"{act}_{name}": said for name, said in page.field_errors(refusal).items()})
    return page.go(f"/patients/{patient.id}/treatment")


def _hold(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    start, end = _day(values, "from_day"), prescription.day(values.get("until_day", ""))
    if values.get("until_day", "").strip() and end is None:
        raise FieldErrors({"until_day": "Write a date, or leave it empty."})
    kind = values.get("kind", "").strip() or HoldKind.ORDERED
    courses.hold(
        session, course, patient, from_day=start, until_day=end, reason=_reason(values), by=page.viewer.actor, now=page.now, kind=kind
    )
    agenda.plan(session, course, now=page.now)


def _stop(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    courses.stop(session, course, patient, on=_day(values, "on"), reason=_reason(values), by=page.viewer.actor, now=page.now)
    agenda.plan(session, course, now=page.now)


def _cycle(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    number = (course.cycles[-1].number if course.cycles else 0) + 1
    agenda.confirm_cycle(session, course, patient, number=number, started_on=_day(values, "started_on"), by=page.viewer.actor, now=page.now)


def _resume(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    courses.resume(session, course, patient, on=_day(values, "on"), by=page.viewer.actor, now=page.now)
    agenda.plan(session, course, now=page.now)


def _dose(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    orders.change_dose(
        session,
        supplies.medicine_of(course, values.get("medicine", "")),
        patient,
        from_day=_day(values, "from_day"),
        dose_mg=prescription.decimal(values.get("dose_mg", "")),
        strengths=prescription.strengths(values.get("strengths", "")),
        reason=_reason(values),
        by=page.viewer.actor,
        now=page.now,
    )


def _postpone(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    orders.postpone(session, course, patient, to_day=_day(values, "to_day"), reason=_reason(values), by=page.viewer.actor, now=page.now)
    agenda.plan(session, course, now=page.now)


def _travel(session: Session, page: Page, patient: Patient, course: Course, values: dict[str, str]) -> None:
    from_day = prescription.day(values.get("from_day", ""))
    back_on, home = prescription.day(values.get("back_on", "")), patient.timezone
    if values.get("back_on", "").strip() and (back_on is None or (from_day is not None and back_on <= from_day)):
        raise FieldErrors({"back_on": "Write a day after the departure, or leave it empty."})
    journeys.announce(session, patient, from_day=from_day, zone=values.get("zone", ""), by=page.viewer.actor, now=page.now)
    if back_on is not None:
        journeys.announce(session, patient, from_day=back_on, zone=home, by=page.viewer.actor, now=page.now)
    agenda.replan_patient(session, patient, now=page.now)


_ACTS = {"hold": _hold, "resume": _resume, "stop": _stop, "cycle": _cycle, "dose": _dose, "postpone": _postpone, "travel": _travel}


def _day(values: dict[str, str], name: str) -> date:
    found = prescription.day(values.get(name, ""))
    if found is None:
        raise FieldErrors({name: "Write the date."})
    return found


def _reason(values: dict[str, str]) -> str:
    return enrolment.kept(values.get("reason", ""), "reason")


def _treatment(page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str]) -> Response:
    course, today = courses.running(session, patient.id), calendar.local_day(page.now, patient.timezone)
    planned: list[Any] = []
    if course is not None:
        coming = select(CheckIn).where(CheckIn.course_id == course.id, CheckIn.state == CheckInState.PLANNED)
        planned = list(session.scalars(coming.order_by(CheckIn.due_at).limit(12)))
    return page.page(
        "coordinator/treatment.html",
        422 if errors else 200,
        patient=patient,
        course=course,
        doses=[(medicine, days.taken_doses(medicine)) for medicine in days.medicines_of(course)] if course else (),
        doses_today={one.agent: days.dose_on(one, today) for one in days.medicines_of(course)} if course else {},
        zones=_zones(patient.service.timezone),
        journeys=journeys.ahead(patient),
        saying=Saying(page, None),
        planned=planned,
        running_hold=course is not None and any(hold.until_day is None or hold.until_day >= page.now.date() for hold in course.holds),
        values={"today": page.formats.local(page.now).date().isoformat(), **values},
        errors=errors,
    )
