"""The doctor's home: patients in danger, grave values, orders not carried out in time, requests; then what is to be read; signatures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import asking, replacing
from app.alerts.models import DoctorRequest
from app.care import contacts, programmes
from app.care.contact_models import Contact
from app.care.models import Enrolment, EnrolmentState
from app.care.telling import ToRead
from app.insight.open_items import Item
from app.people import stand_ins
from app.people.models import Patient, Staff
from app.people.perimeter import visible_to
from app.protocols import signatures, versions
from app.protocols.models import ProtocolVersion
from app.treatment.models import Course, CourseState
from app.web.coordinator import service_of
from app.web.deps import Id, Reads, Writes
from app.web.doctor import danger, forms, wording
from app.web.doctor.danger import Danger, Result, Untold
from app.web.patient import chart_data
from app.web.protocols import SIGNS_AS
from app.web.render import Page, StaffPage
from app.web.ward.saying import Saying
from triage.terms import Level

router = APIRouter()

FEW = 4
"""Call forms shown at once; the others unfold: requests and signatures below them must stay within a thumb's reach."""


@dataclass(frozen=True)
class ToSign:
    """A text that lacks a doctor's signature. patients: of the service who are followed by it now; by: who has signed it already."""

    version: ProtocolVersion
    patients: int
    by: Sequence[str]


@dataclass(frozen=True)
class Home:
    """Requests asked of this doctor, or of whom they stand in for, then those asked of colleagues, who may be busy; and the rest.

    results: grave values to read; everybody: dangers and results are the whole service's, while on call. alerts: of each patient the open
    alert with its own hour, which is not the hour of the doctor's answer. said: answered by telephone, and nothing changes before the
    doctor writes it. outdated: untold answers after which something grave came; of the others,
    overdue: orders whose patient was to know by now; telling: those
    whose hour has not come. worst: of each patient here who has one, the level of the open alert. unsigned: other texts without a doctor,
    which nobody follows. teller: whose turn it is to say the answer just sent; "" while nobody has it. replaced: untold answers whose
    place it took.
    """

    dangers: Sequence[Danger]
    results: Sequence[Result]
    everybody: bool
    outdated: Sequence[Untold]
    overdue: Sequence[Untold]
    said: Sequence[DoctorRequest]
    mine: Sequence[DoctorRequest]
    others: Sequence[DoctorRequest]
    confirm: Sequence[DoctorRequest]
    telling: Sequence[Untold]
    validations: Sequence[tuple[Enrolment, str]]
    reads: Sequence[ToRead]
    signing: Sequence[ToSign]
    unsigned: int
    patients: dict[int, Patient]
    names: dict[int, str]
    worst: Mapping[int, str]
    alerts: Mapping[int, Item]
    answered: DoctorRequest | None = None
    teller: str = ""
    replaced: Sequence[DoctorRequest] = ()
    read: Contact | None = None

    def level_of(self, request: DoctorRequest) -> str:
        """The one level of a request."""
        return danger.level_of(request, self.worst)

    @property
    def is_empty(self) -> bool:
        """Nothing waits for this doctor."""
        first = (self.dangers, self.outdated, self.results, self.overdue, self.said, self.mine, self.confirm, self.others)
        return not any((*first, self.validations, self.reads, self.telling, self.signing))


@router.get("/doctor")
def home(page: StaffPage, session: Reads, answered: str = "", read: str = "") -> Response:
    """Worst first, with the time that is left."""
    page.viewer.require("answer_requests")
    return page.page(
        "doctor/home.html",
        few=FEW,
        told=lambda value: told(value, page),
        saying=Saying(page),
        order=lambda request: wording.order(page, request),
        home=_home(page, session, forms.number(answered) or 0, forms.number(read) or 0),
    )


def _home(page: Page, session: Session, answered: int, read: int) -> Home:
    viewer = page.viewer
    service = service_of(session, page)
    open_ = asking.open_requests(session, viewer=viewer)
    meant = {doctor_id: _meant(session, doctor_id, service.id, page.now) for doctor_id in {one.doctor_id for one in open_}}
    mine = [one for one in open_ if viewer.actor.id in (one.doctor_id, meant[one.doctor_id])]
    said = [one for one in mine if one.spoken]
    confirm = asking.to_confirm(session, viewer=viewer)
    pressing = danger.pressing(session, viewer, page.now)
    validations = _to_validate(page, session, service.id)
    signing, unsigned = _to_sign(page, session, service.id)
    reads = contacts.for_doctor(session, viewer.actor.id or 0, viewer=viewer)
    gone = session.scalar(select(Contact).where(Contact.id == read, Contact.seen_by_id == viewer.actor.id))
    wanted = {one.patient_id for one in (*open_, *confirm)} | {row.patient_id for row, _ in validations}
    wanted |= {one.patient.id for one in reads}
    sent = session.scalar(select(DoctorRequest).where(DoctorRequest.id == answered, DoctorRequest.answered_by_id == viewer.actor.id))
    rows = [*(one.row for one in pressing.dangers), *(one.row for one in pressing.untold)]
    wanted |= {row.place.patient_id or 0 for row in rows} | ({sent.patient_id} if sent else set()) | ({gone.patient_id} if gone else set())
    worst = danger.worst(session, wanted)
    seen = session.scalars(select(Patient).where(Patient.id.in_(wanted), visible_to(viewer)))
    return Home(
        dangers=pressing.dangers,
        results=pressing.results,
        everybody=pressing.everybody,
        alerts=pressing.alerts,
        outdated=[one for one in pressing.untold if one.is_outdated],
        overdue=[one for one in pressing.untold if one.is_late(page.now) and not one.is_outdated],
        said=said,
        mine=sorted((one for one in mine if one not in said), key=lambda one: -Level.of(danger.level_of(one, worst))),
        others=sorted((one for one in open_ if one not in mine), key=lambda one: -Level.of(danger.level_of(one, worst))),
        confirm=confirm,
        telling=[one for one in pressing.untold if not one.is_late(page.now) and not one.is_outdated],
        validations=validations,
        reads=sorted(reads, key=lambda one: -Level.of(worst.get(one.patient.id, "none"))),
        signing=signing,
        unsigned=unsigned,
        worst=worst,
        patients={one.id: one for one in seen},
        names=chart_data.staff_names(session, service.id),
        answered=sent,
        teller=next((one.row.owner for one in pressing.untold if sent is not None and one.request.id == sent.id), ""),
        replaced=replacing.replaced(session, sent) if sent is not None else (),
        read=gone,
    )


def _meant(session: Session, doctor_id: int, service_id: int, now: datetime) -> int:
    return stand_ins.instead_of(session, session.get_one(Staff, doctor_id), now, service_id).id


def _to_validate(page: Page, session: Session, service_id: int) -> list[tuple[Enrolment, str]]:
    """Files whose first call waits for a doctor, with the programme's name; this doctor's patients first."""
    waits = (Enrolment.service_id == service_id, Enrolment.state == EnrolmentState.PROPOSED, Enrolment.validated_at.is_(None))
    rows = session.scalars(select(Enrolment).join(Patient, Patient.id == Enrolment.patient_id).where(*waits, visible_to(page.viewer)))
    found = [(row, programmes.of(row)) for row in rows]
    mine = {one.id for one in session.scalars(select(Patient).where(Patient.oncologist_id == page.viewer.actor.id))}
    asked = [(row, programme.title.said(page.language)) for row, programme in found if programme.opening.doctor_validates]
    return sorted(asked, key=lambda pair: (pair[0].patient_id not in mine, pair[0].proposed_at))


@router.post("/doctor/calls/{contact_id}")
def read(page: StaffPage, session: Writes, contact_id: Id) -> Response:
    """The doctor has read a call form."""
    contacts.read_by_doctor(session, contact_id, by=page.viewer, now=page.now)
    return page.go(f"/doctor?read={contact_id}")


def told(value: Any, page: Page) -> str:
    """One answer of a call form in a few characters: the form itself is one link away."""
    if isinstance(value, Mapping):
        return str(value.get("grade", "…"))
    if isinstance(value, bool):
        return page.say("doctor.yes" if value else "doctor.no")
    if value is None or value == "":
        return page.say("doctor.unsaid")
    if isinstance(value, str):
        return page.formats.number(value.replace(",", ".")) if re.fullmatch(r"[0-9]+([.,][0-9]+)?", value) else value
    return page.formats.number(value) if isinstance(value, (int, float)) else "…"


def _to_sign(page: Page, session: Session, service_id: int) -> tuple[list[ToSign], int]:
    """Texts that lack a doctor's signature and have another's, or that patients follow now: somebody waits. And how many others lack it."""
    role = SIGNS_AS.get(page.viewer.role)
    if role is None:
        return [], 0
    mine = (visible_to(page.viewer), Course.state == CourseState.ACTIVE)
    counted = select(Course.protocol_slug, func.count()).join(Patient, Patient.id == Course.patient_id).where(*mine)
    followed = {row[0]: int(row[1]) for row in session.execute(counted.group_by(Course.protocol_slug))}
    found, others = [], 0
    for version in versions.to_read(session, page.now.date(), service_id):
        standing = signatures.of(session, version, service_id)
        if version.depth == signatures.DRAFT or role in {one.role for one in standing}:
            continue
        if standing or version.slug in followed:
            found.append(ToSign(version, followed.get(version.slug, 0), [one.signed_by for one in standing]))
        else:
            others += 1
    return sorted(found, key=lambda one: (-len(one.by), -one.patients, one.version.slug)), others
