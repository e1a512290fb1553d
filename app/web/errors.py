"""What a reader sees when something is refused, absent or broken: a sentence and what to do, never a stack."""

from __future__ import annotations

import re
import secrets

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from app.core import audit
from app.core.errors import Conflict, FieldErrors, Refusal
from app.web.deps import SignInNeeded
from app.web.form.frame import frame, page_language, spoken
from app.web.guard import FORM
from app.web.render import Page, page_after_error

log = structlog.get_logger(__name__)

PROGRAMS = ("/api/", "/fhir/", "/twilio/", "/readyz", "/metrics", "/healthz")
"""Addresses that programs read: their errors are JSON."""

ALERT_ACT = re.compile(r"(/alerts/\d+)/")

KNOWN = {401, 403, 404, 405, 409, 413, 422, 429, 503}


def for_programs(request: Request) -> bool:
    """Does a program read this address?"""
    return request.url.path.startswith(PROGRAMS)


def install(app: FastAPI) -> None:
    """Register every handler; faults of ours are caught further out, by the guard."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _refusal(request: Request, error: Exception) -> Response:
    return await run_in_threadpool(_tell_refusal, request, error)


def _tell_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if for_programs(request):
        body: dict[str, object] = {"error": str(error)}
        if isinstance(error, FieldErrors):
            body["fields"] = error.fields
        return JSONResponse(body, error.status)
    page = page_after_error(request)
    if error.status == 403:
        _note_refused_access(page)
    return _tell(page, error.status, page.refused(error), field=error.field, opens=_still_opens(request, error))


def _still_opens(request: Request, error: Refusal) -> str:
    """Where a colleague's alert is read all the same, and taken over, when an act on it came second."""
    alert = ALERT_ACT.match(request.url.path)
    return alert[1] if alert and isinstance(error, Conflict) else ""


def _note_refused_access(page: Page) -> None:
    """SEC-27: a refused access is an event of its own, outside the transaction that was rolled back."""
    if page.who is None:
        return
    route = page.request.scope.get("route")
    with page.tools.database.transaction() as session:
        audit.record(
            session,
            actor=page.who.viewer.actor,
            action="access.refused",
            subject=f"staff:{page.who.staff_id}",
            service_id=page.who.viewer.service_id,
            reason=f"{page.request.method} {getattr(route, 'path', '')}",
            now=page.now,
        )


async def _sign_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)
    if for_programs(request):
        return JSONResponse({"error": "Sign in, or send a token."}, 401)
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": error.address})
    return RedirectResponse(error.address, 303)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await run_in_threadpool(_answer, request, error.status_code)


async def _invalid(request: Request, error: Exception) -> Response:
    """A value that no screen of ours sends (a word where a row number is due): for a page, it does not exist."""
    assert isinstance(error, RequestValidationError)
    if for_programs(request):
        places = {".".join(str(part) for part in one["loc"]): one["msg"] for one in error.errors()}
        return JSONResponse({"error": "Some fields need attention. Nothing was saved.", "fields": places}, 422)
    return await run_in_threadpool(_answer, request, 404 if request.method == "GET" else 422)


async def broken(request: Request, error: Exception) -> Response:
    """A fault of ours. Nothing of the cause is shown; the reference ties the reader's telephone call to the line of the log."""
    # Short enough that the sieve of the logs never takes it for a telephone number; a page sent in pieces has said its own already.
    reference = getattr(request.state, "reference", "") or secrets.token_hex(3)
    route = getattr(request.scope.get("route"), "path", "")
    log.error("a page broke", route=route, method=request.method, code=reference, exc_info=error)
    if for_programs(request):
        return JSONResponse({"error": "Something broke here. Nothing was saved.", "reference": reference}, 500)
    return await run_in_threadpool(_answer, request, 500, reference)


def _answer(request: Request, status: int, reference: str = "") -> Response:
    if for_programs(request):
        return JSONResponse({"error": f"HTTP {status}"}, status)
    page = page_after_error(request)
    return _tell(page, status, page.say(f"errors.{status if status in KNOWN else 500}"), reference)


def _tell_patient(page: Page, status: int, sentence: str, reference: str) -> HTMLResponse:
    """In the clothes of the patients' pages, with the numbers to telephone on top; the database may be down, so nothing is looked up."""
    here = spoken(page, page_language(page, None))
    said = sentence if status == 429 else here.say("form.trouble.gone" if status == 404 else "form.trouble.kept")
    return here.page("patient/trouble.html", status, **frame(here, None), sentence=said, reference=reference, again=status >= 500)


def _tell(page: Page, status: int, sentence: str, reference: str = "", field: str = "", opens: str = "") -> HTMLResponse:
    if page.request.url.path.startswith(FORM):
        return _tell_patient(page, status, sentence, reference)
    if not page.is_fragment:
        return page.page("error.html", status, sentence=sentence, reference=reference, code=status, field="", opens=opens)
    answer = page.fragment("error.html", "notice", status, sentence=sentence, reference=reference, field=field, opens=opens)
    # The form stays as it was filled; the sentence appears above; list and panel show what somebody else did meanwhile.
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#notice", "innerHTML"
    if status == 409:
        answer.headers["HX-Trigger"] = "vigie:changed"
    return answer
