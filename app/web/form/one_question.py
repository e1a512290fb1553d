"""One question as its page shows it: where it stands, what was answered, what was typed and could not be kept."""

from __future__ import annotations

from fastapi.responses import Response

from app.checkins.pages import filling
from app.web.form import asking
from app.web.form.guard import Typed
from app.web.form.visit import Visiting
from triage.questions import Question


def show(here: Visiting, asked: Question, form: Typed | None = None, errors: Typed | None = None, *, status: int = 200) -> Response:
    """The page of a question, with what was typed and refused. After a danger: how many are left, and no other way on."""
    assert here.checkin is not None
    keys = [q.key for q in here.shown_questions()]
    place = keys.index(asked.key) if asked.key in keys else len(keys)
    row = here.standing().get(asked.key)
    mine = here.given_here(row)
    text, hint = asking.text_of(here.page, asked, here.fever_limit())
    given = (row.value or "") if row is not None and mine else None
    view = asking.Asked(
        number=place + 1,
        most=max(len(here.questions), place + 1),
        key=asked.key,
        kind=asked.kind.value,
        takes=asking.takes(asked),
        text=text,
        hint=hint,
        cannot=asking.cannot(here.page, asked),
        unit=asking.UNITS.get(asked.kind, ""),
        given=given,
        already=row is not None and not mine,
        back=f"{here.root}/{here.number_of(keys[place - 1])}" if place and here.is_open else "",
    )
    values = asking.typed_again(here.page, asked, given) if form is None else form
    complete = not here.is_open or filling.next_question(here.session, here.checkin) is None
    offered = here.offered()
    left = len(offered) if asked in offered else 0
    return here.show("question.html", status, asked=view, values=values, errors=errors or {}, to_review=complete, left=left)
