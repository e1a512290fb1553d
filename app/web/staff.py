"""The administrator's page: who works where, and the further services somebody works in, given and taken away."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotFound, Refusal
from app.people import members
from app.people.models import Service, Staff
from app.web import words
from app.web.coordinator import Typed
from app.web.deps import Reads, Writes
from app.web.render import Page, StaffPage

router = APIRouter()


@router.get("/staff")
def show(page: StaffPage, session: Reads, said: str = "") -> Response:
    """Every open account of the reader's hospital with its role and services."""
    page.viewer.require("manage_staff")
    return _shown(page, session, {}, kept=said if said in ("given", "ended") else "")


@router.post("/staff/members")
def give(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Somebody works in a further service from now on, in their own role; or the form again with the reason why not."""
    page.viewer.require("manage_staff")
    return _change(page, session, values, said="given")


@router.post("/staff/members/end")
def end(page: StaffPage, session: Writes, values: Typed) -> Response:
    """They no longer work there, at once; their home service stays."""
    page.viewer.require("manage_staff")
    return _change(page, session, values, said="ended")


def _change(page: Page, session: Session, values: Mapping[str, str], *, said: str) -> Response:
    """Both are found in the reader's own hospital alone: a number guessed tells nothing of another's."""
    hospital_id = _hospital(page, session)
    change = members.add if said == "given" else members.remove
    try:
        staff = session.get(Staff, _number(values, "staff_id"))
        service = session.get(Service, _number(values, "service_id"))
        if staff is None or staff.hospital_id != hospital_id:
            raise NotFound("This account")
        if service is None or service.hospital_id != hospital_id:
            raise NotFound("This service")
        change(session, staff.login, service, by=page.viewer.actor, now=page.now)
    except Refusal as refusal:
        session.rollback()
        return _shown(page, session, values, problem=words.refused(page.language, refusal), status=refusal.status)
    return page.go(f"/staff?said={said}")


def _hospital(page: Page, session: Session) -> int:
    return session.get_one(Staff, page.viewer.actor.id).hospital_id


def _number(values: Mapping[str, str], name: str) -> int:
    """The number of a row, 0 (nobody's) for what is none."""
    text = values.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _shown(page: Page, session: Session, values: Mapping[str, str], *, problem: str = "", kept: str = "", status: int = 200) -> Response:
    hospital_id = _hospital(page, session)
    everybody = session.scalars(select(Staff).where(Staff.hospital_id == hospital_id, Staff.active).order_by(Staff.name, Staff.id))
    return page.page(
        "staff.html",
        status,
        people=[(one, members.services_of(session, one.id)) for one in everybody],
        services=session.scalars(select(Service).where(Service.hospital_id == hospital_id).order_by(Service.name, Service.id)).all(),
        values=values,
        problem=problem,
        kept=kept,
    )
