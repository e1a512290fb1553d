"""Sign in, second factor, sign out, language. Guessing is limited per account and per address, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Annotated

import pyotp
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit, clock, signing
from app.core.settings import Settings
from app.people.access_models import SignInAttempt, StaffSession
from app.people.models import Role, Service, Staff
from app.people.perimeter import actor_of
from app.web.deps import ABSOLUTE, TheTools, Tools, Writes, cookie_name
from app.web.render import LANGUAGE_COOKIE, AnyPage, Page

router = APIRouter()

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 5, 30
"""Failures within the window before a wait (ASVS 6.3.1; our numbers, 2026-11-22): a ward shares one address and may mistype."""

TOTP_STEP_SECONDS = 30


@cache
def _nobody() -> str:
    """What an unknown login is measured against, so that it takes as long to refuse as a known one."""
    return signing.hash_password(signing.new_token())


@router.get("/sign-in")
def sign_in_page(page: AnyPage, next: str = "/") -> Response:  # noqa: A002  the address says next=
    """The form; who is already signed in goes on."""
    if page.who is not None:
        return RedirectResponse(_inside(next), 303)
    return _form(page, next)


def _form(page: Page, back: str, *, status: int = 200, problem: str = "", login: str = "") -> HTMLResponse:
    with page.tools.database.reading() as session:
        people = _demo_people(session) if page.tools.settings.is_demo else []
    return page.page(
        "sign_in.html",
        status,
        back=_inside(back),
        problem=problem,
        login=login,
        demo_people=people,
        second_factor=page.tools.settings.needs_second_factor,
    )


def _inside(address: str) -> str:
    """Only our own addresses: a link must not send somebody who just signed in to another site."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\", "/sign-")) else "/"


def _first_page(staff: Staff | None, wanted: str) -> str:
    """Where they wanted to go; without a wish a doctor lands on what is asked of them, everybody else on the list."""
    inside = _inside(wanted)
    return "/doctor" if inside == "/" and staff is not None and staff.role == Role.ONCOLOGIST else inside


def _demo_people(session: Session) -> list[Staff]:
    """One nurse, one oncologist, one coordinator of the fictional ward."""
    found = session.scalars(
        select(Staff).join(Service, Staff.service_id == Service.id).where(Service.is_demo, Staff.active).order_by(Staff.id)
    ).all()
    wanted = (Role.NURSE, Role.ONCOLOGIST, Role.COORDINATOR)
    return [next(staff for staff in found if staff.role == role) for role in wanted if any(staff.role == role for staff in found)]


@router.post("/sign-in")
def sign_in(
    page: AnyPage,
    login: Annotated[str, Form(max_length=120)],
    password: Annotated[str, Form(max_length=1024)],
    code: Annotated[str, Form(max_length=12)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002  # the address says next=
) -> Response:
    """Check, remember the attempt whatever it gives, open a session. One sentence for every wrong pair: nothing tells logins apart."""
    login = login.strip().lower()
    wall, address = clock.wall(), page.request.client.host if page.request.client else ""
    attempt_id, wait = _begin_attempt(page.tools, login, address, wall)
    if wait:
        return _form(page, next, status=429, problem=page.say("accounts.wait", minutes=wait), login=login)
    with page.tools.database.reading() as session:
        staff = session.scalar(select(Staff).where(Staff.login == login, Staff.active))
        # 0.1 s of work on purpose: outside any write transaction, so that nobody else waits for it.
        right = signing.password_matches(password, staff.password_hash if staff else _nobody())
    token = _open_session(page, staff.id, attempt_id, code) if staff and right else ""
    if not token:
        _note_failure(page, staff)
        return _form(page, next, status=401, problem=page.say(_wrong(page.tools.settings)), login=login)
    return _with_cookie(page, RedirectResponse(_first_page(staff, next), 303), token)


def _wrong(settings: Settings) -> str:
    return "accounts.wrong_with_code" if settings.needs_second_factor else "accounts.wrong"


def _begin_attempt(tools: Tools, login: str, address: str, wall: datetime) -> tuple[int, int]:
    """Write the attempt before looking at the password, so that forty at once are forty. Returns its row, and minutes to wait or 0."""
    with tools.database.transaction() as session:
        failures = select(func.count(), func.min(SignInAttempt.at)).where(
            SignInAttempt.at > wall - WINDOW, SignInAttempt.succeeded.is_(False)
        )
        last_success = session.scalar(select(func.max(SignInAttempt.at)).where(SignInAttempt.login == login, SignInAttempt.succeeded))
        of_login = failures.where(SignInAttempt.login == login, SignInAttempt.at > (last_success or wall - WINDOW))
        for query, limit in ((of_login, PER_ACCOUNT), (failures.where(SignInAttempt.address == address), PER_ADDRESS)):
            count, first = session.execute(query).one()
            if count >= limit:
                return 0, max(1, round((first + WINDOW - wall).total_seconds() / 60))
        row = SignInAttempt(login=login, address=address, at=wall, succeeded=False)
        session.add(row)
        session.flush()
        return row.id, 0


def _open_session(page: Page, staff_id: int, attempt_id: int, code: str) -> str:
    """The token of a new session, or "" when the second factor is missing or was used before."""
    token, wall = signing.new_token(), clock.wall()
    with page.tools.database.transaction() as session:
        staff = session.get_one(Staff, staff_id)
        if page.tools.settings.needs_second_factor and not _second_factor(staff, code, wall):
            return ""
        session.add(StaffSession(staff_id=staff.id, token_hash=signing.fingerprint(token), created_at=wall, seen_at=wall))
        session.get_one(SignInAttempt, attempt_id).succeeded = True
        _note(session, page, staff, "signin.succeeded")
    return token


def _second_factor(staff: Staff, code: str, wall: datetime) -> bool:
    """RFC 6238, one step either side; a step once used is refused, so that a code read over a shoulder is worth nothing."""
    if not staff.totp_secret:
        return False
    totp = pyotp.TOTP(staff.totp_secret)
    current = int(wall.timestamp()) // TOTP_STEP_SECONDS
    for step in (current - 1, current, current + 1):
        if step > staff.totp_last_step and totp.verify(code.replace(" ", ""), for_time=step * TOTP_STEP_SECONDS):
            staff.totp_last_step = step
            return True
    return False


def _note_failure(page: Page, staff: Staff | None) -> None:
    if staff is None:
        return
    with page.tools.database.transaction() as session:
        _note(session, page, staff, "signin.failed")


def _note(session: Session, page: Page, staff: Staff, action: str) -> None:
    audit.record(session, actor=actor_of(staff), action=action, subject=f"staff:{staff.id}", service_id=staff.service_id, now=page.now)


def _with_cookie(page: Page, answer: Response, token: str) -> Response:
    name = cookie_name(page.tools.settings)
    answer.set_cookie(
        name, token, max_age=int(ABSOLUTE.total_seconds()), path="/", secure=name.startswith("__Host-"), httponly=True, samesite="lax"
    )
    return answer


@router.post("/sign-in/demo/{staff_id}")
def sign_in_demo(page: AnyPage, staff_id: int) -> Response:
    """One click on a person of the fictional ward; exists in the demonstration only."""
    if not page.tools.settings.is_demo:
        return _form(page, "/", status=404)
    token, wall = signing.new_token(), clock.wall()
    with page.tools.database.transaction() as session:
        staff = next((one for one in _demo_people(session) if one.id == staff_id), None)
        if staff is None:
            return _form(page, "/", status=404)
        session.add(StaffSession(staff_id=staff.id, token_hash=signing.fingerprint(token), created_at=wall, seen_at=wall))
        _note(session, page, staff, "signin.demo")
    return _with_cookie(page, RedirectResponse(_first_page(staff, "/"), 303), token)


@router.post("/sign-out")
def sign_out(page: AnyPage, session: Writes) -> Response:
    """End this session."""
    answer = RedirectResponse("/sign-in", 303)
    if page.who is not None:
        row = session.get_one(StaffSession, page.who.session_id)
        row.ended_at = clock.wall()
        _note(session, page, session.get_one(Staff, page.who.staff_id), "signout")
    answer.delete_cookie(cookie_name(page.tools.settings), path="/", secure=page.tools.settings.public_url.startswith("https:"))
    return answer


@router.post("/language")
def choose_language(
    request: Request, page: AnyPage, tools: TheTools, session: Writes, language: Annotated[str, Form()], back: Annotated[str, Form()] = "/"
) -> Response:
    """Remember the language: on the account of whoever is signed in, on this browser otherwise."""
    answer = RedirectResponse(_inside(back) if page.who else "/sign-in", 303)
    if language in ("fr", "en"):
        if page.who is not None:
            session.get_one(Staff, page.who.staff_id).language = language
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=31536000, path="/", httponly=True, samesite="lax")
    return answer
