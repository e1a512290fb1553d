"""Templates, words and formats put together: what a page calls to answer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from app.alerts import one_call
from app.core import clock
from app.core.errors import Refusal
from app.people import absences, numbers, pauses, reading, telephones
from app.people.perimeter import ABILITIES, Viewer
from app.protocols import citing, looks, scales
from app.web import words
from app.web.deps import SignedIn, SignInNeeded, Tools, look_up, maybe_signed_in, now, tools, way_back
from app.web.formats import UNITS, Formats
from notifications import wording
from notifications.languages import languages

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_COOKIE = "vigie_language"
HEAD, PIECE = 2_048, 4_096
"""Characters of the pieces in which a page is sent while it is made: first its styles and scripts, which a browser prepares while the rest
is read; then a few rows at a time."""

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@cache
def static(path: str) -> str:
    """The address of a static file, with its fingerprint so that a browser may keep it for ever."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


templates.globals["static"] = static
templates.globals["number_known"] = numbers.is_settled
templates.globals["death_of"] = absences.death
templates.tests["landline"] = telephones.is_landline
templates.globals["reached_as"] = numbers.reached_as
templates.globals["one_call"] = one_call.is_covered
templates.globals["held_by"] = numbers.held_by
templates.globals["interpreter_for"] = reading.interpreter_for
templates.globals["silence_paused"] = lambda patient, now: pauses.holds(patient, now.astimezone(ZoneInfo(patient.timezone)).date())
templates.globals["term_in"] = scales.term_in
templates.globals["cited"] = citing.cited
templates.globals["noted"] = citing.noted
templates.globals["thresholds_of"] = looks.thresholds
templates.globals["LANGUAGES"] = {code: languages()[code].name for code in words.LANGUAGES}
templates.globals["TEXTS_IN"] = {code: language.name + ("" if wording.checked(code) else " *") for code, language in languages().items()}
"""Languages of texts, for enrolment; a star on those that no native reader has approved yet."""
templates.globals["FORM_IN"] = {code: languages()[code].name for code in words.exist_in("form")}


def _gathered(pieces: Iterator[str]) -> Iterator[str]:
    """The same in pieces of a few kilobytes, for a template makes thousands of tiny ones. What was made before a fault is sent."""
    held: list[str] = []
    size, enough = 0, HEAD
    try:
        for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size >= enough:
                yield "".join(held)
                held, size, enough = [], 0, PIECE
    except Exception:
        if enough == PIECE:
            yield "".join(held)
        raise
    yield "".join(held)


@dataclass(frozen=True)
class Link:
    """An entry of the top bar, seen by those whose role has the ability ("" for all), in the demonstration only if asked."""

    key: str
    address: str
    ability: str = ""
    demo_only: bool = False


NAVIGATION: list[Link] = [Link("nav.list", "/", "see_alerts")]
"""Filled by app/web/routes.py."""


@dataclass(frozen=True)
class Page:
    """One answer to one browser: its language, its reader, its hour. ``page`` for a whole page, ``fragment`` for one block of it."""

    request: Request
    tools: Tools
    who: SignedIn | None
    language: str
    now: datetime

    of_another: ClassVar[bool] = False
    """Is somebody else asked about the patient? See form.frame.OfAnother."""

    @property
    def viewer(self) -> Viewer:
        """The reader; raises SignInNeeded when nobody is signed in."""
        if self.who is None:
            raise SignInNeeded("/")
        return self.who.viewer

    @property
    def formats(self) -> Formats:
        """Hours and numbers in the reader's language and the service's zone."""
        return Formats(self.language, self.who.zone if self.who else "Europe/Paris", self.now)

    @property
    def spoken(self) -> str:
        """The language most patients of the service read: another one is worth a word before calling."""
        return self.who.spoken if self.who else "fr"

    @property
    def is_fragment(self) -> bool:
        """Did htmx ask for a part of a page?"""
        return self.request.headers.get("hx-request") == "true"

    def say(self, key: str, n: int | None = None, /, **values: object) -> str:
        """A word of the screens."""
        return words.say(self.language, key, n, **values)

    def has(self, key: str) -> bool:
        """Is there such a word?"""
        return words.has(self.language, key)

    def unit(self, code: str) -> str:
        """A unit as people read it: its usual sign, or a word of the screens; what is kept and exported stays a code."""
        key = f"protocol.unit.{code.replace(' ', '_')}"
        return self.say(key) if self.has(key) else UNITS.get(code, code)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page."""
        return HTMLResponse(templates.get_template(template).render(self._context(values)), status)

    def stream(self, template: str, **values: Any) -> Response:
        """A page sent while it is made: the browser paints what has come. A fault before the first piece is an error page as elsewhere;
        after it, the page ends with the sentence of one, and with the connection: a list that had begun asks for itself again."""
        pieces = _gathered(templates.get_template(template).generate(self._context(values)))
        first = next(pieces, "")
        return StreamingResponse(chain((first,), self._to_the_end(pieces)), media_type="text/html")

    def _to_the_end(self, pieces: Iterator[str]) -> Iterator[str]:
        try:
            yield from pieces
        except Exception:
            self.request.state.reference = reference = secrets.token_hex(3)
            said = {"sentence": self.say("errors.500"), "reference": reference, "field": "", "opens": ""}
            yield render_block(templates, "error.html", "notice", self._context(said))
            raise

    def fragment(self, template: str, block: str, status: int = 200, **values: Any) -> HTMLResponse:
        """One block of a template, for htmx. What the block imports, it imports inside itself."""
        return HTMLResponse(render_block(templates, template, block, self._context(values)), status)

    def answer(self, template: str, block: str, status: int = 200, **values: Any) -> HTMLResponse:
        """The block when htmx asks, the whole page otherwise: both from one template."""
        if self.is_fragment:
            return self.fragment(template, block, status, **values)
        return self.page(template, status, **values)

    def go(self, address: str) -> Response:
        """After a POST: see this address now."""
        if self.is_fragment:
            return Response(status_code=204, headers={"HX-Redirect": address})
        return RedirectResponse(address, 303)

    def _context(self, values: dict[str, Any]) -> dict[str, Any]:
        return {
            "t": self.say,
            "f": self.formats,
            "has": self.has,
            "unit": self.unit,
            "page": self,
            "who": self.who,
            "viewer": self.who.viewer if self.who else None,
            "language": self.language,
            "now": self.now,
            "is_demo": self.tools.settings.is_demo or bool(self.who and self.who.is_demo),
            "path": self.request.url.path,
            "navigation": [link for link in NAVIGATION if self._sees(link)],
            **values,
        }

    def _sees(self, link: Link) -> bool:
        if self.who is None or (link.demo_only and not self.tools.settings.is_demo):
            return False
        return not link.ability or (link.ability in ABILITIES and self.who.viewer.may(link.ability))

    def refused(self, refusal: Refusal) -> str:
        """A refusal's sentence in the reader's language."""
        return words.refused(self.language, refusal)

    def field_errors(self, refusal: Refusal) -> dict[str, str]:
        """A refusal's sentences by field, in the reader's language; empty when it names none."""
        return words.fields(self.language, refusal)


def language_of(request: Request, who: SignedIn | None) -> str:
    """The reader's language: their account's; else what they chose on this browser; else what the browser asks; else French."""
    asked = request.headers.get("accept-language", "")[:2].lower()
    for wanted in (who.viewer.language if who else "", request.cookies.get(LANGUAGE_COOKIE, ""), asked):
        if wanted in words.LANGUAGES:
            return wanted
    return "fr"


def page_of(
    request: Request,
    given: Annotated[Tools, Depends(tools)],
    who: Annotated[SignedIn | None, Depends(maybe_signed_in)],
    at: Annotated[datetime, Depends(now)],
) -> Page:
    """The page about to be answered, whoever asks (sign-in page, patients' pages)."""
    return Page(request, given, who, language_of(request, who), at)


def staff_page(page: Annotated[Page, Depends(page_of)]) -> Page:
    """The same for somebody signed in; raises SignInNeeded."""
    if page.who is None:
        raise SignInNeeded(way_back(page.request))
    return page


def page_after_error(request: Request) -> Page:
    """For error pages, outside the dependencies: nothing is written, and a database that is down does not make a second error."""
    given: Tools = request.app.state.tools
    try:
        who = look_up(request, given, touch=False)
        at = given.clock.now()
    except Exception:  # the database is the first suspect
        who, at = None, clock.wall()
    return Page(request, given, who, language_of(request, who), at)


AnyPage = Annotated[Page, Depends(page_of)]
StaffPage = Annotated[Page, Depends(staff_page)]
