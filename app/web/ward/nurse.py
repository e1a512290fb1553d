"""The alert's panel and what is done with an alert or a task; the list itself is in ward/listing.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import admission, arrival, handling, one_call, promised, tasks, undoing
from app.alerts.models import Alert, AlertEvent, Outcome
from app.checkins.rhythm import called_in, endings
from app.core.errors import Conflict, Refusal
from app.people import patients
from app.treatment import grades
from app.treatment.grades import NewGrade
from app.web.deps import Id, Reads, Writes
from app.web.patient.prescription import whole
from app.web.render import Page, StaffPage
from app.web.ward import owning, panel
from app.web.ward.shown import Panel

router = APIRouter()

Words = Annotated[str, Form(max_length=2000)]
UNTIL_WORSE = "worse"
NEWEST = 2**62
"""Stands for the last thing read where the form does not say: nothing came since."""
ENDS_A_SILENCE = ("overdue_call", "past_window")
"""Tasks whose end says why no answer came."""
YES_OR_NO = {one.KIND: one.answer for one in (called_in, arrival, admission)}
"""Tasks that ask a question: seen, help there, arrived at the hospital."""


@router.get("/alerts/{alert_id}")
def alert_page(page: StaffPage, session: Reads, alert_id: Id) -> Response:
    """One alert: beside the list, or a page of its own on a narrow screen."""
    page.viewer.require("see_alerts")
    return _shown(page, panel.of_alert(page, session, alert_id))


@router.get("/tasks/{task_id}")
def task_page(page: StaffPage, session: Reads, task_id: Id) -> Response:
    """One task, with everything else open for its patient or number."""
    page.viewer.require("see_alerts")
    return _shown(page, panel.of_task(page, session, task_id))


def _shown(page: Page, shown: Panel) -> Response:
    if shown.patient is not None:
        panel.opened(page, shown.patient, "alert")
    return page.page("panel.html" if page.is_fragment else "alert.html", panel=shown)


def acted(page: Page, session: Session, alert_id: int, undo: Undo | None = None) -> Response:
    """After an act: the panel as it is now, ten seconds to take it back, and every list told; on a narrow screen, the page again."""
    if not page.is_fragment:
        return page.go(f"/alerts/{alert_id}")
    session.flush()
    session.expire_all()
    answer = page.page("acted.html", panel=panel.of_alert(page, session, alert_id), undo=undo or _undo(page, session, alert_id))
    answer.headers["HX-Trigger"] = "vigie:changed"
    return answer


@dataclass(frozen=True)
class Undo:
    """What may be taken back, in words, and where to ask for it."""

    address: str
    sentence: str


def _undo(page: Page, session: Session, alert_id: int, *also: str) -> Undo | None:
    event = undoing.last_act(session, alert_id, by=page.viewer.actor, now=page.now)
    own = event is not None and event.kind == "handed_over" and event.detail.get("to_id") == page.viewer.actor.id
    if event is None:
        return None
    said = page.say("undo.taken_over" if own else f"undo.{event.kind}")
    return Undo(f"/alerts/{alert_id}/undo", " ".join([said, *also]))


def _done(page: Page, undo: Undo | None = None, *, stays: bool = False) -> Response:
    """After a close: the next row. stays: something is left to do in this one, which keeps its place on the list."""
    if not page.is_fragment:
        return page.go("/")
    answer = page.page("done.html", undo=undo)
    answer.headers["HX-Trigger"] = "vigie:next" if stays else "vigie:done"
    return answer


@router.post("/alerts/{alert_id}/take")
def take(page: StaffPage, session: Writes, alert_id: Id) -> Response:
    """Become the owner."""
    handling.take(session, alert_id, by=page.viewer, now=page.now)
    return acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/take-over")
def take_over(page: StaffPage, session: Writes, alert_id: Id, note: Words = "") -> Response:
    """Take a colleague's alert, knowingly; with a word of why, if wanted."""
    assert page.who is not None
    handling.hand_over(session, alert_id, to_staff_id=page.who.staff_id, by=page.viewer, now=page.now, words=note)
    return acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/call")
def call(
    page: StaffPage,
    session: Writes,
    alert_id: Id,
    whom: Annotated[str, Form(max_length=80)] = "patient",
    reached: Annotated[str, Form()] = "",
    note: Words = "",
) -> Response:
    """Log a call."""
    if reached not in ("yes", "no"):
        raise Refusal("Say whether somebody answered.", status=422, field="reached")
    handling.call_logged(session, alert_id, by=page.viewer, now=page.now, reached=reached == "yes", whom=whom, words=note)
    return acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/wait")
def wait(page: StaffPage, session: Writes, alert_id: Id, until: Annotated[str, Form()] = "", note: Words = "") -> Response:
    """Put aside until a time, or until worse."""
    at = None if until == UNTIL_WORSE else _instant(until)
    handling.wait(session, alert_id, by=page.viewer, now=page.now, until=at, until_worse=at is None, words=note)
    return acted(page, session, alert_id)


def _instant(until: str) -> datetime:
    try:
        at = datetime.fromisoformat(until)
    except ValueError:
        raise Refusal("Choose until when.", status=422, field="until") from None
    if at.tzinfo is None:
        raise Refusal("Choose until when.", status=422, field="until")
    return at


@router.post("/alerts/{alert_id}/hand-over")
def hand_over(
    page: StaffPage,
    session: Writes,
    alert_id: Id,
    to: Annotated[str, Form()] = "",
    note: Words = "",
    absent_known: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Pass it to a colleague, or give it back to the team. absent_known: "yes" when an urgent one goes to somebody not at work."""
    if to == "team":
        handling.release(session, alert_id, by=page.viewer, now=page.now, words=note)
    else:
        known = absent_known == "yes"
        handling.hand_over(session, alert_id, to_staff_id=whole(to) or 0, by=page.viewer, now=page.now, words=note, absent_known=known)
    return acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/close")
def close(
    page: StaffPage,
    session: Writes,
    alert_id: Id,
    outcome: Annotated[str, Form()] = "",
    note: Words = "",
    silence_reason: Annotated[str, Form(max_length=24)] = "",
    silence_note: Words = "",
    spoke: Annotated[str, Form(max_length=12)] = "",
    grade_term: Annotated[str, Form(max_length=120)] = "",
    grade: Annotated[str, Form(max_length=1)] = "",
    read: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    """End it with what was done; of a silence, with its reason, unless nobody was reached. A call asked for that is
    left to be made keeps the panel open; help whose arrival is to be checked keeps its row, and the next one opens.

    spoke: who was reached, when the call is noted with the close. grade_term, grade: the proposed grade, as this clinician saw it. read:
    the last thing told that they saw: what came since is read first, nothing is closed, and the note stays as typed.
    """
    if came := owning.came_since(handling.get(session, alert_id, viewer=page.viewer), whole(read) or NEWEST, page.viewer.actor):
        return _came(page, session, alert_id, came, note)
    alert = handling.close(session, alert_id, by=page.viewer, now=page.now, outcome=outcome, words=note, spoke_to=spoke)
    if silence_reason or (outcome != Outcome.NOT_REACHED and owning.is_of_silence(alert)):
        _explain(page, session, alert.patient_id, silence_reason, silence_note)
    if grade_term or grade:
        _confirm(page, session, alert, grade_term, grade)
    calls = one_call.of_close(session, alert)
    if not calls.left:
        check = arrival.of_alert(session, alert)
        also = [page.say("story.calls_closed")] if calls.ended else []
        also += [page.say("help.follows", when=page.formats.when(check.due_at))] if check else []
        kept = promised.of_close(session, alert)
        also += [page.say("close.promise_kept", when=page.formats.when(kept.due_at))] if kept else []
        return _done(page, _undo(page, session, alert_id, *also), stays=check is not None or kept is not None)
    answer = acted(page, session, alert_id)
    answer.headers["HX-Reswap"] = "innerHTML scroll:top"  # what became of the call is said in its head
    return answer


def _came(page: Page, session: Session, alert_id: int, came: Sequence[AlertEvent], note: str) -> Response:
    if not page.is_fragment:
        raise Conflict("Something was told while this was written. Nothing is closed: read the alert again, then close it.")
    answer = page.page("panel.html", panel=panel.of_alert(page, session, alert_id), came=came, typed_note=note)
    answer.headers["HX-Reswap"] = "innerHTML scroll:top"
    answer.headers["HX-Trigger"] = "vigie:changed"
    return answer


def _confirm(page: Page, session: Session, alert: Alert, term: str, grade: str) -> None:
    """A grade that was proposed is one once a clinician has given it, with their name (FR-09)."""
    page.viewer.require("grade_toxicity")
    if alert.patient_id is None or not term or (number := whole(grade)) is None:
        raise Refusal("Choose both the term and the grade, or neither.", field="grade", status=422)
    patient = patients.get(session, alert.patient_id, viewer=page.viewer)
    version = owning.grade_version(session, alert)
    grades.record(session, patient, NewGrade(term=term, version=version, grade=number), by=page.viewer.actor, now=page.now)


def _explain(page: Page, session: Session, patient_id: int | None, reason: str, note: str) -> None:
    """Why no answer came, on every silence nobody has explained; the calls that were overdue for it are done with the same words."""
    patient = patients.get(session, patient_id, viewer=page.viewer) if patient_id is not None else None
    if patient is None or not endings.unexplained(session, patient.id, page.now):
        return
    explained = endings.explain(session, patient, reason=reason, note=note, by=page.viewer.actor, now=page.now)
    for task in endings.calls_of(session, explained):
        tasks.close(session, task.id, by=page.viewer, now=page.now, words=note or reason)


@router.post("/alerts/{alert_id}/reopen")
def reopen(page: StaffPage, session: Writes, alert_id: Id, reason: Words = "") -> Response:
    """Open it again, with a reason."""
    handling.reopen(session, alert_id, by=page.viewer, now=page.now, reason=reason)
    return acted(page, session, alert_id)


@router.post("/tasks/{task_id}/close")
def close_task(
    page: StaffPage,
    session: Writes,
    task_id: Id,
    note: Words = "",
    silence_reason: Annotated[str, Form(max_length=24)] = "",
    silence_note: Words = "",
    seen: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """End a task with a note, an overdue call with the reason of the silence, those of ``YES_OR_NO`` with yes or no.

    What else is open for the patient stays open.
    """
    kind = tasks.get(session, task_id, viewer=page.viewer).kind
    if kind in YES_OR_NO:
        task = YES_OR_NO[kind](session, task_id, seen=seen, words=note, by=page.viewer, now=page.now)
    else:
        task = tasks.close(session, task_id, by=page.viewer, now=page.now, words=note)
    if task.kind in ENDS_A_SILENCE:
        _explain(page, session, task.patient_id, silence_reason, silence_note or note)
    session.flush()
    shown = panel.of_task(page, session, task.id)
    if not page.is_fragment:
        return page.go(f"/alerts/{shown.alert.id}" if shown.alert else "/")
    if shown.row is None:
        return _done(page)
    answer = page.page("panel.html", panel=shown)
    answer.headers["HX-Trigger"] = "vigie:changed"
    return answer
