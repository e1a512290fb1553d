"""The door of the patient's pages: a link is opened, the day and month of birth asked for, and the token swapped for a cookie.

Looking changes nothing, whoever looks and however often: previews and scanners open links. A link whose time is over, or that was never
given, shows one and the same page; one whose questions were answered says so, and never what was answered.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Task
from app.checkins import links
from app.checkins.rhythm import renewing
from app.core import limits, signing
from app.core.audit import Actor
from app.messaging import links as addresses
from app.messaging.models import FormLink, FormVisit
from app.people.models import Patient, Respondent
from app.web.deps import Reads, Writes
from app.web.form import asking, frame, refused, telling, visit
from app.web.render import AnyPage, Page

router = APIRouter(prefix="/q", include_in_schema=False)

MOST, WITHIN = 120, timedelta(minutes=10)
"""Guards tried and links asked for from one network address (house rule, 2026-11-22): a ward or a telephone company shares one. Answers
given inside a visit are never counted: no limit stands before a danger."""

LEAP_YEAR = 2000
"""Whoever was born on 29 February is let in."""

Typed = Mapping[str, str]


async def typed(request: Request) -> dict[str, str]:
    """The fields of a form; a field sent several times is joined. A NUL, which no database keeps as text, is left out."""
    found: dict[str, str] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str):
            found[name] = ",".join(filter(None, (found.get(name), value.replace("\x00", ""))))
    return found


Form = Annotated[dict[str, str], Depends(typed)]


@router.get("/{token}")
def guard(page: AnyPage, session: Reads, token: str, again: str = "") -> Response:
    """The first page of a link: numbers, when answers are read, day and month of birth."""
    link, state = links.open_link(session, token, now=page.now)
    if link is None or state != links.LIVE:
        return closed(page, session, link, state)
    typed, here = refused.typed(page.request), _in(page, session, link)
    errors = (_missing(here, typed) or {"birth": _wrong(here, session, link)}) if typed else {}
    return _guard(page, session, link, typed, errors, again=bool(again))


@router.post("/{token}")
def enter(page: AnyPage, session: Writes, form: Form, token: str) -> Response:
    """The guard is answered, and the token swapped for a cookie; or a new link is asked for, or something is wrong after the answers."""
    link, state = links.open_link(session, token, now=page.now)
    if not _within_limits(page, session):
        if link is None or state != links.LIVE:
            return closed(page, session, link, state, sent=True)
        return _guard(page, session, link, form, {"guard": _in(page, session, link).say("form.guard.too_many")}, status=429)
    if link is None or state != links.LIVE:
        if link is not None and form.get("renew"):
            renewing.send(session, link, now=page.now)
        if link is not None and form.get("wrong") and state == links.ANSWERED:
            own = addresses.token_of(links.own(session, link, now=page.now))
            return RedirectResponse(f"/q/{own}?l={_in(page, session, link).language}", 303)
        return closed(page, session, link, state, sent=bool(form.get("renew")))
    return _enter(page, session, link, form)


def _enter(page: Page, session: Session, link: FormLink, form: Typed) -> Response:
    here = _in(page, session, link)
    if errors := _missing(here, form):
        return _ask_again(page, form) or _guard(page, session, link, form, errors, status=422)
    day, month = _birthday(form)
    patient = session.get_one(Patient, link.patient_id)
    by = Actor("patient", patient.id, patient.full_name) if form["who"] == "self" else visit.undeclared(patient)
    cookie = links.pass_guard(session, link, day=int(day), month=int(month), said_by=by, now=page.now)
    if cookie is None:
        state = links.state_of(session, link, now=page.now)
        if state != links.LIVE:
            return closed(page, session, link, state)
        return _ask_again(page, form) or _guard(page, session, link, form, {"birth": _wrong(here, session, link)}, status=422)
    began = session.scalars(select(FormVisit).where(FormVisit.token_hash == signing.fingerprint(cookie))).one()
    began.language = here.language
    first = f"{visit.root_of(cookie)}/who" if visit.relatives_of(session, link) and by.kind != "patient" else visit.root_of(cookie)
    return refused.forget(visit.with_cookie(RedirectResponse(first, 303), cookie, page.tools.settings), page.request)


def _birthday(form: Typed) -> tuple[str, str]:
    return asking.number_in(form.get("day", "")), asking.number_in(form.get("month", ""))


def _missing(here: Page, form: Typed) -> dict[str, str]:
    """What cannot be a day, or was left out: a sentence beside each; it is no try."""
    day, month = _birthday(form)
    errors = {} if _is_day(day, 31) and _is_day(month, 12) else {"birth": here.say("form.guard.missing_birth")}
    if not errors and int(day) > monthrange(LEAP_YEAR, int(month))[1]:
        errors["birth"] = here.say("form.guard.no_such_day")  # a slip of the finger is no try
    if form.get("who") not in ("self", "relative"):
        errors["who"] = here.say("form.guard.missing_who")
    return errors


def _ask_again(page: Page, form: Typed) -> Response | None:
    url = page.request.url
    return refused.ask_again(f"{url.path}?{url.query}".rstrip("?"), form, page.tools.settings)


def _wrong(here: Page, session: Session, link: FormLink) -> str:
    """How many tries are left; on a shared telephone, that the other link may be the right one. Whose it is, is said to nobody (SEC-09)."""
    said = here.say("form.guard.wrong_birth", links.MOST_WRONG - link.wrong)
    shared = session.get_one(Patient, link.patient_id).shared_phone
    return f"{said} {here.say('form.guard.for_one')}" if shared else said


def _is_day(text: str, highest: int) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= highest


def _within_limits(page: Page, session: Session) -> bool:
    address = page.request.client.host if page.request.client else ""
    return limits.knock(session, "form", address, now=page.now, most=MOST, within=WITHIN)


def _in(page: Page, session: Session, link: FormLink | None) -> Page:
    """The page in the language of whoever the link was sent to."""
    if link is None:
        return frame.spoken(page, frame.page_language(page, None))
    patient, relative = session.get_one(Patient, link.patient_id), session.get(Respondent, link.respondent_id or 0)
    return frame.spoken(page, frame.page_language(page, patient, relative.phone if relative else ""))


def _guard(
    page: Page,
    session: Session,
    link: FormLink,
    form: Typed | None = None,
    errors: Typed | None = None,
    *,
    again: bool = False,
    status: int = 200,
) -> Response:
    here, service = _in(page, session, link), session.get_one(Patient, link.patient_id).service
    shared = session.get_one(Patient, link.patient_id).shared_phone
    values = {
        **frame.frame(here, service),
        "shared": shared,
        "unasked": link.checkin_id is None,
        "until": frame.at(here, session.get_one(Patient, link.patient_id), links.until(session, link)),
        "values": form or {},
        "errors": errors or {},
        "again": again,
    }
    return here.page("patient/guard.html", status, **values)


def closed(page: Page, session: Session, link: FormLink | None, state: str, *, sent: bool = False, language: str = "") -> Response:
    """Ended or never given: the same page. Without a link nobody knows the service; when there is one only, it is that one.

    Answered or locked: the page of that, which says nothing about the person either (SEC-09). language: of the visit it ends, if any.
    """
    here = frame.spoken(page, language) if language else _in(page, session, link)
    answered = links.answered_at(session, link, now=page.now) if link is not None and state == links.ANSWERED else None
    if link is not None and answered is not None:
        return here.page("patient/answered.html", 410, **frame.answered(here, session.get_one(Patient, link.patient_id), answered))
    service = session.get_one(Patient, link.patient_id).service if link is not None else frame.only_service(session)
    promise = _call_after_lock(here, session, link) if link is not None and state == links.LOCKED else ""
    newer = link is not None and links.is_newer_open(session, link, now=page.now)
    values = {**frame.frame(here, service), "locked": state == links.LOCKED, "promise": promise, "newer": newer, "sent": sent}
    return here.page("patient/ended.html", 410, **values)


def _call_after_lock(here: Page, session: Session, link: FormLink) -> str:
    """When a nurse calls about a locked link; "" once somebody has."""
    task = session.scalar(select(Task).where(Task.key == f"link_locked:{link.id}", Task.closed_at.is_(None)))
    return telling.promise_of(here, session, session.get_one(Patient, link.patient_id), task)
