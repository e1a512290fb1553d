"""Who answers a visit, and in which language: asked and kept before the questions, changed on any page."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from app.web import words
from app.web.deps import Reads, Writes
from app.web.form import visit
from app.web.form.guard import Form
from app.web.form.pages import inside, stranger
from app.web.render import AnyPage

router = APIRouter(prefix="/q", include_in_schema=False)


@router.get("/f/{mark}/who")
def who(page: AnyPage, session: Reads, mark: str) -> Response:
    """Which relative answers: asked once the birthday is known, by relation alone (HZ-10, SEC-09)."""
    here = inside(page, session, mark)
    if isinstance(here, Response):
        return here
    return here.show("who.html", relations=here.relations()) if here.by.kind != "patient" else here.go()


@router.post("/f/{mark}/who")
def say_who(page: AnyPage, session: Writes, form: Form, mark: str) -> Response:
    """Until it is said, the answers are those of somebody nobody declared."""
    here = inside(page, session, mark)
    if isinstance(here, Response):
        return here
    known = here.by.kind == "patient" or here.answers_as(form.get("r", ""))
    return here.go() if known else here.go("who")


@router.post("/f/{mark}/language")
def language(page: AnyPage, session: Writes, form: Form, mark: str) -> Response:
    """The rest of the visit in the language asked for."""
    here = visit.find(page, session, mark)
    if here is None:
        return stranger(page, session)
    if form.get("l") in words.exist_in("form"):
        here.visit.language = form["l"]
    back = form.get("back", "")
    return RedirectResponse(back if back.startswith(here.root + "/") else here.root, 303)
