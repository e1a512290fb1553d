"""The doctor's home: requests, what was told by telephone and waits to be confirmed, call files to validate, texts to sign."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import asking
from app.alerts.models import DoctorRequest
from app.care import contacts, enrolments, programmes
from app.care.models import Enrolment, EnrolmentState
from app.care.telling import ToRead
from app.people import stand_ins
from app.people.models import Patient, Staff
from app.people.perimeter import visible_to
from app.protocols import signatures, versions
from app.protocols.models import ProtocolVersion
from app.web.coordinator import service_of
from app.web.deps import Id, Reads, Writes
from app.web.patient import chart_data
from app.web.protocols import SIGNS_AS
from app.web.render import Page, StaffPage

router = APIRouter()

FEW = 4
"""Call forms shown at once; the others unfold: requests and signatures below them must stay within a thumb's reach."""


@dataclass(frozen=True)
class Home:
    """Requests asked of this doctor, or of whom they stand in for, then those asked of colleagues, who may be busy; and the rest."""

    mine: Sequence[DoctorRequest]
    others: Sequence[DoctorRequest]
    confirm: Sequence[DoctorRequest]
    telling: Sequence[DoctorRequest]
    validations: Sequence[tuple[Enrolment, str]]
    reads: Sequence[ToRead]
    signing: Sequence[ProtocolVersion]
    patients: dict[int, Patient]
    names: dict[int, str]
    answered: DoctorRequest | None = None

    @property
    def corrected(self) -> bool:
        """Was the answer just sent a correction?"""
        return self.answered is not None and any(event.kind == "corrected" for event in self.answered.events)

    @property
    def is_empty(self) -> bool:
        """Nothing waits for this doctor."""
        return not (self.mine or self.others or self.confirm or self.validations or self.reads or self.signing)


@router.get("/doctor")
def home(page: StaffPage, session: Reads, answered: str = "") -> Response:
    """Worst first, with the time that is left."""
    page.viewer.require("answer_requests")
    return page.page(
        "doctor/home.html",
        few=FEW,
        told=lambda value: told(value, page),
        home=_home(page, session, int(answered) if answered.isdecimal() and len(answered) < 10 else 0),
    )


def _home(page: Page, session: Session, answered: int) -> Home:
    viewer = page.viewer
    service = service_of(session, page)
    open_ = asking.open_requests(session, viewer=viewer)
    meant = {doctor_id: _meant(session, doctor_id, page.now) for doctor_id in {one.doctor_id for one in open_}}
    mine = [one for one in open_ if viewer.actor.id in (one.doctor_id, meant[one.doctor_id])]
    confirm = asking.to_confirm(session, viewer=viewer)
    telling = [one for one in asking.to_tell(session, viewer=viewer) if one.answered_by_id == viewer.actor.id]
    validations = _to_validate(page, session, service.id)
    wanted = {one.patient_id for one in (*open_, *confirm, *telling)} | {row.patient_id for row, _ in validations}
    seen = session.scalars(select(Patient).where(Patient.id.in_(wanted), visible_to(viewer)))
    return Home(
        mine=mine,
        others=[one for one in open_ if one not in mine],
        confirm=confirm,
        telling=telling,
        validations=validations,
        reads=contacts.for_doctor(session, viewer.actor.id or 0, viewer=viewer),
        signing=_to_sign(page, session, service.id),
        patients={one.id: one for one in seen},
        names=chart_data.staff_names(session, service.id),
        answered=session.scalar(select(DoctorRequest).where(DoctorRequest.id == answered, DoctorRequest.answered_by_id == viewer.actor.id)),
    )


def _meant(session: Session, doctor_id: int, now: datetime) -> int:
    return stand_ins.instead_of(session, session.get_one(Staff, doctor_id), now).id


def _to_validate(page: Page, session: Session, service_id: int) -> list[tuple[Enrolment, str]]:
    """Files whose first call waits for a doctor, with the programme's name; this doctor's patients first."""
    waits = (Enrolment.service_id == service_id, Enrolment.state == EnrolmentState.PROPOSED, Enrolment.validated_at.is_(None))
    rows = session.scalars(select(Enrolment).join(Patient, Patient.id == Enrolment.patient_id).where(*waits, visible_to(page.viewer)))
    found = [(row, programmes.of(row)) for row in rows]
    mine = {one.id for one in session.scalars(select(Patient).where(Patient.oncologist_id == page.viewer.actor.id))}
    asked = [(row, programme.title.said(page.language)) for row, programme in found if programme.opening.doctor_validates]
    return sorted(asked, key=lambda pair: (pair[0].patient_id not in mine, pair[0].proposed_at))


@router.post("/doctor/enrolments/{enrolment_id}")
def validate(page: StaffPage, session: Writes, enrolment_id: Id, because: str = Form("", max_length=500)) -> Response:
    """The doctor validates a call file; another than the referring one writes why."""
    enrolments.validate(session, enrolment_id, by=page.viewer, now=page.now, because=because)
    return page.go("/doctor")


@router.post("/doctor/calls/{contact_id}")
def read(page: StaffPage, session: Writes, contact_id: Id) -> Response:
    """The doctor has read a call form."""
    contacts.read_by_doctor(session, contact_id, by=page.viewer, now=page.now)
    return page.go("/doctor")


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


def _to_sign(page: Page, session: Session, service_id: int) -> list[ProtocolVersion]:
    """Texts that lack a doctor's signature and have another's: somebody waits. The rest stay on the page of the protocols."""
    role = SIGNS_AS.get(page.viewer.role)
    if role is None:
        return []
    found = []
    for version in versions.available(session, page.now.date(), service_id):
        standing = signatures.of(session, version, service_id) if version.depth != signatures.DRAFT else []
        if standing and role not in {one.role for one in standing}:
            found.append(version)
    return found
