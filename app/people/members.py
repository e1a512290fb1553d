"""Who works in a service: the people whose home it is, and those who work there besides. One question, asked by every room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import NotFound, Refusal
from app.people.access_models import StaffService, StaffSession
from app.people.models import Service, Staff


def belongs(service_id: int | None) -> ColumnElement[bool]:
    """The condition on ``Staff``: works in this service. Every list of colleagues carries it; None is nobody's service."""
    besides = select(StaffService.staff_id).where(StaffService.service_id == service_id)
    return or_(Staff.service_id == service_id, Staff.id.in_(besides)) if service_id is not None else Staff.id.is_(None)


def works_in(session: Session, staff: Staff, service_id: int | None) -> bool:
    """The same of one person, who may have been read a while ago: a membership taken away counts at once."""
    if service_id is None or staff.service_id == service_id:
        return service_id is not None
    return session.scalar(select(StaffService.staff_id).where(*_row(staff.id, service_id))) is not None


def services_of(session: Session, staff_id: int) -> Sequence[Service]:
    """Where this person works, the home service first, the others by name; empty for the administrator."""
    home = select(Staff.service_id).where(Staff.id == staff_id).scalar_subquery()
    besides = select(StaffService.service_id).where(StaffService.staff_id == staff_id)
    found = session.scalars(select(Service).where(or_(Service.id == home, Service.id.in_(besides))).order_by(Service.name, Service.id))
    staff = session.get_one(Staff, staff_id)
    return sorted(found, key=lambda one: one.id != staff.service_id)


def chosen(session: Session, signed_in: StaffSession) -> Service | None:
    """The service this browser stays in: the one chosen as long as its person works there, else their home. None: no service at all."""
    staff = signed_in.staff
    if signed_in.service_id is not None and works_in(session, staff, signed_in.service_id):
        return session.get_one(Service, signed_in.service_id)
    return staff.service


def choose(session: Session, signed_in: StaffSession, service_id: int, *, by: Actor, now: datetime) -> Service:
    """From now on this browser shows this service and no other. Raises NotFound for a service its person does not work in."""
    if not works_in(session, signed_in.staff, service_id):
        raise NotFound("This service")
    before = chosen(session, signed_in)
    if before is not None and before.id != service_id:
        signed_in.service_id = service_id
        session.flush()
        subject = f"staff:{signed_in.staff_id}"
        audit.record(session, actor=by, action="service.chosen", subject=subject, service_id=service_id, before=before.id, now=now)
    return session.get_one(Service, service_id)


def add(session: Session, login: str, service: Service, *, by: Actor, now: datetime) -> Staff:
    """This person works in this service too, in their own role. Raises NotFound, or Refusal: another hospital, no home service."""
    staff = _staff(session, login)
    if staff.service_id is None:
        raise Refusal("{name} works in no service and opens no chart.", status=422, name=staff.name)
    if staff.hospital_id != service.hospital_id:
        raise Refusal("{name} works in another hospital.", status=422, name=staff.name)
    if works_in(session, staff, service.id):
        raise Refusal("{name} works in {service} already.", name=staff.name, service=service.name)
    session.add(StaffService(staff_id=staff.id, service_id=service.id, since=now, added_by=str(by)))
    session.flush()
    subject = f"staff:{staff.id}"
    audit.record(session, actor=by, action="member.added", subject=subject, service_id=service.id, after=staff.role, now=now)
    return staff


def remove(session: Session, login: str, service: Service, *, by: Actor, now: datetime) -> Staff:
    """They no longer work there: at once their screens are back in the home service. Shifts and alerts left behind are told as a leaver's.

    Raises NotFound for somebody who does not work there besides: a home service is not taken away, the account is closed.
    """
    staff = _staff(session, login)
    if session.get(StaffService, (staff.id, service.id)) is None:
        raise NotFound("This membership")
    session.execute(delete(StaffService).where(*_row(staff.id, service.id)))
    here = (StaffSession.staff_id == staff.id, StaffSession.service_id == service.id)
    for browser in session.scalars(select(StaffSession).where(*here)):
        browser.service_id = None  # given back later, it must be chosen again
    session.flush()
    subject = f"staff:{staff.id}"
    audit.record(session, actor=by, action="member.removed", subject=subject, service_id=service.id, before=staff.role, now=now)
    return staff


def _row(staff_id: int, service_id: int) -> tuple[ColumnElement[bool], ...]:
    return StaffService.staff_id == staff_id, StaffService.service_id == service_id


def _staff(session: Session, login: str) -> Staff:
    staff = session.scalar(select(Staff).where(Staff.login == login.strip().lower()))
    if staff is None or not staff.active:
        raise NotFound("This account")
    return staff
