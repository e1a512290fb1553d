"""The alert's panel and what is done with an alert or a task; the list itself is in ward/listing.py."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import handling, one_call, tasks
from app.alerts.models import Outcome
from app.checkins.rhythm import endings
from app.core.errors import Refusal
from app.people import patients
from app.web import panel
from app.web.deps import Id, Reads, Writes
from app.web.panel import Panel
from app.web.render import Page, StaffPage

router = APIRouter()

Words = Annotated[str, Form(max_length=2000)]
ENDS_A_SILENCE = ("overdue_call", "past_window")
"""Tasks whose end says why no answer came."""


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


def _acted(page: Page, session: Session, alert_id: int) -> Response:
    """After an act: the panel as it is now, and every list told; on a narrow screen, the page again."""
    if not page.is_fragment:
        return page.go(f"/alerts/{alert_id}")
    session.flush()
    session.expire_all()
    answer = page.page("panel.html", panel=panel.of_alert(page, session, alert_id))
    answer.headers["HX-Trigger"] = "vigie:changed"
    return answer


def _done(page: Page) -> Response:
    """After a close: the next row."""
    if not page.is_fragment:
        return page.go("/")
    answer = page.page("done.html")
    answer.headers["HX-Trigger"] = "vigie:done"
    return answer


@router.post("/alerts/{alert_id}/take")
def take(page: StaffPage, session: Writes, alert_id: Id) -> Response:
    """Become the owner."""
    handling.take(session, alert_id, by=page.viewer, now=page.now)
    return _acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/take-over")
def take_over(page: StaffPage, session: Writes, alert_id: Id) -> Response:
    """Take a colleague's alert, knowingly."""
    assert page.who is not None
    handling.hand_over(session, alert_id, to_staff_id=page.who.staff_id, by=page.viewer, now=page.now)
    return _acted(page, session, alert_id)


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
    return _acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/wait")
def wait(page: StaffPage, session: Writes, alert_id: Id, until: Annotated[str, Form()] = "", note: Words = "") -> Response:
    """Put aside until a time."""
    try:
        at = datetime.fromisoformat(until)
    except ValueError:
        raise Refusal("Choose until when.", status=422, field="until") from None
    if at.tzinfo is None:
        raise Refusal("Choose until when.", status=422, field="until")
    handling.wait(session, alert_id, by=page.viewer, now=page.now, until=at, words=note)
    return _acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/hand-over")
def hand_over(page: StaffPage, session: Writes, alert_id: Id, to: Annotated[str, Form()] = "", note: Words = "") -> Response:
    """Pass it to a colleague, or give it back to the team."""
    if to == "team":
        handling.release(session, alert_id, by=page.viewer, now=page.now, words=note)
    else:
        handling.hand_over(session, alert_id, to_staff_id=int(to) if to.isdigit() else 0, by=page.viewer, now=page.now, words=note)
    return _acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/close")
def close(
    page: StaffPage,
    session: Writes,
    alert_id: Id,
    outcome: Annotated[str, Form()] = "",
    note: Words = "",
    silence_reason: Annotated[str, Form(max_length=24)] = "",
    silence_note: Words = "",
) -> Response:
    """End it with what was done; of a silence, with its reason, unless nobody was reached. What became of a call asked for is shown."""
    alert = handling.close(session, alert_id, by=page.viewer, now=page.now, outcome=outcome, words=note)
    if silence_reason or outcome != Outcome.NOT_REACHED:
        _explain(page, session, alert.patient_id, silence_reason, silence_note)
    calls = one_call.of_close(session, alert)
    if not (calls.ended or calls.left):
        return _done(page)
    answer = _acted(page, session, alert_id)
    answer.headers["HX-Reswap"] = "innerHTML scroll:top"  # what became of the call is said in its head
    return answer


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
    return _acted(page, session, alert_id)


@router.post("/tasks/{task_id}/close")
def close_task(
    page: StaffPage,
    session: Writes,
    task_id: Id,
    note: Words = "",
    silence_reason: Annotated[str, Form(max_length=24)] = "",
    silence_note: Words = "",
) -> Response:
    """End a task with a note, an overdue call with the reason of the silence; what else is open for the patient stays open."""
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
