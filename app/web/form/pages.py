"""The patient's pages once the guard is passed: one question a page, the summary, what happens next, and "something is wrong".

Looking changes nothing, whoever looks and however often (previews open links). What is pressed is stored and judged at once; a page sent
twice, opened again or left for another telephone loses nothing, and what comes late on an open page is kept before the guard asks again.
"""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.checkins import links
from app.checkins.pages import call_requests, filling
from app.checkins.rhythm import renewing
from app.core.errors import Refusal
from app.messaging import links as addresses
from app.messaging import pages
from app.messaging.outbox import Purpose
from app.people import reading
from app.web import words
from app.web.deps import Id, Reads, Writes
from app.web.form import asking, one_question, refused, telling, visit
from app.web.form.guard import Form, Typed, closed
from app.web.form.visit import Visiting
from app.web.render import AnyPage, Page

router = APIRouter(prefix="/q", include_in_schema=False)

SIGNS = ("fever", "breath", "chest", "vomiting", "diarrhea", "bleeding")
"""What may be ticked on the page "something is wrong"; each is read like the same words in a text."""

# --- Visits -------------------------------------------------------------------------------------------------------------------------


def stranger(page: Page, session: Session) -> Response:
    """No visit here: the page of a link that was never given."""
    return closed(page, session, None, links.UNKNOWN)


def _closed(here: Visiting, *, sent: bool = False) -> Response:
    """The time of the form is over, or its questions were answered elsewhere meanwhile."""
    state = links.state_of(here.session, here.link, now=here.page.now)
    return closed(here.page, here.session, here.link, state, sent=sent, language=here.page.language)


def _to_guard(here: Visiting) -> Response:
    """The visit is old: whoever holds the telephone says again who they are."""
    return RedirectResponse(f"/q/{addresses.token_of(here.link)}?again=1", 303)


def inside(page: Page, session: Session, mark: str) -> Visiting | Response:
    """The visit, where something of it may be shown; else the page to see instead. What is sent is kept before this is asked."""
    here = visit.find(page, session, mark)
    if here is None:
        return stranger(page, session)
    return here if here.fresh else _to_guard(here)


def _onward(here: Visiting) -> Response:
    """The page that comes next: a question, the summary, the end."""
    if here.checkin is None:
        return here.go("end" if here.last_told() else "wrong")
    if not here.is_open:
        return here.go("end")
    following = filling.next_question(here.session, here.checkin)
    return here.go("review") if following is None else here.go(str(here.number_of(following.key)))


@router.get("/f/{mark}")
def resume(page: AnyPage, session: Reads, mark: str) -> Response:
    """Where the visit stands."""
    here = inside(page, session, mark)
    return here if isinstance(here, Response) else _onward(here)


# --- Questions ----------------------------------------------------------------------------------------------------------------------


@router.get("/f/{mark}/{number:int}")
def question(page: AnyPage, session: Reads, mark: str, number: Id) -> Response:
    """One question."""
    here = inside(page, session, mark)
    if isinstance(here, Response):
        return here
    if number > len(here.questions):
        return here.go("" if here.is_open else "end")
    asked = here.questions[number - 1]
    if not (here.is_open or asked.key in here.correctable() or asked in here.offered()):
        return here.go("end")
    form = refused.typed(page.request)
    if form.get("q") != asked.key:
        return one_question.show(here, asked)
    return one_question.show(here, asked, form, {} if form.get("call") else asking.read(here.page, asked, form).errors)


@router.post("/f/{mark}/{number:int}")
def answer(page: AnyPage, session: Writes, form: Form, mark: str, number: Id) -> Response:
    """One answer, stored and judged before anything else is looked at; its question is named by its key, wherever it now stands."""
    here = visit.find(page, session, mark)
    if here is None:
        return stranger(page, session)
    asked = next((q for q in here.questions if q.key == form.get("q")), None)
    if asked is None or here.checkin is None:
        return here.go()
    here_again = f"{here.root}/{here.number_of(asked.key)}"
    if form.get("call"):
        _call(here)
        if not form.get("words", "").strip():
            kept = refused.ask_again(here_again, form, page.tools.settings) if _is_typed(form) else None
            return kept or (one_question.show(here, asked, form) if _is_typed(form) else here.go(str(number)))
    read = asking.read(here.page, asked, form)
    if read.errors:
        return refused.ask_again(here_again, form, page.tools.settings) or one_question.show(here, asked, form, read.errors, status=422)
    told = here.danger()
    try:
        filled = filling.answer(session, here.checkin, asked.key, read.words or read.value, by=here.by, source=pages.FORM, now=page.now)
    except Refusal as refusal:
        if refusal.status == 422 and here.is_open:
            return one_question.show(here, asked, form, {"value": here.page.refused(refusal)}, status=422)
        return here.go("end")
    if form.get("left") and here.fresh and here.danger() is told and (left := here.offered()):
        return refused.forget(here.go(str(here.number_of(left[0].key))), page.request)
    return refused.forget(_told_now(here) if filled.urgent else _onward(here), page.request)


def _is_typed(form: Typed) -> bool:
    return any(form.get(name, "").strip() for name in ("value", "missed", "extra", "off_day", "stopped"))


def _told_now(here: Visiting) -> Response:
    """A danger: the safety page at once, also for somebody who would have to pass the guard again to go on."""
    return here.go("end") if here.fresh else _end(here)


# --- The summary and the end --------------------------------------------------------------------------------------------------------


@router.get("/f/{mark}/review")
def review(page: AnyPage, session: Reads, mark: str) -> Response:
    """What was answered in this visit, each line with its way back; what was answered before is named, not shown (SEC-09).

    After a danger: what may still be corrected, and nothing to send.
    """
    here = inside(page, session, mark)
    if isinstance(here, Response):
        return here
    correctable = here.correctable()
    if not here.is_open and not correctable:
        return here.go("end")
    said = [one for one in here.summary() if here.is_open or one.key in correctable]
    left = sum(not one.is_answered for one in said)
    return here.show("review.html", said=said, left=left, is_over=not here.is_open)


@router.post("/f/{mark}/review")
def send(page: AnyPage, session: Writes, form: Form, mark: str) -> Response:
    """The form is over: closed, judged, and what happens next told. Sent twice, it is sent once."""
    here = visit.find(page, session, mark)
    if here is None:
        return stranger(page, session)
    if form.get("call"):
        _call(here)
        return here.go("review")
    if form.get("send") and here.checkin is not None:
        try:
            filled = filling.finish(session, here.checkin, by=here.by, source=pages.FORM, now=page.now)
        except Refusal as refusal:
            return here.go("" if refusal.status == 422 else "end")
        return _told_now(here) if filled.urgent else here.go("end")
    return here.go()


@router.get("/f/{mark}/end")
def end(page: AnyPage, session: Reads, mark: str) -> Response:
    """What happens next: the echo and its promise, or what to do now."""
    here = inside(page, session, mark)
    if isinstance(here, Response):
        return here
    return _end(here)


def _end(here: Visiting) -> Response:
    told = here.last_told()
    if told is None:
        return _onward(here) if here.is_open or here.checkin is None else _closed(here)
    safety = telling.safety_of(here.page, here.session, here.service, told) if told.purpose == Purpose.SAFETY else None
    noted, corrected = here.said_since(told) if safety is not None else (False, False)
    return here.show(
        "end.html",
        told=telling.in_words(here.page, here.session, here.patient, told, call_requests.standing(here.session, here.patient)),
        advice=here.advice(),
        safety=safety,
        correctable=here.correctable(),
        corrected=corrected,
        noted=noted,
        offered=[here.number_of(one.key) for one in here.offered()],
        after=told.key,
        said=[one for one in here.summary() if one.is_shown],
    )


@router.post("/f/{mark}/end")
def after(page: AnyPage, session: Writes, form: Form, mark: str) -> Response:
    """From the last page: a call, something else that is wrong, a new link."""
    here = visit.find(page, session, mark)
    if here is None:
        return stranger(page, session)
    if form.get("call"):
        _call(here)
        return here.go("end")
    if form.get("renew") and here.fresh:
        renewing.send(session, here.link, now=page.now)
        return _closed(here, sent=True)
    return here.go("wrong") if form.get("wrong") else here.go("end")


# --- Something is wrong -------------------------------------------------------------------------------------------------------------


@router.get("/f/{mark}/wrong")
def wrong(page: AnyPage, session: Reads, mark: str) -> Response:
    """Anything that nobody asked about."""
    here = inside(page, session, mark)
    if isinstance(here, Response):
        return here
    form = refused.typed(page.request)
    return _wrong(here, form, _words_said(here, form).errors if form and not form.get("call") else {})


def _wrong(here: Visiting, form: Typed, errors: Typed | None = None, *, status: int = 200) -> Response:
    ticked = form.get("sign", "").split(",")
    return here.show("wrong.html", status, signs=SIGNS, ticked=ticked, values=form, errors=errors or {})


@router.post("/f/{mark}/wrong")
def say_wrong(page: AnyPage, session: Writes, form: Form, mark: str) -> Response:
    """Kept, scanned for danger and read like a text; it opens the day's own check-in."""
    here = visit.find(page, session, mark)
    if here is None:
        return stranger(page, session)
    text = _said_wrong(here, form)
    if form.get("call"):
        _call(here)
        if not text:
            return here.go("wrong")
    read = _words_said(here, form)
    if read.errors:
        return refused.ask_again(f"{here.root}/wrong", form, page.tools.settings) or _wrong(here, form, read.errors, status=422)
    try:
        filled = filling.words(session, here.patient, read.words, by=here.by, source=pages.FORM, now=page.now)
    except Refusal:  # no treatment to judge it by: the words are kept and a person reads them
        return refused.forget(here.go("end"), page.request)
    return refused.forget(_told_now(here) if filled.urgent else here.go("end"), page.request)


def _words_said(here: Visiting, form: Typed) -> asking.Typed:
    text = _said_wrong(here, form)
    return asking.free_words(here.page, text) if text else asking.Typed(errors={"words": here.page.say("form.error.wrong_words")})


def _said_wrong(here: Visiting, form: Typed) -> str:
    """The ticked lines in the language the words are read in, then what was typed."""
    reads = words.for_patient("form", [reading.lists_for(here.patient.language, "")], here.page.language)
    page = replace(here.page, language=reads)
    ticked = [page.say(f"form.wrong.{sign}") for sign in SIGNS if sign in form.get("sign", "").split(",")]
    return ". ".join(filter(None, [*ticked, form.get("words", "").strip()]))


# --- A call -------------------------------------------------------------------------------------------------------------------------


def _call(here: Visiting) -> None:
    call_requests.ask(here.session, here.patient, by=here.by, key=f"visit:{here.visit.id}", now=here.page.now)
