"""The service's own page: what texts begin with, the telephone they give, when answers are read, and the switch that stops questions."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.core.errors import FieldErrors, Refusal
from app.people import hours as opening
from app.people import regions, services
from app.people.models import Service
from app.web.coordinator import Typed, service_of
from app.web.deps import Reads, Writes
from app.web.render import Page, StaffPage
from notifications import policy

router = APIRouter()


@router.get("/service")
def show(page: StaffPage, session: Reads, said: str = "") -> Response:
    """The settings of the reader's service."""
    page.viewer.require("manage_service")
    return _shown(page, service_of(session, page), {}, {}, is_kept=said == "kept")


@router.post("/service")
def change(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Keep what was changed, or the form again with a sentence beside the field."""
    page.viewer.require("manage_service")
    service = service_of(session, page)
    try:
        name, phone, hours = _typed(values)
        services.change(session, service, sms_name=name, phone=phone, hours=hours, by=page.viewer.actor, now=page.now)
    except Refusal as refusal:
        return _again(page, session, values, refusal)
    return page.go("/service?said=kept")


@router.post("/service/regions")
def choose_regions(page: StaffPage, session: Writes, values: Typed) -> Response:
    """The countries texts may leave for; nothing written is the house's list."""
    page.viewer.require("manage_service")
    try:
        regions.choose(session, service_of(session, page), values.get("regions", ""), by=page.viewer.actor, now=page.now)
    except Refusal as refusal:
        return _again(page, session, values, refusal)
    return page.go("/service?said=kept")


@router.post("/service/style")
def choose_style(page: StaffPage, session: Writes, values: Typed) -> Response:
    """How check-ins open: the questions in the text, or a link; with a reason."""
    page.viewer.require("manage_service")
    style, reason = values.get("sms_style", ""), values.get("style_reason", "")
    try:
        services.choose_style(session, service_of(session, page), style, reason=reason, by=page.viewer.actor, now=page.now)
    except Refusal as refusal:
        return _again(page, session, values, refusal)
    return page.go("/service?said=kept")


@router.post("/service/doctor-line")
def set_doctor_line(page: StaffPage, session: Writes, values: Typed) -> Response:
    """The line of a doctor that texts name when the service is closed; empty: the emergency number alone."""
    page.viewer.require("manage_service")
    line, hours = values.get("doctor_line", ""), values.get("doctor_line_hours", "")
    try:
        services.set_doctor_line(session, service_of(session, page), line, hours, by=page.viewer.actor, now=page.now)
    except Refusal as refusal:
        return _again(page, session, values, refusal)
    return page.go("/service?said=kept")


@router.post("/service/budget")
def set_budget(page: StaffPage, session: Writes, values: Typed) -> Response:
    """How many texts a day, as billed, before questions and reminders wait; with a reason."""
    page.viewer.require("manage_service")
    per_day, reason = values.get("sms_per_day", ""), values.get("budget_reason", "")
    try:
        services.set_sms_budget(session, service_of(session, page), per_day, reason=reason, by=page.viewer.actor, now=page.now)
    except Refusal as refusal:
        return _again(page, session, values, refusal)
    return page.go("/service?said=kept")


@router.post("/service/stop")
def stop(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Questions and reminders stop, with a reason."""
    page.viewer.require("manage_service")
    try:
        services.stop_sending(session, service_of(session, page), reason=values.get("reason", ""), by=page.viewer.actor, now=page.now)
    except Refusal as refusal:
        return _again(page, session, values, refusal)
    return page.go("/service?said=kept")


@router.post("/service/resume")
def resume(page: StaffPage, session: Writes) -> Response:
    """Questions and reminders leave again."""
    page.viewer.require("manage_service")
    services.resume_sending(session, service_of(session, page), by=page.viewer.actor, now=page.now)
    return page.go("/service?said=kept")


def _typed(values: dict[str, str]) -> tuple[str, str, opening.Hours]:
    name = values.get("sms_name", "").strip()
    if policy.not_gsm7(name):
        raise FieldErrors({"sms_name": "Texts cannot carry every character of this name. Write it without ç, ê or quotes."})
    try:
        hours = opening.read(values.get("hours", ""))
    except ValueError:
        raise FieldErrors({"hours": "Write hours as mon-fri 08:00-18:00, sat 09:00-12:00."}) from None
    return name, values.get("phone", "").strip(), hours


def _again(page: Page, session: Session, values: dict[str, str], refusal: Refusal) -> Response:
    errors = page.field_errors(refusal)
    if not errors:
        raise refusal
    session.rollback()
    return _shown(page, service_of(session, page), values, errors)


def _shown(page: Page, service: Service, values: dict[str, str], errors: dict[str, str], *, is_kept: bool = False) -> Response:
    kept = {"sms_name": service.sms_name, "phone": service.phone, "hours": opening.written(service.hours, page.language)}
    kept["regions"], kept["sms_style"] = ", ".join(service.regions), service.sms_style
    kept["doctor_line"], kept["doctor_line_hours"] = service.doctor_line, service.doctor_line_hours
    kept["sms_per_day"] = str(service.sms_per_day)
    return page.page(
        "coordinator/service.html",
        422 if errors else 200,
        service=service,
        values={**kept, **values},
        errors=errors,
        is_kept=is_kept,
        house=", ".join(sorted(regions.HOUSE)),
    )
